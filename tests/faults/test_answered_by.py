"""Who answered is kept with every ending, and held against who was asked."""

from __future__ import annotations

import pytest

from core.domain.actor import LOCAL
from core.domain.analysis import Endpoint
from core.domain.job import JobState
from core.domain.provider import AnsweredBy
from tests.faults.staging import MODEL, House


@pytest.mark.parametrize("endpoint", list(Endpoint))
def test_each_answer_is_stored_with_the_provider_model_tier_and_endpoint_that_gave_it(
    house: House, endpoint: Endpoint
) -> None:
    job = house.service().submit(LOCAL, house.request(2, endpoint=endpoint), again=True)
    assert house.run(job.row.job_id) is JobState.DONE
    who = AnsweredBy(house.app.identity.label, MODEL, "default", endpoint.value, simulated=True)
    assert {item.answered for item in house.items(job.row.job_id).values()} == {who}
    rollup = house.store.items.rollup(job.row.job_id)
    assert (rollup["answered_model"], rollup["answered_tier"]) == ({MODEL: 2}, {"default": 2})
    house.check(job.row.job_id, batches=1)
