"""Fluent pages can be written with slots: some, by hand, in three languages, and what they look like when read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from core.analyses.engines import engine_for
from core.domain.analysis import Kind, Reading
from core.domain.evidence import Evidence
from core.domain.facts import FactSheet
from core.domain.units import Unit
from core.simulator.slot_mistakes import MISTAKES
from tests.unit.slots.conftest import SHEET, YEAR, fact

PAGES = Path(__file__).with_name("pages")
REGIONS = {"en": ("US", "en", "."), "fr": ("FR", "fr", ","), "ch": ("CH", "de", ".")}
_ADDED_UP = {"contribution.MSFT": 8.3, "contribution.ASML.AS": 2.56}
"""With MMM's they make up the return of the year."""

WHOLE = (*(one for one in SHEET.facts if one.metric_id not in _ADDED_UP),
    *(fact(name, value, Unit.PP, YEAR) for name, value in _ADDED_UP.items()),
    fact("drawdown_days", 245, Unit.DAYS, "2022-01-03..2022-09-05", 0),
    fact("recovery_days", 410, Unit.DAYS, "2022-09-05..2023-10-20", 0),
    fact("lines.equity", 6, Unit.COUNT, decimals=0),
)  # fmt: skip

ALL = sorted(path.name for path in PAGES.glob("*.yaml"))


def written(name: str) -> tuple[dict[str, Any], FactSheet]:
    overlay, language, mark = REGIONS[name.split(".")[1]]
    document = yaml.safe_load((PAGES / name).read_text("utf-8"))
    evidence = Evidence(language=language, decimal_mark=mark, overlay=overlay)
    return document, replace(SHEET, facts=WHOLE, region=overlay, evidence=evidence)


def read(name: str, document: dict[str, Any], sheet: FactSheet) -> Reading:
    return engine_for(Kind(name.split(".", maxsplit=1)[0])).read(json.dumps(document, ensure_ascii=False), sheet)


@pytest.mark.parametrize("name", ALL)
def test_a_page_written_by_hand_holds_without_a_finding(name: str) -> None:
    document, sheet = written(name)
    jsonschema.validate(document, engine_for(Kind(name.split(".", maxsplit=1)[0])).schema(slots=True))
    checked = read(name, document, sheet).verification
    assert checked is not None
    assert [(one.path, one.stated, one.true) for one in checked.findings] == []
    assert checked.verified > 20


def test_there_are_pages_in_each_language() -> None:
    assert {name.split(".")[1] for name in ALL} == set(REGIONS)
    assert {name.split(".")[0] for name in ALL} == {"risk", "performance", "compliance"}


def test_numbers_are_written_as_each_region_writes_them() -> None:
    texts = {name: json.dumps(read(name, *written(name)).analysis["claims"], ensure_ascii=False) for name in ALL}  # type: ignore[index]
    assert "from October 29, 2020 to October 30, 2026" in texts["risk.en.yaml"]
    assert "23,47\u00a0%" in texts["risk.fr.yaml"]
    assert "12\u202f345\u202f679\u00a0€" in texts["risk.fr.yaml"]
    assert "1.18\u00a0Prozentpunkte" in texts["performance.ch.yaml"]
    assert "EUR\u00a012'345'679" in texts["compliance.ch.yaml"]


@pytest.mark.parametrize("mistake", list(MISTAKES))
def test_each_kind_of_mistake_shows_in_written_prose_too(mistake: str) -> None:
    document, sheet = written("risk.en.yaml")
    assert MISTAKES[mistake](document, "r-1")
    checked = read("risk.en.yaml", document, sheet).verification
    assert checked is not None
    assert checked.findings


def swaps() -> Iterator[tuple[str, str, str]]:
    """A page, words of it, and what a careless writer would put there: each is false of the facts."""
    yield "risk.en.yaml", "{{MSFT}} alone weighs {{weight.MSFT}}", "{{MSFT}} alone weighs {{weight.ASML.AS}}"
    yield "risk.en.yaml", "{{MSFT}} {{largest(weight.MSFT): is the", "{{ASML.AS}} {{largest(weight.ASML.AS): is the"
    yield "risk.en.yaml", "cushions little", "is the largest reserve of all"
    yield "risk.fr.yaml", "{{above(cvar_95_1d, var_95_1d): plus élevée}}", "{{below(cvar_95_1d, var_95_1d): moindre}}"
    yield "risk.fr.yaml", "réparti sur {{holdings_count}} lignes", "réparti sur neuf lignes"
    yield "performance.ch.yaml", "{{behind(excess_return.1y): Rückstand}}", "{{ahead_of(excess_return.1y): Vorsprung}}"
    yield (
        "performance.ch.yaml",
        "{{MMM}} {{fell(contribution.MMM): kostete}}, und",
        "{{MSFT}} {{fell(contribution.MSFT): kostete}}, und",
    )
    yield "compliance.en.yaml", "{{near(EU.10): close to its limit}}", "{{breached(EU.10): breached}}"
    yield (
        "compliance.en.yaml",
        "so that nobody can say whether every rule holds",
        "and {{kept(all): every rule is respected}}",
    )
    yield "compliance.ch.yaml", "Ob aktiv oder passiv, ist nicht bekannt.", "Sie entstand passiv."


@pytest.mark.parametrize(("name", "said", "wrong"), list(swaps()))
def test_what_a_careless_writer_would_put_there_is_found(name: str, said: str, wrong: str) -> None:
    document, sheet = written(name)
    text = json.dumps(document, ensure_ascii=False)
    assert said in text
    checked = read(name, json.loads(text.replace(said, wrong)), sheet).verification
    assert checked is not None
    assert checked.findings
