"""Calls of tools and cited web pages, each stored once however often the work is repeated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import case, func, select

from core.domain.facts import Fact
from core.domain.tools import Citation, ToolCall, ToolUse
from core.domain.units import Badge, Unit
from core.storage.database import Database
from core.storage.money import from_nano, to_nano
from core.storage.sql import dump, insert_or_ignore, table
from core.storage.tables import AttemptTable, CitationTable, ToolCallTable

_T, _C, _A = table(ToolCallTable), table(CitationTable), table(AttemptTable)

ASKED = "tool_calls"
"""Error code of an answer that asked for tools instead of answering, until it is asked again with their results."""

_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class ToolTotal:
    """The calls of one tool by all requests of a job.

    Attributes:
        cost_usd: Of searches at the provider; None when their price is not known.
    """

    tool: str
    calls: int
    errors: int
    cost_usd: Decimal | None


class ToolCalls:
    """Reads and writes calls. `job_id` may also be the id of a question asked at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, job_id: str, custom_id: str, uses: Sequence[ToolUse], citations: Sequence[Citation] = ()) -> None:
        """Keep calls and citations; those that are there already stay as they are."""
        self.add_many(job_id, [(custom_id, uses, citations)])

    def add_many(self, job_id: str, found: Iterable[tuple[str, Sequence[ToolUse], Sequence[Citation]]]) -> None:
        """`add` for several requests, in one transaction."""
        calls: list[dict[str, Any]] = []
        cited: list[dict[str, Any]] = []
        for custom_id, uses, citations in found:
            calls += [_row(job_id, custom_id, use) for use in uses]
            cited += [
                {
                    "job_id": job_id,
                    "custom_id": custom_id,
                    "number": number,
                    "url": one.url,
                    "title": one.title,
                    "start_index": one.start,
                    "end_index": one.end,
                }
                for number, one in enumerate(citations, start=1)
            ]
        if not calls and not cited:
            return
        with self._database.write() as connection:
            if calls:
                connection.execute(insert_or_ignore(connection, ToolCallTable), calls)
            if cited:
                connection.execute(insert_or_ignore(connection, CitationTable), cited)

    def of_request(self, job_id: str, custom_id: str) -> list[ToolUse]:
        """Every call of a request, in order."""
        query = select(_T).where(_T.c.job_id == job_id, _T.c.custom_id == custom_id).order_by(_T.c.number)
        with self._database.read() as connection:
            return [_use(row) for row in connection.execute(query)]

    def of_requests(self, job_id: str, custom_ids: Sequence[str]) -> dict[str, list[ToolUse]]:
        """Every call of some requests, in order, by custom id; requests without any are left out."""
        found: dict[str, list[ToolUse]] = {}
        with self._database.read() as connection:
            for start in range(0, len(custom_ids), _AT_ONCE):
                chosen = list(custom_ids[start : start + _AT_ONCE])
                query = select(_T).where(_T.c.job_id == job_id, _T.c.custom_id.in_(chosen)).order_by(_T.c.number)
                for row in connection.execute(query):
                    found.setdefault(row.custom_id, []).append(_use(row))
        return found

    def facts(self, job_id: str, custom_ids: Sequence[str]) -> dict[str, tuple[Fact, ...]]:
        """What tools told some requests as numbers, by custom id: facts that their answers may state."""
        return {
            custom_id: tuple(fact for use in uses for fact in use.facts)
            for custom_id, uses in self.of_requests(job_id, custom_ids).items()
        }

    def citations(self, job_id: str, custom_id: str) -> list[Citation]:
        """Web pages that an answer cites, in its order."""
        query = select(_C).where(_C.c.job_id == job_id, _C.c.custom_id == custom_id).order_by(_C.c.number)
        with self._database.read() as connection:
            return [Citation(row.url, row.title, row.start_index, row.end_index) for row in connection.execute(query)]

    def totals(self, job_id: str) -> list[ToolTotal]:
        """The calls of a job by tool."""
        failed = func.sum(case((_T.c.error != "", 1), else_=0))
        query = (
            select(
                _T.c.tool,
                func.count().label("calls"),
                failed.label("errors"),
                func.sum(_T.c.cost_nano).label("nano"),
                func.count(_T.c.cost_nano).label("priced"),
            )
            .where(_T.c.job_id == job_id)
            .group_by(_T.c.tool)
            .order_by(_T.c.tool)
        )
        with self._database.read() as connection:
            return [
                ToolTotal(
                    row.tool,
                    int(row.calls),
                    int(row.errors or 0),
                    from_nano(int(row.nano)) if row.priced == row.calls and row.nano is not None else None,
                )
                for row in connection.execute(query)
            ]

    def rounds(self, job_id: str, custom_ids: Sequence[str]) -> dict[str, int]:
        """How often requests were asked again with results of tools, by custom id; those never are left out."""
        found: dict[str, int] = {}
        with self._database.read() as connection:
            for start in range(0, len(custom_ids), _AT_ONCE):
                chosen = list(custom_ids[start : start + _AT_ONCE])
                query = (
                    select(_A.c.custom_id, func.count().label("n"))
                    .where(_A.c.job_id == job_id, _A.c.custom_id.in_(chosen), _A.c.error_code == ASKED)
                    .group_by(_A.c.custom_id)
                )
                found.update({row.custom_id: int(row.n) for row in connection.execute(query)})
        return found


def _row(job_id: str, custom_id: str, use: ToolUse) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "custom_id": custom_id,
        "number": use.number,
        "round": use.round,
        "tool": use.call.name[:200],
        "call_id": use.call.call_id[:200],
        "arguments": use.call.arguments.replace("\x00", "\ufffd"),
        "result": use.result,
        "facts": dump([_fact_row(fact) for fact in use.facts]),
        "error": use.error,
        "source": use.source,
        "at": use.at,
        "took_ms": use.took_ms,
        "cost_nano": to_nano(use.cost_usd),
    }


def _fact_row(fact: Fact) -> list[Any]:
    return [
        fact.metric_id,
        fact.value,
        fact.unit.value,
        fact.currency,
        fact.period,
        fact.definition,
        fact.badge.value,
        fact.decimals,
        fact.version,
    ]


def _use(row: Any) -> ToolUse:
    return ToolUse(
        number=row.number,
        round=row.round,
        call=ToolCall(row.call_id, row.tool, row.arguments),
        result=row.result,
        facts=tuple(
            # Rows of earlier versions know no version of the methodology.
            Fact(metric_id, value, Unit(unit), currency, period, definition, Badge(badge), decimals, *version)
            for metric_id, value, unit, currency, period, definition, badge, decimals, *version in orjson.loads(
                row.facts
            )
        ),
        error=row.error,
        source=row.source,
        at=row.at,
        took_ms=row.took_ms,
        cost_usd=from_nano(row.cost_nano),
    )
