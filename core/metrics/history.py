"""Risk and return of the present holdings' past, as facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from math import isnan
from typing import Final

from core.domain.units import Badge
from core.metrics import risk
from core.metrics.metric_definitions import HISTORY_METRICS
from core.metrics.returns import Floats, Sample
from core.metrics.rows import Rows, state
from core.metrics.thresholds import MIN_FAR_TAIL_RETURNS, MIN_YEAR_RETURNS

RUIN = "On a day of the sample the present holdings would have lost their whole value: there is no growth to measure."
"""Why growth has no value where a day lost everything."""

_YEARLY = frozenset({"sharpe", "sortino", "annual_return"})
_TAILS = {0.95: ("var_95_1d", "cvar_95_1d"), 0.99: ("var_99_1d", "cvar_99_1d")}

_MEASURES: Mapping[str, Callable[[Floats, float], Floats]] = {
    "volatility": lambda returns, a_year: 100.0 * risk.volatility(returns, a_year),
    "downside_deviation": lambda returns, a_year: 100.0 * risk.downside_deviation(returns, a_year=a_year),
    "sharpe": lambda returns, a_year: risk.sharpe(returns, a_year=a_year),
    "sortino": lambda returns, a_year: risk.sortino(returns, a_year=a_year),
    "max_drawdown": lambda returns, _: 100.0 * risk.max_drawdown(returns),
    "var_95_1d_normal": lambda returns, _: 100.0 * risk.normal_var(returns),
    "cvar_95_1d_normal": lambda returns, _: 100.0 * risk.normal_cvar(returns),
    "annual_return": lambda returns, a_year: 100.0 * risk.annual_return(returns, a_year),
}

_MEANINGLESS = {
    "sharpe": "Returns do not vary over the sample: return for a unit of risk has no meaning.",
    "sortino": "No day of the sample lost value: return for a unit of downside risk has no meaning.",
    "max_drawdown": RUIN,
    "annual_return": RUIN,
}
"""Why a measure of `core.metrics.risk` came back as NaN."""


def history_rows(sample: Sample, badges: Sequence[Badge]) -> Iterator[Rows]:
    """The history metrics of each portfolio of a sample, in its order."""
    values, reasons = figures(sample.returns, sample.a_year, f"{sample.first}..{sample.last}")
    columns = {metric_id: column.tolist() for metric_id, column in values.items()}
    period = f"{sample.first}..{sample.last}"
    note = (
        f"Sample: {sample.days.size - 1} returns, {sample.a_year:.0f} a year, on the days for which every line has a "
        "price."
    )
    falls = risk.drawdown_days(sample.returns).reshape(3, -1).T.tolist()
    for place, badge in enumerate(badges):
        rows: Rows = ([], [])
        said = f"{note} {sample.notes[place]}".rstrip()
        other = _with_all_lines(sample, place)
        fall = _fall(sample, falls[place], ruined=isnan(columns["max_drawdown"][place]))
        for metric_id in HISTORY_METRICS:
            if metric_id in fall:
                days, between = fall[metric_id]
                state(rows, metric_id, days, between, badge, said)
                continue
            if metric_id in reasons:
                state(rows, metric_id, reasons[metric_id])
                continue
            value: float = columns[metric_id][place]
            stated = _MEANINGLESS[metric_id] if isnan(value) else value
            state(rows, metric_id, stated, period, badge, f"{said} {_differs(metric_id, value, other)}".rstrip())
        yield rows


DIFFERENT: Final = 0.1
"""Relative difference from which a figure is shown under both readings of the history."""


def _with_all_lines(sample: Sample, place: int) -> tuple[str, Mapping[str, float]] | None:
    """The same figures over the days that the lines that were left out have, too, with these days."""
    whole = sample.whole.get(sample.plans[place].member)
    if whole is None:
        return None
    period = f"{whole.first}..{whole.last}"
    values, _ = figures(whole.returns, whole.a_year, period)
    return period, {metric_id: float(column[0]) for metric_id, column in values.items()}


def _differs(metric_id: str, value: float, other: tuple[str, Mapping[str, float]] | None) -> str:
    if other is None or metric_id not in other[1] or isnan(value) or isnan(other[1][metric_id]):
        return ""
    period, with_all = other[0], other[1][metric_id]
    if abs(with_all - value) <= DIFFERENT * max(abs(value), abs(with_all)):
        return ""
    return f"With what was left out, over {period}, it is {with_all:.{HISTORY_METRICS[metric_id].decimals}f}."


def _fall(sample: Sample, places: Sequence[int], *, ruined: bool) -> dict[str, tuple[float | str, str | None]]:
    """How long the deepest fall and its recovery took, each with its first and last day, or why that is not known."""
    if places[0] < 0:
        why = RUIN if ruined else "Over the sample the value never stood below an earlier peak: there was no fall."
        return {"drawdown_days": (why, None), "recovery_days": (why, None)}
    peak, trough, back = (str(sample.days[place]) if place >= 0 else "" for place in places)
    fall = (_days_between(peak, trough), f"{peak}..{trough}")
    if not back:
        why = f"From its lowest day, {trough}, to {sample.last} the value did not come back to its peak of {peak}."
        return {"drawdown_days": fall, "recovery_days": (why, None)}
    return {"drawdown_days": fall, "recovery_days": (_days_between(trough, back), f"{trough}..{back}")}


def _days_between(first: str, last: str) -> float:
    return float((date.fromisoformat(last) - date.fromisoformat(first)).days)


def figures(returns: Floats, a_year: float, period: str) -> tuple[dict[str, Floats], dict[str, str]]:
    """Every history metric of daily returns in its unit, and why some are not stated for a sample of this length.

    Args:
        returns: As in `core.metrics.risk`, at least 60.
        a_year: How many of them make a year.
        period: First and last day, for the reasons.
    """
    count = returns.shape[0]
    short = dict.fromkeys(
        _YEARLY if count < MIN_YEAR_RETURNS else (),
        f"The common history {period} has {count} returns; a yearly figure needs {MIN_YEAR_RETURNS} and a shorter one "
        "is not scaled up.",
    ) | dict.fromkeys(
        _TAILS[0.99] if count < MIN_FAR_TAIL_RETURNS else (),
        f"The common history {period} has {count} returns; the worst 1 % of them is too few days, and "
        f"{MIN_FAR_TAIL_RETURNS} are needed.",
    )
    found = {metric_id: measure(returns, a_year) for metric_id, measure in _MEASURES.items() if metric_id not in short}
    levels = [level for level, ids in _TAILS.items() if ids[0] not in short]
    for level, tail in zip(levels, risk.historical_tails(returns, levels), strict=True):
        found |= {metric_id: 100.0 * loss for metric_id, loss in zip(_TAILS[level], tail, strict=True)}
    return found, short
