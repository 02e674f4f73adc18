"""What is not known is bounded: a verdict is given when the worst and the best case agree, and never otherwise."""

from __future__ import annotations

import pytest

from core.compliance.position import RulePosition
from core.domain.compliance import RuleStatus
from core.domain.instrument import InstrumentType, Terms
from core.domain.portfolio import AssetClass
from tests.unit.compliance.making import book, cash, line, result, unknown

BOND = InstrumentType.CORPORATE_BOND


def nameless(symbol: str, weight: int, isin: str = "") -> RulePosition:
    return line(symbol, weight, issuer="", issuer_group="", isin=isin)


def test_a_line_of_an_unknown_issuer_that_breaks_a_limit_alone_is_a_breach_for_certain() -> None:
    found = result("EU.UCITS.52.1-2", book(nameless("A", 11), nameless("B", 4), cash(85)))
    assert found.status is RuleStatus.BREACH
    assert found.measured == pytest.approx(11)
    assert "at least, whatever issuer of A, B may be" in found.explanation


def test_lines_of_unknown_issuers_that_could_be_one_leave_the_rule_open() -> None:
    found = result("EU.UCITS.52.1-2", book(nameless("A", 6), nameless("B", 5), cash(89)))
    assert found.status is RuleStatus.NOT_ASSESSABLE
    assert found.missing == ("issuer",)
    assert set(found.holding_ids) == {"A", "B"}
    assert found.measured is None


def test_unknown_issuers_that_even_together_stay_within_the_limit_pass() -> None:
    found = result("EU.UCITS.52.1-2", book(nameless("A", 2), nameless("B", 2), line("C", 3), cash(93)))
    assert found.status is RuleStatus.PASS
    assert found.measured == pytest.approx(7)
    assert "at most" in found.explanation


def test_the_bank_of_deposits_that_are_small_altogether_does_not_matter() -> None:
    one = line("CASH", 9, InstrumentType.CASH, asset_class=AssetClass.CASH, issuer="", counterparty="")
    found = result("EU.UCITS.52.1b", book(one, line("A", 91)))
    assert found.status is RuleStatus.PASS


def test_the_same_isin_is_the_same_issuer_even_where_nobody_says_who() -> None:
    split = book(nameless("A", 6, "US0378331005"), nameless("A2", 6, "US0378331005"), cash(88))
    assert result("EU.UCITS.52.1-2", split).status is RuleStatus.BREACH


def test_a_line_of_an_unknown_kind_counts_only_in_the_worst_case() -> None:
    found = result("EU.UCITS.52.1-2", book(unknown("X", 50), line("A", 5), cash(45)))
    assert found.status is RuleStatus.NOT_ASSESSABLE
    assert found.missing == ("instrument_type", "issuer")


def test_forty_percent_of_unknown_issuers_are_not_taken_for_kept() -> None:
    lines = [nameless(f"S{place}", 4) for place in range(11)]
    found = result("EU.UCITS.52.2-sum40", book(*lines, cash(56)))
    assert found.status is RuleStatus.NOT_ASSESSABLE


def test_a_group_that_is_not_known_is_not_taken_for_none() -> None:
    found = result("EU.UCITS.52.5-group", book(*[line(f"S{n}", 9, issuer_group="") for n in range(3)], cash(73)))
    assert found.status is RuleStatus.NOT_ASSESSABLE
    assert found.missing == ("issuer_group",)


def test_companies_of_one_group_are_one_body() -> None:
    found = result("EU.UCITS.52.5-group", book(*[line(f"S{n}", 9, issuer_group="G") for n in range(3)], cash(73)))
    assert found.status is RuleStatus.BREACH
    assert found.measured == pytest.approx(27)


def test_a_portfolio_with_an_unknown_value_is_not_assessed_at_all() -> None:
    lost = line("A", 1)
    found = result("EU.UCITS.52.1-2", book(cash(99), RulePosition("A", lost.holding, lost.terms, None)))
    assert found.status is RuleStatus.NOT_ASSESSABLE
    assert found.missing == ("value in EUR",)
    assert found.holding_ids == ("A",)


@pytest.mark.parametrize("debt", [-100, -150])
def test_shares_of_nothing_are_not_computed(debt: int) -> None:
    found = result("EU.UCITS.52.1-2", book(line("A", 100), cash(debt)))
    assert found.status is RuleStatus.NOT_ASSESSABLE


def test_an_empty_book_breaks_nothing() -> None:
    assert result("EU.UCITS.52.1-2", book()).status is RuleStatus.NOT_ASSESSABLE


