"""Two jobs beside each other: what was asked differently, how far they agree, what a number costs."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from core.desk.comparisons import CompareService, price_of_a_number
from core.domain.actor import LOCAL, Actor, Role
from core.errors import BadInput, NotFound, NotPermitted
from core.storage.store import Store
from tests.unit.storage.making import NOW, draft
from tests.unit.storage.test_result_views import BASE, NEW, answer, job, two_jobs


def test_only_what_differs_is_listed_and_the_rest_is_counted(store: Store) -> None:
    draft(store, [1], job_id=BASE)
    draft(store, [1], job_id=NEW, model="gpt-5.4-nano", created_at=NOW + timedelta(hours=2))
    found = CompareService(store).compare(LOCAL, BASE, NEW)
    assert {one.name: (one.base, one.new) for one in found.differences} == {
        "Model": ("gpt-5.4-mini", "gpt-5.4-nano"),
        "Submitted": ("2026-11-24 12:00Z", "2026-11-24 14:00Z"),
    }
    assert found.same == 14


def test_agreement_stands_on_what_both_answered(store: Store) -> None:
    two_jobs(store)
    found = CompareService(store).compare(LOCAL, BASE, NEW)
    assert (found.agreeing, found.overlap.answered) == (1, 3)
    assert found.agreement == pytest.approx(1 / 3)


def test_without_a_common_answer_there_is_no_agreement(store: Store) -> None:
    job(store, BASE, {0: "low"})
    job(store, NEW, {1: "low"})
    assert CompareService(store).compare(LOCAL, BASE, NEW).agreement is None


def test_a_verified_number_costs_what_its_answers_cost(store: Store) -> None:
    two_jobs(store)
    found = CompareService(store).compare(LOCAL, BASE, NEW)
    assert price_of_a_number(found.base_tally) == Decimal("0.03") / 30
    draft(store, [1], job_id="261124-150000-cccccccccccc")
    store.results.add_ahead("261124-150000-cccccccccccc", [answer(0, "low", cost=None)])
    assert price_of_a_number(store.views.tally("261124-150000-cccccccccccc")) is None


def test_a_job_is_not_compared_with_itself_nor_with_one_that_is_not_there(store: Store) -> None:
    draft(store, [1], job_id=BASE)
    with pytest.raises(BadInput, match="cannot be compared with itself"):
        CompareService(store).compare(LOCAL, BASE, BASE)
    with pytest.raises(NotFound, match=NEW):
        CompareService(store).compare(LOCAL, BASE, NEW)


def test_who_may_read_no_job_may_not_compare(store: Store) -> None:
    nobody = Actor("n", "Nobody", frozenset[Role]())
    with pytest.raises(NotPermitted):
        CompareService(store).compare(nobody, BASE, NEW)


def test_the_widest_changes_come_first_by_the_order_of_grades(store: Store) -> None:
    two_jobs(store)
    changes = CompareService(store).changes(LOCAL, BASE, NEW, limit=5)
    assert [(one.base, one.new) for one in changes] == [("low", "very_high"), ("high", "moderate")]
