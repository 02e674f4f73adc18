"""Weights are compared exactly: what is shown rounded is decided on full precision."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.compliance.position import Book, RulePosition
from core.domain.compliance import RuleStatus
from core.domain.instrument import InstrumentType
from core.domain.portfolio import AssetClass
from tests.unit.compliance.making import book, cash, line, result

HAIR = Decimal("1e-12")
FIVE = Decimal(5)


def shares(*weights: Decimal | str) -> list[RulePosition]:
    return [line(f"S{place}", weight) for place, weight in enumerate(weights)]


def whole(lines: list[RulePosition]) -> Book:
    rest = 100 - sum((one.value or Decimal(0) for one in lines), Decimal(0))
    return book(*lines, *(cash(rest / 10, bank=f"B{place}", symbol=f"C{place}") for place in range(10)))


def test_exactly_five_percent_is_not_above_five_percent() -> None:
    at_five = whole(shares(*["5"] * 9))
    assert result("EU.UCITS.52.2-sum40", at_five).measured == 0
    above = whole(shares(*["5"] * 8, str(FIVE + HAIR)))
    assert result("EU.UCITS.52.2-sum40", above).measured == pytest.approx(5)


def test_the_sum_counts_whole_positions_and_not_their_excess() -> None:
    found = result("EU.UCITS.52.2-sum40", whole(shares("9.5", "9.2", "9", "6.1", "5.9", "5", "5", "4.9")))
    assert found.measured == pytest.approx(39.7)
    assert found.status is RuleStatus.NEAR
    assert found.holding_ids == ("S0", "S1", "S2", "S3", "S4")


@pytest.mark.parametrize(
    ("weight", "status"),
    [(Decimal(10), RuleStatus.NEAR), (10 - HAIR, RuleStatus.NEAR), (10 + HAIR, RuleStatus.BREACH)],
)
def test_a_hair_above_a_limit_breaks_it_and_the_limit_itself_does_not(weight: Decimal, status: RuleStatus) -> None:
    found = result("EU.UCITS.52.1-2", whole(shares(weight, "4")))
    assert found.status is status
    assert "10.00 % of net assets" not in found.explanation or weight == 10


def test_a_number_a_hair_above_its_limit_is_not_written_as_the_limit() -> None:
    found = result("EU.UCITS.52.1-2", whole(shares(10 + HAIR)))
    assert "10.000000000001 %" in found.explanation


@pytest.mark.parametrize(("weight", "status"), [(Decimal(10), RuleStatus.BREACH), (10 - HAIR, RuleStatus.NEAR)])
def test_less_than_ten_percent_excludes_ten_percent(weight: Decimal, status: RuleStatus) -> None:
    assert result("CH.FINMA.2025-2-security", whole(shares(weight))).status is status


def test_repeating_fractions_are_exact() -> None:
    lines = [line(f"S{place}", Decimal(1), InstrumentType.GOVERNMENT_BOND, issuer="A state") for place in range(3)]
    found = result("EU.UCITS.52.3", book(*lines))
    assert found.measured == 100
    third = book(
        line("A", 10, InstrumentType.FUND, asset_class=AssetClass.REAL_ESTATE, country="DE"),
        line("B", 20, InstrumentType.FUND, asset_class=AssetClass.REAL_ESTATE, country="CH"),
        cash(70),
    )
    assert result("CH.BVV2.55c-abroad", third).status is RuleStatus.NEAR


def test_a_short_line_makes_no_share_smaller() -> None:
    with_short = book(line("A", 11), line("A_SHORT", -2, issuer="A"), cash(91))
    assert result("EU.UCITS.52.1-2", with_short).measured == pytest.approx(11)


def test_two_lines_of_one_issuer_are_one() -> None:
    found = result("EU.UCITS.52.1-2", book(line("A", 6), line("A_BOND", 5, issuer="a"), cash(89)))
    assert found.status is RuleStatus.BREACH
    assert found.holding_ids == ("A", "A_BOND")


def test_all_that_are_beyond_a_limit_are_named_and_not_only_the_largest() -> None:
    found = result("EU.UCITS.52.1-2", book(line("A", 12), line("B", 11), line("C", 9), cash(68)))
    assert found.measured == pytest.approx(12)
    assert found.holding_ids == ("A", "B")
    assert "A is 12.00 % of net assets, B 11.00 %" in found.explanation
