"""From an answer's text to an analysis, or to the reason why there is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from core.analyses.engines import available, engine_for
from core.domain.analysis import Kind, Reading, ResultStatus
from core.domain.facts import FactSheet
from core.errors import BadInput

Answer = Callable[..., dict[str, Any]]

engine = engine_for(Kind.RISK)


def own(reading: Reading) -> list[tuple[str, str]]:
    """Tags of the analysis itself, without the counted sentences."""
    return [tag for tag in reading.tags if tag[0] != "sentences"]


def test_a_true_answer_is_read_and_every_number_holds(sheet: FactSheet, answer: Answer) -> None:
    document = answer()
    assert not list(Draft202012Validator(engine.schema()).iter_errors(document))
    reading = engine.read(json.dumps(document), sheet)
    assert reading.status is ResultStatus.SUCCEEDED
    assert reading.analysis == document
    assert reading.error is None
    assert reading.level == "elevated"
    assert reading.headline == "Concentrated: one position is 46.12 %"
    assert own(reading) == [("risk_type", "concentration"), ("risk_type", "market"), ("severity", "high")]
    assert reading.verification is not None
    assert reading.verification.findings == ()
    assert (reading.verification.mismatched, reading.verification.unsupported) == (0, 0)
    # Six references; five numbers in claim and risks, one in the VaR sentence, one in headline, two in the summary.
    assert reading.verification.verified == 6 + 5 + 1 + 1 + 2


def test_an_answer_without_risks_has_no_severity(sheet: FactSheet, answer: Answer) -> None:
    reading = engine.read(json.dumps(answer(risks=[])), sheet)
    assert own(reading) == [("severity", "none")]


def test_a_wrong_number_leaves_the_analysis_readable(sheet: FactSheet, answer: Answer) -> None:
    document = answer()
    document["risks"][0]["metrics"][0]["value"] = 64.21
    reading = engine.read(json.dumps(document), sheet)
    assert reading.status is ResultStatus.SUCCEEDED
    assert reading.verification is not None
    # The sentence beside it and the claim still state the true number, so there is one finding.
    assert [finding.path for finding in reading.verification.findings] == ["risks[0].metrics[0]"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda d: d.pop("summary"), "summary: Field required"),
        (lambda d: d.update(extra=1), "extra: Extra inputs are not permitted"),
        (lambda d: d.update(overall_level="terrible"), "overall_level: Input should be 'very_low'"),
        (lambda d: d["risks"][1].update(severity="grave"), "risks[1].severity: "),
        (lambda d: d["risks"][0]["metrics"][1].update(value="0.34"), "risks[0].metrics[1].value: "),
        (lambda d: d["risks"][0]["metrics"][1].update(unit="percent"), "risks[0].metrics[1].unit: "),
        (lambda d: d["var_statement"].update(horizon_days=1.5), "var_statement.horizon_days: "),
        (lambda d: d.update(analysis_type="allocation"), "analysis_type: "),
        (lambda d: d.update(claims=None), "claims: "),
    ],
)
def test_an_answer_that_breaks_the_schema_names_the_place(
    sheet: FactSheet, answer: Answer, change: Callable[[dict[str, Any]], Any], path: str
) -> None:
    document = answer()
    change(document)
    reading = engine.read(json.dumps(document), sheet)
    assert reading.status is ResultStatus.INVALID
    assert reading.analysis is None
    assert reading.verification is None
    assert reading.error is not None
    assert reading.error.code == "schema"
    assert reading.error.message.startswith(path)
    assert not reading.error.transient


def test_further_problems_are_counted(sheet: FactSheet, answer: Answer) -> None:
    reading = engine.read(json.dumps(answer(claims=None, risks=None, headline=3)), sheet)
    assert reading.error is not None
    assert reading.error.message.endswith("(2 more problems follow.)")


@pytest.mark.parametrize(
    "text", ["", "I cannot do that.", '{"schema_version": "1", ', "null", "[]", "{}", '"x"', "NaN"]
)
def test_what_is_no_document_is_invalid(sheet: FactSheet, text: str) -> None:
    reading = engine.read(text, sheet)
    assert reading.status is ResultStatus.INVALID
    assert reading.error is not None
    assert reading.error.code == "schema"
    assert reading.error.message


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_value_that_is_no_number_is_invalid(sheet: FactSheet, answer: Answer, number: str) -> None:
    text = json.dumps(answer()).replace('"value": 46.12', f'"value": {number}', 1)
    assert engine.read(text, sheet).status is ResultStatus.INVALID


def test_an_answer_about_another_portfolio_is_invalid(sheet: FactSheet, answer: Answer) -> None:
    reading = engine.read(json.dumps(answer(portfolio_id="desk-8")), sheet)
    assert reading.status is ResultStatus.INVALID
    assert reading.error is not None
    assert reading.error.code == "wrong_portfolio"
    assert "'desk-8'" in reading.error.message
    assert "'desk-7'" in reading.error.message


def test_a_portfolio_id_that_the_prompt_had_to_rewrite_is_recognised(sheet: FactSheet, answer: Answer) -> None:
    odd = replace(sheet, portfolio_id="desk|7")
    assert engine.read(json.dumps(answer(portfolio_id="desk¦7")), odd).status is ResultStatus.SUCCEEDED
    assert engine.read(json.dumps(answer(portfolio_id="desk|7")), odd).status is ResultStatus.SUCCEEDED


def test_a_code_fence_around_the_answer_does_not_cost_it(sheet: FactSheet, answer: Answer) -> None:
    reading = engine.read(f"```json\n{json.dumps(answer())}\n```", sheet)
    assert reading.status is ResultStatus.SUCCEEDED


def test_a_nul_in_an_answer_never_reaches_the_database(sheet: FactSheet, answer: Answer) -> None:
    reading = engine.read(json.dumps(answer(headline="One\x00 two\nthree")), sheet)
    assert reading.status is ResultStatus.SUCCEEDED
    assert reading.headline == "One\ufffd two three"


def test_half_a_surrogate_pair_in_an_answer_is_invalid_and_not_a_crash(sheet: FactSheet, answer: Answer) -> None:
    text = json.dumps(answer(headline="HERE")).replace("HERE", "\\ud83d")
    assert engine.read(text, sheet).status is ResultStatus.INVALID


def test_every_kind_has_an_engine() -> None:
    assert available() == tuple(Kind)
    for kind in Kind:
        assert engine_for(kind).kind is kind
    assert engine_for("risk").schema_name == "risk_analysis"


def test_an_unknown_analysis_is_refused_with_what_there_is() -> None:
    with pytest.raises(BadInput, match=r"no analysis 'astrology'\. Available: risk, allocation"):
        engine_for("astrology")
