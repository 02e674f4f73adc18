"""Where the difference to the benchmark comes from: effects by asset class and by sector, as facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Protocol

import numpy as np

from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.domain.units import Badge
from core.metrics.benchmark import Benchmark, Benchmarks
from core.metrics.brinson import Effects, Side, attribute, links
from core.metrics.history import RUIN
from core.metrics.metric_definitions import ATTRIBUTION_FAMILIES, ATTRIBUTION_METRICS
from core.metrics.periods import window
from core.metrics.plans import CASH_IN, Plan, largest
from core.metrics.returns import Floats, Sample
from core.metrics.rows import Rows, absent, state, state_family
from core.metrics.valuation import CASH_SECTOR, sector_of, slug


class Classified(Protocol):
    """What attribution must know of a benchmark's member; a row of an instruments register has it."""

    @property
    def asset_class(self) -> AssetClass:
        """What carries its risk."""

    @property
    def sector(self) -> str:
        """Or ""."""


_WITH_ITS_FUNDS = {AssetClass.EQUITY_FUND: AssetClass.EQUITY, AssetClass.BOND_FUND: AssetClass.BOND}

_NO_WEIGHT = 1e-12
_NO_EFFECT = 1e-11  # in percentage points
_EFFECTS = ("allocation", "selection", "interaction", "currency")
_EVERYTHING = (*ATTRIBUTION_METRICS, *ATTRIBUTION_FAMILIES)


def attribution_rows(
    sample: Sample,
    portfolios: Sequence[Portfolio],
    benchmarks: Benchmarks,
    named: Sequence[Mapping[str, float]],
    members: Mapping[str, Classified],
    badges: Sequence[Badge],
    period: str = "1y",
) -> Iterator[Rows]:
    """The attribution of each portfolio of a sample, in its order.

    Args:
        period: One of `metric_definitions.PERIODS`. A year that the history does not have is what there is of it;
            any other period must be whole.
        named: Weights by symbol of each portfolio's benchmark.
        members: Asset class and sector by symbol, of benchmarks' members; for others a portfolio's own lines decide.
    """
    table = ReturnTable(sample, benchmarks, period)
    for plan, returns, weights, badge in zip(sample.plans, sample.by_portfolio, named, badges, strict=True):
        frame = table.frame(weights)
        if isinstance(frame, str):
            yield absent(_EVERYTHING, frame)
        else:
            yield _rows(table, plan, returns, portfolios[plan.member], frame, members, badge)


def _rows(
    table: ReturnTable,
    plan: Plan,
    returns: Floats,
    portfolio: Portfolio,
    frame: Frame,
    members: Mapping[str, Classified],
    badge: Badge,
) -> Rows:
    found = {symbol: _member(symbol, members, portfolio) for symbol in frame.symbols}
    known = {symbol: one for symbol, one in found.items() if one is not None}
    if len(known) < len(found):
        weights = zip(frame.symbols, frame.weights.tolist(), strict=True)
        unknown = {symbol: abs(weight) for symbol, weight in weights if symbol not in known}
        return absent(_EVERYTHING, f"The asset class is not known of {largest(unknown)} of the benchmark.")
    if frame.ruined or (returns[frame.start :] <= -1.0).any():
        return absent(_EVERYTHING, RUIN)
    coefficients, active = links(returns[frame.start :], frame.returns)
    lines, other = table.lines(plan, frame, coefficients), frame.linked(coefficients)
    if abs(lines.weights.sum() - 1.0) > 1e-9:
        reason = "Lines without a usable price history stand beside short lines: weights do not sum to 1 without them."
        return absent(_EVERYTHING, reason)
    own_keys = [[_class(portfolio.holdings[place]) for place, _, _ in plan.lines]]
    other_keys = [[_class(known[symbol]) for symbol in frame.symbols]]
    sectors = [_sector(known[symbol]) for symbol in frame.symbols]
    if all(sectors):
        own_keys.append([f"sector.{slug(sector_of(portfolio.holdings[place]))}" for place, _, _ in plan.lines])
        other_keys.append([f"sector.{sector}" for sector in sectors])
    segments = [sorted({*own, *other}) for own, other in zip(own_keys, other_keys, strict=True)]
    place_of = {key: place for place, key in enumerate(key for keys in segments for key in keys)}
    sides = lines.side(own_keys, place_of), other.side(other_keys, place_of)
    for side, name in zip(sides, ("portfolio", "benchmark"), strict=True):
        idle = (np.abs(side.weights) < _NO_WEIGHT) & (np.abs(side.local) > _NO_WEIGHT)
        if idle.any():
            segment = list(place_of)[int(np.argmax(idle))]
            reason = f"Long and short lines of '{segment}' in the {name} cancel out: it has no return of its own."
            return absent(_EVERYTHING, reason)
    effects = attribute(*sides)
    return _stated(effects, active, list(place_of), len(segments[0]), frame, badge)


