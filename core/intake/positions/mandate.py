"""What a document says about a portfolio beyond its holdings: rule sets, benchmark, outside money.

regimes: [ucits, priips]              or one text with commas
benchmark: {VTI: 0.6, BND: 0.4}       fractions of 1 or percents of 100; or one symbol
flows:                                money from outside (positive) or to outside (negative)
  - {date: 2026-01-05, amount: 1000, currency: EUR}
flows: []                             no money came in or went out
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from core.domain.portfolio import Flow
from core.intake.cells.codes import currency_code
from core.intake.cells.dates import NotADate, parse_date
from core.intake.cells.names import one_line
from core.intake.cells.numbers import NotANumber, parse_number
from core.intake.opening.limits import MAX_CELL_CHARS
from core.intake.positions.source_tree import Node, plain_mapping

Report = Callable[[Node, str, str], None]
"""Takes the part of the document that is wrong, its path, and a message."""

MAX_PARTS = 50
_REGIME = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")
_HUNDRED = Decimal(100)
_SLACK = Decimal("0.0005")


def read_regimes(node: Node, where: str, report: Report) -> tuple[str, ...]:
    """Names of rule sets, each once, in the order of the document; "none" and an empty list name none."""
    parts = node.value if isinstance(node.value, list) else [node]
    found: dict[str, None] = {}
    for part in parts:
        if not isinstance(part.value, str):
            report(part, where, "Regimes are words, such as [ucits, priips].")
            continue
        for word in re.split(r"[,\s]+", one_line(part.value).lower()):
            if word in ("", "none"):
                continue
            if not _REGIME.fullmatch(word):
                report(part, where, 'A regime is a word of a-z, 0-9 and "_", such as ucits.')
            else:
                found[word] = None
    return tuple(found)


def read_benchmark(node: Node, where: str, report: Report) -> tuple[tuple[str, Decimal], ...]:
    """Symbols with weights that sum to 1; () when there is none or it has a problem."""
    if isinstance(node.value, str):
        symbol = one_line(node.value)
        return ((symbol, Decimal(1)),) if _is_symbol(symbol) else ()
    parts = plain_mapping(node)
    if parts is None or len(parts) > MAX_PARTS:
        report(node, where, f"A benchmark is a mapping of at most {MAX_PARTS} symbols, such as {{VTI: 0.6, BND: 0.4}}.")
        return ()
    weights: list[tuple[str, Decimal]] = []
    for symbol, part in parts.items():
        weight = _weight(part)
        if weight is None or not _is_symbol(one_line(symbol)):
            report(part, f"{where}.{symbol}", "A weight is a number above 0, as a fraction (0.6) or in percent (60).")
            return ()
        weights.append((one_line(symbol), weight))
    total = sum((weight for _, weight in weights), Decimal(0))
    if not weights:
        return ()
    for whole in (Decimal(1), _HUNDRED):
        if abs(total - whole) <= whole * _SLACK:
            return tuple((symbol, weight / total) for symbol, weight in weights)
    report(node, where, f"The benchmark's weights add up to {total}. Let them add up to 1, or to 100 in percent.")
    return ()


def read_flows(node: Node, where: str, today: date, base_currency: str | None, report: Report) -> tuple[Flow, ...]:
    """Outside money in the order of the document; a flow with a problem is left out and reported."""
    if node.value == "":
        return ()
    if not isinstance(node.value, list):
        report(node, where, "Flows are a list such as [{date: 2026-01-05, amount: 1000, currency: EUR}].")
        return ()
    found: list[Flow] = []
    for place, part in enumerate(node.value):
        flow = _flow(part, f"{where}[{place}]", today, base_currency, report)
        if flow is not None:
            found.append(flow)
    return tuple(found)


def _flow(part: Node, where: str, today: date, base_currency: str | None, report: Report) -> Flow | None:
    cells = plain_mapping(part)
    texts = {key: one_line(cell.value) for key, cell in (cells or {}).items() if isinstance(cell.value, str)}
    if cells is None or texts.keys() != cells.keys() or not texts.keys() <= {"date", "amount", "currency"}:
        report(part, where, "A flow has a date, an amount and a currency, and nothing else.")
        return None
    try:
        day = parse_date(texts.get("date", ""))
        amount = parse_number(texts.get("amount", ""))
    except NotADate as error:
        report(part, f"{where}.date", f"The date {error}.")
        return None
    except NotANumber as error:
        report(part, f"{where}.amount", f"'amount' {error}.")
        return None
    currency = currency_code(texts.get("currency", "") or base_currency or "")
    if currency is None or currency[1] != 1:
        report(part, f"{where}.currency", "The currency is missing or not known. Use an ISO 4217 code such as EUR.")
        return None
    if day > today + timedelta(days=1):
        report(part, f"{where}.date", f"The date lies in the future (today is {today}). Check day, month and year.")
        return None
    return Flow(day, amount, currency[0])


def _weight(part: Node) -> Decimal | None:
    if not isinstance(part.value, str):
        return None
    try:
        weight = parse_number(one_line(part.value).removesuffix("%"))
    except NotANumber:
        return None
    return weight if weight > 0 else None


def _is_symbol(text: str) -> bool:
    return 0 < len(text) <= MAX_CELL_CHARS
