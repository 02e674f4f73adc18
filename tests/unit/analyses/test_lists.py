"""In a list of counts about one subject every number is that subject's own, and of the quantity named beside it."""

from __future__ import annotations

from datetime import date

import pytest

from core.analyses.verify import verify
from core.domain.facts import Fact, FactSheet, HoldingFact
from core.domain.units import Badge, Unit
from tests.bench.real.cases import SHEET, answer

VOTED = {
    "ASML": {"meetings": 14, "proposals": 31, "abstentions": 3, "objections": 6},
    "SAP": {"meetings": 11, "proposals": 25, "abstentions": 6, "objections": 14},
}
FACTS = tuple(
    Fact(f"{family}.{name}", float(count), Unit.COUNT, None, None, "", Badge.REAL, 0)
    for name, counts in VOTED.items()
    for family, count in counts.items()
)
VOTES = FactSheet(
    "votes", "Votes", date(2026, 10, 30), "EUR", "EU", FACTS, (),
    tuple(HoldingFact(name, name, name, "equity", "", "", "EUR", 0.0, 0.0) for name in VOTED),
)  # fmt: skip


def found(text: str, language: str = "en") -> list[str]:
    metrics = [
        {"metric_id": one.metric_id, "value": one.value, "unit": "count", "currency": None, "period": None}
        for one in FACTS
    ]
    claim = {"metrics": metrics, "source_ids": [], "text": text, "kind": "fact"}
    return [one.stated for one in verify({"language": language, "claims": [claim]}, VOTES).findings]


@pytest.mark.parametrize(
    "text",
    [
        "ASML held 14 meetings on 31 proposals, with three abstentions and six objections.",
        "SAP held 11 meetings, while ASML held 14 meetings.",
        "ASML saw 6-of-31 go against it.",
        "ASML held 14 meetings under a three-meetings rule.",
        "SAP (14-25) held 11 meetings.",
    ],
)
def test_true_lists_stand(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("ASML held 14 meetings on 25 proposals.", "25"),
        ("ASML held 14 meetings, with six abstentions.", "six"),
        ("SAP held 11 meetings, while ASML held 11 meetings.", "11"),
        ("ASML held 31 meetings.", "31"),
        ("ASML saw 5-of-31 go against it.", "5"),
        ("SAP (9-25) held 11 meetings.", "9"),
    ],
)
def test_a_number_of_another_subject_or_quantity_is_a_finding(text: str, stated: str) -> None:
    assert stated in found(text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Über ein Jahr brachte das Portfolio 9,84 %, die Benchmark 18,34 %."),
        ("en", "Over one year the portfolio made 9.84 %, the benchmark 18.34 %."),
        ("fr", "Sur un an, le portefeuille a fait 9,84 %, l'indice de référence 18,34 %."),
    ],
)
def test_a_number_of_the_benchmark_is_no_weight_of_a_holding(language: str, text: str) -> None:
    document = answer(text) | {"language": language}
    document["claims"][0]["metrics"].append(
        {"metric_id": "weight.MSFT", "value": 18.34, "unit": "pct", "currency": None, "period": "as of 2026-10-30"}
    )
    assert [one.stated for one in verify(document, SHEET).findings] == ["18.34 %" if language == "en" else "18,34 %"]
