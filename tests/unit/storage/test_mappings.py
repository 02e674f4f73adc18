"""Column mappings are remembered by header, on each engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from core.intake.cells.numbers import NumberStyle
from core.intake.tables.column_mapping import ColumnMapping
from core.intake.transactions.moments import DayOrder
from core.storage.portfolios.mappings import RememberedMapping
from core.storage.store import Store

MAPPING = ColumnMapping(
    (("isin", 0), ("market_value", 3)), (("currency", "EUR"),), DayOrder.DAY_FIRST, NumberStyle.COMMA
)
FIRST = RememberedMapping("f1", ("ISIN", "Größe", "", "Wert"), MAPPING, "ann", datetime(2026, 11, 1, tzinfo=UTC))


def test_a_mapping_comes_back_as_it_was(store: Store) -> None:
    assert store.mappings.find("f1") is None
    store.mappings.keep(FIRST)
    assert store.mappings.find("f1") == MAPPING
    assert store.mappings.all() == [FIRST]


def test_a_new_mapping_of_a_header_replaces_the_old_one(store: Store) -> None:
    store.mappings.keep(FIRST)
    second = replace(
        FIRST,
        mapping=ColumnMapping((("symbol", 0),)),
        confirmed_by="bob",
        confirmed_at=datetime(2026, 11, 2, tzinfo=UTC),
    )
    store.mappings.keep(second)
    assert store.mappings.all() == [second]


def test_a_forgotten_mapping_is_gone(store: Store) -> None:
    store.mappings.keep(FIRST)
    assert store.mappings.forget("f1")
    assert not store.mappings.forget("f1")
    assert store.mappings.all() == []
