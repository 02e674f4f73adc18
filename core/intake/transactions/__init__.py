"""Lists of transactions: each broker's reader turns rows into entries, and one ledger turns entries into positions."""
