"""What all answers have in common, as pydantic models: the edge where a model's text becomes a checked document.

The schema that is sent is drawn from these models (`core.analyses.schema`). They are strict and forbid extras, because
an answer that was written under the schema has nothing to be lenient about, and one that was not is better called
invalid than bent into shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema

from core.domain.analysis import ItemError, Reading, ResultStatus

UnitName = Literal["pct", "pp", "bps", "ratio", "x", "ccy", "count", "days", "years", "score"]
Language = Literal["en", "de", "fr", "it", "es", "ja", "zh", "nl"]
Grade = Literal["low", "medium", "high"]
Action = Literal["increase", "reduce", "open", "close", "hedge", "hold", "review"]
Priority = Literal["now", "next_review", "opportunistic"]
LimitStatus = Literal["within", "near", "breach"]
Stance = Literal["very_negative", "negative", "neutral", "positive", "very_positive"]


def _until_first_fault(schema: Any) -> None:
    if isinstance(schema, dict):
        if schema.get("type") == "list":
            schema["fail_fast"] = True
        for value in schema.values():
            _until_first_fault(value)


class Part(BaseModel):
    """A part of an answer: exactly the agreed keys, exactly the agreed types, only finite numbers."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Lists are read up to their first item that does not fit: a description of a million others fills memory."""
        schema = handler(source)
        _until_first_fault(schema)
        return schema


class Metric(Part):
    """A number, named by the id of the fact it was copied from."""

    metric_id: Annotated[str, Field(description="id copied from the METRICS table in the prompt, never invented")]
    value: Annotated[float, Field(description="copied at the precision shown")]
    unit: Annotated[
        UnitName,
        Field(description="pct: 12.4 means 12.4 %. pp: difference of two pct. ccy: whole units of `currency`."),
    ]
    currency: Annotated[str | None, Field(description="ISO 4217 when unit is ccy, else null")]
    period: Annotated[str | None, Field(description="as in the METRICS table, else null")]


class Claim(Part):
    """One sentence and the numbers it rests on."""

    metrics: Annotated[list[Metric], Field(description="evidence first; empty only for qualitative statements")]
    source_ids: Annotated[list[str], Field(description="ids from SOURCES / RULES / HOLDINGS tables")]
    text: Annotated[str, Field(description="one sentence; every number in it must appear in metrics")]
    kind: Literal["fact", "interpretation", "assumption", "forecast"]
    confidence: Grade


class Proposal(Part):
    """Something that could be done about one holding or bucket."""

    action: Action
    target_id: Annotated[str, Field(description="holding_id, bucket_id or hedge instrument from the prompt")]
    from_weight_pct: float | None
    to_weight_pct: float | None
    rationale: str
    metrics: list[Metric]
    priority: Priority


class Quote(Part):
    """Words of a document, as they stand there."""

    source_id: Annotated[str, Field(description="id from the SOURCES table")]
    quote: Annotated[str, Field(description="copied word for word from one passage of that source, at most 40 words")]


class Listed(Part):
    """A document of the SOURCES table that the answer used."""

    source_id: str
    title: str
    publisher: str
    published: str | None
    url: str | None


class Catalyst(Part):
    """Something that may move prices, and where that is said."""

    date: str | None
    event: str
    probability: Grade
    impact: Literal["negative", "mixed", "positive"]
    holding_ids: list[str]
    source_ids: list[str]


class Alternative(Part):
    """What else could be decided."""

    option: str
    advantages: list[str]
    drawbacks: list[str]
    why_not: str


class DataGap(Part):
    """Something the model would have needed."""

    item: str
    effect: str
    affected_metric_ids: list[str]


class Answer(Part):
    """The head and the tail of every analysis. In the schema, an analysis' own parts stand between the two."""

    schema_version: Literal["1"]
    analysis_type: str
    portfolio_id: str
    as_of_date: Annotated[str, Field(description="YYYY-MM-DD")]
    base_currency: Annotated[str, Field(description="ISO 4217")]
    language: Language
    claims: list[Claim]
    data_gaps: list[DataGap]
    caveats: list[str]
    headline: Annotated[str, Field(description="max 120 characters")]
    summary: Annotated[str, Field(description="3-5 sentences, no number that is not in a claim")]


TAIL: Final = ("data_gaps", "caveats", "headline", "summary")
"""The last properties of every analysis: what is missing, then the words for the top of the page."""


def middle_stance(stances: Sequence[str]) -> str:
    """The stance in the middle, from very negative to very positive; neutral of none."""
    return sorted(stances, key=get_args(Stance).index)[len(stances) // 2] if stances else "neutral"


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
