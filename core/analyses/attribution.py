"""The attribution: which decisions made the difference to the benchmark, segment by segment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from core.analyses.answer import Answer, Metric, Part
from core.analyses.cells import cell
from core.analyses.checks import Analysis, adds_up, unlike
from core.analyses.engine import Each, Engine, Tags
from core.analyses.fact_selection import Family, Shown
from core.analyses.slots.forms import attribution as slots_attribution
from core.domain.analysis import Finding, FindingKind, Kind
from core.domain.facts import FactSheet

Effect = Literal["allocation", "selection", "interaction", "currency"]

METHOD: Final = "brinson_fachler"
LINKING: Final = "carino"
"""How `core.metrics.brinson` computes the effects."""

_EFFECTS: Final = ("allocation", "selection", "interaction", "currency", "residual")


class Totals(Part):
    """The difference to the benchmark and the effects that it is made of."""

    active_return: Metric
    allocation: Metric
    selection: Metric
    interaction: Metric
    currency: Metric
    residual: Metric


class Segment(Part):
    """One effect in one segment."""

    segment_id: str
    effect: Effect
    direction: Literal["added", "detracted"]
    metrics: list[Metric]
    explanation: str


class AttributionAnswer(Answer):
    """A whole attribution as the model answers it."""

    analysis_type: Literal["attribution"]
    method: Literal["brinson_fachler", "brinson_hood_beebower", "karnosky_singer", "factor_regression"]
    linking: Literal["single_period", "carino", "menchero", "frongello", "grap", "geometric"]
    period: str
    totals: Totals
    segments: list[Segment]
    persistence: Literal["one_off", "recurring", "unclear"]
    evidence_limits: str


def _summarise(answer: AttributionAnswer) -> tuple[str, Tags]:
    effects = {name: getattr(answer.totals, name).value for name in _EFFECTS[:4]}
    main = max(effects, key=lambda name: abs(effects[name]))
    won = "added" if answer.totals.active_return.value >= 0 else "detracted"
    return won, (("main_effect", main), ("persistence", answer.persistence))


def _totals(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """Each total is its own metric, and the effects add up to the active return."""
    totals = analysis["totals"]
    facts = sheet.by_id()
    for name, metric in totals.items():
        wanted = f"attribution.{name}"
        if metric["metric_id"] in facts and metric["metric_id"] != wanted:
            yield unlike(f"totals.{name}.metric_id", wanted, metric["metric_id"], wanted, FindingKind.WRONG_ID)
    if totals.keys() >= {"active_return", *_EFFECTS}:
        yield from adds_up("totals", (totals[name]["value"] for name in _EFFECTS), totals["active_return"]["value"])


def _computed(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """Method, linking and period are those of the facts: no other way of attributing was computed."""
    for name, true in (("method", METHOD), ("linking", LINKING)):
        if analysis[name] != true:
            yield unlike(name, "", analysis[name], true, FindingKind.VALUE)
    fact = sheet.by_id().get("attribution.active_return")
    if fact is not None and cell(analysis["period"]) != cell(fact.period or ""):
        yield unlike("period", fact.metric_id, analysis["period"], fact.period, FindingKind.PERIOD)


def _segments(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """A segment exists, carries its own metric, and added or detracted as the sign says."""
    facts = sheet.by_id()
    for place, segment in enumerate(analysis["segments"]):
        path = f"segments[{place}]"
        metric_id = f"attribution.{segment['effect']}.{segment['segment_id']}"
        fact = facts.get(metric_id)
        if fact is None:
            yield unlike(f"{path}.segment_id", "", segment["segment_id"], None, FindingKind.UNSUPPORTED)
            continue
        if metric_id not in [metric["metric_id"] for metric in segment["metrics"]]:
            yield unlike(f"{path}.metrics", metric_id, "not cited", fact.shown, FindingKind.WRONG_ID)
        true = "added" if fact.value > 0 else "detracted" if fact.value < 0 else segment["direction"]
        if segment["direction"] != true:
            yield unlike(f"{path}.direction", metric_id, segment["direction"], fact.shown, FindingKind.DIRECTION)


ENGINE = Engine(
    kind=Kind.ATTRIBUTION,
    answer=AttributionAnswer,
    shown=Shown(
        ids=("total_value", "tracking_error", "information_ratio", "beta"),
        families=(
            Family("attribution."), Family("return."), Family("benchmark_return."), Family("excess_return."),
            Family("asset_class."), Family("sector."), Family("currency."),
        ),
    ),
    slots=slots_attribution.FORM,
    mandatory=(
        "attribution.active_return", "attribution.allocation", "attribution.selection", "attribution.interaction",
        "attribution.currency",
    ),
    summarise=_summarise,
    each=Each.PERIOD,
    windowed=True,
    required_facts=tuple(f"attribution.{name}" for name in ("active_return", *_EFFECTS)),
    checks=(_totals, _computed, _segments),
)  # fmt: skip
