"""Oversight: causes with what helps, the ledger, what waits, what is at stake, and alerts that a person may close."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from core.desk.oversight import without_commands
from core.domain.actor import LOCAL, Actor, Role
from core.domain.alert import AlertKind
from core.domain.analysis import ResultStatus
from core.domain.filters import JobFilter
from core.domain.job import ShardEvent, ShardState
from core.domain.oversight import Cause, Lasting, Waits, WaitsForPerson
from core.errors import NotFound, NotPermitted, Refused
from core.storage.store import Store
from tests.local_provider import LocalProvider
from tests.pages.world import POSITIONS, World, opened
from tests.unit.storage.making import let_go

VIEWER = Actor("eve", "Eve", frozenset({Role.VIEWER}))
NOWHERE = "http://127.0.0.1:9/v1"


@pytest.fixture
def still(tmp_path: Path) -> Iterator[World]:
    """An installation without a provider."""
    with opened(tmp_path / "home", NOWHERE) as world:
        world.import_text("family.csv", POSITIONS)
        yield world


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str]]:
    """A run of which some requests failed."""
    with (
        LocalProvider(tmp_path_factory.mktemp("provider")) as provider,
        opened(tmp_path_factory.mktemp("home"), provider.base_url, provider) as world,
    ):
        world.app.portfolios.add_samples(LOCAL)
        job_id = world.submit()
        world.work({"seed": 3, "answers": {"refused": 0.2, "bad_request_rows": 0.2}})
        yield world, job_id


def raised(world: World, kind: AlertKind, subject: str) -> None:
    store = Store(world.app.settings.database_url)
    store.alerts.raise_(kind, subject, "said once.", at=world.app.now())
    store.close()


def test_causes_add_up_to_what_has_no_analysis_and_say_whether_they_last(worked: tuple[World, str]) -> None:
    world, job_id = worked
    causes = world.app.oversight.causes(LOCAL, job_id)
    counts = world.app.jobs.get(LOCAL, job_id).row.counts
    assert sum(cause.requests for cause in causes) == counts.failed + counts.missing > 0
    by_code = {cause.code: cause for cause in causes}
    assert by_code["invalid_prompt"].lasting is Lasting.PERMANENT
    assert "fail again" in by_code["invalid_prompt"].remedy
    assert "another model" in by_code["refusal"].remedy


def test_every_ending_without_an_analysis_has_a_remedy() -> None:
    for status in set(ResultStatus) - {ResultStatus.SUCCEEDED, ResultStatus.PENDING}:
        assert Cause(status, "", transient=False, requests=1, example="").remedy
    assert Cause(ResultStatus.FAILED, "", transient=True, requests=1, example="").lasting is Lasting.TRANSIENT
    assert Cause(ResultStatus.MISSING, "", transient=False, requests=1, example="").lasting is Lasting.UNKNOWN


def test_the_ledger_adds_up_to_the_jobs_cost(worked: tuple[World, str]) -> None:
    world, job_id = worked
    rows = world.app.oversight.ledger(LOCAL, job_id)
    total = sum((row.cost_usd for row in rows if row.cost_usd is not None), start=Decimal(0))
    assert total == world.app.jobs.get(LOCAL, job_id).row.actual_usd
    assert all(row.batch_id.startswith("batch_") for row in rows)


def test_files_carry_their_size_and_the_hash_of_what_was_sent(worked: tuple[World, str]) -> None:
    world, job_id = worked
    files = {file.what: file for file in world.app.oversight.files(LOCAL, job_id)}
    assert {"sent", "answers", "facts"} <= set(files)
    sent = files["sent"]
    assert world.app.oversight.sha256(LOCAL, job_id, sent.name) == sent.sha256
    assert sent.bytes == world.app.jobs.shards(LOCAL, job_id)[0].bytes
    with pytest.raises(NotFound, match=r"no file '\.\./"):
        world.app.oversight.sha256(LOCAL, job_id, "../../../etc/passwd")


def test_checked_numbers_are_known_by_job(worked: tuple[World, str]) -> None:
    world, job_id = worked
    verified, stated = world.app.oversight.checked(LOCAL, [job_id])[job_id]
    assert 0 < verified <= stated


def test_a_job_that_has_not_reached_the_provider_waits(still: World) -> None:
    job_id = still.submit()
    assert still.app.oversight.waits(LOCAL, [job_id])[job_id].batches == 1
    assert still.app.oversight.waits(LOCAL, []) == {}


def test_a_refused_key_exposes_nothing_and_says_what_sending_again_costs(still: World) -> None:
    job_id = still.submit()
    still.stick(job_id)
    (found,) = still.app.oversight.needs_person(LOCAL, job_id)
    assert found.exposure.startswith("Nothing of it was paid")
    assert found.again_usd == still.app.jobs.get(LOCAL, job_id).estimate.expected_usd


def test_two_creates_without_an_answer_may_have_cost_twice_the_batch(still: World) -> None:
    job_id = still.submit()
    store, now = Store(still.app.settings.database_url), still.app.now()
    let_go(store, now)
    (claim,) = store.shards.claim_due(owner="test", now=now, lease_seconds=30, limit=1)
    for state, event in (
        (ShardState.QUEUED, ShardEvent.START),
        (ShardState.UPLOADING, ShardEvent.SEND),
        (ShardState.SUBMITTING, ShardEvent.AMBIGUOUS),
        (ShardState.UNKNOWN, ShardEvent.PROVEN_ABSENT),
        (ShardState.QUEUED, ShardEvent.START),
        (ShardState.UPLOADING, ShardEvent.SEND),
        (ShardState.SUBMITTING, ShardEvent.AMBIGUOUS),
        (ShardState.UNKNOWN, ShardEvent.TWICE_UNKNOWN),
    ):
        store.shards.move(claim, state, event, at=now, attempt=2)
    store.close()
    (found,) = still.app.oversight.needs_person(LOCAL, job_id)
    assert found.again_usd is not None
    assert (found.unanswered, found.exposure_usd) == (2, 2 * found.again_usd)


def test_a_create_without_an_answer_counts_although_something_else_stopped_the_batch(still: World) -> None:
    job_id = still.submit()
    store, now = Store(still.app.settings.database_url), still.app.now()
    let_go(store, now)
    (claim,) = store.shards.claim_due(owner="test", now=now, lease_seconds=30, limit=1)
    for state, event in (
        (ShardState.QUEUED, ShardEvent.START),
        (ShardState.UPLOADING, ShardEvent.SEND),
        (ShardState.SUBMITTING, ShardEvent.AMBIGUOUS),
        (ShardState.UNKNOWN, ShardEvent.PROVEN_ABSENT),
        (ShardState.QUEUED, ShardEvent.START),
        (ShardState.UPLOADING, ShardEvent.BLOCKED),
    ):
        store.shards.move(claim, state, event, at=now, attempt=1)
    (found,) = still.app.oversight.needs_person(LOCAL, job_id)
    assert found.unanswered == 1
    assert found.exposure.startswith("1 create got no answer. Should the provider have received it after all")
    still.app.jobs.send_again(LOCAL, job_id)
    assert store.job_views.unanswered_creates(job_id) == {f"{job_id}.0": 0}
    store.close()


def test_creates_without_an_answer_are_named_with_what_they_may_have_cost() -> None:
    found = WaitsForPerson("j.0", 5, "", 2, Decimal("0.24"), Decimal("0.12"))
    assert found.exposure.startswith("2 creates got no answer.")
    assert "at most $0.2400" in found.exposure


def test_a_page_speaks_of_sending_again_where_the_command_line_names_its_command() -> None:
    assert without_commands("The key was refused. Repair the cause, then: mosychlos portfolio batch retry j1") == (
        "The key was refused. Repair the cause, then send it again."
    )
    assert (
        without_commands(
            "It can never fit. Ask for more room and then: mosychlos portfolio batch retry j1, or cancel it."
        )
        == "It can never fit. Ask for more room, then send it again, or cancel it."
    )


def test_what_a_job_waits_for_is_one_sentence_after_another() -> None:
    at = datetime(2026, 11, 26, 14, 0, tzinfo=UTC)
    assert Waits(2, 3, "No room for m", at).said(lambda moment: f"{moment:%H:%M}Z") == (
        "No room for m. Number 3 in the queue. Until 14:00Z at the latest."
    )
    assert Waits(2, 0, "", None).said(str) == "2 batches to be handed to the provider."
    assert without_commands("It is paused. Go on with: mosychlos portfolio batch resume j1") == "It is paused."


def test_an_alert_about_a_batch_names_its_job_and_the_next_step(still: World) -> None:
    job_id = still.submit()
    raised(still, AlertKind.LATE, f"{job_id}.0")
    (notice,) = still.app.oversight.notices(LOCAL)
    assert (notice.job_id, notice.dismissible) == (job_id, False)
    assert "deadline" in notice.next_step
    with pytest.raises(Refused, match="goes on"):
        still.app.oversight.dismiss(LOCAL, AlertKind.LATE, f"{job_id}.0")


def test_an_alert_about_something_past_is_over_once_it_was_read(still: World) -> None:
    raised(still, AlertKind.STRAY, "j.0")
    with pytest.raises(NotPermitted):
        still.app.oversight.dismiss(VIEWER, AlertKind.STRAY, "j.0")
    still.app.oversight.dismiss(LOCAL, AlertKind.STRAY, "j.0")
    assert still.app.oversight.notices(LOCAL) == []
    with pytest.raises(NotFound):
        still.app.oversight.dismiss(LOCAL, AlertKind.STRAY, "j.0")


def test_a_budget_alert_can_be_closed_once_its_month_is_past(still: World) -> None:
    raised(still, AlertKind.BUDGET, "month 2020-01 80 %")
    raised(still, AlertKind.BUDGET, f"month {still.app.now():%Y-%m} 80 %")
    assert sorted(notice.dismissible for notice in still.app.oversight.notices(LOCAL)) == [False, True]


def test_jobs_are_found_by_their_set(still: World) -> None:
    job_id = still.submit()
    assert still.app.jobs.count(LOCAL, JobFilter(set_id="set-nowhere")) == 0
    assert [row.job_id for row in still.app.jobs.page(LOCAL, JobFilter(set_id=""))] == [job_id]


@pytest.mark.parametrize("code", ["cancelled", "batch_cancelled"])
def test_what_somebody_stopped_is_not_blamed_on_the_provider(code: str) -> None:
    remedy = Cause(ResultStatus.FAILED, code, transient=True, requests=1, example="").remedy
    assert remedy.startswith("They were stopped before they were answered")
