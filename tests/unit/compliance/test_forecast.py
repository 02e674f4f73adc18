"""Where drift leads, how much room a rule leaves, and since when a breach is there: grey where nobody knows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from math import log

import pytest

from core.compliance.breach_runs import BreachRun, runs
from core.compliance.check import check
from core.compliance.forecast import HORIZON, Drift, drift_said, drifts, next_breach
from core.compliance.library import rule_sets
from core.compliance.position import Book, RulePosition
from core.compliance.room import Room, rooms, whole_units
from core.domain.compliance import RuleStatus
from core.domain.instrument import InstrumentType
from tests.unit.compliance.making import book, cash, line

RULES = {one.id: one for one in rule_sets()["ucits"].rules}
B, P, N, A, X = (
    RuleStatus.BREACH, RuleStatus.PASS, RuleStatus.NEAR, RuleStatus.NOT_ASSESSABLE, RuleStatus.NOT_APPLICABLE,
)  # fmt: skip
DAYS = [date(2026, month, 28) for month in range(1, 9)]


def others(n: int = 22, weight: int = 4) -> list[RulePosition]:
    return [line(f"S{place}", weight) for place in range(n)]


def ahead(of: Book, growth: dict[str, float], why: str = "") -> dict[str, Drift]:
    everybody = {one.holding_id: 0.0 for one in of.positions} | growth
    found = drifts(check(of, ["ucits"]).results, RULES, of, everybody, why)
    return {one.rule_id: one for one in found}


def test_a_line_that_outgrows_the_rest_passes_its_limit_on_the_day_that_its_growth_says() -> None:
    """9 of 100 grow by r a day, the rest stands: 9 e^(rt) / (91 + 9 e^(rt)) is above 10 % from t = ln(91 / 81) / r."""
    growth = 0.002
    found = ahead(book(line("A", 9), *others(), cash(3)), {"A": growth})
    assert found["EU.UCITS.52.1-2"].days == int(log(91 / 81) / growth) + 1
    assert drift_said(found["EU.UCITS.52.1-2"]) == "in 59 trading days"


def test_what_drifts_away_from_its_limit_or_not_at_all_is_not_reached_within_a_year() -> None:
    for growth in (0.0, -0.002):
        one = ahead(book(line("A", 9), *others(), cash(3)), {"A": growth})["EU.UCITS.52.1-2"]
        assert (one.days, one.why) == (None, "")
        assert drift_said(one) == f"not within {HORIZON} trading days"


def test_all_lines_alike_move_no_weight() -> None:
    of = book(line("A", 9), *others(), cash(3))
    assert next_breach(tuple(ahead(of, {one.holding_id: 0.01 for one in of.positions}).values())) is None


def test_the_next_limit_is_the_one_that_drift_passes_first() -> None:
    of = book(line("A", 9), line("B", "9.9"), *others(20), cash("1.1"))
    found = ahead(of, {"A": 0.001, "B": 0.001})
    first = next_breach(tuple(found.values()))
    assert first is not None
    assert first.days == min(one.days for one in found.values() if one.days is not None)


def test_a_rule_that_is_broken_already_has_no_forecast() -> None:
    assert "EU.UCITS.52.1-2" not in ahead(book(line("A", 11), *others(), cash(1)), {"A": 0.01})


@pytest.mark.parametrize("kind", [InstrumentType.FUTURE, InstrumentType.OPTION, InstrumentType.FORWARD])
def test_a_book_with_derivatives_has_no_drift_and_says_which_line(kind: InstrumentType) -> None:
    future = line("FUT", 0, kind, notional=8)
    found = ahead(book(line("A", 9), *others(), cash(3), future), {"A": 0.002})
    assert {one.days for one in found.values()} == {None}
    assert all("FUT" in one.why for one in found.values())


def test_a_missing_history_is_a_reason_and_no_growth_of_zero() -> None:
    found = ahead(book(line("A", 9), *others(), cash(3)), {}, "The 63 trading days are not known of A.")
    assert {one.why for one in found.values()} == {"The 63 trading days are not known of A."}
    assert drift_said(found["EU.UCITS.52.1-2"]) == "The 63 trading days are not known of A."


def room(of: Book, rule_id: str) -> Room:
    return next(one for one in rooms(check(of, ["ucits"]).results, RULES, of) if one.rule_id == rule_id)


def test_room_is_what_may_be_bought_from_cash_and_not_one_unit_more() -> None:
    of = book(line("A", 9, quantity=Decimal(3)), *others(), cash(3))
    one = room(of, "EU.UCITS.52.1-2")
    assert (one.money, one.holding_id) == (pytest.approx(1.0), "A")
    assert one.units == pytest.approx(1 / 3)
    assert whole_units(one) == 0
    bought = book(line("A", 10, quantity=Decimal(3)), *others(), cash(2))
    assert room(bought, "EU.UCITS.52.1-2").money == 0


def test_in_a_breach_room_is_what_has_to_go_and_whole_units_are_enough() -> None:
    of = book(line("A", 11, quantity=Decimal(4)), *others(), cash(1))
    one = room(of, "EU.UCITS.52.1-2")
    assert one.money == pytest.approx(-1.0)
    units = whole_units(one)
    assert units == -1
    left = Decimal(11) + units * Decimal(11) / 4
    assert left <= 10


def test_exactly_ten_units_are_ten() -> None:
    of = book(line("A", 9, quantity=Decimal(90)), *others(), cash(3))
    assert whole_units(room(of, "EU.UCITS.52.1-2")) == 10


def test_a_sum_of_those_above_a_threshold_has_room_in_money_alone() -> None:
    of = book(line("A", 9, quantity=Decimal(9)), line("B", 8), *others(20), cash(3))
    one = room(of, "EU.UCITS.52.2-sum40")
    assert (one.money, one.units) == (pytest.approx(23.0), None)


def past(*statuses: RuleStatus | None) -> tuple[BreachRun, ...]:
    return runs([(day, {} if one is None else {("R", ""): one}) for day, one in zip(DAYS, statuses, strict=False)])


def test_a_breach_began_between_the_day_that_shows_it_kept_and_the_first_that_does_not() -> None:
    (one,) = past(P, N, B, B)
    assert (one.kept_before, one.first_seen, one.last_seen, one.is_open) == (DAYS[1], DAYS[2], DAYS[3], True)
    assert one.sentence == "Breached since a day between 2026-02-28 (kept) and 2026-03-28."


def test_a_breach_that_no_earlier_day_shows_kept_is_older_perhaps() -> None:
    for before in ((), (A,), (None,)):
        (one,) = past(*before, B)
        assert one.kept_before is None
        assert "or before" in one.sentence


def test_an_earlier_breach_was_cured_between_two_stored_days() -> None:
    newest, older, _ = past(B, P, B, X, P, B, A, P)
    assert (newest.first_seen, newest.cured_by) == (DAYS[5], None)
    assert "not known" in newest.sentence
    assert (older.last_seen, older.cured_by) == (DAYS[2], DAYS[3])
    assert older.sentence.endswith("cured between 2026-03-28 and 2026-04-28.")
