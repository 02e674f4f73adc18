"""The replication pack: what a portfolio's figures and verdicts are made of, and a script that makes them again."""
