"""Kinds of books that were judged wrongly once: each with its right verdict, and siblings of it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from core.compliance.check import check
from core.compliance.evaluate import evaluate
from core.compliance.position import Book, RulePosition
from core.domain.compliance import RuleStatus
from core.domain.instrument import FundKind, InstrumentType
from core.domain.portfolio import AssetClass
from tests.unit.compliance.making import SETTING, book, cash, line, result, rule

T, A, S = InstrumentType, AssetClass, RuleStatus
LEI = "W38RGI023J3WT1HWRP32"


def bond(symbol: str, weight: int | str, kind: InstrumentType = T.CORPORATE_BOND, **more: Any) -> RulePosition:
    return line(symbol, weight, kind, asset_class=A.BOND, **more)


def fund(symbol: str, weight: int, **more: Any) -> RulePosition:
    return line(symbol, weight, T.FUND, asset_class=A.EQUITY_FUND, **more)


def named(name: str, one: RulePosition) -> RulePosition:
    return replace(one, holding=replace(one.holding, name=name))


def derivative(symbol: str, kind: InstrumentType, notional: int | None, **more: Any) -> RulePosition:
    return line(symbol, 0, kind, asset_class=A.DERIVATIVE, notional=notional, **more)


def spread(*lines: RulePosition, currency: str = "EUR") -> Book:
    """The lines, and the rest in many small issuers that are all described."""
    rest = 100 - sum((one.value or Decimal(0) for one in lines), Decimal(0))
    return book(*lines, *[line(f"S{n}", rest / 40, currency=currency) for n in range(40)], currency=currency)


@pytest.mark.parametrize("kind", [T.FUTURE, T.OPTION, T.SWAP])
@pytest.mark.parametrize("rule_id", ["EU.UCITS.52.1-2", "UK.COLL.5.2.11-issuer", "HK.UT.7.1", "SG.MAS.CIS.App1-entity"])
def test_a_derivative_counts_with_its_notional_on_the_issuer_of_its_underlying(
    rule_id: str, kind: InstrumentType
) -> None:
    held = spread(line("SIE", 9, issuer="Siemens AG"), derivative("FUT", kind, 8, issuer="Siemens AG"))
    found = result(rule_id, held)
    assert (found.status, found.measured) == (S.BREACH, pytest.approx(17))
    assert result(rule_id, spread(line("SIE", 2), derivative("FUT", kind, 8, issuer="SIE"))).status is S.NEAR


def test_a_derivative_on_an_index_or_a_currency_has_no_issuer() -> None:
    index = derivative("FESX", T.FUTURE, 60, issuer="", index_tracker=True)
    currency = derivative("FWD", T.FORWARD, 60, issuer="", hedged_to="EUR", currency="USD")
    assert result("EU.UCITS.52.1-2", spread(line("A", 5), index, currency)).status is S.PASS


def test_a_derivative_of_an_unknown_underlying_leaves_the_issuer_limit_open() -> None:
    found = result("EU.UCITS.52.1-2", spread(line("A", 5), derivative("FUT", T.FUTURE, 8, issuer="")))
    assert (found.status, found.missing) == (S.NOT_ASSESSABLE, ("issuer",))


def test_a_future_that_was_sold_on_what_is_held_breaks_no_issuer_limit_for_certain() -> None:
    sold = derivative("FUT", T.FUTURE, 8, issuer="A", quantity=Decimal(-10))
    found = result("EU.UCITS.52.1-2", spread(line("A", 9), sold))
    assert (found.status, found.missing) == (S.NOT_ASSESSABLE, ("netting",))
    assert result("EU.UCITS.52.1-2", spread(line("A", 11), sold)).status is S.BREACH


@pytest.mark.parametrize("rule_id", ["EU.UCITS.52.2-combined", "UK.COLL.5.2.11-combined", "CH.CISO.81-body"])
def test_companies_of_one_group_are_one_body_for_everything_together(rule_id: str) -> None:
    bank = line("CASH", 15, T.DEPOSIT, asset_class=A.CASH, issuer="", issuer_group="BNP Paribas",
                counterparty="BNP Paribas Securities Services")  # fmt: skip
    held = spread(line("BNP", 9, issuer="BNP Paribas SA", issuer_group="BNP Paribas"), bank)
    found = result(rule_id, held)
    assert (found.status, found.measured) == (S.BREACH, pytest.approx(24))


@pytest.mark.parametrize(
    "rule_id", ["EU.UCITS.52.1b", "UK.COLL.5.2.11-deposits", "UK.COLL.5.6.7-deposits", "CH.CISO.79", "HK.UT.7.1B"]
)
def test_deposits_with_two_banks_of_one_group_are_deposits_with_one(rule_id: str) -> None:
    banks = [
        line(f"C{n}", 12, T.DEPOSIT, asset_class=A.CASH, issuer="", issuer_group="Group", counterparty=f"Bank {n}")
        for n in range(2)
    ]
    assert result(rule_id, spread(*banks)).status is S.BREACH


def test_a_body_whose_group_is_not_known_is_at_least_itself() -> None:
    one = line("A", 9, issuer="A Bank", issuer_group="")
    money = line("C", 15, T.DEPOSIT, asset_class=A.CASH, issuer="", issuer_group="", counterparty="A Bank")
    assert result("EU.UCITS.52.2-combined", spread(one, money)).status is S.BREACH


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"issuer": "Siemens AG", "lei": LEI}, {"issuer": "SIEMENS Aktiengesellschaft", "lei": LEI}),
        ({"issuer": "Siemens AG"}, {"issuer": "SIEMENS  A.G."}),
        ({"issuer": "Apple Inc.", "cusip": "037833100"}, {"issuer": "APPLE COMPUTER", "isin": "US0378331005"}),
        ({"issuer": "Siemens AG"}, {"issuer": "SIEMENS Aktiengesellschaft"}),
        ({"issuer": "BP p.l.c."}, {"issuer": "BP Public Limited Company"}),
        ({"issuer": "Nestlé S.A."}, {"issuer": "NESTLE SA"}),
        ({"issuer": "Siemens AG", "lei": LEI}, {"issuer": "Siemens AG"}),
        ({"issuer": "", "lei": LEI}, {"issuer": "Siemens", "lei": LEI}),
    ],
)
def test_an_issuer_is_one_whatever_its_spelling(first: dict[str, Any], second: dict[str, Any]) -> None:
    held = spread(line("A", 6, **first), bond("B", 6, **second))
    found = result("EU.UCITS.52.1-2", held)
    assert (found.status, found.measured) == (S.BREACH, pytest.approx(12))


def test_two_identifiers_are_two_issuers_and_a_bare_name_of_both_is_open() -> None:
    other = "5493001KJTIIGC8Y1R12"
    two = [line("A", 6, issuer="Merck", lei=LEI), line("B", 6, issuer="Merck", lei=other)]
    assert result("EU.UCITS.52.1-2", spread(*two)).status is S.PASS
    assert result("EU.UCITS.52.1-2", spread(*two, line("C", 6, issuer="Merck"))).status is S.NOT_ASSESSABLE


@pytest.mark.parametrize("rule_id", ["EU.UCITS.55-single", "UK.COLL.5.2.11-fund", "CH.CISO.73-fund"])
def test_share_classes_of_one_fund_are_one_scheme(rule_id: str) -> None:
    one = named("World Fund A Acc", fund("WA", 12, issuer="World Fund", isin="IE00B4L5Y983"))
    two = named("World Fund B Dist", fund("WB", 12, issuer="World Fund", isin="IE00B0M62Q58"))
    assert (result(rule_id, spread(one, two)).status, result(rule_id, spread(one, two)).measured) == (S.BREACH, 24)
    silent = [fund("WA", 12, issuer="World Fund"), fund("WB", 12, issuer="World Fund")]
    assert result(rule_id, spread(*silent)).status is S.BREACH
    by_lei = [fund("WA", 12, issuer="", lei=LEI), fund("WB", 12, issuer="Other", lei=LEI)]
    assert result(rule_id, spread(*by_lei)).status is S.BREACH


def test_funds_of_unlike_names_under_one_umbrella_are_not_one_scheme_for_certain() -> None:
    one = named("Core S&P 500 UCITS ETF", fund("A", 12, issuer="Umbrella plc"))
    two = named("MSCI World UCITS ETF", fund("B", 12, issuer="Umbrella plc"))
    assert result("EU.UCITS.55-single", spread(one, two)).status is S.NOT_ASSESSABLE
    apart = named("MSCI World UCITS ETF", fund("B", 12, issuer=""))
    assert result("EU.UCITS.55-single", spread(named("S&P 500 ETF", fund("A", 12, issuer="")), apart)).status is S.PASS


@pytest.mark.parametrize(
    ("regime", "rule_id"),
    [("ucits", "EU.UCITS.89"), ("coll_ucits", "UK.COLL.5.2-short"), ("ciso_78", "CH.CISO.70-2b"),
     ("mas_cis", "SG.MAS.CIS.App1-short")],
)  # fmt: skip
def test_what_is_sold_and_not_held_is_a_breach(regime: str, rule_id: str) -> None:
    short = spread(line("A", -5))
    found = {one.rule_id: one.status for one in check(short, [regime]).results}
    assert found[rule_id] is S.BREACH
    assert result(rule_id, spread(line("A", -5, isin="X"), line("A2", 6, isin="X"))).status is S.PASS
    assert result(rule_id, spread(derivative("FUT", T.FUTURE, 5), cash(-3))).status is S.PASS


@pytest.mark.parametrize(
    "said",
    [{"issuer": "Bundesrepublik Deutschland", "sector": "Government"}, {"issuer": "French Republic", "sector": ""},
     {"issuer": "Finanzagentur", "issuer_category": "NUSS"}, {"issuer": "European Union", "sector": ""}],
)  # fmt: skip
def test_a_bill_of_a_state_is_under_the_limit_of_states(said: dict[str, str]) -> None:
    held = spread(bond("BILL", 30, T.MONEY_MARKET, **said))
    assert not [one.rule_id for one in check(held, ["ucits"]).results if one.status is S.BREACH]
    assert result("EU.UCITS.52.3", held).measured == pytest.approx(30)


def test_commercial_paper_of_a_company_is_under_the_limit_of_issuers() -> None:
    for sector in ("", "Financials"):
        paper = spread(
            bond("CP", 12, T.MONEY_MARKET, issuer="City Developments", issuer_category="CORP", sector=sector)
        )
        assert result("EU.UCITS.52.1-2", paper).status is S.BREACH


def test_only_other_regulated_investment_companies_are_outside_the_25_percent_test() -> None:
    assert result("US.IRC.851b3B", spread(fund("H", 30, fund_kind=FundKind.OTHER))).status is S.BREACH
    assert result("US.IRC.851b3B", spread(fund("R", 30, fund_kind=FundKind.RIC))).status is S.PASS
    assert result("US.IRC.851b3B", spread(fund("U", 30, fund_kind=None))).status is S.NOT_ASSESSABLE


@pytest.mark.parametrize(("debt", "status"), [(60, S.BREACH), (51, S.BREACH), (50, S.NEAR), (20, S.PASS)])
def test_assets_must_cover_borrowing_three_times(debt: int, status: RuleStatus) -> None:
    assert result("US.1940.18f1", spread(cash(-debt))).status is status


def test_without_borrowing_there_is_no_coverage_to_measure() -> None:
    assert result("US.1940.18f1", spread()).status is S.NOT_APPLICABLE


@pytest.mark.parametrize("rule_id", ["US.1940.5b1", "US.IRC.851b3A"])
def test_one_reading_decides_the_diversification_test_and_the_other_informs(rule_id: str) -> None:
    held = book(*[line(f"B{n}", 7) for n in range(8)], *[line(f"S{n}", 4) for n in range(11)])
    house, other = evaluate(rule(rule_id), SETTING, held)
    assert (house.reading, house.status) == ("exclude", S.BREACH)
    assert (other.reading, other.status, other.measured) == ("cap", S.NOT_APPLICABLE, pytest.approx(84))
    assert other.explanation.startswith("For information")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"issuer": "Italy", "country": "IT"}, S.BREACH),
        ({"issuer": "Federal Republic of Germany", "country": "DE"}, S.BREACH),
        ({"issuer": "Government of Canada", "country": "CA"}, S.NOT_APPLICABLE),
        ({"issuer": "Province of Ontario", "country": "CA"}, S.NOT_APPLICABLE),
        ({"issuer": "United States Treasury", "country": "US"}, S.NOT_APPLICABLE),
        ({"issuer": "City of Toronto", "country": "CA"}, S.BREACH),
        ({"issuer": "Federal Home Loan Banks", "country": "US", "issuer_category": "USGSE"}, S.BREACH),
        ({"issuer": "", "country": "CA"}, S.NOT_ASSESSABLE),
    ],
)
def test_canada_exempts_itself_its_provinces_and_the_united_states(said: dict[str, str], status: RuleStatus) -> None:
    held = book(bond("G", 30, T.GOVERNMENT_BOND, **said), cash(70))
    assert result("CA.81102.2.1", held).status is status


@pytest.mark.parametrize(
    ("kind", "issuer", "status"),
    [
        (T.GOVERNMENT_BOND, "Kanton Zürich", S.BREACH),
        (T.GOVERNMENT_BOND, "Canton de Genève", S.BREACH),
        (T.GOVERNMENT_BOND, "Stadt Bern", S.BREACH),
        (T.GOVERNMENT_BOND, "Schweizerische Eidgenossenschaft", S.NOT_APPLICABLE),
        (T.GOVERNMENT_BOND, "", S.NOT_ASSESSABLE),
        (T.COVERED_BOND, "Pfandbriefzentrale der schweizerischen Kantonalbanken", S.NOT_APPLICABLE),
        (T.COVERED_BOND, "Credit Suisse", S.BREACH),
    ],
)
def test_only_the_confederation_and_two_institutes_are_outside_the_swiss_debtor_limit(
    kind: InstrumentType, issuer: str, status: RuleStatus
) -> None:
    held = book(bond("B", 15, kind, issuer=issuer, country="CH"), line("S", 85))
    assert result("CH.BVV2.54", held).status is status


def test_securitised_claims_are_alternative_investments() -> None:
    abs_ = [bond(f"ABS{n}", weight, T.SECURITISED) for n, weight in enumerate((9, 9, 4))]
    assert result("CH.BVV2.55d", spread(*abs_)).measured == pytest.approx(22)


def test_unsecured_claims_on_the_employer_stay_within_five_percent() -> None:
    loan = line("E", 9, T.LOAN, asset_class=A.BOND, related_party=True)
    assert result("CH.BVV2.57-2", spread(loan)).status is S.BREACH
    silent = book(line("A", 40, related_party=None), cash(60))
    assert result("CH.BVV2.57-2", silent).missing == ("related_party",)


OVERLAY = [
    ({"notional": 16, "hedged_to": "CHF", "currency": "USD"}, S.PASS, 17.0),
    ({"notional": None, "hedged_to": "CHF", "currency": "USD"}, S.NOT_ASSESSABLE, None),
    ({"notional": 16, "hedged_to": "", "currency": "USD"}, S.NOT_ASSESSABLE, None),
    ({"notional": 16, "hedged_to": "CHF", "currency": "EUR"}, S.BREACH, 33.0),
    ({"notional": 16, "hedged_to": "USD", "currency": "CHF"}, S.BREACH, 49.0),
]


@pytest.mark.parametrize(("said", "status", "measured"), OVERLAY)
def test_a_forward_takes_away_what_it_sells_of_a_currency_that_is_held(
    said: dict[str, Any], status: RuleStatus, measured: float | None
) -> None:
    forward = derivative("FWD", T.FORWARD, said.pop("notional"), issuer="", counterparty="ZKB", **said)
    held = spread(bond("UST", 33, T.GOVERNMENT_BOND, issuer="United States", currency="USD"), forward, currency="CHF")
    found = result("CH.BVV2.55e", held)
    assert found.status is status, found.explanation
    if measured is not None:
        assert found.measured == pytest.approx(measured)


@pytest.mark.parametrize(
    ("rule_id", "debt"),
    [("CH.CISO.77", 15), ("HK.UT.7.21", 15), ("CA.81102.2.6a", 8), ("CH.BVV2.53-5", 20), ("UK.COLL.5.6.22", 11),
     ("SG.MAS.CIS.App1-borrowing", 11), ("AU.SIS.67-10", 11)],
)  # fmt: skip
def test_an_overdraft_beyond_the_borrowing_limit_is_a_breach(rule_id: str, debt: int) -> None:
    assert result(rule_id, spread(cash(-debt))).status is S.BREACH


def test_a_loan_that_was_taken_is_borrowing() -> None:
    assert result("CH.CISO.77", spread(line("LOAN", -15, T.LOAN, asset_class=A.OTHER))).status is S.BREACH


def test_a_swiss_fund_has_no_exemption_for_covered_bonds_and_one_for_states_of_the_oecd() -> None:
    covered = spread(bond("CB", 60, T.COVERED_BOND, issuer="Pfandbriefbank", country="CH"))
    assert result("CH.CISO.78-issuer", covered).status is S.BREACH
    state = spread(bond("BTP", 60, T.GOVERNMENT_BOND, issuer="Italy", country="IT"))
    assert result("CH.CISO.78-issuer", state).status is S.PASS
    assert result("CH.CISO.83-2-issue30", state).status is S.BREACH
    far = spread(bond("EGY", 12, T.GOVERNMENT_BOND, issuer="Egypt", country="EG"))
    assert result("CH.CISO.78-issuer", far).status is S.BREACH


def test_what_is_not_listed_is_at_most_a_tenth_of_a_swiss_fund() -> None:
    assert result("CH.CISO.70-3", spread(line("A", 9, listed=False), line("B", 9, listed=False))).status is S.BREACH


def test_british_limits_on_covered_bonds_dealers_and_other_schemes() -> None:
    assert result("UK.COLL.5.2.11-covered25", spread(bond("CB", 60, T.COVERED_BOND))).status is S.BREACH
    many = [bond(f"CB{n}", 21, T.COVERED_BOND) for n in range(4)]
    assert result("UK.COLL.5.2.11-covered80", spread(*many)).status is S.BREACH
    swap = line("SWAP", 19, T.SWAP, asset_class=A.DERIVATIVE, counterparty="Dealer Ltd", notional=10)
    assert result("UK.COLL.5.2.11-otc-bank", spread(swap)).status is S.BREACH
    funds = [fund(f"Q{n}", 8, fund_kind=FundKind.OTHER) for n in range(5)]
    assert result("UK.COLL.5.2.13", spread(*funds)).status is S.BREACH


def test_hong_kong_limits_schemes_that_are_neither_eligible_nor_authorised() -> None:
    foreign = spread(fund("CAY", 25, fund_kind=FundKind.OTHER, country="KY"))
    assert result("HK.UT.7.11", foreign).status is S.BREACH
    home = spread(fund("HKF", 25, fund_kind=FundKind.OTHER, country="HK"))
    assert result("HK.UT.7.11", home).status is S.NOT_ASSESSABLE
    assert result("HK.UT.7.11", spread(fund("U", 25, fund_kind=FundKind.UCITS))).status is S.PASS


def test_employer_securities_are_a_tenth_unless_the_plan_is_of_individual_accounts() -> None:
    held = spread(line("EMPL", 46, related_party=True))
    found = {one.rule_id: one.status for one in check(held, ["erisa"]).results}
    assert found["US.ERISA.407a2"] is S.BREACH
    assert "US.ERISA.407a2" not in {one.rule_id for one in check(held, ["erisa_eiap"]).results}


def test_article_54_lifts_the_limit_of_one_body_for_governments_only() -> None:
    states = [bond(f"G{n}", 8, T.GOVERNMENT_BOND, issuer="France") for n in range(6)]
    swap = line("SW", 16, T.SWAP, asset_class=A.DERIVATIVE, counterparty="Bank X", notional=1, index_tracker=True)
    money = line("C", 20, T.DEPOSIT, asset_class=A.CASH, issuer="", counterparty="Bank X", issuer_group="Bank X")
    held = spread(*states, swap, money)
    found = {one.rule_id: one.status for one in check(held, ["ucits_art54"]).results}
    assert found["EU.UCITS.54.52-5-body"] is S.BREACH
    assert result("EU.UCITS.54.52-5-body", spread(*states)).status is S.PASS
