"""Regions in their languages: numbers as they write them, words that law wants, no green where words are unknown."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from core.analyses.engines import engine_for
from core.analyses.marking import Mark
from core.analyses.slots import caveats
from core.analyses.slots.formats import day, number, ordinal, period, style_of
from core.analyses.slots.lexicon import lexicon, written_in
from core.analyses.slots.marks import marks
from core.analyses.slots.quantities import Quantity
from core.analyses.slots.reading import sentences_of
from core.domain.analysis import FindingKind, Kind
from core.domain.units import Badge, Unit
from core.llm.prompt_check import REGIONS
from tests.unit.analyses.whole import SHEET
from tests.unit.slots.asking import LIBRARY, asked

HARD = "\u00a0"
LANGUAGE = {"CA_FR": "fr", "CH_FR": "fr", "CH_IT": "it"}
MEANT = {
    "fr": "Ceci est la première phrase de la page et elle est écrite pour les lecteurs du comité et des lignes.",
    "it": "Questa è la prima frase della pagina ed è scritta per i lettori del comitato, con un'idea per riga.",
    "de": "Das ist der erste Satz von der Seite und er ist für die Leser im Ausschuss mit einer Idee von jeder Zeile.",
    "en": "This is the first sentence of the page and it is written for the readers with that one idea of the line.",
}


def written(region: str, value: float, unit: Unit, currency: str = "", decimals: int = 2) -> str:
    sheet = replace(SHEET, evidence=replace(SHEET.evidence, overlay=region, language=LANGUAGE.get(region, "en")))
    return number(Quantity(value, unit, currency or None, decimals, ()), style_of(sheet))


@pytest.mark.parametrize(
    ("region", "percent", "money"),
    [
        ("CH_FR", f"12.40{HARD}%", f"CHF{HARD}1'234'568"),
        ("CH_IT", f"12.40{HARD}%", f"CHF{HARD}1'234'568"),
        ("CA_FR", f"12,40{HARD}%", f"1{HARD}234{HARD}568{HARD}$"),
        ("CA", "12.40%", "$1,234,568"),
        ("JP", "12.40%", "¥1,234,568"),
    ],
)
def test_numbers_are_written_as_the_region_writes_them(region: str, percent: str, money: str) -> None:
    currency = {"CH": "CHF", "CA": "CAD", "JP": "JPY"}[region[:2]]
    assert written(region, 12.4, Unit.PCT) == percent
    assert written(region, 1_234_567.89, Unit.CCY, currency) == money


def test_a_yen_has_no_cents() -> None:
    assert written("JP", 987.65, Unit.CCY, "JPY") == "¥988"
    assert written("US", 987.65, Unit.CCY, "USD") == "$987.65"


def test_days_places_and_units_are_said_in_italian() -> None:
    sheet = replace(SHEET, evidence=replace(SHEET.evidence, overlay="CH_IT", language="it"))
    style = style_of(sheet)
    assert day("2026-10-30", style) == "30 ottobre 2026"
    assert period("2025-10-30..2026-10-30", style) == "dal 30 ottobre 2025 al 30 ottobre 2026"
    assert (ordinal(2, "it"), ordinal(12, "it")) == ("seconda", "12ª")
    assert written("CH_IT", 1.0, Unit.DAYS, decimals=0) == f"1{HARD}giorno"
    assert style_of(replace(sheet, evidence=replace(sheet.evidence, overlay=""))) == style


@pytest.mark.parametrize("kind", list(Kind))
def test_the_stand_in_answers_in_italian_and_nothing_is_called_checked(kind: Kind) -> None:
    one = asked(kind, "v4", "CH_IT")
    reading = one.read(one.answer)
    assert reading.verification is not None
    assert reading.verification.findings == ()
    assert reading.analysis is not None
    assert reading.analysis["language"] == "it"
    assert set(sentences_of(reading.analysis)) <= {"unchecked", "opinion"}


@pytest.mark.parametrize("region", ["CH_FR", "CA_FR"])
def test_french_of_other_countries_is_checked_like_french(region: str) -> None:
    one = asked(Kind.RISK, "v4", region)
    reading = one.read(one.answer)
    assert reading.verification is not None
    assert reading.verification.findings == ()
    assert reading.analysis is not None
    assert {"inserted", "decided"} <= set(sentences_of(reading.analysis))


def _said(region: str, text: str) -> tuple[Any, dict[str, Any]]:
    one = asked(Kind.RISK, "v4", region)
    document = json.loads(one.answer) | {"summary": text}
    reading = engine_for(Kind.RISK).read(json.dumps(document), one.sheet)
    assert reading.verification is not None
    assert reading.analysis is not None
    return reading.verification, reading.analysis


@pytest.mark.parametrize("words", ["due terzi", "raddoppiato", "41 posizioni"])
def test_a_number_in_italian_words_or_digits_is_found_outside_slots(words: str) -> None:
    verification, _ = _said("CH_IT", f"Il portafoglio {{{{portfolio}}}} conta {words}.")
    assert FindingKind.OUTSIDE in {finding.kind for finding in verification.findings}


def test_an_italian_relation_is_not_green_since_its_words_are_not_understood() -> None:
    one = asked(Kind.RISK, "v4", "CH_IT")
    reading = one.read(one.answer)
    form = engine_for(Kind.RISK).slots
    assert form is not None
    assert reading.analysis is not None
    found = marks(form, reading.analysis, one.sheet)
    assert Mark.DECIDED not in {mark.mark for mark in found}
    in_french = asked(Kind.RISK, "v4", "CH_FR")
    counted = [one.verification for one in (reading, in_french.read(in_french.answer))]
    assert counted[0] is not None
    assert counted[1] is not None
    assert 0 < counted[0].verified < counted[1].verified
    assert Mark.UNCHECKED in {mark.mark for mark in found}


def test_a_language_whose_words_are_unknown_is_never_checked() -> None:
    assert [name for name in ("en", "fr", "de", "it", "nl", "ja") if lexicon(name).compares] == ["en", "fr", "de"]


@pytest.mark.parametrize("language", list(MEANT))
def test_the_language_of_a_page_is_told_from_its_words(language: str) -> None:
    assert written_in(MEANT[language].lower()) == language


@pytest.mark.parametrize(("region", "language"), [("CH_IT", "fr"), ("CH_FR", "it"), ("CA_FR", "en")])
def test_a_page_in_another_language_than_was_asked_for_is_found(region: str, language: str) -> None:
    one = asked(Kind.RISK, "v4", region)
    document = json.loads(one.answer)
    document["claims"] = [{"text": MEANT[language], "basis": ["volatility"], "kind": "fact"}] * 4
    document["risks"] = []
    verification = engine_for(Kind.RISK).read(json.dumps(document), one.sheet).verification
    assert verification is not None
    assert ("language", language) in {(finding.path, finding.stated) for finding in verification.findings}


@pytest.mark.parametrize("region", REGIONS)
def test_what_law_wants_said_stands_with_article_and_source(region: str) -> None:
    wording = caveats.wordings()[region]
    assert {row["for"] for row in wording.law} >= {"hypothetical"}
    for row in wording.law:
        assert row["article"]
        assert row["source"]
        assert isinstance(row["read"], bool)
    language = LIBRARY.compose("risk", region, "default").language
    assert written_in((wording.hypothetical * 2).lower()) == language


def test_returns_of_present_holdings_carry_the_regions_words_in_every_analysis_that_states_them() -> None:
    real = replace(SHEET, facts=tuple(replace(fact, badge=Badge.REAL) for fact in SHEET.facts))
    returned = next(fact.metric_id for fact in real.facts if fact.metric_id.startswith("return."))
    for region, words in (("US", "hypothetical performance"), ("UK", "simulated past performance")):
        told = replace(real, evidence=replace(real.evidence, overlay=region, language="en"))
        assert any(words in one for one in caveats.prescribed(told, "risk", {returned}))
        assert not any(words in one for one in caveats.prescribed(told, "risk", {"volatility"}))
        assert any(words in one for one in caveats.prescribed(told, "performance"))


def test_the_overlays_name_what_each_region_calls_things() -> None:
    now = {file.text("code"): f"{file.meta} {file.body}" for file in LIBRARY.regions()}
    for region, words in {
        "US": ("403(b)", "457(b)", "HSA"),
        "DE": ("Sharpe Ratio", "Duration", "AnlV", "Basisrente", "maximaler Rückgang"),
        "CH": ("Duration", "BVV 2", "KKV"),
        "NL": ("icbe", "lijfrente", "no wrapper"),
        "JP": ("principal", "kijun kagaku", "October 30, 2026"),
        "CA_FR": ("REER", "CELI", "FNB", "Règlement 81-102", "OCRI"),
        "CH_FR": ("LSFin", "OPP 2", "OPCC"),
        "CH_IT": ("LSerFi", "OPP 2", "OICol"),
    }.items():
        for word in words:
            assert word in now[region], (region, word)
    assert "Zinsbindung" not in now["DE"] + now["CH"], "that is how long a loan's rate is fixed"
    assert "box 3" not in next(file for file in LIBRARY.regions() if file.text("code") == "NL").meta["wrappers"]


def test_older_overlays_stay_readable_for_the_answers_that_were_asked_with_them() -> None:
    assert "403(b)" not in LIBRARY.compose("risk", "US", "default", "v3").system
    assert "403(b)" in LIBRARY.compose("risk", "US", "default").system
    assert LIBRARY.compose("risk", "CH_IT", "default", "v3").region == "CH_IT"


def test_a_performance_page_is_told_not_to_call_a_back_test_performance() -> None:
    system = LIBRARY.compose("performance", "US", "default").system
    assert "a back-test of the present holdings at past prices" in system
    assert "Never call them performance" in system


def test_a_benchmark_is_shown_with_the_names_of_its_members_where_they_are_known() -> None:
    writer = engine_for(Kind.PERFORMANCE).writer(lambda _: 0, slots=True)
    named = replace(SHEET, benchmark=(("VTI", 60.0), ("BND", 40.0)), benchmark_names=("Total Stock | Market", ""))
    shown = writer.write(named, "en")[0]
    table = shown.partition("<BENCHMARK>\n")[2].partition("</BENCHMARK>")[0].splitlines()
    assert table[0] == "member|name|weight"
    assert [line.count("|") for line in table] == [2, 2, 2], "a bar in a name is no column"
    assert table[2] == "BND||40"
    assert "<BENCHMARK>\nmember|weight\nVTI|60" in writer.write(replace(named, benchmark_names=()), "en")[0]
