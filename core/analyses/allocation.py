"""The allocation analysis: how the weights stand against each other and against the profile's bands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from core.analyses.answer import Answer, LimitStatus, Metric, Part, Proposal
from core.analyses.cells import cell
from core.analyses.checks import Analysis, proposals, unlike
from core.analyses.engine import Engine, Need, Tags
from core.analyses.fact_selection import Family, Shown
from core.analyses.slots.forms import allocation as slots_allocation
from core.domain.analysis import Finding, FindingKind, Kind
from core.domain.facts import FactSheet

_DIMENSIONS: Final = {"asset_group": "asset_class"}
"""Dimensions that are not called what their family of metrics is."""


class Deviation(Part):
    """One bucket, where it is and where it is meant to be."""

    dimension: Literal[
        "asset_class", "region", "country", "sector", "currency", "issuer", "rating", "duration", "liquidity", "style"
    ]
    bucket_id: str
    portfolio: Metric
    target: Metric
    status: LimitStatus
    direction: Literal["over", "under", "on_target"]
    comment: str


class Overlap(Part):
    """Holdings that bring the same risk twice."""

    holding_ids: list[str]
    metrics: list[Metric]
    comment: str


class AllocationAnswer(Answer):
    """A whole allocation analysis as the model answers it."""

    analysis_type: Literal["allocation"]
    diversification: Literal["poor", "fair", "good", "very_good"]
    deviations: list[Deviation]
    overlaps: list[Overlap]
    proposals: list[Proposal]
    turnover_comment: str


def _summarise(answer: AllocationAnswer) -> tuple[str, Tags]:
    worst = next(
        (word for word in ("breach", "near") if any(one.status == word for one in answer.deviations)), "within"
    )
    moved = dict.fromkeys(proposal.action for proposal in answer.proposals)
    return answer.diversification, (("band", worst), *(("action", name) for name in moved))


def _deviations(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """Over and under follow from the two weights, breach and within from the profile's bounds."""
    facts = sheet.by_id()
    for place, one in enumerate(analysis["deviations"]):
        path = f"deviations[{place}]"
        measured, target = facts.get(one["portfolio"]["metric_id"]), facts.get(one["target"]["metric_id"])
        if measured is None or target is None:
            continue  # named by the check of numbers
        bucket = measured.metric_id
        yield from _named(path, one, bucket)
        if target.metric_id not in {f"{name}.{bucket}" for name in ("target", "least", "most")}:
            yield unlike(f"{path}.target.metric_id", bucket, target.metric_id, f"target.{bucket}", FindingKind.WRONG_ID)
            continue
        apart = round(measured.value, measured.decimals) - round(target.value, target.decimals)
        true = "on_target" if abs(apart) < 0.01 else "over" if apart > 0 else "under"
        if one["direction"] != true and not (one["direction"] == "on_target" and abs(apart) < 0.5):
            yield unlike(f"{path}.direction", bucket, one["direction"], true, FindingKind.DIRECTION)
        least, most = facts.get(f"least.{bucket}"), facts.get(f"most.{bucket}")
        outside = (least is not None and measured.value < least.value) or (
            most is not None and measured.value > most.value
        )
        bounded = least is not None or most is not None
        if (one["status"] == "breach") != outside or (one["status"] != "within" and not bounded):
            yield unlike(f"{path}.status", bucket, one["status"], "breach" if outside else "within", FindingKind.POLICY)


def _named(path: str, one: Mapping[str, Any], bucket: str) -> Iterator[Finding]:
    """A bucket is called what its measure is called, and stands under the measure's dimension."""
    family, _, name = bucket.rpartition(":")[2].partition(".")
    if cell(one["bucket_id"]) not in {cell(word) for word in (bucket, name, f"{family}.{name}")}:
        yield unlike(f"{path}.bucket_id", bucket, one["bucket_id"], name, FindingKind.WRONG_ID)
    dimension = _DIMENSIONS.get(family, family)
    if one["dimension"] != dimension:
        yield unlike(f"{path}.dimension", bucket, one["dimension"], dimension, FindingKind.WRONG_ID)


ENGINE = Engine(
    kind=Kind.ALLOCATION,
    answer=AllocationAnswer,
    shown=Shown(
        ids=(
            "total_value", "holdings_count", "hhi", "effective_n", "top1_weight", "top5_weight", "top10_weight",
            "diversification_ratio", "effective_bets", "average_correlation", "issuer_hhi", "issuer_effective_n",
            "issuer_top1_weight", "volatility",
        ),
        families=(
            Family("asset_class."), Family("lines."), Family("sector."), Family("country."),
            Family("currency."), Family("weight."), Family("liquidity."), Family("risk_share.", 12),
        ),
    ),
    slots=slots_allocation.FORM,
    mandatory=("hhi", "effective_n", "top1_weight", "top5_weight", "diversification_ratio", "issuer_top1_weight"),
    summarise=_summarise,
    needs=frozenset({Need.PROFILE}),
    checks=(_deviations, proposals),
)  # fmt: skip
