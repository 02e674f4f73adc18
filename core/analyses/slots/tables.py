"""The tables of a prompt that asks for slots: nothing in them twice, and what the program judges itself.

A holding's weight stands in HOLDINGS alone and is the fact `weight.<holding_id>`. That prices are simulated is said by
the program in a caveat, so no row of METRICS says it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from core.analyses.cells import cell
from core.analyses.slots.form import Grade
from core.analyses.tables import TableWriter
from core.domain.facts import Fact, FactSheet, HoldingFact

_METRICS = "</PORTFOLIO>\n<METRICS>\nid|value|unit|currency|period\n"
_ABSENT = "</METRICS>\n<ABSENT>\nid|reason\n"
_HOLDINGS = "</ABSENT>\n<HOLDINGS>\nholding_id|name|asset_class|sector|country|currency|"
_TERMS: Final[dict[str, Callable[[HoldingFact], str]]] = {
    "exposure": lambda line: line.exposure,
    "hedged_to": lambda line: line.hedged_to,
    "rating": lambda line: line.rating,
    "duration": lambda line: "" if line.duration_years is None else f"{line.duration_years:g}",
}
"""What is known of lines beyond the usual, a column each where any line has it."""

_WEIGHT = "weight."


class SlotTableWriter(TableWriter):
    """Writes the tables of many portfolios for prompts that ask for slots.

    Args:
        count: Tokens of a text.
        grades: What the program judges itself of a portfolio.
    """

    def __init__(self, count: Callable[[str], int], grades: Callable[[FactSheet], tuple[Grade, ...]]) -> None:
        super().__init__(count)
        self._grades = grades

    def heads(self, sheet: FactSheet) -> tuple[str, str, str]:
        """With a column for each term that any line has, and without those that say nothing here."""
        return _METRICS, _ABSENT, f"{_HOLDINGS}{''.join(f'{name}|' for name in _terms(sheet))}weight|value\n"

    def shown(self, sheet: FactSheet) -> Iterable[Fact]:
        """All facts but the weights of lines, which stand in HOLDINGS."""
        lines = {f"{_WEIGHT}{line.holding_id}" for line in sheet.holdings}
        return (fact for fact in sheet.facts if fact.metric_id not in lines)

    def fact_tail(self, fact: Fact) -> str:
        """A row of METRICS behind its value."""
        return f"|{fact.unit}|{cell(fact.currency or '')}|{cell(fact.period or '')}\n"

    def holding_cells(self, sheet: FactSheet) -> Callable[[HoldingFact], tuple[str, ...]]:
        """With what is known of exposure, hedge, rating and duration."""
        plain, terms = super().holding_cells(sheet), [_TERMS[name] for name in _terms(sheet)]
        return (lambda line: (*plain(line), *(term(line) for term in terms))) if terms else plain

    def more(self, sheet: FactSheet) -> str:
        """BENCHMARK and GRADES, then what all prompts show."""
        return "".join(self._own(sheet)) + super().more(sheet)

    def _own(self, sheet: FactSheet) -> Iterator[str]:
        if sheet.benchmark:
            yield f"\n<BENCHMARK>\n{_benchmark(sheet)}</BENCHMARK>"
        grades = self._grades(sheet)
        if grades:
            rows = "".join(f"{cell(one.name)}|{cell(one.value)}|{cell(one.because)}\n" for one in grades)
            yield f"\n<GRADES>\ngrade|value|because\n{rows}</GRADES>"


def _benchmark(sheet: FactSheet) -> str:
    """Its members by symbol, with their names where somebody knows them."""
    if not any(sheet.benchmark_names):
        return "member|weight\n" + "".join(f"{cell(symbol)}|{weight:g}\n" for symbol, weight in sheet.benchmark)
    rows = zip(sheet.benchmark, sheet.benchmark_names, strict=True)
    return "member|name|weight\n" + "".join(
        f"{cell(symbol)}|{cell(name)}|{weight:g}\n" for (symbol, weight), name in rows
    )


def _terms(sheet: FactSheet) -> list[str]:
    return [name for name, term in _TERMS.items() if any(map(term, sheet.holdings))]
