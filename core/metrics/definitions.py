"""What every number means: one sentence with its formula, its unit, and the digits it is shown with.

The prompt, the hover text and the methodology page all take their words from here.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.facts import Unit
from core.metrics.risk import DAYS_PER_YEAR

MIN_RETURNS = 60
"""A history with fewer daily returns gives no risk figures: its worst 5 % would be fewer than three days."""

MIN_YEAR_RETURNS = DAYS_PER_YEAR
"""Yearly figures of a shorter history are not stated: a few good months are not a good year."""

MIN_COVERAGE = 0.95
"""Share of gross value that must have a price history before figures are stated for the whole portfolio."""

MAX_STALE_DAYS = 10
"""A price history that ended longer ago than this does not describe the portfolio's day."""


@dataclass(frozen=True, slots=True)
class Definition:
    """How one metric, or one family of metrics, is computed.

    Attributes:
        unit: Of the value.
        decimals: Digits after the point shown to people and models.
        text: One sentence; facts append what is particular to them (rates used, days in the sample).
    """

    unit: Unit
    decimals: int
    text: str


_SHARE = "of total value, where total value is the sum of all lines in base currency, short lines and cash included"
_DAILY = (
    "of the portfolio's simple daily returns r in base currency at each day's last known rates, present weights "
    "rebalanced daily, cash earning 0"
)

HOLDINGS_METRICS: dict[str, Definition] = {
    "total_value": Definition(Unit.CCY, 2, "Sum of the market values of all lines, each converted to base currency."),
    "holdings_count": Definition(Unit.COUNT, 0, "Number of lines, cash and short lines included."),
    "hhi": Definition(
        Unit.RATIO,
        4,
        "Herfindahl index: sum of squared shares of the non-cash positions in their gross value; lines of one "
        "instrument are one position, a fund is one position and is not looked through.",
    ),
    "effective_n": Definition(
        Unit.RATIO, 2, "1 / HHI: the number of equally large positions that would be as concentrated; without cash."
    ),
    "top1_weight": Definition(Unit.PCT, 2, f"Absolute weight of the largest non-cash position, in percent {_SHARE}."),
    "top5_weight": Definition(
        Unit.PCT, 2, f"Sum of the absolute weights of the 5 largest non-cash positions, in percent {_SHARE}."
    ),
    "top10_weight": Definition(
        Unit.PCT, 2, f"Sum of the absolute weights of the 10 largest non-cash positions, in percent {_SHARE}."
    ),
}
"""Metrics of the holdings alone, in the order they are stated."""

HISTORY_METRICS: dict[str, Definition] = {
    "volatility": Definition(Unit.PCT, 2, f"std(r, ddof=1) * sqrt(252) {_DAILY}."),
    "sharpe": Definition(
        Unit.RATIO, 2, f"mean(r) / std(r, ddof=1) * sqrt(252) {_DAILY}; the risk-free rate is taken as 0 %."
    ),
    "max_drawdown": Definition(
        Unit.PCT, 2, f"min(W / cummax(W) - 1) with W the compounded product, starting at 1, {_DAILY}; negative."
    ),
    "var_95_1d": Definition(
        Unit.PCT,
        2,
        f"Historical one-day value at risk at 95 %: -quantile(r, 5 %, linear) {_DAILY}; positive is a loss.",
    ),
    "cvar_95_1d": Definition(
        Unit.PCT,
        2,
        f"Historical one-day expected shortfall at 95 %: -mean(r where r <= its 5 % quantile) {_DAILY}; "
        "positive is a loss.",
    ),
    "annual_return": Definition(
        Unit.PCT, 2, f"Compound annual growth: prod(1 + r)^(252 / T) - 1 over all T values {_DAILY}."
    ),
}
"""Metrics that need price histories, in the order they are stated."""

FAMILIES: dict[str, Definition] = {
    "asset_class.": Definition(
        Unit.PCT, 2, f"Sum of the weights of all lines of the asset class, in percent {_SHARE}."
    ),
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
"""Families of metrics by the prefix of their ids, in the order they are stated."""

DEFINITIONS: dict[str, Definition] = {**HOLDINGS_METRICS, **HISTORY_METRICS, **FAMILIES}
"""Every definition, by metric id or by prefix (ending in a point)."""


def definition_of(metric_id: str) -> Definition | None:
    """The definition of a metric id ("hhi", "weight.VOO"), or None for an id that is not one of ours."""
    prefix, point, rest = metric_id.partition(".")
    if not point:
        return DEFINITIONS.get(metric_id)
    return FAMILIES.get(prefix + point) if rest else None
