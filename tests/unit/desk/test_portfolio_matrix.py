"""What an answer says in each column; what it does not speak of has no cell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.analyses.engines import engine_for
from core.desk.grades import BESIDES, GRADES, grade_in, ranks
from core.desk.portfolio_matrix import SUBJECTS, cells_of, matrix
from core.domain.analysis import Kind, ResultStatus, Usage
from core.domain.records import Item
from tests.unit.analyses import whole


def item(name: str, analysis: dict[str, object]) -> Item:
    return Item(
        f"risk-{name}", name, name, "US", ResultStatus.SUCCEEDED, "low", "", analysis, None, None, Usage(), None
    )


def risks(**severities: str) -> dict[str, object]:
    return {"risks": [{"risk_type": kind, "severity": severity} for kind, severity in severities.items()]}


@pytest.mark.parametrize("kind", list(Kind))
def test_each_analysis_has_cells_and_a_subject(kind: Kind) -> None:
    shown = whole.view(kind)
    document = whole.answer(kind, shown)
    if kind is Kind.MARKET_RESEARCH:
        document["sector_rotation"] = [{"sector_id": "energy", "phase": "lagging"}]
    cells = cells_of(kind, document, shown)
    assert cells
    steps = SUBJECTS[kind].steps
    assert all(cell.shown for cell in cells.values())
    if steps:
        assert all(cell.place is None or 0 <= cell.place < len(steps) for cell in cells.values())


@pytest.mark.parametrize("kind", list(Kind))
def test_the_grade_of_a_true_answer_is_one_that_is_known(kind: Kind) -> None:
    shown = whole.view(kind)
    document = whole.answer(kind, shown)
    engine = engine_for(kind)
    grade, _ = engine.summarise(engine.answer.model_validate(document))
    assert grade in (*GRADES[kind], *BESIDES.get(kind, ()))
    assert grade_in(kind, document) in (grade, "")


def test_the_worst_of_several_risks_of_one_type_counts() -> None:
    analysis = {"risks": [{"risk_type": "credit", "severity": word} for word in ("low", "critical", "none")]}
    assert cells_of(Kind.RISK, analysis)["credit"].shown == "critical"


def test_a_word_that_is_no_severity_is_no_cell() -> None:
    assert cells_of(Kind.RISK, risks(credit="enormous", market="low")).keys() == {"market"}


def test_columns_come_by_how_many_answers_speak_of_them() -> None:
    found = matrix(Kind.RISK, [item("a", risks(tail="low")), item("b", risks(tail="low", credit="high"))], {})
    assert found.columns == ("tail", "credit")
    assert "credit" not in found.rows[0].cells


def test_compliance_counts_the_engines_verdicts_whatever_the_answer_says() -> None:
    shown = whole.view(Kind.COMPLIANCE)
    cells = cells_of(Kind.COMPLIANCE, {"findings": []}, shown)
    assert {name: cell.shown for name, cell in cells.items()} == {
        "breach": "1",
        "near limit": "1",
        "not assessable": "1",
        "kept": "1",
    }
    assert cells["breach"].place == 3
    assert cells_of(Kind.COMPLIANCE, {}, replace(shown, rules=())) == {}


def test_rows_whose_facts_are_gone_are_counted() -> None:
    assert matrix(Kind.COMPLIANCE, [item("a", {}), item("b", {})], {}).unread == 2


def test_grades_stand_in_an_order_from_calm_to_alarming() -> None:
    assert ranks(Kind.COMPLIANCE) == {"compliant": 0, "warning": 1, "breach": 2}
    assert set(GRADES) == set(Kind)
