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
    ("en", "The scenario gfc_2008 was not computed."),
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


MORE_TRUE = [
    ("en", "At 18.34 % Microsoft is by far the largest line; the Bundesrepublik 2.20% 02/2034 follows with 16.40 %."),
    ("en", "Volatility of 12.35 % and a beta of 0.84 point to moderate risk."),
    ("en", "The portfolio earned 9.84 % over the year, while the benchmark made 11.02 %."),
    ("en", "With 9 holdings and an effective number of 7.28, the book is well spread."),
    ("en", "The dollar accounts for 36.50 % and the euro for 38.83 % of the portfolio."),
    ("en", "ASML carries more of the risk (27.61 %) than its weight of 10.48 % suggests."),
    ("en", "Over the twelve months to October 30, 2026 the lag was 1.18 percentage points."),
    ("en", "A fall of 20 % in equities would cost the portfolio 13.85 %."),
    ("en", "The value at risk of 1.28 % was exceeded on one day in twenty; on those days the loss averaged 1.93 %."),
    ("en", "Cash is 6.65 %, less than any of the five largest holdings."),
    ("en", "Microsoft added most, with 3.42 percentage points, ahead of SAP with 2.61."),
    ("en", "3M was the only detractor and cost 1.02 percentage points."),
    ("en", "The portfolio is worth EUR 12.35 million."),
    ("en", "Together Microsoft and ASML weigh 28.82 %."),
    ("en", "Drawdown reached -23.47 %, and the Sharpe ratio stands at 0.62."),
    ("en", "The maximum drawdown of 23.47 % fell into the simulated history from October 2020."),
    ("en", "Not even Microsoft exceeds 20 %."),
    ("en", "In 2026 nothing changed."),
    ("en", "The first half of the year was weak, the second half strong."),
    ("en", "It holds nine positions in three currencies."),
    (
        "fr",
        (
            "Avec 18,34 %, Microsoft est de loin la première ligne ; viennent ensuite les 16,40 % du "
            "Bundesrepublik 2.20% 02/2034."
        ),
    ),
    ("fr", "La volatilité s’élève à 12,35 % et le bêta à 0,84."),
    ("fr", "Sur un an, le portefeuille gagne 9,84 %, contre 11,02 % pour l’indice de référence."),
    ("fr", "Le dollar pèse 36,50 % et l’euro 38,83 % du portefeuille."),
    ("fr", "ASML porte 27,61 % du risque pour un poids de 10,48 %."),
    ("fr", "Le retard sur l’indice atteint 1,18 point de pourcentage sur douze mois."),
    ("fr", "Une baisse de 20 % des actions coûterait 13,85 %."),
    ("fr", "La perte maximale atteint 23,47 %."),
    ("fr", "Microsoft a apporté 3,42 points de pourcentage, SAP 2,61 et 3M en a coûté 1,02."),
    ("fr", "Le portefeuille vaut 12,35 millions d’euros et compte 9 lignes."),
    ("fr", "Les liquidités représentent 6,65 %."),
    ("fr", "Un jour sur vingt, la perte dépasse 1,28 % ; elle est alors en moyenne de 1,93 %."),
    ("de", "Mit 18,34 % ist Microsoft mit Abstand die grösste Position."),
    ("de", "Die Volatilität beträgt 12,35 %, das Beta 0,84."),
    (
        "de",
        "Über ein Jahr legte das Portfolio 9,84 % zu, die Benchmark 11,02 %; der Rückstand beträgt 1,18 Prozentpunkte.",
    ),
    ("de", "Der Dollar macht 36,50 % und der Euro 38,83 % aus."),
    ("de", "ASML trägt 27,61 % des Risikos bei einem Gewicht von 10,48 %."),
    ("de", "Ein Rückgang der Aktien um 20 % würde 13,85 % kosten."),
    ("de", "Der grösste Rückschlag der Historie war 23,47 %."),
    ("de", "Microsoft trug 3,42 Prozentpunkte bei, SAP 2,61; 3M kostete 1,02 Prozentpunkte."),
    ("de", "An einem von zwanzig Tagen verlor das Portfolio mehr als 1,28 %, im Mittel 1,93 %."),
    ("de", "Das Portfolio ist 12,35 Mio. EUR wert und umfasst neun Positionen."),
    ("de", "Die flüssigen Mittel liegen bei 6,65 %."),
    ("de", "Nestlé ist mit 15,22 % kleiner als Microsoft."),
]
WRONG = [
    ("en", "Nestlé weighs 11.95 %."),
    ("en", "SAP carries 27.61 % of the risk."),
    ("en", "The euro accounts for 36.50 %."),
    ("en", "The benchmark gained 9.84 %."),
    ("en", "The expected shortfall is 1.28 %."),
    ("en", "Over five years it returned 9.84 % a year."),
    ("en", "The drawdown was 12.35 %."),
    ("en", "Nearly half of the portfolio is in Microsoft."),
    ("en", "The portfolio tripled."),
    ("en", "3M contributed most."),
    ("en", "Apple is larger than SAP."),
    ("en", "Nestlé ranks 2nd by weight."),
    ("en", "The Sharpe ratio exceeds 1."),
    ("en", "In 2018 volatility was 12.35 %."),
    ("en", "It lagged the benchmark by 1.18 points? No: it outperformed."),
    ("en", "The portfolio holds 12 positions."),
    ("en", "Microsoft added 2.61 percentage points."),
    ("en", "The portfolio gained 23.47 %."),
    ("en", "Cash makes up a quarter of the portfolio."),
    ("en", "VaR cannot exceed 1.28 %."),
    ("en", "Beta is 1."),
    ("fr", "Nestlé pèse 11,95 %."),
    ("fr", "SAP porte 27,61 % du risque."),
    ("fr", "L’indice de référence a gagné 9,84 %."),
    ("fr", "Sur cinq ans, le rendement est de 9,84 % par an."),
    ("fr", "La moitié du portefeuille est en Microsoft."),
    ("fr", "Apple est plus grand que SAP."),
    ("fr", "Nestlé est la deuxième ligne."),
    ("fr", "Depuis 2018, la volatilité est de 12,35 %."),
    ("fr", "Le portefeuille compte douze lignes."),
    ("fr", "Microsoft a apporté 2,61 points de pourcentage."),
    ("fr", "La perte maximale est de 12,35 %."),
    ("de", "Nestlé wiegt 11,95 %."),
    ("de", "SAP trägt 27,61 % des Risikos."),
    ("de", "Die Benchmark legte 9,84 % zu."),
    ("de", "Über fünf Jahre betrug die Rendite 9,84 % pro Jahr."),
    ("de", "Die Hälfte des Portfolios liegt in Microsoft."),
    ("de", "Apple ist grösser als SAP."),
    ("de", "Nestlé ist die zweitgrösste Position."),
    ("de", "Seit 2018 beträgt die Volatilität 12,35 %."),
    ("de", "Das Portfolio umfasst zwölf Positionen."),
    ("de", "Microsoft trug 2,61 Prozentpunkte bei."),
    ("de", "Der grösste Rückschlag betrug 12,35 %."),
]


@pytest.mark.parametrize(("language", "text"), [*TRUE, *MORE_TRUE])
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


@pytest.mark.parametrize(("language", "text"), WRONG)
def test_what_is_not_so_is_never_passed_over(language: str, text: str) -> None:
    assert found(text, language) != []


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
