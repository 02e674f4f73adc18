"""Prices from the installed table, with its traps, and exact costs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from core.domain.analysis import Usage
from core.domain.cost import LongInput, Price
from core.llm.models import all_models
from core.llm.pricing import cost, price, search_price, source, uplift_in

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
PLAIN = Price(Decimal("1.25"), None, Decimal(10), "test")


def _number(value: object) -> Decimal:
    return Decimal(str(value))


def test_prices_agree_with_the_published_table_for_every_model(shared_facts: Path) -> None:
    models = json.loads((shared_facts / "openai-models.json").read_text("utf-8"))["models"]
    for model_id, row in models.items():
        sync = price(model_id, batch=False, at=AT)
        assert sync is not None
        published = [_number(value) for value in row["usd_per_1m_sync_in_cached_out"]]
        assert [sync.input, sync.input if sync.cached_input is None else sync.cached_input, sync.output] == published
        batch = price(model_id, batch=True, at=AT)
        if row["usd_per_1m_batch_in_cached_out"] is None:
            assert batch is None, model_id
            continue
        assert batch is not None
        rate, cached, output = map(_number, row["usd_per_1m_batch_in_cached_out"])
        assert (batch.input, batch.output) == (rate, output), model_id
        # The table falls back to the synchronous cached rate where no batch one is published; we say "not published".
        if batch.cached_input is None:
            assert cached == (batch.input if sync.cached_input is None else sync.cached_input) or cached == rate
        else:
            assert batch.cached_input == cached, model_id


@pytest.mark.parametrize(
    ("model_id", "batch", "rates"),
    [
        ("gpt-5.4-mini", True, ("0.375", "0.0375", "2.25")),
        ("gpt-5.4-mini", False, ("0.75", "0.075", "4.5")),
        ("gpt-5-mini", True, ("0.125", "0.0125", "1")),
        ("gpt-4o", True, ("1.25", None, "5")),
        ("gpt-4o-2024-08-06", True, ("1.25", None, "5")),
        ("gpt-5.4", True, ("1.25", "0.13", "7.5")),
        ("gpt-6-luna", True, ("0.05", "0.005", "0.25")),
        ("gpt-6.1-terra", True, ("0.5", "0.025", "2.5")),
        ("o3", False, ("2", "0.5", "8")),
    ],
)
def test_prices_are_these(model_id: str, batch: bool, rates: tuple[str, str | None, str]) -> None:
    found = price(model_id, batch=batch, at=AT)
    assert found is not None
    expected = tuple(None if rate is None else Decimal(rate) for rate in rates)
    assert (found.input, found.cached_input, found.output) == expected
    assert found.source == "genai-prices 0.2.3 (as of 2026-11-24)"


@pytest.mark.parametrize("model_id", ["gpt-6.2-sol", "gpt-6.2-astra", "no-such-model", "", "ft:gpt-4o:acme::x"])
@pytest.mark.parametrize("batch", [True, False])
def test_an_unknown_price_is_none_and_never_zero(model_id: str, batch: bool) -> None:
    assert price(model_id, batch=batch, at=AT) is None


@pytest.mark.parametrize("model_id", ["o1-preview", "o1-mini"])
def test_a_model_without_batch_prices_does_not_get_the_synchronous_one(model_id: str) -> None:
    assert price(model_id, batch=False, at=AT) is not None
    assert price(model_id, batch=True, at=AT) is None


def test_before_the_table_knew_batch_prices_there_are_none() -> None:
    assert price("gpt-5-mini", batch=True, at=datetime(2026, 10, 13, 23, 59, tzinfo=UTC)) is None
    assert price("gpt-5-mini", batch=True, at=datetime(2026, 10, 14, tzinfo=UTC)) is not None
    tokyo = datetime(2026, 10, 14, 8, tzinfo=timezone(timedelta(hours=9)))
    assert price("gpt-5-mini", batch=True, at=tokyo) is None


def test_a_price_is_that_of_its_day() -> None:
    then, now = price("o3", batch=False, at=datetime(2025, 6, 9, tzinfo=UTC)), price("o3", batch=False, at=AT)
    assert then is not None
    assert now is not None
    assert (then.input, now.input) == (Decimal(10), Decimal(2))


def test_a_naive_time_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="aware"):
        price("gpt-5", batch=True, at=datetime(2026, 11, 24))  # noqa: DTZ001 - the naive time is what is tested


def test_the_source_names_version_and_day() -> None:
    assert source(AT.date()).startswith("genai-prices ")


def test_a_cost_is_exact() -> None:
    assert cost(PLAIN, Usage(input_tokens=3, output_tokens=7)) == Decimal("0.00007375")
    assert cost(PLAIN, Usage()) == 0


def test_cached_tokens_are_part_of_the_input_and_cheaper_where_a_rate_is_published() -> None:
    usage = Usage(input_tokens=1_000_000, cached_tokens=400_000)
    assert cost(PLAIN, usage) == Decimal("1.25")
    cached = Price(Decimal("1.25"), Decimal("0.125"), Decimal(10), "test")
    assert cost(cached, usage) == Decimal("0.8")


def test_reasoning_tokens_are_not_charged_twice() -> None:
    assert cost(PLAIN, Usage(output_tokens=100, reasoning_tokens=80)) == cost(PLAIN, Usage(output_tokens=100))


def test_written_cache_tokens_cost_their_own_rate() -> None:
    dear = Price(Decimal(1), Decimal("0.1"), Decimal(5), "test", cache_write=Decimal("1.25"))
    assert cost(dear, Usage(input_tokens=1_000_000), cache_write_tokens=1_000_000) == Decimal("1.25")
    assert cost(PLAIN, Usage(input_tokens=1_000_000), cache_write_tokens=1_000_000) == Decimal("1.25")


def test_a_long_input_is_charged_at_the_long_rates_altogether() -> None:
    tiered = Price(
        Decimal(1), Decimal("0.1"), Decimal(5), "test", long_input=LongInput(272_000, Decimal(2), None, Decimal("7.5"))
    )
    assert cost(tiered, Usage(272_000, 0, 1000)) == Decimal("0.277")
    assert cost(tiered, Usage(272_001, 0, 1000)) == Decimal("0.551502")


@pytest.mark.parametrize("input_tokens", [0, 1, 4_321, 272_000, 272_001, 900_000])
@pytest.mark.parametrize("batch", [True, False])
def test_our_sum_is_the_tables_own_sum(input_tokens: int, batch: bool) -> None:
    from genai_prices import Usage as TheirUsage
    from genai_prices import calc_price

    for model in all_models():
        found = price(model.model_id, batch=batch, at=AT)
        if found is None:
            continue
        cached = 0 if found.cached_input is None else input_tokens // 3
        theirs = calc_price(
            TheirUsage(input_tokens=input_tokens, cache_read_tokens=cached, output_tokens=1_777),
            model.model_id,
            provider_id="openai",
            genai_request_timestamp=AT,
            price_context={"processing": "batch"} if batch else None,
        ).total_price
        assert cost(found, Usage(input_tokens, cached, 1_777)) == theirs, model.model_id


def test_a_search_is_priced_at_an_aware_time_only() -> None:
    with pytest.raises(ValueError, match="aware"):
        search_price("gpt-5.4-mini", at=datetime(2026, 11, 24))  # noqa: DTZ001 - the naive time is what is tested
    assert search_price("gpt-5.4-mini", at=AT) == Decimal("0.01")
    assert [search_price(model_id, at=AT) for model_id in ("no-such-model", "o1-preview")] == [None, None]


def test_a_model_that_writes_no_answer_has_no_price() -> None:
    assert price("text-embedding-3-small", batch=False, at=AT) is None
    assert price("text-embedding-3-small", batch=True, at=AT) is None


def test_what_data_residency_adds_is_known_where_the_amount_and_the_price_are() -> None:
    raised = replace(PLAIN, uplift=Decimal("0.10"))
    assert uplift_in(Decimal("1.1"), raised) == Decimal("0.1")
    assert uplift_in(Decimal(1), raised) == Decimal("0.090909091")
    assert [uplift_in(None, raised), uplift_in(Decimal(1), None), uplift_in(Decimal(1), PLAIN)] == [None] * 3


def test_an_uplift_raises_every_rate_and_makes_up_none() -> None:
    plain, raised = (price("gpt-5.4", batch=True, at=AT, region=region) for region in ("", "eu"))
    assert plain is not None
    assert raised is not None
    assert (plain.uplift, raised.uplift) == (0, Decimal("0.10"))
    assert plain.long_input is not None
    assert raised.long_input is not None
    for name in ("input", "cached_input", "output", "cache_write"):
        for before, after in ((plain, raised), (plain.long_input, raised.long_input)):
            rate, more = getattr(before, name), getattr(after, name)
            assert more == (None if rate is None else rate * Decimal("1.1")), name
    assert raised.long_input.above_tokens == plain.long_input.above_tokens


def test_long_inputs_have_all_their_own_rates() -> None:
    for batch, factor in ((True, Decimal("0.5")), (False, Decimal(1))):
        found = price("gpt-5.4", batch=batch, at=AT)
        assert found is not None
        assert found.long_input is not None
        assert found.long_input.above_tokens == 272_000
        assert found.long_input.input == 2 * found.input == 5 * factor
        assert found.long_input.output == Decimal("22.5") * factor
        assert found.long_input.output == Decimal("1.5") * found.output


def test_whether_a_request_is_long_may_be_said_against_its_length() -> None:
    tiered = Price(
        Decimal(1), Decimal("0.1"), Decimal(5), "t", long_input=LongInput(10, Decimal(2), Decimal("0.3"), Decimal(7))
    )
    short, lengthy = Usage(10, 4, 1), Usage(11, 4, 1)
    assert cost(tiered, short) == cost(tiered, lengthy, long=False) - Decimal("1e-6") == Decimal("11.4e-6")
    assert cost(tiered, lengthy) == cost(tiered, short, long=True) + Decimal("2e-6") == Decimal("22.2e-6")
    assert cost(PLAIN, lengthy, long=True) == cost(PLAIN, lengthy)


def test_written_tokens_are_charged_once_and_long_ones_at_the_long_rate() -> None:
    long_rates = LongInput(10, Decimal(2), None, Decimal(7), cache_write=Decimal(3))
    tiered = Price(Decimal(1), None, Decimal(5), "t", cache_write=Decimal("1.5"), long_input=long_rates)
    assert cost(tiered, Usage(10, 2, 0), cache_write_tokens=3) == Decimal("11.5e-6")
    assert cost(tiered, Usage(20, 2, 0), cache_write_tokens=3) == Decimal("43e-6")


def test_a_price_of_a_batch_served_synchronously_is_asked_for_by_its_tier() -> None:
    assert price("gpt-5.4-mini", batch=False, at=AT, tier="batch") == price("gpt-5.4-mini", batch=True, at=AT)
    assert price("gpt-5.4-mini", batch=False, at=AT, tier="default") == price("gpt-5.4-mini", batch=False, at=AT)
    assert price("gpt-5.4-mini", batch=True, at=AT, tier="no such tier") is None
