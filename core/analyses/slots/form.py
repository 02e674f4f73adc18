"""The form of an answer with slots: what a model writes, and how its page is put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from core.analyses.answer import Part
from core.domain.facts import FactSheet

if TYPE_CHECKING:
    from core.analyses.slots.page import Page

Tags = tuple[tuple[str, str], ...]
Document = dict[str, Any]


class SlotClaim(Part):
    """One statement, with what it rests on besides the facts in its slots."""

    text: Annotated[str, Field(description="one sentence; numbers, names and comparisons as slots")]
    basis: Annotated[list[str], Field(description="further ids it rests on: facts, holdings, rules, documents")]
    kind: Annotated[
        Literal["fact", "interpretation", "assumption", "forecast", "opinion"],
        Field(description="opinion: nothing in the tables bears it"),
    ]


class SlotGap(Part):
    """Something that was missing."""

    ids: Annotated[list[str], Field(description="ids from ABSENT, or []")]
    item: Annotated[str, Field(description="what is missing, where no id says it; else empty")]
    effect: str


class SlotAnswer(Part):
    """The head and the tail of every answer with slots. An analysis' own parts stand between the two."""

    schema_version: Literal["3"]
    analysis_type: str
    portfolio_id: str
    claims: list[SlotClaim]
    data_gaps: list[SlotGap]
    caveats: list[str]
    headline: Annotated[str, Field(description="at most 120 characters as it is read")]
    summary: Annotated[str, Field(description="3-5 sentences")]


@dataclass(frozen=True, slots=True)
class Grade:
    """A judgement that the program makes itself by a yardstick that readers can see.

    Attributes:
        name: "overall_level", "severity.market".
        value: The word.
        because: From what, with the yardstick.
        fact_ids: What it was made from.
    """

    name: str
    value: str
    because: str
    fact_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """How one analysis is answered with slots.

    Attributes:
        answer: The model that reads what is written, and from which the schema is drawn.
        grades: What the program judges itself, shown to the model in GRADES.
        refuses: Why a page cannot stand at all, else ""; None where any can.
        page: Its own parts of the page.
        summarise: The headline grade and the tags of a page.
    """

    answer: type[SlotAnswer]
    page: Callable[[Document, Page], Document]
    summarise: Callable[[Mapping[str, Any]], tuple[str, Tags]]
    grades: Callable[[FactSheet], tuple[Grade, ...]]
    refuses: Callable[[Mapping[str, Any], FactSheet], str] | None = None


def no_grades(_sheet: FactSheet) -> tuple[Grade, ...]:
    """Of an analysis that has none."""
    return ()
