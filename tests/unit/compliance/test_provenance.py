"""Active, passive or unknown: whether a breach was traded into."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from core.compliance.position import Book
from core.domain.compliance import BreachType
from tests.unit.compliance.making import book, cash, line, result

BEFORE = date(2026, 9, 30)


def holding(weight: int, quantity: int | None) -> Book:
    units = None if quantity is None else Decimal(quantity)
    return book(line("A", weight, quantity=units), cash(100 - weight))


def kind(now: Book, before: Book | None) -> BreachType | None:
    earlier = None if before is None else replace(before, as_of=BEFORE)
    return result("EU.UCITS.52.1-2", replace(now, earlier=earlier)).breach_type


def test_a_breach_by_price_alone_is_passive() -> None:
    assert kind(holding(11, 100), holding(9, 100)) is BreachType.PASSIVE


def test_a_breach_that_is_left_over_after_sales_is_passive() -> None:
    assert kind(holding(11, 90), holding(9, 100)) is BreachType.PASSIVE


def test_a_breach_after_a_purchase_is_active() -> None:
    assert kind(holding(11, 101), holding(9, 100)) is BreachType.ACTIVE


def test_a_new_line_above_the_limit_is_active() -> None:
    assert kind(holding(11, 100), book(cash(100))) is BreachType.ACTIVE


@pytest.mark.parametrize(("now", "before"), [(None, 100), (100, None), (None, None)])
def test_without_quantities_nobody_can_tell(now: int | None, before: int | None) -> None:
    assert kind(holding(11, now), holding(9, before)) is BreachType.UNKNOWN


def test_without_an_earlier_day_nobody_can_tell() -> None:
    assert kind(holding(11, 100), None) is BreachType.UNKNOWN


def test_a_breach_that_was_there_already_does_not_tell_how_it_came() -> None:
    assert kind(holding(12, 100), holding(11, 100)) is BreachType.UNKNOWN


def test_a_rule_that_is_kept_has_no_kind_of_breach() -> None:
    assert kind(holding(9, 100), holding(9, 100)) is None


def test_one_purchase_among_several_lines_makes_the_breach_active() -> None:
    before = book(*[line(f"S{n}", 8, quantity=Decimal(10)) for n in range(5)], cash(60))
    now = book(*[line(f"S{n}", 9, quantity=Decimal(10 + (n == 4))) for n in range(5)], cash(55))
    found = result("EU.UCITS.52.2-sum40", replace(now, earlier=replace(before, as_of=BEFORE)))
    assert found.breach_type is BreachType.ACTIVE
