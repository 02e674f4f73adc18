"""The text that the local server answers with: computed from the prompt, shaped by the schema, marked as simulated."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from core.simulator import (
    figure_rules,
    policy_rules,
    prompt_tables,
    research_rules,
    risk_rules,
    slot_answers,
    slot_mistakes,
    slot_plans,
    tool_answers,
)
from core.simulator.faults import draw
from core.simulator.phrases import Voice
from core.simulator.schema_filling import fit

_CAVEAT = re.compile(
    r'word for word: "(?P<english>[^"\n]+)"|mot pour mot\s*: «(?P<french>[^«»\n]+)»|wörtlich: „(?P<german>[^„“\n]+)“'
)

_ASKED = re.compile(r'`schema_version` is "3", `analysis_type` "([a-z_]+)"')

_KINDS: dict[str, Callable[[Voice, str], dict[str, Any]]] = {
    "allocation": figure_rules.allocation,
    "performance": figure_rules.performance,
    "attribution": figure_rules.attribution,
    "compliance": policy_rules.compliance,
    "reallocation": policy_rules.reallocation,
    "market_research": research_rules.market_research,
    "investment_research": research_rules.investment_research,
    "committee_brief": research_rules.committee_brief,
}
"""What answers which analysis; risk has its own, finer rules."""

_WITH_SLOTS = slot_answers.KINDS | slot_plans.KINDS
"""What answers which analysis in slots."""

SIMULATED = "Simulated answer: the local server was asked instead of a model."


def text(body: Mapping[str, Any], path: str, custom_id: str, fault: str | None) -> str:
    """What the model would have written.

    Args:
        body: A chat or responses body.
        path: Which of the two.
        custom_id: Decides where a fault strikes.
        fault: A kind of faulty answer that shows in the text, or None.
    """
    wanted = _wanted_format(body, path)
    if wanted is None:
        return SIMULATED
    tables = prompt_tables.read(prompt_tables.user_text(body))
    schema = wanted.get("schema")
    if not isinstance(schema, Mapping):
        document = tool_answers.with_results(_in_words(tables, body), body)
    else:
        document = fit(schema, tool_answers.with_results(_known(schema, tables, body), body))
    if fault is not None:
        document = _spoilt(document, fault, custom_id)
    answer = orjson.dumps(document).decode()
    return answer[: len(answer) * 2 // 3] if fault == "invalid_json" else answer


def _in_words(tables: prompt_tables.Blocks, body: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of plain JSON mode, whose schema only the instructions state."""
    if not tables.metrics:
        return {"simulated": True, "note": SIMULATED}
    asked = _ASKED.search(prompt_tables.instructions(body))
    if asked is not None and asked[1] in _WITH_SLOTS:
        return _WITH_SLOTS[asked[1]](slot_answers.SlotVoice(tables))
    return risk_rules.answer(tables, _first_caveat(body))  # the older prompts that are asked so are about risk


def _first_caveat(body: Mapping[str, Any]) -> str:
    # The instructions of a region prescribe the first caveat word for word, in quotation marks.
    found = _CAVEAT.search(prompt_tables.instructions(body))
    return next(words for words in found.groups() if words).strip() if found else ""


def _wanted_format(body: Mapping[str, Any], path: str) -> Mapping[str, Any] | None:
    if path == "/v1/responses":
        options = body.get("text")
        wanted = options.get("format") if isinstance(options, Mapping) else None
    else:
        wanted = body.get("response_format")
        if isinstance(wanted, Mapping) and isinstance(wanted.get("json_schema"), Mapping):
            return {"type": "json_schema", "schema": wanted["json_schema"].get("schema")}
    return wanted if isinstance(wanted, Mapping) and wanted.get("type") != "text" else None


