"""Downloads that crawl, and answers that break their schema in any way. Rows D3 and D10 of the fault table."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain.actor import LOCAL
from core.domain.analysis import ResultStatus
from core.domain.job import JobState, ShardState
from core.providers.openai_provider import OpenAIProvider
from tests.faults.staging import KEY, House, Meddler
from tests.local_provider import LocalProvider

CONTENT = "GET /v1/files/{id}/content"


@pytest.mark.parametrize(
    ("patience", "said"),
    [
        pytest.param({"download_deadline_seconds": 0.4}, "was not complete after", id="D3-the-overall-deadline"),
        # A clock that runs forty times as fast is past the slow start within a moment.
        pytest.param(
            {"clock": lambda: 40 * time.monotonic(), "min_bytes_per_second": 100_000},
            "bytes per second; at least 100,000 are needed",
            id="D3-the-slowest-rate",
        ),
    ],
)
def test_a_download_that_crawls_is_given_up_and_begun_again(
    house: House, local: LocalProvider, patience: dict[str, Any], said: str
) -> None:
    """No single read is ever silent for long, so the time limit of a read alone would wait for ever."""
    local.set_faults({"http": {CONTENT: {"1": {"kind": "slow_download", "rate": 20_000}}}})
    job_id = house.submit(6)
    house.run(job_id, to=ShardState.RUNNING)
    hasty = OpenAIProvider(KEY, local.base_url, timeout_seconds=2, **patience)
    begun = time.monotonic()
    house.run(job_id, to=ShardState.COLLECTING, context=house.context(provider=hasty))
    hasty.close()
    assert time.monotonic() - begun < 5
    assert house.shard(job_id).state is ShardState.COLLECTING
    assert said in house.shard(job_id).message
    assert house.run(job_id) is JobState.DONE
    assert local.calls(CONTENT) == 2
    house.check(job_id, batches=1)


Place = tuple[Any, ...]


def _places(document: Any, at: Place = ()) -> list[Place]:
    """The way to every value in a JSON document, its root left out."""
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [place for key, value in inner for place in ((*at, key), *_places(value, (*at, key)))]


def _without(document: Any, place: Place) -> None:
    holder = _holder(document, place)
    if isinstance(holder, dict):
        del holder[place[-1]]
    else:
        holder[place[-1]] = {"no": "such part"}


def _another_type(document: Any, place: Place) -> None:
    _holder(document, place)[place[-1]] = [[0]]


def _one_more(document: Any, place: Place) -> None:
    holder = _holder(document, place)
    (holder if isinstance(holder, dict) else document)["extra"] = "unasked"


def _not_finite(document: Any, place: Place) -> None:
    _holder(document, place)[place[-1]] = {"value": "1e999"}


def _holder(document: Any, place: Place) -> Any:
    for key in place[:-1]:
        document = document[key]
    return document


BREAKS: dict[str, Callable[[Any, Place], None]] = {
    "without": _without,
    "another type": _another_type,
    "one more": _one_more,
    "not a number": _not_finite,
}
"""Ways to break an answer at a place, each of which the schema forbids everywhere."""

TEXTS = st.sampled_from(["", "null", "[]", "true", "{}", "{", "0", '"text"', "{}{}", "\x00", "﻿", "[" * 5000])
"""Answers that are no answer at all."""


def _mutated(line: bytes, change: Callable[[str], str]) -> bytes:
    document = orjson.loads(line)
    message = document["response"]["body"]["choices"][0]["message"]
    message["content"] = change(message["content"])
    return orjson.dumps(document)


@given(data=st.data())
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_d10_an_answer_that_breaks_its_schema_ends_as_invalid_and_is_kept_as_it_came(
    house: House, local: LocalProvider, data: st.DataObject
) -> None:
    local.set_faults()
    job_id = house.submit(6)

    def download(file_id: str, to: Path) -> int:
        house.provider.download(file_id, to)
        broken = [_mutated(line, lambda text: _broken(text, data)) for line in to.read_bytes().splitlines()]
        to.write_bytes(b"".join(line + b"\n" for line in broken))
        return to.stat().st_size

    assert house.run(job_id, context=house.context(provider=Meddler(house.provider, download=download)))
    assert house.job(job_id).row.state is JobState.FAILED
    items = house.items(job_id).values()
    assert {item.status for item in items} <= {ResultStatus.INVALID, ResultStatus.FAILED}
    for item in items:
        assert item.analysis is None
        assert item.error is not None
        assert item.cost_usd is not None, "it was answered, so it was paid"
        raw = house.service().raw_answer(LOCAL, job_id, item.custom_id)
        assert raw is not None
        assert raw["custom_id"] == item.custom_id, "the provider's own line is kept"
    house.check(job_id, batches=1)


def _broken(text: str, data: st.DataObject) -> str:
    if data.draw(st.integers(0, 3), label="no answer at all when 0") == 0:
        return data.draw(TEXTS)
    document = copy.deepcopy(orjson.loads(text))
    place = data.draw(st.sampled_from(_places(document)), label="place")
    BREAKS[data.draw(st.sampled_from(sorted(BREAKS)), label="how")](document, place)
    return orjson.dumps(document).decode()
