"""A typed number holds only where its clause speaks of what the fact is about; so do the words around it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.analyses.typed.grades import level_of_risk
from core.analyses.verify import verify
from core.domain.analysis import FindingKind, Kind
from core.domain.facts import Fact, FactSheet, HoldingFact
from core.domain.units import Badge, Unit
from tests.bench.real.cases import SHEET, answer
from tests.unit.analyses import whole

F = FindingKind


def found(text: str, language: str = "en", sheet: FactSheet = SHEET) -> list[tuple[str, FindingKind]]:
    """Findings about a claim that cites the portfolio's figures and those of whom it names."""
    document = answer(text) | {"language": language}
    return [(one.stated, one.kind) for one in verify(document, sheet).findings]


TRUE = [
    ("en", "Microsoft weighs 18.34 % and ASML 10.48 %."),
    ("en", "Of the risk, ASML carries 27.61 % and Microsoft 24.11 %."),
    ("en", "The portfolio returned 9.84 %, the benchmark 11.02 %."),
    ("en", "It trails its benchmark by 1.18 percentage points over one year."),
    ("en", "Microsoft is the largest holding, ahead of the Bundesrepublik 2.20% 02/2034."),
    ("en", "The Sharpe ratio is 0.62 and beta 0.84; volatility of 12.35 % is no surprise."),
    ("en", "One day in twenty cost 1.28 % or more, and the average loss on those days was 1.93 %."),
    ("en", "From October 29, 2020 to October 30, 2026 the deepest drawdown was 23.47 %."),
    ("en", "3M took 1.02 percentage points from the return."),
    ("en", "The euro weighs more than the dollar."),
    ("fr", "Microsoft pèse 18,34 % et ASML 10,48 %."),
    ("fr", "Le portefeuille a rapporté 9,84 %, soit 1,18 point de moins que son indice de référence."),
    ("fr", "La perte moyenne au-delà de la VaR, 1,93 %, est supérieure à la VaR de 1,28 %."),
    ("fr", "Microsoft est la première ligne, devant SAP."),
    ("de", "Microsoft wiegt 18,34 % und ASML 10,48 %."),
    ("de", "Das Portfolio blieb mit 9,84 % um 1,18 Prozentpunkte hinter der Benchmark (11,02 %) zurück."),
    ("de", "3M schmälerte die Rendite um 1,02 Prozentpunkte."),
    ("de", "Der Wert büsste in der Historie zeitweise 23,47 % ein."),
    ("de", "Nestlé trug über ein Jahr 0,85 Prozentpunkte bei, SAP 2,61."),
]


