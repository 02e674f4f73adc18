"""Tags and groups: any number on a portfolio, found quickly among 10,000."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from core.domain.filters import PortfolioFilter
from core.errors import BadInput, NotFound
from core.storage.portfolios.groups import PortfolioGroup
from core.storage.store import Store
from tests.unit.storage.making import NOW, portfolio


def keep(store: Store, count: int) -> list[str]:
    many = [portfolio(number) for number in range(count)]
    store.portfolios.save(many, lambda _one: Decimal(1), actor="ada", at=NOW)
    return [one.portfolio_id for one in many]


def tag(store: Store, ids: Sequence[str], add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
    store.groups.tag(ids, add=add, remove=remove, actor="ada", at=NOW)


def group(store: Store, name: str, add: Sequence[str] = (), remove: Sequence[str] = ()) -> PortfolioGroup:
    return store.groups.change_group(name, add=add, remove=remove, actor="ada", at=NOW)


def test_a_portfolio_has_any_number_of_tags(store: Store) -> None:
    first, second, _ = keep(store, 3)
    tag(store, [first, second], add=["Core", "income seekers"])
    tag(store, [first], add=["core", "watch"], remove=["income seekers", "never there"])
    assert store.groups.tags_of([first, second]) == {
        first: ("core", "watch"),
        second: ("core", "income-seekers"),
    }
    assert store.groups.tags() == {"core": 2, "income-seekers": 1, "watch": 1}
    assert [row.tags for row in store.portfolios.page()] == [("core", "watch"), ("core", "income-seekers"), ()]


def test_a_group_keeps_its_first_spelling_and_loses_members_only_when_told(store: Store) -> None:
    first, second, third = keep(store, 3)
    assert group(store, "Family  Office", add=[first, second]) == PortfolioGroup("Family Office", 2)
    assert group(store, "family office", add=[second, third], remove=[first]) == PortfolioGroup("Family Office", 2)
    group(store, "Empty")
    assert store.groups.groups() == [PortfolioGroup("Empty", 0), PortfolioGroup("Family Office", 2)]
    assert [row.groups for row in store.portfolios.page()] == [(), ("Family Office",), ("Family Office",)]
    store.groups.delete_group("FAMILY OFFICE")
    assert store.groups.groups() == [PortfolioGroup("Empty", 0)]
    assert store.portfolios.count() == 3


def test_filters_combine(store: Store) -> None:
    ids = keep(store, 6)
    tag(store, ids[:4], add=["core"])
    group(store, "desk", add=ids[2:])
    assert [row.portfolio_id for row in store.portfolios.page(PortfolioFilter(tag="CORE", group="Desk"))] == ids[2:4]
    assert store.portfolios.count(PortfolioFilter(tag="core", group="desk", search="00003")) == 1
    assert store.portfolios.count(PortfolioFilter(tag="nobody has it")) == 0


def test_an_unknown_portfolio_is_named_and_nothing_is_changed(store: Store) -> None:
    (first,) = keep(store, 1)
    with pytest.raises(NotFound, match="'p09999'"):
        tag(store, [first, "p09999"], add=["core"])
    with pytest.raises(NotFound, match="'p09999'"):
        group(store, "desk", add=[first, "p09999"])
    assert store.groups.tags() == {}
    assert store.groups.groups() == []


@pytest.mark.parametrize("word", ["", "  ", "a,b", "-x", "+x", "x" * 41, "a\u202eb"])
def test_what_is_no_tag_is_refused(store: Store, word: str) -> None:
    (first,) = keep(store, 1)
    with pytest.raises(BadInput, match="is no tag"):
        tag(store, [first], add=[word])


def test_a_group_that_is_not_there_cannot_be_forgotten(store: Store) -> None:
    with pytest.raises(NotFound, match="no group 'desk'"):
        store.groups.delete_group("desk")


def test_any_combination_of_filters_finds_its_page_among_ten_thousand(store: Store) -> None:
    ids = keep(store, 10_000)
    tag(store, ids[::3], add=["core"])
    tag(store, ids[::50], add=["watch"])
    group(store, "desk", add=ids[::7])
    asked = [
        (PortfolioFilter(), 0),
        (PortfolioFilter(), 9_900),
        (PortfolioFilter(search="house 0999"), 0),
        (PortfolioFilter(tag="core"), 0),
        (PortfolioFilter(tag="watch", group="desk"), 0),
        (PortfolioFilter(group="desk", search="1"), 0),
    ]
    for wanted, offset in asked:
        assert store.portfolios.page(wanted, limit=50, offset=offset), wanted
        assert store.portfolios.count(wanted), wanted


def test_tags_and_order_are_found_through_indexes(tmp_path: Path) -> None:
    # On SQLite only: PostgreSQL chooses a plan by the size of the tables, so it has none to promise.
    store = Store(f"sqlite:///{tmp_path / 'mosychlos.db'}")
    store.upgrade()
    keep(store, 100)
    with store.database.read() as connection:
        by_tag = (
            "SELECT * FROM portfolio WHERE portfolio_id IN (SELECT portfolio_id FROM portfolio_tag WHERE tag = 'a')"
        )
        plan = " ".join(row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {by_tag}")))
        assert "INDEX" in plan
        assert "SCAN portfolio_tag" not in plan
        page = "SELECT * FROM portfolio ORDER BY name, portfolio_id LIMIT 50"
        plan = " ".join(row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {page}")))
        assert "ix_portfolio_name" in plan
        assert "TEMP B-TREE" not in plan
    store.close()
