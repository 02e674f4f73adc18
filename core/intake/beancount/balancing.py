"""What a transaction leaves to be worked out, so that in every currency it sums to nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from core.intake.beancount.amounts import NotUnderstood
from core.intake.beancount.lots import NOTHING, LedgerLot

_MOST_DIGITS_OF_A_TOLERANCE = 5


@dataclass(slots=True)
class Booked:
    """A posting on its way to being whole.

    Attributes:
        units: None while they are missing.
        currency: Of the units; None while it is missing.
        weight: What it counts for in the sum; None while it is missing.
        weight_currency: What that is an amount of; "" for a posting that takes the rest.
        lot: Which lot it adds to or takes from; None for units without cost. While the weight is missing, its cost is.
        leaves: It takes from a lot that is held.
        takes_the_rest: It says nothing but its account: what is left over in every currency is its.
    """

    account: str
    units: Decimal | None
    currency: str | None
    weight: Decimal | None
    weight_currency: str
    lot: LedgerLot | None = None
    leaves: bool = False
    takes_the_rest: bool = False


def complete(booked: Iterable[Booked], tolerances: Mapping[str, Decimal]) -> tuple[list[Booked], dict[str, Decimal]]:
    """Fill in what is missing.

    Args:
        booked: Postings of one transaction.
        tolerances: By currency, how far a sum may be from nothing.

    Returns:
        The whole postings, and what is too far from nothing by currency.

    Raises:
        NotUnderstood: More is missing than can be worked out.
    """
    postings = [one for one in booked if not one.takes_the_rest]
    takers = [one for one in booked if one.takes_the_rest]
    left: dict[str, Decimal] = {}
    missing: dict[str, Booked] = {}
    for one in postings:
        currency = one.weight_currency
        if one.weight is not None:
            left[currency] = left.get(currency, NOTHING) + one.weight
        elif currency in missing or takers:
            raise NotUnderstood("leaves more than one number to be worked out; write all but one")
        else:
            missing[currency] = one
    if len(takers) > 1:
        raise NotUnderstood("has more than one posting without an amount; write all but one")
    for currency, one in missing.items():
        weight = -left.pop(currency, NOTHING)
        if one.units is not None and one.lot is None and weight * one.units < 0:
            # No price is less than nothing.
            left[currency] = -weight
        _fill(one, weight, tolerances)
    for taker in takers:
        for currency, amount in left.items():
            units = _rounded(-amount, tolerances.get(currency))
            postings.append(replace(taker, units=units, currency=currency, weight=units, weight_currency=currency))
        left = {}
    return postings, {
        currency: amount for currency, amount in left.items() if abs(amount) > tolerances.get(currency, NOTHING)
    }


def _fill(one: Booked, weight: Decimal, tolerances: Mapping[str, Decimal]) -> None:
    if one.units is None:
        weight = _rounded(weight, tolerances.get(one.weight_currency))
        one.units = weight
    elif one.lot is not None:
        if not one.units:
            raise NotUnderstood("leaves the cost of no units to be worked out")
        if weight * one.units < 0:
            raise NotUnderstood("comes to a cost below nothing; correct the amounts")
        one.lot = replace(one.lot, cost=weight / one.units, currency=one.weight_currency)
    one.weight = weight


def _rounded(number: Decimal, tolerance: Decimal | None) -> Decimal:
    """To the digits that the transaction itself writes, where it writes any."""
    if not tolerance:
        return number
    step = (tolerance * 2).normalize()
    return number.quantize(step) if len(step.as_tuple().digits) < _MOST_DIGITS_OF_A_TOLERANCE else number
