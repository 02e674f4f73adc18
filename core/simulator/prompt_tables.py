"""Reads the delimited tables of a prompt: what a model would look at to answer it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_OPENING = re.compile(r"<(PORTFOLIO|METRICS|ABSENT)>\n")

Row = dict[str, str]


@dataclass(slots=True)
class Blocks:
    """The tables of one prompt. A prompt without tables gives empty ones.

    Attributes:
        portfolio: Key and value of the PORTFOLIO table.
        metrics: Rows of METRICS by metric id, in the prompt's order.
        numbers: Values of those metrics that are numbers.
        text: The whole prompt.
    """

    portfolio: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, Row] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)
    absent: list[Row] = field(default_factory=list)
    text: str = ""

    @property
    def language(self) -> str:
        """The language that the answer is wanted in, of those that the local server speaks."""
        wanted = self.portfolio.get("language", "en").lower()[:2]
        return wanted if wanted in {"en", "fr", "de", "it"} else "en"

    @property
    def french(self) -> bool:
        """True when the answer is wanted in French."""
        return self.language == "fr"

    def table(self, name: str) -> list[Row]:
        """The rows of any other table ("RULES"); none when the prompt has none. Read only when asked for."""
        _, found, rest = self.text.partition(f"\n<{name}>\n")
        body, ended, _ = rest.partition(f"\n</{name}>")
        if not (found and ended):
            return []
        header, *lines = body.split("\n")
        names = header.split("|")
        return [dict(zip(names, line.split("|"), strict=False)) for line in lines]

    def family(self, prefix: str) -> dict[str, float]:
        """Metrics whose id begins so: the rest of the id and the value, in the prompt's order."""
        return {name[len(prefix) :]: value for name, value in self.numbers.items() if name.startswith(prefix)}

    def asset_class(self, holding_id: str) -> str:
        """The asset class of a row of HOLDINGS, "" when there is none. Looked up only when asked: the table is long."""
        _, found, rest = self.text.partition("\n<HOLDINGS>\n")[2].partition(f"\n{holding_id}|")
        cells = rest.split("\n", 1)[0].split("|")
        return cells[1] if found and len(cells) > 1 else ""

    def cite(self, *metric_ids: str) -> list[dict[str, Any]]:
        """References to those of these metrics that the prompt states, copied as they stand."""
        return [_reference(self.metrics[each]) for each in metric_ids if each in self.numbers]


def _tables(text: str) -> Iterator[tuple[str, str]]:
    """Name and body of each table, up to its own end; one without an end is none."""
    at, endless = 0, set[str]()
    while opening := _OPENING.search(text, at):
        name, at = opening[1], opening.end()
        end = -1 if name in endless else text.find(f"</{name}>", at)
        if end < 0:
            endless.add(name)  # what has no end from here has none further on
            continue
        yield name, text[at:end]
        at = end


def read(text: str) -> Blocks:
    """Find the tables in a user message."""
    found = Blocks(text=text)
    for name, body in _tables(text):
        lines = [line for line in body.split("\n") if line]
        if name == "PORTFOLIO":
            for line in lines:
                key, _, value = line.partition("|")
                found.portfolio[key] = value
            continue
        header = lines[0].split("|") if lines else []
        rows = [dict(zip(header, line.split("|"), strict=False)) for line in lines[1:]]
        if name == "METRICS":
            found.metrics = {row.get("metric_id") or row.get("id", ""): row for row in rows}
            found.numbers = {
                name: number for name, row in found.metrics.items() if (number := _number(row)) is not None
            }
        else:
            found.absent = rows
    return found


def user_text(body: Mapping[str, Any]) -> str:
    """All text that the user's messages of a chat or responses body carry."""
    messages = body.get("messages") or body.get("input") or []
    return messages if isinstance(messages, str) else _said(messages, lambda role: role == "user")


def instructions(body: Mapping[str, Any]) -> str:
    """All text of a body that is not the user's."""
    messages = body.get("messages") or body.get("input") or []
    given = body.get("instructions")
    said = "" if isinstance(messages, str) else _said(messages, lambda role: role != "user")
    return f"{given}\n{said}" if isinstance(given, str) else said


def _said(messages: list[Any], wanted: Callable[[object], bool]) -> str:
    return "\n".join(
        text
        for message in messages
        if isinstance(message, Mapping) and wanted(message.get("role"))
        for text in _texts(message.get("content"))
    )


def _texts(content: object) -> list[str]:
    if isinstance(content, str):
        return [content]
    if not isinstance(content, list):
        return []
    return [part["text"] for part in content if isinstance(part, Mapping) and isinstance(part.get("text"), str)]


def _number(row: Row) -> float | None:
    try:
        return float(row["value"])
    except (KeyError, ValueError):
        return None


def _reference(row: Row) -> dict[str, Any]:
    value = float(row["value"])
    return {
        "metric_id": row["metric_id"],
        "value": int(value) if "." not in row["value"] else value,
        "unit": row.get("unit", ""),
        "currency": row.get("currency") or None,
        "period": row.get("period") or None,
    }
