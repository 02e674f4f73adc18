"""What every number means: one sentence with its formula, its unit, the digits it is shown with and its source.

The prompt, the hover text and the methodology page all take their words from here.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.units import Unit
from core.metrics.thresholds import (
    INTERVAL_LEVEL,
    ISSUERS_NAMED,
    LARGE_ISSUER,
    MAX_REPORT_AGE,
    MIN_CLASSIFIED,
    MIN_LOOKED_THROUGH,
    RESAMPLES,
)

PERIODS = ("1m", "3m", "6m", "ytd", "1y", "3y", "5y", "si")
"""Periods of returns: months back, since the year began, years back, since the common history began."""


@dataclass(frozen=True, slots=True)
class Definition:
    """How one metric, or one family of metrics, is computed.

    Attributes:
        unit: Of the value.
        decimals: Digits after the point shown to people and models.
        text: One sentence; facts append what is particular to them (rates used, days in the sample).
        source: Where the formula comes from, as the methodology page cites it.
        keys: What may follow the prefix of a family; empty when anything may.
    """

    unit: Unit
    decimals: int
    text: str
    source: str = "own definition"
    keys: tuple[str, ...] = ()


_SHARE = "of total value, where total value is the sum of all lines in base currency, short lines and cash included"
_DAILY = (
    "of the portfolio's simple daily returns r in base currency at each day's last known rates, present weights "
    "rebalanced daily, cash earning 0"
)
_YEARLY = f"{_DAILY}; n is the number of returns a year that the sample has"
_PRESENT = (
    "of the present holdings, their weights rebalanced daily, in base currency at each day's last known rates, cash "
    "earning 0, before costs: what these holdings would have returned and not what the account did"
)
_EXPOSED = (
    "a position counts with its exposure (a derivative with its notional, a leveraged fund with its factor times its "
    "value)"
)
_ISSUERS = (
    "among lines with one issuer behind them; funds, cash and derivatives are counted apart and are not in it, and "
    "lines of one issuer are one"
)
_BENCHMARK = (
    "with r the portfolio's and b the benchmark's simple daily returns in base currency, weights of both rebalanced "
    "daily, over the days on which every line and every member of the benchmark has a price"
)
_POSITIONS = (
    "with w the present weights of the positions (lines of one instrument are one, foreign cash is one) and their "
    "simple daily returns in base currency"
)
_BRINSON = (
    "by asset class, a fund counted with what it holds, over the last twelve months or all of the common history when "
    "shorter, daily effects linked by Carino's method, in percentage points"
)

_HERFINDAHL = "Hirschman (1945), Herfindahl (1950)"
_SHARPE = "after Sharpe (1966), Mutual Fund Performance, over a rate of 0 % instead of that of a bill"
_SORTINO = "Sortino and Price (1994), Performance Measurement in a Downside Risk Framework"
_DEVIATION = "Markowitz (1952), Portfolio Selection, for the standard deviation as a measure of risk"
_HISTORICAL = "Linsmeier and Pearson (2000), Value at Risk, historical simulation"
_PARAMETRIC = "Linsmeier and Pearson (2000), Value at Risk, variance-covariance method, with the mean of the sample"
_SHORTFALL = "Acerbi and Tasche (2002), On the Coherence of Expected Shortfall"
_EULER = "Litterman (1996), Hot Spots and Hedges"
_TIME_WEIGHTED = "Bank Administration Institute (1968), Measuring the Investment Performance of Pension Funds"
_COMPOUNDED = "own definition; no standard of performance presentation is claimed"
_FACHLER = (
    "Brinson and Fachler (1985), Measuring Non-U.S. Equity Portfolio Performance; Carino (1999), Combining "
    "Attribution Effects Over Time"
)
_ACTIVE = "Grinold and Kahn (2000), Active Portfolio Management"

HOLDINGS_METRICS: dict[str, Definition] = {
    "total_value": Definition(Unit.CCY, 2, "Sum of the market values of all lines, each converted to base currency."),
    "holdings_count": Definition(Unit.COUNT, 0, "Number of lines, cash and short lines included."),
    "holdings_count_without_cash": Definition(
        Unit.COUNT, 0, "Number of lines that are not cash, short lines included."
    ),
    "hhi": Definition(
        Unit.RATIO,
        4,
        f"Herfindahl index: sum of squared shares of the non-cash positions {_SHARE}, as the top weights are; lines of "
        f"one instrument are one position, a fund is one position and is not looked through, {_EXPOSED}.",
        _HERFINDAHL,
    ),
    "effective_n": Definition(
        Unit.RATIO,
        2,
        "1 / sum of squared shares of the non-cash positions in their own gross exposure: the number of equally large "
        "positions that would be as concentrated, whatever cash is held beside them.",
        _HERFINDAHL,
    ),
    "top1_weight": Definition(
        Unit.PCT, 2, f"Absolute weight of the largest non-cash position, in percent {_SHARE}; {_EXPOSED}."
    ),
    "top5_weight": Definition(
        Unit.PCT,
        2,
        f"Sum of the absolute weights of the 5 largest non-cash positions, in percent {_SHARE}; {_EXPOSED}.",
    ),
    "top10_weight": Definition(
        Unit.PCT,
        2,
        f"Sum of the absolute weights of the 10 largest non-cash positions, in percent {_SHARE}; {_EXPOSED}.",
    ),
    "issuer_hhi": Definition(
        Unit.RATIO,
        4,
        f"Herfindahl index of issuers: sum of squared shares of the issuers {_SHARE}; {_ISSUERS}.",
        _HERFINDAHL,
    ),
    "issuer_effective_n": Definition(
        Unit.RATIO,
        2,
        "1 / sum of squared shares of the issuers in their own gross value: the number of equally large issuers, "
        f"{_ISSUERS}.",
        _HERFINDAHL,
    ),
    "issuer_top1_weight": Definition(
        Unit.PCT, 2, f"Absolute weight of the largest issuer, in percent {_SHARE}; {_ISSUERS}."
    ),
}
"""Metrics of the holdings alone, in the order they are stated."""

FAMILIES: dict[str, Definition] = {
    "asset_class.": Definition(
        Unit.PCT, 2, f"Sum of the weights of all lines of the asset class, in percent {_SHARE}."
    ),
    "issuer.": Definition(
        Unit.PCT,
        2,
        f"Sum of the weights of all lines of one issuer, in percent {_SHARE}, for issuers of {LARGE_ISSUER:g} % and "
        "more, funds, cash and derivatives not among them; named by the issuer's largest line.",
    ),
    "lines.": Definition(Unit.COUNT, 0, "Number of lines of the asset class."),
    "sector.": Definition(
        Unit.PCT,
        2,
        f"Sum of the weights of all lines of the sector, in percent {_SHARE}; cash is its own sector, a fund counts "
        "under the sector its source states and lines without one are 'unclassified'.",
    ),
    "country.": Definition(
        Unit.PCT,
        2,
        f"Sum of the weights of all lines by the issuer's domicile, in percent {_SHARE}; a fund counts under its own "
        "domicile and lines without one are 'unclassified'.",
    ),
    "currency.": Definition(
        Unit.PCT,
        2,
        f"Sum of the weights of all lines by currency of the quote, in percent {_SHARE}; what a fund holds inside is "
        "not looked through.",
    ),
    "weight.": Definition(Unit.PCT, 2, f"Market value of the line in base currency, in percent {_SHARE}."),
}
"""Families of metrics of the holdings by the prefix of their ids, in the order they are stated."""

HISTORY_METRICS: dict[str, Definition] = {
    "volatility": Definition(Unit.PCT, 2, f"std(r, ddof=1) * sqrt(n) {_YEARLY}.", _DEVIATION),
    "downside_deviation": Definition(
        Unit.PCT,
        2,
        f"sqrt(mean(min(r, 0)^2)) * sqrt(n) {_YEARLY}; the minimum return is 0 and all days count in the mean.",
        _SORTINO,
    ),
    "sharpe": Definition(
        Unit.RATIO,
        2,
        f"mean(r) / std(r, ddof=1) * sqrt(n) {_YEARLY}; the risk-free rate is taken as 0 %, so that "
        "it is return for a unit of risk.",
        _SHARPE,
    ),
    "sortino": Definition(
        Unit.RATIO, 2, f"mean(r) * n / downside deviation {_YEARLY}; the minimum return is 0.", _SORTINO
    ),
    "max_drawdown": Definition(
        Unit.PCT,
        2,
        f"min(W / cummax(W) - 1) with W the compounded product, starting at 1, {_DAILY}; negative.",
        "Magdon-Ismail and Atiya (2004), Maximum Drawdown",
    ),
    "drawdown_days": Definition(
        Unit.DAYS,
        0,
        "Calendar days from the peak before the deepest fall (max_drawdown) to its lowest day, its period.",
    ),
    "recovery_days": Definition(
        Unit.DAYS,
        0,
        "Calendar days from the lowest day of the deepest fall to the first day that was back at the peak, its period.",
    ),
    "var_95_1d": Definition(
        Unit.PCT,
        2,
        f"Historical one-day value at risk at 95 %: -quantile(r, 5 %, linear) {_DAILY}; positive is a loss.",
        _HISTORICAL,
    ),
    "cvar_95_1d": Definition(
        Unit.PCT,
        2,
        f"Historical one-day expected shortfall at 95 %: -mean(r where r <= its 5 % quantile) {_DAILY}; "
        "positive is a loss.",
        _SHORTFALL,
    ),
    "var_99_1d": Definition(
        Unit.PCT,
        2,
        f"Historical one-day value at risk at 99 %: -quantile(r, 1 %, linear) {_DAILY}; positive is a loss.",
        _HISTORICAL,
    ),
    "cvar_99_1d": Definition(
        Unit.PCT,
        2,
        f"Historical one-day expected shortfall at 99 %: -mean(r where r <= its 1 % quantile) {_DAILY}; "
        "positive is a loss.",
        _SHORTFALL,
    ),
    "var_95_1d_normal": Definition(
        Unit.PCT,
        2,
        "One-day value at risk at 95 % as if returns were normal: -(mean(r) + z * std(r, ddof=1)) with z the normal "
        f"5 % quantile, -1.645, {_DAILY}; positive is a loss.",
        _PARAMETRIC,
    ),
    "cvar_95_1d_normal": Definition(
        Unit.PCT,
        2,
        "One-day expected shortfall at 95 % as if returns were normal: -(mean(r) - std(r, ddof=1) * phi(z) / 5 %) "
        f"with z the normal 5 % quantile and phi the normal density, {_DAILY}; positive is a loss.",
        _SHORTFALL,
    ),
    "annual_return": Definition(
        Unit.PCT, 2, f"Compound annual growth: prod(1 + r)^(n / T) - 1 over all T values {_YEARLY}.", _COMPOUNDED
    ),
}
"""Metrics that need price histories, in the order they are stated."""

_SHORT_RATE = (
    "with f what the base currency's short rate brought between the same days, (1 + rate)^(days / 365.25) - 1 at the "
    "last rate known at the first of them"
)

SHORT_RATE_METRICS: dict[str, Definition] = {
    "short_rate": Definition(
        Unit.PCT,
        2,
        "Short rate of the base currency a year, as its stored series states it: the mean over the calendar days of "
        "the sample.",
    ),
    "sharpe_over_short_rate": Definition(
        Unit.RATIO,
        2,
        f"mean(r - f) / std(r - f, ddof=1) * sqrt(n) {_YEARLY}, {_SHORT_RATE}.",
        "Sharpe (1994), The Sharpe Ratio",
    ),
    "sortino_over_short_rate": Definition(
        Unit.RATIO,
        2,
        f"mean(r - f) * n / (sqrt(mean(min(r - f, 0)^2)) * sqrt(n)) {_YEARLY}, {_SHORT_RATE}.",
        _SORTINO,
    ),
}
"""What was earned over the short rate, in the order it is stated; absent where no series of it is stored."""

BENCHMARK_METRICS: dict[str, Definition] = {
    "beta": Definition(Unit.RATIO, 2, f"cov(r, b) / var(b), {_BENCHMARK}.", "Sharpe (1964), Capital Asset Prices"),
    "benchmark_correlation": Definition(
        Unit.RATIO, 2, f"cov(r, b) / (std(r) * std(b)), {_BENCHMARK}.", "Pearson (1895)"
    ),
    "tracking_error": Definition(
        Unit.PCT, 2, f"std(r - b, ddof=1) * sqrt(n), {_BENCHMARK}; n is the number of returns a year.", _ACTIVE
    ),
    "information_ratio": Definition(
        Unit.RATIO,
        2,
        f"mean(r - b) / std(r - b, ddof=1) * sqrt(n), {_BENCHMARK}; n is the number of returns a year.",
        _ACTIVE,
    ),
}
"""Metrics of the history against the portfolio's benchmark, in the order they are stated."""

