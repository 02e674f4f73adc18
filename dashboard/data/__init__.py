"""What figures rest on: prices, series, documents, instruments."""
