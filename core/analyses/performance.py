"""The performance analysis: what was earned, against what, with which risk, and by which holdings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from core.analyses.answer import Answer, Claim, Metric, Part
from core.analyses.checks import Analysis, adds_up, parts_of, unlike
from core.analyses.engine import Each, Engine, Tags
from core.analyses.fact_selection import Family, Shown
from core.analyses.slots.forms import performance as slots_performance
from core.analyses.tools.market import FMP_STOCK_DATA
from core.analyses.tools.registry import FIGURES
from core.domain.analysis import Finding, FindingKind, Kind
from core.domain.facts import FactSheet
from core.domain.units import Badge


class PeriodReturn(Part):
    """One period: the portfolio, its benchmark, and the difference."""

    period: Literal["1M", "3M", "6M", "YTD", "1Y", "3Y", "5Y", "10Y", "SI"]
    portfolio: Metric
    benchmark: Metric
    excess: Metric
    comment: str


class Contribution(Part):
    """What one holding added or cost."""

    holding_id: str
    contribution: Metric
    comment: str


class PerformanceAnswer(Answer):
    """A whole performance analysis as the model answers it."""

    analysis_type: Literal["performance"]
    return_basis: Literal["twr_gross", "twr_net", "mwr_net", "price_only", "simulated"]
    verdict: Literal["outperformed", "in_line", "underperformed", "not_comparable"]
    periods: list[PeriodReturn]
    contributors: list[Contribution]
    detractors: list[Contribution]
    risk_adjusted: list[Claim]
    drawdown: list[Claim]
    currency_effect: list[Claim]
    cost_effect: list[Claim]


def _summarise(answer: PerformanceAnswer) -> tuple[str, Tags]:
    return answer.verdict, (("verdict", answer.verdict), ("return_basis", answer.return_basis))


def _periods(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """A row's three numbers are those of its period, and the difference is their difference."""
    facts = sheet.by_id()
    for place, row in enumerate(analysis["periods"]):
        name = row["period"].lower()
        for part, family in (("portfolio", "return"), ("benchmark", "benchmark_return"), ("excess", "excess_return")):
            stated = row[part]["metric_id"]
            allowed = {f"{family}.{name}"} | ({f"twr.{name}", f"mwr.{name}"} if part == "portfolio" else set())
            if stated in facts and stated not in allowed:
                path = f"periods[{place}].{part}.metric_id"
                yield unlike(path, stated, stated, f"{family}.{name}", FindingKind.PERIOD)
        parts = [row[part]["value"] for part in ("portfolio", "benchmark", "excess")]
        yield from adds_up(f"periods[{place}].excess", (parts[0], -parts[1]), parts[2])
    if sheet.evidence.period and analysis["periods"]:
        others = {row["period"].lower() for row in analysis["periods"]} - {sheet.evidence.period}
        for other in sorted(others):
            yield unlike("periods", "", other, sheet.evidence.period, FindingKind.PERIOD)


def _verdict(analysis: Analysis, _sheet: FactSheet) -> Iterator[Finding]:
    """A verdict that every stated difference contradicts, or that none bears out."""
    excess = [row["excess"]["value"] for row in analysis["periods"]]
    verdict = analysis["verdict"]
    if excess and verdict == "outperformed" and max(excess) < 0:
        yield unlike("verdict", "", verdict, "underperformed", FindingKind.DIRECTION)
    elif excess and verdict == "underperformed" and min(excess) > 0:
        yield unlike("verdict", "", verdict, "outperformed", FindingKind.DIRECTION)
    elif not excess and verdict != "not_comparable":
        yield unlike("verdict", "", verdict, "not_comparable", FindingKind.GRADE)


def _basis(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """What kind of returns they are follows from the facts that are cited."""
    said = analysis["return_basis"]
    family = said.partition("_")[0]
    if family in {"twr", "mwr"}:
        cited = [part["metric_id"].rpartition(":")[2] for _, part in parts_of(analysis) if "metric_id" in part]
        if not any(name.startswith((f"{family}.", f"{family}_annual.")) for name in cited):
            yield unlike("return_basis", "", said, None, FindingKind.UNSUPPORTED)
        return
    badges = {fact.badge for fact in sheet.facts if fact.metric_id.rpartition(":")[2].startswith("return.")}
    if badges and (said == "simulated") != (Badge.SIMULATED in badges):
        true = "simulated" if Badge.SIMULATED in badges else "price_only"
        yield unlike("return_basis", "", said, true, FindingKind.VALUE)


def _contributions(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """Contributors added, detractors cost, each is one holding's own, and all of them together are the return."""
    known = {line.holding_id for line in sheet.holdings}
    stated: dict[str, float] = {}
    for part, sign in (("contributors", 1), ("detractors", -1)):
        for place, one in enumerate(analysis[part]):
            path, holding_id, value = f"{part}[{place}]", one["holding_id"], one["contribution"]["value"]
            wanted = f"contribution.{holding_id}"
            if holding_id in known and one["contribution"]["metric_id"] != wanted:
                said = one["contribution"]["metric_id"]
                yield unlike(f"{path}.contribution.metric_id", wanted, said, wanted, FindingKind.WRONG_ID)
            if value * sign < 0:
                yield unlike(path, wanted, f"{part}: {value}", value, FindingKind.DIRECTION)
            if holding_id in stated:
                yield unlike(path, wanted, f"{holding_id} twice", None, FindingKind.SUM)
            stated[holding_id] = value
    contributions = {
        fact.metric_id.removeprefix("contribution."): fact
        for fact in sheet.facts
        if fact.metric_id.startswith("contribution.")
    }
    if stated.keys() >= contributions.keys() and contributions:
        period = next(iter(contributions.values())).period
        total = next(
            (fact for fact in sheet.facts if fact.metric_id.startswith("return.") and fact.period == period), None
        )
        if total is not None:
            yield from adds_up("contributors", stated.values(), total.value)


ENGINE = Engine(
    kind=Kind.PERFORMANCE,
    answer=PerformanceAnswer,
    shown=Shown(
        ids=(
            "total_value", "annual_return", "volatility", "sharpe", "sortino", "downside_deviation", "max_drawdown",
            "drawdown_days", "recovery_days",
            "beta", "tracking_error", "information_ratio", "benchmark_correlation",
        ),
        families=(
            Family("return."), Family("benchmark_return."), Family("excess_return."), Family("twr."),
            Family("twr_annual."), Family("modified_dietz."), Family("mwr."), Family("contribution.", 16),
            Family("currency."),
        ),
    ),
    slots=slots_performance.FORM,
    mandatory=(
        "return.1y", "benchmark_return.1y", "excess_return.1y", "twr.si", "volatility", "sharpe", "max_drawdown",
    ),
    summarise=_summarise,
    tools=FIGURES | {FMP_STOCK_DATA.name},
    each=Each.PERIOD,
    checks=(_periods, _verdict, _basis, _contributions),
)  # fmt: skip
