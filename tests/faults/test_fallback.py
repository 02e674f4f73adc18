"""Row J6. Another model in place of the first one: only when a person says so, with both prices on record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import orjson
import pytest

from core.desk.retries import RetryService
from core.domain.actor import LOCAL
from core.domain.job import JobState
from core.errors import ModelRefused
from core.guard.budgets import Budgets
from tests.faults.staging import House
from tests.local_provider import LocalProvider


def _failed(house: House, local: LocalProvider) -> str:
    local.set_faults({"answers": {"bad_request_rows": 1.0}})
    job_id = house.submit(2)
    assert house.run(job_id) is JobState.FAILED
    local.set_faults()
    return job_id


def test_j6_a_retry_by_another_model_shows_both_prices_and_is_recorded(house: House, local: LocalProvider) -> None:
    job_id = _failed(house, local)
    before = house.app.jobs.get(LOCAL, job_id).row.model
    plan = house.app.retries.plan(LOCAL, job_id, model="gpt-6-luna")
    [replaced] = plan.replaced
    assert (replaced.asked, replaced.model) == (before, "gpt-6-luna")
    assert replaced.after_usd == plan.expected_usd
    assert isinstance(replaced.before_usd, Decimal)
    assert house.app.jobs.get(LOCAL, job_id).row.fallback == ""
    house.app.retries.retry(LOCAL, job_id, model="gpt-6-luna")
    assert house.run(job_id) is JobState.DONE
    job = house.app.jobs.get(LOCAL, job_id)
    assert orjson.loads(job.row.fallback)["model"] == "gpt-6-luna"
    notes = [event.note for event in house.app.jobs.events(LOCAL, job_id) if event.event == "fallback"]
    assert notes == [replaced.sentence]


def test_j6_a_retry_by_the_same_model_replaces_nothing(house: House, local: LocalProvider) -> None:
    local.set_faults({"answers": {"server_error_rows": 1.0}})
    job_id = house.submit(2)
    assert house.run(job_id) is JobState.FAILED
    local.set_faults()
    assert house.app.retries.plan(LOCAL, job_id).replaced == ()


def test_j6_a_model_that_is_gone_by_then_is_not_asked_again_but_its_replacement_named(
    house: House, local: LocalProvider
) -> None:
    local.set_faults({"answers": {"server_error_rows": 1.0}})
    wish = replace(house.request(2), model="gpt-5-mini")
    job_id = house.app.jobs.submit(LOCAL, wish, again=True).row.job_id
    assert house.run(job_id) is JobState.FAILED
    local.set_faults()
    later = datetime(2026, 12, 12, tzinfo=UTC)
    service = RetryService(
        house.store,
        Budgets(),
        house.context().rules.rooms,
        house.app.settings.home,
        lambda: later,
        identity=house.app.identity,
    )
    with pytest.raises(ModelRefused, match=r"'gpt-5-mini' was shut down on 2026-12-11\. Use 'gpt-6\.1-terra'"):
        service.plan(LOCAL, job_id)
    [replaced] = service.plan(LOCAL, job_id, model="gpt-6.1-terra").replaced
    assert replaced.reason == "gpt-5-mini was shut down on 2026-12-11."
