"""The strict JSON schema that a model must answer in, drawn from the pydantic model that reads the answer.

The provider's strict mode knows a small part of JSON Schema: every property required, nothing additional, no defaults,
no lengths or ranges, few levels. Only that part can come out here: what a model of `core.analyses.answer` says beyond
it is an error when the schema is drawn. A schema is constant for its analysis, because the provider compiles it once
and because a list of one portfolio's ids in it would change it for every request; ids are therefore plain text here and
checked afterwards. Models write keys in the order given: evidence stands first, so that the sentence is written after
the numbers it rests on, and headline and summary come last.
"""

from __future__ import annotations

from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from core.analyses.answer import TAIL, Answer, Claim, Metric, Part
from core.analyses.slots.form import SlotAnswer, SlotClaim

Schema = dict[str, Any]
"""A JSON schema, or a part of one."""

_SHARED: dict[type[Part], str] = {Metric: "metric", Claim: "claim", SlotClaim: "claim"}
"""Parts that are defined once and referred to."""

_OF_ANSWERS: tuple[type[Part], ...] = (Metric, Claim)
_OF_SLOTS: tuple[type[Part], ...] = (SlotClaim,)

_SCALARS = {str: "string", float: "number", int: "integer", bool: "boolean"}


@cache
def schema_of(answer: type[Answer | SlotAnswer]) -> Schema:
    """The schema of an analysis: what all have first, then its own parts, then what all have last. Do not change it."""
    names = [name for name in answer.model_fields if name not in TAIL] + list(TAIL)
    shared = _OF_SLOTS if issubclass(answer, SlotAnswer) else _OF_ANSWERS
    definitions = {_SHARED[part]: _record(part, list(part.model_fields)) for part in shared}
    return _record(answer, names) | {"$defs": definitions}


def _record(part: type[Part], names: list[str]) -> Schema:
    """An object with exactly these properties, all required, in this order."""
    properties: dict[str, Schema] = {}
    for name in names:
        field = part.model_fields[name]
        if not field.is_required():
            raise TypeError(f"{part.__name__}.{name} has a default: a strict schema has none.")
        properties[name] = _schema(field.annotation)
        if field.description:
            properties[name]["description"] = field.description
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": False}


def _schema(kind: Any) -> Schema:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in _SCALARS:
        return {"type": _SCALARS[kind]}
    if origin is Literal:
        return {"type": "string", "enum": [str(value) for value in arguments]}
    if origin is list:
        return {"type": "array", "items": _schema(arguments[0])}
    if origin in (Union, UnionType) and len(arguments) == 2 and arguments[1] is NoneType and arguments[0] in _SCALARS:
        return {"type": [_SCALARS[arguments[0]], "null"]}
    if isinstance(kind, type) and issubclass(kind, Part):
        if kind in _SHARED:
            return {"$ref": f"#/$defs/{_SHARED[kind]}"}
        return _record(kind, list(kind.model_fields))
    raise TypeError(f"{kind} has no place in a strict schema.")
