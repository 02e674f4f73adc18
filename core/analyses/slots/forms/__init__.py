"""Each analysis' answer with slots: what a model writes of it, and how the program makes its page."""
