"""The arithmetic that all trades share: the price of one unit, and what was paid, in the currency of the line."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import NamedTuple

from core.intake.cells.numbers import NotANumber, NumberStyle, parse_number
from core.intake.transactions.entries import NOTHING, Money
from core.intake.transactions.table import Cells

_HUNDRED = Decimal(100)
_TOLERANCE = Decimal("0.002")
_FEE_SHARE = Decimal("0.02")
_CENT = Decimal("0.01")


class Settled(NamedTuple):
    """One unit's price, and what all units cost with fees (None where the file does not tell), in one currency."""

    price: Decimal
    cost: Decimal | None


def settled(
    cells: Cells,
    quantity: Decimal,
    price: Decimal,
    currency: str,
    total: Money,
    fees: Decimal | None,
    *,
    bought: bool,
) -> Settled:
    """Price and cost of a trade, held against the amount that changed hands.

    In the line's own currency the amount is the cost. In another, the fees are brought over by the rate that the trade
    itself was settled at. A price that is a hundred times too large is one in pence or in percent of a nominal.

    Args:
        quantity: Units, positive.
        price: As written, in `currency`.
        total: The amount with all fees.
        fees: In the currency of `total`; None where they are in a third one.
    """
    paid, gross = abs(total.amount), quantity * price
    if total.currency == currency:
        if not _contradicts(gross, paid, bought=bought):
            return Settled(price, paid)
        if (
            not _contradicts(gross / _HUNDRED, paid, bought=bought)
            and abs(gross / _HUNDRED - paid) <= paid * _FEE_SHARE
        ):
            cells.note("Prices a hundred times the amount (pence, or percent of a nominal) were divided by 100", "")
            return Settled(price / _HUNDRED, paid)
        cells.note(
            "Amounts that quantity × price does not explain; what these lines cost was left open",
            f"{gross:,.2f} against {paid:,.2f}",
        )
        return Settled(price, None)
    if fees is None:
        return Settled(price, None)
    before_fees = paid - fees if bought else paid + fees
    if not fees:
        return Settled(price, gross)
    return Settled(price, gross + fees * gross / before_fees if before_fees > 0 else None)


def _contradicts(gross: Decimal, paid: Decimal, *, bought: bool) -> bool:
    """Whether the fees of a trade would be negative, or larger than the trade where it is more than pocket money."""
    slack = max(abs(gross) * _TOLERANCE, _CENT)
    fees = paid - gross if bought else gross - paid
    return fees < -slack or (fees > gross and fees > _HUNDRED)


def per_unit(amount: Decimal, quantity: Decimal) -> Decimal:
    """The price that an amount and a quantity imply; 0 for a quantity of nothing."""
    return abs(amount) / abs(quantity) if quantity else NOTHING


def readings(
    quantities: Iterable[str], price: str, units: int, fits: Callable[[Decimal], bool] = lambda _gross: True
) -> list[tuple[Decimal, Decimal]]:
    """What quantity and price inside a text can mean ("82,055" is two numbers), as far as their product fits.

    Args:
        quantities: As written, and as written otherwise; "" is no reading.
        units: How many of the price's unit make one of its currency.
        fits: Whether a product can be the amount of the row.
    """
    found: dict[tuple[Decimal, Decimal], None] = {}
    for quantity in (number for text in quantities for number in _numbers(text)):
        for one in _numbers(price):
            if fits(quantity * one / units):
                found[quantity, one / units] = None
    return list(found)


def _numbers(text: str) -> list[Decimal]:
    found: dict[Decimal, None] = {}
    for style in NumberStyle if text else ():
        with contextlib.suppress(NotANumber):
            found[parse_number(text, style)] = None
    return list(found)
