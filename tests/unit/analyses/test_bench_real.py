"""What measures checking on other people's texts reads prompts as they were sent, and does without the texts."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.analyses.engines import engine_for
from core.domain.analysis import Kind
from tests.bench.real import __main__ as bench
from tests.bench.real.contested import is_refuted
from tests.bench.real.prompt_tables import sheet_of
from tests.bench.real.scores import Score, Wanted
from tests.unit.analyses.whole import view


def test_a_sheet_is_read_back_from_the_tables_that_a_prompt_showed() -> None:
    shown = view(Kind.COMPLIANCE)
    read = sheet_of({"messages": [{"content": "Write."}, {"content": engine_for(Kind.COMPLIANCE).blocks(shown)}]})
    assert [(one.metric_id, one.shown, one.unit, one.period) for one in read.facts] == [
        (one.metric_id, one.shown, one.unit, one.period) for one in shown.facts
    ]
    assert read.holdings == tuple(replace(one, weight_pct=round(one.weight_pct, 2)) for one in shown.holdings)
    known = {(one.rule_id, one.status, one.holding_ids) for one in shown.rules if one.status != "not_applicable"}
    assert {(one.rule_id, one.status, one.holding_ids) for one in read.rules} == known


def test_without_the_texts_nothing_is_measured_and_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench-real", "--data", str(tmp_path)])
    assert bench.main() == 0
    assert "Not measured: written-answers" in capsys.readouterr().out


def test_a_share_that_was_missed_is_said() -> None:
    score = Score("any", "number")
    for wrong, flagged in ((True, True), (True, False), (False, False)):
        score.add(wrong=wrong, flagged=flagged, example="x")
    assert (score.wrong, score.caught, score.right, score.flagged, len(score.examples)) == (2, 1, 1, 0, 1)
    assert not Wanted("caught", score.caught, score.wrong, 0.9).met
    assert "not measured" in str(Wanted("caught", 0, 0, 0.9))


def test_an_answer_counts_as_refuted_only_where_all_that_is_marked_is_what_its_table_refutes() -> None:
    text = "A low of -5.77 °C on Wednesday, and 3 °C on Friday."
    low, other = (text.index("-5.77"), text.index("-5.77") + 5), (text.index("3 °C"), text.index("3 °C") + 1)
    answer = {"id": "weather-0-gpt4o", "text": text}
    assert is_refuted(answer, [low])
    assert not is_refuted(answer, [low, other])
    assert not is_refuted(answer, [])
    assert not is_refuted({**answer, "id": "another"}, [low])
