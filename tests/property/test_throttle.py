"""Limits a minute hold whatever is asked, and what tools add to a price is never negative."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from core.llm.estimate import assumed_output, estimate
from core.llm.models import find
from core.llm.rounds import multiplied
from core.llm.tool_calls import citations, searches, tool_calls
from core.providers.throttle import MINUTE, Bucket

NOW = datetime(2026, 11, 24, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "message", "tool_calls", "output", "type", "content", "annotations", "function"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.integers(1, 1_000), st.lists(st.tuples(st.integers(1, 1_500), st.floats(0, 30)), min_size=1, max_size=40))
def test_in_no_minute_more_goes_than_a_bucket_and_what_runs_in(a_minute: int, asked: list[tuple[int, float]]) -> None:
    now = 0.0
    bucket = Bucket(a_minute, lambda: now)
    sent: list[tuple[float, int]] = []
    for amount, pause in asked:
        now += pause
        now += bucket.take(amount)
        sent.append((now, amount))
    for start, _ in sent:
        within = [amount for at, amount in sent if start <= at < start + MINUTE]
        # A bucket may be full, a minute runs in, and one request larger than a bucket is let through when it is full.
        assert sum(within) <= 2 * a_minute + max(within) + 1e-6


@given(
    st.integers(1, 5_000), st.integers(100, 50_000), st.integers(2, 8), st.sampled_from(["gpt-5.4-mini", "gpt-6-luna"])
)
def test_rounds_only_ever_add_to_a_price_and_more_rounds_add_more(
    requests: int, tokens: int, rounds: int, model_id: str
) -> None:
    model = find(model_id)
    plain = estimate([tokens] * min(requests, 50), assumed_output(model), model, at=NOW, shards=1, size_bytes=1)
    one, two = multiplied(plain, rounds, at=NOW), multiplied(plain, rounds + 1, at=NOW)
    assert plain.low_usd is not None
    assert plain.expected_usd is not None
    assert one.expected_usd is not None
    assert one.high_usd is not None
    assert two.high_usd is not None
    assert plain.low_usd == one.low_usd
    assert plain.expected_usd < one.expected_usd <= one.high_usd < two.high_usd
    assert one.input_tokens >= 2 * plain.input_tokens


@given(JSON)
def test_any_body_is_read_for_calls_without_failing(body: object) -> None:
    for call in tool_calls(body):
        assert isinstance(call.arguments, str)
    assert all(one.start >= 0 for one in citations(body))
    assert all(isinstance(query, str) for query in searches(body))
