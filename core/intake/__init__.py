"""Files become portfolios here: one reader a format, detection by content, and every problem of a file at once."""
