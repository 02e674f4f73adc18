"""Tables, migrations and repositories that return domain values. The only room that knows SQL."""