def _stated(effects: Effects, active: float, segments: Sequence[str], classes: int, frame: Frame, badge: Badge) -> Rows:
    """Totals over the first segments, the asset classes, and every segment's effects."""
    percent = {name: np.asarray(100.0 * getattr(effects, name)) for name in _EFFECTS}
    totals = {f"attribution.{name}": float(values[:classes].sum()) for name, values in percent.items()}
    residual = 100.0 * active - fsum(totals.values())
    totals |= {"attribution.active_return": 100.0 * active, "attribution.residual": residual}
    period, note = frame.period, f"Sample: {frame.returns.size} returns."
    rows: Rows = ([], [])
    for metric_id in ATTRIBUTION_METRICS:
        state(rows, metric_id, _clean(totals[metric_id]), period, badge, note)
    for name, values in percent.items():
        cleaned = map(_clean, values.tolist())
        state_family(rows, f"attribution.{name}.", zip(segments, cleaned, strict=True), period, badge, note)
    return rows


def _clean(effect: float) -> float:
    """Rounding is no effect: what is left of a cancelled sum must not read "-0.00"."""
    return 0.0 if abs(effect) < _NO_EFFECT else effect


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Weights of lines, and what each added to the linked sum: locally, and by its exchange rate."""

    weights: Floats
    local: Floats
    currency: Floats

    def side(self, groupings: Sequence[Sequence[str]], place_of: Mapping[str, int]) -> Side:
        """Summed by segment, each line being in one segment of each grouping."""
        to = np.zeros((len(place_of), self.weights.size))
        for keys in groupings:
            to[[place_of[key] for key in keys], np.arange(len(keys))] = 1.0
        return Side(to @ self.weights, to @ self.local, to @ self.currency, float(self.local.sum()))


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A benchmark in the window of an attribution: the last twelve months or what there is, or a period asked for.

    Attributes:
        symbols, weights: Of its members.
        start: Place in the sample's returns of the window's first.
        returns: Of the benchmark in the window.
        local, by_rate: Of its members' daily returns the local part and the exchange rate's.
        ruined: It lost everything on a day.
    """

    symbols: tuple[str, ...]
    weights: Floats
    start: int
    period: str
    returns: Floats
    local: Floats
    by_rate: Floats
    ruined: bool

    def linked(self, coefficients: Floats) -> Lines:
        """Its members' linked sums."""
        return Lines(
            self.weights, self.weights * (self.local @ coefficients), self.weights * (self.by_rate @ coefficients)
        )


