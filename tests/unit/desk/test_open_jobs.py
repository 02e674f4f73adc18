"""The very same question that waits already is not bought again by reload, second tab, colleague or cron."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.app import App, build
from core.desk.sets import SetWish
from core.domain.actor import LOCAL, Actor, Role
from core.domain.analysis import AnalysisRequest, Endpoint, Kind, Priority, ResultStatus, Usage
from core.domain.filters import JobFilter
from core.domain.job import JobState
from core.domain.trial import TryState
from core.errors import AlreadyOpen
from core.settings import load
from core.storage.jobs.job_sets import Approval, NewSet
from core.storage.jobs.single_tries import LOST, Ending
from core.storage.store import Store
from tests.faults.staging import portfolio
from tests.unit.storage.making import draft

ROOT = Path(__file__).resolve().parents[3]
BOB = Actor("bob", "Bob", frozenset({Role.ANALYST, Role.APPROVER}))


class Clock:
    """Stands still until it is told, and does something when it is asked for the n-th time."""

    now = datetime(2026, 11, 30, 9, tzinfo=UTC)

    def __init__(self, left: int = 0, meanwhile: Callable[[], object] = lambda: None) -> None:
        self._left, self._meanwhile = left, meanwhile

    def __call__(self) -> datetime:
        self._left -= 1
        if not self._left:
            self._meanwhile()
        return self.now


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "MOSYCHLOS_HOME": str(tmp_path / "home"),
        "MOSYCHLOS_DATABASE_URL": database_url,
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    }


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(settings: dict[str, str], clock: Clock) -> Iterator[App]:
    opened = build(load(settings), clock=clock)
    store = Store(settings["MOSYCHLOS_DATABASE_URL"])
    store.portfolios.save([portfolio(number) for number in range(3)], lambda _: None, actor="test", at=clock())
    store.close()
    yield opened
    opened.close()


def wish(*numbers: int, **more: object) -> AnalysisRequest:
    ids = tuple(f"p{number:04d}" for number in numbers or (0, 1))
    return AnalysisRequest(Kind.RISK, ids, "gpt-5.4-mini", **more)  # type: ignore[arg-type]  # any of its fields


def test_the_same_again_is_refused_and_says_when_and_by_whom(app: App, clock: Clock) -> None:
    first = app.jobs.submit(LOCAL, wish()).row.job_id
    clock.now += timedelta(seconds=40)
    with pytest.raises(AlreadyOpen, match=rf"2 requests were submitted 40 s ago by you \(job {first}, waiting\)"):
        app.jobs.submit(LOCAL, wish())
    clock.now += timedelta(minutes=10)
    with pytest.raises(AlreadyOpen, match=f"10 min ago by {LOCAL.subject}"):
        app.jobs.submit(BOB, wish())
    assert app.jobs.count(LOCAL) == 1


def test_who_insists_gets_it_twice(app: App) -> None:
    ids = {app.jobs.submit(LOCAL, wish(), again=True).row.job_id for _ in range(2)}
    assert len(ids) == 2


SAME: dict[str, AnalysisRequest] = {
    "other order": wish(1, 0),
    "other priority": wish(priority=Priority.HIGH),
    "another cost limit": replace(wish(), max_cost_usd=9),  # type: ignore[arg-type]  # as a Decimal would do
}
OTHER: dict[str, AnalysisRequest] = {
    "other portfolios": wish(2),
    "another model": replace(wish(), model="gpt-6-luna"),
    "another endpoint": wish(endpoint=Endpoint.RESPONSES),
    "another effort": wish(parameters={"reasoning_effort": "high"}),
    "a scenario": wish(scenarios=("yields_up_100bp",)),
    "an overlay": wish(region="FR"),
}


@pytest.mark.parametrize("how", SAME)
def test_what_changes_no_question_is_the_same(app: App, how: str) -> None:
    app.jobs.submit(LOCAL, wish())
    with pytest.raises(AlreadyOpen):
        app.jobs.submit(LOCAL, SAME[how])


@pytest.mark.parametrize("how", OTHER)
def test_any_other_question_is_asked(app: App, how: str) -> None:
    app.jobs.submit(LOCAL, wish())
    try:
        app.jobs.submit(LOCAL, OTHER[how])
    except AlreadyOpen:
        pytest.fail("another question was taken for the same")


def test_a_changed_portfolio_is_another_question(app: App, settings: dict[str, str], clock: Clock) -> None:
    app.jobs.submit(LOCAL, wish())
    store = Store(settings["MOSYCHLOS_DATABASE_URL"])
    store.portfolios.save([portfolio(0, first_value="70000")], lambda _: None, actor="test", at=clock())
    store.close()
    assert app.jobs.submit(LOCAL, wish(0)).row.state is JobState.QUEUED


def test_another_provider_is_another_question(app: App, settings: dict[str, str], clock: Clock) -> None:
    app.jobs.submit(LOCAL, wish())
    other = build(load({**settings, "OPENAI_PROJECT_ID": "proj_2"}), clock=clock)
    assert other.jobs.submit(LOCAL, wish()).row.state is JobState.QUEUED
    other.close()


def test_a_job_that_was_asked_to_stop_or_has_ended_is_no_hindrance(app: App) -> None:
    first = app.jobs.submit(LOCAL, wish())
    app.jobs.cancel(LOCAL, first.row.job_id)
    assert app.jobs.submit(LOCAL, wish()).row.state is JobState.QUEUED


def test_a_paused_job_is_open(app: App) -> None:
    first = app.jobs.submit(LOCAL, wish())
    app.jobs.pause(LOCAL, first.row.job_id)
    with pytest.raises(AlreadyOpen, match="paused"):
        app.jobs.submit(LOCAL, wish())


def test_a_refused_submission_leaves_nothing_behind(app: App, tmp_path: Path) -> None:
    app.jobs.submit(LOCAL, wish())
    folders = set((tmp_path / "home" / "jobs").iterdir())
    with pytest.raises(AlreadyOpen):
        app.jobs.submit(LOCAL, wish())
    assert set((tmp_path / "home" / "jobs").iterdir()) == folders
    spent = app.oversight._store.jobs.spend(f"{app.now():%Y-%m}")
    assert spent.jobs == 1


def sets(*models: str) -> SetWish:
    return SetWish(kinds=(Kind.RISK,), models=models, base=wish())


def test_of_a_set_only_what_is_not_open_is_submitted_where_that_was_wished(app: App) -> None:
    first = app.jobs.submit(LOCAL, wish()).row.job_id
    with pytest.raises(AlreadyOpen):
        app.sets.submit(LOCAL, sets("gpt-6-luna", "gpt-5.4-mini"))
    assert app.jobs.count(LOCAL) == 1
    done = app.sets.submit(LOCAL, sets("gpt-6-luna", "gpt-5.4-mini"), if_not_open=True)
    assert [job.row.model for job in done.jobs] == ["gpt-6-luna", "gpt-5.4-mini"]
    assert done.open == {first}
    assert done.jobs[1].row.job_id == first
    again = app.sets.submit(LOCAL, sets("gpt-6-luna", "gpt-5.4-mini"), if_not_open=True)
    assert again.open == {job.row.job_id for job in done.jobs}
    assert app.jobs.count(LOCAL) == 2


@pytest.mark.parametrize("days", ["0", "7"])
def test_requests_that_wait_in_a_larger_job_are_not_bought_by_a_smaller_one(
    settings: dict[str, str], clock: Clock, app: App, days: str
) -> None:
    reusing = build(load({**settings, "MOSYCHLOS_REUSE_DAYS": days}), clock=clock)
    job_id = reusing.jobs.submit(LOCAL, wish(0, 1, 2)).row.job_id
    with pytest.raises(AlreadyOpen, match=rf"This very request waits for an answer already, in job {job_id}\."):
        reusing.jobs.submit(LOCAL, wish(0))
    with pytest.raises(AlreadyOpen, match="Every one of these requests waits"):
        reusing.jobs.submit(LOCAL, wish(0, 2))
    reusing.jobs.submit(LOCAL, wish(0), again=True)
    reusing.jobs.cancel(LOCAL, job_id)
    reusing.close()


def test_a_batch_of_which_a_part_waits_already_is_refused_and_says_which(app: App) -> None:
    job_id = app.jobs.submit(LOCAL, wish(0)).row.job_id
    said = rf"1 of these 2 requests wait for an answer already \(p0000\), in job {job_id}"
    with pytest.raises(AlreadyOpen, match=said) as refused:
        app.jobs.submit(LOCAL, wish(0, 1))
    assert refused.value.parts == {0: {"p0000": job_id}}
    assert app.jobs.count(LOCAL) == 1
    preview = app.jobs.preview(LOCAL, wish(0, 1))
    assert preview.waiting == {"p0000": job_id}
    (said_before,) = (one.said(LOCAL.subject, one.approved_at) for one in app.jobs.alike(LOCAL, [preview]))
    assert said_before == (
        f"1 of these portfolios waits for the same answer already, submitted 0 s ago by you (job {job_id}, waiting)."
    )
    (whole,) = (
        one.said(LOCAL.subject, one.approved_at) for one in app.jobs.alike(LOCAL, [app.jobs.preview(LOCAL, wish(0))])
    )
    assert whole == f"The same request was submitted 0 s ago by you (job {job_id}, waiting)."
    assert app.jobs.submit(LOCAL, wish(0, 1), again=True).row.counts.total == 2


def test_where_that_was_wished_only_what_waits_nowhere_is_submitted(app: App) -> None:
    first = app.jobs.submit(LOCAL, wish(0)).row.job_id
    both = SetWish(kinds=(Kind.RISK,), models=("gpt-5.4-mini",), base=wish(0, 1))
    done = app.sets.submit(LOCAL, both, if_not_open=True)
    assert [job.row.counts.total for job in done.jobs] == [1]
    assert (done.open, done.elsewhere) == (frozenset(), {"p0000": first})
    nothing = app.sets.submit(LOCAL, both, if_not_open=True)
    assert nothing.elsewhere == {"p0000": first, "p0001": done.jobs[0].row.job_id}
    assert nothing.open == {first}
    assert app.jobs.count(LOCAL) == 2


@pytest.mark.parametrize("asked", [1, 2, 3])
def test_what_somebody_buys_between_looking_and_approving_is_not_bought_again(
    settings: dict[str, str], app: App, asked: int
) -> None:
    """Another list of portfolios, of which one is the same: the transaction that reserves the money decides."""
    late = build(load(settings), clock=Clock(asked, lambda: app.jobs.submit(LOCAL, wish(0))))
    with pytest.raises(AlreadyOpen, match=r"1 of these 2 requests wait for an answer already \(p0000\)"):
        late.jobs.submit(LOCAL, wish(0, 1))
    late.close()


def test_of_two_scenarios_the_one_that_waits_nowhere_is_submitted(app: App) -> None:
    first = app.jobs.submit(LOCAL, wish(0, scenarios=("yields_up_100bp",))).row.job_id
    both = wish(0, 1, scenarios=("yields_up_100bp", "equity_down_20"))
    with pytest.raises(AlreadyOpen, match="1 of these 4 requests wait"):
        app.jobs.submit(LOCAL, both)
    done = app.sets.submit(LOCAL, SetWish((Kind.RISK,), ("gpt-5.4-mini",), both), if_not_open=True)
    assert [job.row.counts.total for job in done.jobs] == [3]
    assert (done.open, done.elsewhere) == (frozenset(), {"p0000": first})
    with pytest.raises(AlreadyOpen, match="Every one of these requests waits"):
        app.jobs.submit(LOCAL, wish(1, scenarios=both.scenarios))


def test_a_request_that_waits_in_a_batch_is_not_asked_at_once_besides(app: App) -> None:
    job_id = app.jobs.submit(LOCAL, wish(0, 1)).row.job_id
    with pytest.raises(AlreadyOpen, match=f"This very request waits .* {job_id}"):
        app.tries.ask(LOCAL, wish(0), "p0000")
    assert app.tries.newest(LOCAL) == []
    assert app.tries.ask(LOCAL, wish(2), "p0002").portfolio_id == "p0002"
    assert app.tries.ask(LOCAL, wish(0), "p0000", again=True).portfolio_id == "p0000"


def test_a_batch_does_not_buy_what_is_asked_at_once_at_this_moment(app: App) -> None:
    tried = app.tries.ask(LOCAL, wish(0), "p0000").try_id
    with pytest.raises(AlreadyOpen, match=f"This very request waits .* {tried}, asked at once"):
        app.jobs.submit(LOCAL, wish(0))
    with pytest.raises(AlreadyOpen, match=f"1 of these 2 requests wait .*p0000.* {tried}"):
        app.jobs.submit(LOCAL, wish(0, 1))
    alone = SetWish(kinds=(Kind.RISK,), models=("gpt-5.4-mini",), base=wish(0))
    with pytest.raises(AlreadyOpen, match=tried):  # no run will have its answer
        app.sets.submit(LOCAL, alone, if_not_open=True)
    done = app.sets.submit(LOCAL, replace(alone, base=wish(0, 1)), if_not_open=True)
    assert done.elsewhere == {"p0000": tried}
    assert [one.request.portfolio_ids for one in done.jobs] == [("p0001",)]
    app.tries.cancel(LOCAL, tried)
    assert app.jobs.submit(LOCAL, wish(0)).row.counts.total == 1


@pytest.mark.parametrize("asked", [1, 2, 3])
def test_what_is_asked_at_once_between_looking_and_approving_is_not_bought_again(
    settings: dict[str, str], app: App, asked: int
) -> None:
    late = build(load(settings), clock=Clock(asked, lambda: app.tries.ask(BOB, wish(0), "p0000")))
    with pytest.raises(AlreadyOpen, match="asked at once"):
        late.jobs.submit(LOCAL, wish(0, 1))
    assert late.jobs.count(LOCAL, JobFilter(states=[JobState.QUEUED])) == 0
    late.close()


def test_an_answer_that_was_lost_and_may_be_paid_is_not_asked_for_again_without_a_word(app: App, clock: Clock) -> None:
    tried = app.tries.ask(LOCAL, wish(0), "p0000", owner="w1")
    store = app.oversight._store
    lost = Ending(TryState.FAILED, ResultStatus.FAILED, Usage(), None, unsettled=True, error=LOST)
    store.tries.end(tried.try_id, "w1", lost, at=clock())
    clock.now += timedelta(hours=1)
    for actor in (LOCAL, BOB):
        with pytest.raises(AlreadyOpen, match="No answer came, and whether it is to be paid is not known"):
            app.tries.ask(actor, wish(0), "p0000", owner="w1")
    assert app.tries.ask(LOCAL, wish(0), "p0000", again=True).state is TryState.WAITING


def test_a_failure_that_cost_nothing_is_no_hindrance(app: App, clock: Clock) -> None:
    tried = app.tries.ask(LOCAL, wish(0), "p0000", owner="w1")
    refused = Ending(TryState.FAILED, ResultStatus.FAILED, Usage(), Decimal(0), unsettled=False, error=LOST)
    app.oversight._store.tries.end(tried.try_id, "w1", refused, at=clock())
    clock.now += timedelta(minutes=1)
    assert app.tries.ask(LOCAL, wish(0), "p0000").state is TryState.WAITING


def test_a_nonce_finds_the_run_that_it_submitted(app: App) -> None:
    assert app.jobs.of_nonce(LOCAL, "n1") is None
    job_id = app.jobs.submit(LOCAL, wish(), nonce="n1").row.job_id
    found = app.jobs.of_nonce(LOCAL, "n1")
    assert found is not None
    assert found.job_id == job_id
    assert app.jobs.of_nonce(LOCAL, "") is None


def test_of_four_that_approve_at_once_one_buys(settings: dict[str, str], app: App, clock: Clock) -> None:
    """All have looked before any has approved: the transaction that reserves the money decides."""
    store = Store(settings["MOSYCHLOS_DATABASE_URL"])
    ids = [draft(store, [1], job_id=f"261130-09000{number}-aaaaaaaaaaaa", question="q") for number in range(4)]

    def buy(job_id: str) -> str:
        approval = Approval(job_id, "spec", lambda *_: None, question="q")
        try:
            store.sets.approve(NewSet("", "", "", clock(), "ada"), [approval], actor="ada", at=clock())
        except AlreadyOpen:
            return "refused"
        return "bought"

    with ThreadPoolExecutor(4) as pool:
        assert Counter(pool.map(buy, ids)) == {"bought": 1, "refused": 3}
    assert app.jobs.count(LOCAL, JobFilter(states=[JobState.QUEUED])) == 1
    assert store.jobs.spend(f"{clock():%Y-%m}").jobs == 1
    store.close()


Buyers = Callable[..., list[tuple[int, dict[str, object]]]]


@pytest.fixture
def at_once(settings: dict[str, str], app: App) -> Buyers:
    """Runs one command in several processes at once; exit codes and documents."""

    def run(n: int, *words: str) -> list[tuple[int, dict[str, object]]]:
        command = [sys.executable, "-m", "core.cli.main", "portfolio", "analyze", "risk", "--batch", "--json"]
        command += ["--portfolio", "p0000", *words]
        started = [
            subprocess.Popen(command, cwd=ROOT, env={"PATH": "/usr/bin", **settings}, stdout=subprocess.PIPE)
            for _ in range(n)
        ]
        outs = [one.communicate(timeout=170)[0] for one in started]
        return [
            (one.returncode, json.loads(out) if out.strip() else {}) for one, out in zip(started, outs, strict=True)
        ]

    return run


@pytest.mark.full
def test_of_two_processes_at_once_one_submits(app: App, at_once: Buyers) -> None:
    ends = at_once(2)
    assert sorted(code for code, _ in ends) == [0, 3]
    assert app.jobs.count(LOCAL, JobFilter(states=[JobState.QUEUED])) == 1


@pytest.mark.full
def test_a_cron_started_twice_ends_well_twice_with_one_job(app: App, at_once: Buyers) -> None:
    ends = at_once(2, "--if-not-open")
    assert [code for code, _ in ends] == [0, 0]
    assert len({document["job_id"] for _, document in ends}) == 1
    assert sorted(bool(document["already_open"]) for _, document in ends) == [False, True]
    assert app.jobs.count(LOCAL, JobFilter(states=[JobState.QUEUED])) == 1
