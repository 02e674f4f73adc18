"""Lots that an account holds at cost, and which leave: by what is said of them, then by the account's own way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.intake.beancount.amounts import CostSpec, NotUnderstood

NOTHING = Decimal(0)
WAYS = ("STRICT", "STRICT_WITH_SIZE", "FIFO", "LIFO", "HIFO", "NONE")


@dataclass(frozen=True, slots=True)
class LedgerLot:
    """What tells one lot of a commodity from another: its cost a unit, the day it came in, and its label."""

    cost: Decimal
    currency: str
    day: date
    label: str | None = None


class HeldLots:
    """Lots of one commodity in one account, with the units of each; sold short they are negative."""

    def __init__(self) -> None:
        self._units: dict[LedgerLot, Decimal] = {}
        self._long = self._short = 0  # how many lots there are of each

    def add(self, lot: LedgerLot, units: Decimal) -> None:
        """More, or with the other sign fewer, of a lot."""
        before = self._units.get(lot, NOTHING)
        left = before + units
        self._long += (left > 0) - (before > 0)
        self._short += (left < 0) - (before < 0)
        if left:
            # In its place: of one day, what came in first leaves first.
            self._units[lot] = left
        else:
            self._units.pop(lot, None)

    @property
    def only_currency(self) -> str | None:
        """What all of them were bought in, None where that is no or more than one currency."""
        found = {lot.currency for lot in self._units}
        return found.pop() if len(found) == 1 else None

    def are_reduced_by(self, units: Decimal) -> bool:
        """Whether there are lots of the other sign."""
        return bool(self._short if units > 0 else self._long)

    def leaving(self, units: Decimal, spec: CostSpec, way: str) -> list[tuple[LedgerLot, Decimal]]:
        """Which lots leave for a posting of `units`, and how much of each, with the sign of `units`; nothing changes.

        Args:
            units: Of the other sign than the lots.
            spec: What the posting says of them.
            way: One of `WAYS` but NONE.

        Raises:
            NotUnderstood: There is none, too little, or more than one could be meant.
        """
        meant = [
            (lot, held)
            for lot, held in self._units.items()
            if (held > 0) != (units > 0) and _fits(lot, spec, abs(units))
        ]
        if not meant:
            raise NotUnderstood("reduces a lot that is not held; correct its cost, day or label")
        total = sum((abs(held) for _, held in meant), NOTHING)
        if total < abs(units):
            raise NotUnderstood(f"reduces by {abs(units)} units, and {total} of such lots are held")
        return _taken(_in_order(meant, abs(units), total, way), units)


def _fits(lot: LedgerLot, spec: CostSpec, units: Decimal) -> bool:
    cost = spec.number
    if spec.total is not None:
        cost = (cost or NOTHING) + spec.total / units
    return (
        (cost is None or lot.cost == cost)
        and (spec.currency is None or lot.currency == spec.currency)
        and (spec.day is None or lot.day == spec.day)
        and (spec.label is None or lot.label == spec.label)
    )


def _in_order(
    meant: list[tuple[LedgerLot, Decimal]], units: Decimal, total: Decimal, way: str
) -> Iterable[tuple[LedgerLot, Decimal]]:
    if way == "FIFO":
        return sorted(meant, key=lambda one: one[0].day)
    if way == "LIFO":
        return sorted(meant, key=lambda one: one[0].day, reverse=True)
    if way == "HIFO":
        return sorted(meant, key=lambda one: one[0].cost, reverse=True)
    # Strictly: all that could be meant leave together, or it must be one alone.
    if len(meant) == 1 or total == units:
        return meant
    if way == "STRICT_WITH_SIZE":
        same = sorted((one for one in meant if abs(one[1]) == units), key=lambda one: one[0].day)
        if same:
            return same[:1]
    raise NotUnderstood(
        f"reduces one of {len(meant)} lots and does not say which; name its cost, day or label, or open the account "
        'with a way of booking such as "FIFO"'
    )


def _taken(ordered: Iterable[tuple[LedgerLot, Decimal]], units: Decimal) -> list[tuple[LedgerLot, Decimal]]:
    taken: list[tuple[LedgerLot, Decimal]] = []
    left = abs(units)
    for lot, held in ordered:
        if not left:
            break
        part = min(abs(held), left)
        taken.append((lot, part if units > 0 else -part))
        left -= part
    return taken
