"""A job's answers taken together: what a committee reads before it reads any single one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from core.domain.analysis import Usage
from core.domain.records import ItemCounts, Job
from core.storage.jobs.outcome_writer import MODEL, TIER
from core.storage.jobs.quartiles import Quartiles

LEVELS = ("very_low", "low", "moderate", "elevated", "high", "very_high")
"""Risk levels from calm to severe."""


OUTLIERS = 100
"""Concentrated portfolios of a job that a page names; those beyond them it counts."""


@dataclass(frozen=True, slots=True)
class Outlier:
    """A portfolio far more concentrated than the others of its job."""

    portfolio_id: str
    name: str
    hhi: float
    top1_pct: float


@dataclass(frozen=True, slots=True)
class Checks:
    """Stated numbers of all answers, by what checking them found.

    Attributes:
        wanted: Metrics that the answers had to state and that were given.
        covered: Those of them that were stated.
        rules: Rules that the answers named or had to name.
        rules_agreeing: Those of them with the rule engine's status.
    """

    verified: int
    mismatched: int
    unsupported: int
    clean_answers: int
    flagged_answers: int
    wanted: int = 0
    covered: int = 0
    rules: int = 0
    rules_agreeing: int = 0

    @property
    def stated(self) -> int:
        """All stated numbers."""
        return self.verified + self.mismatched + self.unsupported

    @property
    def verified_share(self) -> float | None:
        """Verified over stated, a fraction; None when nothing was stated."""
        return self.verified / self.stated if self.stated else None

    @property
    def coverage_share(self) -> float | None:
        """Covered over wanted, a fraction; None when nothing was wanted."""
        return self.covered / self.wanted if self.wanted else None

    @property
    def agreement_share(self) -> float | None:
        """Rules with the engine's status over those named or due, a fraction; None without rules."""
        return self.rules_agreeing / self.rules if self.rules else None


@dataclass(frozen=True, slots=True)
class Summary:
    """A job in figures.

    Attributes:
        statuses: Requests by how they ended.
        levels: Answers by risk level, from calm to severe; every level is present.
        top_risks: (risk type, portfolios in which it is at least moderate), most frequent first.
        outliers: Portfolios beyond Tukey's fence of the job's HHI, most concentrated first: all of them, or as many
            as were wanted of `outlier_count`.
        hhi_median: Of the job's portfolios; None without any.
        errors: Errors by code, most frequent first.
        grades: Answers by their headline grade, whatever the analysis calls it, most frequent first.
        tags: What the analysis counts across portfolios, by dimension, each most frequent first
            ("breach": which rules, in how many portfolios).
        models: Models that answered, as they name themselves, most frequent first; `tiers`: the service tiers.
    """

    counts: ItemCounts
    statuses: Mapping[str, int]
    levels: Mapping[str, int]
    top_risks: tuple[tuple[str, int], ...]
    outliers: tuple[Outlier, ...]
    hhi_median: float | None
    hhi_fence: float | None
    checks: Checks
    errors: tuple[tuple[str, int], ...]
    usage: Usage
    estimate_usd: Decimal | None
    actual_usd: Decimal | None
    outlier_count: int = 0
    grades: tuple[tuple[str, int], ...] = ()
    tags: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    models: tuple[tuple[str, int], ...] = ()
    tiers: tuple[tuple[str, int], ...] = ()

    @property
    def sentences(self) -> Mapping[str, int]:
        """Sentences of answers by what they rest on (`core.analyses.slots.sentences.Seen`), most first."""
        return dict(self.tags.get("sentences", ()))


_OURS = frozenset({"status", "level", "numbers", "answers", "error", "coverage", "rules", "answered", MODEL, TIER})
"""Dimensions that are counted of every job; all others are an analysis' own."""


def summarise(
    job: Job,
    rollup: Mapping[str, Mapping[str, int]],
    concentration: Quartiles | None,
    outliers: Sequence[Outlier],
    outlier_count: int,
    usage: Usage,
) -> Summary:
    """Put a job's counts together.

    Args:
        rollup: Counts by dimension and value, as results wrote them.
        concentration: Of the job's portfolios, as far as it is known.
        usage: Tokens of the settled batches.
    """
    numbers, answers = rollup.get("numbers", {}), rollup.get("answers", {})
    coverage, rules = rollup.get("coverage", {}), rollup.get("rules", {})
    return Summary(
        counts=job.row.counts,
        statuses=dict(rollup.get("status", {})),
        levels={level: rollup.get("level", {}).get(level, 0) for level in LEVELS},
        top_risks=_ranked(rollup.get("risk_type", {})),
        outliers=tuple(outliers),
        outlier_count=outlier_count,
        hhi_median=None if concentration is None else concentration.median,
        hhi_fence=None if concentration is None else concentration.fence,
        checks=Checks(
            verified=numbers.get("verified", 0),
            mismatched=numbers.get("mismatched", 0),
            unsupported=numbers.get("unsupported", 0),
            clean_answers=answers.get("clean", 0),
            flagged_answers=answers.get("flagged", 0),
            wanted=coverage.get("wanted", 0),
            covered=coverage.get("covered", 0),
            rules=rules.get("named", 0),
            rules_agreeing=rules.get("agreeing", 0),
        ),
        errors=_ranked(rollup.get("error", {})),
        usage=usage,
        estimate_usd=job.row.expected_usd,
        actual_usd=job.row.actual_usd,
        grades=_ranked(rollup.get("level", {})),
        tags={dimension: _ranked(counts) for dimension, counts in rollup.items() if dimension not in _OURS},
        models=_ranked(rollup.get(MODEL, {})),
        tiers=_ranked(rollup.get(TIER, {})),
    )


def _ranked(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
