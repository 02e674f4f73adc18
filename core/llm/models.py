"""The model registry: what each model takes, what it can do, and until when it is there."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from core.errors import ModelRefused

ModelClass = Literal["standard", "reasoning"]
Sampling = Literal["always", "default_none", "explicit_none", "never"]
Role = Literal["system", "developer", "user"]

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""Every reasoning effort that any model knows, from least to most."""

NOTICE_DAYS = 30
"""A shutdown nearer than this is told to people before they submit."""

_TABLE = Path(__file__).with_name("models.json")
_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{4})$")
_FINE_TUNED = re.compile(r"^ft:([^:]+):")


@dataclass(frozen=True, slots=True)
class Model:
    """What one model takes and can do.

    Attributes:
        model_id: As it was asked for, so a dated snapshot keeps its date.
        model_class: What it is when no reasoning effort is asked for; `class_with` knows the rest.
        context_window: Input and output tokens together; None where it is not published.
        max_input: Input tokens of one request; None where only the window limits them.
        max_output: Output tokens of one answer, reasoning included; None where it is not published.
        released: Day on which the provider released it; None where that is not known.
        shutdown: First day on which the provider no longer answers for it, or None.
        replacement: Model to move to, or None.
        replacement_announced: True when the provider names it, False when it is our proposal.
        sampling: When temperature and top_p may be sent: "always", "default_none" (unless an effort other than
            none is asked for), "explicit_none" (only with effort none) or "never".
        efforts: Reasoning efforts it takes, from least to most; empty when the parameter is rejected.
        default_effort: What it uses when none is sent.
        json_schema: Structured outputs by JSON schema. `json_object` is the older, schema-less mode.
        tools: Function tools. `chat_tools_with_reasoning`: Chat Completions takes them while it reasons.
        role: Role of the instructions' message on Chat Completions.
        max_tokens_ok: The deprecated `max_tokens` is still understood.
        batch: Batch processing is published for it.
        no_batch_in: Regions of data residency ("eu") in which it is offered without batch processing.
        encoding: Name of the tokenizer's vocabulary.
        known: False when the id is in no table: everything here is then a conservative guess.
        assumed: True when the id is known but its limits are not published yet.
    """

    model_id: str
    model_class: ModelClass
    context_window: int | None
    max_input: int | None
    max_output: int | None
    shutdown: date | None
    replacement: str | None
    replacement_announced: bool
    sampling: Sampling
    efforts: tuple[str, ...]
    default_effort: str | None
    verbosity: bool
    json_schema: bool
    json_object: bool
    tools: bool
    parallel_tool_calls: bool
    chat_tools_with_reasoning: bool
    role: Role
    max_tokens_ok: bool
    batch: bool
    encoding: str
    known: bool = True
    assumed: bool = False
    no_batch_in: tuple[str, ...] = ()
    released: date | None = None

    def class_with(self, effort: str | None) -> ModelClass:
        """The class it behaves as with an effort: gpt-5.4 is standard by itself and reasoning with effort high."""
        if not self.efforts or effort is None:
            return self.model_class
        return "standard" if effort == "none" else "reasoning"

    @property
    def input_room(self) -> int | None:
        """Input tokens that one request may have, or None where nothing is published."""
        return self.max_input or self.context_window


def _model(row: dict[str, Any]) -> Model:
    return Model(
        model_id=row["model_id"],
        model_class=row["model_class"],
        context_window=row.get("context_window"),
        max_input=row.get("max_input"),
        max_output=row.get("max_output"),
        shutdown=date.fromisoformat(row["shutdown"]) if "shutdown" in row else None,
        replacement=row.get("replacement"),
        replacement_announced=row.get("replacement_announced", False),
        sampling=row["sampling"],
        efforts=tuple(row.get("efforts", ())),
        default_effort=row.get("default_effort"),
        verbosity=row["verbosity"],
        json_schema=row["json_schema"],
        json_object=row["json_object"],
        tools=row["tools"],
        parallel_tool_calls=row["parallel_tool_calls"],
        chat_tools_with_reasoning=row["chat_tools_with_reasoning"],
        role=row["role"],
        max_tokens_ok=row["max_tokens_ok"],
        batch=row["batch"],
        encoding=row["encoding"],
        assumed=row.get("assumed", False),
        no_batch_in=tuple(row.get("no_batch_in", ())),
        released=date.fromisoformat(row["released"]) if "released" in row else None,
    )