_PERIOD = (
    "over the period in the id: 1m, 3m, 6m, 1y months or years back from the last day, ytd since the last day of the "
    "year before; 3y, 5y and si (since the common history began, a year at least) are per year, "
    "(1 + total)^(365.25 / days) - 1, and all others are not annualised"
)

PERIOD_FAMILIES: dict[str, Definition] = {
    "return.": Definition(Unit.PCT, 2, f"Compounded return {_PERIOD}; {_PRESENT}.", _COMPOUNDED, PERIODS),
    "benchmark_return.": Definition(
        Unit.PCT,
        2,
        "Compounded return of the benchmark, its weights rebalanced daily, in base currency, at its members' last "
        "known closes on the portfolio's days, with or without dividends as its price histories have them, "
        f"{_PERIOD}.",
        _COMPOUNDED,
        PERIODS,
    ),
    "excess_return.": Definition(
        Unit.PP,
        2,
        "Return of the present holdings less return of the benchmark over the same days, in percentage points, "
        f"{_PERIOD}.",
        _COMPOUNDED,
        PERIODS,
    ),
}
"""Families of returns by period, in the order they are stated."""

_FLOWS = "of the account as stored: values of its snapshots and the outside money that its source names"

FLOW_METRICS: dict[str, Definition] = {
    "twr.si": Definition(
        Unit.PCT,
        2,
        "Time-weighted return since the first snapshot, not annualised whatever its length: sub-periods between "
        "snapshots compounded, each (V1 - F) / V0 - 1 with the flows F at the end of the day of V1; stated only where "
        f"every flow's day has a snapshot, {_FLOWS}.",
        _TIME_WEIGHTED,
    ),
    "twr_annual.si": Definition(
        Unit.PCT,
        2,
        f"(1 + time-weighted return since the first snapshot)^(365.25 / days) - 1, a year at least, {_FLOWS}.",
        _TIME_WEIGHTED,
    ),
    "modified_dietz.si": Definition(
        Unit.PCT,
        2,
        "Modified Dietz return since the first snapshot, not annualised: sub-periods between snapshots compounded, "
        "each (V1 - V0 - F) / (V0 + sum of flows weighted by the share of the sub-period they were in). It "
        "approximates the time-weighted return where flows have no snapshot of their day, and is stated where such "
        f"sub-periods are at most 31 days and such flows at most 10 % of the value, {_FLOWS}.",
        "Dietz (1966), Pension Funds: Measuring Investment Performance",
    ),
    "mwr.si": Definition(
        Unit.PCT,
        2,
        "Money-weighted return per year since the first snapshot, a year at least: the rate at which its value, all "
        f"flows and the present value have a sum of zero (XIRR, days / 365), {_FLOWS}.",
        "Fisher (1930), The Theory of Interest, for the internal rate of return",
    ),
}
"""Returns of the account itself, in the order they are stated."""

