"""Pieces from which the strict JSON schemas are built that models must answer in.

The provider's strict mode knows a small part of JSON Schema: every property required, nothing additional, no defaults,
no lengths or ranges, few levels. These functions can only say that part. A schema is constant for its analysis, because
the provider compiles it once and because a list of one portfolio's ids in it would change it for every request; ids
are therefore plain text here and checked afterwards. Models write keys in the order given: evidence stands first, so
that the sentence is written after the numbers it rests on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.domain.facts import Unit

Schema = dict[str, Any]
"""A JSON schema, or a part of one."""


def record(properties: dict[str, Schema]) -> Schema:
    """An object with exactly these properties, all required, in this order."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def text(description: str = "") -> Schema:
    """Any text."""
    return _described({"type": "string"}, description)


def text_or_null(description: str = "") -> Schema:
    """Any text, or null where there is none."""
    return _described({"type": ["string", "null"]}, description)


def number(description: str = "") -> Schema:
    """Any number."""
    return _described({"type": "number"}, description)


def integer(description: str = "") -> Schema:
    """A whole number."""
    return _described({"type": "integer"}, description)


def one_of(values: Iterable[str], description: str = "") -> Schema:
    """One of these words."""
    return _described({"type": "string", "enum": [str(value) for value in values]}, description)


def list_of(item: Schema, description: str = "") -> Schema:
    """Any number of one thing."""
    return _described({"type": "array", "items": item}, description)


def shared(name: str) -> Schema:
    """A part that is defined once under `$defs`."""
    return {"$ref": f"#/$defs/{name}"}


def _described(part: Schema, description: str) -> Schema:
    return part | {"description": description} if description else part


METRICS = list_of(shared("metric"))
"""The numbers that a statement rests on."""


def shared_parts() -> dict[str, Schema]:
    """`$defs` of every analysis: a number by its id, and a sentence with its numbers."""
    return {
        "metric": record(
            {
                "metric_id": text("id copied from the METRICS table in the prompt, never invented"),
                "value": number("copied at the precision shown"),
                "unit": one_of(
                    Unit, "pct: 12.4 means 12.4 %. pp: difference of two pct. ccy: whole units of `currency`."
                ),
                "currency": text_or_null("ISO 4217 when unit is ccy, else null"),
                "period": text_or_null("as in the METRICS table, else null"),
            }
        ),
        "claim": record(
            {
                "metrics": METRICS | {"description": "evidence first; empty only for qualitative statements"},
                "source_ids": list_of(text(), "ids from SOURCES / RULES / HOLDINGS tables"),
                "text": text("one sentence; every number in it must appear in metrics"),
                "kind": one_of(("fact", "interpretation", "assumption", "forecast")),
                "confidence": one_of(("low", "medium", "high")),
            }
        ),
    }


def head(kind: str) -> dict[str, Schema]:
    """The first properties of every analysis."""
    return {
        "schema_version": one_of(("1",)),
        "analysis_type": one_of((kind,)),
        "portfolio_id": text(),
        "as_of_date": text("YYYY-MM-DD"),
        "base_currency": text("ISO 4217"),
        "language": one_of(("en", "de", "fr", "it", "es", "ja", "zh", "nl")),
        "claims": list_of(shared("claim")),
    }


def tail() -> dict[str, Schema]:
    """The last properties of every analysis: what is missing, then the words for the top of the page."""
    gap = record({"item": text(), "effect": text(), "affected_metric_ids": list_of(text())})
    return {
        "data_gaps": list_of(gap),
        "caveats": list_of(text()),
        "headline": text("max 120 characters"),
        "summary": text("3-5 sentences, no number that is not in a claim"),
    }
