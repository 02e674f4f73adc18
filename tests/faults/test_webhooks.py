"""Webhooks that are repeated, forged, out of order or late move nothing: the provider is asked. Row E8."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator

import pytest

from core.app import App, build
from core.domain.actor import LOCAL
from core.domain.job import JobState, ShardState
from core.errors import Refused
from core.settings import load
from tests.faults.staging import House, environment
from tests.local_provider import LocalProvider

CHECK = "GET /v1/batches/{id}"
SECRET = "whsec_" + base64.b64encode(b"a secret of our own").decode()


def hook(batch_id: str | None, event: str, webhook_id: str, *, age: float = 0) -> tuple[bytes, dict[str, str]]:
    """A genuine webhook: body and headers."""
    body = json.dumps({"id": "evt", "object": "event", "type": event, "data": {"id": batch_id}}).encode()
    moment = str(int(time.time() - age))
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    mac = hmac.new(key, f"{webhook_id}.{moment}.".encode() + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(mac).decode()
    return body, {"webhook-id": webhook_id, "webhook-timestamp": moment, "webhook-signature": signature}


@pytest.fixture
def door(house: House, engine_url: str) -> Iterator[App]:
    """The App that takes webhooks, on the house's database and by its clock."""
    settings = environment(house.app.settings.home, engine_url, house.app.settings.base_url)
    opened = build(load({**settings, "MOSYCHLOS_WEBHOOK_SECRET": SECRET}), clock=house.clock, migrate=False)
    yield opened
    opened.close()


def _running(house: House, local: LocalProvider) -> tuple[str, str]:
    local.set_faults({"batches": {"*": {"stuck": True}}})
    job_id = house.submit()
    house.run(job_id, to=ShardState.RUNNING)
    return job_id, house.shard(job_id).batch_id or ""


def _end(house: House, local: LocalProvider, job_id: str) -> None:
    house.app.jobs.cancel(LOCAL, job_id)
    local.set_faults()
    assert house.run(job_id) is JobState.CANCELLED
    house.check(job_id, batches=1)


def test_e8_a_word_of_completion_is_only_a_reason_to_look_and_its_copy_not_even_that(
    house: House, local: LocalProvider, door: App
) -> None:
    job_id, batch_id = _running(house, local)
    before = len(house.events(job_id))
    body, headers = hook(batch_id, "batch.completed", f"wh-{job_id}")
    assert door.take_webhook(body, headers)
    assert house.shard(job_id).next_due_at <= house.clock()
    looks = local.calls(CHECK)
    house.round(house.context())
    assert local.calls(CHECK) == looks + 1
    due = house.shard(job_id).next_due_at
    assert not door.take_webhook(body, headers), "the same webhook again"
    assert house.shard(job_id).next_due_at == due
    assert house.shard(job_id).state is ShardState.RUNNING, "what happened is the provider's to say"
    assert len(house.events(job_id)) == before
    _end(house, local, job_id)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda body, headers: (body.replace(b"completed", b"cancelled"), headers), id="E8-forged-body"),
        pytest.param(lambda body, headers: (body, {**headers, "webhook-signature": "v1,AAAA"}), id="E8-forged-sign"),
        pytest.param(lambda body, headers: (body, {**headers, "webhook-id": "another"}), id="E8-another-id"),
        pytest.param(lambda body, _: (body, {}), id="E8-unsigned"),
    ],
)
def test_a_forged_webhook_is_refused_and_changes_nothing(
    house: House,
    local: LocalProvider,
    door: App,
    spoil: object,
) -> None:
    job_id, batch_id = _running(house, local)
    due = house.shard(job_id).next_due_at
    assert callable(spoil)
    with pytest.raises(Refused):
        door.take_webhook(*spoil(*hook(batch_id, "batch.completed", f"wh-{job_id}")))
    assert house.shard(job_id).next_due_at == due
    _end(house, local, job_id)


def test_e8_an_old_copy_is_refused_however_genuine(house: House, local: LocalProvider, door: App) -> None:
    job_id, batch_id = _running(house, local)
    with pytest.raises(Refused, match="not genuine"):
        door.take_webhook(*hook(batch_id, "batch.completed", f"wh-{job_id}", age=3600))
    _end(house, local, job_id)


def test_e8_webhooks_in_the_wrong_order_and_after_the_end_change_no_ending(
    house: House, local: LocalProvider, door: App
) -> None:
    job_id = house.submit()
    house.run(job_id, to=ShardState.RUNNING)
    batch_id = house.shard(job_id).batch_id
    for number, event in enumerate(("batch.completed", "batch.in_progress", "batch.failed", "batch.expired")):
        assert door.take_webhook(*hook(batch_id, event, f"wh-{job_id}-{number}"))
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)
    events, calls = len(house.events(job_id)), local.counts()["calls"]
    assert door.take_webhook(*hook(batch_id, "batch.cancelled", f"wh-{job_id}-late"))
    house.round(house.context())
    assert len(house.events(job_id)) == events
    assert local.counts()["calls"] == calls, "nobody looks at a batch that has ended here"
    house.check(job_id, batches=1)