class ReturnTable:
    """Daily returns of a sample's symbols, in a local part and the exchange rate's part."""

    def __init__(self, sample: Sample, benchmarks: Benchmarks, period: str = "1y") -> None:
        self._sample = sample
        self._period = period
        self._benchmarks = benchmarks
        by_rate = _by_rate(sample, tuple(sample.place), sample.moves, 0)
        # The last row is base cash, which never moves.
        idle = np.zeros((1, by_rate.shape[1]))
        self._local, self._by_rate = np.vstack([sample.moves - by_rate, idle]), np.vstack([by_rate, idle])
        self._frames: dict[int, Frame] = {}

    def frame(self, weights: Mapping[str, float]) -> Frame | str:
        """The window and the benchmark in it, or the reason why there is no benchmark."""
        benchmark = self._benchmarks.of(weights)
        if isinstance(benchmark, str):
            return benchmark
        whole = window(self._sample.days, self._period)
        if isinstance(whole, str) and self._period != "1y":
            return whole
        if id(benchmark) not in self._frames:
            self._frames[id(benchmark)] = self._framed(benchmark)
        return self._frames[id(benchmark)]

    def _framed(self, benchmark: Benchmark) -> Frame:
        days = self._sample.days
        wanted = window(days, self._period)
        start = max(benchmark.start, 0 if isinstance(wanted, str) else wanted.start)
        offset = start - benchmark.start
        moves, returns = benchmark.moves[:, offset:], benchmark.returns[offset:]
        by_rate = _by_rate(self._sample, benchmark.symbols, moves, start)
        ruined = bool((returns <= -1.0).any())
        period = f"{days[start]}..{days[-1]}"
        return Frame(benchmark.symbols, benchmark.weights, start, period, returns, moves - by_rate, by_rate, ruined)

    def lines(self, plan: Plan, frame: Frame, coefficients: Floats) -> Lines:
        """A portfolio's lines' linked sums in the window."""
        place = self._sample.place
        at = np.array([place.get(symbol, len(place)) for _, symbol, _ in plan.lines])
        weights = np.array([weight for _, _, weight in plan.lines])
        local = self._local[at, frame.start :] @ coefficients
        return Lines(weights, weights * local, weights * (self._by_rate[at, frame.start :] @ coefficients))


def _by_rate(sample: Sample, symbols: Sequence[str], moves: Floats, start: int) -> Floats:
    """The part of each symbol's moves that is its exchange rate's: (1 + local) * move of the rate."""
    part = np.zeros_like(moves)
    for row, symbol in enumerate(symbols):
        rates = sample.rate_moves(symbol)
        if rates is not None:
            rate = rates[start:]
            part[row] = (1.0 + moves[row]) * rate / (1.0 + rate)
    return part


def _member(symbol: str, members: Mapping[str, Classified], portfolio: Portfolio) -> Classified | None:
    return _CASH if symbol.startswith(CASH_IN) else members.get(symbol) or _as_held(symbol, portfolio)


def _as_held(symbol: str, portfolio: Portfolio) -> Classified | None:
    """What the portfolio's own lines say of a symbol; None where there are none or they disagree."""
    lines = [one for one in portfolio.holdings if one.symbol == symbol]
    agree = len({(one.asset_class, one.sector) for one in lines}) == 1
    return lines[0] if agree else None


def _class(one: Classified) -> str:
    return _WITH_ITS_FUNDS.get(one.asset_class, one.asset_class).value


def segments_of(line: Holding) -> tuple[str, str]:
    """Asset class and sector of a line, as ids of effects carry them."""
    return _class(line), f"sector.{slug(sector_of(line))}"


def segments_of_member(symbol: str, members: Mapping[str, Classified], portfolio: Portfolio) -> tuple[str, str] | None:
    """The same of a benchmark's member: a sector of "" where it has none, None where nothing is known of it."""
    found = _member(symbol, members, portfolio)
    if found is None:
        return None
    return _class(found), f"sector.{sector}" if (sector := _sector(found)) else ""


def _sector(one: Classified) -> str:
    """Of a benchmark's member; "" where it has none."""
    if one.asset_class is AssetClass.CASH:
        return CASH_SECTOR
    return slug(one.sector) if one.sector.strip() else ""


@dataclass(frozen=True, slots=True)
class _Cash:
    """A benchmark's cash."""

    asset_class: AssetClass = AssetClass.CASH
    sector: str = CASH_SECTOR


_CASH = _Cash()
