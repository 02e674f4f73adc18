"""Figures of many portfolios: as fact sheets, as bare numbers, against empyrical and against a plain pandas loop."""

from __future__ import annotations

import gc
import random
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.metrics import concentration, relative, risk
from core.metrics.attribution import ReturnTable
from core.metrics.benchmark import Benchmark, Benchmarks, paired
from core.metrics.brinson import attribute, links
from core.metrics.contributions import average_correlation, betas_to_whole, effective_bets
from core.metrics.definitions import DEFAULT_GROUPS, MetricGroup
from core.metrics.factsheet import fact_sheets
from core.metrics.fx import EcbRates
from core.metrics.history import figures
from core.metrics.metric_definitions import PERIODS
from core.metrics.periods import Window, growth, window
from core.metrics.plans import NoSample, benchmark_symbols
from core.metrics.prices import PriceHistory
from core.metrics.returns import Sample, samples
from core.metrics.scenarios import scenarios
from core.metrics.simulate import simulated_history
from core.metrics.stress import Stress
from core.metrics.valuation import Valuer
from tests.bench.measure import rounds
from tests.bench.report import Row, Target

T = TypeVar("T")

PORTFOLIOS = 500
LINES = 50
SYMBOLS = 400
NAIVE = 25
"""The loop is run on this many portfolios, because it is slow, and scaled."""

_TIMES = 5
"""The fastest of so many runs in one process counts: the first ones fill caches. Targets are in CPU time, which other
work on the machine stretches less; nothing here waits, so on a quiet machine it is the time of day."""


def run(folder: Path, runs: int) -> tuple[list[Row], list[Target]]:
    """All ways in turn, none of which writes; rows for the table and what was to be reached."""
    found = rounds(
        {
            name: (f"bench_metrics:{name}", {})
            for name in ("numbers", "all_groups", "two_groups", "naive", "ours", "empyrical")
        },
        runs,
    )
    numbers, whole, two = found["numbers"], found["all_groups"], found["two_groups"]
    naive = found["naive"].times(PORTFOLIOS / NAIVE)
    eight, theirs = found["ours"], found["empyrical"]
    size = f"{PORTFOLIOS} x {LINES} x {numbers['days']:,} days"
    return [
        Row(f"every figure of {size}, as numbers", numbers, PORTFOLIOS),
        Row(f"as fact sheets, nine groups, {whole['facts']:,} facts", whole, PORTFOLIOS, of=numbers),
        Row(f"as fact sheets, two groups, {two['facts']:,} facts", two, PORTFOLIOS, of=numbers),
        Row(f"naive pandas, 8 figures ({NAIVE} run)", naive, PORTFOLIOS, of=numbers),
        Row("eight measures of daily returns: ours", eight, PORTFOLIOS),
        Row("the same: empyrical-reloaded", theirs, PORTFOLIOS, of=eight),
    ], [
        Target("every figure, CPU seconds", numbers.cpu_seconds, 0.3, most=True),
        Target("times quicker than empyrical, CPU", theirs.cpu_seconds / eight.cpu_seconds, 2),
        Target("times quicker than naive, two groups, CPU", naive.cpu_seconds / two.cpu_seconds, 50),
    ]


def all_groups() -> dict[str, Any]:
    """Fact sheets with everything."""
    return _sheets(tuple(MetricGroup))


def two_groups() -> dict[str, Any]:
    """Fact sheets as they are without asking for more."""
    return _sheets(DEFAULT_GROUPS)


def _sheets(groups: tuple[MetricGroup, ...]) -> dict[str, Any]:
    portfolios, prices, rates = _world()
    members = {line.symbol: line for line in _universe()}
    timed, sheets = _best(lambda: fact_sheets(portfolios, rates, prices, groups=groups, members=members))
    return {**timed, "facts": sum(len(sheet.facts) for sheet in sheets)}


