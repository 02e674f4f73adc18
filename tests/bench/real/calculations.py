"""Numbers that models worked out from real annual reports: right ones, wrong ones, and those with the sign turned."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from core.analyses.marking import Mark, marks
from core.domain.facts import Fact, FactSheet
from core.domain.units import Badge, Unit
from tests.bench.real.scores import Score, Wanted

_NUMBER: Final = re.compile(r"\d[\d,]*\.?\d*|\.\d+")
_CELL: Final = re.compile(r"^[\s$€£]*(\()?[\s$€£]*(-)?\s*[$€£]?\s*(\d[\d,]*\.?\d*|\.\d+)\s*%?\s*\)?\s*%?$")
_YEAR: Final = re.compile(r"(?<!\d)(?:20|19)\d\d(?!\d)")
_ASKS: Final = re.compile(r"^\s*(?:What|How much|How many)\s+(?:is|was|are|were)\s+(?:the\s+)?", re.IGNORECASE)
_HOLDS: Final = frozenset({Mark.VERIFIED, Mark.DERIVED, Mark.QUOTED})

Table = list[list[str]]


@dataclass(frozen=True, slots=True)
class _Calculation:
    """A number that was answered, what it was worked out from, and what it is worth."""

    question: str
    facts: tuple[Fact, ...]
    value: float
    unit: str
    label: str


def run(folder: Path) -> tuple[list[Score], list[Wanted]]:
    """Both sets of answers."""
    tables = {row["table_id"]: row["table"] for row in _lines(folder / "tatqa_tables.jsonl")}
    right = Score("annual reports: right calculations", "number")
    bare = Score("the same of operands without a name", "number")
    signs = Score("annual reports: signs turned by models", "number")
    turned = Score("annual reports: signs of right ones turned", "number")
    values = Score("annual reports: other wrong calculations", "number")
    for one in (*_tatqa(folder, tables), *_answers(folder, tables)):
        said = f"{_said(one)} {[(fact.metric_id, fact.shown) for fact in one.facts]}"
        if one.label == "right":
            named = not one.facts[0].metric_id.startswith("operand.")
            (right if named else bare).add(wrong=False, flagged=not _accepted(one, one.value), example=said)
            if one.value:
                turned.add(wrong=True, flagged=not _accepted(one, -one.value), example=said)
        else:
            score = signs if one.label == "sign" else values
            score.add(wrong=True, flagged=not _accepted(one, one.value), example=said)
    return [right, bare, signs, turned, values], [
        Wanted("right calculations accepted", right.right - right.flagged, right.right, 0.95),
        Wanted("turned signs of models refused", signs.caught, signs.wrong, 0.95),
        Wanted("turned signs of right calculations refused", turned.caught, turned.wrong, 0.95),
    ]


def _tatqa(folder: Path, tables: dict[str, Table]) -> Iterator[_Calculation]:
    for row in _lines(folder / "tatqa_answers.jsonl"):
        if row["answer_type"] != "arithmetic" or row["label"] not in {"right", "sign", "value", "percent"}:
            continue
        facts = _operands(row["derivation"], tables[row["table_id"]], row["predicted_scale"])
        plain = re.fullmatch(r"-?\d+(?:\.\d+)?", str(row["predicted"][0])) if row["predicted"] else None
        if facts and plain:
            unit = " percent" if row["predicted_scale"] == "percent" else ""
            if row["label"] == "right" and not _rounds(plain[0], row["gold"]):
                continue
            yield _Calculation(row["question"], facts, float(plain[0]), unit, row["label"])


def _answers(folder: Path, tables: dict[str, Table]) -> Iterator[_Calculation]:
    """Rows on which the set's own label and the recomputed one agree, with one plain number as the answer."""
    for row in _lines(folder / "finqa_tatqa_llm_answers.jsonl"):
        derivation = row["derivation"] or row["program"] or ""
        stated = re.fullmatch(r"(\(|-)?\$?\s*(-)?\$?([\d,]+\.?\d*)\)?\s*(%)?", (row["answer"] or "").strip())
        if not row["question"] or not stated or row["right"] != (row["slip"] == "same"):
            continue
        table = tables.get(row["table_id"] or "")
        facts = _operands(derivation, table, row["scale"]) if table else _loose(derivation, row["answer"])
        if len(facts) < 2 or not re.search(r"[-+/*(]", derivation):
            continue
        value = float(stated[3].replace(",", "")) * (-1 if stated[1] or stated[2] else 1)
        if row["right"] and not _rounds(stated[3].replace(",", ""), [row["gold"]]):
            continue
        unit = " percent" if stated[4] or row["scale"] == "percent" else ""
        yield _Calculation(row["question"], facts, value, unit, "right" if row["right"] else row["slip"])


def _rounds(stated: str, gold: list[Any] | str | float) -> bool:
    """Whether an answer that is labelled right is the gold answer at its own precision: labels forgive wrong rounding,
    which is a mistake on a page of figures."""
    text = str(gold[0] if isinstance(gold, list) else gold).replace(",", "").strip("$% ")
    if not re.fullmatch(r"-?\d+(?:\.\d+)?", text):
        return True
    half = 0.5 * 10.0 ** -min(len(stated.partition(".")[2]), len(text.partition(".")[2]))
    return abs(abs(float(stated)) - abs(float(text))) <= half + 1e-9


