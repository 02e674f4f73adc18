"""The lots of one security: what was bought first is sold first (FIFO)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from core.intake.transactions.entries import NOTHING

# Twenty decimals keep sums of shares exact within the digits that the ledger counts with.
_PLACES = Decimal(1).scaleb(-20)
_DUST = Decimal(1).scaleb(-12)
"""Programs that count in binary are right to fifteen digits: what they leave of a sum beyond that is nothing."""


@dataclass(frozen=True, slots=True)
class Lot:
    """Units that came in together.

    Attributes:
        cost: What was paid for all of them, fees included, in `currency`; None where the file does not tell.
    """

    quantity: Decimal
    cost: Decimal | None
    currency: str


class NotEnough(ValueError):
    """More units were to leave than are known; nothing was changed.

    Attributes:
        known: How many there are.
    """

    def __init__(self, known: Decimal) -> None:
        super().__init__(f"only {known} are known")
        self.known = known


class Lots:
    """Lots in the order they came in."""

    def __init__(self, lots: Iterable[Lot] = ()) -> None:
        self._lots = deque(lots)
        self._quantity = sum((lot.quantity for lot in self._lots), NOTHING)

    @property
    def quantity(self) -> Decimal:
        """Units held."""
        return self._quantity

    def add(self, lot: Lot) -> None:
        """Put a lot behind the others. A lot of nothing is left out."""
        if lot.quantity:
            self._lots.append(lot)
            self._quantity += lot.quantity

    def take(self, quantity: Decimal) -> list[Lot]:
        """Take units out of the oldest lots; the pieces carry their share of the cost and lose none of it.

        Raises:
            NotEnough: Fewer are held.
        """
        if quantity > self._quantity:
            raise NotEnough(self._quantity)
        taken: list[Lot] = []
        left = quantity
        while left:
            first = self._lots.popleft()
            if first.quantity <= left:
                taken.append(first)
                left -= first.quantity
                continue
            cost = None if first.cost is None else first.cost * left / first.quantity
            rest = None if first.cost is None or cost is None else first.cost - cost
            taken.append(Lot(left, cost, first.currency))
            self._lots.appendleft(Lot(first.quantity - left, rest, first.currency))
            left = NOTHING
        self._quantity -= quantity
        return taken

    def take_nearly(self, quantity: Decimal) -> list[Lot]:
        """As `take`, but a difference that only a program's rounding leaves is none: all goes, or the rest with it.

        Raises:
            NotEnough: Fewer are held.
        """
        rest = self._quantity - quantity
        return self.take(self._quantity if rest and abs(rest) <= quantity * _DUST else quantity)

    def cost_in(self, currency: str) -> Decimal | None:
        """What all units cost, in one currency; None where a lot's cost is unknown or in another currency."""
        total = NOTHING
        for lot in self._lots:
            if lot.cost is None or lot.currency != currency:
                return None
            total += lot.cost
        return total


def resized(lots: list[Lot], quantity: Decimal) -> list[Lot]:
    """The same lots with their costs, together making another quantity: a split or an exchange.

    The last lot takes what division leaves over, so that the quantity is exact.
    """
    total = sum((lot.quantity for lot in lots), NOTHING)
    made: list[Lot] = []
    left = quantity
    for place, lot in enumerate(lots):
        share = left if place == len(lots) - 1 else (lot.quantity * quantity / total).quantize(_PLACES, ROUND_DOWN)
        made.append(Lot(share, lot.cost, lot.currency))
        left -= share
    return made


def merged(lots: Iterable[Lot]) -> list[Lot]:
    """Lots that came in at the same moment as one a currency, so that the order of their rows says nothing."""
    groups: dict[tuple[str, bool], Lot] = {}
    for lot in lots:
        key = (lot.currency, lot.cost is None)
        known = groups.get(key)
        if known is None:
            groups[key] = lot
        else:
            cost = None if known.cost is None or lot.cost is None else known.cost + lot.cost
            groups[key] = Lot(known.quantity + lot.quantity, cost, lot.currency)
    return [groups[key] for key in sorted(groups)]
