"""A portfolio that a model cannot take whole: refused, or folded where that is wished, and what follows from it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from core.analyses.build import Builder, DoesNotFit
from core.analyses.trimming import FOLDED, OTHERS
from core.domain.analysis import AnalysisRequest, Kind
from core.domain.facts import FactSheet, HoldingFact
from core.llm.prompts import PromptLibrary

TODAY = date(2026, 11, 24)
PROMPTS = Path(__file__).resolve().parents[3] / "prompts"


def _long(sheet: FactSheet, lines: int = 9_000) -> FactSheet:
    more = tuple(
        HoldingFact(f"X{n}", f"X{n}", f"Company number {n} of many", "equity", "industrials", "US", "USD", 0.001 * n, n)
        for n in range(1, lines)
    )
    return replace(sheet, holdings=(*sheet.holdings, *more))


def _builder(model: str, *, trim: bool) -> Builder:
    return Builder(AnalysisRequest(Kind.RISK, ("desk-7",), model, trim=trim), PromptLibrary(PROMPTS), today=TODAY)


def test_without_leave_a_portfolio_that_does_not_fit_is_refused_with_what_would_help(sheet: FactSheet) -> None:
    builder = _builder("gpt-4o", trim=False)
    with pytest.raises(DoesNotFit, match=r"input tokens.*--optimise"):
        builder.fit(_long(sheet))


def test_with_leave_its_smallest_holdings_become_one_line_and_the_request_says_so(sheet: FactSheet) -> None:
    builder = _builder("gpt-4o", trim=True)
    request, shown = builder.fit(_long(sheet))
    assert request.input_tokens + builder.max_output_tokens <= 128_000
    assert shown.holdings[-1].holding_id == OTHERS
    assert shown.absent[-1].metric_id == FOLDED
    assert any("smallest holdings of portfolio 'desk-7'" in said for said in request.warnings)
    body = json.loads(request.line)["body"]
    assert f"{OTHERS}|" in body["messages"][1]["content"]
    assert f"{FOLDED}|" in body["messages"][1]["content"]
    # One line more would not have fitted.
    small = int(shown.holdings[-1].name.split()[0].replace(",", ""))
    assert small < 9_000
    assert 128_000 - (request.input_tokens + builder.max_output_tokens) < 100


def test_a_portfolio_that_fits_is_left_as_it_is(sheet: FactSheet) -> None:
    request, shown = _builder("gpt-4o", trim=True).fit(sheet)
    assert shown is sheet
    assert request == _builder("gpt-4o", trim=False).build(sheet)


def test_a_named_prompt_version_is_the_one_that_is_sent(sheet: FactSheet) -> None:
    versions = {
        version: Builder(
            AnalysisRequest(Kind.RISK, ("desk-7",), "gpt-5.4-mini", prompt_version=version),
            PromptLibrary(PROMPTS),
            today=TODAY,
        ).build(sheet)
        for version in ("v1", "v2", "v3", "v4")
    }
    assert {name: one.prompt_version for name, one in versions.items()} == {
        version: f"risk/{version}" for version in ("v1", "v2", "v3", "v4")
    }
    assert len({one.prompt_hash for one in versions.values()}) == 3
