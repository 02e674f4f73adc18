"""How the tables of a previewed file were read, for the command line: every decision with its evidence, and what the
file states beside what was read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from core.domain.table_read import Comparison, DecidedBy, Decision, TableRead

_BY = {DecidedBy.HAND: " [by hand]", DecidedBy.MEMORY: " [remembered]"}

Tables = Iterable[tuple[str, TableRead]]


def sentences(tables: Tables) -> Iterator[str]:
    """Lines for a person; what the notes tell is not told again."""
    for file, table in tables:
        told = [one for one in table.decisions if not one.noted]
        if not told and not table.comparisons:
            continue
        yield f"Read: {file}{', ' + table.place if table.place else ''}"
        for one in told:
            yield f"  {one.topic.replace('_', ' ')}: {one.choice} ({one.proof}){_BY.get(one.by, '')}"
        for stated in table.comparisons:
            yield f"  {_compared(stated)}"


def documents(tables: Tables) -> list[dict[str, Any]]:
    """The same as JSON."""
    return [
        {
            "file": file,
            "sheet": table.sheet,
            "header_row": table.header_row or None,
            "columns": [{"field": field, "column": table.header[place] if place < len(table.header) else ""}
                        for field, place in table.fields],
            "decisions": [_decision(one) for one in table.decisions],
            "comparisons": [_comparison(one) for one in table.comparisons],
        }
        for file, table in tables
    ]  # fmt: skip


def _decision(one: Decision) -> dict[str, str]:
    return {"topic": one.topic, "choice": one.choice, "proof": one.proof, "by": one.by.value}


def _comparison(one: Comparison) -> dict[str, Any]:
    return {
        "what": one.what, "row": one.row, "stated": one.stated, "ours": one.ours, "currency": one.currency,
        "agrees": one.agrees, "difference": one.difference, "why": one.why,
    }  # fmt: skip


def _compared(one: Comparison) -> str:
    place = f"row {one.row}, " if one.row else ""
    stated = f"{place}'{one.what}': {_shown(one.stated, one.currency)} stated"
    if one.agrees is None or one.ours is None:
        return f"{stated}, not compared ({one.why})"
    difference = f", {one.difference:+,.2f}" if one.difference else ""
    return f"{stated}, {_shown(one.ours, one.currency)} read: {'agrees' if one.agrees else 'differs'}{difference}"


def _shown(value: Decimal | date, currency: str) -> str:
    return f"{value}" if isinstance(value, date) else f"{currency} {value:,.2f}".strip()