def numbers() -> dict[str, Any]:
    """What the sheets state, without the objects that state it; the account's own returns need no prices."""
    portfolios, prices, rates = _world()
    timed, found = _best(lambda: _numbers(portfolios, prices, rates))
    members = {line.symbol: line for line in _universe()}
    sheet = fact_sheets(portfolios[:1], rates, prices, groups=tuple(MetricGroup), members=members)[0].by_id()
    for metric_id in (
        "volatility",
        "var_99_1d",
        "beta",
        "return.3y",
        "diversification_ratio",
        "attribution.currency",
        "hhi",
        "stress.fed_2026_severely_adverse",
    ):
        if abs(found[0][metric_id] - sheet[metric_id].value) > 1e-9:
            raise AssertionError(f"{metric_id} is {found[0][metric_id]} and the sheet says {sheet[metric_id].value}")
    return {**timed, "days": prices["S0"].days.size}


def _numbers(portfolios: list[Portfolio], prices: PriceHistory, rates: EcbRates) -> list[dict[str, float]]:
    valuer = Valuer(rates)
    valuations = [valuer.value(portfolio) for portfolio in portfolios]
    found: list[dict[str, float]] = [{} for _ in portfolios]
    stress = Stress(rates, prices)
    for row, portfolio, valuation in zip(found, portfolios, valuations, strict=True):
        if valuation.total is None:
            raise TypeError(valuation.why_no_total)
        row["total_value"] = valuation.total
        row["hhi"] = concentration.hhi(valuation.values, valuation.total)
        for count in (1, 5, 10):
            row[f"top{count}_weight"] = 100.0 * concentration.top_share(valuation.values, valuation.total, count)
        _, covered, changes = stress.changes(portfolio, valuation.values, np.array(valuation.sizes), valuation.total)
        for scenario, share, change in zip(scenarios(), covered, changes, strict=True):
            row[f"stress.{scenario.scenario_id}"] = change / share if share else 0.0
    for sample in samples(portfolios, valuations, rates, prices, benchmarks=True):
        if isinstance(sample, NoSample):
            raise TypeError(sample.reason)
        columns, _ = figures(sample.returns, sample.a_year, "")
        for metric_id, values in columns.items():
            for member, value in zip(sample.members, values.tolist(), strict=True):
                found[member][metric_id] = value
        for member, row in zip(sample.members, _of_lines(sample, portfolios, prices), strict=True):
            found[member] |= row
    return found


