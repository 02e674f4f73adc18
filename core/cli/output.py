"""What the CLI prints: one JSON document, or tables for people. Logs and progress go to stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import orjson

from core.domain.portfolio import Problem
from core.domain.readable_text import as_escapes, readable, readable_line


def plain(value: Any) -> Any:
    """A value as JSON has it: money as a number, moments in ISO 8601, dataclasses as objects."""
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return value.value
        case str():
            return value
        case Decimal():
            return float(value)
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case dict():
            return {str(key): plain(one) for key, one in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(one) for one in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return plain(asdict(value))
        case _:
            return str(value)


def document(value: Any) -> None:
    """Print exactly one JSON document on stdout; what would drive a terminal or is not seen stands as escapes."""
    text = orjson.dumps(plain(value), option=orjson.OPT_INDENT_2).decode()
    sys.stdout.buffer.write(as_escapes(text).encode() + b"\n")
    sys.stdout.flush()


def line(text: str = "") -> None:
    """Print a line for a person: here and below, foreign text drives no terminal, and hides and turns nothing."""
    print(readable(text))


def problems(found: Iterable[Problem]) -> None:
    """Print to stderr what did not come in, each with its place, value and remedy."""
    for one in found:
        row, column = f", row {one.row}" if one.row else "", f", column {one.column}" if one.column else ""
        value = f" '{one.value}'" if one.value else ""
        aside(f"Problem: {one.file}{row}{column}{value}: {one.message}")


def piece(text: str) -> None:
    """Print a piece of a line as it comes."""
    print(readable(text), end="", flush=True)


def aside(text: str) -> None:
    """Print a line to stderr, where it never disturbs a script that reads stdout."""
    print(readable(text), file=sys.stderr, flush=True)


def table(headers: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()) -> None:
    """Print rows under headers, aligned; columns named in `right` are aligned right."""
    texts = [[_cell(value) for value in row] for row in rows]
    widths = [max([len(header), *(len(row[place]) for row in texts)]) for place, header in enumerate(headers)]

    def joined(cells: Sequence[str]) -> str:
        return "  ".join(
            cell.rjust(width) if header in right else cell.ljust(width)
            for cell, width, header in zip(cells, widths, headers, strict=True)
        ).rstrip()

    print(joined(list(headers)))
    print("  ".join("-" * width for width in widths))
    for row in texts:
        print(joined(row))


def money(value: Decimal | None, *, digits: int = 4) -> str:
    """USD for people; an unknown amount says so."""
    return "unknown" if value is None else f"${value:,.{digits}f}"


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return readable_line(str(value))
