"""A job in figures: levels in their order, the most frequent risks first, shares of what was checked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from core.desk.job_summary import LEVELS, Outlier, summarise
from core.domain.analysis import AnalysisRequest, Kind, Priority, Usage
from core.domain.cost import Estimate
from core.domain.job import JobState
from core.domain.records import ItemCounts, Job, JobRow
from core.storage.jobs.quartiles import Quartiles

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ROW = JobRow(
    "id", Kind.RISK, "m", "standard", "chat", "default", "global", "risk/v1", Priority.NORMAL, JobState.DONE, NOW,
    "ada", NOW, NOW, ItemCounts(6, 4, 1, 1), 6, 1, Decimal("0.5"), Decimal("0.4"), "", simulated=True,
)  # fmt: skip
ESTIMATE = Estimate(1, 1, 1, 1, 1, None, None, None, None, "2-8 h", "m", "standard", {}, "test")
OUTLIERS = (Outlier("p6", "P6", 0.9, 50.0),)
JOB = Job(ROW, AnalysisRequest(Kind.RISK, ("p",), "m"), ESTIMATE, "spec", cancel_wish=False)


def summary(rollup: dict[str, dict[str, int]] | None = None, hhis: list[float] | None = None) -> Any:
    return summarise(JOB, rollup or {}, Quartiles.of(hhis or []), OUTLIERS, 7, Usage(10, 1, 5, 2))


def test_every_level_is_present_from_calm_to_severe() -> None:
    assert list(summary({"level": {"high": 2}}).levels.items()) == [(level, 2 * (level == "high")) for level in LEVELS]


def test_the_most_frequent_risk_comes_first_and_ties_go_by_name() -> None:
    found = summary({"risk_type": {"rates": 2, "credit": 5, "fx": 2}, "error": {"b": 1, "a": 1}})
    assert found.top_risks == (("credit", 5), ("fx", 2), ("rates", 2))
    assert found.errors == (("a", 1), ("b", 1))


def test_outliers_stand_beside_the_fence_with_how_many_there_are() -> None:
    found = summary(hhis=[0.10, 0.11, 0.12, 0.13, 0.14, 0.15, 0.90, 0.16, 0.17])
    assert (found.outliers, found.outlier_count) == (OUTLIERS, 7)
    assert (found.hhi_median, found.hhi_fence) == (0.14, pytest.approx(0.22))


def test_fewer_than_four_portfolios_have_no_fence() -> None:
    found = summary(hhis=[0.1, 0.1, 0.9])
    assert (found.hhi_fence, found.hhi_median) == (None, 0.1)
    assert summary().hhi_median is None


def test_the_share_of_verified_numbers_is_of_all_that_were_stated() -> None:
    found = summary({"numbers": {"verified": 6, "mismatched": 1, "unsupported": 1}, "answers": {"clean": 2}})
    assert (found.checks.stated, found.checks.verified_share) == (8, 0.75)
    assert (found.checks.clean_answers, found.checks.flagged_answers) == (2, 0)
    assert summary().checks.verified_share is None


def test_costs_are_the_jobs_own_and_unknown_stays_unknown() -> None:
    assert (summary().estimate_usd, summary().actual_usd) == (Decimal("0.5"), Decimal("0.4"))
    unknown = replace(JOB, row=replace(ROW, expected_usd=None, actual_usd=None))
    found = summarise(unknown, {}, None, (), 0, Usage())
    assert (found.estimate_usd, found.actual_usd) == (None, None)


def test_every_analysis_is_summed_up_by_its_own_grade_and_tags() -> None:
    found = summary({"level": {"breach": 3, "compliant": 5}, "breach": {"EU.UCITS.52.2": 3}, "regime": {"ucits": 8}})
    assert found.grades == (("compliant", 5), ("breach", 3))
    assert found.tags == {"breach": (("EU.UCITS.52.2", 3),), "regime": (("ucits", 8),)}


def test_coverage_and_agreement_with_the_rule_engine_are_shares_of_what_was_due() -> None:
    checks = summary({"coverage": {"wanted": 8, "covered": 6}, "rules": {"named": 4, "agreeing": 4}}).checks
    assert (checks.coverage_share, checks.agreement_share) == (0.75, 1.0)
    assert (summary().checks.coverage_share, summary().checks.agreement_share) == (None, None)
