"""Every analysis the whole way without HTTP: sample portfolios, real prompt, simulated answer, reading and checking."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import jsonschema
import pytest

from core.analyses.build import Builder
from core.analyses.engine import Need
from core.analyses.engines import engine_for
from core.app import build
from core.domain.actor import LOCAL
from core.domain.analysis import AnalysisRequest, FindingKind, Kind, Reading, ResultStatus
from core.domain.evidence import Evidence, Finished, SourceDocument
from core.domain.facts import FactSheet
from core.drafts.evidence import told_about
from core.errors import BadInput
from core.llm.prompts import PromptLibrary
from core.metrics.definitions import MetricGroup
from core.metrics.fx import EcbRates
from core.settings import load
from core.simulator import answers, faults
from core.storage.store import Store

TODAY = date(2026, 11, 24)
REGIONS = {"US": "en", "FR": "fr", "DE": "de", "CH": "de"}
MOST = 12
"""Sample portfolios that are looked at, spread over all."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What all tests of this file ask about."""

    library: PromptLibrary
    sheets: tuple[FactSheet, ...]
    store: Store


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("desk")
    with closing(build(load({"MOSYCHLOS_HOME": str(home)}))) as app:
        app.portfolios.add_samples(LOCAL)
        ids = app.portfolios.ids(LOCAL)
        with closing(Store(app.settings.database_url)) as store:
            chosen = store.portfolios.load(ids[:: max(1, len(ids) // MOST)])
            told = told_about(store, EcbRates(), chosen, tuple(MetricGroup), {Need.RULES, Need.INDICATORS})
            yield Desk(app.library, tuple(map(with_document, told)), store)


def with_document(sheet: FactSheet) -> FactSheet:
    words = ("Revenue fell 4.2 % as margins declined.", "The outlook for 2027 is stable, the company says.")
    source = SourceDocument(
        "doc-1", "Annual report 2026", "Issuer", "2026-09-01", None, "filing", words, (sheet.holdings[0].holding_id,)
    )
    return replace(sheet, evidence=Evidence(sources=(source,)))


def asked(
    desk: Desk, kind: Kind, sheet: FactSheet, fault: str | None = None, **more: Any
) -> Iterator[tuple[FactSheet, Reading]]:
    builder = Builder(AnalysisRequest(kind, ("p",), "gpt-5.4-mini", **more), desk.library, today=TODAY)
    for view in builder.views(sheet):
        built = builder.build(view)
        line = json.loads(built.line)
        text = answers.text(line["body"], line["url"], built.custom_id, fault)
        if fault is None:
            document = json.loads(text)
            jsonschema.validate(document, engine_for(kind).schema(slots=document["schema_version"] == "3"))
        yield view, engine_for(kind).read(text, view)


def finished(desk: Desk, sheet: FactSheet) -> tuple[Finished, ...]:
    found = []
    for kind in (Kind.RISK, Kind.ALLOCATION, Kind.PERFORMANCE, Kind.COMPLIANCE):
        ((_, reading),) = asked(desk, kind, sheet)
        assert reading.analysis is not None
        assert reading.verification is not None
        found.append(
            Finished(
                f"{kind}-1", "job", kind.value, sheet.portfolio_id, sheet.as_of, "m", "v1", reading.analysis,
                reading.verification.verified,
            )
        )  # fmt: skip
    return tuple(found)


@pytest.mark.parametrize(
    ("kind", "region"),
    [
        pytest.param(kind, region, marks=() if (row + column) % len(REGIONS) == 0 else pytest.mark.full)
        for row, kind in enumerate(Kind)
        for column, region in enumerate(REGIONS)
    ],
)
def test_a_simulated_answer_holds_against_what_the_prompt_said(desk: Desk, kind: Kind, region: str) -> None:
    holds(desk, kind, region)


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=() if kind is Kind.RISK else pytest.mark.full) for kind in Kind]
)
def test_so_does_one_that_an_older_prompt_asked_for(desk: Desk, kind: Kind) -> None:
    holds(desk, kind, "FR", "v2" if kind is Kind.RISK else "v1")


