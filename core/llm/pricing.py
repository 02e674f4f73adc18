"""Prices and costs. Prices come from the `genai-prices` table that is installed; an unknown price is None, never 0."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from core.domain.analysis import Usage
from core.domain.cost import LongInput, Price

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

_MILLION = Decimal(1_000_000)
_PROVIDER = "openai"
_BATCH = {"processing": "batch"}


def source(on: date) -> str:
    """The price table as people read it: "genai-prices 0.2.3 (as of 2026-11-24)"."""
    return f"genai-prices {version('genai-prices')} (as of {on.isoformat()})"


def price(model_id: str, *, batch: bool, at: datetime) -> Price | None:
    """What the model costs when it is asked at that moment, or None when the table does not say.

    There is no guessing: a model without a published batch price has none, even if its synchronous price is known, and
    so has every model before the day from which the table knows batch prices (2026-10-14).

    Args:
        model_id: As it is sent, dated snapshots included.
        batch: Batch processing, else synchronous.
        at: Aware time; prices change by UTC day.
    """
    if at.tzinfo is None:
        raise ValueError("a price is asked for an aware time")
    return _price(model_id, batch, at.astimezone(UTC).date())


def cost(price: Price, usage: Usage, *, cache_write_tokens: int = 0, long: bool | None = None) -> Decimal:
    """What one answer cost in USD, exactly.

    Cached tokens without a cached rate are charged as ordinary input, so that the figure is never too low. A request
    with a long input is charged at the long rates altogether, as the provider does.

    Args:
        price: Of the model and the way of processing.
        usage: Of one request: the rates of long inputs depend on its own length, so never a sum of several.
        cache_write_tokens: Part of the uncached input that was written to the cache, where the provider reports it.
        long: Whether it is charged as a long one; None leaves that to its length.
    """
    rates: Price | LongInput = price
    if price.long_input is not None and (usage.input_tokens > price.long_input.above_tokens if long is None else long):
        rates = price.long_input
    cached_rate = rates.input if rates.cached_input is None else rates.cached_input
    written_rate = rates.input if rates.cache_write is None else rates.cache_write
    plain = usage.input_tokens - usage.cached_tokens - cache_write_tokens
    return (
        plain * rates.input
        + usage.cached_tokens * cached_rate
        + cache_write_tokens * written_rate
        + usage.output_tokens * rates.output
    ) / _MILLION


def search_price(model_id: str, *, at: datetime) -> Decimal | None:
    """What one web search of the model costs beside its tokens, or None when the table does not say.

    There is no batch price for searches in the table; the only one there is holds for both ways of processing.

    Args:
        at: Aware time; prices change by UTC day.
    """
    if at.tzinfo is None:
        raise ValueError("a price is asked for an aware time")
    model = _find(model_id)
    if model is None:
        return None
    thousand = _tiers(model.get_prices(at), "web_searches_kcount")
    return None if thousand is None else thousand[0] / 1_000


@lru_cache(maxsize=512)
def _price(model_id: str, batch: bool, on: date) -> Price | None:
    model = _find(model_id)
    if model is None:
        return None
    at = datetime(on.year, on.month, on.day, tzinfo=UTC)
    if not batch:
        return _read(model.get_prices(at), source(on))
    # Asked for a context it has no variant for, or one whose variant has not started yet, the table answers with the
    # synchronous price and says nothing. So the variant itself is read, and only its own figures count.
    for variant in model.price_variants or ():
        if variant.when == _BATCH and (variant.constraint is None or variant.constraint.active(at)):
            return _read(variant.prices, source(on))
    return None


def _find(model_id: str) -> ModelInfo | None:
    from genai_prices.data_snapshot import get_snapshot

    try:
        return get_snapshot().find_provider_model(model_id, None, _PROVIDER, None)[1]
    except LookupError:
        return None


def _read(prices: ModelPrice, source: str) -> Price | None:
    rate, output = _tiers(prices, "input_mtok"), _tiers(prices, "output_mtok")
    if rate is None or output is None:
        return None
    cached, written = _tiers(prices, "cache_read_mtok"), _tiers(prices, "cache_write_mtok")
    starts = [start for tiers in (rate, output) for start in tiers if start]
    long_input = None
    if starts:
        above = min(starts)
        long_input = LongInput(
            above_tokens=above,
            input=_at(rate, above),
            cached_input=None if cached is None else _at(cached, above),
            output=_at(output, above),
            cache_write=None if written is None else _at(written, above),
        )
    return Price(
        input=rate[0],
        cached_input=None if cached is None else cached[0],
        output=output[0],
        source=source,
        cache_write=None if written is None else written[0],
        long_input=long_input,
    )


def _tiers(prices: ModelPrice, name: str) -> dict[int, Decimal] | None:
    """Rates by the number of input tokens above which they hold; 0 is the base. None when there is no rate."""
    from genai_prices.types import TieredPrices

    value = getattr(prices, name)
    if value is None:
        return None
    if isinstance(value, TieredPrices):
        return {0: value.base} | {tier.start: tier.price for tier in value.tiers}
    return {0: value} if isinstance(value, Decimal) else None


def _at(tiers: dict[int, Decimal], start: int) -> Decimal:
    return tiers.get(start, tiers[0])
