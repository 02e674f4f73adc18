"""A portfolio too long for a model, made to fit by one stated rule and never in silence.

The rule: the smallest lines go first. They become one line, "OTHERS", with the sum of their weights and values; what
was stated of each of them alone (its weight, its share of risk) is left out, and their sum is stated instead. Figures
of the whole portfolio were computed from all lines and stay as they are. The sheet that results is the one that is
stored and that answers are checked against, and it says what was folded, to the model as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from core.domain.facts import AbsentFact, Fact, FactSheet, HoldingFact
from core.domain.units import Badge, Unit

OTHERS: Final = "OTHERS"
"""Id of the line that stands for the folded ones."""

FOLDED: Final = "holdings.folded"
"""Under this id a sheet says what was folded."""

OF_LINES: Final = ("weight.", "risk_share.", "contribution.")
"""Families of metrics that are stated of single lines."""


@dataclass(frozen=True, slots=True)
class Trimmed:
    """A sheet that fits.

    Attributes:
        folded: Lines that became one.
        weight_pct: Their share together; NaN where shares have no meaning.
    """

    sheet: FactSheet
    folded: int
    weight_pct: float

    @property
    def sentence(self) -> str:
        """What a person should know before it is sent."""
        share = "" if math.isnan(self.weight_pct) else f" ({self.weight_pct:.2f} % of its value)"
        return (
            f"The {self.folded:,} smallest holdings of portfolio '{self.sheet.portfolio_id}'{share} are shown to the "
            f"model as one line, {OTHERS}: all of them would not fit."
        )


def fitted(sheet: FactSheet, fits: Callable[[FactSheet], bool]) -> Trimmed | None:
    """The sheet with as few lines folded as will fit; None when even one line for all of them does not.

    Args:
        fits: Whether a sheet fits. Folding more never makes one longer, so the least number is found by halving.
    """
    order = sorted(sheet.holdings, key=_size)
    low, high = 2, len(order)
    if high < low or not fits(_folded(sheet, order, high).sheet):
        return None
    while low < high:
        middle = (low + high) // 2
        if fits(_folded(sheet, order, middle).sheet):
            high = middle
        else:
            low = middle + 1
    return _folded(sheet, order, low)


def _size(line: HoldingFact) -> float:
    """What decides which lines are the smallest: the weight without its sign; a line without one stays to the last."""
    for measure in (line.weight_pct, line.value_base):
        if not math.isnan(measure):
            return abs(measure)
    return math.inf


def _folded(sheet: FactSheet, order: list[HoldingFact], count: int) -> Trimmed:
    small = order[:count]
    gone = {line.holding_id for line in small}
    name = OTHERS
    while any(line.holding_id == name for line in sheet.holdings):
        name += "_"
    weight, value = sum(line.weight_pct for line in small), sum(line.value_base for line in small)
    note = f"{count:,} smallest holdings, shown as one line"
    row = HoldingFact(name, name, note, "", "", "", sheet.base_currency, weight, value)
    facts = [fact for fact in sheet.facts if not _about(fact.metric_id, gone)]
    of_lines = [fact for fact in sheet.facts if fact.metric_id.startswith("weight.")]
    if of_lines and not math.isnan(weight):
        definition = f"Sum of the weights of the {count:,} smallest holdings, which are shown as one line."
        facts.append(Fact(f"weight.{name}", weight, Unit.PCT, None, of_lines[0].period, definition, Badge.DERIVED, 2))
    absent = [one for one in sheet.absent if not _about(one.metric_id, gone)]
    share = "" if math.isnan(weight) else f", {weight:.2f} pct of value"
    absent.append(
        AbsentFact(
            FOLDED, f"The {count:,} smallest holdings{share}, stand together as {name}: single figures are not shown."
        )
    )
    kept = (line for line in sheet.holdings if line.holding_id not in gone)
    return Trimmed(
        replace(sheet, facts=tuple(facts), absent=tuple(absent), holdings=(*kept, row)),
        folded=count,
        weight_pct=weight,
    )


def _about(metric_id: str, holdings: set[str]) -> bool:
    """Whether a metric is stated of one of these holdings alone."""
    return any(metric_id.startswith(prefix) and metric_id[len(prefix) :] in holdings for prefix in OF_LINES)