@pytest.mark.parametrize(("language", "text"), TRUE)
def test_what_a_professional_writes_truly_is_left_alone(language: str, text: str) -> None:
    assert found(text, language) == []


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        # another's number
        ("en", "ASML weighs 18.34 % and Microsoft 10.48 %.", F.WRONG_ID),
        ("fr", "ASML pèse 18,34 % et Microsoft 10,48 %.", F.WRONG_ID),
        ("de", "ASML wiegt 18,34 % und Microsoft 10,48 %.", F.WRONG_ID),
        ("en", "The portfolio gained 11.02 % and the benchmark 9.84 %.", F.WRONG_ID),
        ("de", "Die Benchmark gewann 9,84 %.", F.WRONG_ID),
        # another quantity
        ("en", "The value at risk is 1.93 %.", F.WRONG_ID),
        ("fr", "La volatilité est de 1,28 %.", F.WRONG_ID),
        ("en", "The worst loss in a day was 1.93 %.", F.WRONG_ID),
        # another period or unit
        ("en", "Over three years the portfolio returned 9.84 % a year.", F.PERIOD),
        ("fr", "Sur trois ans, le portefeuille a gagné 9,84 % par an.", F.PERIOD),
        ("de", "Über drei Jahre gewann das Portfolio 9,84 % pro Jahr.", F.PERIOD),
        ("en", "It trails its benchmark by 1.18 %.", F.UNIT),
        # relations
        ("en", "The portfolio beat its benchmark over the year.", F.DIRECTION),
        ("fr", "Le portefeuille a surperformé son indice de référence sur un an.", F.DIRECTION),
        ("de", "Das Portfolio übertraf die Benchmark über ein Jahr.", F.DIRECTION),
        ("en", "ASML is the largest holding.", F.DIRECTION),
        ("fr", "ASML est la première ligne.", F.DIRECTION),
        ("de", "ASML ist die zweitgrösste Position.", F.DIRECTION),
        ("en", "Roche is larger than Nestlé.", F.DIRECTION),
        ("de", "Apple wiegt mehr als Nestlé.", F.DIRECTION),
        # sizes in words and rounding
        ("en", "About a third of the portfolio is in Microsoft.", F.VALUE),
        ("fr", "Un tiers du portefeuille est en liquidités.", F.VALUE),
        ("de", "Ein Drittel des Portfolios steckt in Microsoft.", F.VALUE),
        ("en", "Microsoft is 1/3 of the portfolio.", F.VALUE),
        ("en", "The value doubled over the year.", F.UNSUPPORTED),
        ("en", "Volatility is 12.4 %.", F.UNSUPPORTED),
        ("en", "Beta is 0.8.", F.UNSUPPORTED),
        # counts
        ("en", "The Sharpe ratio is 2.", F.VALUE),
        ("en", "It acts like three equal positions.", F.VALUE),
        ("de", "Das Portfolio hat fünf Positionen.", F.VALUE),
        # dates
        ("en", "As of 30 September 2026 volatility is 12.35 %.", F.PERIOD),
        ("fr", "Depuis 2015, la volatilité est de 12,35 %.", F.PERIOD),
        ("de", "Am 31.12.2025 betrug die Volatilität 12,35 %.", F.PERIOD),
    ],
)
def test_what_is_said_of_something_else_is_a_finding(language: str, text: str, kind: FindingKind) -> None:
    assert kind in {one for _, one in found(text, language)}, found(text, language)


@pytest.mark.parametrize(
    "text",
    [
        "COVID-19 was a shock.", "A 401(k) plan is not shown.", "A 529 plan is none.", "ISO 4217 codes are used.",
        "The 200-day average is not given.", "The 95 % level was used.", "The Bund 2.20% 02/2034 is a bond.",
        "Article L. 214-21 says so.",
    ],
)  # fmt: skip
def test_names_with_digits_are_no_figures(text: str) -> None:
    assert found(text) == []


def test_a_language_without_a_lexicon_is_judged_by_its_numbers_alone() -> None:
    assert found("De portefeuille versloeg de benchmark.", "nl") == []
    assert found("De volatiliteit is 14,9 %.", "nl") == [("14,9 %", F.UNSUPPORTED)]


def compliance(path: str, text: str) -> set[FindingKind]:
    document = whole.answer(Kind.COMPLIANCE)
    if path == "summary":
        document["summary"] = text
    else:
        next(one for one in document["findings"] if one["rule_id"] == path)["explanation"] = text
    return {one.kind for one in whole.checked(Kind.COMPLIANCE, document).findings}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("summary", "No rule is breached."),
        ("summary", "The portfolio complies with all rules."),
        ("summary", "It complies with all the other rules."),
        ("summary", "Two rules are breached."),
        ("summary", "Under article 54 the limit may be exceeded."),
        ("EU.UCITS.52.2", "The rule is kept."),
        ("EU.UCITS.52.2", "The measure stays below the limit."),
        ("EU.UCITS.52.2", "The breach is passive."),
        ("EU.UCITS.55", "The rule is breached."),
        ("EU.UCITS.55", "The measure stands just below the limit."),
    ],
)
def test_words_about_rules_say_what_the_engine_decided(path: str, text: str) -> None:
    assert F.RULE in compliance(path, text)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("summary", "One rule is breached."),
        ("summary", "The other rules that could be assessed are kept."),
        ("EU.UCITS.52.2", "The measure exceeds the limit."),
        ("EU.UCITS.52.2", "Whether the breach is active or passive is not known."),
        ("EU.UCITS.55", "The measure stays far below the limit, and the rule is kept."),
    ],
)
def test_true_words_about_rules_are_left_alone(path: str, text: str) -> None:
    assert compliance(path, text) == set()