def holds(desk: Desk, kind: Kind, region: str, version: str | None = None) -> None:
    read = 0
    for sheet in desk.sheets:
        try:
            if kind is Kind.COMMITTEE_BRIEF:
                sheet = replace(sheet, evidence=replace(sheet.evidence, analyses=finished(desk, sheet)))
            results = list(asked(desk, kind, sheet, region=region, profile="moderate", prompt_version=version))
        except BadInput:
            continue  # a portfolio without a benchmark has no attribution, one without a regime no compliance report
        for _, reading in results:
            read += 1
            assert reading.status is ResultStatus.SUCCEEDED, reading.error
            assert reading.analysis is not None
            assert reading.verification is not None
            assert reading.verification.findings == ()
            assert reading.verification.verified > 0
            assert reading.verification.rules == reading.verification.rules_agreeing
            assert reading.analysis["language"] == REGIONS[region]
            assert "simul" in reading.headline.lower()
            assert reading.level
    assert read >= 3


def test_the_first_caveat_is_the_regions_own(desk: Desk) -> None:
    first = {
        "FR": "Ce rapport décrit le portefeuille",
        "CH": "Dieser Bericht beschreibt",
        "AU": "This report contains general",
    }
    for region, words in first.items():
        ((_, reading),) = asked(desk, Kind.ALLOCATION, desk.sheets[0], region=region)
        assert reading.analysis is not None
        assert reading.analysis["caveats"][0].startswith(words)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.COMMITTEE_BRIEF])
def test_a_planted_slip_is_found_in_every_kind(desk: Desk, kind: Kind) -> None:
    for fault in faults.WRONG_NUMBERS:
        for sheet in desk.sheets:
            try:
                results = list(asked(desk, kind, sheet, fault, profile="moderate"))
            except BadInput:
                continue
            for _, reading in results:
                assert reading.verification is not None
                assert reading.verification.findings, (kind, fault, sheet.portfolio_id)
            break


def test_a_scenario_and_a_period_make_a_request_of_their_own(desk: Desk) -> None:
    sheet = next(
        one for one in desk.sheets if "stress.equity_down_20" in one.by_id() and "excess_return.1y" in one.by_id()
    )
    scenarios = [
        view.evidence.scenarios
        for view, _ in asked(desk, Kind.RISK, sheet, scenarios=("equity_down_20", "yields_up_100bp"))
    ]
    assert scenarios == [("equity_down_20",), ("yields_up_100bp",)]
    for view, reading in asked(desk, Kind.PERFORMANCE, sheet, periods=("1y", "3m")):
        assert reading.analysis is not None
        assert [row["period"].lower() for row in reading.analysis["periods"]] in ([view.evidence.period], [])
        assert reading.verification is not None
        assert reading.verification.findings == ()


def test_a_stress_test_that_was_asked_for_and_not_answered_is_found(desk: Desk) -> None:
    sheet = next(one for one in desk.sheets if "stress.equity_down_20" in one.by_id())
    ((view, reading),) = asked(desk, Kind.RISK, sheet, scenarios=("equity_down_20",))
    assert reading.analysis is not None
    assert [test["scenario_id"] for test in reading.analysis["stress_tests"]] == ["equity_down_20"]
    silent = json.dumps(reading.analysis["written"]["answer"] | {"stress_tests": []})
    checked = engine_for(Kind.RISK).read(silent, view).verification
    assert checked is not None
    assert [finding.kind for finding in checked.findings] == [FindingKind.UNSUPPORTED]


def test_an_attribution_over_several_periods_explains_each_of_them(desk: Desk) -> None:
    periods = ("1y", "3m", "ytd")
    whole = [sheet.portfolio_id for sheet in desk.sheets if "attribution.active_return" in sheet.by_id()][:2]
    request = AnalysisRequest(Kind.ATTRIBUTION, tuple(whole), "gpt-5.4-mini", periods=periods)
    builder = Builder(request, desk.library, today=TODAY)
    portfolios = desk.store.portfolios.load(whole)
    told = told_about(desk.store, EcbRates(), portfolios, builder.groups, builder.needs, builder.windows)
    views = [view for sheet in told for view in builder.views(sheet)]
    assert [builder.build(view).custom_id for view in views] == [
        f"attribution-{name}@{period}" for name in whole for period in periods
    ]
    for view in views:
        facts, period = view.by_id(), view.evidence.period
        assert facts["attribution.active_return"].value == pytest.approx(facts[f"excess_return.{period}"].value)
        assert facts["attribution.active_return"].period == facts[f"excess_return.{period}"].period
        assert [name for name in facts if name.startswith("return.")] == [f"return.{period}"]
