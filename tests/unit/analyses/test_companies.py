"""Companies in sentences: those that nobody named to the model are found, and nothing else is taken for one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analyses.companies import Company, companies, named
from core.analyses.engines import engine_for
from core.domain.analysis import Finding, FindingKind, Kind
from core.domain.evidence import Evidence
from core.domain.facts import HoldingFact
from core.intake.register.instruments import own_instruments
from tests.unit.analyses.whole import SHEET, answer, view

ROOT = Path(__file__).resolve().parents[3]
PLAIN = replace(view(Kind.RISK), rules=(), evidence=Evidence(decimal_mark=".", language="en"))


def found(text: str, **more: object) -> list[Finding]:
    sheet = replace(PLAIN, **more)  # type: ignore[arg-type]
    document = answer(Kind.RISK, sheet) | {"caveats": [text]}
    reading = engine_for(Kind.RISK).read(json.dumps(document), sheet)
    assert reading.verification is not None
    return list(reading.verification.findings)


def held(symbol: str, name: str) -> tuple[HoldingFact, ...]:
    return (*SHEET.holdings, HoldingFact(symbol, symbol, name, "equity", "", "", "USD", 1.0, 1.0))


EVERY = pytest.mark.parametrize("company", companies(), ids=lambda company: company.names[0])


@EVERY
def test_a_company_that_is_neither_held_nor_in_a_source_is_found_in_three_languages(company: Company) -> None:
    name = company.names[-1]
    for sentence in (
        f"The risk resembles that of {name}, which moved alike.",
        f"Le risque ressemble à celui de {name} : il a évolué de même.",
        f"Das Risiko ähnelt dem von {name}; es bewegte sich gleich.",
    ):
        assert [one for one in named(sentence) if one[1] == company]
    if not company.symbols & {line.symbol for line in PLAIN.holdings}:
        assert found(f"It resembles {name}.") == [
            Finding("caveats[0]", "", name, None, FindingKind.UNSUPPORTED),
        ]  # fmt: skip


@EVERY
def test_a_company_that_is_held_may_be_named_as_it_likes(company: Company) -> None:
    symbol = min(company.symbols)
    for line in (held(symbol, "Something else"), held("OWN", company.names[0].upper())):
        for name in company.names:
            assert found(f"{name} is held, and {name}'s weight is known.", holdings=line) == []


def test_a_company_in_a_source_or_an_earlier_answer_may_be_named() -> None:
    source = replace(view(Kind.MARKET_RESEARCH).evidence.sources[0], passages=("Nestlé raised its prices.",))
    assert found("As Nestlé did.", evidence=Evidence(sources=(source,), language="en")) == []
    brief = view(Kind.COMMITTEE_BRIEF).evidence.analyses[0]
    told = replace(brief, document={"claims": [{"text": "L'Oréal fell."}]})
    for name in ("L’Oréal", "L'Oréal"):
        assert found(f"{name} fell.", evidence=Evidence(analyses=(told,), language="en")) == []
        assert found(f"{name} fell.") != []


def test_whoever_looked_around_may_bring_names_along() -> None:
    assert found("Novartis moved alike.") != []
    assert found("Novartis moved alike.", evidence=Evidence(language="en", beyond=True)) == []


@pytest.mark.parametrize(
    "text",
    [
        "The Pearson correlation is high and prudential limits bind.",
        "A shell company, a visa, an apple and the next target.",
        "Ersatz-Novartis; a pre-Tesla world", "BP and BPS, 25 bp, SSE and SAP.",
        "Bloomberg Barclays Global Aggregate; data of Thomson Reuters; a Best Buy list.",
        "Die Allianz hält; der Imperial-Stil; une roche ; le Prudential Regulation Authority.",
        "Hong Kong Exchanges and Clearing lists it; rio tinto; NESTLÉ; sonyfied.",
    ],
)  # fmt: skip
def test_words_that_only_look_like_companies_are_left_alone(text: str) -> None:
    assert list(named(text)) == []


def test_our_own_prompts_name_no_company() -> None:
    texts = [path.read_text("utf-8") for path in (ROOT / "prompts").rglob("*.md")]
    assert len(texts) > 30
    assert [one for text in texts for one in named(text)] == []


def test_names_of_funds_are_no_companies() -> None:
    funds = [row.name for row in own_instruments() if row.asset_class.value != "equity"]
    assert [(name, one[0]) for name in funds for one in named(name)] == []


def test_the_longest_name_counts_once() -> None:
    text = "Apple Inc. and Apple; UBS Group’s; Nestlé's; die Siemens-Aktie"
    assert sorted(name for name, _ in named(text)) == ["Apple", "Apple Inc.", "Nestlé", "Siemens", "UBS Group"]


@given(st.text(st.characters(categories=("Ll", "Zs", "Nd", "Po"), exclude_characters="’'"), max_size=80))
def test_text_without_capitals_names_nobody(text: str) -> None:
    assert [name for name, _ in named(text) if any(map(str.isupper, name))] == []


@pytest.mark.parametrize(("wanted", "flagged"), [("fr", True), ("en", False), ("", False)])
def test_an_answer_in_another_language_than_the_one_asked_for_is_found(wanted: str, *, flagged: bool) -> None:
    told = found("A caveat.", evidence=Evidence(language=wanted))
    wrong = Finding("language", "", "en", wanted, FindingKind.VALUE)
    assert (wrong in told) is flagged
