"""Every edit is a revision: nothing is overwritten, and everything can be taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain.portfolio import Portfolio
from core.errors import BadInput, NotFound, StaleEdit
from core.storage.portfolios.edits import EditKind, Standing
from core.storage.portfolios.portfolios import ImportOutcome
from core.storage.store import Store
from tests.unit.storage.making import NOW, portfolio

ID = "p00001"


def total(one: Portfolio) -> Decimal:
    return sum((line.market_value for line in one.holdings), Decimal(0))


def keep(store: Store, *portfolios: Portfolio) -> list[ImportOutcome]:
    return [one.change for one in store.portfolios.save(portfolios, total, actor="ada", at=NOW)]


def valued(amount: int) -> Callable[[Portfolio], Portfolio]:
    def change(one: Portfolio) -> Portfolio:
        return replace(one, holdings=(replace(one.holdings[0], market_value=Decimal(amount)),))

    return change


def edit(store: Store, amount: int, expected: int, as_of: date | None = None) -> Standing:
    return store.edits.append(
        ID, valued(amount), expected=expected, note=f"to {amount}", total_of=total, actor="bo", at=NOW, as_of=as_of
    )


def undo(store: Store, expected: int) -> Standing:
    return store.edits.undo(ID, expected=expected, total_of=total, actor="bo", at=NOW)


def redo(store: Store, expected: int) -> Standing:
    return store.edits.redo(ID, expected=expected, total_of=total, actor="bo", at=NOW)


def value(standing: Standing) -> int:
    return int(total(standing.portfolio))


def test_an_edit_is_a_new_revision_and_the_list_follows(store: Store) -> None:
    keep(store, portfolio(1))
    after = edit(store, 150, expected=1)
    assert (value(after), after.revision, after.undo_note, after.can_redo) == (150, 2, "to 150", False)
    assert store.portfolios.load([ID])[0] == after.portfolio
    row = store.portfolios.page()[0]
    assert (row.total_value, row.snapshots, row.as_of) == (Decimal(150), 1, date(2026, 10, 30))
    newest, first = store.edits.history(ID)
    assert (newest.number, newest.kind, newest.actor, newest.note) == (2, EditKind.EDIT, "bo", "to 150")
    assert (first.number, first.kind, first.actor, first.note) == (1, EditKind.IMPORT, "ada", "")


def test_undo_and_redo_walk_through_the_edits(store: Store) -> None:
    keep(store, portfolio(1))
    for expected, amount in ((1, 110), (2, 120), (3, 130)):
        edit(store, amount, expected)
    assert [value(undo(store, expected)) for expected in (4, 5, 6)] == [120, 110, 100]
    with pytest.raises(BadInput, match="no edit of 'p00001' to undo"):
        undo(store, 7)
    back = redo(store, 7)
    assert (value(back), back.undo_note, back.redo_note) == (110, "to 110", "to 120")
    assert [value(redo(store, expected)) for expected in (8, 9)] == [120, 130]
    with pytest.raises(BadInput, match="none can be done again"):
        redo(store, 10)
    assert [one.note for one in store.edits.history(ID)][:2] == ["Done again: to 130", "Done again: to 120"]


def test_an_edit_after_an_undo_ends_redo_and_is_undone_to_where_it_came_from(store: Store) -> None:
    keep(store, portfolio(1))
    edit(store, 110, 1)
    edit(store, 120, 2)
    undo(store, 3)
    assert not edit(store, 999, 4).can_redo
    assert [value(undo(store, 5)), value(undo(store, 6))] == [110, 100]


def test_somebody_elses_edit_is_never_overwritten(store: Store) -> None:
    keep(store, portfolio(1))
    edit(store, 110, 1)
    for act in (lambda: edit(store, 120, 1), lambda: undo(store, 1), lambda: redo(store, 1)):
        with pytest.raises(StaleEdit, match="revision 2 stands, and your edit was made from revision 1"):
            act()
    assert value(store.edits.standing(ID)) == 110


def test_of_two_editors_at_the_same_moment_one_wins(store: Store) -> None:
    keep(store, portfolio(1))
    outcomes: list[object] = []
    start = threading.Barrier(2)

    def run(amount: int) -> None:
        start.wait()
        try:
            outcomes.append(value(edit(store, amount, 1)))
        except StaleEdit as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run, args=(amount,)) for amount in (110, 120)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    won = [one for one in outcomes if isinstance(one, int)]
    assert len(won) == 1
    assert len(outcomes) == 2
    assert value(store.edits.standing(ID)) == won[0]


def test_changing_nothing_makes_no_revision(store: Store) -> None:
    keep(store, portfolio(1))
    assert edit(store, 100, 1).revision == 1


def test_undo_stops_at_an_import(store: Store) -> None:
    keep(store, portfolio(1))
    edit(store, 110, 1)
    assert keep(store, portfolio(1, value="200")) == [ImportOutcome.REVISED]
    standing = store.edits.standing(ID)
    assert (standing.revision, standing.can_undo, standing.can_redo) == (3, False, False)


def test_a_file_that_says_nothing_new_leaves_edits_alone(store: Store) -> None:
    keep(store, portfolio(1))
    edit(store, 110, 1)
    assert keep(store, portfolio(1)) == [ImportOutcome.UNCHANGED]
    assert value(store.edits.standing(ID)) == 110


def test_an_earlier_day_is_edited_without_touching_the_newest(store: Store) -> None:
    first, second = portfolio(1), portfolio(1, as_of=date(2026, 11, 20), value="120")
    keep(store, first, second)
    assert value(edit(store, 77, 1, as_of=first.as_of)) == 77
    assert value(store.edits.standing(ID)) == 120
    assert store.portfolios.page()[0].total_value == Decimal(120)
    assert total(store.portfolios.load([ID], as_of=first.as_of)[0]) == 77


def test_what_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(NotFound, match="'p00001'"):
        store.edits.standing(ID)
    keep(store, portfolio(1))
    with pytest.raises(NotFound, match="on 2020-01-01"):
        edit(store, 1, 1, as_of=date(2020, 1, 1))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.integers(1, 10**6), st.sampled_from(["undo", "redo"])), max_size=12))
def test_after_any_edits_undoing_all_gives_the_first_content(store: Store, acts: list[int | str]) -> None:
    # One store serves all examples: each begins with an import of a day of its own.
    days = store.portfolios.days(ID) if store.portfolios.count() else []
    day = (days[-1] if days else date(2020, 1, 1)) + timedelta(days=1)
    keep(store, portfolio(1, as_of=day))
    model, place = [100], 0
    standing = store.edits.standing(ID)
    for act in acts:
        if act == "undo" and place:
            standing, place = undo(store, standing.revision), place - 1
        elif act == "redo" and place + 1 < len(model):
            standing, place = redo(store, standing.revision), place + 1
        elif isinstance(act, int):
            standing = edit(store, act, standing.revision)
            if act != model[place]:
                model, place = [*model[: place + 1], act], place + 1
        assert (value(standing), standing.can_undo, standing.can_redo) == (
            model[place],
            place > 0,
            place + 1 < len(model),
        )
    revisions = standing.revision
    while standing.can_undo:
        standing = undo(store, standing.revision)
    assert standing.portfolio == portfolio(1, as_of=day)
    assert standing.revision == revisions + place
    assert len(store.edits.history(ID)) == standing.revision
