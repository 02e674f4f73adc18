"""What a portfolio's figures are computed from, as the tables of a replication pack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import Any, Final

import numpy as np

from core.domain.fx import Rates
from core.domain.instrument import NO_TERMS, Liquidity, Terms
from core.domain.issuers import with_entities
from core.domain.market import EconomicSeries
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.domain.units import Unit
from core.drafts.fact_sheets import prices_of, short_rates_of
from core.drafts.fund_shelves import look_through_of
from core.intake.register.describing import Describer
from core.intake.register.instruments import Instrument, Register
from core.metrics.attribution import segments_of, segments_of_member
from core.metrics.exposure import currency_of, leans, leverage
from core.metrics.holdings import is_fund, issuer_names
from core.metrics.lookthrough import LookThrough, direct_part, inner_parts
from core.metrics.plans import CASH_IN, benchmark_symbols
from core.metrics.prices import PriceHistory
from core.metrics.scenarios import Traits, answers_to, scenarios
from core.metrics.series import reading, slack_days
from core.metrics.valuation import Valuer, holding_facts, holding_ids, sector_of, slug
from core.storage.store import Store

CASH: Final = "cash in "
"""Before a currency: how the pack calls cash among price histories."""

_FORMULA: Final = ("=", "+", "-", "@", "'", "\t", "\r")
"""What a spreadsheet would take for a formula; the script takes the apostrophe before it away."""

_ISSUES_NOTHING: Final = frozenset({AssetClass.CASH, AssetClass.DERIVATIVE})


@dataclass(frozen=True, slots=True)
class Gathered:
    """A portfolio with all that its figures are computed from.

    Attributes:
        stored: As its snapshot has it.
        portfolio: With what the registers of instruments and of legal entities add.
        prices: Of its lines and of its benchmark, as far as figures use them.
        members: What the register says of the benchmark's members.
        looking: What is known of funds.
        earlier: Its snapshots of days before, as stored, the oldest first.
        short_rate: Of its base currency, where a series is stored.
    """

    stored: Portfolio
    portfolio: Portfolio
    prices: PriceHistory
    members: Mapping[str, Instrument]
    looking: LookThrough
    earlier: tuple[Portfolio, ...]
    rates: Rates
    short_rate: EconomicSeries | None


def gather(store: Store, rates: Rates, stored: Portfolio) -> Gathered:
    """Read everything of one portfolio, as `core.drafts.fact_sheets` and `core.drafts.rule_checks` do."""
    register = Register(store.instruments.all())
    portfolio = with_entities(Describer(register).describe(stored).portfolio, store.entities.links())
    named = {symbol for symbol, _ in portfolio.benchmark}
    days = [day for day in store.portfolios.days(stored.portfolio_id) if day < stored.as_of]
    return Gathered(
        stored,
        portfolio,
        prices_of(store, [portfolio], samples=portfolio.is_sample),
        {symbol: row for symbol in sorted(named) if (row := register.by_symbol(symbol)) is not None},
        look_through_of(store, [portfolio], register),
        tuple(store.portfolios.load([stored.portfolio_id], as_of=day)[0] for day in days),
        rates,
        short_rates_of(store, [portfolio], samples=portfolio.is_sample).get(portfolio.base_currency),
    )


def portfolio_table(portfolio: Portfolio) -> dict[str, Any]:
    """What is said of a portfolio as a whole."""
    return {
        "portfolio_id": portfolio.portfolio_id,
        "name": portfolio.name,
        "as_of": portfolio.as_of.isoformat(),
        "base_currency": portfolio.base_currency,
        "region": portfolio.region,
        "is_sample": portfolio.is_sample,
        "regimes": list(portfolio.regimes),
        "benchmark": [[symbol, str(weight)] for symbol, weight in portfolio.benchmark],
        "flows": [[flow.day.isoformat(), str(flow.amount), flow.currency] for flow in portfolio.flows],
        "no_flows": portfolio.no_flows,
    }


def lines_table(found: Gathered) -> list[dict[str, Any]]:
    """Every line as the program reads it, with the names and kinds that were read from its words."""
    portfolio = found.portfolio
    ids = holding_ids(portfolio.holdings)
    return [
        {
            "id": holding_id,
            **line_cells(line),
            "sector_key": slug(sector_of(line)),
            "country_key": line.country or "unclassified",
            "position_key": None if line.asset_class is AssetClass.CASH else line.isin or line.symbol,
            "issuer_key": issuer if line.asset_class not in _ISSUES_NOTHING and not is_fund(line) else None,
            "bucket": _bucket(line),
            "segments": segments_of(line),
            "leans": leans(line),
            "times": times if isfinite(times := leverage(line)) else None,
            "answers": answers_to(Traits.of(line)),
            "carries": currency_of(line),
        }
        for holding_id, line, issuer in zip(ids, portfolio.holdings, issuer_names(portfolio), strict=True)
    ]


def units_table(found: Gathered) -> dict[str, float]:
    """Units times price of every line that has both, so that a changed quantity is seen although values are stored."""
    lines = found.portfolio.holdings
    return {
        holding_id: float(line.quantity) * float(line.price)
        for holding_id, line in zip(holding_ids(lines), lines, strict=True)
        if line.quantity is not None and line.price is not None
    }


def line_cells(line: Holding) -> dict[str, Any]:
    """A line's own fields, and its terms as far as they are known."""
    cells = {one.name: getattr(line, one.name) for one in fields(line) if one.name not in ("terms", "priced_on")}
    terms = {one.name: value for one in fields(Terms) if (value := getattr(line.terms, one.name)) != _unknown(one.name)}
    return {name: _plain(value) for name, value in {**cells, **terms}.items()}


