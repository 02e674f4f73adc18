"""What a slot comes to: a number with its unit and how it was found, before it is written as a region writes it."""

from __future__ import annotations

from typing import NamedTuple

from core.domain.facts import Fact
from core.domain.units import Unit


class Quantity(NamedTuple):
    """A number that a slot stands for. A tuple, because thousands are made a second.

    Attributes:
        value: In `unit`, at full precision.
        decimals: At which it is written.
        facts: What it is, or what it was computed from.
        formula: How it was computed, with the values; "" for a fact itself.
        ordinal: It is a place in an order ("third").
    """

    value: float
    unit: Unit
    currency: str | None
    decimals: int
    facts: tuple[Fact, ...]
    formula: str = ""
    ordinal: bool = False


class Refused(Exception):  # becomes a finding
    """What cannot be computed or decided, with the reason. Attribute `kind` is the finding's."""


def of_fact(fact: Fact) -> Quantity:
    """The number of a fact."""
    return Quantity(fact.value, fact.unit, fact.currency, fact.decimals, (fact,))


def shown(one: Quantity) -> float:
    """The value as it is written: what two readers compare."""
    return round(one.value, one.decimals)


def comparable(first: Quantity, second: Quantity) -> bool:
    """Whether two numbers can be held against each other or added up."""
    return first.unit is second.unit and first.currency == second.currency
