"""What a person may ask about tools: which there are, what a request's model called, and what it cites."""

from __future__ import annotations

from dataclasses import dataclass

from core.analyses.engines import engine_for
from core.analyses.tools.registry import find, names
from core.domain.actor import Actor
from core.domain.analysis import Kind
from core.domain.tools import Citation, ToolUse
from core.guard.access import Permission, require
from core.storage.jobs.tool_calls import ToolTotal
from core.storage.store import Store


@dataclass(frozen=True, slots=True)
class ToolRow:
    """A tool in a list."""

    name: str
    description: str
    per_request: int | None
    per_job: int | None


class ToolService:
    """Tools and their calls for an actor."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def available(self, kind: Kind) -> tuple[ToolRow, ...]:
        """Tools that an analysis may use, in the order people see them."""
        return tuple(_row(name) for name in names() if name in engine_for(kind).tools)

    def tool_calls(self, actor: Actor, job_id: str, custom_id: str) -> list[ToolUse]:
        """Every call that a request's model made, with what it was told, in order."""
        require(actor, Permission.JOB_READ)
        return self._store.tool_calls.of_request(job_id, custom_id)

    def citations(self, actor: Actor, job_id: str, custom_id: str) -> list[Citation]:
        """Web pages that a request's answer cites, in its order."""
        require(actor, Permission.JOB_READ)
        return self._store.tool_calls.citations(job_id, custom_id)

    def totals(self, actor: Actor, job_id: str) -> list[ToolTotal]:
        """The calls of a job by tool."""
        require(actor, Permission.JOB_READ)
        return self._store.tool_calls.totals(job_id)


def _row(name: str) -> ToolRow:
    tool = find(name)
    if tool is None:
        return ToolRow(name, "Web search at the provider; Responses API only.", None, None)
    return ToolRow(name, tool.description, tool.per_request, tool.per_job)
