"""Tools that a model may call: what each takes, what it computes, and how calls are checked, counted and answered."""