# A model that nobody told us about is most likely new. New models reject sampling parameters and `max_tokens`, and take
# a schema: a line rejected for its schema costs nothing, an answer without structure costs money and cannot be read.
_UNKNOWN = Model(
    model_id="",
    model_class="reasoning",
    context_window=None,
    max_input=None,
    max_output=None,
    shutdown=None,
    replacement=None,
    replacement_announced=False,
    sampling="never",
    efforts=(),
    default_effort=None,
    verbosity=False,
    json_schema=True,
    json_object=True,
    tools=False,
    parallel_tool_calls=False,
    chat_tools_with_reasoning=False,
    role="system",
    max_tokens_ok=False,
    batch=True,
    encoding="o200k_base",
    known=False,
)


@cache
def _registry() -> dict[str, Model]:
    return {row["model_id"]: _model(row) for row in json.loads(_TABLE.read_text("utf-8"))["models"]}


def all_models() -> tuple[Model, ...]:
    """Every model of the registry, the shut-down ones included, in the table's order."""
    return tuple(_registry().values())


def find(model_id: str) -> Model:
    """The model of this id; never fails.

    "gpt-4o-2024-08-06" has the capabilities of gpt-4o unless the table has a row of its own for it, and
    "ft:gpt-4o-mini-2024-07-18:acme::x" those of gpt-4o-mini. Other endings name other models ("gpt-5-pro" is not
    gpt-5), so what is left is unknown: conservative capabilities and `known=False`.
    """
    registry = _registry()
    tuned = _FINE_TUNED.match(model_id)
    name = tuned.group(1) if tuned else model_id
    row = registry.get(name) or registry.get(_SNAPSHOT.sub("", name))
    return replace(row or _UNKNOWN, model_id=model_id)


def released(model_id: str) -> date | None:
    """When a model was released: a dated snapshot on its own day; None where that is not known."""
    dated = _SNAPSHOT.search(_FINE_TUNED.sub(r"\1", model_id, count=1) if ":" in model_id else model_id)
    if dated is not None and len(dated.group(1)) == len("2026-03-05"):
        try:
            return date.fromisoformat(dated.group(1))
        except ValueError:
            pass
    return find(model_id).released


def usable(model: Model, today: date) -> Model:
    """The same model, if the provider still answers for it.

    Raises:
        ModelRefused: It was shut down on or before `today`; the sentence names the replacement.
    """
    if model.shutdown is None or model.shutdown > today:
        return model
    raise ModelRefused(f"Model '{model.model_id}' was shut down on {model.shutdown}. {_remedy(model, today)}")


def resident(model: Model, region: str) -> Model:
    """The same model, if it is offered in batches where data have to stay.

    Args:
        region: Region of data residency ("eu"); "" for none.

    Raises:
        ModelRefused: It is offered there with standard processing only.
    """
    if region not in model.no_batch_in:
        return model
    others = [
        one.model_id
        for one in all_models()
        if one.batch and not one.assumed and one.json_schema and not one.shutdown and region not in one.no_batch_in
    ]
    raise ModelRefused(
        f"Model '{model.model_id}' is offered with data residency in {region.upper()} for single questions only, not "
        f"in batches. Ask without --batch, or choose one of: {', '.join(others)}."
    )


def warnings(model: Model, today: date) -> tuple[str, ...]:
    """What people should know before they use it: it is unknown, hardly documented, or about to be shut down."""
    found: list[str] = []
    if not model.known:
        found.append(
            f"Model '{model.model_id}' is not in the registry: only parameters that every current model takes are "
            "sent. Check the spelling with 'mosychlos models list'."
        )
    if model.assumed:
        found.append(
            f"The limits of model '{model.model_id}' are not published: only parameters that every current model takes "
            "are sent."
        )
    if model.shutdown is not None and today < model.shutdown and (model.shutdown - today).days <= NOTICE_DAYS:
        days = (model.shutdown - today).days
        found.append(
            f"Model '{model.model_id}' will be shut down on {model.shutdown}, in {days} day{'s' if days > 1 else ''}. "
            f"{_remedy(model, today)}"
        )
    return tuple(found)


def _remedy(model: Model, today: date) -> str:
    other = heir(model, today)
    if other is None:
        return "Pick another one from 'mosychlos models list'."
    announced = other.model_id == model.replacement and model.replacement_announced
    return f"Use '{other.model_id}' instead{', the replacement that the provider names' if announced else ''}."


def heir(model: Model, today: date) -> Model | None:
    """The first replacement down the line that is itself still there."""
    seen: set[str] = set()
    name = model.replacement
    while name is not None and name not in seen:
        seen.add(name)
        other = find(name)
        if other.shutdown is None or other.shutdown > today:
            return other
        name = other.replacement
    return None
