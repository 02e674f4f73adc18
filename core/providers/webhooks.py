"""Webhooks of the provider: whether one is genuine, and which batch it is about."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Final

import orjson

from core.domain.batch import Hint
from core.errors import Refused

if TYPE_CHECKING:
    import openai

TOLERANCE_SECONDS: Final = 300
"""How far a webhook's own time may lie from ours on either side: an old one may be somebody's copy."""

MAX_BYTES: Final = 64 * 1024
"""A webhook carries an id and little else."""


def verified(body: bytes, headers: Mapping[str, str], secret: str) -> Hint:
    """The hint in a webhook whose signature and time are right.

    Raises:
        Refused: It is forged, too old, too large, or about something else than a batch.
    """
    if len(body) > MAX_BYTES:
        raise Refused(f"The webhook has {len(body):,} bytes; at most {MAX_BYTES:,} are read.")
    try:
        _client().webhooks.verify_signature(body, dict(headers), secret=secret, tolerance=TOLERANCE_SECONDS)
    except ValueError as error:  # a wrong signature, a missing header, or a body that is no text
        raise Refused(f"The webhook is not genuine: {error}") from None
    try:
        document = orjson.loads(body)
        event, batch_id = document["type"], document["data"]["id"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise Refused("The webhook does not say what it is about.") from None
    if not isinstance(event, str) or not event.startswith("batch.") or not isinstance(batch_id, str):
        raise Refused(f"The webhook is about '{event}', not about a batch.")
    webhook_id = next(value for name, value in headers.items() if name.lower() == "webhook-id")
    return Hint(webhook_id, event, batch_id)


@cache
def _client() -> openai.OpenAI:
    import openai

    # It calls nobody: the SDK keeps its check of signatures on a client.
    return openai.OpenAI(api_key="none", base_url="https://127.0.0.1:1/v1")