def _of_lines(sample: Sample, portfolios: list[Portfolio], prices: PriceHistory) -> list[dict[str, float]]:
    rows: list[dict[str, float]] = []
    benchmarks = Benchmarks(sample)
    table = ReturnTable(sample, benchmarks)
    named = [benchmark_symbols(portfolios[member], prices) for member in sample.members]
    together: defaultdict[int, list[int]] = defaultdict(list)
    for place, mixture in enumerate(named):
        together[id(benchmarks.of(mixture))].append(place)
    compared: dict[int, dict[str, float]] = {}
    for places in together.values():
        benchmark = benchmarks.of(named[places[0]])
        if not isinstance(benchmark, Benchmark):
            raise TypeError(benchmark)
        own, other, _ = paired(sample.by_portfolio[places], benchmark)
        measures = {
            "beta": relative.beta(own.T, other),
            "benchmark_correlation": relative.correlation(own.T, other),
            "tracking_error": 100.0 * relative.tracking_error(own.T, other),
            "information_ratio": relative.information_ratio(own.T, other),
        }
        for column, place in enumerate(places):
            compared[place] = {metric_id: float(measure[column]) for metric_id, measure in measures.items()}
    windows = {period: window(sample.days, period) for period in PERIODS}
    wealth = growth(sample.by_portfolio)
    deviations = sample.moves.std(axis=1, ddof=1)
    for place, (plan, returns) in enumerate(zip(sample.plans, sample.by_portfolio, strict=True)):
        at = [sample.place[symbol] for symbol in plan.weights]
        moves, weights = sample.moves[at], np.fromiter(plan.weights.values(), dtype=np.float64)
        betas = betas_to_whole(moves, returns)
        frame = table.frame(named[place])
        if isinstance(betas, str) or isinstance(frame, str):
            raise TypeError(f"{betas} {frame}")
        coefficients, active = links(returns[frame.start :], frame.returns)
        lines, other_lines = table.lines(plan, frame, coefficients), frame.linked(coefficients)
        holdings = portfolios[plan.member].holdings
        keys = [[holdings[line].sector for line, _, _ in plan.lines]], [["Energy"] * len(frame.symbols)]
        segments = {key: number for number, key in enumerate(sorted({*keys[0][0], *keys[1][0]}))}
        effects = attribute(lines.side(keys[0], segments), other_lines.side(keys[1], segments))
        before = wealth[place, frame.start : -1] / wealth[place, frame.start]
        rows.append(
            {
                **compared[place],
                **{
                    f"return.{period}": one.stated(float(wealth[place, -1] / wealth[place, one.start]))
                    for period, one in windows.items()
                    if isinstance(one, Window)
                },
                "diversification_ratio": float(weights @ deviations[at] / returns.std(ddof=1)),
                "effective_bets": effective_bets(weights * betas) or 0.0,
                "average_correlation": average_correlation(moves, deviations[at]) or 0.0,
                "contributions": float((weights * (moves[:, frame.start :] @ before)).sum()),
                "attribution.active_return": 100.0 * active,
                "attribution.currency": 100.0 * float(effects.currency.sum()),
                "attribution.allocation": 100.0 * float(effects.allocation.sum()),
            }
        )
    return rows


def ours() -> dict[str, Any]:
    """The eight measures that empyrical has, of the same daily returns."""
    returns, market = _returns()
    timed, _ = _best(
        lambda: [
            risk.annual_return(returns),
            risk.volatility(returns),
            risk.sharpe(returns),
            risk.sortino(returns),
            risk.max_drawdown(returns),
            risk.historical_tails(returns, (0.95,)),
            relative.beta(returns, market),
        ]
    )
    return timed


def empyrical() -> dict[str, Any]:
    """empyrical-reloaded, all portfolios in one call where it takes them, else one after the other."""
    import empyrical as ep

    returns, market = _returns()
    columns = [np.ascontiguousarray(column) for column in returns.T]
    timed, found = _best(
        lambda: [
            ep.cagr(returns),
            ep.annual_volatility(returns),
            ep.sharpe_ratio(returns),
            ep.sortino_ratio(returns),
            ep.max_drawdown(returns),
            [-ep.value_at_risk(column) for column in columns],
            [-ep.conditional_value_at_risk(column) for column in columns],
            [ep.beta_aligned(column, market) for column in columns],
        ]
    )
    expected = [risk.annual_return(returns), risk.historical_cvar(returns), relative.beta(returns, market)]
    for mine, theirs in zip(expected, (found[0], found[6], found[7]), strict=True):
        if not np.allclose(mine, theirs, rtol=1e-9, atol=0):
            raise AssertionError("empyrical and we do not measure the same")
    return timed


def _returns() -> tuple[risk.Floats, risk.Floats]:
    chance = np.random.default_rng(1)
    market = chance.standard_t(4, 1250) * 0.007
    return (market + chance.normal(0.0002, 0.006, (PORTFOLIOS, 1250))).T, market


def _best(work: Callable[[], T]) -> tuple[dict[str, Any], T]:
    """Times of the fastest run, and what the last one made."""
    fastest: tuple[float, float] = (float("inf"), 0.0)
    for _ in range(_TIMES):
        made = None
        gc.collect()
        start, cpu = time.perf_counter(), time.process_time()
        made = work()
        fastest = min(fastest, (time.perf_counter() - start, time.process_time() - cpu))
    if made is None:
        raise ValueError("nothing was made")
    return {"seconds": fastest[0], "cpu_seconds": fastest[1]}, made


