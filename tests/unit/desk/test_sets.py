"""Several analyses and models as one submission: priced together, submitted whole or not at all, found again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from core.app import App, build
from core.desk.sets import SetWish
from core.domain.actor import LOCAL, Actor, Role
from core.domain.analysis import AnalysisRequest, Endpoint, Kind, Priority
from core.domain.job import JobState
from core.errors import BadInput, ModelRefused, NotPermitted, OverBudget, Refused
from core.llm.models import find
from core.settings import load
from tests.made_tables import made_home

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
US, UK = "sample-us-60-40", "sample-uk-isa"
MODELS = ("gpt-5.4-mini", "gpt-6-luna")


def _opened(home: Path, now: datetime = NOW, **settings: str) -> App:
    return build(load({"MOSYCHLOS_HOME": str(made_home(home)), **settings}), clock=lambda: now)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("sets")
    app = _opened(home)
    app.portfolios.add_samples(LOCAL)
    app.close()
    return home


@pytest.fixture
def app(home: Path) -> Iterator[App]:
    app = _opened(home)
    yield app
    app.close()


def _wish(
    app: App, kinds: tuple[Kind, ...] = (Kind.RISK,), models: tuple[str, ...] = ("gpt-5.4-mini",), **more: Any
) -> SetWish:
    versions = more.pop("versions", ())
    ids = more.pop("portfolio_ids", tuple(app.portfolios.ids(LOCAL)[:2]))
    return SetWish(kinds, models, AnalysisRequest(Kind.RISK, ids, "", **more), versions)


def test_every_analysis_goes_to_every_model(app: App) -> None:
    wish = _wish(app, (Kind.RISK, Kind.PERFORMANCE), MODELS, scenarios=("gfc_2008",), periods=("1y",))
    asked = [(one.kind, one.model, one.scenarios, one.periods) for one in wish.requests()]
    assert asked == [
        (Kind.RISK, "gpt-5.4-mini", ("gfc_2008",), ()),
        (Kind.RISK, "gpt-6-luna", ("gfc_2008",), ()),
        (Kind.PERFORMANCE, "gpt-5.4-mini", (), ("1y",)),
        (Kind.PERFORMANCE, "gpt-6-luna", (), ("1y",)),
    ]
    assert wish.comparison == "models"


@pytest.mark.parametrize(
    ("kinds", "models", "more", "says"),
    [
        ((), MODELS, {}, "No analysis was chosen"),
        ((Kind.RISK,), (), {}, "No model was chosen"),
        ((Kind.RISK, Kind.RISK), MODELS, {}, "named twice"),
        ((Kind.RISK,), ("a", "a"), {}, "A model is named twice"),
        ((Kind.COMPLIANCE,), MODELS, {"periods": ("1y",)}, "takes --period"),
        ((Kind.RISK, Kind.ALLOCATION), MODELS, {"versions": ("v1", "v2")}, "one analysis at a time"),
    ],
)
def test_a_wish_that_contradicts_itself_is_refused(
    app: App, kinds: tuple[Kind, ...], models: tuple[str, ...], more: dict[str, Any], says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        _wish(app, kinds, models, **more).requests()


def test_a_preview_adds_up_its_parts(app: App) -> None:
    found = app.sets.preview(LOCAL, _wish(app, (Kind.RISK, Kind.COMPLIANCE), MODELS))
    assert found.whole
    assert len(found.parts) == 4
    parts = [part.preview.estimate for part in found.parts if part.preview]
    assert found.requests == 8 == sum(one.requests for one in parts)
    assert found.expected_usd == sum(one.expected_usd for one in parts if one.expected_usd is not None)
    assert found.savings_usd is not None
    assert found.savings_usd > 0
    assert found.model_mix == {"gpt-5.4-mini": 4, "gpt-6-luna": 4}
    assert found.completion_time == "4-12 h"  # a standard and a reasoning model
    share = found.cacheable_share
    assert share is not None
    assert 0 < share < 1


def test_both_models_are_submitted_as_one_comparison_and_found_again(app: App) -> None:
    done = app.sets.submit(LOCAL, _wish(app, models=MODELS, priority=Priority.HIGH), again=True)
    assert done.job_set is not None
    assert done.job_set.comparison == "models"
    assert done.job_set.name == "risk with gpt-5.4-mini, gpt-6-luna"
    found, jobs = app.sets.get(LOCAL, done.job_set.set_id)
    assert found.states == {JobState.QUEUED: 2}
    assert sorted(row.model for row in jobs) == sorted(MODELS)
    assert found.set_id in {one.set_id for one in app.sets.page(LOCAL)}
    assert found.expected_usd == sum(job.row.expected_usd for job in done.jobs if job.row.expected_usd is not None)


def test_two_prompt_versions_make_a_comparison_too(app: App) -> None:
    done = app.sets.submit(LOCAL, _wish(app, versions=("v1", "v2")), again=True)
    assert done.job_set is not None
    assert done.job_set.comparison == "prompts"
    assert [job.row.prompt_version for job in done.jobs] == ["risk/v1", "risk/v2"]


def test_one_analysis_with_one_model_is_a_job_and_no_set(app: App) -> None:
    done = app.sets.submit(LOCAL, _wish(app), again=True)
    assert done.job_set is None
    assert done.jobs[0].row.set_id == ""


def test_a_budget_that_holds_one_but_not_both_keeps_both_back(home: Path) -> None:
    app = _opened(home)
    wish = _wish(app, models=MODELS)
    costs = [part.preview.estimate.expected_usd for part in app.sets.preview(LOCAL, wish).parts if part.preview]
    spent = app.jobs.spend(LOCAL)[0].total_usd
    app.close()
    assert all(costs)
    limit = spent + sum(cost for cost in costs if cost) - Decimal("0.00001")
    app = _opened(home, MOSYCHLOS_BUDGET_MONTH_USD=str(limit))
    try:
        before = app.jobs.count(LOCAL), app.sets.count(LOCAL)
        assert "MOSYCHLOS_BUDGET_MONTH_USD" in app.sets.preview(LOCAL, wish).over_budget
        with pytest.raises(OverBudget):
            app.sets.submit(LOCAL, wish, again=True)
        assert (app.jobs.count(LOCAL), app.sets.count(LOCAL)) == before
        assert app.jobs.spend(LOCAL)[0].total_usd == spent
    finally:
        app.close()


def test_the_cost_limit_of_a_set_holds_for_all_of_it(app: App) -> None:
    wish = _wish(app, models=("gpt-5.4-mini", "gpt-5.4"))
    most = max(
        part.preview.estimate.expected_usd or Decimal(0) for part in app.sets.preview(LOCAL, wish).parts if part.preview
    )
    limited = replace(wish, base=replace(wish.base, max_cost_usd=most))
    with pytest.raises(OverBudget, match="2 jobs are expected to cost"):
        app.sets.submit(LOCAL, limited, again=True)


def test_a_second_click_submits_nothing_and_leaves_nothing(app: App) -> None:
    wish = _wish(app, models=MODELS)
    app.sets.submit(LOCAL, wish, nonce="once", again=True)
    before = app.jobs.count(LOCAL), app.sets.count(LOCAL), app.jobs.spend(LOCAL)[0].total_usd
    with pytest.raises(Refused, match="already stored"):
        app.sets.submit(LOCAL, wish, nonce="once", again=True)
    assert (app.jobs.count(LOCAL), app.sets.count(LOCAL), app.jobs.spend(LOCAL)[0].total_usd) == before


def test_a_part_that_cannot_be_asked_does_not_hide_the_others(app: App) -> None:
    found = app.sets.preview(LOCAL, _wish(app, models=("gpt-5.4-mini", "gpt-4-turbo")))
    good, bad = found.parts
    assert good.preview is not None
    assert bad.preview is None
    assert "was shut down on 2026-10-23" in bad.problem
    assert not found.whole


def test_a_brief_names_what_each_portfolio_lacks(app: App) -> None:
    ids = tuple(app.portfolios.ids(LOCAL)[:2])
    found = app.sets.preview(LOCAL, _wish(app, (Kind.COMMITTEE_BRIEF,)))
    assert found.missing == dict.fromkeys(ids, (Kind.RISK, Kind.ALLOCATION, Kind.PERFORMANCE, Kind.COMPLIANCE))
    assert found.parts[0].preview is None
    assert "lacks" in found.parts[0].problem


def test_all_portfolios_that_cannot_be_asked_about_are_named_at_once(app: App) -> None:
    # An attribution needs a benchmark, and not every sample has one.
    ids = tuple(app.portfolios.ids(LOCAL))
    [part] = app.sets.preview(LOCAL, _wish(app, (Kind.ATTRIBUTION,), portfolio_ids=ids)).parts
    assert part.preview is not None
    refused = part.preview.refused
    assert 1 < len(refused) < len(ids)
    assert part.preview.estimate.requests == len(ids) - len(refused)
    assert all(f"portfolio '{name}' needs" in reason for name, reason in refused.items())
    with pytest.raises(BadInput):
        app.sets.submit(LOCAL, _wish(app, (Kind.ATTRIBUTION,), portfolio_ids=ids))
    there = tuple(name for name in ids if name not in refused)
    assert app.sets.preview(LOCAL, _wish(app, (Kind.ATTRIBUTION,), portfolio_ids=there)).whole


def test_a_stand_in_is_shown_with_both_prices_and_recorded_when_taken(app: App) -> None:
    wish = _wish(app, models=("gpt-4-turbo",))
    [part] = app.sets.preview(LOCAL, wish).parts
    offered = part.fallback
    assert offered is not None
    assert offered.model == "gpt-6-luna"
    assert offered.after_usd is not None
    assert offered.before_usd is not None
    assert offered.after_usd < offered.before_usd
    with pytest.raises(ModelRefused):
        app.sets.submit(LOCAL, wish)
    [job] = app.sets.submit(LOCAL, wish, fallback=True, again=True).jobs
    assert job.row.model == "gpt-6-luna"
    kept = orjson.loads(job.row.fallback)
    assert (kept["asked"], kept["model"]) == ("gpt-4-turbo", "gpt-6-luna")
    notes = {event.event: event.note for event in app.jobs.events(LOCAL, job.row.job_id)}
    assert notes["fallback"].startswith("gpt-4-turbo is replaced by gpt-6-luna.")


def test_where_data_stay_a_model_without_batches_is_refused_with_another(home: Path) -> None:
    app = _opened(home, MOSYCHLOS_DATA_REGION="eu")
    try:
        [part] = app.sets.preview(LOCAL, _wish(app, models=("gpt-6-luna",))).parts
        assert "data residency in EU" in part.problem
        assert part.fallback is not None
        assert part.fallback.model not in MODELS[1:]
        suggestion = app.jobs.preview(LOCAL, _wish(app).requests()[0], suggest=True).suggestion
        assert suggestion is None or suggestion.model != "gpt-6-luna"
        # One question at once is standard processing, which is offered there.
        request = _wish(app, models=("gpt-6-luna",)).requests()[0]
        assert app.tries.ask(LOCAL, request, request.portfolio_ids[0])
    finally:
        app.close()


def test_a_cheaper_model_is_only_suggested_and_taken_when_asked(app: App) -> None:
    wish = _wish(app, models=("gpt-5.4",))
    [part] = app.sets.preview(LOCAL, wish).parts
    assert part.preview is not None
    found = part.preview.suggestion
    assert found is not None
    assert found.before_usd == part.preview.estimate.expected_usd
    [there] = app.sets.preview(LOCAL, replace(wish, models=(found.model,))).parts
    assert there.preview is not None
    assert found.after_usd == there.preview.estimate.expected_usd
    assert "None of its answers to this analysis has been checked yet." in found.sentence
    assert app.sets.submit(LOCAL, wish, again=True).jobs[0].row.model == "gpt-5.4"
    [job] = app.sets.submit(LOCAL, wish, optimise=True, again=True).jobs
    assert job.row.model == found.model
    assert any(event.event == "optimised" for event in app.jobs.events(LOCAL, job.row.job_id))


def test_a_suggestion_says_which_wishes_would_change(app: App) -> None:
    wish = _wish(app, models=("gpt-5.6-sol",), endpoint=Endpoint.RESPONSES, parameters={"reasoning_effort": "max"})
    [part] = app.sets.preview(LOCAL, wish).parts
    assert part.preview is not None
    found = part.preview.suggestion
    assert found is not None
    taken = "max" in find(found.model).efforts
    assert [one.parameter for one in found.changes] == ([] if taken else ["reasoning_effort"])


def test_the_room_in_the_queue_is_shown(home: Path) -> None:
    app = _opened(home, MOSYCHLOS_ENQUEUED_TOKENS="1000")
    try:
        found = app.jobs.preview(LOCAL, _wish(app).requests()[0])
        assert found.room is not None
        assert (found.room.granted, found.room.needed) == (1000, found.estimate.input_tokens)
        assert not found.room.fits
    finally:
        app.close()


def test_a_parameter_refused_before_is_warned_about(app: App) -> None:
    store = app.jobs._store  # what a worker learned is put there directly
    store.parameters.record(
        "gpt-4o", AnalysisRequest(Kind.RISK, (), "").endpoint, {"temperature": "0.3"}, accepted=0,
        refused={"temperature": 4}, words={"temperature": "Unsupported value: 'temperature'."}, at=NOW, simulated=False,
        provider_id=app.identity.fingerprint,
    )  # fmt: skip
    wish = _wish(app, models=("gpt-4o",), parameters={"temperature": 0.3})
    said = " ".join(app.sets.preview(LOCAL, wish).warnings)
    assert "gpt-4o refused temperature 0.3 4 times before, last on 2026-11-26: Unsupported value" in said
    other = _wish(app, models=("gpt-4o",), parameters={"temperature": 0.4})
    assert "times before" not in " ".join(app.sets.preview(LOCAL, other).warnings)


def test_a_viewer_can_neither_price_nor_submit_a_set(app: App) -> None:
    viewer = Actor("v", "Vera", frozenset({Role.VIEWER}))
    for ask in (app.sets.preview, app.sets.submit):
        with pytest.raises(NotPermitted):
            ask(viewer, _wish(app))
    assert isinstance(app.sets.page(viewer), list)


def test_gpt_5_is_replaced_once_it_is_gone(home: Path) -> None:
    app = _opened(home, datetime(2026, 12, 11, 9, tzinfo=UTC))
    try:
        [part] = app.sets.preview(LOCAL, _wish(app, models=("gpt-5",))).parts
        assert part.fallback is not None
        assert part.fallback.model == "gpt-6.1-sol"
        assert date(2026, 12, 11).isoformat() in part.fallback.reason
    finally:
        app.close()
