"""Parts that several analyses have in common: proposals, alternatives, quotations, catalysts, documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from core.analyses.answer import Action, Grade, Part, Priority
from core.analyses.cells import cell
from core.analyses.checks import weight_of
from core.analyses.slots.form import Document
from core.analyses.slots.page import Page
from core.analyses.slots.sentences import Role

Wire = Mapping[str, Any]


class SlotProposal(Part):
    """Something that could be done about one holding or bucket. Its present weight is the program's."""

    action: Action
    target_id: Annotated[str, Field(description="holding_id, bucket or hedge instrument from the prompt")]
    to_weight_pct: Annotated[float | None, Field(description="your proposal; null where others set the size")]
    rationale: str
    priority: Priority


class SlotAlternative(Part):
    """What else could be decided."""

    option: str
    advantages: list[str]
    drawbacks: list[str]
    why_not: str


class SlotQuote(Part):
    """Words of a document, as they stand there."""

    source_id: str
    quote: Annotated[str, Field(description="word for word from one passage of that source, at most 40 words")]


class SlotCatalyst(Part):
    """Something that may move prices, and where that is said."""

    date: Annotated[str | None, Field(description="as the document says it")]
    event: str
    probability: Grade
    impact: Literal["negative", "mixed", "positive"]
    holding_ids: list[str]
    source_ids: list[str]


def proposals(wire: Sequence[Wire], page: Page) -> list[Document]:
    """Proposals from present weights, with the facts that their reasons name."""
    made = []
    for place, one in enumerate(wire):
        path = f"proposals[{place}]"
        reason = page.rendered(f"{path}.rationale", one["rationale"], Role.PROPOSAL)
        weight = weight_of(one["target_id"], page.sheet)
        held = page.facts.get(f"weight.{one['target_id']}") or page.facts.get(one["target_id"])
        made.append(
            {
                "action": one["action"],
                "target_id": one["target_id"],
                "from_weight_pct": None if weight is None else round(weight, 2),
                "to_weight_pct": one["to_weight_pct"],
                "rationale": reason.text,
                "metrics": page.references((*((held,) if held else ()), *reason.facts)),
                "priority": one["priority"],
            }
        )
    return made


def alternatives(wire: Sequence[Wire], page: Page) -> list[Document]:
    """What else could be decided."""
    made = []
    for place, one in enumerate(wire):
        path = f"alternatives[{place}]"
        made.append(
            {
                "option": page.text(f"{path}.option", one["option"], Role.PROPOSAL),
                "advantages": page.texts_of(f"{path}.advantages", one["advantages"]),
                "drawbacks": page.texts_of(f"{path}.drawbacks", one["drawbacks"]),
                "why_not": page.text(f"{path}.why_not", one["why_not"], Role.PROPOSAL),
            }
        )
    return made


def catalysts(wire: Sequence[Wire], page: Page) -> list[Document]:
    """Events that documents name."""
    made = []
    for place, one in enumerate(wire):
        path = f"catalysts[{place}]"
        event = page.text(f"{path}.event", one["event"], Role.PROPOSAL)
        holding_ids = page.known(f"{path}.holding_ids", one["holding_ids"])
        made.append({**one, "event": event, "holding_ids": holding_ids})
    return made


def sources(wire: Wire, page: Page) -> list[Document]:
    """The documents that are quoted or cited anywhere, as they were given."""
    used = set(_cited(wire))
    return [
        {
            "source_id": one.source_id,
            "title": one.title,
            "publisher": one.publisher,
            "published": one.published,
            "url": one.url,
        }
        for one in page.sheet.evidence.sources
        if {one.source_id, cell(one.source_id)} & used
    ]


def _cited(node: Any) -> Iterable[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "source_id" and isinstance(value, str):
                yield value
            elif key in {"source_ids", "basis"} and isinstance(value, list):
                yield from map(str, value)
            else:
                yield from _cited(value)
    elif isinstance(node, list):
        for value in node:
            yield from _cited(value)
