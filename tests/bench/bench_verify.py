"""How many planted errors checking catches, and how many true numbers it flags, in answers that `planted` generated."""

from __future__ import annotations

import gc
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel

from core.analyses.engines import engine_for
from core.analyses.verify import verify
from core.domain.analysis import FindingKind, Kind, Verification
from core.domain.facts import FactSheet
from tests.bench import planted, said
from tests.bench.planted import Planted
from tests.bench.report import Target
from tests.unit.slots.asking import asked

ANSWERS = 1_000
WITHHELD = 200
SHEETS = 300
SLOTTED, ROUND = 200, 20


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the section, as it stands."""

    text: str

    def __str__(self) -> str:
        return self.text


def run(_folder: Path, _runs: int) -> tuple[list[Line], list[Target]]:
    """Read all answers; the confusion matrix and what was to be reached."""
    found, true, flagged, seconds = measure(ANSWERS)
    planted_count = sum(found.values())
    caught = planted_count - sum(count for (_, kind), count in found.items() if kind == "missed")
    gone = withheld_caught(WITHHELD)
    words = said_of(SHEETS)
    wrong, right = sum(one.wrong for one in words.values()), sum(one.right for one in words.values())
    slotted, plain = with_slots(SLOTTED)
    unheard, _ = with_slots(ROUND, unheard=True)
    lines = [
        Line(
            f"{ANSWERS:,} generated answers, {planted_count:,} with one planted error; {true:,} true numbers in "
            f"{len(planted.PLACES)} notations"
        ),
        Line(f"read and checked in {seconds:.2f} s, {ANSWERS / seconds:,.0f} a second"),
        Line(
            f"with slots {slotted:.3f} ms of processor time an answer, {slotted / plain:.0f} times reading its JSON by "
            f"its schema alone; 50,000 in {slotted * 50:.0f} s"
        ),
        Line(f"the same where no sentence was ever said before: {unheard:.3f} ms; 50,000 in {unheard * 50:.0f} s"),
        Line(""),
        *map(Line, matrix(found)),
        Line(""),
        *(Line(f"{kind:<15}{one.caught:>6} of {one.wrong} caught{one.flagged:>6} of {one.right} true ones flagged")
          for kind, one in words.items()),
        Line(""),
    ]  # fmt: skip
    return lines, [
        Target("share of planted errors caught", caught / planted_count, 0.99),
        Target("share of true numbers flagged", flagged / true, 0.005, most=True),
        Target("share of claims about a withheld fact caught", gone, 1.0),
        Target("share of wrong words caught", sum(one.caught for one in words.values()) / wrong, 0.95),
        Target("answers with slots: ms of processor time each", slotted, 0.3, most=True),
        Target("share of true words flagged", sum(one.flagged for one in words.values()) / right, 0.02, most=True),
    ]


def measure(count: int, seed: int = 20261124) -> tuple[Counter[tuple[str, str]], int, int, float]:
    """Planted slip and what was found in its place; true numbers; how many of them were flagged; seconds."""
    engine = engine_for(Kind.RISK)
    found: Counter[tuple[str, str]] = Counter()
    true = flagged = 0
    seconds = 0.0
    for one in planted.answers(count, seed):
        text = orjson.dumps(one.document).decode()
        started = time.perf_counter()
        reading = engine.read(text, one.sheet)
        seconds += time.perf_counter() - started
        checked = reading.verification
        if checked is None:
            raise ValueError(f"The generator wrote an answer that cannot be read: {reading.error}")
        true += one.true_numbers
        flagged += sum(finding.path != one.path for finding in checked.findings)
        if one.slip:
            found[one.slip, _in_place(one, checked)] += 1
    return found, true, flagged, seconds


def with_slots(count: int, *, unheard: bool = False) -> tuple[float, float]:
    """Milliseconds of processor time to read and check an answer with slots, and to read its JSON by its schema alone.

    Answers of all analyses, each about a sheet that was not seen before; the best of some rounds counts.

    Args:
        count: Answers of each analysis.
        unheard: Each sentence of each answer has a word that no other has, so that nothing about it is remembered.
    """
    words = random.Random(20261201)
    whole = plain = 0.0
    for kind in Kind:
        one, engine = asked(kind, "v4", "US"), engine_for(kind)
        form = engine.slots
        if form is None:
            raise ValueError(f"'{kind}' cannot be answered with slots.")
        sheets = [replace(one.sheet, name=f"{one.sheet.name} {number}") for number in range(count)]
        answers = [_renewed(one.answer, words) if unheard else one.answer for _ in range(count)]
        whole += _best(engine.read, answers, sheets)
        plain += _best(partial(_parsed, form.answer), answers, sheets)
    return whole / len(Kind), plain / len(Kind)


def _renewed(answer: str, words: random.Random) -> str:
    """An answer with a word of its own in every text that has several."""

    def renewed(node: Any, key: str = "") -> Any:
        if isinstance(node, dict):
            return {name: renewed(value, name) for name, value in node.items()}
        if isinstance(node, list):
            return [renewed(value, key) for value in node]
        if isinstance(node, str) and " " in node and key not in {"quote", "event", "date"}:
            word = "".join(words.choice("bcdfgk") + words.choice("aeou") for _ in range(5))
            return f"{node[:-1]} {word}{node[-1]}"
        return node

    return orjson.dumps(renewed(orjson.loads(answer))).decode()


def _parsed(model: type[BaseModel], text: str, _: FactSheet) -> object:
    return model.model_validate_json(text)


def _best(read: Callable[[str, FactSheet], object], answers: list[str], sheets: list[FactSheet]) -> float:
    """The garbage collector rests meanwhile, as it does while results are collected."""
    found = []
    gc.disable()
    try:
        for begin in range(0, len(sheets), ROUND):
            started = time.process_time()
            for text, sheet in zip(answers[begin : begin + ROUND], sheets[begin : begin + ROUND], strict=True):
                read(text, sheet)
            gc.collect(1)
            found.append((time.process_time() - started) / len(answers[begin : begin + ROUND]))
    finally:
        gc.enable()
    return 1000 * min(found)


@dataclass(slots=True)
class Words:
    """Sentences of one kind: wrong ones and those caught, true ones and those flagged."""

    wrong: int = 0
    caught: int = 0
    right: int = 0
    flagged: int = 0


def said_of(count: int, seed: int = 20261130) -> dict[str, Words]:
    """What checking makes of sentences in English, French and German, by kind of mistake."""
    found = {kind: Words() for kind in said.KINDS}
    for one in said.sentences(count, seed):
        flagged = bool(verify(one.document, one.sheet).findings)
        counted = found[one.kind]
        if one.wrong:
            counted.wrong += 1
            counted.caught += flagged
        else:
            counted.right += 1
            counted.flagged += flagged
    return found


def withheld_caught(count: int) -> float:
    """Share of statements about a withheld fact that were called unsupported."""
    engine = engine_for(Kind.RISK)
    caught = 0
    for one in planted.withheld(count):
        checked = engine.read(orjson.dumps(one.document).decode(), one.sheet).verification
        kinds = [finding.kind for finding in checked.findings if finding.path == one.path] if checked else []
        caught += FindingKind.UNSUPPORTED in kinds
    return caught / count


def matrix(found: Counter[tuple[str, str]]) -> list[str]:
    """Planted against found, one row a slip."""
    columns = [kind.value for kind in FindingKind if any(key[1] == kind.value for key in found)] + ["missed"]
    width = 7
    rows = ["planted \\ found" + "".join(f"{name[: width - 1]:>{width}}" for name in columns) + f"{'caught':>8}"]
    for slip in planted.SLIPS:
        counts = [found[slip, name] for name in columns]
        share = 1 - counts[-1] / max(1, sum(counts))
        rows.append(f"{slip:<15}" + "".join(f"{count or '.':>{width}}" for count in counts) + f"{share:>8.1%}")
    return rows


def _in_place(one: Planted, checked: Verification) -> str:
    kinds = [finding.kind.value for finding in checked.findings if finding.path == one.path]
    return kinds[0] if kinds else "missed"
