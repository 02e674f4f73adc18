"""Answers a model's calls: arguments checked, budgets kept, every result bounded. A bad call gets a sentence back."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import orjson
from pydantic import ValidationError

from core.analyses.cells import cell
from core.analyses.tools.registry import find
from core.analyses.tools.tool import Surroundings, ToolFindings, whole_table
from core.domain.tools import ToolCall, ToolUse, numbered
from core.errors import BadInput, MosychlosError, StorageTrouble

LONGEST: Final = 12_000
"""Characters of one result: what a model is told must fit into its context many times over."""

_MOST_ARGUMENTS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is still left of budgets.

    Attributes:
        offered: Tools that the request may call.
        by_request, by_job: Calls made so far, by tool.
    """

    offered: Collection[str]
    by_request: Mapping[str, int]
    by_job: Mapping[str, int]


def answered(
    call: ToolCall,
    around: Surroundings,
    allowance: Allowance,
    *,
    number: int,
    round: int,  # noqa: A002  # the word that everybody uses for it
    at: datetime,
    clock: Callable[[], float] = time.monotonic,
) -> ToolUse:
    """Run one call and say what it found, or in a sentence why it did not.

    Args:
        number: Of all calls of its request, from 1.

    Raises:
        StorageTrouble: Ours, not the model's: the work must be done again.
    """
    started = clock()

    def use(result: Any, *, error: str = "", found: ToolFindings | None = None) -> ToolUse:
        text = orjson.dumps(result).decode()
        facts = found.facts if found is not None else ()
        source = found.source if found is not None else ""
        return ToolUse(number, round, call, text, facts, error, source, at, int((clock() - started) * 1000))

    try:
        found = _found(call, around, allowance)
    except StorageTrouble:
        raise
    except MosychlosError as error:
        sentence = cell(str(error))[:LONGEST]
        return use({"error": sentence}, error=sentence)
    found = replace(found, facts=tuple(numbered(fact, number) for fact in found.facts))
    names = {fact.metric_id.rsplit(".", 1)[-1]: fact.metric_id for fact in found.facts}
    document = {"metrics": whole_table(found.facts), **_told(found.about, names), "source": found.source}
    if len(orjson.dumps(document)) > LONGEST:
        sentence = "The result is too long to be told. Ask for less at a time."
        return use({"error": sentence}, error=sentence)
    return use(document, found=found)


def _found(call: ToolCall, around: Surroundings, allowance: Allowance) -> ToolFindings:
    tool = find(call.name)
    if tool is None or call.name not in allowance.offered:
        raise BadInput(f"There is no tool '{call.name[:60]}'. There are: {', '.join(sorted(allowance.offered))}.")
    made = allowance.by_request.get(call.name, 0)
    if made >= tool.per_request:
        raise BadInput(
            f"{call.name} was called {made} times, which is all that one answer may. Go on with what is known."
        )
    if tool.per_job is not None and allowance.by_job.get(call.name, 0) >= tool.per_job:
        raise BadInput(
            f"{call.name} was called {tool.per_job:,} times by all answers of this job together, which is all it may "
            "be. Go on with what is known."
        )
    if len(call.arguments) > _MOST_ARGUMENTS:
        raise BadInput(f"The arguments of {call.name} are {len(call.arguments):,} characters long. Be brief.")
    try:
        arguments = tool.arguments.model_validate_json(call.arguments)
    except ValidationError as error:
        raise BadInput(f"The arguments of {call.name} cannot be used: {_wrong(error)}") from None
    return tool.run(arguments, around)


def _wrong(error: ValidationError) -> str:
    """What is wrong with arguments, by place, the first few of it."""
    found = [
        f"{'.'.join(str(part) for part in one['loc']) or 'the whole'}: {one['msg']}"
        for one in error.errors(include_url=False, include_input=False)[:5]
    ]
    return "; ".join(found) + "."


def _told(value: Any, names: Mapping[str, str]) -> Any:
    """What a model is told besides numbers: texts as cells, short ids of metrics as their full ones."""
    if isinstance(value, str):
        return cell(value)
    if isinstance(value, Mapping):
        return {names.get(str(key), cell(str(key))): _told(one, names) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_told(one, names) for one in value]
    return value