ATTRIBUTION_METRICS: dict[str, Definition] = {
    "attribution.active_return": Definition(
        Unit.PP,
        2,
        "Return of the present holdings less return of the benchmark over the window, in percentage points.",
        _FACHLER,
    ),
    "attribution.allocation": Definition(
        Unit.PP, 2, f"Sum of the allocation effects (wp - wb) * (rb - Rb) of local returns, {_BRINSON}.", _FACHLER
    ),
    "attribution.selection": Definition(
        Unit.PP, 2, f"Sum of the selection effects wb * (rp - rb) of local returns, {_BRINSON}.", _FACHLER
    ),
    "attribution.interaction": Definition(
        Unit.PP, 2, f"Sum of the interaction effects (wp - wb) * (rp - rb) of local returns, {_BRINSON}.", _FACHLER
    ),
    "attribution.currency": Definition(
        Unit.PP,
        2,
        "Sum of the currency effects: what exchange rates added to the portfolio less what they added to the "
        f"benchmark, each (1 + local return) * move of the rate, {_BRINSON}.",
        _FACHLER,
    ),
    "attribution.residual": Definition(
        Unit.PP, 2, "Active return less the sum of the four effects; zero but for rounding.", _FACHLER
    ),
}
"""Totals of the attribution against the benchmark, in the order they are stated."""

