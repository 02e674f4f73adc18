"""What scenarios would do to the present holdings, as facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.domain.fx import Rates
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.domain.units import Badge
from core.metrics.doubts import Doubts
from core.metrics.exposure import currency_of, leans, why_unknown
from core.metrics.metric_definitions import STRESS_FAMILIES
from core.metrics.plans import age, why_uncovered
from core.metrics.prices import PriceHistory, PriceSeries
from core.metrics.returns import worst_badge
from core.metrics.rows import Rows, absent, state
from core.metrics.scenarios import Scenario, Traits, local_move, rate_move, scenarios
from core.metrics.thresholds import MAX_STALE_DAYS, MIN_COVERAGE
from core.metrics.valuation import Valuation

Floats = NDArray[np.float64]

_REPLAYS = tuple(one for one in scenarios() if one.kind == "replay")
_SHOCKS = tuple(one for one in scenarios() if one.kind == "shock")


class Stress:
    """Applies every scenario to portfolios, and remembers the moves that many of them share."""

    def __init__(self, rates: Rates, prices: PriceHistory | None) -> None:
        self._prices = prices if prices is not None else PriceHistory({})
        self._doubts = Doubts(self._prices)
        self._factor = lru_cache(maxsize=4096)(rates.factor)
        self._replayed = lru_cache(maxsize=65_536)(self._replays)

    def rows(self, portfolio: Portfolio, valuation: Valuation) -> Rows:
        """Each scenario's change of value in percent, or why it is not known."""
        if valuation.total is None or valuation.why_no_shares:
            return absent(STRESS_FAMILIES, valuation.why_no_shares or valuation.why_no_total)
        lines, sizes = portfolio.holdings, np.array(valuation.sizes)
        if unknown := why_unknown(lines, valuation.sizes):
            return absent(STRESS_FAMILIES, unknown)
        moves, covered, changes = self.changes(portfolio, valuation.values, sizes, valuation.total)
        known = ~np.isnan(moves)
        shocked = Badge.SIMULATED if portfolio.is_sample else Badge.DERIVED
        replay_badge = worst_badge(portfolio, self._prices)
        missing: dict[bytes, dict[str, float]] = {}
        far = self._doubts.far(portfolio)
        rows: Rows = ([], [])
        for column, scenario in enumerate((*_REPLAYS, *_SHOCKS)):
            stated: float | str
            if scenario.last is not None and scenario.last > portfolio.as_of:
                stated = f"The window {_period(scenario)} ends after the portfolio's day, {portfolio.as_of}."
            elif scenario.kind == "replay" and replay_badge is Badge.SIMULATED:
                stated = (
                    f"{scenario.name} is replayed with prices of {_period(scenario)}, and these prices are simulated: "
                    "they know nothing of what happened then."
                )
            elif covered[column] < MIN_COVERAGE - 1e-9:
                # Most windows of the past lack the same lines.
                mask = known[:, column].tobytes()
                if mask not in missing:
                    missing[mask] = _missing(lines, sizes, known[:, column])
                stated = _why(scenario, missing[mask], covered[column])
            else:
                # What is not covered is taken to move like the rest, as in every other figure.
                stated = changes[column] / covered[column]
            replay = scenario.kind == "replay"
            period, badge = (_period(scenario), replay_badge) if replay else (None, shocked)
            note = " ".join((f"This is: {scenario.name}.", *far, *self._splits(portfolio, scenario)))
            state(rows, f"stress.{scenario.scenario_id}", stated, period, badge, note)
        return rows

    def _splits(self, portfolio: Portfolio, scenario: Scenario) -> tuple[str, ...]:
        if scenario.first is None or scenario.last is None:
            return ()
        symbols = (line.symbol for line in portfolio.holdings if line.asset_class is not AssetClass.CASH)
        return self._doubts.between(symbols, scenario.first, scenario.last)

    def changes(
        self, portfolio: Portfolio, values: Sequence[float], sizes: Floats, total: float
    ) -> tuple[Floats, list[float], list[float]]:
        """Each line's move in each scenario, and of each scenario the share covered and the change of the covered.

        Args:
            values: Of the lines in base currency.
            sizes: What each of them stands for, see `Valuation`.
            total: Their sum, above zero.

        Returns:
            Moves as fractions, shape (n_lines, n_scenarios), NaN where not known; shares of gross value; changes in
            percent of the total, not yet scaled up for what is not covered.
        """
        base, lines = portfolio.base_currency, portfolio.holdings
        replayed = np.array([self._replayed(*_quote(line), base) for line in lines])
        local = np.array([_shocked(Traits.of(line)) for line in lines])
        rate = np.array([_rates_shocked(currency_of(line), base) for line in lines])
        moves = np.concatenate([replayed, (1.0 + local) * (1.0 + rate) - 1.0], axis=1)
        worth = np.array(values)
        # What leans on a notional moves with it, and whether for or against the whole is not stated.
        leaning = np.array([leans(line) for line in lines])
        moves[leaning & (sizes > np.abs(worth) * (1.0 + 1e-9))] = np.nan
        known = ~np.isnan(moves)
        covered = (sizes @ known / sizes.sum()).tolist()
        return moves, covered, (worth @ np.where(known, moves, 0.0) * (100.0 / total)).tolist()

    def _replays(self, symbol: str, currency: str, base: str) -> Floats:
        """A line's move in base currency in each window; NaN where a close or a rate is missing. Cash: symbol ""."""
        moves = np.full(len(_REPLAYS), np.nan)
        series = self._prices.get(symbol) if symbol else None
        if symbol and (series is None or not series.days.size):
            return moves
        quoted = currency if series is None else series.currency
        for place, scenario in enumerate(_REPLAYS):
            if series is not None and series.days[0] > np.datetime64(scenario.first or date.max):
                continue
            ends = [self._value(series, quoted, base, day) for day in (scenario.first, scenario.last) if day]
            if len(ends) == 2 and ends[0] is not None and ends[1] is not None:
                moves[place] = ends[1] / ends[0] - 1.0
        return moves

    def _value(self, series: PriceSeries | None, currency: str, base: str, day: date) -> float | None:
        """The last known close in base currency, at most ten days old."""
        factor = self._factor(currency, base, day)
        if series is None or factor is None:
            return factor
        place = int(np.searchsorted(series.days, np.datetime64(day), side="right")) - 1
        if place < 0 or age(series.days[place], day) > MAX_STALE_DAYS:
            return None
        return float(series.closes[place]) * factor