def _unknown(field: str) -> Any:
    return getattr(NO_TERMS, field)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal | date):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _bucket(line: Holding) -> str:
    if line.terms.liquidity is not None:
        return line.terms.liquidity.value
    return Liquidity.HIGH.value if line.asset_class is AssetClass.CASH else "unknown"


def series_table(found: Gathered) -> dict[str, Any]:
    """Currency and origin of every price history."""
    return {
        symbol: {"currency": series.currency, "badge": series.badge.value}
        for symbol, series in sorted(found.prices.items())
    }


def closes_table(found: Gathered) -> Iterator[list[str]]:
    """One row a day up to the portfolio's, one column a history; an empty cell where it has no close."""
    symbols, last = sorted(found.prices), np.datetime64(found.portfolio.as_of)
    yield ["day", *(f"'{one}" if one.startswith(_FORMULA) else one for one in symbols)]
    columns: list[dict[Any, float]] = [
        dict(zip(found.prices[one].days.tolist(), found.prices[one].closes.tolist(), strict=True)) for one in symbols
    ]
    for day in _price_days(found, last):
        yield [str(day), *(repr(column[day]) if day in column else "" for column in columns)]


def _price_days(found: Gathered, last: np.datetime64) -> list[date]:
    days: set[date] = set()
    for series in found.prices.values():
        days.update(series.days[series.days <= last].tolist())
    return sorted(days)


def rates_table(found: Gathered) -> Iterator[list[str]]:
    """Rates to the base currency, as known on each day that figures convert on."""
    yield ["day", "from", "to", "rate"]
    portfolio = found.portfolio
    lines = {line.currency for line in portfolio.holdings}
    others = {series.currency for series in found.prices.values()}
    others |= {one.removeprefix(CASH_IN) for one in benchmark_symbols(portfolio, found.prices)}
    days = {*_price_days(found, np.datetime64(portfolio.as_of)), *_scenario_days(found), portfolio.as_of}
    wanted = {(day, one, portfolio.base_currency) for day in days for one in lines | others}
    wanted |= {(flow.day, flow.currency, portfolio.base_currency) for flow in portfolio.flows}
    for one in found.earlier:
        wanted |= {(one.as_of, line.currency, one.base_currency) for line in one.holdings}
    for day, source, target in sorted(wanted):
        rate = found.rates.factor(source, target, day) if source != target else None
        if rate is not None:
            yield [day.isoformat(), source, target, repr(rate)]


