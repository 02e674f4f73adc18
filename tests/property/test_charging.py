"""Lines that do not say what they came to: their shares add up to the token, and no cost is below what is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain.analysis import Usage, UsageFrom
from core.domain.batch import Counted
from core.llm.answers import read_line
from core.llm.tariff import Tariff
from core.storage.jobs.results import ExpectedLine
from core.worker.charging import Charges, Silent, may_be_long, share_out

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
MINI = Tariff("gpt-5.4-mini", batch=True, at=AT, region="")
LARGE = Tariff("gpt-5.4", batch=True, at=AT, region="")


def line(custom_id: str, usage: Usage | None, text: str = "A paid answer.") -> bytes:
    said = usage and {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }
    body = {"choices": [{"message": {"content": text}, "finish_reason": "stop"}], "usage": said}
    return orjson.dumps({"custom_id": custom_id, "response": {"status_code": 200, "body": body}, "error": None})


def charges(
    folder: Path,
    lines: Mapping[str, Usage | None],
    whole: Counted | None,
    *,
    tariff: Tariff = MINI,
    counted: int = 4_000,
    missing: int = 0,
    **more: Any,
) -> tuple[Charges, list[bytes]]:
    path = folder / "0000.output.jsonl"
    written = [line(custom_id, usage, "x" * (100 + place)) for place, (custom_id, usage) in enumerate(lines.items())]
    path.write_bytes(b"\n".join(written) + b"\n")
    names = [*lines, *(f"m{number}" for number in range(missing))]
    expected = {name: ExpectedLine(name, "p", "2026-10-30", counted) for name in names}
    return Charges(tariff, expected, [path], lambda: whole, **more), written


tokens = st.integers(1, 5_000)
usages = st.builds(
    lambda read, cached, written, thought: Usage(read, min(read, cached), written, min(written, thought)),
    tokens, st.integers(0, 5_000), tokens, st.integers(0, 5_000),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(said=st.lists(usages, max_size=6), silent=st.lists(usages, min_size=1, max_size=6))
def test_lines_that_say_nothing_share_what_is_left_to_the_token(
    tmp_path: Path, said: list[Usage], silent: list[Usage]
) -> None:
    whole = Counted(sum((*said, *silent), start=Usage()))
    lines: dict[str, Usage | None] = {f"a{n}": usage for n, usage in enumerate(said)}
    lines |= {f"b{n}": None for n in range(len(silent))}
    found, written = charges(tmp_path, lines, whole)
    parts = [found.of(read_line(one)) for one in written]
    assert sum((part.usage for part in parts), start=Usage()) == whole.usage
    for (custom_id, usage), part in zip(lines.items(), parts, strict=True):
        assert part.usage_from is (UsageFrom.BATCH if usage is None else UsageFrom.ANSWER), custom_id
        assert part.cost_usd is not None
        assert part.cost_usd > 0
    known = sum((MINI.cost_of(Counted(usage)) or Decimal(0) for usage in said), start=Decimal(0))
    assert sum((part.cost_usd or Decimal(0) for part in parts), start=Decimal(0)) > known


@given(
    usages,
    st.integers(0, 900),
    st.lists(st.tuples(st.integers(0, 300_000), st.integers(0, 9_000), st.booleans()), min_size=1, max_size=30),
)
def test_shares_add_up_and_each_part_fits_into_its_whole(
    left: Usage, writes: int, requests: list[tuple[int, int, bool]]
) -> None:
    writes = min(writes, left.input_tokens - left.cached_tokens)
    silent = [Silent(f"r{n}", *request) for n, request in enumerate(requests)]
    shares = share_out(Counted(left, writes), silent)
    answers = sum(one.answered for one in silent)
    if min(left.input_tokens, left.output_tokens) < answers:
        assert shares == {}
        return
    assert sum(shares.values(), start=Counted(Usage())) == Counted(left, writes)
    for one in silent:
        part = shares[one.custom_id]
        assert part.usage.cached_tokens + part.cache_write_tokens <= part.usage.input_tokens
        assert part.usage.reasoning_tokens <= part.usage.output_tokens
        if one.answered:
            assert min(part.usage.input_tokens, part.usage.output_tokens) >= 1, "an answer is never free"


@pytest.mark.parametrize("whole", [None, Counted(Usage(3843, 0, 1085, 0)), Counted(Usage(3844, 0, 1086, 0))])
def test_where_the_provider_counts_nothing_or_too_little_the_cost_is_unknown_and_never_nothing(
    tmp_path: Path, whole: Counted | None
) -> None:
    lines = {"a": Usage(3843, 0, 1085, 0), "b": None, "c": None}
    found, written = charges(tmp_path, lines, whole)
    parts = [found.of(read_line(one)) for one in written]
    assert [part.cost_usd is None for part in parts] == [False, True, True]
    assert [part.usage_from for part in parts] == [UsageFrom.ANSWER, UsageFrom.UNKNOWN, UsageFrom.UNKNOWN]
    assert any("not known" in note for note in found.notes())


def test_the_published_example_is_priced_from_the_batch_to_the_last_digit(tmp_path: Path) -> None:
    found, written = charges(tmp_path, {"a": None}, Counted(Usage(3843, 3072, 1085, 0)))
    assert found.of(read_line(written[0])).cost_usd == Decimal("0.002845575")


def test_an_answer_is_charged_at_the_long_rate_where_it_may_have_been_long(tmp_path: Path) -> None:
    whole = Counted(Usage(600_000, 0, 2_000, 0))
    for counted, long in ((300_000, True), (200_000, True), (0, True)):
        found, written = charges(tmp_path, {"a": None, "b": None}, whole, tariff=LARGE, counted=counted)
        spent = sum((found.of(read_line(one)).cost_usd or Decimal(0) for one in written), start=Decimal(0))
        assert spent == (LARGE.cost_of(whole, long=long) or 0), counted
    many = {f"a{n}": None for n in range(150)}
    found, written = charges(tmp_path, many, whole, tariff=LARGE, counted=4_000)
    spent = sum((found.of(read_line(one)).cost_usd or Decimal(0) for one in written), start=Decimal(0))
    assert spent == LARGE.cost_of(whole, long=False), "what was counted before rules out that one was long"
    found, written = charges(tmp_path, many, whole, tariff=LARGE, counted=4_000, may_grow=True)
    spent = sum((found.of(read_line(one)).cost_usd or Decimal(0) for one in written), start=Decimal(0))
    assert spent == LARGE.cost_of(whole, long=True), "searched pages count as input, and nobody counted them before"


def test_a_count_far_above_ours_rules_nothing_out() -> None:
    silent = [Silent(f"r{n}", 4_000, 10, True) for n in range(3)]
    assert may_be_long(silent, Counted(Usage(400_000, 0, 9, 0)), 272_000, may_grow=False) == {"r0", "r1", "r2"}
    assert may_be_long(silent, Counted(Usage(12_000, 0, 9, 0)), 272_000, may_grow=False) == set()
    assert may_be_long(silent, Counted(Usage(400_000, 0, 9, 0)), None, may_grow=True) == set()


def test_requests_without_a_line_share_what_the_provider_counts_beyond_the_others(tmp_path: Path) -> None:
    whole = Counted(Usage(12_001, 0, 3_001, 0))
    found, written = charges(tmp_path, {"a": Usage(4_000, 0, 1_000, 0)}, whole, missing=2)
    own = found.of(read_line(written[0]))
    parts = [found.of_missing(f"m{n}", may_be_billed=True) for n in range(2)]
    assert own.usage + parts[0].usage + parts[1].usage == whole.usage
    assert {part.usage_from for part in parts} == {UsageFrom.BATCH}
    nothing, _ = charges(tmp_path, {"a": Usage(4_000, 0, 1_000, 0)}, None, missing=2)
    assert nothing.of_missing("m0", may_be_billed=True).cost_usd is None
    assert nothing.of_missing("m0", may_be_billed=False).cost_usd == 0


@given(usages, usages)
def test_of_two_counts_of_a_batch_the_dearer_is_paid(of_lines: Usage, of_batch: Usage) -> None:
    spent = MINI.cost_of(Counted(of_lines))
    assert spent is not None
    found = Charges(MINI, {}, [], lambda: None, whole=Counted(of_batch)).at_least(Counted(of_lines), spent)
    assert found is not None
    assert found >= spent
    assert found >= (MINI.cost_of(Counted(of_batch)) or 0)
