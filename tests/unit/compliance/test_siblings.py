"""The same fault in another rule set, country, spelling or form: false passes and false breaches that are none here."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from core.compliance.check import check
from core.compliance.position import RulePosition
from core.domain.instrument import FundKind
from core.domain.instrument import InstrumentType as T
from core.domain.portfolio import AssetClass as A
from tests.unit.compliance.making import book, line

SIEMENS = {"issuer": "Siemens AG", "issuer_group": "Siemens AG"}


def rest(total: int, **more: str) -> list[RulePosition]:
    """Shares of 4 % at most that make the whole 100."""
    left, found = Decimal(100 - total), list[RulePosition]()
    while left > 0:
        found.append(line(f"S{len(found)}", min(left, Decimal(4)), votes_pct=0.01, **more))
        left -= min(left, Decimal(4))
    return found


def derivative(notional: int, kind: T = T.FUTURE, symbol: str = "D", **more: object) -> RulePosition:
    said = {"issuer": "", "issuer_group": "", "sector": "", **more}
    return line(symbol, 0, kind, asset_class=A.DERIVATIVE, notional=notional, **said)


def bond(weight: int, kind: T = T.CORPORATE_BOND, symbol: str = "B", **more: object) -> RulePosition:
    return line(symbol, weight, kind, asset_class=A.BOND, **more)  # type: ignore[arg-type]


def deposit(weight: int, bank: str, group: str = "", symbol: str = "DEP") -> RulePosition:
    return line(symbol, weight, T.DEPOSIT, asset_class=A.CASH, issuer="", issuer_group=group, counterparty=bank)


def fund(weight: int, kind: FundKind | None, symbol: str = "F", name: str = "", **more: object) -> RulePosition:
    made = line(symbol, weight, T.FUND, asset_class=A.EQUITY_FUND, fund_kind=kind, **more)  # type: ignore[arg-type]
    return replace(made, holding=replace(made.holding, name=name)) if name else made


def owed(weight: int, kind: T | None, asset_class: A) -> RulePosition:
    return line("OWED", -weight, kind, asset_class=asset_class, issuer="", issuer_group="", counterparty="Bank")


def status(regime: str, rule_id: str, *lines: RulePosition, reading: str = "", currency: str = "EUR") -> str:
    results = check(book(*lines, currency=currency), [regime]).results
    return next(one.status.value for one in results if (one.rule_id, one.reading) == (rule_id, reading))


@pytest.mark.parametrize("kind", [T.FUTURE, T.OPTION, T.SWAP])
@pytest.mark.parametrize(
    ("regime", "rule_id"),
    [
        ("coll_ucits", "UK.COLL.5.2.11-issuer"), ("coll_nurs", "UK.COLL.5.6.7-issuer"),
        ("mas_cis", "SG.MAS.CIS.App1-entity"), ("ciso_78", "CH.CISO.78-issuer"), ("ni81102", "CA.81102.2.1"),
        ("sfc_ut", "HK.UT.7.1"), ("ucits_art54", "EU.UCITS.52.1-2"),
    ],
)  # fmt: skip
def test_a_derivative_counts_for_its_underlying_in_every_rule_set(regime: str, rule_id: str, kind: T) -> None:
    lines = [line("SIE", 9, **SIEMENS), derivative(8, kind, **SIEMENS), *rest(9)]
    assert status(regime, rule_id, *lines) == "breach"


def test_a_pension_fund_counts_derivatives_on_shares_for_the_company_and_for_equity() -> None:
    own = {"currency": "CHF"}
    named = [line("SIE", 4, **SIEMENS), derivative(3, **SIEMENS), *rest(4, **own)]
    assert status("bvv2", "CH.BVV2.54a", *named, currency="CHF") == "breach"
    equity = [line(f"Q{n}", 3, **own) for n in range(15)]
    bonds = [bond(5, symbol=f"B{n}", **own) for n in range(11)]
    assert status("bvv2", "CH.BVV2.55b", *equity, derivative(8, **SIEMENS), *bonds, currency="CHF") == "breach"
    # Whether an index is one of shares, no field says.
    index = derivative(8, index_tracker=True)
    assert status("bvv2", "CH.BVV2.55b", *equity, index, *bonds, currency="CHF") == "not_assessable"
    sold = derivative(8, quantity=Decimal(-1), **SIEMENS)
    assert status("bvv2", "CH.BVV2.55b", *equity, sold, *bonds, currency="CHF") == "not_assessable"
    forward = derivative(20, T.FORWARD, hedged_to="CHF", currency="USD")
    assert status("bvv2", "CH.BVV2.55b", *equity, forward, *bonds, currency="CHF") == "near"


@pytest.mark.parametrize(
    ("regime", "rule_id", "expected"),
    [
        ("ucits", "EU.UCITS.52.3", "breach"), ("coll_ucits", "UK.COLL.5.2.12", "not_assessable"),
        ("ciso_78", "CH.CISO.83", "not_assessable"), ("mas_cis", "SG.MAS.CIS.App1-government", "not_assessable"),
    ],
)  # fmt: skip
def test_a_future_on_a_states_bonds_counts_for_the_state_and_for_no_company(
    regime: str, rule_id: str, expected: str
) -> None:
    bund = {"issuer": "Bundesrepublik Deutschland", "issuer_group": ""}
    lines = [bond(30, T.GOVERNMENT_BOND, **bund), derivative(10, **bund), *rest(30)]
    assert status(regime, rule_id, *lines) == expected
    if regime == "ciso_78":
        assert status(regime, "CH.CISO.78-issuer", *lines) == "pass"


def test_a_treasury_future_is_exempt_in_canada_and_one_on_bunds_is_not() -> None:
    for issuer, expected in (("US Treasury", "pass"), ("Government of Canada", "pass"), ("Germany", "breach")):
        assert status("ni81102", "CA.81102.2.1", derivative(15, issuer=issuer), *rest(0)) == expected


@pytest.mark.parametrize(
    ("regime", "rule_id"),
    [
        ("coll_ucits", "UK.COLL.5.2.11-combined"), ("ciso_78", "CH.CISO.81-body"),
        ("ucits_art54", "EU.UCITS.52.2-combined"),
    ],
)  # fmt: skip
def test_a_bank_and_its_custodian_are_one_body_in_every_rule_set(regime: str, rule_id: str) -> None:
    share = line("BNP", 9, issuer="BNP Paribas SA", issuer_group="BNP Paribas")
    assert status(regime, rule_id, share, deposit(15, "BNP Paribas Securities Services", "BNP Paribas"), *rest(24)) == (
        "breach"
    )


@pytest.mark.parametrize(("regime", "rule_id"), [("sfc_ut", "HK.UT.7.1B"), ("coll_nurs", "UK.COLL.5.6.7-deposits")])
def test_two_banks_of_one_group_are_one_for_deposits(regime: str, rule_id: str) -> None:
    lines = [deposit(12, "HSBC", "HSBC", "D1"), deposit(12, "Hang Seng Bank", "HSBC", "D2"), *rest(24)]
    assert status(regime, rule_id, *lines) == "breach"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nestlé S.A.", "NESTLE SA"), ("BP p.l.c.", "BP PLC"), ("L'Oréal", "LOREAL SA"), ("Ørsted A/S", "Orsted AS"),
        ("A.P. Møller - Mærsk A/S", "AP Moller Maersk AS"), ("Anheuser-Busch InBev SA/NV", "Anheuser Busch InBev NV"),
        ("Volvo AB (publ)", "AB Volvo"), ("Rio Tinto plc", "Rio Tinto Public Limited Company"),
        ("H & M Hennes & Mauritz AB", "H&M Hennes & Mauritz AB (publ)"), ("AT&T Inc.", "AT and T Inc"),
        ("Alphabet Inc. Class A", "Alphabet Inc Class C"), ("Telefónica, S.A.", "TELEFONICA SA"),
        ("Straße AG", "Strasse AG"), ("PT Astra International Tbk", "Astra International"),
    ],
)  # fmt: skip
def test_one_issuer_however_it_is_spelt(one: str, other: str) -> None:
    lines = [line("X", 6, issuer=one, issuer_group=""), bond(6, issuer=other, issuer_group=""), *rest(12)]
    assert status("ucits", "EU.UCITS.52.1-2", *lines) == "breach"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Money Market Fund Class Z (acc)", "Money Market Fund Class W Dis"),
        ("Euro Liquidity Fund Core Acc T0", "Euro Liquidity Fund Premier Acc T0"),
        ("Fonds Monétaire Part C", "Fonds Monétaire Part I"),
    ],
)
@pytest.mark.parametrize(
    ("regime", "rule_id"),
    [("ucits", "EU.UCITS.55-single"), ("coll_ucits", "UK.COLL.5.2.11-fund"), ("ciso_78", "CH.CISO.73-fund")],
)
def test_share_classes_of_a_money_fund_never_pass_as_two_funds(regime: str, rule_id: str, one: str, other: str) -> None:
    known = {"issuer": "The Umbrella", "issuer_group": ""}
    lines = [fund(12, FundKind.UCITS, "F1", one, **known), fund(12, FundKind.UCITS, "F2", other, **known), *rest(24)]
    assert status(regime, rule_id, *lines) in {"breach", "not_assessable"}


@pytest.mark.parametrize(
    ("regime", "rule_id"),
    [
        ("coll_ucits", "UK.COLL.5.2-short"), ("coll_nurs", "UK.COLL.5.6-short"), ("ciso_78", "CH.CISO.70-2b"),
        ("mas_cis", "SG.MAS.CIS.App1-short"), ("ucits_art53", "EU.UCITS.89"), ("bvv2", "CH.BVV2.53-5-short"),
    ],
)  # fmt: skip
def test_what_is_sold_and_not_held_breaks_every_rule_set_that_forbids_it(regime: str, rule_id: str) -> None:
    for sold in (line("SH", -5), fund(-5, FundKind.UCITS), bond(-5)):
        assert status(regime, rule_id, sold, *rest(-5)) == "breach"


@pytest.mark.parametrize(
    "issuer",
    [
        "Agence France Trésor", "Tesoro Público", "Ministero dell'Economia e delle Finanze", "Kingdom of Belgium",
        "UK Debt Management Office", "Dutch State Treasury", "Japan Treasury", "Hong Kong Monetary Authority",
        "Monetary Authority of Singapore", "Bundesrepublik Deutschland Finanzagentur GmbH", "European Union",
        "Irish National Treasury Management Agency",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("regime", "company", "state"),
    [("ucits", "EU.UCITS.52.1-2", "EU.UCITS.52.3"), ("sfc_ut", "HK.UT.7.1", "HK.UT.7.4")],
)
def test_a_bill_of_any_state_is_the_states(issuer: str, regime: str, company: str, state: str) -> None:
    lines = [bond(30, T.MONEY_MARKET, issuer=issuer, issuer_group="", country="", sector=""), *rest(30)]
    assert status(regime, company, *lines) == "pass"
    assert status(regime, state, *lines) in {"pass", "near"}


def test_a_bill_of_an_office_that_nobody_knows_is_no_companys_for_certain() -> None:
    lines = [bond(30, T.MONEY_MARKET, issuer="Treasury of Ruritania", issuer_group="", sector=""), *rest(30)]
    assert status("ucits", "EU.UCITS.52.1-2", *lines) == "not_assessable"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(FundKind.RIC, "pass"), (FundKind.OTHER, "breach"), (None, "not_assessable")],
)
def test_a_private_fund_is_no_investment_company_for_either_test_of_diversification(
    kind: FundKind | None, expected: str
) -> None:
    lines = [fund(30, kind), *rest(30)]
    assert status("1940act_diversified", "US.1940.5b1", *lines, reading="exclude") == expected
    assert status("ric", "US.IRC.851b3B", *lines) == expected
    assert status("ric", "US.IRC.851b3B", fund(30, FundKind.UCITS), *rest(30)) == "breach"


@pytest.mark.parametrize(
    ("regime", "rule_id"),
    [
        ("ucits", "EU.UCITS.83"), ("ni81102", "CA.81102.2.6a"), ("sfc_ut", "HK.UT.7.21"), ("ciso_78", "CH.CISO.77"),
        ("mas_cis", "SG.MAS.CIS.App1-borrowing"), ("coll_ucits", "UK.COLL.5.5.5"), ("coll_nurs", "UK.COLL.5.6.22"),
        ("bvv2", "CH.BVV2.53-5"), ("sis", "AU.SIS.67-10"),
    ],
)  # fmt: skip
def test_borrowing_is_borrowing_in_every_form_and_what_may_be_some_is_never_passed_over(
    regime: str, rule_id: str
) -> None:
    for kind, asset_class, expected in (
        (T.CASH, A.CASH, "breach"),
        (None, A.CASH, "breach"),
        (T.LOAN, A.OTHER, "breach"),
        (None, A.OTHER, "not_assessable"),
        (T.MONEY_MARKET, A.BOND, "not_assessable"),
    ):
        assert status(regime, rule_id, owed(15, kind, asset_class), *rest(-15)) == expected


def test_a_repo_leaves_asset_coverage_open_unless_it_suffices_in_any_case() -> None:
    lines = [owed(60, None, A.OTHER), *rest(-60)]
    assert status("1940act", "US.1940.18f1", *lines) == "not_assessable"
    assert status("1940act", "US.1940.18f1", owed(20, None, A.OTHER), *rest(-20)) == "pass"


@pytest.mark.parametrize(
    ("issuer", "country", "expected"),
    [
        ("Province of Ontario", "CA", "pass"), ("Province de Québec", "CA", "pass"), ("US Treasury", "US", "pass"),
        ("City of Toronto", "CA", "breach"), ("Land Berlin", "DE", "breach"), ("State of California", "US", "breach"),
        ("Government of Japan", "JP", "breach"),
    ],
)  # fmt: skip
def test_only_canada_its_provinces_and_the_united_states_are_exempt_in_canada(
    issuer: str, country: str, expected: str
) -> None:
    public = bond(15, T.GOVERNMENT_BOND, issuer=issuer, issuer_group="", country=country)
    assert status("ni81102", "CA.81102.2.1", public, *rest(15)) == expected


@pytest.mark.parametrize(
    ("issuer", "kind", "expected"),
    [
        ("République et canton de Genève", T.GOVERNMENT_BOND, "breach"), ("Kt. Bern", T.GOVERNMENT_BOND, "breach"),
        ("Stadt Zürich", T.GOVERNMENT_BOND, "breach"), ("Gemeinde Köniz", T.GOVERNMENT_BOND, "breach"),
        ("Cantone Ticino", T.GOVERNMENT_BOND, "breach"), ("Confédération suisse", T.GOVERNMENT_BOND, "not_applicable"),
        ("Hypothekenbank AG", T.COVERED_BOND, "breach"),
        ("Pfandbriefzentrale der schweizerischen Kantonalbanken AG", T.COVERED_BOND, "not_applicable"),
    ],
)  # fmt: skip
def test_only_the_confederation_and_the_two_mortgage_institutes_are_exempt_in_switzerland(
    issuer: str, kind: T, expected: str
) -> None:
    public = bond(15, kind, issuer=issuer, issuer_group="", country="CH", currency="CHF")
    assert status("bvv2", "CH.BVV2.54", public, *rest(15, currency="CHF"), currency="CHF") == expected


@pytest.mark.parametrize("issuer", ["Land Nordrhein-Westfalen", "Comunidad de Madrid", "Freistaat Bayern"])
def test_a_region_of_a_member_state_has_the_states_limit(issuer: str) -> None:
    def region(weight: int) -> list[RulePosition]:
        return [bond(weight, T.GOVERNMENT_BOND, issuer=issuer, issuer_group=""), *rest(weight)]

    assert status("ucits", "EU.UCITS.52.1-2", *region(30)) == "pass"
    assert status("ucits", "EU.UCITS.52.3", *region(40)) == "breach"


def test_what_is_securitised_is_no_covered_bond() -> None:
    assert status("ucits", "EU.UCITS.52.1-2", bond(15, T.SECURITISED), *rest(15)) == "breach"
    assert status("ucits", "EU.UCITS.52.4-issuer", bond(24, T.COVERED_BOND), *rest(24)) in {"pass", "near"}


@pytest.mark.parametrize(
    ("regime", "rule_id", "weight"),
    [("bvv2", "CH.BVV2.57-2", 3), ("erisa", "US.ERISA.407a2", 6), ("sis", "AU.SIS.83", 3)],
)
def test_what_the_employer_issued_is_his_and_his_groups_may_be(regime: str, rule_id: str, weight: int) -> None:
    own = {"currency": "CHF", "issuer_group": "Employer"}
    share = line("E", weight, issuer="Employer AG", related_party=True, **own)  # type: ignore[arg-type]
    for issuer, expected in (("EMPLOYER Aktiengesellschaft", "breach"), ("Employer Finance BV", "not_assessable")):
        debt = bond(weight, issuer=issuer, related_party=False, **own)
        lines = [share, debt, *rest(2 * weight, currency="CHF")]
        assert status(regime, rule_id, *lines, currency="CHF") == expected


def test_forwards_hedge_the_currency_that_they_sell_and_no_other() -> None:
    def held(currency: str, weight: int) -> list[RulePosition]:
        return [line(f"{currency}{n}", 2, currency=currency) for n in range(weight // 2)]

    def sold(currency: str, notional: int) -> RulePosition:
        return derivative(notional, T.FORWARD, f"F{currency}", currency=currency, hedged_to="CHF", counterparty="UBS")

    lines = [*held("USD", 20), *held("JPY", 10), *held("GBP", 10), *rest(40, currency="CHF")]
    assert status("bvv2", "CH.BVV2.55e", *lines, sold("USD", 15), sold("JPY", 5), currency="CHF") == "pass"
    over = [*held("USD", 32), *held("GBP", 10), *rest(42, currency="CHF"), sold("GBP", 25)]
    assert status("bvv2", "CH.BVV2.55e", *over, currency="CHF") == "breach"


def test_a_foreign_state_is_an_issuer_like_any_other_to_the_75_percent() -> None:
    italy = {"issuer": "Republic of Italy", "country": "IT"}
    for weight, expected in ((20, {"pass", "near"}), (27, {"breach"})):
        lines = [bond(weight, T.GOVERNMENT_BOND, **italy), *rest(weight)]
        assert status("1940act_diversified", "US.1940.5b1", *lines, reading="exclude") in expected
