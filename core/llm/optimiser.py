"""Which models have what an analysis needs. What they would cost is asked of `core.drafts.cheaper_model`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from core.domain.analysis import Endpoint
from core.llm.models import Model, all_models

HORIZON_DAYS: Final = 90
"""Nobody is sent to a model that will be shut down within a quarter."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a model must have to be asked.

    Attributes:
        input_tokens: Of the longest request, counted.
        answer_tokens: Room that an answer must have.
        json_schema: Answers follow a schema that the provider enforces.
        tools: Function tools are offered, on this endpoint.
        region: Region of data residency in which it is asked in batches; "" for none.
    """

    input_tokens: int
    answer_tokens: int
    json_schema: bool = True
    tools: bool = False
    endpoint: Endpoint = Endpoint.CHAT
    region: str = ""


NOTHING: Final = Needs(0, 0, json_schema=False)
"""For asking whether a model is there at all."""


def lacks(model: Model, needs: Needs, today: date) -> tuple[str, ...]:  # noqa: C901  # a list of needs
    """What of the needs a model does not have, as half sentences ("takes 128,000 input tokens of 150,210").

    Empty when it can be asked. A limit that is not published counts as not there: nothing is promised of it.
    """
    found: list[str] = []
    if not model.known or model.assumed:
        found.append("its limits are not published")
        return tuple(found)
    if model.shutdown is not None and model.shutdown <= today:
        found.append(f"was shut down on {model.shutdown}")
    room, window = model.input_room or 0, model.context_window or 0
    if needs.input_tokens > room:
        found.append(f"takes {room:,} input tokens of the {needs.input_tokens:,} that the longest request has")
    elif needs.input_tokens + needs.answer_tokens > window:
        found.append(
            f"has a context of {window:,} tokens, and the longest request with its answer needs "
            f"{needs.input_tokens + needs.answer_tokens:,}"
        )
    if model.max_output is not None and needs.answer_tokens > model.max_output:
        found.append(f"writes {model.max_output:,} tokens at most, and {needs.answer_tokens:,} may be needed")
    if needs.json_schema and not model.json_schema:
        found.append("takes no JSON schema")
    if needs.tools and not model.tools:
        found.append("takes no tools")
    elif needs.tools and needs.endpoint is Endpoint.CHAT and not _tools_on_chat(model):
        found.append("takes tools on Chat Completions only without reasoning")
    if not model.batch:
        found.append("has no batch processing")
    elif needs.region in model.no_batch_in:
        found.append(f"has no batch processing with data residency in {needs.region.upper()}")
    return tuple(found)


def _tools_on_chat(model: Model) -> bool:
    return model.chat_tools_with_reasoning or model.default_effort == "none"


def suitable(needs: Needs, today: date, among: Iterable[Model] | None = None) -> list[Model]:
    """Models that have everything, in the registry's order.

    A model that will be shut down within `HORIZON_DAYS` is left out.
    """
    return [
        model
        for model in (all_models() if among is None else among)
        if not lacks(model, needs, today)
        and not (model.shutdown is not None and (model.shutdown - today).days <= HORIZON_DAYS)
    ]


def reasons(model: Model, needs: Needs) -> tuple[str, ...]:
    """Why a model can do the same work, as half sentences for a person."""
    said = [f"takes the {needs.input_tokens:,} input tokens of the longest request"]
    if needs.json_schema:
        said.append("answers by the same JSON schema")
    if needs.tools:
        said.append("takes tools")
    said.append(f"works in batches{f' with data residency in {needs.region.upper()}' if needs.region else ''}")
    if model.shutdown is not None:
        said.append(f"is there until {model.shutdown}")
    return tuple(said)
