"""Estimates: counted input, assumed output, honest about what is not known."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from core.domain.analysis import Kind, Usage
from core.domain.cost import Estimate
from core.llm.estimate import OutputSpread, asks_for_slots, assumed_output, assumption, completion_time, estimate
from core.llm.models import find
from core.llm.pricing import cost, price
from core.llm.prompts import PromptLibrary
from core.llm.rounds import multiplied
from core.llm.tokens import counter

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
SPREAD = OutputSpread(1_000, 2_000, 4_000)


def _estimate(model_id: str, counts: list[int], effort: str | None = None) -> Estimate:
    return estimate(counts, SPREAD, find(model_id), at=AT, shards=1, size_bytes=10, effort=effort)


def test_the_figures_are_counts_times_prices() -> None:
    found = _estimate("gpt-5.4-mini", [3_000, 5_000])
    assert (found.requests, found.input_tokens, found.output_tokens) == (2, 8_000, 4_000)
    assert found.low_usd == Decimal("0.0075")
    assert found.expected_usd == Decimal("0.012")
    assert found.high_usd == Decimal("0.021")
    assert found.sync_usd == Decimal("0.024")
    assert found.savings_usd == Decimal("0.012")
    assert found.model_mix == {"gpt-5.4-mini": 2}
    assert found.price_source == "genai-prices 0.2.3 (as of 2026-11-24)"
    assert found.warnings == ()


def test_the_high_end_takes_all_input_as_written_to_the_cache_where_that_costs_more() -> None:
    found, batch = _estimate("gpt-6-luna", [100_000]), price("gpt-6-luna", batch=True, at=AT)
    assert batch is not None
    assert batch.cache_write is not None
    assert batch.cache_write > batch.input
    low, high = Usage(100_000, 0, SPREAD.low), Usage(100_000, 0, SPREAD.high)
    assert found.low_usd == cost(batch, low)
    assert found.high_usd == cost(batch, high, cache_write_tokens=100_000)


def test_an_estimate_is_the_sum_of_the_costs_of_its_requests() -> None:
    counts = [100, 272_000, 272_001, 500_000]
    batch = price("gpt-5.4", batch=True, at=AT)
    assert batch is not None
    assert _estimate("gpt-5.4", counts).expected_usd == sum(cost(batch, Usage(n, 0, SPREAD.expected)) for n in counts)


def test_an_unknown_price_leaves_no_figure_and_says_so() -> None:
    found = _estimate("gpt-6.2-sol", [3_000])
    assert (found.low_usd, found.expected_usd, found.high_usd, found.sync_usd, found.savings_usd) == (None,) * 5
    assert any("price of model 'gpt-6.2-sol' is not known" in warning for warning in found.warnings)


def test_a_missing_batch_price_is_not_replaced_by_the_synchronous_one() -> None:
    found = _estimate("o1-mini", [3_000])
    assert found.expected_usd is None
    assert found.sync_usd is not None
    assert any("No batch price is published" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("model_id", "effort", "hours"),
    [
        ("gpt-5.4-mini", None, "2-8 h"),
        ("gpt-5.4-mini", "high", "6-16 h"),
        ("gpt-6-sol", None, "6-16 h"),
        ("o3", None, "6-16 h"),
    ],
)
def test_the_time_follows_the_class(model_id: str, effort: str | None, hours: str) -> None:
    assert _estimate(model_id, [1], effort).completion_time == hours


def test_a_mix_of_classes_takes_a_time_of_its_own() -> None:
    assert completion_time(["standard", "reasoning"]) == "4-12 h"
    assert completion_time(["standard", "standard"]) == "2-8 h"


def test_a_nearing_shutdown_and_repeated_notes_are_told_once() -> None:
    found = estimate(
        [1], SPREAD, find("gpt-5-mini"), at=AT, shards=1, size_bytes=10, notes=("temperature was left out",) * 3
    )
    assert len(found.warnings) == 2
    assert "2026-12-11" in found.warnings[1]


def test_requests_longer_than_the_model_takes_are_told() -> None:
    (warning,) = _estimate("gpt-4o", [1_000, 200_000]).warnings
    assert "1 of 2 requests are longer than the 128,000 input tokens that gpt-4o takes" in warning
    (warning,) = _estimate("gpt-4o", [1_000, 127_000]).warnings
    assert "answers may be cut off" in warning


def test_assumed_answers_grow_with_the_effort_and_end_at_the_cap() -> None:
    spreads = [assumed_output(find("gpt-5.4"), effort) for effort in ("none", "low", "medium", "high", "xhigh")]
    for spread in spreads:
        assert spread.low < spread.expected < spread.high
    assert [s.expected for s in spreads] == sorted({s.expected for s in spreads})
    assert assumed_output(find("gpt-5.4")) == spreads[0]
    assert assumed_output(find("gpt-5")).expected > assumed_output(find("gpt-5.4")).expected
    assert assumed_output(find("gpt-5"), "high", 6_000) == OutputSpread(4_140, 6_000, 6_000)
    assert assumed_output(find("gpt-99")).high > 4_000


MEASURED = {
    Kind.RISK: (2_649, 2_818),
    Kind.PERFORMANCE: (3_717, 3_759),
    Kind.COMPLIANCE: (2_868, 3_245),
}
"""Tokens of good answers, by analysis."""


@pytest.mark.parametrize("kind", list(Kind))
def test_good_answers_lie_within_what_is_assumed_of_them_and_around_what_is_expected(kind: Kind) -> None:
    spread = assumed_output(find("gpt-5.4-mini"), kind=kind)
    seen = MEASURED.get(kind, (2_344, *(n for lengths in MEASURED.values() for n in lengths)))
    assert spread.low < min(seen) <= max(seen) < spread.high
    assert kind not in MEASURED or abs(spread.expected - sum(seen) / len(seen)) < 10
    assert f"{spread.low:,} to {spread.high:,} tokens" in assumption(spread)
    slots = assumed_output(find("gpt-5.4-mini"), kind=kind, slots=True)
    assert "half of the good ones" not in assumption(spread)
    assert "half of the good ones" in assumption(slots)  # nobody has measured those by themselves


def test_the_lengths_that_are_assumed_were_counted(shared_data: Path) -> None:
    count = counter("o200k_base").count
    for path in sorted((shared_data / "written-answers").glob("*.json")):
        answer = json.loads(path.read_text("utf-8"))
        if path.name.endswith(".wrong.json"):
            continue
        tokens = count(json.dumps(answer, ensure_ascii=False, separators=(",", ":")))
        assert tokens in MEASURED[Kind(answer["analysis_type"])], path.name


def test_data_residency_is_part_of_every_figure_and_a_line_of_its_own() -> None:
    def found(model: str, region: str) -> Estimate:
        return estimate(
            [5_070], OutputSpread(900, 1_500, 2_600), find(model), at=AT, shards=1, size_bytes=1, region=region
        )

    plain, raised = found("gpt-5.4-mini", ""), found("gpt-5.4-mini", "eu")
    assert (plain.expected_usd, plain.uplift_usd) == (Decimal("0.00527625"), None)
    assert raised.expected_usd == Decimal("0.005803875")
    assert raised.uplift_usd == Decimal("0.000527625")
    for name in ("low_usd", "high_usd", "sync_usd"):
        assert getattr(raised, name) == getattr(plain, name) * Decimal("1.1")
    old = found("gpt-5.2", "eu")
    assert (old.expected_usd, old.uplift_usd) == (found("gpt-5.2", "").expected_usd, None)


def test_rounds_of_tools_carry_the_uplift_and_name_what_searches_are_charged() -> None:
    found = estimate([5_070], SPREAD, find("gpt-5.4-mini"), at=AT, shards=1, size_bytes=1, region="eu")
    more = multiplied(found, 3, at=AT, tools=("web_search",))
    plain = multiplied(_estimate("gpt-5.4-mini", [5_070]), 3, at=AT)
    assert plain.expected_usd is not None
    assert more.expected_usd == plain.expected_usd * Decimal("1.1")
    assert more.uplift_usd == plain.expected_usd / 10
    assert any("Each web search is charged $0.01" in warning for warning in more.warnings)
    assert not any("web search" in warning for warning in plain.warnings)


def test_no_requests_cost_nothing() -> None:
    assert _estimate("gpt-5.4-mini", []).expected_usd == 0


@pytest.mark.parametrize(
    ("version", "slots"), [("risk/v1", False), ("risk/v2", False), ("risk/v3", True), ("risk/v12", True), ("", False)]
)
def test_a_retry_assumes_the_answers_of_its_own_prompt(version: str, slots: bool) -> None:
    assert asks_for_slots(version) is slots


def test_every_prompt_of_the_house_asks_as_its_version_says() -> None:
    library = PromptLibrary(Path(__file__).resolve().parents[3] / "prompts")
    for kind in Kind:
        for file in library.versions(kind.value):
            assert file.slots is asks_for_slots(file.name), file.name
