"""Doors to providers of language models: one protocol, the OpenAI API, and a local server that speaks the same."""
