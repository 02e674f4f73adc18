"""Jobs submitted together: all of them or none, under one look at the purse."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.job import JobState
from core.domain.records import Spend
from core.errors import NotFound, OverBudget
from core.storage.jobs.job_sets import Approval, NewSet
from core.storage.jobs.reservations import BudgetCheck
from core.storage.store import Store
from tests.unit.storage.making import NOW, draft

NEW = NewSet("set-1", "risk with two models", "models", NOW, "ada")
ONE, TWO = "261124-120000-aaaaaaaaaaaa", "261124-120000-bbbbbbbbbbbb"


def _within(limit: str, expected: str = "0.5") -> BudgetCheck:
    def check(month: Spend, _person: Spend, _desk: Spend) -> None:
        if month.total_usd + Decimal(expected) > Decimal(limit):
            raise OverBudget("too much")

    return check


def _drafts(store: Store) -> None:
    draft(store, [2], job_id=ONE)
    draft(store, [3], job_id=TWO, model="gpt-6-luna")


def test_a_set_is_approved_whole_and_found_again(store: Store) -> None:
    _drafts(store)
    store.sets.approve(
        NEW, [Approval(ONE, "spec", _within("2")), Approval(TWO, "spec", _within("2"))], actor="ada", at=NOW
    )
    assert [(row.job_id, row.state) for row in store.sets.jobs("set-1")] == [
        (ONE, JobState.QUEUED),
        (TWO, JobState.QUEUED),
    ]
    [found] = store.sets.page()
    assert (found.name, found.comparison, found.jobs) == ("risk with two models", "models", 2)
    assert found.states == {JobState.QUEUED: 2}
    assert found.counts.total == 5
    assert found.expected_usd == Decimal(1)
    assert store.sets.get("set-1") == found
    assert store.sets.count() == 1
    assert store.jobs.spend("2026-11").open_usd == Decimal(1)


def test_one_that_breaks_the_budget_keeps_all_of_them_back(store: Store) -> None:
    _drafts(store)
    approvals = [Approval(ONE, "spec", _within("0.9")), Approval(TWO, "spec", _within("0.9"))]
    with pytest.raises(OverBudget):
        store.sets.approve(NEW, approvals, actor="ada", at=NOW)
    assert store.jobs.state(ONE) is JobState.DRAFT
    assert store.jobs.state(TWO) is JobState.DRAFT
    assert store.jobs.spend("2026-11").total_usd == 0
    assert store.sets.page() == []


def test_a_stand_in_is_written_to_the_job_and_its_history(store: Store) -> None:
    draft(store, [1], job_id=ONE)
    approval = Approval(ONE, "spec", _within("2"), (("fallback", "gpt-5 is replaced."),), '{"asked": "gpt-5"}')
    store.sets.approve(NewSet("", "", "", NOW, "ada"), [approval], actor="ada", at=NOW)
    job = store.jobs.get(ONE)
    assert job.row.fallback == '{"asked": "gpt-5"}'
    assert job.row.set_id == ""
    assert ("fallback", "gpt-5 is replaced.") in [(event.event, event.note) for event in store.jobs.events(ONE)]
    assert store.sets.page() == []


def test_an_unknown_set_is_said_to_be_unknown(store: Store) -> None:
    for ask in (store.sets.get, store.sets.jobs):
        with pytest.raises(NotFound, match="no set 'nowhere'"):
            ask("nowhere")
    with pytest.raises(NotFound):
        store.sets.jobs("")