_SEGMENT = (
    f"{_BRINSON}; ids with 'sector.' before the segment are the same by sector. A segment that the benchmark lacks "
    "counts wholly as allocation, one that the portfolio lacks has no selection"
)

ATTRIBUTION_FAMILIES: dict[str, Definition] = {
    "attribution.allocation.": Definition(
        Unit.PP, 2, f"Allocation effect of the segment, (wp - wb) * (rb - Rb) of local returns, {_SEGMENT}.", _FACHLER
    ),
    "attribution.selection.": Definition(
        Unit.PP, 2, f"Selection effect of the segment, wb * (rp - rb) of local returns, {_SEGMENT}.", _FACHLER
    ),
    "attribution.interaction.": Definition(
        Unit.PP,
        2,
        f"Interaction effect of the segment, (wp - wb) * (rp - rb) of local returns, {_SEGMENT}.",
        _FACHLER,
    ),
    "attribution.currency.": Definition(
        Unit.PP,
        2,
        "Currency effect of the segment: what exchange rates added to it in the portfolio less in the benchmark, "
        f"{_SEGMENT}.",
        _FACHLER,
    ),
}
"""Effects by segment, in the order they are stated."""

_BOOTSTRAP = (
    f"by the stationary bootstrap: {RESAMPLES:,} resamples of the figure's own daily returns in blocks of random "
    "length, on average the cube root of their number, drawn with a seed that is the CRC-32 of the sample's days"
)
_RESAMPLED = "Politis and Romano (1994), The Stationary Bootstrap"


