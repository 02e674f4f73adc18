"""A committee brief about a group: one request about all its portfolios, from the finished analyses of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.desk.sets import SetWish
from core.domain.actor import LOCAL
from core.domain.analysis import AnalysisRequest, Kind, ResultStatus
from core.domain.job import JobState
from core.errors import BadInput
from tests.local_provider import LocalProvider
from tests.pages.world import World, opened

INPUTS = (Kind.RISK, Kind.ALLOCATION, Kind.PERFORMANCE, Kind.COMPLIANCE)
MODEL = "gpt-5.4-mini"


def alike(world: World) -> tuple[str, ...]:
    """Two samples of one day, currency and regime, both with a benchmark."""
    samples = [world.app.portfolios.get(LOCAL, name) for name in world.app.portfolios.ids(LOCAL)]
    first, second, *_ = [
        one.portfolio_id
        for one in samples
        if one.benchmark and "ucits" in one.regimes and (one.as_of, one.base_currency) == (samples[0].as_of, "EUR")
    ]
    return first, second


def brief(ids: tuple[str, ...], **more: object) -> AnalysisRequest:
    return AnalysisRequest(Kind.COMMITTEE_BRIEF, ids, MODEL, group="The Family", **more)  # type: ignore[arg-type]


def test_a_brief_about_a_group_is_one_request_from_what_was_found_of_each(tmp_path: Path, local: LocalProvider) -> None:
    with opened(tmp_path, local.base_url, local) as world:
        world.app.portfolios.add_samples(LOCAL)
        ids = alike(world)
        with pytest.raises(BadInput, match=rf"group:the family' lacks risk of {ids[0]}.*compliance of {ids[1]}"):
            world.app.jobs.submit(LOCAL, brief(ids))
        wish = SetWish(INPUTS, (MODEL,), AnalysisRequest(Kind.RISK, ids, MODEL, group="The Family"))
        assert {one.group for one in wish.requests()} == {""}, "only a brief is about a group"
        world.app.sets.submit(LOCAL, wish)
        world.work()
        preview = world.app.jobs.preview(LOCAL, brief(ids))
        assert (preview.estimate.requests, preview.refused) == (1, {})
        job = world.app.jobs.submit(LOCAL, brief(ids))
        world.work()
        job = world.app.jobs.get(LOCAL, job.row.job_id)
        assert job.row.state is JobState.DONE, job.row
        assert job.request.group == "The Family"
        (item,) = world.app.jobs.items(LOCAL, job.row.job_id)
        assert (item.status, item.portfolio_id) == (ResultStatus.SUCCEEDED, "group:the family")
        assert item.verification is not None
        assert item.verification.findings == ()
        assert item.verification.verified > 5
        assert item.analysis is not None
        cited = {one["metric_id"] for claim in item.analysis["claims"] for one in claim["metrics"]}
        assert cited == {f"{name}:total_value" for name in ids}
        assert item.analysis["risk"]
        sheet = world.app.jobs.facts(LOCAL, job.row.job_id, item.custom_id)
        assert sheet is not None
        facts = sheet.by_id()
        for name in ids:
            assert f"{name}:total_value" in facts
        assert facts[f"{ids[0]}:hhi"].definition
        assert {rule.rule_id.partition(":")[0] for rule in sheet.rules} == set(ids)
        assert any(name.startswith(f"rule.{ids[1]}:") and name.endswith(".measured") for name in facts)


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        (AnalysisRequest(Kind.RISK, ("a",), MODEL, group="g"), "Only a committee brief takes a group"),
        (brief(("a",), tools=("risk_calculator",)), "takes no --tool"),
    ],
)
def test_what_makes_no_sense_of_a_group_is_refused(
    tmp_path: Path, local: LocalProvider, wish: AnalysisRequest, says: str
) -> None:
    with opened(tmp_path, local.base_url, local) as world, pytest.raises(BadInput, match=says):
        world.app.jobs.preview(LOCAL, wish)
