"""Words beside numbers: directions that a sign must bear out, numbers worked out from others, names, separators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.analyses.direction import contradiction, is_signed
from core.analyses.typed.binding import Binding
from core.analyses.typed.naming import Naming
from core.analyses.typed.reading import read
from core.analyses.verify import verify
from core.domain.analysis import FindingKind
from core.domain.evidence import Evidence, SourceDocument
from core.domain.facts import Fact, FactSheet
from core.domain.units import Badge, Unit
from tests.unit.analyses.conftest import SHEET as FACTS

Cite = Callable[..., dict[str, Any]]


def signed(value: float, metric_id: str = "return.1y", unit: Unit = Unit.PCT) -> Fact:
    return Fact(metric_id, value, unit, None, None, "", Badge.DERIVED, 2)


def said(text: str, fact: Fact, language: str) -> FindingKind | None:
    (sentence,) = read(text, language, Naming(FACTS))
    (number,) = (one for one in sentence.numbers if not one.loose)
    binding = Binding({fact.metric_id: fact}, {})
    return contradiction(number, fact, sentence, binding.attribute(number, sentence))


DIRECTION, SIGN = FindingKind.DIRECTION, FindingKind.SIGN


@pytest.mark.parametrize(
    ("language", "text", "value", "kind"),
    [
        ("en", "The portfolio rose 12.30 % last year.", 12.3, None),
        ("en", "The portfolio fell 12.30 % last year.", 12.3, DIRECTION),
        ("en", "The portfolio rose 12.30 % last year.", -12.3, DIRECTION),
        ("en", "The portfolio fell 12.30 % last year.", -12.3, None),
        ("en", "The return was -12.30 %.", -12.3, None),
        ("en", "The return was 12.30 %.", -12.3, SIGN),
        ("en", "The return was 12.30 %.", 12.3, None),
        ("en", "Bonds fell, and the portfolio returned 12.30 %.", 12.3, None),
        ("en", "The portfolio rose or fell by 12.30 %.", -12.3, None),
        ("en", "The portfolio did not gain 12.30 %.", -12.3, None),
        ("en", "It lost value, by 12.30 %.", -12.3, None),
        ("fr", "Le portefeuille a progressé de 12,30 %.", -12.3, DIRECTION),
        ("fr", "Le portefeuille a perdu 12,30 %.", -12.3, None),
        ("fr", "Une baisse de 12,30 % sur un an.", 12.3, DIRECTION),
        ("fr", "La performance est de 12,30 %.", -12.3, SIGN),
        ("fr", "Il n'a pas gagné 12,30 %.", -12.3, None),
        ("de", "Das Portfolio ist um 12,30 % gestiegen.", -12.3, DIRECTION),
        ("de", "Das Portfolio ist um 12,30 % gefallen.", -12.3, None),
        ("de", "Ein Verlust von 12,30 %.", 12.3, DIRECTION),
        ("de", "Die Rendite beträgt 12,30 %.", -12.3, SIGN),
        ("de", "Anleihen stiegen und das Portfolio verlor 12,30 %.", -12.3, None),
        ("de", "Ein Wertverlust von 12,30 %.", -12.3, None),
        ("de", "Der Kursgewinn von 12,30 % blieb.", -12.3, DIRECTION),
        ("fr", "Le portefeuille a gagné au moins 12,30 %.", 12.3, None),
        ("fr", "La position a cédé 12,30 %.", -12.3, None),
        ("en", "A negative contribution of 12.30 points.", -12.3, None),
        ("en", "A positive contribution of 12.30 points.", -12.3, DIRECTION),
        ("en", "It returned up to 12.30 % a year.", 12.3, None),
        ("ja", "The portfolio rose 12.30 %.", -12.3, None),
    ],
)
def test_words_must_say_what_the_sign_says(language: str, text: str, value: float, kind: FindingKind | None) -> None:
    assert said(text, signed(value), language) is kind


@pytest.mark.parametrize(
    ("language", "text", "value", "kind"),
    [
        ("en", "It outperformed by 1.20 points.", -1.2, DIRECTION),
        ("en", "It lagged its benchmark by 1.20 points.", -1.2, None),
        ("en", "It ended 1.20 points ahead of its benchmark.", -1.2, DIRECTION),
        ("fr", "Une surperformance de 1,20 point.", -1.2, DIRECTION),
        ("fr", "Il est en retard de 1,20 point.", 1.2, DIRECTION),
        ("de", "Eine Mehrrendite von 1,20 Punkten.", -1.2, DIRECTION),
        ("de", "Es blieb um 1,20 Punkte hinter der Benchmark.", 1.2, DIRECTION),
    ],
)
def test_ahead_and_behind_count_for_differences_to_a_benchmark(
    language: str, text: str, value: float, kind: FindingKind | None
) -> None:
    assert said(text, signed(value, "excess_return.1y", Unit.PP), language) is kind


def test_a_drawdown_is_a_loss_whatever_the_sentence_calls_it() -> None:
    deepest = signed(-33.46, "max_drawdown")
    assert said("The worst stretch from a peak came to 33.46 %.", deepest, "en") is None
    assert said("It once gained 33.46 %.", deepest, "en") is DIRECTION


def test_lagging_a_benchmark_says_nothing_about_the_benchmarks_own_return() -> None:
    text = "The portfolio lagged the benchmark's return of 8.20 %."
    assert said(text, signed(8.2, "benchmark_return.1y"), "en") is None


@pytest.mark.parametrize(
    ("metric_id", "signs"),
    [
        ("return.1y", True), ("acme-7:return.1y", True), ("attribution.selection.equity", True),
        ("stress.gfc_2008", True), ("max_drawdown", True), ("indicator.rates.change_3m", True),
        ("indicator.rates.latest", False),
        ("weight.RETURN", False), ("var_95_1d", False), ("volatility", False), ("hhi", False),
    ],
)  # fmt: skip
def test_only_facts_whose_sign_is_a_direction_are_looked_at(metric_id: str, signs: bool) -> None:
    assert is_signed(signed(1.0, metric_id)) is signs


def test_a_contradicting_word_is_a_finding_with_its_place(sheet: FactSheet, cite: Cite) -> None:
    claim = {"metrics": [cite("max_drawdown")], "source_ids": [], "text": "It once gained 33.46 %.", "kind": "fact"}
    (finding,) = verify({"claims": [claim], "language": "en"}, sheet).findings
    assert (finding.path, finding.kind, finding.true) == ("claims[0].text", DIRECTION, "-33.46")


def checked(sheet: FactSheet, text: str, *metrics: dict[str, Any], sources: Any = ()) -> list[tuple[str, FindingKind]]:
    claim = {"metrics": list(metrics), "source_ids": list(sources), "text": text, "kind": "fact"}
    found = verify({"claims": [claim], "language": "en"}, sheet).findings
    return [(finding.stated, finding.kind) for finding in found]


@pytest.mark.parametrize(
    "text",
    [
        "The two largest weigh 77.70 % together.",
        "The largest weighs 14.54 percentage points more than the next.",
        "The largest is 1.46x the next.",
        "The next is 68.5 % of the largest.",
    ],
)
def test_a_number_that_follows_from_two_cited_facts_holds(sheet: FactSheet, cite: Cite, text: str) -> None:
    assert checked(sheet, text, cite("weight.AAPL"), cite("weight.VOO")) == []


def test_a_share_of_an_amount_may_be_worked_out(sheet: FactSheet, cite: Cite) -> None:
    text = "The largest position is worth about USD 569,420."
    assert checked(sheet, text, cite("weight.AAPL"), cite("total_value")) == []


@pytest.mark.parametrize(
    "text",
    [
        "The two largest weigh 79.70 % together.",
        "The largest is 1.56x the next.",
        "Together they weigh 15 %.",
        "The two largest weigh USD 77.70 together.",
    ],
)
def test_a_number_that_follows_from_nothing_cited_does_not(sheet: FactSheet, cite: Cite, text: str) -> None:
    assert len(checked(sheet, text, cite("weight.AAPL"), cite("weight.VOO"))) == 1


def test_nothing_is_worked_out_from_what_is_cited_elsewhere_or_from_very_many_facts(
    sheet: FactSheet, cite: Cite
) -> None:
    text = "The two largest weigh 77.70 % together."
    assert checked(sheet, text, cite("weight.AAPL")) != []
    many = [cite(name) for name in ("weight.AAPL", "weight.VOO", "hhi", "volatility", "sharpe")]
    assert checked(sheet, text, *many) != []


@pytest.mark.parametrize(
    ("mark", "text", "kinds"),
    [
        (",", "Das Gewicht ist 46,123 %.", []),
        (",", "Das Gewicht ist 46.123 %.", [FindingKind.SCALE]),
        (".", "The weight is 46.123 %.", []),
        (".", "The weight is 46,123 %.", [FindingKind.SCALE]),
        ("", "The weight is 46,123 %.", []),
    ],
)
def test_a_separator_is_what_it_is_in_the_region(
    sheet: FactSheet, cite: Cite, mark: str, text: str, kinds: list[FindingKind]
) -> None:
    regional = replace(sheet, evidence=Evidence(decimal_mark=mark))
    assert [kind for _, kind in checked(regional, text, cite("weight.AAPL"))] == kinds


@pytest.mark.parametrize(
    ("text", "strangers"),
    [
        ("Sell SAP.DE and US0378331005.", ["SAP.DE", "US0378331005"]),
        ("Toyota (7203.T) stays.", []),
        ("The U.S. and the S.A. differ.", []),
        ("See Art. 5 and 2.5 % of N.A.V.", []),
    ],
)
def test_a_ticker_or_isin_that_was_never_named_is_unsupported(
    sheet: FactSheet, text: str, strangers: list[str]
) -> None:
    found = verify({"summary": text, "language": "en"}, sheet).findings
    assert [one.stated for one in found if one.path == "summary" and not one.stated[0].isdigit()] == strangers


def test_a_named_source_must_exist_and_carries_its_own_numbers(sheet: FactSheet) -> None:
    source = SourceDocument("n1", "Quarter", "Wire", None, None, "news", ("Sales rose 4.7 % to USD 2,100 million.",))
    told = replace(sheet, evidence=Evidence(sources=(source,)))
    assert checked(told, "The company says sales rose 4.7 %.", sources=["n1"]) == []
    assert checked(told, "The company says sales rose 4.8 %.", sources=["n1"]) == [("4.8 %", FindingKind.UNSUPPORTED)]
    assert checked(told, "Sales rose 4.7 %.") == [("4.7 %", FindingKind.UNSUPPORTED)]
    assert checked(told, "They grew.", sources=["n2"]) == [("n2", FindingKind.UNSUPPORTED)]


def test_what_must_be_stated_is_counted(sheet: FactSheet, cite: Cite) -> None:
    claim = {"metrics": [cite("hhi")], "source_ids": [], "text": "It is concentrated.", "kind": "fact"}
    found = verify({"claims": [claim]}, sheet, ("hhi", "volatility", "beta"))
    assert (found.wanted, found.covered) == (2, 1)
