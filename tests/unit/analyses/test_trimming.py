"""A portfolio made to fit: the smallest lines first, their sum kept, the rest untouched, and all of it said."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analyses.trimming import FOLDED, OTHERS, fitted
from core.domain.facts import Fact, FactSheet, HoldingFact
from core.domain.units import Badge, Unit


def _sheet(weights: list[float]) -> FactSheet:
    lines = tuple(
        HoldingFact(f"H{n}", f"H{n}", f"Holding {n}", "equity", "", "US", "USD", weight, weight * 10)
        for n, weight in enumerate(weights)
    )
    facts = [Fact("hhi", 0.1, Unit.RATIO, None, "as of 2026-10-30", "…", Badge.DERIVED, 3)]
    for family in ("weight.", "risk_share."):
        facts += [
            Fact(
                f"{family}{line.holding_id}", line.weight_pct, Unit.PCT, None, "as of 2026-10-30", "…", Badge.DERIVED, 2
            )
            for line in lines
        ]
    return FactSheet("p", "P", date(2026, 10, 30), "USD", "US", tuple(facts), (), lines)


def test_the_smallest_lines_become_one_with_their_sum() -> None:
    found = fitted(_sheet([40, 1, 30, 2, 27]), lambda sheet: len(sheet.holdings) <= 4)
    assert found is not None
    sheet = found.sheet
    assert [line.holding_id for line in sheet.holdings] == ["H0", "H2", "H4", OTHERS]
    assert sheet.holdings[-1].weight_pct == 3
    assert sheet.holdings[-1].value_base == 30
    ids = {fact.metric_id for fact in sheet.facts}
    assert {"weight.H0", "risk_share.H4", "weight.OTHERS", "hhi"} <= ids
    assert not {"weight.H1", "risk_share.H3"} & ids
    assert sheet.by_id()["weight.OTHERS"].value == 3
    assert [one.metric_id for one in sheet.absent] == [FOLDED]
    assert "3.00 pct of value" in sheet.absent[0].reason
    assert found.sentence.startswith("The 2 smallest holdings of portfolio 'p' (3.00 % of its value) are shown")


def test_no_more_is_folded_than_must_be() -> None:
    found = fitted(_sheet([float(n) for n in range(1, 101)]), lambda sheet: len(sheet.holdings) <= 60)
    assert found is not None
    assert found.folded == 41
    assert len(found.sheet.holdings) == 60


def test_where_one_line_is_still_too_much_there_is_no_sheet() -> None:
    assert fitted(_sheet([60, 40]), lambda _: False) is None
    assert fitted(_sheet([100]), lambda _: True) is None


def test_a_short_position_is_as_large_as_a_long_one() -> None:
    found = fitted(_sheet([50, -45, 3, 2]), lambda sheet: len(sheet.holdings) <= 3)
    assert found is not None
    assert [line.holding_id for line in found.sheet.holdings] == ["H0", "H1", OTHERS]


def test_a_holding_that_is_called_others_keeps_its_name() -> None:
    sheet = _sheet([60, 30, 10])
    own = FactSheet(
        "p", "P", sheet.as_of, "USD", "US", sheet.facts, (),
        (
            *sheet.holdings[:1],
            HoldingFact("OTHERS", "OTHERS", "Others Inc.", "equity", "", "US", "USD", 30, 300),
            HoldingFact("X", "X", "X", "equity", "", "US", "USD", 5, 50),
            HoldingFact("Y", "Y", "Y", "", "", "", "USD", 5, 50),
        ),
    )  # fmt: skip
    found = fitted(own, lambda sheet: len(sheet.holdings) <= 3)
    assert found is not None
    assert [line.holding_id for line in found.sheet.holdings] == ["H0", "OTHERS", "OTHERS_"]


def test_weights_without_meaning_stay_without_meaning() -> None:
    found = fitted(_sheet([math.nan, 3, 2, 95]), lambda sheet: len(sheet.holdings) <= 1)
    assert found is not None
    assert math.isnan(found.weight_pct)
    assert "weight.OTHERS" not in {fact.metric_id for fact in found.sheet.facts}


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=40), st.integers(1, 40))
def test_folding_loses_no_weight_and_keeps_the_order(weights: list[float], room: int) -> None:
    sheet = _sheet(weights)
    found = fitted(sheet, lambda one: len(one.holdings) <= min(room, len(weights) - 1))
    assert found is not None
    assert sum(line.weight_pct for line in found.sheet.holdings) == pytest.approx(sum(weights))
    kept = [line.holding_id for line in found.sheet.holdings[:-1]]
    assert kept == [line.holding_id for line in sheet.holdings if line.holding_id in set(kept)]