def test_a_rule_about_what_is_not_held_does_not_apply() -> None:
    found = result("EU.UCITS.52.4-issuer", book(line("A", 50), cash(50)))
    assert found.status is RuleStatus.NOT_APPLICABLE
    assert found.explanation == "Nothing is held that counts as covered bonds."


def test_a_condition_that_is_not_met_is_the_reason_why_a_rule_does_not_apply() -> None:
    states = [line(f"G{n}", 20, InstrumentType.GOVERNMENT_BOND, asset_class=AssetClass.BOND) for n in range(5)]
    found = result("EU.UCITS.54-issues", book(*states))
    assert found.status is RuleStatus.NOT_APPLICABLE
    assert "No government issuer is above 35 %" in found.explanation


def test_a_fund_is_a_fund_and_no_issuer() -> None:
    fund = line("F", 60, InstrumentType.FUND, asset_class=AssetClass.EQUITY_FUND)
    assert result("EU.UCITS.52.1-2", book(fund, cash(40))).status is RuleStatus.NOT_APPLICABLE
    assert result("EU.UCITS.55-single", book(fund, cash(40))).status is RuleStatus.BREACH


def test_a_fund_quoted_in_the_base_currency_says_nothing_about_what_it_holds() -> None:
    fund = line("F", 60, InstrumentType.FUND, asset_class=AssetClass.EQUITY_FUND, currency="CHF", exposure="")
    francs = line("CASH", 40, InstrumentType.CASH, asset_class=AssetClass.CASH, currency="CHF")
    found = result("CH.BVV2.55e", book(fund, francs, currency="CHF"))
    assert found.status is RuleStatus.NOT_ASSESSABLE
    assert "exposure" in found.missing


def test_a_bank_share_may_or_may_not_be_securities_business() -> None:
    found = result("US.1940.12d3-1", book(line("BANK", 8, sector="Financials"), cash(92)))
    assert found.status is RuleStatus.NOT_ASSESSABLE
    assert found.holding_ids == ("BANK",)
    small = result("US.1940.12d3-1", book(line("BANK", 3, sector="Financials"), cash(97)))
    assert small.status is RuleStatus.PASS


def test_derivatives_count_with_their_notional() -> None:
    swap = line("SW", 1, InstrumentType.SWAP, asset_class=AssetClass.DERIVATIVE, issuer="A", notional=4)
    found = result("CH.CISO.78-issuer", book(line("A", 7), swap, cash(92)))
    assert found.status is RuleStatus.BREACH
    assert found.measured == pytest.approx(11)


def test_a_derivative_without_notional_can_be_of_any_size() -> None:
    swap = line("SW", 1, InstrumentType.SWAP, asset_class=AssetClass.DERIVATIVE, issuer="B")
    found = result("CH.CISO.78-issuer", book(line("A", 7), swap, cash(92)))
    assert found.status is RuleStatus.NOT_ASSESSABLE
    assert "notional" in found.missing


def test_an_american_public_bond_is_the_treasurys_only_where_that_is_said() -> None:
    terms = {"asset_class": AssetClass.BOND, "country": "US"}
    silent = book(line("B", 60, InstrumentType.GOVERNMENT_BOND, **terms), cash(40))
    found = result("US.IRC.851b3B", silent)
    assert found.status is RuleStatus.NOT_ASSESSABLE
    assert found.missing == ("issuer_category",)
    treasury = book(line("B", 60, InstrumentType.GOVERNMENT_BOND, issuer_category="UST", **terms), cash(40))
    assert result("US.IRC.851b3B", treasury).status is RuleStatus.NOT_APPLICABLE
    town = book(line("B", 60, InstrumentType.GOVERNMENT_BOND, issuer_category="MUN", **terms), cash(40))
    assert result("US.IRC.851b3B", town).status is RuleStatus.BREACH


def test_terms_that_say_nothing_lead_to_no_breach() -> None:
    bare = RulePosition("A", line("A", 100).holding, Terms(), line("A", 100).value)
    found = result("AU.SIS.83", book(bare))
    assert found.status is RuleStatus.NOT_ASSESSABLE
    assert found.missing == ("related_party",)


def test_a_listed_line_of_unknown_kind_may_be_one_that_is_never_quoted() -> None:
    of = book(line("S0", 40, None, asset_class=AssetClass.OTHER, listed=True, liquidity=None), cash(60))
    found = result("CA.81102.2.4-hard", of)
    assert found.status is RuleStatus.NOT_ASSESSABLE
    assert "instrument_type" in found.missing
