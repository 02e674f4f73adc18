"""Whole pages that people wrote to the product's own prompts, true and with known mistakes."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from core.analyses.engines import engine_for
from core.analyses.marking import Mark, marks
from core.domain.analysis import Finding, Kind
from core.domain.facts import FactSheet
from tests.bench.real.prompt_tables import sheet_of
from tests.bench.real.scores import Score, Wanted

_PLACE = re.compile(r"^(?:\d+\. `([^`]+)`|- path: (\S+))", re.MULTILINE)
_NO_NUMBERS = frozenset({Mark.UNCHECKED, Mark.OPINION})
"""Marks of what was not held against anything: words, counts without a noun."""

_FLAGGED = frozenset({Mark.MISMATCHED, Mark.UNSUPPORTED})


def run(folder: Path) -> tuple[list[Score], list[Wanted]]:
    """Every page of the folder: mistakes caught, true numbers and true pages flagged."""
    mistakes = Score("written pages: mistakes in wrong pages", "number")
    numbers = Score("written pages: numbers of true pages", "number")
    pages = Score("written pages: findings of any kind", "answer")
    for request in sorted(folder.glob("*.jsonl")):
        sheet = sheet_of(json.loads(request.read_text("utf-8").splitlines()[0])["body"])
        name = request.name.removesuffix(".jsonl")
        right, wrong = (json.loads((folder / f"{name}{end}.json").read_text("utf-8")) for end in ("", ".wrong"))
        before = findings(right, sheet)
        for marked in marks(right, sheet):
            if marked.mark in _NO_NUMBERS:
                continue
            numbers.add(wrong=False, flagged=marked.mark in _FLAGGED, example=f"{name} {marked.path}: {marked.stated}")
        pages.add(wrong=False, flagged=bool(before), example=f"{name}: {before}")
        pages.add(wrong=True, flagged=bool(findings(wrong, sheet)), example=name)
        places = _places((folder / f"{name}.wrong.md").read_text("utf-8"))
        for path, flagged in _caught(places, [one for one in findings(wrong, sheet) if one not in before]):
            mistakes.add(wrong=True, flagged=flagged, example=f"{name} {path}: {at(wrong, path)}")
    return [mistakes, numbers, pages], [
        Wanted("mistakes of written pages caught", mistakes.caught, mistakes.wrong, 0.9),
        Wanted("true numbers of written pages flagged", numbers.flagged, numbers.right, 0.0, most=True),
    ]


def findings(document: dict[str, Any], sheet: FactSheet) -> list[Finding]:
    """What reading an answer finds.

    Raises:
        ValueError: It cannot be read.
    """
    reading = engine_for(Kind(document["analysis_type"])).read(json.dumps(document), sheet)
    if reading.verification is None:
        raise ValueError(f"A page of {sheet.portfolio_id} cannot be read: {reading.error}")
    return list(reading.verification.findings)


def _places(text: str) -> list[str]:
    """Paths of the mistakes that a list names, as findings write them."""
    found = (match[1] or match[2] for match in _PLACE.finditer(text))
    return [re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", path) for path in found]


def _caught(places: list[str], found: list[Finding]) -> list[tuple[str, bool]]:
    """Each mistake with whether a finding of its own stands in its place: two mistakes need two findings."""
    left: defaultdict[str, int] = defaultdict(int)
    for finding in found:
        left[finding.path] += 1
    result = []
    for path in places:
        result.append((path, left[path] > 0))
        left[path] -= 1
    return result


def at(document: Any, path: str) -> Any:
    """What stands at a path such as "claims[3].text"."""
    for part in re.findall(r"[^.\[\]]+", path):
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document
