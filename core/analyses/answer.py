"""What all answers have in common, as pydantic models: the edge where a model's text becomes a checked document.

The models say the same as the schema that was sent (`core.analyses.schema`); a test holds the two together. They are
strict and forbid extras, because an answer that was written under the schema has nothing to be lenient about, and one
that was not is better called invalid than bent into shape.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from core.domain.analysis import ItemError, Reading, ResultStatus

UnitName = Literal["pct", "pp", "bps", "ratio", "x", "ccy", "count", "days", "years", "score"]
Language = Literal["en", "de", "fr", "it", "es", "ja", "zh", "nl"]


class Part(BaseModel):
    """A part of an answer: exactly the agreed keys, exactly the agreed types, only finite numbers."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Metric(Part):
    """A number, named by the id of the fact it was copied from."""

    metric_id: str
    value: float
    unit: UnitName
    currency: str | None
    period: str | None


class Claim(Part):
    """One sentence and the numbers it rests on."""

    metrics: list[Metric]
    source_ids: list[str]
    text: str
    kind: Literal["fact", "interpretation", "assumption", "forecast"]
    confidence: Literal["low", "medium", "high"]


class DataGap(Part):
    """Something the model would have needed."""

    item: str
    effect: str
    affected_metric_ids: list[str]


def bare_json(text: str) -> str:
    """The answer without the code fence that models without schema support like to put around it."""
    text = text.strip()
    if text.startswith("```") and text.endswith("```") and len(text) > 6:
        text = text[3:-3].removeprefix("json").strip()
    # PostgreSQL stores no NUL; written as an escape it passes every parser and then stops a whole batch of inserts.
    return text.replace("\\u0000", "\\ufffd") if "\\u0000" in text else text


def unusable(code: str, message: str) -> Reading:
    """The reading of an answer that is not a valid analysis."""
    return Reading(ResultStatus.INVALID, None, None, ItemError(code, message, transient=False))


def schema_error(error: ValidationError) -> Reading:
    """The reading of an answer that breaks its schema; names the first place and how many there are."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    first = problems[0]
    if first["type"] == "json_invalid":
        return unusable("schema", f"The answer is not JSON: {first['msg'].removeprefix('Invalid JSON: ')}.")
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"]).lstrip(".")
    more = f" ({len(problems) - 1} more problems follow.)" if len(problems) > 1 else ""
    return unusable("schema", f"{place or 'the answer'}: {first['msg']}.{more}"[:500])
