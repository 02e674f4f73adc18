"""Fact sheets of stored portfolios: every figure that a prompt may show."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from core.domain.facts import FactSheet
from core.domain.fx import Rates
from core.domain.issuers import with_entities
from core.domain.portfolio import Portfolio
from core.domain.units import Badge
from core.drafts.fund_shelves import look_through_of
from core.intake.register.describing import Describer
from core.intake.register.instruments import Register
from core.metrics.definitions import DEFAULT_GROUPS, MetricGroup
from core.metrics.factsheet import fact_sheets
from core.metrics.prices import PriceHistory
from core.metrics.short_rates import ShortRates, series_ids, short_rates
from core.storage.store import Store


def sheets_of(
    store: Store,
    rates: Rates,
    portfolios: Sequence[Portfolio],
    *,
    groups: Collection[MetricGroup] = DEFAULT_GROUPS,
    attribution_period: str = "1y",
) -> list[FactSheet]:
    """Facts of portfolios in their order, as the register describes them, with the price history that is stored.

    Args:
        groups: What to state; see `core.metrics.definitions`.
        attribution_period: Over which period the difference to the benchmark is explained.
    """
    register = Register(store.instruments.all())
    describer = Describer(register)
    snapshots = {}
    if MetricGroup.FLOWS in groups:
        snapshots = {one.portfolio_id: _totals(store, rates, one) for one in portfolios}
    links = store.entities.links()
    portfolios = [with_entities(describer.describe(portfolio).portfolio, links) for portfolio in portfolios]
    look_through = look_through_of(store, portfolios, register) if MetricGroup.LOOKTHROUGH in groups else None
    sheets: dict[int, FactSheet] = {}
    for is_sample in (True, False):
        group = [portfolio for portfolio in portfolios if portfolio.is_sample is is_sample]
        prices = prices_of(store, group, samples=is_sample)
        benchmarks = {symbol for portfolio in group for symbol, _ in portfolio.benchmark}
        known = {symbol: row for symbol in benchmarks if (row := register.by_symbol(symbol)) is not None}
        made = fact_sheets(
            group,
            rates,
            prices,
            groups=groups,
            snapshots=snapshots,
            members=known,
            attribution_period=attribution_period,
            look_through=look_through,
            short_rates=short_rates_of(store, group, samples=is_sample) if MetricGroup.HISTORY in groups else None,
        )
        names = {symbol: row.name for symbol, row in known.items()}
        for portfolio, sheet in zip(group, made, strict=True):
            held = {line.symbol: line.name for line in portfolio.holdings} | names
            sheets[id(portfolio)] = replace(
                sheet, benchmark_names=tuple(held.get(symbol, "") for symbol, _ in sheet.benchmark)
            )
    return [sheets[id(portfolio)] for portfolio in portfolios]


def short_rates_of(store: Store, portfolios: Sequence[Portfolio], *, samples: bool) -> ShortRates:
    """Stored short rates of the portfolios' base currencies: simulated ones for samples, and for no others."""
    currencies = {portfolio.base_currency for portfolio in portfolios}
    wanted = [name for currency in sorted(currencies) for name in series_ids(currency)]
    stored = store.series.load(wanted) if wanted else {}
    own = {name: one for name, one in stored.items() if (one.badge is Badge.SIMULATED) is samples}
    return short_rates(own, currencies)


def prices_of(store: Store, portfolios: Sequence[Portfolio], *, samples: bool) -> PriceHistory:
    """Stored prices of what portfolios and their benchmarks hold.

    Args:
        samples: Whether these are the samples, which prefer simulated prices. Others are never described with such,
            even if a sample happens to hold the same symbol.
    """
    symbols = {line.symbol for portfolio in portfolios for line in portfolio.holdings}
    symbols |= {symbol for portfolio in portfolios for symbol, _ in portfolio.benchmark}
    prices = store.prices.load(symbols, simulated_first=samples)
    if samples:
        return prices
    return PriceHistory.from_series(one for one in prices.values() if one.badge is not Badge.SIMULATED)


def _totals(store: Store, rates: Rates, portfolio: Portfolio) -> list[tuple[date, float]]:
    """Total values of a portfolio's earlier snapshots that can be valued."""
    totals: list[tuple[date, float]] = []
    for day in store.portfolios.days(portfolio.portfolio_id):
        if day < portfolio.as_of:
            (earlier,) = store.portfolios.load([portfolio.portfolio_id], as_of=day)
            if (total := total_value(earlier, rates)) is not None:
                totals.append((day, float(total)))
    return totals


def total_value(portfolio: Portfolio, rates: Rates) -> Decimal | None:
    """Sum of market values in the base currency, to the cent; None where a rate is missing."""
    total = Decimal(0)
    for line in portfolio.holdings:
        if line.currency == portfolio.base_currency:
            total += line.market_value
            continue
        factor = rates.factor(line.currency, portfolio.base_currency, portfolio.as_of)
        if factor is None:
            return None
        total += line.market_value * Decimal(repr(factor))
    return total.quantize(Decimal("0.01"))
