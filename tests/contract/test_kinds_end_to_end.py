"""Every analysis as a job: drafted, sent to the local server over HTTP, collected, checked and summed up."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.domain.actor import LOCAL
from core.domain.analysis import AnalysisRequest, Kind, ResultStatus
from core.domain.job import JobState
from core.errors import BadInput
from tests.local_provider import LocalProvider
from tests.pages.world import World, opened

INPUTS = (Kind.RISK, Kind.ALLOCATION, Kind.PERFORMANCE, Kind.COMPLIANCE)


def wholly(world: World, portfolio_id: str, kind: Kind) -> str:
    request = AnalysisRequest(kind, (portfolio_id,), "gpt-5.4-mini", regional=True, profile="moderate")
    return world.app.jobs.submit(LOCAL, request).row.job_id


def test_each_kind_runs_as_a_job_and_a_brief_reads_the_finished_ones(tmp_path: Path, local: LocalProvider) -> None:
    with opened(tmp_path, local.base_url, local) as world:
        world.app.portfolios.add_samples(LOCAL)
        samples = [world.app.portfolios.get(LOCAL, name) for name in world.app.portfolios.ids(LOCAL)]
        portfolio_id = next(one.portfolio_id for one in samples if one.benchmark and "ucits" in one.regimes)
        with pytest.raises(BadInput, match="lacks risk of"):
            wholly(world, portfolio_id, Kind.COMMITTEE_BRIEF)
        jobs = {kind: wholly(world, portfolio_id, kind) for kind in Kind if kind is not Kind.COMMITTEE_BRIEF}
        world.work()
        jobs[Kind.COMMITTEE_BRIEF] = wholly(world, portfolio_id, Kind.COMMITTEE_BRIEF)
        world.work()
        for kind, job_id in jobs.items():
            job = world.app.jobs.get(LOCAL, job_id)
            assert job.row.state is JobState.DONE, (kind, job.row)
            (item,) = world.app.jobs.items(LOCAL, job_id)
            assert item.status is ResultStatus.SUCCEEDED
            assert item.verification is not None
            assert item.verification.findings == (), kind
            assert item.verification.covered == item.verification.wanted
            summary = world.app.jobs.summary(LOCAL, job_id)
            assert summary.grades, kind
            assert summary.tags, kind
        brief = world.app.jobs.items(LOCAL, jobs[Kind.COMMITTEE_BRIEF])[0].analysis
        assert brief is not None
        cited = {name for claim in brief["risk"] + brief["performance"] for name in claim["source_ids"]}
        assert cited == {f"{kind}-{portfolio_id}" for kind in (Kind.RISK, Kind.PERFORMANCE)}
        checks = world.app.jobs.summary(LOCAL, jobs[Kind.COMPLIANCE]).checks
        assert checks.rules == checks.rules_agreeing > 0
