"""Market data from outside: one protocol, one adapter a source, each off until its key or contact is set."""