def _known(schema: Mapping[str, Any], tables: prompt_tables.Blocks, body: Mapping[str, Any]) -> dict[str, Any]:
    properties = schema.get("properties")
    properties = properties if isinstance(properties, Mapping) else {}
    first_caveat = _first_caveat(body)
    kind = properties.get("analysis_type")
    name = (kind.get("enum") or ["analysis"])[0] if isinstance(kind, Mapping) else "analysis"
    voice = Voice(tables, prompt_tables.instructions(body))
    if (properties.get("schema_version") or {}).get("enum") == ["3"] and name in _WITH_SLOTS:
        return _WITH_SLOTS[name](slot_answers.SlotVoice(tables))
    if name in _KINDS and tables.metrics and "claims" in properties:
        return _KINDS[name](voice, first_caveat)
    whole = risk_rules.answer(tables, first_caveat, voice.mark)
    if "risks" in properties:
        return whole
    # Of an analysis that nobody knows only what all of them share can be said by these rules.
    shared = ("schema_version", "portfolio_id", "as_of_date", "base_currency", "language", "data_gaps", "caveats")
    return {
        **{each: whole[each] for each in shared},
        "headline": f"Simulated answer: {name} without judgement",
        "summary": f"{SIMULATED} It fills the requested form and judges nothing.",
    }


def _spoilt(document: Any, fault: str, custom_id: str) -> Any:
    spoilt = copy.deepcopy(document)
    if isinstance(spoilt, dict) and spoilt.get("schema_version") == "3" and fault in _SLIPS:
        slot_mistakes.spoil(spoilt, custom_id)
    elif fault == "wrong_shape" and isinstance(spoilt, dict) and spoilt:
        del spoilt[sorted(spoilt)[int(draw(custom_id) * len(spoilt))]]
    elif fault == "unsupported" and isinstance(spoilt, dict) and isinstance(spoilt.get("summary"), str):
        spoilt["summary"] += " Comparable portfolios carry 987.65 % of this risk."
    elif fault == "line_separator" and isinstance(spoilt, dict) and isinstance(spoilt.get("summary"), str):
        spoilt["summary"] += "\u2028This line follows a separator\u0085and this one a control character."
    elif fault in _SLIPS:
        _slip(spoilt, fault, custom_id)
    return spoilt


def _slip(document: Any, fault: str, custom_id: str) -> None:
    suits, change = _SLIPS[fault]
    cited = [each for each in _references(document) if each["value"]]
    suited = [each for each in cited if suits(each)]
    if suited:
        change(suited[int(draw(custom_id + "|which") * len(suited))])
    elif cited:
        _SLIPS["wrong_value"][1](cited[int(draw(custom_id + "|which") * len(cited))])


def _references(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "metric_id" in value and isinstance(value.get("value"), int | float):
            yield value
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def _set(name: str, to: Callable[[Any], Any]) -> Callable[[dict[str, Any]], None]:
    def change(reference: dict[str, Any]) -> None:
        reference[name] = to(reference[name])

    return change


_Slip = tuple[Callable[[dict[str, Any]], bool], Callable[[dict[str, Any]], None]]


def _any(reference: dict[str, Any]) -> bool:
    return bool(reference)


_SLIPS: dict[str, _Slip] = {
    "wrong_value": (_any, _set("value", lambda value: round(value * 1.07 + 0.013, 4))),
    "wrong_scale": (_any, _set("value", lambda value: round(value * 1000, 4))),
    "wrong_percent": (lambda each: each.get("unit") == "pct", _set("value", lambda value: round(value / 100, 6))),
    "wrong_bps": (lambda each: each.get("unit") == "pct", _set("value", lambda value: round(value * 100, 2))),
    "wrong_sign": (_any, _set("value", lambda value: -value)),
    "wrong_period": (lambda each: bool(each.get("period")), _set("period", lambda _: "1999-01-01..1999-12-31")),
    "wrong_unit": (_any, _set("unit", lambda unit: "bps" if unit != "bps" else "days")),
    "wrong_currency": (
        lambda each: bool(each.get("currency")),
        _set("currency", lambda currency: "JPY" if currency != "JPY" else "USD"),
    ),
    "wrong_id": (_any, _set("metric_id", lambda metric_id: f"{metric_id}_adjusted")),
}
"""Which references each slip can strike, and what it does to one."""
