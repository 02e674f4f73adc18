"""Answers of one job taken together, and of two jobs side by side: all counted in SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from core.domain.analysis import Finding, FindingKind, ItemError, Outcome, Reading, ResultStatus, Usage, Verification
from core.domain.filters import ItemFilter, PortfolioFilter
from core.errors import NotFound
from core.storage.jobs.quartiles import Quartiles
from core.storage.jobs.result_views import Worth
from core.storage.store import Store
from tests.unit.storage.making import NOW, draft, portfolio

BASE, NEW = "261124-120000-aaaaaaaaaaaa", "261124-130000-bbbbbbbbbbbb"
RANKS = {"low": 0, "moderate": 1, "high": 2, "very_high": 3}


def custom_id(number: int) -> str:
    return f"risk-0-{number:05d}"


def answer(number: int, level: str, *, wrong: int = 0, cost: str | None = "0.01") -> Outcome:
    findings = tuple(Finding(f"risks[{place}]", "", "1", None, FindingKind.VALUE) for place in range(wrong))
    checked = Verification(10, wrong, 0, findings, wanted=6, covered=5, rules=2, rules_agreeing=1)
    reading = Reading(ResultStatus.SUCCEEDED, {"headline": level}, checked, None, level, (), f"It is {level}.")
    price = None if cost is None else Decimal(cost)
    return Outcome(custom_id(number), f"p{number:05d}", reading, Usage(1, 0, 7, 0), price)


def failed(number: int) -> Outcome:
    reading = Reading(ResultStatus.FAILED, None, None, ItemError("gone", "It is gone.", transient=False))
    return Outcome(custom_id(number), f"p{number:05d}", reading, Usage(), Decimal(0))


def job(store: Store, job_id: str, levels: Mapping[int, str], *, requests: int = 5, hours: int = 0) -> None:
    draft(store, [requests], job_id=job_id, created_at=NOW + timedelta(hours=hours))
    store.results.add_ahead(job_id, [answer(number, level) for number, level in levels.items()])


def portfolios(store: Store) -> None:
    regions = ["US", "US", "CH", "CH", "FR"]
    made = [portfolio(number, region=region, value=f"{number + 1}00") for number, region in enumerate(regions)]
    # The value of the last one is not known.
    store.portfolios.save(
        made, lambda one: None if one.portfolio_id == "p00004" else one.holdings[0].market_value, actor="ada", at=NOW
    )
    store.groups.change_group("Family", add=["p00000", "p00002"], actor="ada", at=NOW)
    store.groups.tag(["p00001"], add=["core"], actor="ada", at=NOW)


def test_grades_are_counted_of_whom_one_chooses(store: Store) -> None:
    portfolios(store)
    job(store, BASE, {0: "low", 1: "high", 2: "high", 3: "low"})
    assert store.views.grades(BASE) == {"low": 2, "high": 2}
    assert store.views.grades(BASE, PortfolioFilter(region="CH")) == {"high": 1, "low": 1}
    assert store.views.grades(BASE, PortfolioFilter(group="family", region="CH")) == {"high": 1}
    assert store.views.grades(BASE, PortfolioFilter(tag="core")) == {"high": 1}
    assert store.views.grades(BASE, PortfolioFilter(region="JP")) == {}


def test_worth_adds_values_and_counts_those_that_are_not_known(store: Store) -> None:
    portfolios(store)
    job(store, BASE, {0: "low", 1: "low", 4: "high"})
    assert sorted(store.views.worth(BASE), key=lambda one: one.grade) == [
        Worth("high", "USD", 1, 0.0, 1),
        Worth("low", "USD", 2, 300.0, 0),
    ]


def test_a_deleted_portfolio_still_counts_and_keeps_its_id_as_name(store: Store) -> None:
    job(store, BASE, {0: "low"})
    assert store.views.grades(BASE) == {"low": 1}
    assert store.views.worth(BASE) == [Worth("low", "", 1, 0.0, 1)]
    assert store.views.points(BASE, limit=9)[0].name == "p00000"
    assert store.views.answered(BASE, limit=9) == [("p00000", "p00000")]


def test_pages_of_a_matrix_go_by_name_and_skip_what_has_no_answer(store: Store) -> None:
    portfolios(store)
    job(store, BASE, {3: "low", 0: "low", 2: "high"})
    store.results.add_ahead(BASE, [failed(1)])
    assert store.views.custom_ids(BASE, limit=2) == [custom_id(0), custom_id(2)]
    assert store.views.custom_ids(BASE, limit=2, offset=2) == [custom_id(3)]
    assert store.views.largest(BASE, limit=2) == [custom_id(3), custom_id(2)]


def test_answers_with_most_slips_come_first_and_clean_ones_not_at_all(store: Store) -> None:
    draft(store, [3], job_id=BASE)
    store.results.add_ahead(BASE, [answer(0, "low", wrong=1), answer(1, "low", wrong=4), answer(2, "low")])
    assert [one.custom_id for one in store.views.flagged(BASE, limit=5)] == [custom_id(1), custom_id(0)]


def test_a_tally_adds_checks_and_scores_and_knows_no_price_when_one_is_missing(store: Store) -> None:
    draft(store, [3], job_id=BASE)
    store.results.add_ahead(BASE, [answer(0, "low", wrong=1), answer(1, "low")])
    tally = store.views.tally(BASE)
    assert (tally.answers, tally.verified, tally.mismatched, tally.stated) == (2, 20, 1, 21)
    assert (tally.wanted, tally.covered, tally.rules, tally.rules_agreeing) == (12, 10, 4, 2)
    assert tally.cost_usd == Decimal("0.02")
    store.results.add_ahead(BASE, [answer(2, "low", cost=None)])
    assert store.views.tally(BASE).cost_usd is None


def test_taken_together_everybody_comes_to_the_same_by_counts_as_by_reading_all(store: Store) -> None:
    portfolios(store)
    everybody = PortfolioFilter(tag="all")
    store.groups.tag([f"p{number:05d}" for number in range(5)], add=["all"], actor="ada", at=NOW)
    job(store, BASE, {0: "low", 1: "high", 3: "high"})
    store.results.add_ahead(BASE, [failed(2), answer(4, "low", wrong=3, cost=None)])
    views = store.views
    assert views.tally(BASE) == views.tally(BASE, everybody)
    assert views.concentration(BASE) == views.concentration(BASE, everybody) == Quartiles(4, 0.5, 0.5, 0.5)
    for few in (everybody, PortfolioFilter()):
        assert (views.beyond(BASE, 0.4, few), views.beyond(BASE, 0.5, few)) == (4, 0)
        assert len(views.points(BASE, few, limit=9)) == 4
        assert views.grades(BASE, few) == {"low": 2, "high": 2}
        assert views.custom_ids(BASE, few, limit=9) == [custom_id(number) for number in (0, 1, 3, 4)]
        assert [name for _, name in views.answered(BASE, few, limit=2)] == ["House 00000", "House 00001"]
    assert views.concentration(NEW) is views.concentration(NEW, everybody) is None


def test_names_sort_as_they_were_and_are_shown_as_they_are(store: Store) -> None:
    portfolios(store)
    job(store, BASE, {0: "low", 1: "low"})
    renamed = portfolio(0, region="US", name="Zett", as_of=date(2026, 10, 31))
    store.portfolios.save([renamed], lambda _: None, actor="ada", at=NOW)
    assert store.views.custom_ids(BASE, limit=9) == [custom_id(0), custom_id(1)]
    assert {point.name for point in store.views.points(BASE, limit=9)} == {"Zett", "House 00001"}


def _plans(store: Store, ask: Callable[[], object]) -> list[str]:
    """How SQLite answers what a call asks, a line a step."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: Any) -> None:
        asked.append((statement, parameters))

    event.listen(store.database.engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(store.database.engine, "before_cursor_execute", note)
    with store.database.read() as connection:
        return [
            str(row.detail)
            for statement, parameters in asked
            if statement.startswith("SELECT")
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]


def test_an_index_alone_puts_a_run_of_any_size_in_order(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'plans.db'}")
    store.upgrade()
    job(store, BASE, {0: "low", 1: "high", 2: "high", 3: "low"})
    views, items = store.views, store.items
    failures = [ResultStatus.FAILED, ResultStatus.MISSING]
    for ask, index in (
        (lambda: views.points(BASE, limit=9), "ix_result_concentrated"),
        (lambda: views.flagged(BASE, limit=9), "ix_result_flagged"),
        (lambda: views.custom_ids(BASE, limit=9), "COVERING INDEX ix_result_by_name"),
        (lambda: views.answered(BASE, limit=9), "COVERING INDEX ix_result_by_name"),
        (lambda: views.concentration(BASE), "COVERING INDEX ix_result_concentrated"),
        (lambda: views.beyond(BASE, 0.2), "COVERING INDEX ix_result_concentrated"),
        (lambda: items.concentration(BASE), "COVERING INDEX ix_request_concentrated"),
        (lambda: items.beyond(BASE, 0.2), "ix_request_concentrated"),
        (lambda: items.page(BASE, limit=9), "COVERING INDEX ix_request_in_order"),
        (lambda: items.page(BASE, ItemFilter(statuses=failures), limit=9), "ix_result_unanswered"),
        (lambda: items.page(BASE, ItemFilter(only_mismatched=True), limit=9), "ix_result_flagged"),
        (lambda: store.job_views.causes(BASE), "ix_result_unanswered"),
    ):
        plan = _plans(store, ask)
        assert any(index in step for step in plan), plan
        assert not any(step.startswith("SCAN") for step in plan), plan
    store.close()


def test_how_a_request_was_asked_is_known_and_an_unknown_one_is_named(store: Store) -> None:
    draft(store, [1], job_id=BASE)
    assert store.views.asked(BASE, custom_id(0)).prompt_hash == "hash"
    with pytest.raises(NotFound, match="has no request 'risk-9'"):
        store.views.asked(BASE, "risk-9")


def two_jobs(store: Store) -> None:
    portfolios(store)
    job(store, BASE, {0: "low", 1: "moderate", 2: "high", 3: "low"})
    job(store, NEW, {0: "very_high", 1: "moderate", 2: "moderate", 4: "low"}, hours=1)


def test_only_requests_that_both_answered_are_compared(store: Store) -> None:
    two_jobs(store)
    lap = store.comparisons.overlap(BASE, NEW)
    assert (lap.both, lap.answered, lap.only_base, lap.only_new) == (5, 3, 0, 0)
    assert store.comparisons.transitions(BASE, NEW) == {
        ("low", "very_high"): 1,
        ("moderate", "moderate"): 1,
        ("high", "moderate"): 1,
    }
    base, new = store.comparisons.tallies(BASE, NEW)
    assert (base.answers, new.answers) == (3, 3)
    assert base.verified == new.verified == 30


def test_requests_of_one_job_alone_are_counted_apart(store: Store) -> None:
    job(store, BASE, {0: "low"}, requests=2)
    job(store, NEW, {0: "low"}, requests=4)
    lap = store.comparisons.overlap(BASE, NEW)
    assert (lap.both, lap.answered, lap.only_base, lap.only_new) == (2, 1, 0, 2)


def test_the_widest_change_comes_first(store: Store) -> None:
    two_jobs(store)
    changes = store.comparisons.changes(BASE, NEW, RANKS, limit=9)
    assert [(one.custom_id, one.base, one.new) for one in changes] == [
        (custom_id(0), "low", "very_high"),
        (custom_id(2), "high", "moderate"),
    ]
    assert changes[0].base_headline == "It is low."
    assert store.comparisons.changes(BASE, NEW, RANKS, limit=1, offset=1) == changes[1:]
    assert store.comparisons.changes(BASE, NEW, RANKS, PortfolioFilter(region="CH"), limit=9) == changes[1:]


def test_the_earlier_job_is_the_newest_one_before_with_a_shared_answer(store: Store) -> None:
    two_jobs(store)
    assert store.views.earlier(NEW) == BASE
    assert store.views.earlier(BASE) is None


def test_one_portfolio_may_have_several_answers_the_plain_one_first(store: Store) -> None:
    job(store, BASE, {0: "low"})
    assert store.views.of_portfolio(BASE, "p00000") == [custom_id(0)]
    assert store.views.of_portfolio(BASE, "p00099") == []