def _scenario_days(found: Gathered) -> set[date]:
    """Ends of the replays' windows: cash in a currency has its rate then, whatever histories there are."""
    ends = {day for one in scenarios() for day in (one.first, one.last) if day is not None}
    return {day for day in ends if day <= found.portfolio.as_of}


def earlier_table(earlier: Iterable[Portfolio]) -> dict[str, Any]:
    """Values and units of the lines of earlier snapshots, by day, the oldest first."""
    return {
        one.as_of.isoformat(): {
            "base_currency": one.base_currency,
            "lines": [
                {
                    "symbol": line.symbol,
                    "isin": line.isin,
                    "quantity": None if line.quantity is None else str(line.quantity),
                    "currency": line.currency,
                    "market_value": str(line.market_value),
                }
                for line in one.holdings
            ],
        }
        for one in earlier
    }


def members_table(found: Gathered) -> dict[str, Any]:
    """Asset class and sector of the benchmark's members, as ids of effects carry them; null where not known."""
    symbols = benchmark_symbols(found.portfolio, found.prices)
    return {
        one.replace(CASH_IN, CASH): segments_of_member(one, found.members, found.portfolio) for one in sorted(symbols)
    }


def look_through_table(found: Gathered) -> dict[str, Any]:
    """What each line stands for once funds are taken apart, with its share of the line, and who the issuers are."""
    portfolio, looking = found.portfolio, found.looking
    facts = holding_facts(portfolio, Valuer(found.rates).value(portfolio))
    issuers = looking.issuers_with(portfolio.holdings)
    parts: list[dict[str, Any]] = []
    funds: dict[str, str] = {}
    days: set[date] = set()
    for place, (line, fact) in enumerate(zip(portfolio.holdings, facts, strict=True)):
        if looking.is_fund(line):
            inside = looking.inside(line, portfolio.as_of)
            funds[str(place)], days = str(inside.covered), days | inside.days
            shares: Sequence[Fraction] = [one.share for one in (*inside.lines, *inside.closed)]
            shares = [*shares, *([inside.unlisted] if inside.unlisted else [])] if inside.report else [Fraction(1)]
            found_parts = list(zip(shares, inner_parts(inside, 1.0, issuers), strict=True))
        else:
            found_parts = [(Fraction(1), direct_part(line, fact, issuers))]
        parts.extend(
            {
                "line": place,
                "share": str(share),
                "issuer": part.issuer,
                "sector": part.sector,
                "country": part.country,
                "currency": part.currency,
                "in_fund": part.in_fund,
                "has_issuer": part.has_issuer,
            }
            for share, part in found_parts
        )
    keys = {part["issuer"] for part in parts if part["issuer"]}
    keys |= {issuers.group(key) for key in keys}
    return {
        "funds": funds,
        "days": sorted(map(str, days)),
        "knows_groups": issuers.knows_groups,
        "issuers": {
            key: {"name": slug(issuers.name(key)), "key": slug(key), "group": issuers.group(key)}
            for key in sorted(keys)
        },
        "parts": parts,
    }


def short_rate_table(series: EconomicSeries | None) -> dict[str, Any] | None:
    """The short rate of the base currency as fractions a year; None where none is stored that is a rate."""
    if series is None or (unit := reading(series.unit).unit) not in {Unit.PCT, Unit.BPS}:
        return None
    return {
        "series_id": series.series_id,
        "publisher": series.publisher,
        "slack_days": slack_days(series.frequency),
        "days": [day.isoformat() for day in series.days],
        "values": [value / (100.0 if unit is Unit.PCT else 10_000.0) for value in series.values],
    }
