"""A fact sheet as the delimited tables that stand in the prompt, in front of the question.

    <METRICS>
    metric_id|value|unit|currency|period|badge
    top1_weight|46.00|pct||as of 2026-10-30|derived
    </METRICS>

Data cannot end a table: the characters that could ("|", "<", ">", line breaks, control characters) are replaced in
every cell by look-alikes or spaces. Values stand at display precision, so that a model copies what a person sees.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from core.analyses.cells import cell
from core.analyses.evidence_tables import evidence_tables
from core.domain.facts import AbsentFact, Fact, FactSheet, HoldingFact

_NAME_CHARACTERS = 100
_MOST_REMEMBERED = 50_000

_METRICS_HEAD = "</PORTFOLIO>\n<METRICS>\nmetric_id|value|unit|currency|period|badge\n"
_ABSENT_HEAD = "</METRICS>\n<ABSENT>\nmetric_id|reason\n"
_HOLDINGS_HEAD = "</ABSENT>\n<HOLDINGS>\nholding_id|name|asset_class|sector|country|currency|weight_pct|value\n"
_HEADS = (_METRICS_HEAD, _ABSENT_HEAD, _HOLDINGS_HEAD)
_END = "</HOLDINGS>"


def tables(sheet: FactSheet, language: str) -> str:
    """The PORTFOLIO, METRICS, ABSENT and HOLDINGS tables of a portfolio, without a closing newline.

    What else it was given follows them (`core.analyses.evidence_tables`).

    Args:
        sheet: The facts.
        language: Of the answer that is wanted ("en", "fr").
    """
    return TableWriter(lambda _: 0).write(sheet, language)[0]


@dataclass(frozen=True, slots=True)
class _Row:
    """The parts of a row that stay the same from portfolio to portfolio, and their tokens.

    Attributes:
        tokens_if_negative: The same with a minus sign behind `before`, which may become one token with what is there.
        stands_alone: False when its first character could become one token with the line break before it.
    """

    before: str
    after: str
    tokens: int
    tokens_if_negative: int
    stands_alone: bool


class TableWriter:
    """Writes the tables of many portfolios and counts their tokens on the way, exactly.

    Portfolios share most of their rows except for the values. A digit always begins and ends a tokenizer's word, and
    up to three digits are one token, so a row's tokens are those of the text around its values, counted once, plus
    arithmetic. Sheets with a row that does not begin a word of its own, or with an empty value, are counted whole.

    Args:
        count: Tokens of a text, in an encoding whose pattern keeps digits apart in threes (o200k_base, cl100k_base).
    """

    def __init__(self, count: Callable[[str], int]) -> None:
        self._count = count
        self._rows: dict[Hashable, _Row] = {}
        self._fixed: dict[tuple[str, ...], int] = {}
        # Between weight and value, with the point and the two decimals of both.
        self._between = count("|") + 4, count("|-") + 4

    def write(self, sheet: FactSheet, language: str) -> tuple[str, int]:  # noqa: C901  # the hot loop of preparing: three tables counted while they are written
        """The tables as text without a closing newline, and their tokens."""
        if len(self._rows) > _MOST_REMEMBERED:
            self._rows.clear()
        head = self._portfolio(sheet, language)
        heads = metrics_head, absent_head, holdings_head = self.heads(sheet)
        fixed = self._fixed.get(heads)
        if fixed is None:
            fixed = self._fixed[heads] = sum(map(self._count, (*heads, _END)))
        pieces, tokens, exact, rows = [head, metrics_head], fixed + self._count(head), True, self._rows
        holding_cells = self.holding_cells(sheet)
        for fact in self.shown(sheet):
            row = rows.get((fact.metric_id, fact.unit, fact.currency, fact.period, fact.badge)) or self._fact_row(fact)
            shown = fact.shown
            pieces += (row.before, shown, row.after)
            # Tokens of digits: one for each three, one for the point. A minus sign is counted with its row.
            whole = len(shown) - fact.decimals - 1 if fact.decimals else len(shown)
            if shown[0] == "-":
                tokens += row.tokens_if_negative + (whole + 1) // 3
            else:
                tokens += row.tokens + (whole + 2) // 3
            if fact.decimals:
                tokens += 1 + (fact.decimals + 2) // 3
            exact &= row.stands_alone
        pieces.append(absent_head)
        for absent in sheet.absent:
            row = rows.get((absent.metric_id, absent.reason)) or self._absent_row(absent)
            pieces.append(row.before)
            tokens += row.tokens
            exact &= row.stands_alone
        pieces.append(holdings_head)
        between, between_negative = self._between
        for line in sheet.holdings:
            key = holding_cells(line)
            row = rows.get(key) or self._holding_row(key)
            weight, value = f"{line.weight_pct:.2f}", f"{line.value_base:.2f}"
            if not (row.stands_alone and weight[-1] <= "9" and value[-1] <= "9"):
                exact = False
                weight, value = _or_blank(weight), _or_blank(value)
            pieces += (row.before, weight, "|", value, "\n")
            if weight[:1] == "-":
                tokens += row.tokens_if_negative + (len(weight) - 2) // 3
            else:
                tokens += row.tokens + (len(weight) - 1) // 3
            if value[:1] == "-":
                tokens += between_negative + (len(value) - 2) // 3
            else:
                tokens += between + (len(value) - 1) // 3
        pieces.append(_END)
        if more := self.more(sheet):
            pieces.append(more)
            # What ends the table before and the line break that follows it are one token.
            tokens += self._count(f">{more}") - self._count(">")
        text = "".join(pieces)
        return text, tokens if exact else self._count(text)

    def heads(self, _sheet: FactSheet) -> tuple[str, str, str]:
        """What stands before the rows of METRICS, ABSENT and HOLDINGS."""
        return _HEADS

    def shown(self, sheet: FactSheet) -> Iterable[Fact]:
        """The facts that have a row in METRICS."""
        return sheet.facts

    def fact_tail(self, fact: Fact) -> str:
        """A row of METRICS behind its value."""
        return f"|{fact.unit}|{cell(fact.currency or '')}|{cell(fact.period or '')}|{fact.badge}\n"

    def holding_cells(self, _sheet: FactSheet) -> Callable[[HoldingFact], tuple[str, ...]]:
        """What makes a row of HOLDINGS before its weight."""
        return _cells

    def more(self, sheet: FactSheet) -> str:
        """What follows the portfolio's own tables, after a line break; "" for nothing."""
        return evidence_tables(sheet)

    def _portfolio(self, sheet: FactSheet, language: str) -> str:
        return (
            f"<PORTFOLIO>\nportfolio_id|{cell(sheet.portfolio_id)}\nname|{cell(sheet.name)[:_NAME_CHARACTERS]}\n"
            f"as_of|{sheet.as_of.isoformat()}\nbase_currency|{cell(sheet.base_currency)}\n"
            f"region|{cell(sheet.region)}\nlanguage|{cell(language)}\n"
        )

    def _fact_row(self, fact: Fact) -> _Row:
        row = self._row(f"{cell(fact.metric_id)}|", self.fact_tail(fact))
        self._rows[fact.metric_id, fact.unit, fact.currency, fact.period, fact.badge] = row
        return row

    def _absent_row(self, absent: AbsentFact) -> _Row:
        row = self._row(f"{cell(absent.metric_id)}|{cell(absent.reason)}\n", "")
        self._rows[absent.metric_id, absent.reason] = row
        return row

    def _holding_row(self, key: tuple[str, ...]) -> _Row:
        cells = (cell(key[0]), cell(key[1])[:_NAME_CHARACTERS], *map(cell, key[2:]))
        row = self._rows[key] = self._row("".join(f"{each}|" for each in cells), "\n")
        return row

    def _row(self, before: str, after: str) -> _Row:
        tail = self._count(after) if after else 0
        alone = not before[0].isspace() and before[0] != "/"
        return _Row(before, after, self._count(before) + tail, self._count(f"{before}-") + tail, alone)


def _cells(line: HoldingFact) -> tuple[str, ...]:
    return line.holding_id, line.name, line.asset_class, line.sector, line.country, line.currency


def _or_blank(number: str) -> str:
    """A number, or nothing for "nan": no rate was known."""
    return number if number[-1] <= "9" else ""
