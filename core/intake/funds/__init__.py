"""Files that say what funds hold, and who owns whom: read as such, and never as portfolios."""
