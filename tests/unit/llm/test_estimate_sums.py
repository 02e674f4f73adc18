"""What an estimate adds up: lengths of answers, long inputs, shares of the cache, and limits met exactly."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from core.domain.analysis import Kind, Usage
from core.llm.estimate import SLOTS_TEXT, OutputSpread, TokenCounts, assumed_output, completion_time, estimate
from core.llm.models import find
from core.llm.pricing import cost, price

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
SPREAD = OutputSpread(1_000, 2_000, 4_000)
MINI = find("gpt-5.4-mini")
DOCS = Path(__file__).parents[3] / "docs" / "models.md"


@pytest.mark.parametrize("kind", [Kind.RISK, Kind.PERFORMANCE, Kind.COMPLIANCE, Kind.INVESTMENT_RESEARCH, None])
def test_the_documentation_names_the_lengths_that_are_assumed(kind: Kind | None) -> None:
    text = " ".join(DOCS.read_text("utf-8").split())
    spread = assumed_output(MINI, kind=kind)
    named = kind.value if kind in {Kind.RISK, Kind.PERFORMANCE, Kind.COMPLIANCE} else "every other analysis"
    assert f"{named} {spread.expected:,} " in text
    assert f"{spread.expected:,} {'tokens ' if kind is Kind.RISK else ''}({spread.low:,} to {spread.high:,})" in text


@pytest.mark.parametrize(
    ("effort", "thinking"),
    [
        ("none", (0, 0, 0)),
        ("minimal", (50, 200, 800)),
        ("low", (300, 900, 2_500)),
        ("medium", (900, 2_500, 7_000)),
        ("high", (2_000, 6_000, 18_000)),
        ("xhigh", (4_000, 12_000, 36_000)),
        ("max", (7_000, 20_000, 60_000)),
    ],
)
def test_thinking_comes_on_top_of_the_text(effort: str, thinking: tuple[int, int, int]) -> None:
    text = assumed_output(MINI, "none")
    found = assumed_output(MINI, effort)
    assert (found.low - text.low, found.expected - text.expected, found.high - text.high) == thinking


def test_without_an_effort_a_model_thinks_as_it_does_by_itself_and_a_reasoning_one_at_least_medium() -> None:
    silent = replace(MINI, default_effort=None, model_class="standard")
    assert assumed_output(silent) == assumed_output(silent, "none")
    assert assumed_output(replace(silent, model_class="reasoning")) == assumed_output(silent, "medium")
    assert assumed_output(replace(silent, default_effort="high")) == assumed_output(silent, "high")


def test_no_answer_is_longer_than_its_cap_or_than_the_model_writes() -> None:
    assert assumed_output(MINI, "none", 3_000) == OutputSpread(2_140, 3_000, 3_000)
    short = replace(MINI, max_output=2_000)
    assert assumed_output(short, "none") == OutputSpread(2_000, 2_000, 2_000)
    assert assumed_output(short, "none", 2_500) == OutputSpread(2_140, 2_500, 2_500)
    assert assumed_output(replace(MINI, max_output=None), "none") == OutputSpread(2_140, 3_180, 4_210)


def test_hours_follow_the_class_and_a_mix_has_its_own() -> None:
    found = [completion_time(classes) for classes in (["standard"], ["reasoning"], ["reasoning", "standard"])]
    assert found == ["2-8 h", "6-16 h", "4-12 h"]


def test_sums_give_the_same_estimate_as_the_requests_themselves() -> None:
    counts = TokenCounts(MINI, SPREAD, AT, region="")
    for tokens in (3_000, 5_000):
        counts.add(tokens)
    assert (counts.requests, counts.total, counts.longest) == (2, 8_000, 5_000)
    by_sums = estimate(counts, SPREAD, MINI, at=AT, shards=3, size_bytes=10)
    assert by_sums == estimate([3_000, 5_000], SPREAD, MINI, at=AT, shards=3, size_bytes=10)
    assert (by_sums.shards, by_sums.bytes, by_sums.model_class) == (3, 10, "standard")


def test_sums_know_their_region_themselves() -> None:
    counts = TokenCounts(MINI, SPREAD, AT, region="eu")
    counts.add(3_000)
    raised = estimate(counts, SPREAD, MINI, at=AT, shards=1, size_bytes=1)
    assert raised == estimate([3_000], SPREAD, MINI, at=AT, shards=1, size_bytes=1, region="eu")
    assert raised.region == "eu"


@pytest.mark.parametrize("model_id", ["gpt-5.4", "o1-mini"])
def test_a_request_is_long_above_the_bound_of_the_prices_and_not_at_it(model_id: str) -> None:
    model = find(model_id)
    prices = price(model_id, batch=True, at=AT) or price(model_id, batch=False, at=AT)
    assert prices is not None
    counts = TokenCounts(model, SPREAD, AT, region="")
    for tokens in (272_000, 272_001, 300_000):
        counts.add(tokens)
    above = None if prices.long_input is None else prices.long_input.above_tokens
    assert (counts.long_requests, counts.long_total) == ((2, 572_001) if above == 272_000 else (0, 0))


def test_what_fills_a_model_exactly_fits_it() -> None:
    tight = replace(MINI, max_input=1_000, context_window=6_000)
    found = estimate([1_000, 900], SPREAD, tight, at=AT, shards=1, size_bytes=1)
    assert not any("longer than" in warning or "cut off" in warning for warning in found.warnings)
    exact = replace(MINI, max_input=None, context_window=5_000)
    assert estimate([1_000], SPREAD, exact, at=AT, shards=1, size_bytes=1).warnings == ()


def test_all_that_are_too_long_or_too_tight_are_counted() -> None:
    small = replace(MINI, max_input=1_000, context_window=5_000)
    (warning,) = estimate([1_001, 2_000, 900], SPREAD, small, at=AT, shards=1, size_bytes=1).warnings
    assert warning.startswith("2 of 3 requests are longer than the 1,000 input tokens that gpt-5.4-mini takes")
    assert "(the longest has 2,000)" in warning
    window = replace(MINI, max_input=9_000, context_window=5_000)
    (warning,) = estimate([1_001, 2_000, 900], SPREAD, window, at=AT, shards=1, size_bytes=1).warnings
    assert warning.startswith("2 of 3 requests leave less room than a long answer needs in the 5,000 tokens")


def test_a_model_without_published_limits_warns_of_none() -> None:
    unknown = replace(MINI, max_input=None, context_window=None)
    assert estimate([10**7], SPREAD, unknown, at=AT, shards=1, size_bytes=1).warnings == ()


def test_history_of_the_cache_gives_each_figure_its_own_share() -> None:
    found = estimate(
        [1_000_000], SPREAD, MINI, at=AT, shards=1, size_bytes=1, cached_share=0.5, cached_range=(0.2, 0.8)
    )
    batch, sync = price("gpt-5.4-mini", batch=True, at=AT), price("gpt-5.4-mini", batch=False, at=AT)
    assert batch is not None
    assert sync is not None

    def whole(rates: object, cached: int, output: int) -> Decimal:
        return cost(rates, Usage(1_000_000, cached, output), long=False)  # type: ignore[arg-type]  # a price

    assert found.low_usd == whole(batch, 800_000, SPREAD.low)
    assert found.expected_usd == whole(batch, 500_000, SPREAD.expected)
    assert found.high_usd == whole(batch, 200_000, SPREAD.high)
    assert found.sync_usd == whole(sync, 500_000, SPREAD.expected)


def test_one_share_of_the_cache_serves_all_figures_where_no_range_is_known() -> None:
    found = estimate([1_000_000], SPREAD, MINI, at=AT, shards=1, size_bytes=1, cached_share=0.5)
    assert found.low_usd == Decimal("0.20625") + 1_000 * Decimal("2.25e-6")
    assert found.high_usd == Decimal("0.20625") + 4_000 * Decimal("2.25e-6")


def test_what_is_written_to_the_cache_is_dearer_only_at_the_high_end_and_only_what_is_not_read_from_it() -> None:
    luna = find("gpt-6-luna")
    rates = price("gpt-6-luna", batch=True, at=AT)
    assert rates is not None
    assert rates.cache_write is not None
    assert rates.cached_input is not None
    found = estimate([100_000], SPREAD, luna, at=AT, shards=1, size_bytes=1, cached_share=0.25)
    high = 75_000 * rates.cache_write + 25_000 * rates.cached_input + 4_000 * rates.output
    expected = 75_000 * rates.input + 25_000 * rates.cached_input + 2_000 * rates.output
    assert (found.high_usd, found.expected_usd) == (high / 1_000_000, expected / 1_000_000)


def test_learned_shares_are_kept_to_the_billionth_and_counted_tokens_exactly() -> None:
    learned = estimate([7], SPREAD, MINI, at=AT, shards=1, size_bytes=1, input_factor=1.0123456)
    assert learned.expected_usd == (7 * Decimal("1.0123456") * Decimal("0.375") / 10**6).quantize(
        Decimal("1e-9")
    ) + Decimal("0.0045")
    shared = estimate([7], SPREAD, MINI, at=AT, shards=1, size_bytes=1, cached_share=0.123456)
    assert shared.expected_usd is not None
    assert shared.expected_usd.as_tuple().exponent == -9
    exact = estimate([7], SPREAD, MINI, at=AT, shards=1, size_bytes=1)
    assert exact.expected_usd == cost(price("gpt-5.4-mini", batch=True, at=AT), Usage(7, 0, 2_000))  # type: ignore[arg-type]  # a price


def test_long_and_short_requests_are_each_charged_at_their_own_rates() -> None:
    model = find("gpt-5.4")
    rates = price("gpt-5.4", batch=True, at=AT)
    assert rates is not None
    counts = [1_000, 300_000, 400_000]
    found = estimate(counts, SPREAD, model, at=AT, shards=1, size_bytes=1)
    for figure, output in ((found.low_usd, SPREAD.low), (found.high_usd, SPREAD.high)):
        assert figure == sum(cost(rates, Usage(tokens, 0, output)) for tokens in counts)


def test_nothing_is_estimated_and_nothing_is_free_where_the_price_is_unknown() -> None:
    found = estimate([1_000], SPREAD, find("gpt-6.2-sol"), at=AT, shards=1, size_bytes=1, region="eu")
    assert (found.expected_usd, found.uplift_usd, found.output_tokens) == (None, None, 2_000)


def test_counted_tokens_are_never_rounded_to_money() -> None:
    raised = price("gpt-5.4-mini", batch=True, at=AT, region="eu")
    assert raised is not None
    found = estimate([7], SPREAD, MINI, at=AT, shards=1, size_bytes=1, region="eu")
    assert found.expected_usd == cost(raised, Usage(7, 0, 2_000)) == Decimal("0.0049528875")


def test_an_answer_that_names_facts_instead_of_stating_them_has_its_own_length() -> None:
    plain, named = (assumed_output(MINI, "low", slots=slots) for slots in (False, True))
    assert (named.low, named.expected, named.high) == tuple(
        round(SLOTS_TEXT * (text - thinking)) + thinking
        for text, thinking in zip((plain.low, plain.expected, plain.high), (300, 900, 2_500), strict=True)
    )
    assert SLOTS_TEXT != 1
