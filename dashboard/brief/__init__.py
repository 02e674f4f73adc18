"""The committee's page."""
