"""Run: failures first, then results with every number marked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import cast

import pytest
from streamlit.testing.v1 import AppTest

from core.desk.sets import SetWish
from core.domain.actor import LOCAL, Actor, Role
from core.domain.alert import AlertKind
from core.domain.analysis import AnalysisRequest, Kind, ResultStatus, Usage
from core.domain.filters import ItemFilter, JobFilter
from core.domain.job import JobState
from core.domain.oversight import LedgerRow
from core.providers.protocol import Provider
from core.storage.jobs.results import Stray
from core.storage.store import Store
from core.worker.steps import advance
from dashboard.run import actions as run_actions
from dashboard.run import progress as run_progress
from dashboard.run import tabs as run_tabs
from dashboard.run import trouble as run_trouble
from dashboard.widgets import exports, states, text
from tests.local_provider import LocalProvider
from tests.pages.conftest import Page
from tests.pages.reading import button, column, said
from tests.pages.world import POSITIONS, World, opened

VIEWER = Actor("eve", "Eve", frozenset({Role.VIEWER}))


def run_in(world: World, state: JobState) -> str:
    """The run of the lived-in installation that stands in a state."""
    return world.app.jobs.page(LOCAL, JobFilter(states=[state]))[0].job_id


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str]]:
    """A run of which some answers were cut off: asking again gives them more room. Not to be changed."""
    with (
        LocalProvider(tmp_path_factory.mktemp("provider")) as provider,
        opened(tmp_path_factory.mktemp("cut"), provider.base_url, provider) as world,
    ):
        world.app.portfolios.add_samples(LOCAL)
        job_id = world.submit(tuple(world.app.portfolios.ids(LOCAL)[:12]))
        world.work({"seed": 3, "answers": {"cut": 0.4, "bad_request_rows": 0.2}})
        yield world, job_id


def part(world: World, actor: Actor, job_id: str, draw: Callable[..., None]) -> AppTest:
    """One part of the page, drawn for somebody."""

    # AppTest takes the source alone, where no name of this module is known.
    def script(app, actor, job_id, draw):  # type: ignore[no-untyped-def]
        draw(app, actor, app.jobs.get(actor, job_id))

    return AppTest.from_function(script, args=(world.app, actor, job_id, draw), default_timeout=30).run()


def key(test: AppTest, name: str):  # type: ignore[no-untyped-def]  # AppTest's elements have no public type
    """The button with this key."""
    return next(one for one in test.button if one.key == name)


def test_a_synchronous_entry_of_the_ledger_is_one_request() -> None:
    at = datetime(2026, 11, 26, tzinfo=UTC)
    rows = [LedgerRow(name, "job.0", at, "gpt-5.4-mini", Usage(), None) for name in ("batch_1", "sync:job:one:1", "x")]
    assert [run_tabs._requests_of(row, {"job.0": 1_200}) for row in rows[:2]] == ["1,200", "1"]
    assert run_tabs._requests_of(rows[2], {}) == ""


def alert(world: World, kind: AlertKind, subject: str) -> None:
    store = Store(world.app.settings.database_url)
    store.alerts.raise_(kind, subject, "It was said once.", at=world.app.now())
    store.close()


def test_what_is_odd_about_a_run_stands_on_its_page_with_what_to_do(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    job_id, other = world.submit(), world.submit()
    alert(world, AlertKind.VANISHED, f"{job_id}.0")
    alert(world, AlertKind.LATE, f"{other}.0")
    test = page(world, "run", run=job_id)
    words = said(test)
    assert "vanished" in words
    assert words.count("It was said once.") == 1, "and nothing of other runs"
    assert "what is not found by then can be asked again" in words
    assert not any(one.label == "Dismiss" for one in test.button)


def test_what_happened_to_a_run_is_dismissed_on_its_page_and_the_rest_is_counted(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    job_id = world.submit()
    for number in range(5):
        alert(world, AlertKind.STRAY, f"{job_id}.{number}")
    test = page(world, "run", run=job_id)
    assert said(test).count("It was said once.") == 3
    assert "and 2 more alerts of its batches" in said(test)
    key(test, "dismiss_0").click()
    test.run()
    assert not test.exception
    assert len(world.app.oversight.notices_of(LOCAL, job_id)) == 4


def test_lines_that_were_not_understood_are_read_again_by_a_worker_and_not_bought(world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    job_id = world.submit()
    world.app.jobs.cancel(LOCAL, job_id)
    store = Store(world.app.settings.database_url)
    claim = store.shards.claim(f"{job_id}.0", owner="w", now=world.app.now(), lease_seconds=60)
    assert claim is not None
    advance(world.app.context(cast("Provider", None)), claim)
    draw = run_tabs.errors
    assert not any(one.key == "run_reread" for one in part(world, LOCAL, job_id, draw).button)
    store.rereading.replace_strays(claim, [Stray("", "unreadable line", "<<x>>")])
    assert not any(one.key == "run_reread" for one in part(world, VIEWER, job_id, draw).button)
    test = part(world, LOCAL, job_id, draw)
    key(test, "run_reread").click()
    test.run()
    assert store.rereading.is_wished(job_id)
    store.close()
    assert "A worker reads the stored lines again" in said(part(world, LOCAL, job_id, draw))


def test_failures_come_first_with_an_example(page: Page, lived_in: World) -> None:
    test = page(lived_in, "run", run=run_in(lived_in, JobState.PARTIAL))
    assert "×" in str(test.warning[-1].value)
    assert "ended without an analysis" in said(test)


def test_the_first_error_is_cut_at_280_characters(world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    job_id = world.submit()
    world.stick(job_id, "The key was refused. " * 40)
    shown = str(part(world, LOCAL, job_id, run_trouble.trouble).error[0].value).replace("\\", "").splitlines()[0]
    assert len(shown.strip()) <= 282
    assert shown.strip().endswith("…")


def test_a_retry_names_its_number_and_its_price_before_anything_is_asked(page: Page, cut: tuple[World, str]) -> None:
    world, job_id = cut
    plan = world.app.retries.plan(LOCAL, job_id)
    label = key(page(world, "run", run=job_id), "run_retry_all").label.replace("\\", "")
    assert label == f"Retry the failed {plan.requests}: {text.usd(plan.expected_usd)}"


def test_a_retry_asks_once_more_and_shows_between_what_it_may_cost(page: Page, cut: tuple[World, str]) -> None:
    world, job_id = cut
    test = page(world, "run", run=job_id)
    key(test, "run_retry_all").click()
    test.run()
    assert not test.exception
    assert key(test, "retry_yes").label.startswith("Ask ")
    assert any("Between" in str(one.value) for one in test.table)
    assert world.app.jobs.get(LOCAL, job_id).row.state is JobState.PARTIAL


def test_where_nothing_would_end_otherwise_another_model_is_offered(page: Page, lived_in: World) -> None:
    test = page(lived_in, "run", run=run_in(lived_in, JobState.PARTIAL))
    found = key(test, "run_retry_all")
    assert found.label == "Ask another model …"
    assert "would fail again" in found.help
    assert "--" not in found.help


def test_what_a_model_declined_is_offered_to_another_model(page: Page, lived_in: World) -> None:
    test = page(lived_in, "run", run=run_in(lived_in, JobState.PARTIAL), run_tab="Errors")
    assert key(test, "run_retry_refused").label == "Ask another model …"


def test_each_cause_says_whether_it_lasts(page: Page, lived_in: World) -> None:
    words = said(page(lived_in, "run", run=run_in(lived_in, JobState.PARTIAL), run_tab="Errors"))
    assert "permanent" in words
    assert "would fail again" in words


def test_a_viewer_sees_what_failed_and_can_start_nothing(lived_in: World) -> None:
    for state in (JobState.PARTIAL, JobState.ATTENTION):
        for draw in (run_trouble.trouble, run_tabs.errors, run_actions.controls):
            test = part(lived_in, VIEWER, run_in(lived_in, state), draw)
            assert not test.exception
            assert {one.key for one in test.button} <= {"run_see_errors"}


def test_planned_and_actual_cost_stand_side_by_side_with_the_interval(page: Page, lived_in: World) -> None:
    job_id = run_in(lived_in, JobState.DONE)
    test = page(lived_in, "run", run=job_id, run_tab="Cost")
    words, job = said(test), lived_in.app.jobs.get(LOCAL, job_id)
    assert f"Expected: {text.usd(job.estimate.expected_usd)}" in words
    assert f"Between: {text.usd(job.estimate.low_usd)}" in words
    assert f"Actual: {text.usd(job.row.actual_usd)}" in words
    assert "expected range" in words
    assert column(test, "Cost")[-1] == text.usd(job.row.actual_usd)


def test_the_files_carry_size_and_hash(page: Page, lived_in: World) -> None:
    test = page(lived_in, "run", run=run_in(lived_in, JobState.DONE), run_tab="Files")
    assert all(len(str(value)) == 64 for value in column(test, "SHA-256"))
    assert "requests as they were sent" in column(test, "What")


def test_steps_carry_their_times_and_are_closed_once_the_run_has_ended(page: Page, lived_in: World) -> None:
    job_id = run_in(lived_in, JobState.DONE)
    steps = next(one for one in page(lived_in, "run", run=job_id).expander if one.label.startswith("Steps"))
    assert "ended" in steps.label
    assert not steps.proto.expanded


def test_each_step_of_an_ended_run_has_its_day(lived_in: World) -> None:
    job_id = run_in(lived_in, JobState.DONE)
    job, shards = lived_in.app.jobs.get(LOCAL, job_id), lived_in.app.jobs.shards(LOCAL, job_id)
    found = list(run_progress.steps(job, shards))
    assert [label for label, _, _ in found] == [
        "Submitted", "Handed to the provider", "Answered by the provider", "Collected and checked", "Ended: done",
    ]  # fmt: skip
    assert all(f"{job.row.created_at:%b %Y}" in note for _, _, note in found)


def test_a_run_that_waits_says_for_what(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    job_id = world.submit()
    assert "1 batch to be handed to the provider." in said(page(world, "run", run=job_id))


def test_a_run_is_paused_after_a_question_and_goes_on(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    job_id = world.submit()
    test = page(world, "run", run=job_id)
    key(test, "run_pause").click()
    test.run()
    assert world.app.jobs.get(LOCAL, job_id).row.state is JobState.PAUSED
    assert "Paused: nothing more is sent until somebody resumes it." in said(test)
    key(test, "run_unpause").click()
    test.run()
    assert world.app.jobs.get(LOCAL, job_id).row.state is not JobState.PAUSED


def test_a_run_of_a_set_leads_to_the_others(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    base = AnalysisRequest(Kind.RISK, (portfolio_id,), "gpt-5.4-mini")
    jobs = world.app.sets.submit(LOCAL, SetWish((Kind.RISK,), ("gpt-5.4-mini", "gpt-6-luna"), base)).jobs
    test = page(world, "run", run=jobs[0].row.job_id)
    assert "2 runs submitted together" in said(test)
    assert any(one.key == f"sibling_{jobs[1].row.job_id}" for one in test.button)


def test_errors_are_grouped_by_code_with_the_servers_words(page: Page, lived_in: World) -> None:
    test = page(lived_in, "run", run=run_in(lived_in, JobState.PARTIAL), run_tab="Errors")
    words = said(test)
    assert "invalid_prompt" in words
    assert "refusal" in words
    assert any("Invalid prompt" in block.value for block in test.code)


def test_a_verified_number_is_marked_so(page: Page, lived_in: World) -> None:
    job_id = run_in(lived_in, JobState.DONE)
    item = lived_in.app.jobs.items(LOCAL, job_id)[0]
    assert "Numbers that hold" in said(page(lived_in, "run", run=job_id, item=item.custom_id))


def test_a_mismatched_number_shows_the_fact_the_difference_and_the_likely_cause(page: Page, lived_in: World) -> None:
    job_id = run_in(lived_in, JobState.PARTIAL)
    wrong = [
        item
        for item in lived_in.app.jobs.items(LOCAL, job_id)
        if item.verification and any(found.true and found.metric_id for found in item.verification.findings)
    ]
    assert wrong[0].verification is not None
    finding = next(found for found in wrong[0].verification.findings if found.true and found.metric_id)
    test = page(lived_in, "run", run=job_id, item=wrong[0].custom_id)
    assert "Mismatched: " in said(test)
    row = column(test, "Fact").index(finding.metric_id)
    assert (column(test, "Stated")[row], column(test, "Should be")[row]) == (finding.stated, finding.true)
    assert column(test, "Likely slip")[row] == states.CAUSE[finding.kind]


def test_a_refused_request_shows_the_models_words_and_whether_to_ask_again(page: Page, lived_in: World) -> None:
    job_id = run_in(lived_in, JobState.PARTIAL)
    refused = lived_in.app.jobs.items(LOCAL, job_id, ItemFilter(statuses=[ResultStatus.REFUSED]))[0]
    words = said(page(lived_in, "run", run=job_id, item=refused.custom_id))
    assert "refused" in words
    assert "Asking again" in words


def test_raw_request_and_raw_answer_are_one_click_away(page: Page, lived_in: World) -> None:
    job_id = run_in(lived_in, JobState.DONE)
    item = lived_in.app.jobs.items(LOCAL, job_id)[0]
    test = page(lived_in, "run", run=job_id, item=item.custom_id)
    test.session_state["item_request"] = True
    test.session_state["item_answer"] = True
    documents = [json.loads(block.value) for block in test.run().json]
    assert [document["custom_id"] for document in documents] == [item.custom_id, item.custom_id]


def test_the_summary_counts_what_the_run_answered(page: Page, lived_in: World) -> None:
    test = page(lived_in, "run", run=run_in(lived_in, JobState.DONE), run_tab="Summary")
    words = said(test)
    assert "39 answers of 39 requests" in words
    assert "Numbers that hold: " in words
    assert "Actual: $" in words


def test_the_configuration_names_the_provider_batch(page: Page, lived_in: World) -> None:
    test = page(lived_in, "run", run=run_in(lived_in, JobState.DONE), run_tab="Configuration")
    assert str(column(test, "Batch")[0]).startswith("batch_")


def test_the_history_is_newest_first(page: Page, lived_in: World) -> None:
    test = page(lived_in, "run", run=run_in(lived_in, JobState.DONE), run_tab="Events")
    assert "Draft" in str(column(test, "What")[-1])


def test_a_batch_that_waits_for_a_person_can_be_sent_again(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    job_id = world.submit()
    world.stick(job_id)
    test = page(world, "run", run=job_id)
    assert "1 batch waits for you" in said(test)
    assert "Nothing of it was paid" in said(test)
    button(test, "Send 1 batch again").click()
    test.run()
    assert not test.exception
    assert world.app.jobs.get(LOCAL, job_id).row.state is JobState.QUEUED


def test_an_active_run_can_be_stopped_after_a_question(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    job_id = world.submit()
    test = page(world, "run", run=job_id)
    button(test, "Stop").click()
    test.run()
    assert any(one.label == "Stop the run" for one in test.button)
    assert not world.app.jobs.get(LOCAL, job_id).cancel_wish


def test_an_ended_run_offers_no_stop(page: Page, lived_in: World) -> None:
    test = page(lived_in, "run", run=run_in(lived_in, JobState.DONE))
    assert not any(one.label == "Stop" for one in test.button)


def test_the_csv_has_a_line_for_every_request_and_no_formula(lived_in: World) -> None:
    job_id = run_in(lived_in, JobState.PARTIAL)
    lines = b"".join(exports.items_csv(lived_in.app.jobs.each_item(LOCAL, job_id))).decode("utf-8-sig").splitlines()
    assert len(lines) == 40
    assert exports.safe_cell("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert exports.safe_cell("\t@x") == "'\t@x"
    assert exports.safe_cell(-3) == "-3"


def test_the_json_has_every_request(lived_in: World) -> None:
    job_id = run_in(lived_in, JobState.PARTIAL)
    document = json.loads(b"".join(exports.items_json(job_id, lived_in.app.jobs.each_item(LOCAL, job_id))))
    assert len(document["items"]) == 39
