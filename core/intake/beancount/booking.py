"""The transactions of a ledger, in their order, become whole postings with lots; pads and balances are worked out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from core.intake.beancount.amounts import CostSpec, NotUnderstood
from core.intake.beancount.balancing import Booked, complete
from core.intake.beancount.entries import BalanceAssertion, Dated, Open, Pad, Posting, Transaction
from core.intake.beancount.lots import NOTHING, WAYS, HeldLots, LedgerLot
from core.intake.beancount.padding import Step, Whole, failing, last_digit, padded

_HALF = Decimal("0.5")
_NO_CURRENCY = "leaves a currency to be worked out that could be more than one; write it"
_ORDER = {Open: -2, BalanceAssertion: -1}
"""Within a day accounts open first and balances hold from its beginning; the rest stays in the order of the file."""


@dataclass(slots=True)
class Books:
    """Everything that was posted.

    Attributes:
        wrong: Row, and the rest of a sentence, of entries that could not be booked.
        unbalanced: Rows of transactions that do not sum to nothing.
        failing: Rows of balances that do not hold.
    """

    postings: list[Whole] = field(default_factory=list)
    wrong: list[tuple[int, str]] = field(default_factory=list)
    unbalanced: list[int] = field(default_factory=list)
    failing: list[int] = field(default_factory=list)


def book(entries: Iterable[Dated], options: Mapping[str, str], until: date) -> Books:
    """Book everything up to a day.

    Args:
        entries: In the order of the file.
        options: Of the ledger; `booking_method` and the ones on tolerances count.
        until: Later entries are left out.
    """
    ordered = sorted(
        (one for one in entries if one.day <= until), key=lambda one: (one.day, _ORDER.get(type(one), 0), one.row)
    )
    booking = _Booking(options)
    steps = [step for entry in ordered for step in booking.steps(entry)]
    whole = padded(steps, booking.multiplier)
    booking.books.failing = failing(whole, booking.multiplier)
    booking.books.postings = [step for step in whole if isinstance(step, Whole)]
    return booking.books


class _Booking:
    """Knows the lots of every account at the point that was reached."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self.books = Books()
        self._usual = options.get("booking_method", "STRICT")
        self.multiplier = _decimal(
            options.get("inferred_tolerance_multiplier", options.get("tolerance_multiplier", ""))
        )
        self._from_cost = options.get("infer_tolerance_from_cost", "").upper() in ("TRUE", "1", "YES")
        self._ways: dict[str, str] = {}
        self._lots: defaultdict[tuple[str, str], HeldLots] = defaultdict(HeldLots)

    def steps(self, entry: Dated) -> list[Step]:
        """What an entry comes to; nothing where it is wrong."""
        if isinstance(entry, BalanceAssertion | Pad):
            return [entry]
        try:
            if isinstance(entry, Open):
                if entry.booking:
                    self._ways[entry.account] = entry.booking
                return []
            return [*self._transaction(entry)]
        except NotUnderstood as error:
            self.books.wrong.append((entry.row, str(error)))
            return []

    def _transaction(self, entry: Transaction) -> list[Whole]:
        only = _only_currency(entry.postings)
        booked = [piece for posting in entry.postings for piece in self._booked(posting, entry.day, only)]
        whole, left = complete(booked, self._tolerances(entry))
        if left:
            self.books.unbalanced.append(entry.row)
        postings: list[Whole] = []
        for one in whole:
            if one.units is None or one.currency is None:
                raise NotUnderstood("leaves more to be worked out than can be")
            if one.lot is not None and not one.leaves:
                self._lots[one.account, one.currency].add(one.lot, one.units)
            postings.append(Whole(entry.day, one.account, one.units, one.currency, one.lot))
        return postings

    def _booked(self, posting: Posting, day: date, only: str | None) -> list[Booked]:
        """A posting with what it counts for; several where it takes from several lots.

        Args:
            only: The currency of the one posting that names none, where the others leave no choice.
        """
        number, currency = posting.units.number, posting.units.currency
        if posting.cost is None and posting.price is None:
            if _takes_the_rest(posting):
                return [Booked(posting.account, None, None, None, "", takes_the_rest=True)]
            currency = currency or only
            if currency is None:
                raise NotUnderstood(_NO_CURRENCY)
            return [Booked(posting.account, number, currency, number, currency)]
        if number is None or currency is None:
            raise NotUnderstood("leaves units with a cost or price to be worked out; write number and commodity")
        if posting.cost is None:
            return [_priced(posting, number, currency, only)]
        return self._at_cost(posting, replace(posting.cost, currency=_currency_of(posting) or only), day)

    def _at_cost(self, posting: Posting, spec: CostSpec, day: date) -> list[Booked]:
        account, number, currency = posting.account, posting.units.number or NOTHING, str(posting.units.currency)
        way = self._ways.get(account, self._usual)
        if way not in WAYS:
            raise NotUnderstood(f"books '{account}' by '{way[:40]}'; {', '.join(WAYS)} are understood")
        lots = self._lots[account, currency]
        if way != "NONE" and number and lots.are_reduced_by(number):
            leaving = lots.leaving(number, spec, way)
            for lot, units in leaving:
                # At once: the next posting of the same transaction takes from what is left.
                lots.add(lot, units)
            return [
                Booked(account, units, currency, units * lot.cost, lot.currency, lot, leaves=True)
                for lot, units in leaving
            ]
        cost_currency = spec.currency or lots.only_currency
        if cost_currency is None:
            raise NotUnderstood(_NO_CURRENCY)
        lot = LedgerLot(_each(spec, number), cost_currency, spec.day or day, spec.label)
        is_open = spec.number is None and spec.total is None
        return [Booked(account, number, currency, None if is_open else number * lot.cost, cost_currency, lot)]

    def _tolerances(self, entry: Transaction) -> dict[str, Decimal]:
        """By currency, half of the coarsest last digit that the transaction writes behind a decimal point."""
        found: dict[str, Decimal] = {}
        from_cost: dict[str, Decimal] = {}
        for posting in entry.postings:
            number, currency = posting.units.number, posting.units.currency
            step = last_digit(number)
            if number is None or currency is None or step is None:
                continue
            tolerance = step * self.multiplier
            found[currency] = max(found.get(currency, NOTHING), tolerance)
            if self._from_cost:
                _add_from_cost(from_cost, posting, tolerance)
        return {key: max(found.get(key, NOTHING), from_cost.get(key, NOTHING)) for key in {**found, **from_cost}}