def test_a_brief_neither_approves_a_breach_nor_goes_without_dissent_nor_invents_dates() -> None:
    document = whole.answer(Kind.COMMITTEE_BRIEF)
    document |= {"recommendation": "approve", "dissent": []}
    document["follow_ups"] = [{"task": "Sell.", "owner_role": "risk", "due_date": "2026-12-31"}]
    kinds = whole.kinds(whole.checked(Kind.COMMITTEE_BRIEF, document).findings)
    assert kinds["recommendation"] is F.RULE
    assert kinds["dissent"] is kinds["follow_ups[0].due_date"] is F.UNSUPPORTED


@pytest.mark.parametrize(("level", "wrong"), [("very_low", True), ("low", False), ("high", False), ("very_high", True)])
def test_the_overall_level_is_near_what_volatility_gives(level: str, wrong: bool) -> None:
    assert bool(list(level_of_risk({"overall_level": level}, SHEET))) is wrong


def change(*values: tuple[str, float]) -> tuple[FactSheet, list[dict[str, Any]]]:
    facts = tuple(
        Fact(f"sales.{year}", value, Unit.SCORE, None, f"{year}-01-01..{year}-12-31", "", Badge.REAL, 0)
        for year, value in values
    )
    metrics = [
        {"metric_id": one.metric_id, "value": one.value, "unit": "score", "currency": None, "period": one.period}
        for one in facts
    ]
    return replace(SHEET, facts=facts, holdings=()), metrics


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("The percentage change of sales from 2018 to 2019: 25.00 percent.", True),
        ("The percentage change of sales from 2018 to 2019: -25.00 percent.", False),
        ("The change of sales from 2018 to 2019: 150.", True),
        ("The change of sales from 2018 to 2019: -150.", False),
        ("The average of sales in 2018 and 2019: 675.", True),
        ("The sum of sales in 2018 and 2019: 1350.", True),
        ("The sum of sales in 2018 and 2019: 1360.", False),
    ],
)
def test_calculations_have_their_order_and_their_sign(text: str, holds: bool) -> None:
    sheet, metrics = change(("2018", 600.0), ("2019", 750.0))
    claim = {"metrics": metrics, "source_ids": [], "text": text, "kind": "fact"}
    assert (verify({"language": "en", "claims": [claim]}, sheet).findings == ()) is holds


def test_number_words_belong_to_whom_the_clause_names() -> None:
    facts = tuple(
        Fact(f"points.{name}", value, Unit.COUNT, None, None, "", Badge.REAL, 0) for name, value in (("A", 9), ("B", 4))
    )
    holdings = tuple(HoldingFact(name, name, full, "equity", "", "", "USD", 0.0, 0.0)
                     for name, full in (("A", "Al Horford"), ("B", "Jae Crowder")))  # fmt: skip
    sheet = replace(SHEET, facts=facts, holdings=holdings)
    metrics = [{"metric_id": one.metric_id, "value": one.value, "unit": "count", "currency": None, "period": None}
               for one in facts]  # fmt: skip
    for text, wrong in (("Al Horford had nine points and Jae Crowder four points.", 0),
                        ("Al Horford had four points and Jae Crowder nine points.", 2)):  # fmt: skip
        claim = {"metrics": metrics, "source_ids": [], "text": text, "kind": "fact"}
        assert len(verify({"language": "en", "claims": [claim]}, sheet).findings) == wrong, text
