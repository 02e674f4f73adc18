"""Rules as data, and one evaluator. The engine decides; no model ever does."""
