"""Single questions teach about parameters as batches do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

from core.domain.analysis import AnalysisRequest, ItemError, Kind, ResultStatus, Usage
from core.domain.trial import Try, TryState
from core.drafts.parameter_lessons import learn_from_try
from core.storage.store import Store

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
REFUSAL = "Unsupported value: 'temperature' does not support 0.2 with this model."


def _tried(**changes: Any) -> Try:
    body = {"model": "gpt-5.4-mini", "messages": [], "temperature": 0.2, "max_completion_tokens": 6000}
    return replace(
        Try(
            try_id="t", created_at=NOW, created_by="ada", state=TryState.DONE, cancel_wish=False, portfolio_id="p",
            request=AnalysisRequest(Kind.RISK, ("p",), "gpt-5.4-mini"), force=False, custom_id="risk-p",
            line=orjson.dumps({"custom_id": "risk-p", "url": "/v1/chat/completions", "body": body}).decode(), text="",
            rounds=1, status=ResultStatus.SUCCEEDED, analysis=None, verification=None, level="", headline="",
            error=None, usage=Usage(100, 0, 900, 0), expected_usd=None, cost_usd=Decimal(0), simulated=False,
            ended_at=NOW, prompt_version="risk/v2", provider_id="here",
        ),
        **changes,
    )  # fmt: skip


def _known(store: Store) -> dict[str, tuple[int, int]]:
    return {
        row.parameter: (row.accepted, row.refused) for row in store.parameters.of("gpt-5.4-mini", provider_id="here")
    }


def test_an_answer_means_its_parameters_were_taken(store: Store) -> None:
    learn_from_try(store, _tried(), at=NOW)
    assert _known(store) == {"temperature": (1, 0), "max_completion_tokens": (1, 0)}


def test_an_answer_that_does_not_say_how_long_it_was_still_took_its_parameters(store: Store) -> None:
    learn_from_try(store, _tried(usage=Usage(), cost_usd=None), at=NOW)
    assert _known(store) == {"temperature": (1, 0), "max_completion_tokens": (1, 0)}


def test_a_refusal_is_kept_with_the_servers_words(store: Store) -> None:
    error = ItemError("provider", REFUSAL, transient=True)
    learn_from_try(store, _tried(usage=Usage(), error=error, status=ResultStatus.FAILED), at=NOW)
    assert _known(store) == {"temperature": (0, 1)}
    assert store.parameters.of("gpt-5.4-mini", provider_id="here")[0].words == REFUSAL


def test_what_was_never_sent_or_broke_off_teaches_nothing(store: Store) -> None:
    learn_from_try(store, _tried(line=""), at=NOW)
    lost = ItemError("answer_lost", "The connection broke.", transient=True)
    learn_from_try(store, _tried(usage=Usage(), error=lost, status=ResultStatus.FAILED), at=NOW)
    assert _known(store) == {}