def _interval(metric_id: str, unit: Unit) -> dict[str, Definition]:
    low, high = 100 * (0.5 - INTERVAL_LEVEL / 2), 100 * (0.5 + INTERVAL_LEVEL / 2)
    return {
        f"{metric_id}.{side}": Definition(
            unit,
            2,
            f"{words} end of a {100 * INTERVAL_LEVEL:g} % interval of {metric_id}: its {share:g} % quantile "
            f"{_BOOTSTRAP}.",
            _RESAMPLED,
        )
        for side, words, share in (("low", "Lower", low), ("high", "Upper", high))
    }


INTERVAL_METRICS: dict[str, Definition] = {
    **_interval("var_95_1d", Unit.PCT),
    **_interval("var_99_1d", Unit.PCT),
    **_interval("sharpe", Unit.RATIO),
    **_interval("tracking_error", Unit.PCT),
}
"""How far figures of the history might be off, in the order they are stated."""

CONTRIBUTION_METRICS: dict[str, Definition] = {
    "diversification_ratio": Definition(
        Unit.RATIO,
        2,
        f"sum(w * s) / std of the portfolio, {_POSITIONS} with standard deviations s; 1 is no diversification.",
        "Choueifaty and Coignard (2008), Toward Maximum Diversification",
    ),
    "effective_bets": Definition(
        Unit.RATIO,
        2,
        "exp(-sum(p * ln(p))) with p the positions' shares of risk: the number of equal shares that would spread the "
        "risk as evenly; stated only when no position lowers the risk.",
        "Shannon (1948), A Mathematical Theory of Communication, for the entropy whose exponential it is",
    ),
    "average_correlation": Definition(
        Unit.RATIO,
        2,
        "Mean of the correlations of all pairs of non-cash positions' simple daily returns in base currency, each pair "
        "counting alike.",
        "Pearson (1895)",
    ),
}
"""How the lines act together, in the order they are stated."""

CONTRIBUTION_FAMILIES: dict[str, Definition] = {
    "risk_share.": Definition(
        Unit.PCT,
        2,
        f"Share of the line in the portfolio's variance, w * cov(r of the line, r) / var(r), {_POSITIONS}; the shares "
        "sum to 100 and a negative one lowers the risk.",
        _EULER,
    ),
    "contribution.": Definition(
        Unit.PP,
        2,
        "What the line added to the return of the last twelve months, or of all of the common history when shorter: "
        f"the sum over days of w * r of the line * value at the day's start, the first being 1, {_POSITIONS}; the "
        "contributions sum to the return, in percentage points.",
        _COMPOUNDED,
    ),
}
"""What each line adds to risk and return, in the order they are stated."""

STRESS_FAMILIES: dict[str, Definition] = {
    "stress.": Definition(
        Unit.PCT,
        2,
        "Change of value in the scenario, in percent of total value, negative is a loss. Replays of past windows: sum "
        "of present weights times each line's own move from the window's first to its last day in base currency. "
        "Shocks: sum of present weights times each line's sensitivities (equity, property, duration, credit, currency; "
        "see the methodology) times the scenario's moves, a leveraged fund's by its factor, as if the move came in one "
        "day; a scenario is no forecast.",
        "core/metrics/scenarios.json names the source of each scenario",
    ),
}
"""Scenarios, by the prefix of their ids."""

