"""Every number, id and choice of every answer's schema is held against something, or is named here as an opinion.

Each field is found in the pydantic models, changed in a true answer, and the change must be found. A new field that no
check looks at fails here.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

import pytest

from core.analyses.answer import Metric, Part
from core.analyses.engines import available, engine_for
from core.domain.analysis import Kind, ResultStatus
from core.domain.facts import FactSheet
from tests.unit.analyses.whole import SHEET, answer, view, with_inputs

OPINIONS: Final = {
    "confidence": "how sure the writer is",
    "kind": "whether a sentence is meant as a fact, for its reader",
    "risk_type": "which name a risk gets",
    "severity": "a judgement; a grave one needs a reference beside it",
    "likelihood": "a judgement about what has not happened",
    "overall_level": "a judgement by yardsticks; it needs references in the claims",
    "diversification": "a judgement; it needs references in the claims",
    "priority": "when something should be done",
    "persistence": "a judgement about what will come",
    "stance": "a judgement; one that is not neutral needs words or figures beside it",
    "conviction": "how sure the writer is; high needs a document or figures",
    "horizon": "how far ahead the text looks",
    "strength": "a judgement; it needs a reference beside it",
    "phase": "a judgement; it needs a reference beside it",
    "probability": "a judgement about what has not happened",
    "impact": "a judgement about what has not happened",
    "concern": "which name a worry gets",
    "aspect": "what an effect is about",
    "addressed_to": "whom a question is for",
    "owner_role": "who should do a task",
    "recommendation_confidence": "how sure the writer is",
    "effects.direction": "a judgement; better and worse need a reference beside them",
    "committee_brief.recommendation": "a judgement; approving over a breach in silence is found by a test of its own",
}
"""Fields that no fact decides, by name, or by name and place, with the reason."""

_NAMES: Final = ("_id", "_ids")
_NAMED: Final = frozenset({"regimes", "attribution.period"})


@dataclass(frozen=True)
class Field:
    """One field of a schema: its path without places, and what it may be."""

    kind: Kind
    path: str
    choices: tuple[str, ...]
    what: str

    @property
    def is_opinion(self) -> bool:
        name = self.path.rsplit(".", 1)[-1].removesuffix("[]")
        places = {f"{self.kind.value}.{self.path}", ".".join(self.path.replace("[]", "").split(".")[-2:]), name}
        return bool(places & OPINIONS.keys())


def fields(kind: Kind) -> Iterator[Field]:
    yield from _of(kind, engine_for(kind).answer, "")


def _of(kind: Kind, part: type[Part], prefix: str) -> Iterator[Field]:
    for name, field in part.model_fields.items():
        yield from _of_type(kind, field.annotation, f"{prefix}{name}")


def _of_type(kind: Kind, annotation: Any, path: str) -> Iterator[Field]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    name = path.rsplit(".", 1)[-1].removesuffix("[]")
    if isinstance(annotation, type) and issubclass(annotation, Part):
        if annotation is not Metric:  # references are checked as a whole, wherever they stand
            yield from _of(kind, annotation, f"{path}.")
    elif origin is list:
        yield from _of_type(kind, arguments[0], f"{path}[]")
    elif origin in (Union, UnionType):
        for one in arguments:
            yield from _of_type(kind, one, path)
    elif origin is Literal:
        if len(arguments) > 1:
            yield Field(kind, path, arguments, "choice")
    elif annotation in (int, float, bool):
        yield Field(kind, path, (), annotation.__name__)
    elif annotation is str and (name.endswith(_NAMES) or {name, f"{kind.value}.{name}"} & _NAMED):
        yield Field(kind, path, (), "id")


@cache
def shown(kind: Kind) -> FactSheet:
    sheet = replace(SHEET, evidence=replace(SHEET.evidence, language="en"))
    if kind is Kind.RISK:
        return view(kind, sheet, scenarios=("gfc_2008",))
    return view(kind, with_inputs(sheet) if kind is Kind.COMMITTEE_BRIEF else sheet)


def metric(kind: Kind, metric_id: str) -> dict[str, Any]:
    fact = shown(kind).by_id()[metric_id]
    return {"metric_id": metric_id, "value": float(fact.shown), "unit": fact.unit.value, "currency": fact.currency,
            "period": fact.period}  # fmt: skip


@cache
def whole(kind: Kind) -> str:
    """A true answer with something in every list, as JSON."""
    found = answer(kind, shown(kind))
    cite = lambda name: metric(kind, name)  # noqa: E731
    if kind is not Kind.REALLOCATION and kind is not Kind.COMMITTEE_BRIEF:
        found["data_gaps"] = found["data_gaps"] or [{"item": "x", "effect": "y", "affected_metric_ids": []}]
    if found["data_gaps"]:
        found["data_gaps"][0]["affected_metric_ids"] = [next(iter(shown(kind).by_id()))]
    for claim in found["claims"][:1]:
        claim["source_ids"] = ["AAPL"]
    catalyst = {"date": None, "event": "Results", "probability": "low", "impact": "mixed", "holding_ids": ["AAPL"],
                "source_ids": ["doc-1"]}  # fmt: skip
    proposal = {"action": "reduce", "target_id": "AAPL", "from_weight_pct": 40.0, "to_weight_pct": 35.0,
                "rationale": "It is large.", "priority": "now"}  # fmt: skip
    if "catalysts" in found:
        found["catalysts"] = [catalyst]
    if "proposals" in found:
        found["proposals"] = [proposal | {"metrics": [cite("weight.AAPL")]}]
    if kind is Kind.PERFORMANCE:
        found["periods"] = [one for one in found["periods"] if one["period"] == "1Y"]
        found["verdict"] = "underperformed"
        sentence = {"metrics": [cite("volatility")], "source_ids": ["AAPL"], "text": "It moved.", "kind": "fact",
                    "confidence": "high"}  # fmt: skip
        for name in ("risk_adjusted", "drawdown", "currency_effect", "cost_effect"):
            found[name] = [sentence]
    if kind is Kind.COMPLIANCE:
        found["findings"][0]["cure_days"] = 30
        found["suitability"] = {
            "assessed": True, "profile_id": "balanced", "result": "unsuitable",
            "reasons": [{"metrics": [cite("weight.AAPL")], "source_ids": ["AAPL"], "text": "It is large.",
                         "kind": "interpretation", "confidence": "low"}],
        }  # fmt: skip
    if kind is Kind.COMMITTEE_BRIEF:
        for name in ("key_facts", "performance", "risk", "allocation", "compliance", "market"):
            found[name] = found[name] or [dict(found["claims"][0])]
            found[name][0]["source_ids"] = ["AAPL"]
        found["data_gaps"] = [{"item": "x", "effect": "y", "affected_metric_ids": [next(iter(shown(kind).by_id()))]}]
    if kind is Kind.REALLOCATION:
        found["do_nothing"][0]["source_ids"] = ["AAPL"]
    if kind is Kind.MARKET_RESEARCH:
        found["themes"][0]["claims"][0]["source_ids"] = ["AAPL"]
        found["relations"] = [{"metrics": [cite("volatility")], "strength": "weak", "explanation": "Little."}]
        found["sector_rotation"] = [{"sector_id": "information_technology", "phase": "leading", "explanation": "Up.",
                                     "metrics": [cite("sector.information_technology")]}]  # fmt: skip
    if kind is Kind.INVESTMENT_RESEARCH:
        found["role_in_portfolio"][0]["source_ids"] = ["AAPL"]
    return json.dumps(found)


def _instances(node: Any, path: str) -> Iterator[tuple[Any, Any, Any]]:
    """Containers, keys and values at a path such as "risks[].driver_ids[]"."""
    first, _, rest = path.partition(".")
    many, name = first.endswith("[]"), first.removesuffix("[]")
    if not isinstance(node, dict) or name not in node:
        return
    places = [(node[name], at) for at in range(len(node[name]))] if many else [(node, name)]
    for holder, key in places:
        if rest:
            yield from _instances(holder[key], rest)
        elif holder[key] is not None:
            yield holder, key, holder[key]


def _others(field: Field, value: Any) -> list[Any]:
    if field.what == "choice":
        return [one for one in field.choices if one != value]
    if field.what == "bool":
        return [not value]
    return ["made_up_thing"] if field.what == "id" else [value + 7, 16271 if field.what == "int" else 28.488]


def _is_found(kind: Kind, document: dict[str, Any]) -> bool:
    reading = engine_for(kind).read(json.dumps(document), shown(kind))
    if reading.status is ResultStatus.INVALID:
        return True
    assert reading.verification is not None
    return bool(reading.verification.findings)


@pytest.mark.parametrize("kind", available())
def test_the_whole_answers_hold(kind: Kind) -> None:
    reading = engine_for(kind).read(whole(kind), shown(kind))
    assert reading.error is None, reading.error
    assert reading.verification is not None
    assert reading.verification.findings == ()


ALL = [one for kind in available() for one in fields(kind)]


# Risk shows no limits here, so that any is made up: tests of their own follow.
HELD = [one for one in ALL if not one.is_opinion and not one.path.startswith("limit_breaches")]


@pytest.mark.parametrize("field", HELD, ids=lambda one: f"{one.kind.value}-{one.path}")
def test_every_number_id_and_choice_is_held_against_something(field: Field) -> None:
    document = json.loads(whole(field.kind))
    places = list(_instances(document, field.path))
    assert places, "no instance to change: put one into the whole answer"
    for number, (_, _, value) in enumerate(places):
        found = []
        for other in _others(field, value):
            changed = copy.deepcopy(document)
            holder, key, _ = list(_instances(changed, field.path))[number]
            holder[key] = other
            found.append(_is_found(field.kind, changed))
        # What is proposed may be anything that goes the way the action says.
        free = field.what == "choice" or field.path.endswith("to_weight_pct")
        # A choice may have a neighbour that no fact excludes ("near" beside "within"); others have none.
        assert any(found) if free else all(found), (number, value)


def test_no_opinion_is_named_that_no_schema_has() -> None:
    used = {one.path.rsplit(".", 1)[-1].removesuffix("[]") for one in ALL if one.is_opinion}
    assert {name.rsplit(".", 1)[-1] for name in OPINIONS} == used
