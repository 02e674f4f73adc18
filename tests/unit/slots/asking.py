"""Answers with slots, as the stand-in gives them to each analysis' prompt about one portfolio."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from core.analyses.build import Builder
from core.analyses.engines import engine_for
from core.domain.analysis import AnalysisRequest, Kind, Reading
from core.domain.facts import FactSheet
from core.llm.prompts import PromptLibrary
from core.simulator import answers
from tests.unit.analyses.whole import CHAT, SHEET, with_inputs

LIBRARY = PromptLibrary(Path(__file__).resolve().parents[3] / "prompts")


@dataclass(frozen=True)
class Asked:
    input_tokens: int
    answer: str
    sheet: FactSheet

    def read(self, answer: str) -> Reading:
        reading = engine_for(Kind(json.loads(answer)["analysis_type"])).read(answer, self.sheet)
        assert reading.verification is not None, reading.error
        return reading


@cache
def asked(kind: Kind, version: str, region: str) -> Asked:
    request = AnalysisRequest(kind, ("desk-7",), "gpt-5.4-mini", prompt_version=version, region=region)
    builder = Builder(request, LIBRARY, today=date(2026, 11, 30))
    (view,) = builder.views(with_inputs(SHEET) if kind is Kind.COMMITTEE_BRIEF else SHEET)
    built = builder.build(view)
    body = json.loads(built.line)["body"]
    return Asked(built.input_tokens, answers.text(body, CHAT, "r", None), view)
