"""Ledgers of Beancount, read by the rules of its language: text → lines of tokens → entries → booked postings.

Written for this program: Beancount itself is under the GPL and is neither used nor started. A ledger is data here;
what would make Beancount run code or read other files (plugin, include, some options) is refused.
Language: https://beancount.github.io/docs/beancount_language_syntax.html; booking:
https://beancount.github.io/docs/how_inventories_work.html. Runs in a sandbox (`core.intake.sandbox`).
"""
