"""A webhook is a hint: genuine and new, it makes one look due; forged, old, repeated or strange, it changes nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from core.app import App, build
from core.domain.job import ShardEvent, ShardState
from core.errors import Refused
from core.settings import load
from core.storage.store import Store
from dashboard.shell import webhooks, wiring
from tests.unit.storage.making import NOW, approved

SECRET = "whsec_" + base64.b64encode(b"a secret of our own").decode()
BATCH = "batch_6789"


def body(kind: str = "batch.completed", batch_id: object = BATCH) -> bytes:
    document = {"id": "evt_1", "object": "event", "type": kind, "created_at": 1, "data": {"id": batch_id}}
    return json.dumps(document).encode()


def signed(payload: bytes, *, webhook_id: str = "wh_1", age: float = 0, secret: str = SECRET) -> dict[str, str]:
    moment = str(int(time.time() - age))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{webhook_id}.{moment}.".encode() + payload, hashlib.sha256).digest()
    return {
        "Webhook-Id": webhook_id,
        "webhook-timestamp": moment,
        "webhook-signature": "v1,AAAA v1," + base64.b64encode(mac).decode(),
    }


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "MOSYCHLOS_HOME": str(tmp_path),
        "MOSYCHLOS_DATABASE_URL": database_url,
        "MOSYCHLOS_WEBHOOK_SECRET": SECRET,
    }


@pytest.fixture
def app(environment: dict[str, str]) -> Iterator[App]:
    opened = build(load(environment), clock=lambda: NOW + timedelta(hours=1))
    yield opened
    opened.close()


def running(url: str, app: App) -> tuple[Store, str]:
    """A batch that is not looked at again for a day."""
    store = Store(url)
    (claim,) = approved(store, [1], identity=app.identity)
    for state, event in (
        (ShardState.QUEUED, ShardEvent.START),
        (ShardState.UPLOADING, ShardEvent.SEND),
        (ShardState.SUBMITTING, ShardEvent.ACCEPTED),
    ):
        store.shards.move(claim, state, event, at=NOW, batch_id=BATCH)
    store.shards.release(claim, due=NOW + timedelta(days=1))
    return store, claim.shard_id


def test_a_genuine_webhook_makes_a_look_due_at_once_and_a_repeated_one_nothing(app: App, database_url: str) -> None:
    store, shard_id = running(database_url, app)
    assert app.take_webhook(body(), signed(body()))
    assert store.shards.get(shard_id).next_due_at == app.now()
    (claim,) = store.shards.claim_due(owner="w", now=app.now(), lease_seconds=1, limit=9)
    store.shards.release(claim, due=NOW + timedelta(days=2))
    assert not app.take_webhook(body(), signed(body()))
    assert store.shards.get(shard_id).next_due_at == NOW + timedelta(days=2)
    assert store.shards.get(shard_id).state is ShardState.RUNNING, "what happened is the provider's to say"
    store.close()


def test_a_webhook_about_a_batch_that_nobody_knows_is_taken_and_changes_nothing(app: App, database_url: str) -> None:
    store, shard_id = running(database_url, app)
    payload = body(batch_id="batch_of_somebody_else")
    assert app.take_webhook(payload, signed(payload))
    assert store.shards.get(shard_id).next_due_at == NOW + timedelta(days=1)
    store.close()


@pytest.mark.parametrize(
    ("payload", "headers"),
    [
        pytest.param(body(), signed(body("batch.failed")), id="another-body-was-signed"),
        pytest.param(body(), signed(body(), secret="whsec_" + base64.b64encode(b"x").decode()), id="another-secret"),
        pytest.param(body(), signed(body(), age=301), id="too-old"),
        pytest.param(body(), signed(body(), age=-3000), id="from-the-future"),
        pytest.param(body(), {}, id="unsigned"),
        pytest.param(body("response.completed"), signed(body("response.completed")), id="not-about-a-batch"),
        pytest.param(body(batch_id=7), signed(body(batch_id=7)), id="no-batch-id"),
        pytest.param(b"\xff\xfe", signed(b"\xff\xfe"), id="not-text"),
        pytest.param(b"[]", signed(b"[]"), id="not-an-object"),
        pytest.param(b" " * 70_000, signed(b" " * 70_000), id="too-large"),
    ],
)
def test_e8_what_is_forged_old_or_strange_is_refused_and_leaves_no_trace(
    app: App, database_url: str, payload: bytes, headers: dict[str, str]
) -> None:
    store, shard_id = running(database_url, app)
    with pytest.raises(Refused):
        app.take_webhook(payload, headers)
    assert store.shards.get(shard_id).next_due_at == NOW + timedelta(days=1)
    assert app.take_webhook(body(), signed(body())), "its id was not used up"
    store.close()


def test_without_a_secret_nothing_is_taken(environment: dict[str, str]) -> None:
    del environment["MOSYCHLOS_WEBHOOK_SECRET"]
    opened = build(load(environment), clock=lambda: datetime.now(UTC))
    with pytest.raises(Refused, match="MOSYCHLOS_WEBHOOK_SECRET is not set"):
        opened.take_webhook(body(), signed(body()))
    opened.close()


def test_the_route_answers_and_tells_strangers_nothing(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    wiring.app.clear()
    route = Route("/webhooks/openai", webhooks.webhook, methods=["POST"])
    with TestClient(Starlette(routes=[route])) as client:

        def post(payload: bytes, headers: dict[str, str]) -> tuple[int, Any]:
            answer = client.post("/webhooks/openai", content=payload, headers=headers)
            return answer.status_code, answer.json()["status"]

        assert post(body(), signed(body())) == (200, "taken")
        assert post(body(), signed(body())) == (200, "known")
        assert post(body(), {}) == (400, "refused")
        assert post(b" " * 70_000, {}) == (413, "too large")
        assert client.get("/webhooks/openai").status_code == 405
    wiring.app().close()
    wiring.app.clear()
