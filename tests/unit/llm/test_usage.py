"""What a usage object says, however it is written; contradictions are read the dearer way, and nothing is ever 0."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.analysis import Usage
from core.domain.cost import Price
from core.llm.pricing import cost
from core.llm.usage import count, read_usage

PRICE = Price(Decimal("0.375"), Decimal("0.0375"), Decimal("2.25"), "test", cache_write=Decimal("0.46875"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3843, 3843),
        (3843.0, 3843),
        ("3843", 3843),
        (" 3843.0 ", 3843),
        ("3,843", 3843),
        (0, 0),
        (True, None),
        (-1, None),
        ("-1", None),
        (3843.5, None),
        (math.nan, None),
        (math.inf, None),
        (10**15, None),
        ("10000000000", None),
        ("many", None),
        ("", None),
        ([], None),
        (None, None),
    ],
)
def test_a_count_is_read_however_it_is_written_and_what_is_none_is_none(value: object, expected: int | None) -> None:
    assert count(value) == expected


@pytest.mark.parametrize("write", [int, float, str])
@pytest.mark.parametrize("names", [("prompt", "completion"), ("input", "output")])
def test_both_endpoints_shapes_are_read_whatever_the_counts_are_written_as(write: Any, names: tuple[str, str]) -> None:
    into, out = names
    told = read_usage(
        {
            f"{into}_tokens": write(1200),
            f"{into}_tokens_details": {"cached_tokens": write(1024), "cache_write_tokens": write(100)},
            f"{out}_tokens": write(400),
            f"{out}_tokens_details": {"reasoning_tokens": write(64)},
            "total_tokens": write(1600),
        }
    )
    assert (told.usage, told.cache_write_tokens, told.note) == (Usage(1200, 1024, 400, 64), 100, "")


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        [],
        "lots",
        {"total_tokens": 1600},
        {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        {"prompt_tokens": None, "completion_tokens": None},
        {"prompt_tokens": 1200},
        {"completion_tokens": 400},
        {"prompt_tokens": -1200, "completion_tokens": 400},
        {"prompt_tokens": True, "completion_tokens": 400},
        {"prompt_tokens": math.nan, "completion_tokens": 400},
        {"prompt_tokens": "many", "completion_tokens": 400},
    ],
)
def test_a_usage_that_does_not_say_both_counts_says_nothing(usage: object) -> None:
    assert read_usage(usage).usage is None


def test_one_count_follows_from_the_total_and_the_other() -> None:
    assert read_usage({"prompt_tokens": 1200, "total_tokens": 1600}).usage == Usage(1200, 0, 400, 0)
    assert read_usage({"output_tokens": 400, "total_tokens": 1600}).usage == Usage(1200, 0, 400, 0)
    assert read_usage({"output_tokens": 400, "total_tokens": 300}).usage is None


def chat(read: dict[str, Any] | None = None, written: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    details = {"prompt_tokens_details": read, "completion_tokens_details": written}
    return {"prompt_tokens": 10, "completion_tokens": 5, **details, **more}


@pytest.mark.parametrize(
    ("usage", "expected", "writes"),
    [
        (chat({"cached_tokens": 11}), (10, 0, 5, 0), 0),
        (chat({"cached_tokens": 8, "cache_write_tokens": 4}), (10, 6, 5, 0), 4),
        (chat({"cache_write_tokens": 14}), (10, 0, 5, 0), 10),
        (chat(None, {"reasoning_tokens": 7}), (10, 0, 12, 7), 0),
        (chat(total_tokens=40), (10, 0, 30, 0), 0),
        (chat(total_tokens=4), (10, 0, 5, 0), 0),
        (chat(input_tokens=12, output_tokens=4), (12, 0, 5, 0), 0),
        (chat({"cached_tokens": -3}), (10, 0, 5, 0), 0),
        (chat({"cached_tokens": math.nan}), (10, 0, 5, 0), 0),
    ],
)
def test_a_contradiction_is_read_the_dearer_way_and_told(
    usage: dict[str, Any], expected: tuple[int, int, int, int], writes: int
) -> None:
    told = read_usage(usage)
    assert told.usage == Usage(*expected)
    assert told.cache_write_tokens == writes
    assert told.note


def test_details_that_are_not_given_are_no_contradiction() -> None:
    told = read_usage({"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": None})
    assert (told.usage, told.note) == (Usage(10, 0, 5, 0), "")


odd = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 3000), st.floats(), st.integers(0, 3000).map(str), st.text(max_size=4)
)
details = st.one_of(
    st.none(), st.dictionaries(st.sampled_from(["cached_tokens", "cache_write_tokens", "reasoning_tokens"]), odd)
)
usages = st.dictionaries(
    st.sampled_from(["prompt_tokens", "completion_tokens", "input_tokens", "output_tokens", "total_tokens"]), odd
)


@given(usages, details, details)
def test_whatever_is_said_parts_fit_into_their_whole_and_cost_no_less_than_what_is_plain(
    usage: dict[str, Any], read: dict[str, Any] | None, written: dict[str, Any] | None
) -> None:
    told = read_usage({**usage, "prompt_tokens_details": read, "completion_tokens_details": written})
    if told.usage is None:
        return
    found = told.usage
    assert 0 <= found.cached_tokens + told.cache_write_tokens <= found.input_tokens
    assert 0 <= found.reasoning_tokens <= found.output_tokens
    assert found.input_tokens + found.output_tokens > 0
    spent = cost(PRICE, found, cache_write_tokens=told.cache_write_tokens)
    for into in ("prompt_tokens", "input_tokens"):
        for out in ("completion_tokens", "output_tokens"):
            least = Usage(count(usage.get(into)) or 0, found.cached_tokens, count(usage.get(out)) or 0, 0)
            if least.cached_tokens <= least.input_tokens:
                assert spent >= cost(PRICE, least)
    total = count(usage.get("total_tokens"))
    assert total is None or found.input_tokens + found.output_tokens >= total
