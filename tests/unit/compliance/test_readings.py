"""The 75 % and 50 % tests in both readings."""

from __future__ import annotations

import pytest

from core.compliance.evaluate import evaluate
from core.compliance.position import Book
from core.domain.compliance import RuleResult, RuleStatus
from core.domain.instrument import FundKind, InstrumentType
from core.domain.portfolio import AssetClass
from tests.unit.compliance.making import SETTING, book, cash, line, rule


def both(rule_id: str, of: Book) -> dict[str, RuleResult]:
    return {one.reading: one for one in evaluate(rule(rule_id), SETTING, of)}


def test_the_two_readings_of_the_75_percent_test_stand_side_by_side() -> None:
    weights = ["6.4", "6.2", "5.8", "5.6", "5.2", *["4.85"] * 14, "0.6"]
    found = both("US.1940.5b1", book(*[line(f"S{n}", w) for n, w in enumerate(weights)], cash("2.3")))
    assert found["cap"].measured == pytest.approx(95.8)
    assert found["cap"].status is RuleStatus.NOT_APPLICABLE
    assert found["exclude"].measured == pytest.approx(70.8)
    assert found["exclude"].status is RuleStatus.BREACH
    assert found["exclude"].holding_ids == ("S0", "S1", "S2", "S3", "S4")


def test_funds_that_are_regulated_count_in_full_for_the_50_percent_test() -> None:
    fund = {"asset_class": AssetClass.EQUITY_FUND}
    lines = [line("A", 24), line("B", 23), line("C", 14), cash(9)]
    ric = both("US.IRC.851b3A", book(*lines, line("Q", 30, InstrumentType.FUND, fund_kind=FundKind.RIC, **fund)))
    assert (ric["exclude"].measured, ric["cap"].measured) == (pytest.approx(39), pytest.approx(54))
    other = both("US.IRC.851b3A", book(*lines, line("Q", 30, InstrumentType.FUND, fund_kind=FundKind.OTHER, **fund)))
    assert (other["exclude"].measured, other["cap"].measured) == (pytest.approx(9), pytest.approx(29))


def test_an_issuer_of_which_too_many_votes_are_held_does_not_count_in_either_reading() -> None:
    found = both("US.1940.5b1", book(line("A", 4, votes_pct=12.0), line("B", 4, votes_pct=3.0), cash(92)))
    assert {one.measured for one in found.values()} == {96.0}


def test_unknown_issuers_lie_between_standing_alone_and_being_one() -> None:
    lines = [line(f"S{n}", 4, issuer="") for n in range(10)]
    open_ = both("US.1940.5b1", book(*lines, cash(60)))
    assert open_["exclude"].status is RuleStatus.NOT_ASSESSABLE
    safe = both("US.1940.5b1", book(*lines[:2], cash(92)))
    assert safe["exclude"].status is RuleStatus.PASS
    lost = both("US.1940.5b1", book(line("A", 60), *lines[:5], cash(20)))
    assert lost["exclude"].status is RuleStatus.BREACH


def test_exactly_five_percent_counts_in_full_in_both_readings() -> None:
    found = both("US.1940.5b1", book(*[line(f"S{n}", 5) for n in range(20)]))
    assert {one.measured for one in found.values()} == {100.0}
