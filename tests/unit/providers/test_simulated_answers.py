"""The plain rules: levels that follow from the figures, sentences in the reader's language, faults that show."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from typing import Any

import pytest

from core.domain.analysis import ResultStatus
from core.llm.answers import read_line
from core.simulator import answers, faults, prompt_tables, replies, risk_rules
from tests.batch_lines import FACTS, PROMPT, chat_body, responses_body

CHAT = "/v1/chat/completions"
_METRIC = {
    "type": "object",
    "properties": {
        "metric_id": {"type": "string"},
        "value": {"type": "number"},
        "unit": {"type": "string"},
        "currency": {"type": ["string", "null"]},
        "period": {"type": ["string", "null"]},
    },
    "required": ["metric_id", "value", "unit", "currency", "period"],
    "additionalProperties": False,
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "risks": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"risk_type": {"type": "string"}, "metrics": {"type": "array", "items": _METRIC}},
                "required": ["risk_type", "metrics"],
                "additionalProperties": False,
            },
        },
        "summary": {"type": "string"},
    },
    "required": ["risks", "summary"],
    "additionalProperties": False,
}


def prompt(**values: str) -> prompt_tables.Blocks:
    rows = "".join(f"{name.replace('__', '.')}|{value}|pct|||derived\n" for name, value in values.items())
    return prompt_tables.read(f"<METRICS>\nmetric_id|value|unit|currency|period|badge\n{rows}</METRICS>\nWhy?")


def answered(fault: str | None, custom_id: str = "r1", **more: Any) -> replies.Reply:
    body = chat_body(SCHEMA, **more)
    return replies.Responder().reply(body, CHAT, custom_id=custom_id, fault=fault, now=1.79e9, today=date(2026, 11, 24))


def cited(document: Any) -> list[dict[str, Any]]:
    return [metric for risk in document["risks"] for metric in risk["metrics"]]


def test_the_tables_of_a_prompt_are_read() -> None:
    found = prompt_tables.read(PROMPT.format(language="fr"))
    assert found.french
    assert found.portfolio["portfolio_id"] == "acme"
    assert found.numbers == FACTS
    assert found.absent == [{"metric_id": "sharpe", "reason": "no risk-free rate"}]
    assert found.cite("total_value", "sharpe") == [
        {
            "metric_id": "total_value",
            "value": 100000.0,
            "unit": "ccy",
            "currency": "USD",
            "period": "as of 2026-10-30",
        }
    ]


def test_both_endpoints_show_the_same_user_text() -> None:
    assert prompt_tables.user_text(chat_body()) == prompt_tables.user_text(responses_body())
    assert prompt_tables.user_text({"input": "plain"}) == "plain"
    parts = [{"type": "input_text", "text": "one"}, {"type": "input_text", "text": "two"}]
    assert prompt_tables.user_text({"input": [{"role": "user", "content": parts}]}) == "one\ntwo"


@pytest.mark.parametrize(
    ("values", "level"),
    [
        ({"hhi": "0.01", "volatility": "2.00"}, "very_low"),
        ({"hhi": "0.30", "volatility": "4.00"}, "low"),
        ({"hhi": "0.12"}, "moderate"),
        ({"asset_class__equity": "55.00", "asset_class__bond_fund": "45.00"}, "moderate"),
        ({"asset_class__equity": "55.00", "asset_class__cash": "5.00"}, "high"),
        ({"volatility": "16.00"}, "elevated"),
        ({"volatility": "16.00", "asset_class__crypto": "30.00"}, "very_high"),
        ({"volatility": "22.00"}, "high"),
        ({"volatility": "30.00"}, "very_high"),
    ],
)
def test_worse_figures_give_a_higher_level(values: dict[str, str], level: str) -> None:
    assert risk_rules.answer(prompt(**values))["overall_level"] == level


@pytest.mark.parametrize(("kind", "level"), [("equity", "very_high"), ("equity_fund", "high")])
def test_one_large_issuer_raises_the_level_and_one_large_fund_does_not(kind: str, level: str) -> None:
    text = PROMPT.format(language="en").replace("|equity|diversified|", f"|{kind}|diversified|")
    assert risk_rules.answer(prompt_tables.read(text))["overall_level"] == level


def test_the_first_caveat_is_the_one_the_instructions_prescribe() -> None:
    body = chat_body(
        {
            "type": "object",
            "properties": {"caveats": {"type": "array", "items": {"type": "string"}}},
            "required": ["caveats"],
        }
    )
    body["messages"][0]["content"] = '- First caveat, word for word: "Mind the gap."\n- More.'
    caveats = json.loads(answers.text(body, CHAT, "a", None))["caveats"]
    assert caveats[0] == "Mind the gap."
    assert caveats[1].startswith("Simulated answer")


def test_a_prompt_without_figures_still_gets_an_answer() -> None:
    answer = risk_rules.answer(prompt_tables.read("Hello"))
    assert [risk["risk_type"] for risk in answer["risks"]] == ["model"]
    assert answer["var_statement"]["metrics"] == []


def test_french_is_french_and_figures_take_a_comma() -> None:
    answer = risk_rules.answer(prompt_tables.read(PROMPT.format(language="fr")))
    assert answer["headline"].startswith("Réponse simulée")
    assert any("41,20\u00a0%" in claim["text"] for claim in answer["claims"])
    assert len(answer["headline"]) <= 120


def test_a_free_question_and_plain_json_mode_are_answered_too() -> None:
    assert "simulated" in answers.text({"messages": []}, CHAT, "a", None).lower()
    plain = json.loads(answers.text(chat_body(response_format={"type": "json_object"}), CHAT, "a", None))
    assert plain["analysis_type"] == "risk"
    empty = {"messages": [], "response_format": {"type": "json_object"}}
    assert json.loads(answers.text(empty, CHAT, "a", None))["simulated"] is True


def test_another_analysis_is_filled_and_marked() -> None:
    schema = {
        "type": "object",
        "properties": {"analysis_type": {"enum": ["allocation"]}, "headline": {"type": "string"}},
        "required": ["analysis_type", "headline"],
    }
    made = json.loads(answers.text(chat_body(schema), CHAT, "a", None))
    assert made == {
        "analysis_type": "allocation",
        "headline": "Simulated answer: allocation without judgement",
    }


@pytest.mark.parametrize("kind", faults.WRONG_NUMBERS)
def test_a_slip_changes_exactly_one_reference(kind: str) -> None:
    right = json.loads(answers.text(chat_body(SCHEMA), CHAT, "r1", None))
    wrong = json.loads(answers.text(chat_body(SCHEMA), CHAT, "r1", kind))
    different = [(one, two) for one, two in zip(cited(right), cited(wrong), strict=True) if one != two]
    assert len(different) == 1
    (before, after), fields = different[0], different[0][0].keys()
    assert len([name for name in fields if before[name] != after[name]]) == 1


def test_an_unsupported_number_and_line_separators_show_in_the_summary() -> None:
    assert "987.65" in answers.text(chat_body(SCHEMA), CHAT, "a", "unsupported")
    assert "\u2028" in answers.text(chat_body(SCHEMA), CHAT, "a", "line_separator")


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (None, ResultStatus.SUCCEEDED),
        ("wrong_shape", ResultStatus.SUCCEEDED),
        ("line_separator", ResultStatus.SUCCEEDED),
        ("refused", ResultStatus.REFUSED),
        ("cut", ResultStatus.TRUNCATED),
        ("bad_request_rows", ResultStatus.FAILED),
        ("server_error_rows", ResultStatus.FAILED),
    ],
)
def test_each_fault_reads_as_what_it_is(fault: str | None, status: ResultStatus) -> None:
    made = read_line(replies.line("r1", "batch_1", answered(fault)))
    assert (made.custom_id, made.status) == ("r1", status)


@pytest.mark.parametrize("fault", ["empty", "status_0"])
def test_success_without_an_answer_is_not_read_as_an_answer(fault: str) -> None:
    assert read_line(replies.line("r1", "batch_1", answered(fault))).text in (None, "")


def test_invalid_json_is_invalid() -> None:
    text = answers.text(chat_body(SCHEMA), CHAT, "a", "invalid_json")
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


def test_a_cap_that_reasoning_eats_leaves_no_text() -> None:
    made = answered(None, reasoning_effort="high", max_completion_tokens=50)
    assert made.body is not None
    choice = made.body["choices"][0]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("length", None)
    assert made.usage[2:] == (50, 50)


def test_repeated_system_texts_are_cached_input_from_1024_tokens() -> None:
    responder = replies.Responder()
    body = chat_body(SCHEMA)
    body["messages"][0]["content"] = "judge risk with care " * 400
    usages = [
        responder.reply(body, CHAT, custom_id=str(number), fault=None, now=1.0, today=date(2026, 11, 24)).usage
        for number in range(2)
    ]
    assert usages[0][1] == 0
    assert usages[1][1] >= 1024
    assert usages[1][1] % 128 == 0
    assert usages[1][1] < usages[1][0]


def test_the_share_of_faulty_answers_is_the_one_asked_for_and_repeatable() -> None:
    plan = faults.from_document({"seed": 3, "answers": {"wrong_number": 0.1, "refused": 0.05, "cut": 0.02}})
    kinds = Counter(plan.answer(f"risk-{number}") for number in range(10_000))
    assert 400 < kinds["refused"] < 600
    assert 140 < kinds["cut"] < 270
    assert 850 < sum(kinds[kind] for kind in faults.WRONG_NUMBERS) < 1150
    assert [plan.answer("risk-7") for _ in range(3)] == [plan.answer("risk-7")] * 3
