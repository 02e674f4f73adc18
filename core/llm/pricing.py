"""Prices and costs. Prices come from the `genai-prices` table that is installed; an unknown price is None, never 0."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from core.domain.analysis import Usage
from core.domain.cost import LongInput, Price
from core.llm.surcharges import region_uplift

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

_MILLION = Decimal(1_000_000)
_PROVIDER = "openai"
_BATCH = {"processing": "batch"}
_STANDARD = frozenset({"", "default", "auto", "standard"})
"""Tiers that say no more than how it was asked: "auto" is a wish, and no tier that anything is served with."""


def source(on: date) -> str:
    """The price table as people read it: "genai-prices 0.2.3 (as of 2026-11-24)"."""
    return f"genai-prices {version('genai-prices')} (as of {on.isoformat()})"


def price(model_id: str, *, batch: bool, at: datetime, region: str = "", tier: str = "") -> Price | None:
    """What the model costs when it is asked at that moment, or None when the table does not say.

    There is no guessing: a model without a published batch price has none, even if its synchronous price is known, and
    so has every model before the day from which the table knows batch prices (2026-10-14).

    Args:
        model_id: As it is sent, dated snapshots included.
        batch: Batch processing, else synchronous.
        at: Aware time; prices change by UTC day.
        region: Where data have to stay ("eu"), which raises all rates of newer models; "" for no such rule.
        tier: Service tier that it was served with, in small letters; "" where nobody says.
    """
    if at.tzinfo is None:
        raise ValueError("a price is asked for an aware time")
    found = _price(model_id, batch or tier == "batch", "" if tier in _STANDARD or tier == "batch" else tier, _day(at))
    uplift = region_uplift(model_id, region)
    return found if found is None or not uplift else _raised(found, uplift)


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


def uplift_in(usd: Decimal | None, price: Price | None) -> Decimal | None:
    """What part of an amount data residency adds; None where it adds nothing, or nobody knows."""
    if usd is None or price is None or not price.uplift:
        return None
    return (usd - usd / (1 + price.uplift)).quantize(Decimal("1e-9"))


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


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def _raised(price: Price, share: Decimal) -> Price:
    """Every rate higher by a share."""

    def more(rate: Decimal | None) -> Decimal | None:
        return None if rate is None else rate * (1 + share)

    factor, long_input = 1 + share, price.long_input
    return replace(
        price,
        input=price.input * factor,
        cached_input=more(price.cached_input),
        output=price.output * factor,
        cache_write=more(price.cache_write),
        long_input=None
        if long_input is None
        else replace(
            long_input,
            input=long_input.input * factor,
            cached_input=more(long_input.cached_input),
            output=long_input.output * factor,
            cache_write=more(long_input.cache_write),
        ),
        uplift=share,
    )


@lru_cache(maxsize=512)
def _price(model_id: str, batch: bool, tier: str, on: date) -> Price | None:
    model = _find(model_id)
    if model is None:
        return None
    at = datetime(on.year, on.month, on.day, tzinfo=UTC)
    wanted = {"service_tier": tier} if tier else _BATCH
    if not batch and not tier:
        return _read(model.get_prices(at), source(on))
    # Asked for a context it has no variant for, or one whose variant has not started yet, the table answers with the
    # synchronous price and says nothing. So the variant itself is read, and only its own figures count.
    for variant in model.price_variants or ():
        if variant.when == wanted and (variant.constraint is None or variant.constraint.active(at)):
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
