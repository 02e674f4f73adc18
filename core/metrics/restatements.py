"""Which version of a metric's definition is in force, and what changed since an earlier one.

A definition starts as version 1. Whoever changes what it says, or how its figure is computed, adds a row to
`RESTATEMENTS`, which makes it the next version; `tests/unit/metrics/test_restatements.py` asks for it. A figure that is
stored knows its version, so that it is never read by a definition that it was not computed under.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from core.metrics.definitions import ALL_DEFINITIONS, MetricGroup, definition_of, definitions_of, family_of
from core.metrics.metric_definitions import SHORT_RATE_METRICS


@dataclass(frozen=True, slots=True)
class Restatement:
    """One change of the methodology.

    Attributes:
        since: First day of the new version.
        what: What is computed otherwise since then, as a clause.
        keys: Metric ids, and prefixes of families, whose next version this is.
    """

    since: date
    what: str
    keys: tuple[str, ...]


_OF_RETURNS: Final = (
    MetricGroup.HISTORY,
    MetricGroup.BENCHMARK,
    MetricGroup.PERIODS,
    MetricGroup.ATTRIBUTION,
    MetricGroup.CONTRIBUTIONS,
)

RESTATEMENTS: Final = (
    Restatement(
        date(2026, 12, 1),
        "small lines with a short history are left out instead of shortening the sample, appraisals are no daily "
        "prices, and derivatives count with their notional for what must be covered",
        tuple(key for key in definitions_of(_OF_RETURNS) if key not in SHORT_RATE_METRICS),
    ),
    Restatement(
        date(2026, 12, 1),
        "a year has as many returns as the sample has in one, instead of 252",
        (
            "volatility", "downside_deviation", "sharpe", "sortino", "annual_return", "tracking_error",
            "information_ratio",
        ),
    ),
    Restatement(
        date(2026, 12, 1),
        "it is stated only where every flow's day has a snapshot; else there is modified_dietz.si",
        ("twr.si", "twr_annual.si"),
    ),
    Restatement(
        date(2026, 12, 1),
        "currencies are those that a line carries and not those of its quote, a base currency that rises by 10 % takes "
        "9.09 % from others, derivatives count with their notional for what must be covered, and nothing is replayed "
        "on simulated prices",
        ("stress.",),
    ),
    Restatement(
        date(2026, 12, 1),
        "names that differ in case, legal form or spelling alone are one issuer",
        ("issuer_hhi", "issuer_effective_n", "issuer_top1_weight", "issuer."),
    ),
    Restatement(
        date(2026, 12, 1),
        "shares are of total value, the basis of the top weights, instead of the positions' own gross value, which "
        "read a small line beside cash as a whole portfolio",
        ("hhi", "issuer_hhi", "lookthrough.issuer_hhi"),
    ),
    Restatement(
        date(2026, 12, 1),
        "positions count with their exposure and not with their market value: derivatives with their notional, "
        "leveraged funds with their factor",
        ("hhi", "effective_n", "top1_weight", "top5_weight", "top10_weight"),
    ),
    Restatement(
        date(2026, 12, 1),
        "leveraged and inverse funds move by their stated factor, and without one nothing is stated",
        ("stress.",),
    ),
    Restatement(
        date(2026, 12, 1),
        "one word of the definition says whose gross value the shares are of; the figure is the same",
        ("issuer_effective_n", "lookthrough.issuer_effective_n"),
    ),
)  # fmt: skip
"""Every change, the oldest first."""


def _by_key(rows: Iterable[Restatement]) -> dict[str, tuple[Restatement, ...]]:
    found: dict[str, list[Restatement]] = {}
    for row in rows:
        for key in row.keys:
            found.setdefault(key, []).append(row)
    return {key: tuple(changes) for key, changes in found.items()}


_CHANGES: Final = _by_key(RESTATEMENTS)

VERSIONS: Final[dict[str, int]] = {key: 1 + len(_CHANGES.get(key, ())) for key in ALL_DEFINITIONS}
"""Version in force by metric id, or by prefix for a family."""


@lru_cache(maxsize=65_536)
def key_of(metric_id: str) -> str:
    """The definition of a metric id: itself, its family's prefix, or "" where we define no such metric.

    In a sheet about a group each metric stands under its portfolio's id ("acme-7:hhi").
    """
    for name in (metric_id, metric_id.partition(":")[2]):
        if definition_of(name) is not None:
            return name if name in ALL_DEFINITIONS else family_of(name) or ""
    return ""


@dataclass(frozen=True, slots=True)
class Versioned:
    """A metric as it was computed once, and as it is computed today.

    Attributes:
        key: As `key_of` has it.
        version: Under which it was computed.
        today: Version in force.
        changes: What changed from the one to the other; "" where nothing did.
    """

    key: str
    version: int
    today: int
    changes: str

    @property
    def restated(self) -> bool:
        """Whether it would be computed otherwise today."""
        return bool(self.changes)


def versioned(key: str, version: int) -> Versioned:
    """How a version of a definition stands to the one in force."""
    today = VERSIONS.get(key, version)
    rows = _CHANGES.get(key, ())[version - 1 : today - 1] if version else ()
    told = "; ".join(f"since {row.since} (version {version + at}) {row.what}" for at, row in enumerate(rows, 1))
    return Versioned(key, version, today, told)


def restated(key: str, version: int) -> str:
    """What a figure of an earlier version must be told with, as a sentence; "" for one of the version in force."""
    one = versioned(key, version)
    if not one.restated:
        return ""
    return f"Restated: computed under version {version} of this definition, today's is {one.today}: {one.changes}."
