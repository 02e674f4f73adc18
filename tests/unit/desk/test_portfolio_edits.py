"""A person edits a portfolio: judged like an import, never overwriting a colleague, always reversible."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.desk.portfolio_edits import Edited, PortfolioEditor, line_cells
from core.desk.portfolios import PortfolioService
from core.domain.actor import LOCAL, Actor, Role
from core.domain.filters import PortfolioFilter
from core.domain.instrument import InstrumentType, Terms
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.errors import BadInput, NotPermitted, StaleEdit
from core.metrics.fx import EcbRates
from core.storage.portfolios.edits import Standing
from core.storage.store import Store

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = date(2026, 10, 30)
ID = "house"
VIEWER = Actor("v", "Vera", frozenset({Role.VIEWER}))


def line(symbol: str, value: str, quantity: str | None = None, price: str | None = None, **more: object) -> Holding:
    fields = {"isin": "", "name": "", "asset_class": AssetClass.EQUITY, "currency": "USD", **more}
    return Holding(
        symbol=symbol,
        quantity=None if quantity is None else Decimal(quantity),
        price=None if price is None else Decimal(price),
        market_value=Decimal(value),
        **fields,
    )


HELD = (
    line(
        "AAPL", "2500", "10", "250", isin="US0378331005", terms=Terms(issuer="Apple Inc."), priced_on=date(2026, 9, 1)
    ),
    line("OPT", "500", "1", "5", asset_class=AssetClass.DERIVATIVE),
    line("CASH_USD", "100", "100", "1", asset_class=AssetClass.CASH),
    line("VALUE", "77"),
)


@pytest.fixture
def editor(store: Store) -> PortfolioEditor:
    house = Portfolio(ID, "House", "", DAY, "USD", False, "US", HELD, "canonical_csv")
    store.portfolios.save([house], lambda _one: Decimal(1), actor="ada", at=NOW)
    return PortfolioEditor(store, EcbRates(), lambda: NOW)


def change(editor: PortfolioEditor, holding_id: str, expected: int = 1, **cells: str) -> Edited:
    return editor.change_line(LOCAL, ID, holding_id, cells, expected=expected)


def now(edited: Edited) -> Standing:
    assert edited.problems == ()
    assert edited.standing is not None
    return edited.standing


def held(standing: Standing, place: int) -> Holding:
    return standing.portfolio.holdings[place]


def test_a_line_is_added_with_terms_and_counts_in_the_total(editor: PortfolioEditor, store: Store) -> None:
    cells = {
        "symbol": "BOND1", "asset_class": "bond", "market_value": "1,000.50", "cost": "990", "issuer": "Acme",
        "instrument_type": "corporate_bond", "listed": "no",
    }  # fmt: skip
    standing = now(editor.add_line(LOCAL, ID, cells, expected=1))
    assert held(standing, 4) == line(
        "BOND1",
        "1000.50",
        asset_class=AssetClass.BOND,
        cost=Decimal(990),
        terms=Terms(instrument_type=InstrumentType.CORPORATE_BOND, issuer="Acme", listed=False),
    )
    assert (standing.revision, standing.undo_note) == (2, "Added BOND1")
    assert store.portfolios.page()[0].total_value == Decimal("4177.50")


def test_what_is_wrong_comes_back_all_at_once_and_nothing_changes(editor: PortfolioEditor) -> None:
    cells = {
        "symbol": "", "isin": "US0378331006", "currency": "XXX", "market_value": "many",
        "listed": "perhaps", "colour": "",
    }  # fmt: skip
    edited = editor.add_line(LOCAL, ID, cells, expected=1)
    assert edited.standing is None
    assert {problem.column for problem in edited.problems} == {
        "symbol", "isin", "currency", "market_value", "listed", "colour",
    }  # fmt: skip
    assert editor.open(LOCAL, ID).revision == 1


def test_a_new_quantity_gives_a_new_value(editor: PortfolioEditor) -> None:
    standing = now(change(editor, "AAPL", quantity="12"))
    assert (held(standing, 0).quantity, held(standing, 0).market_value) == (Decimal(12), Decimal(3000))
    assert (held(standing, 0).terms, held(standing, 0).priced_on) == (HELD[0].terms, HELD[0].priced_on)
    assert standing.undo_note == "Changed quantity of AAPL"


def test_a_new_price_is_of_the_portfolios_day(editor: PortfolioEditor) -> None:
    standing = now(change(editor, "AAPL", price="260"))
    assert (held(standing, 0).market_value, held(standing, 0).priced_on) == (Decimal(2600), None)


def test_a_new_value_alone_blanks_the_price_and_says_so(editor: PortfolioEditor) -> None:
    edited = change(editor, "AAPL", market_value="2600")
    assert (held(now(edited), 0).price, held(now(edited), 0).market_value) == (None, Decimal(2600))
    assert edited.notes == ("The price was blanked, because the value was changed without it.",)


def test_cash_is_its_value(editor: PortfolioEditor) -> None:
    assert held(now(change(editor, "CASH_USD", market_value="150")), 2).market_value == Decimal(150)


def test_a_derivatives_value_is_not_guessed_from_its_quantity(editor: PortfolioEditor) -> None:
    # One contract at 5 is worth 500: the multiplier is not known here.
    standing = now(change(editor, "OPT", quantity="2", market_value="1000"))
    assert (held(standing, 1).quantity, held(standing, 1).market_value) == (Decimal(2), Decimal(1000))


def test_a_line_is_deleted_but_never_the_last(editor: PortfolioEditor) -> None:
    revision = 1
    for holding_id in ("AAPL", "OPT", "CASH_USD"):
        revision = now(editor.delete_line(LOCAL, ID, holding_id, expected=revision)).revision
    edited = editor.delete_line(LOCAL, ID, "VALUE", expected=revision)
    assert edited.standing is None
    assert "only line" in edited.problems[0].message
    with pytest.raises(BadInput, match="no line 'AAPL'"):
        editor.delete_line(LOCAL, ID, "AAPL", expected=revision)


def test_the_second_line_of_a_symbol_has_a_name_of_its_own(editor: PortfolioEditor) -> None:
    revision = now(editor.add_line(LOCAL, ID, {"symbol": "AAPL", "market_value": "1"}, expected=1)).revision
    standing = now(editor.delete_line(LOCAL, ID, "AAPL#2", expected=revision))
    assert standing.portfolio.holdings == HELD


def test_name_region_rules_and_benchmark_change(editor: PortfolioEditor, store: Store) -> None:
    standing = now(
        editor.change_head(
            LOCAL,
            ID,
            expected=1,
            name="Grand House",
            region="gb",
            base_currency="EUR",
            regimes=["ucits", "PRIIPS"],
            benchmark={"VTI": "60", "BND": "40"},
        )
    )
    changed = standing.portfolio
    assert (changed.name, changed.region, changed.base_currency, changed.base_currency_given) == (
        "Grand House", "UK", "EUR", True,
    )  # fmt: skip
    assert changed.regimes == ("ucits", "priips")
    assert changed.benchmark == (("VTI", Decimal("0.6")), ("BND", Decimal("0.4")))
    row = store.portfolios.page(PortfolioFilter(search="grand", region="UK"))[0]
    assert row.base_currency == "EUR"
    assert standing.undo_note == "Changed name, region, base currency, regimes, benchmark"
    cleared = now(editor.change_head(LOCAL, ID, expected=2, regimes=[], benchmark={})).portfolio
    assert (cleared.regimes, cleared.benchmark) == ((), ())


def test_a_wrong_head_is_refused_with_every_reason(editor: PortfolioEditor) -> None:
    edited = editor.change_head(
        LOCAL, ID, expected=1, name=" ", region="XX", base_currency="GBX", regimes=["a b!"], benchmark={"VTI": "70"}
    )
    assert edited.standing is None
    assert [problem.column for problem in edited.problems] == [
        "name", "region", "base_currency", "regimes", "benchmark",
    ]  # fmt: skip


def test_a_colleagues_edit_is_not_overwritten(editor: PortfolioEditor) -> None:
    now(change(editor, "AAPL", quantity="12"))
    for act in (
        lambda: change(editor, "AAPL", quantity="13"),
        lambda: editor.add_line(LOCAL, ID, {"symbol": "X", "market_value": "1"}, expected=1),
        lambda: editor.delete_line(LOCAL, ID, "gone", expected=1),
        lambda: editor.change_head(LOCAL, ID, expected=1, name="Other"),
        lambda: editor.undo(LOCAL, ID, expected=1),
    ):
        with pytest.raises(StaleEdit, match="revision 2 stands"):
            act()


def test_only_analysts_edit_and_everybody_reads(editor: PortfolioEditor) -> None:
    assert editor.open(VIEWER, ID).portfolio.holdings == HELD
    for act in (
        lambda: editor.add_line(VIEWER, ID, {}, expected=1),
        lambda: editor.change_line(VIEWER, ID, "AAPL", {}, expected=1),
        lambda: editor.delete_line(VIEWER, ID, "AAPL", expected=1),
        lambda: editor.change_head(VIEWER, ID, expected=1, name="x"),
        lambda: editor.undo(VIEWER, ID, expected=1),
        lambda: editor.redo(VIEWER, ID, expected=1),
    ):
        with pytest.raises(NotPermitted, match=r"portfolio\.edit.*analyst"):
            act()


def test_edited_samples_stay_edited_when_samples_are_added_again(store: Store) -> None:
    service = PortfolioService(store, EcbRates(), lambda: NOW)
    editor = PortfolioEditor(store, EcbRates(), lambda: NOW)
    service.add_samples(LOCAL)
    now(editor.change_head(LOCAL, "sample-us-60-40", expected=1, name="Mine"))
    service.add_samples(LOCAL)
    assert editor.open(LOCAL, "sample-us-60-40").portfolio.name == "Mine"


amounts = st.decimals(min_value="-1e9", max_value="1e9", places=4).map(str)
edits = st.one_of(
    st.tuples(st.just("add"), st.sampled_from(["AAPL", "NEW", "CASH_USD"]), amounts),
    st.tuples(st.just("value"), st.integers(0, 9), amounts),
    st.tuples(st.just("delete"), st.integers(0, 9), st.just("")),
    st.tuples(st.just("name"), st.just(0), st.text("abc ", min_size=1, max_size=5)),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(edits, max_size=8))
def test_any_edits_undone_one_by_one_give_the_first_content(
    editor: PortfolioEditor, acts: list[tuple[str, object, str]]
) -> None:
    standing = editor.open(LOCAL, ID)
    while standing.can_undo:  # what the example before left
        standing = editor.undo(LOCAL, ID, expected=standing.revision)
    made = 0
    for kind, what, text in acts:
        seen = standing.revision
        ids = [one.symbol for one in standing.portfolio.holdings]
        if kind == "add":
            edited = editor.add_line(LOCAL, ID, {"symbol": str(what), "market_value": text}, expected=seen)
        elif kind == "name":
            edited = editor.change_head(LOCAL, ID, expected=seen, name=text)
        else:
            target = ids[int(str(what)) % len(ids)]
            if kind == "value":
                edited = editor.change_line(LOCAL, ID, target, {"market_value": text}, expected=seen)
            else:
                edited = editor.delete_line(LOCAL, ID, target, expected=seen)
        if edited.standing is not None:
            made += edited.standing.revision - seen
            standing = edited.standing
    last = standing.portfolio
    for _ in range(made):
        standing = editor.undo(LOCAL, ID, expected=standing.revision)
    assert not standing.can_undo
    assert (standing.portfolio.holdings, standing.portfolio.name) == (HELD, "House")
    for _ in range(made):
        standing = editor.redo(LOCAL, ID, expected=standing.revision)
    assert standing.portfolio == last


def test_a_lines_text_reads_back_as_the_line(editor: PortfolioEditor) -> None:
    for place, one in enumerate(HELD):
        if one.asset_class is AssetClass.DERIVATIVE or one.priced_on is not None:
            continue
        cells = line_cells(one)
        added = now(editor.add_line(LOCAL, ID, cells, expected=editor.open(LOCAL, ID).revision))
        assert added.portfolio.holdings[-1] == HELD[place]
