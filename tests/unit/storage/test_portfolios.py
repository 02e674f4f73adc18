"""Portfolios stay: the same file changes nothing, a newer date adds, a changed file of a day adds a revision."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text

from core.domain.filters import PortfolioFilter
from core.domain.instrument import InstrumentType, Liquidity, Terms
from core.domain.portfolio import Flow, Portfolio
from core.errors import NotFound
from core.storage.portfolios.portfolio_document import from_document, to_document
from core.storage.portfolios.portfolios import ImportOutcome
from core.storage.store import Store
from tests.unit.storage.making import NOW, portfolio

LATER = date(2026, 11, 20)


def save(store: Store, *portfolios: Portfolio) -> list[ImportOutcome]:
    stored = store.portfolios.save(
        portfolios, lambda one: sum((line.market_value for line in one.holdings), Decimal(0)), actor="ada", at=NOW
    )
    return [one.change for one in stored]


def snapshots(store: Store) -> list[tuple[str, int, str]]:
    with store.database.read() as connection:
        rows = connection.execute(text("SELECT as_of, revision, document FROM snapshot ORDER BY as_of, revision")).all()
    return [(row.as_of, row.revision, row.document) for row in rows]


def test_the_same_import_again_changes_nothing(store: Store) -> None:
    assert save(store, portfolio(1), portfolio(2)) == [ImportOutcome.ADDED, ImportOutcome.ADDED]
    before = snapshots(store)
    assert save(store, portfolio(1), portfolio(2)) == [ImportOutcome.UNCHANGED, ImportOutcome.UNCHANGED]
    assert snapshots(store) == before


def test_a_newer_date_adds_a_snapshot_and_the_old_one_stays(store: Store) -> None:
    old, new = portfolio(1), portfolio(1, as_of=LATER, value="120")
    assert save(store, old) + save(store, new) == [ImportOutcome.ADDED, ImportOutcome.NEW_SNAPSHOT]
    assert store.portfolios.load(["p00001"]) == [new]
    assert store.portfolios.load(["p00001"], as_of=old.as_of) == [old]
    assert store.portfolios.days("p00001") == [old.as_of, LATER]
    row = store.portfolios.page()[0]
    assert (row.as_of, row.snapshots, row.total_value) == (LATER, 2, Decimal(120))


def test_an_older_date_that_comes_later_does_not_become_the_newest(store: Store) -> None:
    assert save(store, portfolio(1, as_of=LATER, value="120"), portfolio(1)) == [
        ImportOutcome.ADDED,
        ImportOutcome.NEW_SNAPSHOT,
    ]
    row = store.portfolios.page()[0]
    assert (row.as_of, row.snapshots, row.total_value) == (LATER, 2, Decimal(120))


def test_a_changed_file_of_the_same_day_adds_a_revision_and_the_old_one_stays(store: Store) -> None:
    first, second = portfolio(1), portfolio(1, value="101")
    assert save(store, first) + save(store, second) == [ImportOutcome.ADDED, ImportOutcome.REVISED]
    assert store.portfolios.load(["p00001"]) == [second]
    assert [(day, revision) for day, revision, _ in snapshots(store)] == [("2026-10-30", 1), ("2026-10-30", 2)]
    assert from_document(snapshots(store)[0][2]) == first
    assert store.portfolios.page()[0].snapshots == 1


def test_going_back_to_an_earlier_content_is_a_revision_too(store: Store) -> None:
    first, second = portfolio(1), portfolio(1, value="101")
    save(store, first)
    save(store, second)
    assert save(store, first) == [ImportOutcome.REVISED]
    assert store.portfolios.load(["p00001"]) == [first]


def test_one_import_may_hold_several_days_of_a_portfolio(store: Store) -> None:
    days = [portfolio(1, as_of=date(2026, month, 28), value=str(month)) for month in (3, 1, 2)]
    assert save(store, *days) == [ImportOutcome.ADDED, ImportOutcome.NEW_SNAPSHOT, ImportOutcome.NEW_SNAPSHOT]
    assert store.portfolios.page()[0].snapshots == 3
    assert store.portfolios.page()[0].as_of == date(2026, 3, 28)


def test_a_document_gives_back_the_very_portfolio() -> None:
    odd = portfolio(7, name='Ünïcode "House" | <b>\u2028', region="FR")
    held = replace(odd.holdings[0], quantity=None, price=None, market_value=Decimal("-0.10"), isin="IE00B4L5Y983")
    termed = replace(
        held,
        cost=Decimal("12.5"),
        terms=Terms(
            instrument_type=InstrumentType.OPTION,
            liquidity=Liquidity.ILLIQUID,
            notional=Decimal("1000.10"),
            esg_flags=("coal", "tobacco"),
            listed=False,
        ),
    )
    whole = replace(
        odd,
        holdings=(held, odd.holdings[0], termed, replace(held, priced_on=date(2026, 1, 4))),
        is_sample=True,
        regimes=("ucits",),
        benchmark=(("VTI", Decimal("0.6")), ("BND", Decimal("0.4"))),
        flows=(Flow(date(2026, 1, 5), Decimal("-100.00"), "USD"),),
    )
    assert from_document(to_document(whole)) == whole
    assert to_document(whole) == to_document(from_document(to_document(whole)))


def test_an_unknown_portfolio_or_day_is_named(store: Store) -> None:
    save(store, portfolio(1))
    with pytest.raises(NotFound, match="There is no portfolio 'p00002'"):
        store.portfolios.load(["p00001", "p00002"])
    with pytest.raises(NotFound, match="'p00001' on 2020-01-01"):
        store.portfolios.load(["p00001"], as_of=date(2020, 1, 1))


def test_portfolios_are_loaded_in_the_order_asked_for(store: Store) -> None:
    save(store, *(portfolio(number) for number in range(5)))
    asked = ["p00004", "p00000", "p00002"]
    assert [one.portfolio_id for one in store.portfolios.load(asked)] == asked


def test_two_thousand_portfolios_can_be_paged_and_searched(store: Store) -> None:
    many = [portfolio(number, region=("US", "FR")[number % 2]) for number in range(2000)]
    many[7] = replace(many[7], name="100%_sure \\ Thing")
    save(store, *many)
    assert store.portfolios.count() == 2000
    pages = [store.portfolios.page(limit=300, offset=start) for start in range(0, 2100, 300)]
    ids = [row.portfolio_id for page in pages for row in page]
    assert len(ids) == len(set(ids)) == 2000
    assert ids == store.portfolios.ids()
    assert store.portfolios.count(PortfolioFilter(region="FR")) == 1000
    assert [row.portfolio_id for row in store.portfolios.page(PortfolioFilter(search="house 01999"))] == ["p01999"]
    assert [row.portfolio_id for row in store.portfolios.page(PortfolioFilter(search="a-1999"))] == ["p01999"]
    for words in ("100%_sure", "%_", "\\ thing", "SURE"):
        assert [row.portfolio_id for row in store.portfolios.page(PortfolioFilter(search=words))] == ["p00007"], words
    assert store.portfolios.page(PortfolioFilter(search="'; DROP TABLE portfolio; --")) == []
    assert len(store.portfolios.load(ids)) == 2000