def _add_from_cost(found: dict[str, Decimal], posting: Posting, tolerance: Decimal) -> None:
    """What a unit more or less in the last digit is worth, summed over the postings."""
    if posting.cost is not None and posting.cost.number is not None and posting.cost.currency is not None:
        currency, each = posting.cost.currency, posting.cost.number
    elif posting.price is not None and posting.price.amount.number is not None and posting.price.amount.currency:
        currency, each = posting.price.amount.currency, posting.price.amount.number
    else:
        return
    found[currency] = found.get(currency, NOTHING) + tolerance * abs(each)


def _only_currency(postings: Iterable[Posting]) -> str | None:
    """What a posting that names no currency must be in: all the others are, and it is the only one."""
    named = [_currency_of(posting) for posting in postings if not _takes_the_rest(posting)]
    known = set(named) - {None}
    return known.pop() if len(known) == 1 and named.count(None) == 1 else None


def _currency_of(posting: Posting) -> str | None:
    """What a posting counts in: the currency of its cost, else its price, else its units; None where it is open."""
    if posting.cost is None and posting.price is None:
        return posting.units.currency
    cost = posting.cost.currency if posting.cost is not None else None
    return cost or (posting.price.amount.currency if posting.price is not None else None)


def _takes_the_rest(posting: Posting) -> bool:
    return (posting.units.number, posting.units.currency, posting.cost, posting.price) == (None, None, None, None)


def _each(spec: CostSpec, units: Decimal) -> Decimal:
    """The cost of one unit of a lot that comes in; nothing while it is open."""
    if spec.total is not None and not units:
        raise NotUnderstood("has a total cost of no units")
    each = (spec.number or NOTHING) + (NOTHING if spec.total is None else spec.total / abs(units))
    if each < 0:
        raise NotUnderstood("has a cost below nothing")
    return each


def _priced(posting: Posting, number: Decimal, currency: str, only: str | None) -> Booked:
    weight_currency = _currency_of(posting) or only
    if posting.price is None or weight_currency is None:
        raise NotUnderstood(_NO_CURRENCY)
    weight = posting.price.amount.number
    if weight is not None:
        weight = (abs(weight) if number > 0 else -abs(weight)) if posting.price.is_total else number * weight
    return Booked(posting.account, number, currency, weight, weight_currency)


def _decimal(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except ArithmeticError:
        return _HALF
    return found if found.is_finite() and found >= 0 else _HALF
