"""Run: failures first, then results with every number marked."""

from __future__ import annotations

import json

from core.domain.actor import LOCAL
from core.domain.analysis import ResultStatus
from core.domain.job import JobState
from dashboard import exports
from tests.pages.conftest import Page
from tests.pages.reading import button, column, said
from tests.pages.world import POSITIONS, World


def run_in(world: World, state: JobState) -> str:
    """The run of the lived-in installation that stands in a state."""
    return world.app.jobs.page(LOCAL, states=[state])[0].job_id


def test_failures_come_first_with_an_example(page: Page, lived_in: World) -> None:
    test = page(lived_in, "run", run=run_in(lived_in, JobState.PARTIAL))
    assert "×" in str(test.warning[-1].value)


def test_errors_are_grouped_by_code_with_the_servers_words(page: Page, lived_in: World) -> None:
    test = page(lived_in, "run", run=run_in(lived_in, JobState.PARTIAL), run_tab="Errors")
    words = said(test)
    assert "invalid_prompt" in words
    assert "refusal" in words
    assert any("Invalid prompt" in block.value for block in test.code)


def test_a_verified_number_is_marked_so(page: Page, lived_in: World) -> None:
    job_id = run_in(lived_in, JobState.DONE)
    item = lived_in.app.jobs.items(LOCAL, job_id)[0]
    assert "verified" in said(page(lived_in, "run", run=job_id, item=item.custom_id))


def test_a_mismatched_number_shows_the_fact_the_difference_and_the_likely_cause(page: Page, lived_in: World) -> None:
    job_id = run_in(lived_in, JobState.PARTIAL)
    wrong = [
        item
        for item in lived_in.app.jobs.items(LOCAL, job_id)
        if item.verification and any(found.true and found.metric_id for found in item.verification.findings)
    ]
    words = said(page(lived_in, "run", run=job_id, item=wrong[0].custom_id))
    assert "mismatched" in words
    assert "fact " in words


def test_a_refused_request_shows_the_models_words_and_whether_to_ask_again(page: Page, lived_in: World) -> None:
    job_id = run_in(lived_in, JobState.PARTIAL)
    refused = lived_in.app.jobs.items(LOCAL, job_id, statuses=[ResultStatus.REFUSED])[0]
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
    assert "Verified numbers: " in words
    assert "Actual: $" in words


def test_the_configuration_names_prompt_hash_and_provider_batch(page: Page, lived_in: World) -> None:
    test = page(lived_in, "run", run=run_in(lived_in, JobState.DONE), run_tab="Configuration")
    assert str(column(test, "Batch")[0]).startswith("batch_")
    assert len(str(column(test, "SHA-256")[0])) == 64


def test_the_history_is_newest_first(page: Page, lived_in: World) -> None:
    test = page(lived_in, "run", run=run_in(lived_in, JobState.DONE), run_tab="Events")
    assert "Draft" in str(column(test, "What")[-1])


def test_a_batch_that_waits_for_a_person_can_be_sent_again(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    job_id = world.submit()
    world.stick(job_id)
    test = page(world, "run", run=job_id)
    assert "wait" in said(test)
    button(test, "Try again").click()
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
    lines = exports.items_csv(lived_in.app.jobs.each_item(LOCAL, job_id)).decode("utf-8-sig").splitlines()
    assert len(lines) == 40
    assert exports.safe_cell("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert exports.safe_cell("\t@x") == "'\t@x"
    assert exports.safe_cell(-3) == "-3"


def test_the_json_has_every_request(lived_in: World) -> None:
    job_id = run_in(lived_in, JobState.PARTIAL)
    document = json.loads(exports.items_json(job_id, lived_in.app.jobs.each_item(LOCAL, job_id)))
    assert len(document["items"]) == 39
