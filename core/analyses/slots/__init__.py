"""Answers that refer: a model names facts and relations in slots, and the program writes numbers and decides.

`grammar` reads a text, `derived` and `relations` compute, `rendering` writes, `sentences` looks at what stands outside
the slots, `reading` puts an answer together as its page shows it. docs/slots.md describes the language for people.
"""