def _quote(line: Holding) -> tuple[str, str]:
    return ("" if line.asset_class is AssetClass.CASH else line.symbol), line.currency


@lru_cache(maxsize=4096)
def _shocked(line: Traits) -> Floats:
    """A line's local move in each shock; NaN where its sensitivity is not known."""
    found = (local_move(scenario, line) for scenario in _SHOCKS)
    return np.array([np.nan if move is None else move for move in found])


@lru_cache(maxsize=4096)
def _rates_shocked(currency: str | None, base: str) -> Floats:
    """How a currency's rate moves in each shock; NaN where that is not known."""
    found = (rate_move(scenario, currency, base) for scenario in _SHOCKS)
    return np.array([np.nan if move is None else move for move in found])


def _missing(lines: Sequence[Holding], sizes: Floats, known: NDArray[np.bool_]) -> dict[str, float]:
    """Gross value by symbol of what is not known."""
    found: defaultdict[str, float] = defaultdict(float)
    for line, size, has in zip(lines, sizes.tolist(), known.tolist(), strict=True):
        if not has:
            found[line.symbol] += size
    return found


def _why(scenario: Scenario, missing: Mapping[str, float], covered: float) -> str:
    if scenario.kind == "replay":
        what, lack = f"Price history over {_period(scenario)}", "no prices or exchange rates at both ends"
    else:
        what, lack = "A known sensitivity", "no kind of risk, duration, rating, currency of exposure or delta"
    return why_uncovered(covered, missing, what=what, lack=lack)


def _period(scenario: Scenario) -> str:
    return f"{scenario.first}..{scenario.last}"
