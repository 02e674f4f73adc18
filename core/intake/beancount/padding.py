"""What a ledger states of its own totals: a pad adds what the next balance needs, and a balance holds or does not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.intake.beancount.entries import BalanceAssertion, Pad
from core.intake.beancount.lots import NOTHING, LedgerLot


@dataclass(frozen=True, slots=True)
class Whole:
    """A posting of which nothing is missing; `lot` is None for units without cost."""

    day: date
    account: str
    units: Decimal
    currency: str
    lot: LedgerLot | None


Step = Whole | BalanceAssertion | Pad
"""What is worked through, in the order of the days."""


def padded(steps: list[Step], multiplier: Decimal) -> list[Step]:
    """The same steps, with what each pad promises in its place.

    Args:
        multiplier: How much of a last digit a transaction may be off.
    """
    return _Padding(multiplier).work_through(steps)


def last_digit(number: Decimal | None) -> Decimal | None:
    """One in the last digit behind the decimal point, None for a whole number."""
    if number is None:
        return None
    exponent = number.as_tuple().exponent
    return Decimal(1).scaleb(exponent) if isinstance(exponent, int) and exponent < 0 else None


class _Padding:
    """Puts in what pads promise: the difference that the next balance of the account needs, on the day of the pad."""

    def __init__(self, multiplier: Decimal) -> None:
        self._multiplier = multiplier
        self._totals = _Totals()
        self._active: dict[str, tuple[int, Pad, set[str]]] = {}
        self._added: defaultdict[int, list[Step]] = defaultdict(list)

    def work_through(self, steps: list[Step]) -> list[Step]:
        """The same steps, with a posting to the account and one to the source in the place of each pad."""
        for place, step in enumerate(steps):
            if isinstance(step, Whole):
                self._totals.add(step.account, step.currency, step.units)
            elif isinstance(step, Pad):
                self._active[step.account] = (place, step, set())
            else:
                self._balance(step)
        return [one for place, step in enumerate(steps) for one in (step, *self._added.get(place, ()))]

    def _balance(self, balance: BalanceAssertion) -> None:
        active = self._active.get(balance.account)
        if active is None or balance.currency in active[2]:
            return
        place, pad, done = active
        done.add(balance.currency)
        missing = balance.units - self._totals.of(balance.account, balance.currency)
        if abs(missing) > _tolerance_of(balance, self._multiplier):
            for account, units in ((pad.account, missing), (pad.source, -missing)):
                self._added[place].append(Whole(pad.day, account, units, balance.currency, None))
            # The source's own pads and balances are worked out without what others take from it, as Beancount does.
            self._totals.add(balance.account, balance.currency, missing)


def failing(steps: Iterable[Step], multiplier: Decimal) -> list[int]:
    """Rows of the balances that do not hold."""
    totals, rows = _Totals(), []
    for step in steps:
        if isinstance(step, Whole):
            totals.add(step.account, step.currency, step.units)
        elif isinstance(step, BalanceAssertion):
            off = abs(step.units - totals.of(step.account, step.currency))
            if off > _tolerance_of(step, multiplier):
                rows.append(step.row)
    return rows


class _Totals:
    """Units by account and currency, those of the accounts below it included."""

    def __init__(self) -> None:
        self._units: dict[tuple[str, str], Decimal] = {}

    def add(self, account: str, currency: str, units: Decimal) -> None:
        """More, or fewer, in an account and all above it."""
        while account:
            self._units[account, currency] = self._units.get((account, currency), NOTHING) + units
            account = account.rpartition(":")[0]

    def of(self, account: str, currency: str) -> Decimal:
        """What an account holds, with those below it."""
        return self._units.get((account, currency), NOTHING)


def _tolerance_of(balance: BalanceAssertion, multiplier: Decimal) -> Decimal:
    """How far a balance may be off: what it says itself, else twice what a transaction with its digits may."""
    if balance.tolerance is not None:
        return balance.tolerance
    step = last_digit(balance.units)
    return NOTHING if step is None else step * multiplier * 2
