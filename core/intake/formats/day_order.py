"""Which of day and month stands first in a column: one day past the twelfth proves it for all."""

from __future__ import annotations

from collections.abc import Sequence

from core.intake.cells.dates import NotADate
from core.intake.gathering import Case
from core.intake.transactions.moments import DayOrder, parse_moment

_ORDERS = (DayOrder.DAY_FIRST, DayOrder.MONTH_FIRST)


def proven_order(rows: Sequence[tuple[int, list[str]]], place: int, case: Case) -> DayOrder:
    """The order that the column proves, told with its proof; UNKNOWN where it proves none or both."""
    proofs: dict[DayOrder, str] = {}
    for _, row in rows:
        text = row[place].strip() if place < len(row) else ""
        possible = [order for order in _ORDERS if _can_be(text, order)]
        if len(possible) == 1 and ("/" in text or "-" in text[:3]):
            proofs.setdefault(possible[0], text)
    if len(proofs) != 1:
        return DayOrder.UNKNOWN
    ((order, proof),) = proofs.items()
    case.findings.note(f"Days were read {order.value}, because '{proof[:40]}' in their column can only be so.")
    return order


def _can_be(text: str, order: DayOrder) -> bool:
    try:
        parse_moment(text, order)
    except NotADate:
        return False
    return True
