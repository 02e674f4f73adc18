"""What a book owes: overdrafts and loans, and negative lines that may be some."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from core.compliance.kinds import DEPOSITS, T, types_of
from core.compliance.position import Book, RulePosition, value_of

_OWED = DEPOSITS | {T.LOAN}
_MAY_BE_OWED = _OWED | {T.MONEY_MARKET}
"""A repo is mostly written as a negative money market line, which may be a bill that was sold short, too."""


def overdrafts(book: Book) -> tuple[list[RulePosition], list[RulePosition]]:
    """What is owed for certain, and negative lines that may be, because nobody says what they are."""
    below = [one for one in book.positions if value_of(one) < 0]
    sure = [one for one in below if types_of(one) <= _OWED]
    return sure, [one for one in below if not types_of(one) <= _OWED and types_of(one) & _MAY_BE_OWED]


def owed(lines: Iterable[RulePosition]) -> Fraction:
    """Their sum, above zero."""
    return -sum((value_of(one) for one in lines), Fraction())
