"""The provider's JSON: odd shapes are read, missing ones are not made up."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from core.domain.analysis import Usage
from core.domain.batch import ENDED, BatchCounts, BatchProblem
from core.providers import shapes
from core.providers.streaming import Assembler

BATCH: dict[str, Any] = {"id": "batch_1", "status": "in_progress", "created_at": 1_790_000_000}


def test_a_batch_of_the_least_fields_is_read() -> None:
    batch = shapes.batch(BATCH)
    assert (batch.batch_id, batch.counts, batch.metadata, batch.expires_at) == ("batch_1", BatchCounts(), {}, None)
    assert batch.created_at == datetime.fromtimestamp(1_790_000_000, UTC)


def test_a_status_never_seen_before_is_kept() -> None:
    assert shapes.batch(BATCH | {"status": "paused"}).status == "paused"


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, None),
        ("many", None),
        (
            {
                "input_tokens": 50,
                "input_tokens_details": {"cached_tokens": 9},
                "output_tokens": 7,
                "output_tokens_details": {"reasoning_tokens": 3},
                "total_tokens": 57,
            },
            Usage(50, 9, 7, 3),
        ),
        ({"input_tokens": 50, "input_tokens_details": None, "output_tokens": 7}, Usage(50, 0, 7, 0)),
        ({"input_tokens": 5, "input_tokens_details": {"cached_tokens": 9}, "output_tokens": 7}, Usage(5, 0, 7, 0)),
        ({"input_tokens": 5, "output_tokens": -7}, None),
        ({"input_tokens": 50, "output_tokens": 0}, None),
        ({"input_tokens": 50.0, "output_tokens": "7"}, Usage(50, 0, 7, 0)),
        ({"total_tokens": 57}, None),
        ({"input_tokens": 50, "output_tokens": 7, "total_tokens": 60}, Usage(50, 0, 10, 0)),
        ({}, None),
        ({"prompt_tokens": 50, "completion_tokens": 7}, Usage(50, 0, 7, 0)),
    ],
)
def test_what_the_provider_counts_for_a_whole_batch_is_read_where_it_says_so(
    usage: Any, expected: Usage | None
) -> None:
    counted = shapes.batch(BATCH | {"usage": usage}).counted
    assert (counted and counted.usage) == expected


@pytest.mark.parametrize("nothing", ["", None])
def test_an_empty_file_id_is_no_file(nothing: str | None) -> None:
    batch = shapes.batch(BATCH | {"output_file_id": nothing, "error_file_id": nothing})
    assert (batch.output_file_id, batch.error_file_id) == (None, None)


@pytest.mark.parametrize(
    ("errors", "problems"),
    [
        (None, ()),
        ({"object": "list", "data": None}, ()),
        ({"object": "list", "data": []}, ()),
        (
            {"object": "list", "data": [{"code": "invalid_url", "message": "No.", "line": 3, "param": "url"}]},
            (BatchProblem("invalid_url", "No.", 3, "url"),),
        ),
        ([{"code": "x", "message": "y", "line": "3"}], (BatchProblem("x", "y"),)),
        ({"code": "x", "message": "y"}, (BatchProblem("x", "y"),)),
        ("it broke", (BatchProblem("", "it broke"),)),
    ],
)
def test_errors_come_in_several_shapes(errors: Any, problems: tuple[BatchProblem, ...]) -> None:
    assert shapes.batch(BATCH | {"errors": errors}).problems == problems


@pytest.mark.parametrize("counts", [None, {}, {"total": None}, "many"])
def test_counts_may_be_missing(counts: Any) -> None:
    assert shapes.batch(BATCH | {"request_counts": counts}).counts == BatchCounts()


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "page",
        {},
        {"error": {"message": "no"}},
        BATCH | {"id": ""},
        BATCH | {"id": ".."},
        BATCH | {"id": "a b"},
        {"id": "req_1", "error": {"message": "no"}},
    ],
)
def test_what_is_no_batch_is_not_taken_for_one(document: Any) -> None:
    with pytest.raises(shapes.Malformed):
        shapes.batch(document)


@pytest.mark.parametrize("stated", [None, "today", 1e300, -5, True, {"seconds": 1}])
def test_a_batch_that_does_not_say_when_it_was_made_was_made_when_it_was_first_seen(stated: Any) -> None:
    seen = datetime(2026, 11, 30, tzinfo=UTC)
    assert shapes.batch(BATCH | {"created_at": stated}, seen_at=seen).created_at == seen


def test_a_batch_without_a_status_goes_on() -> None:
    assert shapes.batch({"id": "batch_1"}).status not in ENDED


def test_words_are_compared_in_lower_case_and_with_the_usual_spelling() -> None:
    assert [shapes.batch(BATCH | {"status": word}).status for word in ("Completed", " CANCELED ", "canceling")] == [
        "completed", "cancelled", "cancelling",
    ]  # fmt: skip


def test_shutdown_dates_that_are_no_dates_are_unknown() -> None:
    data = [
        {"id": "a", "shutdown_date": "2027-01-14"},
        {"id": "b", "shutdown_date": "soon"},
        {"id": "c"},
        {"object": "model"},
    ]
    assert shapes.shutdown_dates({"data": data}) == {"a": date(2027, 1, 14), "b": None, "c": None}


def test_tool_calls_in_pieces_are_put_together() -> None:
    assembler = Assembler.for_endpoint("/v1/chat/completions")
    deltas: list[dict[str, Any]] = [
        {"tool_calls": [{"index": 0, "id": "call_1", "function": {"name": "lookup", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"a":'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]},
    ]
    for delta in deltas:
        assert list(assembler.add({"id": "c", "choices": [{"index": 0, "delta": delta}]})) == []
    assert list(assembler.add({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})) == []
    message = assembler.result()["choices"][0]["message"]
    assert message["tool_calls"][0]["function"] == {"name": "lookup", "arguments": '{"a":1}'}
    assert message["content"] is None


@pytest.mark.parametrize("endpoint", ["/v1/chat/completions", "/v1/responses"])
def test_a_stream_that_stops_early_is_no_answer(endpoint: str) -> None:
    assembler = Assembler.for_endpoint(endpoint)
    list(assembler.add({"choices": [{"index": 0, "delta": {"content": "half"}}]}))
    list(assembler.add({"type": "response.output_text.delta", "delta": "half"}))
    with pytest.raises(shapes.Malformed, match="ended before"):
        assembler.result()