@lru_cache(maxsize=1)
def _universe() -> tuple[Holding, ...]:
    chance = random.Random(7)
    return tuple(
        Holding(
            f"S{number}",
            "",
            f"Company {number}",
            AssetClass.EQUITY,
            Decimal(1),
            Decimal(100),
            chance.choice(["USD", "EUR", "GBP", "CHF"]),
            Decimal(chance.randint(1_000, 99_999)),
            chance.choice(["Financials", "Health Care", "Energy", "Information Technology"]),
            chance.choice(["US", "DE", "GB", "CH"]),
        )
        for number in range(SYMBOLS)
    )


def _world() -> tuple[list[Portfolio], PriceHistory, EcbRates]:
    rates = EcbRates()
    chance = random.Random(8)
    portfolios = [
        Portfolio(
            f"p{number}", f"Portfolio {number}", "", rates.last_day, chance.choice(["EUR", "USD"]), True, "GLOBAL",
            tuple(chance.sample(_universe(), LINES)), "bench",
        )
        for number in range(PORTFOLIOS)
    ]  # fmt: skip
    mix = (("S1", Decimal("0.6")), ("S2", Decimal("0.4")))
    return (
        [replace(portfolio, benchmark=mix) for portfolio in portfolios],
        simulated_history(_universe(), rates.last_day, years=5),
        rates,
    )


def naive() -> dict[str, Any]:
    """What one would write first: a pandas frame a portfolio, a column a holding, a loop over days for rates."""
    portfolios, prices, rates = _world()
    start, cpu = time.perf_counter(), time.process_time()
    loop = [_naive(one, rates, prices) for one in portfolios[:NAIVE]]
    timed = {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu, "base_mb": 0.0}
    for sheet, expected in zip(fact_sheets(portfolios[:NAIVE], rates, prices), loop, strict=True):
        found = {fact.metric_id: fact.value for fact in sheet.facts}
        for metric_id, value in expected.items():
            if abs(found[metric_id] - value) > 1e-6 * max(1.0, abs(value)):
                raise AssertionError(f"{sheet.portfolio_id} {metric_id}: {found[metric_id]} is not {value}")
    return timed


def _naive(portfolio: Portfolio, rates: EcbRates, prices: PriceHistory) -> dict[str, float]:
    base = portfolio.base_currency
    values = pd.Series(
        {
            line.symbol: float(line.market_value) * (rates.factor(line.currency, base, portfolio.as_of) or np.nan)
            for line in portfolio.holdings
        }
    )
    weights = values / values.sum()
    columns = {}
    for line in portfolio.holdings:
        closes = pd.Series(prices[line.symbol].closes, index=pd.DatetimeIndex(prices[line.symbol].days))
        factors = [rates.factor(line.currency, base, day) or np.nan for day in prices[line.symbol].days.tolist()]
        columns[line.symbol] = closes * np.array(factors)
    returns = (pd.DataFrame(columns).dropna().pct_change().iloc[1:] * weights).sum(axis=1)
    wealth = pd.concat([pd.Series([1.0]), (1 + returns).cumprod()])
    cut = float(np.quantile(returns, 0.05))
    return {
        "total_value": float(values.sum()),
        "hhi": float((weights**2).sum()),
        "volatility": 100 * float(returns.std()) * 252**0.5,
        "sharpe": float(returns.mean() / returns.std()) * 252**0.5,
        "max_drawdown": 100 * float(np.min(wealth / wealth.cummax() - 1)),
        "var_95_1d": -100 * cut,
        "cvar_95_1d": -100 * float(returns[returns <= cut].mean()),
        "annual_return": 100 * (float(np.prod(1 + returns)) ** (252 / len(returns)) - 1),
    }
