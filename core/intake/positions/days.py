"""The days of a table's rows. One that could be two is decided by the others of its column, or asked about."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from core.domain.table_read import DecidedBy
from core.intake.cells.dates import NotADate
from core.intake.findings import Findings
from core.intake.transactions.moments import DayOrder, parse_moment

UNDATED: Final = date.min
"""Stands for an empty date cell while rows are read."""
OPEN: Final = date.max
"""Stands for a day that could be two until the whole column was seen."""

_ORDERS: Final = {DayOrder.DAY_FIRST: "dmy", DayOrder.MONTH_FIRST: "mdy"}


class Days:
    """Each distinct text of a date column, judged once.

    Args:
        order: What is known; UNKNOWN lets the column prove it.
        column: Its name, for problems.
        by: Who knows the order: a person, or the description of a format.
    """

    def __init__(self, order: DayOrder, today: date, column: str, by: DecidedBy = DecidedBy.HAND) -> None:
        self._order = order
        self._by = by
        self._why = "said for this file" if by is DecidedBy.HAND else "its format writes days so"
        self._today = today
        self._column = column
        self._known: dict[str, date | str] = {}
        self._open: dict[str, list[int]] = {}
        self._proofs: dict[DayOrder, str] = {}

    def of(self, number: int, text: str) -> date | str:
        """The day of a cell, `UNDATED`, `OPEN`, or the message of its problem.

        Args:
            number: Its row, for a problem that shows only when the whole column was seen.
        """
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._judged(text)
        if known is OPEN:
            self._open.setdefault(text, []).append(number)
        return known

    def day(self, text: str) -> date | None:
        """The day of a cell that was seen, once the column is settled; None where it has none."""
        known = self._known[text]
        return None if isinstance(known, str) or known is OPEN else known

    def settle(self, findings: Findings) -> None:
        """Read what was left open by what the column proves; tell it, or name every row as a problem."""
        self._tell_order(findings)
        if not self._open:
            return
        example = next(iter(self._open))
        if len(self._proofs) == 1:
            ((order, proof),) = self._proofs.items()
            findings.note(
                f"Days such as '{example}' were read {order.value}, because '{proof}' in the same column can only be "
                "so."
            )
            for text in self._open:
                self._known[text] = self._judged(text, order)
        for text, rows in self._open.items():
            message = self._known[text]
            if message is OPEN:
                why = "The column proves both orders" if self._proofs else "Nothing in the column proves which"
                message = (
                    f"The date could be two days (day and month are both 12 or less). {why}: say --dates dmy or "
                    "--dates mdy, choose it on the Import page, or write it as 2026-10-30."
                )
            if isinstance(message, str):
                for number in rows:
                    findings.problem(number, self._column, text, message)

    def _tell_order(self, findings: Findings) -> None:
        """Which of day and month stands first, where any cell leaves it to be decided."""
        if self._order is not DayOrder.UNKNOWN:
            if any(isinstance(day, date) and day is not UNDATED for day in self._known.values()):
                findings.decided("order of days", self._order.value, self._why, self._by)
                findings.written(dates=_ORDERS[self._order])
        elif len(self._proofs) == 1:
            ((order, proof),) = self._proofs.items()
            findings.decided("order of days", order.value, f"'{proof[:40]}' can only be read so")
            findings.written(dates=_ORDERS[order])

    def _judged(self, text: str, order: DayOrder | None = None) -> date | str:
        if not text.strip():
            return UNDATED
        order = order or self._order
        try:
            day = parse_moment(text, order).date()
        except NotADate as error:
            if order is DayOrder.UNKNOWN and "could be two days" in str(error):
                return OPEN
            return f"The date {error}."
        if day > self._today + timedelta(days=1):
            return f"The date lies in the future (today is {self._today}). Check day, month and year."
        if order is DayOrder.UNKNOWN and (proven := _proven_order(text)):
            self._proofs.setdefault(proven, text.strip())
        return day


def _proven_order(text: str) -> DayOrder | None:
    """The only order in which a numeric day can be read; None where both or neither can."""
    possible = []
    for order in _ORDERS:
        try:
            parse_moment(text, order)
        except NotADate:
            continue
        possible.append(order)
    # "30.10.2026" is one day whatever the order; only 30/10/2026 shows how its column is written.
    return possible[0] if len(possible) == 1 and ("/" in text or "-" in text[:3]) else None
