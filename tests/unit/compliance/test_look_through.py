"""Rules that look through funds say so, count what is not known against the limit, and change no other rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from core.compliance.check import check
from core.compliance.policy import Policy, read_policy
from core.compliance.position import Book
from core.domain.compliance import RuleResult, RuleStatus
from core.domain.fund import FundReport, FundShelf
from core.domain.instrument import InstrumentType, Terms
from core.domain.issuers import IssuerLinks, merged_names
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.drafts.inside_rules import inside_of
from core.drafts.rule_inputs import book_of
from core.errors import BadInput
from core.metrics.factsheet import fact_sheets
from core.metrics.lookthrough import LookThrough
from core.metrics.valuation import Valuer
from tests.unit.compliance.making import book, line
from tests.unit.funds.making import line as inner
from tests.unit.funds.making import report
from tests.unit.metrics.making import FixedRates, cash, holding, portfolio, values

LEI = "W38RGI023J3WT1HWRP32"


def policy(limit: int = 10, more: str = "") -> Policy:
    return read_policy(f"name: P\nas_of: 2026-01-01\nmax_single_issuer: {{max: {limit}, look_through: true}}\n{more}")


def share(symbol: str, value: float, issuer: str = "", lei: str = "") -> Holding:
    terms = Terms(issuer=issuer or symbol, instrument_type=InstrumentType.SHARE, lei=lei)
    return holding(symbol, value, name=issuer or symbol, terms=terms)


def fund(symbol: str, value: float) -> Holding:
    return holding(symbol, value, asset_class=AssetClass.EQUITY_FUND)


def taken_apart(one: Portfolio, *reports: FundReport, links: IssuerLinks | None = None) -> Book:
    look = LookThrough(
        FundShelf(reports, {report.fund_id: report.fund_id for report in reports}), links or IssuerLinks()
    )
    made = book_of(one, FixedRates())
    return replace(made, inside=inside_of(one, Valuer(FixedRates()).value(one), made, look))


def result(made: Book, limit: int = 10, rule: str = "CLIENT.IPS.single-issuer", more: str = "") -> RuleResult:
    found = check(made, [], policies=[policy(limit, more)]).results
    return next(one for one in found if one.rule_id == rule)


def test_what_funds_hold_counts_with_what_is_held_directly_and_it_is_said() -> None:
    world = report("WORLD", inner("Siemens AG", "10"), *(inner(f"Other {n}", "9") for n in range(10)))
    made = taken_apart(portfolio(fund("WORLD", 80), share("SIE", 9, "SIEMENS AG"), cash(11)), world)
    found = result(made)
    assert found.status is RuleStatus.BREACH
    assert found.measured == pytest.approx(17)
    assert found.holding_ids == ("SIE", "WORLD")
    assert "SIEMENS AG is 17.00 %" in found.explanation
    assert "Looked through: 100.0 % of the funds' value, by reports of 2026-10-30." in found.explanation


def test_what_is_not_known_of_a_fund_could_be_of_anybody() -> None:
    thin = report("THIN", inner("A", "8", instrument_type=InstrumentType.SHARE),
                  *(inner(f"B{n}", "7.5") for n in range(10)))  # fmt: skip
    made = taken_apart(portfolio(fund("THIN", 50), cash(50)), thin)
    assert result(made, 13).status in (RuleStatus.PASS, RuleStatus.NEAR)
    assert "at most" in result(made, 13).explanation
    open_ = result(made, 10)
    assert open_.status is RuleStatus.NOT_ASSESSABLE
    assert result(made, 3).status is RuleStatus.BREACH


def test_too_little_or_too_old_is_not_assessable_with_the_reason() -> None:
    made = taken_apart(portfolio(fund("DARK", 50), cash(50)))
    assert result(made).status is RuleStatus.NOT_ASSESSABLE
    assert result(made).missing == ("fund holdings",)
    assert "80 % is needed" in result(made).explanation
    old = report("OLD", inner("A", "100"), as_of=date(2025, 1, 1))
    assert "days from" in result(taken_apart(portfolio(fund("OLD", 50), cash(50)), old)).explanation


def test_a_rule_that_looks_through_needs_no_reports_where_there_is_no_fund() -> None:
    found = result(taken_apart(portfolio(share("SIE", 9), cash(91))))
    assert found.status is RuleStatus.NEAR
    assert found.explanation.endswith("No line is a fund, so none was looked through.")


def test_a_range_can_look_through_too() -> None:
    world = report("WORLD", inner("A", "60", country="US"), inner("B", "40", country="JP"))
    made = taken_apart(portfolio(fund("WORLD", 50), cash(50)), world)
    more = "ranges:\n- {bucket: 'country:US', max: 20, look_through: true}\n- {bucket: 'country:US', max: 20}\n"
    with pytest.raises(BadInput, match="two ranges"):
        policy(10, more)
    found = result(
        made, 99, "CLIENT.IPS.range.country-US.max", more.splitlines(keepends=True)[0] + more.splitlines()[1]
    )
    assert (found.status, found.measured) == (RuleStatus.BREACH, 30)


def test_short_lines_and_liabilities_inside_a_fund_make_no_share_smaller_and_no_base_larger() -> None:
    odd = report("ODD", inner("A", "120"), inner("B", "-10"))
    made = taken_apart(portfolio(fund("ODD", 10), cash(90)), odd)
    assert result(made, 11).status is RuleStatus.BREACH
    assert result(made, 11).measured == pytest.approx(12)


def test_other_rules_see_fund_lines_as_ever() -> None:
    world = report("WORLD", inner("Siemens AG", "100"))
    one = portfolio(fund("WORLD", 50), share("SIE", 5, "Siemens AG"), cash(45))
    plain, known = book_of(one, FixedRates()), taken_apart(one, world)
    for regime in ("ucits", "ric", "bvv2"):
        assert check(plain, [regime]).results == check(known, [regime]).results


def test_a_limit_on_lines_cannot_look_through() -> None:
    with pytest.raises(BadInput, match="max_single_issuer"):
        read_policy("name: P\nas_of: 2026-01-01\nmax_single_line: {max: 5, look_through: true}\n")


@pytest.mark.parametrize(
    ("by", "other", "same"),
    [
        ({"lei": LEI}, "SIEMENS Aktiengesellschaft", True),
        ({"lei": LEI}, "SIEMFIN", True),
        ({}, "SIEMENS Aktiengesellschaft", True),
        ({}, "SIEMFIN", False),
    ],
)
def test_two_spellings_are_one_issuer_by_lei_or_by_a_name_that_means_the_same(
    by: Mapping[str, Any], other: str, same: bool
) -> None:
    rest = [line(f"X{n}", 4) for n in range(22)]
    made = book(
        line("SIE1", 6, issuer="Siemens AG", issuer_group="Siemens AG", **by),
        line("SIE2", 6, InstrumentType.CORPORATE_BOND, asset_class=AssetClass.BOND,
             issuer=other, issuer_group=other, **by),
        *rest,
    )  # fmt: skip
    found = {one.rule_id: one for one in check(made, ["ucits"]).results}["EU.UCITS.52.1-2"]
    assert found.status is (RuleStatus.BREACH if same else RuleStatus.PASS)
    assert found.measured == (12 if same else 6)


def test_direct_concentration_joins_issuers_as_rules_do() -> None:
    spelled = "SIEMENS Aktiengesellschaft"
    for lei, other, largest in ((LEI, "SIEMFIN", 60), ("", spelled, 60), (LEI, spelled, 60), ("", "SIEMFIN", 40)):
        one = portfolio(share("A", 40, "Siemens AG", lei), share("B", 20, other, lei), share("C", 40))
        (sheet,) = fact_sheets([one], FixedRates(), None)
        assert values(sheet)["issuer_top1_weight"] == pytest.approx(largest)


def test_names_are_joined_through_every_identifier_they_share() -> None:
    pairs = [("1", "A"), ("1", "B"), ("2", "b "), ("2", "C"), ("3", "D"), ("", "E")]
    assert merged_names(pairs) == {"a": "a", "b": "a", "c": "a"}
    assert merged_names(reversed(pairs)) == merged_names(pairs)
