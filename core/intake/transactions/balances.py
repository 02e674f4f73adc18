"""Cash: what the rows add up to, and what the file itself says the balance was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.intake.transactions.entries import NOTHING, Entry

_CENT = Decimal("0.01")


@dataclass(slots=True)
class Balance:
    """One account's cash in one currency.

    Attributes:
        total: What the rows add up to.
        lowest: Lowest value at the end of a day, 0 at the most, and `lowest_day` when.
        opening: What the running balance says was there before the first row; None where the file states no balance.
        closing: The last balance stated.
        breaks: In how many rows the running balance does not follow from the one before.
        first_break: Row, stated and expected balance of the first of them.
        gap: What all breaks add up to: the money of the rows that are missing.
    """

    total: Decimal = NOTHING
    lowest: Decimal = NOTHING
    lowest_day: date | None = None
    opening: Decimal | None = None
    closing: Decimal | None = None
    breaks: int = 0
    first_break: tuple[int | None, Decimal, Decimal] | None = None
    gap: Decimal = NOTHING


def balances_of(entries: Sequence[Entry]) -> dict[str, Balance]:
    """The cash of one account by currency.

    The identity that always holds where balances are stated: opening + total + gap = closing.

    Args:
        entries: In order of time.
    """
    found: dict[str, Balance] = {}
    day: date | None = None
    for entry in entries:
        if entry.at.date() != day:
            _end_day(found, day)
            day = entry.at.date()
        for money in entry.cash:
            balance = found.get(money.currency)
            if balance is None:
                balance = found[money.currency] = Balance()
            balance.total += money.amount
            if balance.closing is not None:
                balance.closing += money.amount
        if entry.balance is not None:
            _state(found, entry)
    _end_day(found, day)
    return found


def _end_day(found: dict[str, Balance], day: date | None) -> None:
    for balance in found.values():
        if balance.total < balance.lowest:
            balance.lowest, balance.lowest_day = balance.total, day


def _state(found: dict[str, Balance], entry: Entry) -> None:
    """Hold a stated balance against the one that the rows lead to (kept in `closing` between statements)."""
    assert entry.balance is not None  # noqa: S101  the caller asks
    stated = entry.balance.amount
    balance = found.setdefault(entry.balance.currency, Balance())
    if balance.closing is None:
        balance.opening = stated - balance.total
    elif abs(stated - balance.closing) >= _CENT:
        balance.breaks += 1
        balance.gap += stated - balance.closing
        if balance.first_break is None:
            balance.first_break = (entry.row, stated, balance.closing)
    else:
        balance.gap += stated - balance.closing
    balance.closing = stated