LIQUIDITY_FAMILIES: dict[str, Definition] = {
    "liquidity.": Definition(
        Unit.PCT,
        2,
        f"Sum of the weights of all lines of the liquidity bucket as their source states it, in percent {_SHARE}; cash "
        "is highly_liquid, and the share of lines without a stated bucket is 'unknown'.",
        "17 CFR 270.22e-4 for the names of the buckets",
        ("highly_liquid", "moderately_liquid", "less_liquid", "illiquid", "unknown"),
    ),
}
"""Liquidity buckets, by the prefix of their ids."""

_LOOKED = (
    f"funds replaced by what their reports say they hold, in percent {_SHARE}; stated only where at least "
    f"{MIN_LOOKED_THROUGH:g} % of the funds' value is looked through by reports at most {MAX_REPORT_AGE} days from the "
    "portfolio's day; lines count with their value, derivatives in funds too, never with their notional"
)
_LOOKED_KEYS = (
    "what could not be looked through is 'not_looked_through', what a report leaves out 'unlisted' (negative where it "
    f"is liabilities); absent where less than {MIN_CLASSIFIED:g} % of what the funds hold is classified"
)
_LOOKED_ISSUERS = (
    "among lines with one issuer behind them, held directly or in a fund; cash, derivatives and what is not looked "
    "through are not in it; an issuer is told by its LEI where one is known, else by its name without legal form"
)

LOOK_THROUGH_METRICS: dict[str, Definition] = {
    "lookthrough.fund_weight": Definition(Unit.PCT, 2, f"Sum of the weights of all funds, in percent {_SHARE}."),
    "lookthrough.coverage": Definition(
        Unit.PCT,
        2,
        "Share of the funds' value that is looked through: of each fund the share of net assets that its report "
        f"accounts for, without funds inside that nothing is known of; a report more than {MAX_REPORT_AGE} days from "
        "the portfolio's day covers nothing.",
    ),
    "lookthrough.data_age": Definition(
        Unit.DAYS, 0, "Days between the portfolio's day and the report that is farthest from it, of those used."
    ),
    "lookthrough.issuer_hhi": Definition(
        Unit.RATIO,
        4,
        f"Herfindahl index of issuers with funds looked through: sum of squared shares of the issuers {_SHARE}; "
        f"{_LOOKED_ISSUERS}.",
        _HERFINDAHL,
    ),
    "lookthrough.issuer_effective_n": Definition(
        Unit.RATIO,
        2,
        "1 / sum of squared shares of the issuers in their own gross value: the number of equally large issuers, "
        f"{_LOOKED_ISSUERS}.",
        _HERFINDAHL,
    ),
    "lookthrough.issuer_top1_weight": Definition(
        Unit.PCT, 2, f"Absolute weight of the largest issuer, {_LOOKED}; {_LOOKED_ISSUERS}."
    ),
}
"""Of portfolios with their funds looked through, never mixed with the figures of the lines alone."""

LOOK_THROUGH_FAMILIES: dict[str, Definition] = {
    "lookthrough.issuer.": Definition(
        Unit.PCT,
        2,
        f"Sum of the weights of one issuer's lines, {_LOOKED}; of the {ISSUERS_NAMED} largest; {_LOOKED_ISSUERS}.",
    ),
    "lookthrough.group.": Definition(
        Unit.PCT,
        2,
        f"Sum of the weights of the lines of one group of issuers, {_LOOKED}; a group is an ultimate parent and all "
        f"that it consolidates, as registered with GLEIF; of the {ISSUERS_NAMED} largest.",
        "GLEIF level 2 data (CC0)",
    ),
    "lookthrough.sector.": Definition(
        Unit.PCT,
        2,
        f"Sum of the weights of all lines of the sector, {_LOOKED}; cash and derivatives are sectors of their own; "
        f"{_LOOKED_KEYS}.",
    ),
    "lookthrough.country.": Definition(
        Unit.PCT,
        2,
        f"Sum of the weights of all lines by the issuer's domicile, {_LOOKED}; cash and derivatives stand apart; "
        f"{_LOOKED_KEYS}.",
    ),
    "lookthrough.currency.": Definition(
        Unit.PCT,
        2,
        f"Sum of the weights of all lines by the currency they are in, {_LOOKED}; before hedging: derivatives stand "
        f"apart; {_LOOKED_KEYS}.",
    ),
}
"""Families of looked-through metrics by the prefix of their ids, in the order they are stated."""
