"""What of a portfolio has a usable price history, and with which weight it stands for the whole."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from math import floor, fsum

import numpy as np

from core.domain.portfolio import AssetClass, Portfolio
from core.metrics.doubts import Doubts
from core.metrics.exposure import leans, why_unknown
from core.metrics.prices import PriceHistory, PriceSeries
from core.metrics.thresholds import MAX_STALE_DAYS, MIN_CHANGES, MIN_COVERAGE, MIN_RETURNS
from core.metrics.valuation import Valuation

CASH_IN = "\0cash "
"""Before a currency: the pseudo symbol of cash, whose price is always 1. No symbol has a NUL."""

_CASH_SYMBOL = re.compile("CASH_([A-Z]{3})")
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """One portfolio before its days are known.

    Attributes:
        member: Its place in the sequence that was asked for.
        weights: Weight by symbol, rescaled for what has no history; base cash has none, because it never moves.
        lines: Of each line with a history or of cash: its place, its symbol and its rescaled weight.
        uncovered: Places of the lines without a usable history, or whose history was left out as too short.
        gross: Share of gross value by symbol of what is covered, cash included, as fractions: their sum is what is
            covered of the whole.
        left_out: Symbols whose history was left out as too short, with the same shares.
        base: Currency that returns are measured in.
        as_of: The portfolio's day; later closes are not used.
        said: What must be said of its lines beside every figure, as sentences.
    """

    member: int
    weights: Mapping[str, float]
    lines: tuple[tuple[int, str, float], ...]
    uncovered: tuple[int, ...]
    gross: Mapping[str, float]
    base: str
    as_of: date
    left_out: Mapping[str, float] = field(default_factory=dict)
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoSample:
    """Why a portfolio has no returns."""

    member: int
    reason: str


class Usable:
    """Which series describe a portfolio of a given day; remembered, because portfolios share symbols and days."""

    def __init__(self, prices: PriceHistory) -> None:
        self._prices = prices
        self.doubts = Doubts(prices)
        self._known: defaultdict[date, dict[str, str]] = defaultdict(dict)

    def on(self, as_of: date, symbols: Iterable[str]) -> Mapping[str, str]:
        """What at least these symbols lack to be described, in words; "" where they lack nothing."""
        known = self._known[as_of]
        for symbol in symbols:
            if symbol not in known:
                known[symbol] = _lack(self._prices.get(symbol), as_of)
        return known


_NO_HISTORY = "none that is long and recent enough"
_RARELY = "none whose closes change on at least half of the days (appraisals are no daily prices)"
_STANDS = "none that moved in the last 10 days"
_LEANS = "an exposure that its market value does not tell"


def _lack(series: PriceSeries | None, as_of: date) -> str:
    if series is None:
        return _NO_HISTORY
    closes = int(np.searchsorted(series.days, np.datetime64(as_of), side="right"))
    if closes <= MIN_RETURNS or age(series.days[closes - 1], as_of) > MAX_STALE_DAYS:
        return _NO_HISTORY
    values = series.closes[:closes]
    moved = np.flatnonzero(values[1:] != values[:-1])
    if not moved.size and values[0] == 1.0:
        return ""  # a money market fund that is kept at one
    if moved.size < MIN_CHANGES * (closes - 1):
        return _RARELY
    return _STANDS if age(series.days[moved[-1] + 1], as_of) > MAX_STALE_DAYS else ""


def age(day: np.datetime64, as_of: date) -> int:
    """Days from a close to a day."""
    return int((np.datetime64(as_of) - day).astype(int))


def plan(member: int, portfolio: Portfolio, valuation: Valuation, usable: Usable) -> Plan | NoSample:
    """Weights of what has a history, or the reason why the portfolio cannot be described.

    Lines without a usable history (none, under 60 returns, ended or unmoved over 10 days before, closes that change on
    under half of the days) and lines that lean on a notional may be up to 5 % of gross value, the notional counted:
    the others are scaled up for them.
    """
    if valuation.total is None or valuation.why_no_shares:
        return NoSample(member, valuation.why_no_shares or valuation.why_no_total)
    if unknown := why_unknown(portfolio.holdings, valuation.sizes):
        return NoSample(member, unknown)
    lines: list[tuple[int, str, float]] = []
    uncovered: list[int] = []
    missing: dict[str, dict[str, float]] = {}
    amounts: defaultdict[str, float] = defaultdict(float)
    gross = covered = 0.0
    lacks = usable.on(portfolio.as_of, [holding.symbol for holding in portfolio.holdings])
    for place, (holding, value, size) in enumerate(
        zip(portfolio.holdings, valuation.values, valuation.sizes, strict=True)
    ):
        if holding.asset_class is AssetClass.CASH:
            symbol, lack = CASH_IN + holding.currency, ""
        else:
            symbol, lack = holding.symbol, lacks[holding.symbol]
            # The closes of a leveraged fund carry its factor; those of a derivative do not carry its notional.
            if leans(holding) and size > abs(value):
                lack = _LEANS
        gross += size
        if lack:
            uncovered.append(place)
            lines_without = missing.setdefault(lack, {})
            lines_without[symbol] = lines_without.get(symbol, 0.0) + size
        else:
            covered += size
            amounts[symbol] += size
            lines.append((place, symbol, value / valuation.total))
    # Exactly 95 % is enough, whichever way the sums were rounded.
    if covered < (MIN_COVERAGE - 1e-9) * gross:
        return NoSample(member, why_not_covered(covered / gross, missing))
    if all(symbol.startswith(CASH_IN) for _, symbol, _ in lines):
        return NoSample(member, "No line has a price history: cash alone has no returns to measure.")
    shares = {symbol: amount / gross for symbol, amount in amounts.items()}
    said = (*_not_covered(missing, gross), *_bonds(portfolio, amounts), *usable.doubts.far(portfolio))
    return replace(_scaled(member, portfolio, lines, uncovered, shares), said=said)


def _not_covered(missing: Mapping[str, Mapping[str, float]], gross: float) -> Iterator[str]:
    """Which lines no history describes although there is enough of the others."""
    for lack, sizes in missing.items():
        share = 100 * fsum(sizes.values()) / gross
        yield f"{largest(sizes)} ({share:.1f} % of gross value) has {lack}; the others are scaled up for it."


def _bonds(portfolio: Portfolio, covered: Collection[str]) -> Iterator[str]:
    bonds = {line.symbol: 1.0 for line in portfolio.holdings if line.asset_class is AssetClass.BOND}
    own = {symbol: size for symbol, size in bonds.items() if symbol in covered}
    if own:
        yield f"Closes of bonds ({largest(own)}) are taken as they are: where they are clean, returns lack interest."


def _scaled(
    member: int,
    portfolio: Portfolio,
    lines: Sequence[tuple[int, str, float]],
    uncovered: Sequence[int],
    gross: Mapping[str, float],
) -> Plan:
    scale = 1.0 / fsum(gross.values())
    idle = CASH_IN + portfolio.base_currency
    weights: defaultdict[str, float] = defaultdict(float)
    for _, symbol, weight in lines:
        if symbol != idle:
            weights[symbol] += weight
    return Plan(
        member,
        {symbol: weight * scale for symbol, weight in weights.items()},
        tuple([(place, symbol, weight * scale) for place, symbol, weight in lines]),
        tuple(uncovered),
        gross,
        portfolio.base_currency,
        portfolio.as_of,
    )


def without(whole: Plan, symbols: Iterable[str]) -> Plan:
    """The plan with some histories left out and the others scaled up for them."""
    out = frozenset(symbols)
    kept = {symbol: share for symbol, share in whole.gross.items() if symbol not in out}
    scale = fsum(whole.gross.values()) / fsum(kept.values())
    return replace(
        whole,
        weights={symbol: weight * scale for symbol, weight in whole.weights.items() if symbol not in out},
        lines=tuple([(place, symbol, weight * scale) for place, symbol, weight in whole.lines if symbol not in out]),
        uncovered=tuple(sorted([*whole.uncovered, *(place for place, symbol, _ in whole.lines if symbol in out)])),
        gross=kept,
        left_out={symbol: whole.gross[symbol] for symbol in whole.gross if symbol in out},
    )


def too_short(whole: Plan, spans: Mapping[str, int]) -> frozenset[str]:
    """Symbols whose short histories are better left out: the longest sample is worth more than a small line.

    A set of the shortest histories is left out where it is at most 5 % of gross value together with what has none, and
    where its share of the value is less than the share of the days that keeping it would cost; of several such sets
    the one with the largest difference.

    Args:
        spans: Days since each history's beginning, or since its last hole of over 10 days.
    """
    lengths = sorted({spans[symbol] for symbol in whole.weights})
    best, found = 0.0, frozenset[str]()
    uncovered = 1.0 - fsum(whole.gross.values())
    for length in lengths[1:]:
        out = frozenset(symbol for symbol in whole.weights if spans[symbol] < length)
        share = sum(whole.gross[symbol] for symbol in out)
        if share + uncovered > 1.0 - MIN_COVERAGE + 1e-9:
            break
        gain = 1.0 - lengths[0] / length - share
        if gain > best:
            best, found = gain, out
    return found


def why_not_covered(share: float, missing: Mapping[str, Mapping[str, float]]) -> str:
    """`why_uncovered` of price histories, for lines by what they lack."""
    said = [f"{lack} for {largest(sizes)}" for lack, sizes in missing.items()]
    return f"{_covers('Price history', share)}; {', '.join(said)}."


def why_uncovered(share: float, missing: Mapping[str, float], *, what: str = "Price history", lack: str = "") -> str:
    """A sentence that names the coverage and the largest lines that have none.

    Args:
        share: What is covered, as a fraction of gross value.
        missing: Gross value by symbol.
        what: What covers.
        lack: What the named lines have none of; default: a price history of use.
    """
    return f"{_covers(what, share)}; {lack or _NO_HISTORY} for {largest(missing)}."


def _covers(what: str, share: float) -> str:
    covered = floor(1000 * share + 1e-6) / 10  # rounded down: 94.99 % must not read 95 %
    return f"{what} covers {covered}% of gross value and {MIN_COVERAGE:.0%} is needed"


def largest(missing: Mapping[str, float]) -> str:
    """The symbols with the most value, and how many more there are."""
    ranked: Sequence[str] = sorted(missing, key=lambda symbol: (-missing[symbol], symbol))
    more = f" and {len(ranked) - _NAMED} more" if len(ranked) > _NAMED else ""
    return ", ".join(ranked[:_NAMED]) + more


def benchmark_symbols(portfolio: Portfolio, prices: PriceHistory) -> dict[str, float]:
    """Weight by symbol of a portfolio's benchmark; "CASH_EUR", unless it has prices, is cash in euro.

    A symbol without a price history is among them: whoever uses it says that it has none.
    """
    weights: defaultdict[str, float] = defaultdict(float)
    for symbol, weight in portfolio.benchmark:
        cash = _CASH_SYMBOL.fullmatch(symbol) if symbol not in prices else None
        weights[CASH_IN + cash.group(1) if cash else symbol] += float(weight)
    return dict(weights)
