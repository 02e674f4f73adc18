"""The analyses: what each states, demands and checks."""