def _accepted(one: _Calculation, value: float) -> bool:
    """Whether checking lets the number stand in a sentence that cites exactly what it was worked out from."""
    text = _said(one, value)
    claim = {"metrics": [_reference(fact) for fact in one.facts], "source_ids": [], "text": text, "kind": "fact"}
    sheet = FactSheet("report", "Report", date(2020, 1, 1), "USD", "US", one.facts, (), ())
    found = [marked for marked in marks({"claims": [claim]}, sheet) if marked.path.endswith(".text")]
    last = [marked for marked in found if marked.end >= len(text) - len(one.unit) - 2]
    return bool(last) and last[-1].mark in _HOLDS


def _said(one: _Calculation, value: float | None = None) -> str:
    question = _ASKS.sub("The ", one.question).rstrip(" ?")
    stated = one.value if value is None else value
    return f"{question}: {round(stated, 4):.10g}{one.unit}."


def _reference(fact: Fact) -> dict[str, Any]:
    return {
        "metric_id": fact.metric_id, "value": float(fact.shown), "unit": fact.unit.value, "currency": fact.currency,
        "period": fact.period,
    }  # fmt: skip


def _operands(derivation: str, table: Table, scale: str | None) -> tuple[Fact, ...]:
    """The cells that a derivation names, each once, as facts with the sign that it gives them; numbers that stand in no
    cell are its own (the 3 of a mean). What is divided by a count only and called percent is in percent itself."""
    percent = scale == "percent" and not re.search(r"/\s*\(?-?\$?\d[\d,.]*[\d.]{2}|/\s*\(", derivation)
    whole = re.match(r"\s*-\s*\(", derivation) is not None
    found: list[tuple[int, int]] = []
    signs: dict[tuple[int, int], int] = {}
    for match in _NUMBER.finditer(derivation):
        value = float(match.group().replace(",", ""))
        places = [
            (row, column)
            for row, cells in enumerate(table)
            for column, cell in enumerate(cells)
            if column and (one := _value(cell)) is not None and abs(abs(one) - value) < 1e-9
        ]
        places = [place for place in places if place not in found] or places
        if places:
            rows, columns = {row for row, _ in found}, {column for _, column in found}
            best = max(places, key=lambda place: (place[0] in rows) + (place[1] in columns))
            if best not in found:
                found.append(best)
                before = derivation[: match.start()].rstrip(" $(")
                negative = before.endswith("-") and before[:-1].rstrip(" ")[-1:] in {"", "(", "-", "+", "*", "/", "["}
                signs[best] = -1 if negative or whole or _bracketed(derivation, match.span()) else 1
    facts = {}
    for row, column in found:
        fact = _fact(table, row, column, signs[row, column], percent)
        name = fact.metric_id if fact.metric_id not in facts else f"{fact.metric_id}_{column}"
        facts[name] = replace(fact, metric_id=name)
    return tuple(facts.values())


def _bracketed(derivation: str, span: tuple[int, int]) -> bool:
    return derivation[: span[0]].rstrip(" $").endswith("(") and derivation[span[1] :].lstrip(" %").startswith(")")


def _fact(table: Table, row: int, column: int, sign: int, percent: bool) -> Fact:
    cell = table[row][column]
    value = sign * abs(_value(cell) or 0.0)
    heads = [cells[column] for cells in table[:row] if (column < len(cells) and _value(cells[column]) is None) or
             (column < len(cells) and _YEAR.fullmatch(cells[column].strip()))]  # fmt: skip
    head = " ".join(text for text in heads if text)[:60]
    year = _YEAR.search(head)
    period = f"{year[0]}-01-01..{year[0]}-12-31" if year else None
    name = f"{_slug(table[row][0]) or 'row'}.{_slug(head) or column}"
    decimals = len(_NUMBER.search(cell)[0].partition(".")[2])  # type: ignore[index]
    return Fact(name, value, Unit.PCT if percent or "%" in cell else Unit.RATIO, None, period, "", Badge.REAL, decimals)


def _loose(program: str, answer: str) -> tuple[Fact, ...]:
    """Operands of which only the value is known; in percent where the answer is, and nothing was divided."""
    unit = Unit.PCT if answer.rstrip().endswith("%") and "divide" not in program and "/" not in program else Unit.RATIO
    found = dict.fromkeys(re.findall(r"(?<![\w#.])-?\d+(?:\.\d+)?", program))
    return tuple(
        Fact(f"operand.{place}", float(text), unit, None, None, "", Badge.REAL, len(text.partition(".")[2]))
        for place, text in enumerate(found)
    )


def _value(cell: str) -> float | None:
    match = _CELL.match(cell.strip())
    if not match:
        return None
    return float(match[3].replace(",", "")) * (-1 if match[1] or match[2] else 1)


def _slug(text: str) -> str:
    return "_".join(re.findall(r"[a-z0-9]+", text.lower()))[:60]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []
