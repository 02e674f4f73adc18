"""Which metrics there are, in groups that an analysis chooses from."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from core.metrics.metric_definitions import (
    ATTRIBUTION_FAMILIES,
    ATTRIBUTION_METRICS,
    BENCHMARK_METRICS,
    CONTRIBUTION_FAMILIES,
    CONTRIBUTION_METRICS,
    FAMILIES,
    FLOW_METRICS,
    HISTORY_METRICS,
    HOLDINGS_METRICS,
    INTERVAL_METRICS,
    LIQUIDITY_FAMILIES,
    LOOK_THROUGH_FAMILIES,
    LOOK_THROUGH_METRICS,
    PERIOD_FAMILIES,
    SHORT_RATE_METRICS,
    STRESS_FAMILIES,
    Definition,
)


class MetricGroup(StrEnum):
    """Metrics that are asked for together, because they need the same data and answer one question.

    holdings: what is held, and how concentrated it is. history: risk and return of the present holdings' past.
    benchmark: the same against the benchmark. periods: returns by period. attribution: where the difference to the
    benchmark comes from. contributions: what each line adds to risk and return. stress: scenarios. liquidity: how
    soon it can be sold. flows: what the account itself returned. lookthrough: what it holds with funds looked through.
    intervals: how far figures of the history might be off.
    """

    HOLDINGS = "holdings"
    HISTORY = "history"
    BENCHMARK = "benchmark"
    PERIODS = "periods"
    ATTRIBUTION = "attribution"
    CONTRIBUTIONS = "contributions"
    STRESS = "stress"
    LIQUIDITY = "liquidity"
    FLOWS = "flows"
    LOOKTHROUGH = "lookthrough"
    INTERVALS = "intervals"


DEFAULT_GROUPS = (MetricGroup.HOLDINGS, MetricGroup.HISTORY)
"""What a fact sheet holds when nothing else is asked for."""

_UNASKED = frozenset({MetricGroup.LOOKTHROUGH, MetricGroup.INTERVALS})
ASKED_GROUPS = tuple(group for group in MetricGroup if group not in _UNASKED)
"""What analyses may be told: released prompts know nothing of funds that are looked through, nor of intervals."""

_BY_GROUP: dict[MetricGroup, dict[str, Definition]] = {
    MetricGroup.HOLDINGS: {**HOLDINGS_METRICS, **FAMILIES},
    MetricGroup.HISTORY: {**HISTORY_METRICS, **SHORT_RATE_METRICS},
    MetricGroup.BENCHMARK: BENCHMARK_METRICS,
    MetricGroup.PERIODS: PERIOD_FAMILIES,
    MetricGroup.ATTRIBUTION: {**ATTRIBUTION_METRICS, **ATTRIBUTION_FAMILIES},
    MetricGroup.CONTRIBUTIONS: {**CONTRIBUTION_METRICS, **CONTRIBUTION_FAMILIES},
    MetricGroup.STRESS: STRESS_FAMILIES,
    MetricGroup.LIQUIDITY: LIQUIDITY_FAMILIES,
    MetricGroup.FLOWS: FLOW_METRICS,
    MetricGroup.LOOKTHROUGH: {**LOOK_THROUGH_METRICS, **LOOK_THROUGH_FAMILIES},
    MetricGroup.INTERVALS: INTERVAL_METRICS,
}


def definitions_of(groups: Iterable[MetricGroup]) -> dict[str, Definition]:
    """The definitions of some groups by metric id, or by prefix (ending in a point) for a family.

    Their order is that of `MetricGroup`, whatever the order of `groups`.
    """
    wanted = set(groups)
    return {key: one for group, rows in _BY_GROUP.items() if group in wanted for key, one in rows.items()}


DEFINITIONS: dict[str, Definition] = {**HOLDINGS_METRICS, **HISTORY_METRICS, **SHORT_RATE_METRICS, **FAMILIES}
"""The definitions of `DEFAULT_GROUPS`, in the order a fact sheet states them."""

ALL_DEFINITIONS = definitions_of(MetricGroup)
"""The definitions of every group."""


def definition_of(metric_id: str) -> Definition | None:
    """The definition of a metric id ("hhi", "weight.VOO"), or None for an id that is not one of ours."""
    if not metric_id.endswith(".") and metric_id in ALL_DEFINITIONS:
        return ALL_DEFINITIONS[metric_id]
    family = family_of(metric_id)
    return None if family is None else ALL_DEFINITIONS[family]


def family_of(metric_id: str) -> str | None:
    """The prefix of a metric of a family ("attribution.currency.equity" gives "attribution.currency."), else None."""
    at = metric_id.find(".")
    while at >= 0:
        prefix, rest = metric_id[: at + 1], metric_id[at + 1 :]
        known = ALL_DEFINITIONS.get(prefix)
        if known is not None:
            return prefix if rest and (not known.keys or rest in known.keys) else None
        at = metric_id.find(".", at + 1)
    return None
