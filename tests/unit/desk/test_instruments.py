"""Users' rows stand before ours and never change them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from core.desk.instruments import RegisterService
from core.domain.actor import LOCAL, Actor, Role
from core.domain.facts import FactSheet
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.drafts.fact_sheets import sheets_of
from core.errors import BadInput, NotFound, NotPermitted
from core.intake.register.instruments import USER, own_register
from core.metrics.fx import EcbRates
from core.storage.store import Store

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
VIEWER = Actor("v", "Vera", frozenset({Role.VIEWER}))
ROW = {"symbol": "ABC.L", "name": "Abc plc", "asset_class": "equity", "currency": "GBX", "country": "GB"}


@pytest.fixture
def register(store: Store) -> RegisterService:
    return RegisterService(store, lambda: NOW)


def keep(store: Store, *lines: Holding) -> FactSheet:
    house = Portfolio("house", "House", "", date(2026, 10, 30), "GBP", True, "UK", lines, "canonical_csv")
    store.portfolios.save([house], lambda _one: None, actor="ada", at=NOW)
    return sheets_of(store, EcbRates(), store.portfolios.load(["house"]))[0]


def held(symbol: str, *, name: str = "", isin: str = "", currency: str = "GBP") -> Holding:
    return Holding(symbol, isin, name, AssetClass.EQUITY, None, None, currency, Decimal(100))


def test_a_users_row_is_found_corrected_and_deleted_with_every_step_on_record(register: RegisterService) -> None:
    added = register.add(LOCAL, {**ROW, "sector": "Energy", "issuer": "Abc"})
    assert added.instrument is not None
    assert (added.instrument.currency, added.instrument.quote_unit, added.instrument.source) == ("GBP", 100, USER)
    assert register.find(LOCAL, symbol="ABC", currency="GBP") == added.instrument
    assert register.correct(LOCAL, "abc.l", {"sector": "Utilities", "issuer": ""}).problems == ()
    found = register.find(LOCAL, symbol="ABC.L")
    assert found is not None
    assert (found.sector, found.terms.issuer) == ("Utilities", "")
    register.delete(LOCAL, "ABC.L")
    assert register.find(LOCAL, symbol="ABC.L") is None
    steps = register.changes(LOCAL, "ABC.L")
    assert [step.action.value for step in steps] == ["deleted", "corrected", "added"]
    assert (steps[1].before["sector"], steps[1].after["sector"], steps[1].actor) == ("Energy", "Utilities", "local")


def test_our_row_stays_under_a_users_copy(register: RegisterService) -> None:
    ours = register.find(LOCAL, symbol="SHEL.L")
    kept = register.correct(LOCAL, "SHEL.L", {"isin": "GB00BP6MXD84"}).instrument
    assert kept is not None
    assert (kept.isin, kept.name, kept.source) == ("GB00BP6MXD84", "Shell", USER)
    assert register.find(LOCAL, isin="GB00BP6MXD84") == kept
    assert own_register().by_symbol("SHEL.L") == ours
    register.delete(LOCAL, "SHEL.L")
    assert register.find(LOCAL, symbol="SHEL.L") == ours
    with pytest.raises(BadInput, match="comes with the program"):
        register.delete(LOCAL, "SHEL.L")


def test_a_wrong_row_is_refused_with_every_reason(register: RegisterService) -> None:
    wrong = {"symbol": "", "name": "", "asset_class": "thing", "country": "Narnia", "currency": "GOLD", "isin": "X"}
    kept = register.add(LOCAL, {**wrong, "listed": "perhaps"})
    assert kept.instrument is None
    assert {problem.column for problem in kept.problems} == {*wrong, "listed"}


def test_an_isin_of_another_country_or_instrument_is_refused(register: RegisterService) -> None:
    # A list once gave EWU this Argentine ISIN; its check digit is right.
    kept = register.correct(LOCAL, "EWU", {"isin": "AR0406299526"})
    assert "starts with AR and its issuer is of US" in kept.problems[0].message
    kept = register.add(LOCAL, {**ROW, "isin": "GB0009895292"})
    assert "that of AstraZeneca (AZN.L)" in kept.problems[0].message
    assert register.changes(LOCAL) == []


def test_a_symbol_that_is_there_is_corrected_not_added(register: RegisterService) -> None:
    kept = register.add(LOCAL, {"symbol": "AZN", "name": "Astra", "asset_class": "equity", "currency": "GBP"})
    assert "as AZN.L (AstraZeneca)" in kept.problems[0].message
    with pytest.raises(NotFound, match="no 'NOPE'"):
        register.correct(LOCAL, "NOPE", {})


def test_only_analysts_write_and_everybody_reads(register: RegisterService) -> None:
    assert register.find(VIEWER, isin="US0378331005") is not None
    for act in (
        lambda: register.add(VIEWER, ROW),
        lambda: register.correct(VIEWER, "AAPL", {}),
        lambda: register.delete(VIEWER, "AAPL"),
    ):
        with pytest.raises(NotPermitted, match=r"portfolio\.edit"):
            act()


def test_search_finds_words_in_symbol_isin_name_and_issuer(register: RegisterService) -> None:
    assert [row.symbol for row in register.page(LOCAL, search="ishares gilts")] == ["IGLT.L"]
    assert [row.symbol for row in register.page(LOCAL, search="GB0009895292")] == ["AZN.L"]
    assert register.count(LOCAL) == len(register.page(LOCAL)) >= 200
    assert [row.symbol for row in register.page(LOCAL, limit=2, offset=1)] == [
        row.symbol for row in register.page(LOCAL)[1:3]
    ]


def test_fact_sheets_are_filled_by_users_rows_and_the_stored_portfolio_stays(
    register: RegisterService, store: Store
) -> None:
    register.add(LOCAL, {**ROW, "sector": "Energy"})
    sheet = keep(store, held("ABC.L"), held("AZN", name="ASTRAZENECA PLC ORD USD0.25"))
    assert [(line.sector, line.country) for line in sheet.holdings] == [("Energy", "GB"), ("Health Care", "GB")]
    assert store.portfolios.load(["house"])[0].holdings[0].sector == ""


def test_conflicts_are_shown_and_nothing_is_merged(register: RegisterService, store: Store) -> None:
    sheet = keep(store, held("AZN.L", name="Rolls Royce"), held("AAPL"), held("IMB.L", isin="US45262P1021"))
    assert [line.sector for line in sheet.holdings] == ["unclassified"] * 3
    conflicts = register.describe(LOCAL, "house").conflicts
    assert [(one.symbol, one.field) for one in conflicts] == [
        ("AZN.L", "name"),
        ("AAPL", "currency"),
        ("IMB.L", "domicile"),
    ]
