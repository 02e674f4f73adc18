"""Server, session, navigation, health, webhooks."""
