"""The positions of one account: entries applied in order of time to first-in-first-out lots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from decimal import Decimal
from itertools import groupby

from core.domain.portfolio import AssetClass, Holding
from core.intake.findings import Findings
from core.intake.transactions.entries import INCOMING, OUTGOING, Entry, EntryKind, Security
from core.intake.transactions.lots import Lot, Lots, NotEnough, merged, resized

_PLACES = Decimal(1).scaleb(-8)
_EX_DATE = timedelta(days=120)
"""Longest time between the day that gives a right to a dividend and the day it is paid."""
_NEAR = Decimal("0.0001")
_SPLITS = frozenset(map(Decimal, ("1.5", "2", "2.5", "3", "4", "5", "6", "7", "8", "10", "15", "20", "25", "30", "50")))
_COMPLETE = "Export the history since the account was opened; until then the line is left out."


@dataclass(slots=True)
class OpenPosition:
    """One security on its way through the history.

    Attributes:
        price: Of one unit at the last trade, out of pence, adjusted for splits since.
        priced_on: Day of that trade.
        row: Row that moved it last.
        known: False once something happened to it that the file does not explain.
        aside: The last entry whose price was none of the market: of a transfer, of rights, of new shares.
        changed_on: Day on which new shares or rights last brought units, which may have lowered the price.
        course: Units after every day that moved it, oldest first.
    """

    security: Security
    lots: Lots = field(default_factory=Lots)
    price: Decimal | None = None
    currency: str = ""
    priced_on: date | None = None
    row: int | None = None
    known: bool = True
    aside: Entry | None = None
    changed_on: date | None = None
    course: list[tuple[date, Decimal]] = field(default_factory=list)

    def most_since(self, start: date) -> Decimal:
        """Most units that were held at any time from a day on."""
        before = [units for day, units in self.course if day < start][-1:]
        return max([*before, *(units for day, units in self.course if day >= start)], default=Decimal(0))


class Positions:
    """The positions of one account.

    Args:
        findings: Where what cannot be derived is told, row by row.
        doubtful: Keys of securities with rows that could not be read: their positions are not known.

    Attributes:
        incomplete: Whether the entries themselves prove that earlier ones are missing: something was sold, or paid a
            dividend, that had never come in.
    """

    def __init__(self, findings: Findings, doubtful: Iterable[str] = ()) -> None:
        self._findings = findings
        self._doubtful = frozenset(doubtful)
        self._held: dict[str, OpenPosition] = {}
        self.incomplete = False

    def run(self, entries: Sequence[Entry]) -> None:
        """Apply all entries, which are in order of time.

        What has the same time is applied as one: first splits and exchanges, then what came in, then what left. The
        order of rows within a day that has no clock times therefore says nothing about quantities and costs. Midnight
        stands for a time that nobody wrote: a day with such an entry has no order at all.
        """
        timeless = {entry.at.date() for entry in entries if entry.at.time() == time.min}
        for _, group in groupby(entries, key=lambda entry: (entry.at.date(), entry.at.date() in timeless or entry.at)):
            moment = [entry for entry in group if entry.security is not None]
            for entry in moment:
                if entry.kind is EntryKind.SPLIT:
                    self._split(entry)
                elif entry.kind is EntryKind.EXCHANGE:
                    self._exchange(entry)
            self._incoming([entry for entry in moment if entry.kind in INCOMING])
            for entry in moment:
                if entry.kind in OUTGOING:
                    self._outgoing(entry)
            for entry in moment:
                self._remember(entry)
            for entry in moment:
                if entry.kind is EntryKind.DIVIDEND and entry.quantity:
                    self._paid_on(entry)

    def _position(self, security: Security, row: int | None) -> OpenPosition:
        position = self._held.get(security.key)
        if position is None:
            position = self._held[security.key] = OpenPosition(security, known=security.key not in self._doubtful)
        elif len(security.name) > len(position.security.name) or not position.security.isin:
            better = security.name if len(security.name) > len(position.security.name) else position.security.name
            position.security = replace(position.security, name=better, isin=position.security.isin or security.isin)
        position.row = row if row is not None else position.row
        return position

    def _incoming(self, entries: Sequence[Entry]) -> None:
        added: dict[str, list[Lot]] = {}
        for entry in entries:
            if entry.security is None:
                continue
            position = self._position(entry.security, entry.row)
            added.setdefault(entry.security.key, []).append(Lot(entry.quantity, entry.cost, entry.currency))
            _price(position, entry)
            if _thins(entry):
                position.changed_on = entry.at.date()
        for key, lots in added.items():
            for lot in merged(lots):
                self._held[key].lots.add(lot)

    def _outgoing(self, entry: Entry) -> None:
        if entry.security is None:
            return
        position = self._position(entry.security, entry.row)
        _price(position, entry)
        self._taken(position, entry, "leave" if entry.kind is EntryKind.TRANSFER_OUT else "are sold")

    def _taken(self, position: OpenPosition, entry: Entry, verb: str) -> list[Lot] | None:
        if not position.known:
            return None
        try:
            return position.lots.take_nearly(entry.quantity)
        except NotEnough as error:
            message = (
                f"{_number(entry.quantity)} units of '{position.security.symbol}' {verb}, "
                f"but only {_number(error.known)} are known by then. {_COMPLETE}"
            )
            self._unknown(position, entry, message)
            return None

    def _split(self, entry: Entry) -> None:
        if entry.security is None:
            return
        position = self._position(entry.security, entry.row)
        if not position.known:
            return
        before = position.lots.quantity
        after = before + entry.quantity
        if not before or after <= 0:
            message = (
                f"A split changes the units of '{position.security.symbol}' by {_number(entry.quantity)}, but "
                f"{_number(before)} are known by then. {_COMPLETE}"
            )
            self._unknown(position, entry, message)
            return
        position.lots = Lots(resized(position.lots.take(before), after))
        if position.price is not None:
            position.price = position.price * before / after

    def _exchange(self, entry: Entry) -> None:
        if entry.security is None or entry.into is None:
            return
        source = self._position(entry.security, entry.row)
        taken = self._taken(source, entry, "are exchanged")
        target = self._position(entry.into, entry.row)
        if taken is None:
            target.known = False
            return
        for lot in resized(taken, entry.into_quantity):
            target.lots.add(lot)
        newer = target is source or target.priced_on is None
        if newer and source.price is not None and entry.into_quantity:
            given = entry.price or entry.quantity / entry.into_quantity
            target.price = source.price * given
            target.currency, target.priced_on = source.currency, source.priced_on

    def _remember(self, entry: Entry) -> None:
        """Keep how many units there were from this day on, for dividends, which are paid on units of weeks before."""
        for security in (entry.security, entry.into):
            if security is not None and security.key in self._held:
                self._held[security.key].course.append((entry.at.date(), self._held[security.key].lots.quantity))

    def _paid_on(self, entry: Entry) -> None:
        """Hold the units that a dividend was paid on against those that were known in the weeks before it."""
        security = entry.security
        if security is None or security.key in self._doubtful:
            return
        position = self._held.get(security.key) or OpenPosition(security)
        if not position.known:
            return
        most = position.most_since(entry.at.date() - _EX_DATE)
        if entry.quantity <= most * (1 + _NEAR):
            return
        self._held.setdefault(security.key, position)
        message = (
            f"The dividend was paid on {_number(entry.quantity)} units of '{security.symbol}', but only "
            f"{_number(most)} are known by then: a split or a purchase is missing. {_COMPLETE}"
        )
        self._unknown(position, entry, message, split=bool(most) and entry.quantity / most in _SPLITS)

    def _unknown(self, position: OpenPosition, entry: Entry, message: str, *, split: bool = False) -> None:
        position.known = False
        # What a split alone explains says nothing about money.
        self.incomplete = self.incomplete or not split
        self._findings.problem(entry.row, entry.column, _number(entry.quantity), message)

    def holdings(self, as_of: date, tell: Callable[[OpenPosition], None]) -> list[Holding]:
        """What is held in the end, in the order it was first met, at the price of its last trade.

        Args:
            as_of: The day the holdings stand for; a price of another day is marked with its own.
            tell: Told of every line that has an older price.
        """
        made: list[Holding] = []
        for position in self._held.values():
            quantity = position.lots.quantity
            if not position.known or not quantity:
                continue
            security = position.security
            if not position.price or position.priced_on is None:
                self._findings.problem(position.row, "", security.symbol, _without_price(position))
                continue
            price = tidy(position.price)
            cost = position.lots.cost_in(position.currency)
            if cost is None:
                self._findings.tally(
                    "What these lines cost is not known from the file, in part or in their currency", security.symbol
                )
            tell(position)
            if position.changed_on is not None and position.changed_on >= position.priced_on:
                heading = (
                    "Units came in as new shares or by rights after the last price of the market, which was kept; they "
                    "may have lowered it: import a file of positions for the value of today"
                )
                self._findings.tally(heading, f"{security.symbol} on {position.changed_on}")
            made.append(
                Holding(
                    security.symbol, security.isin, security.name, security.asset_class, quantity, price,
                    position.currency, quantity * price * security.multiplier,
                    cost=None if cost is None else tidy(cost),
                    priced_on=position.priced_on if position.priced_on < as_of else None,
                )
            )  # fmt: skip
        return made


def _thins(entry: Entry) -> bool:
    """Whether new units of an entry's security leave less of the whole to each: shares do, coins do not."""
    coin = entry.security is not None and entry.security.asset_class is AssetClass.CRYPTO
    return entry.kind is EntryKind.DISTRIBUTION and not coin


def _without_price(position: OpenPosition) -> str:
    """Why a line that is held has no value."""
    held = (
        f"{_number(position.lots.quantity)} units of '{position.security.symbol}' are held, but the file has no price"
    )
    remedy = "Add the line by hand with its value, or import a file of positions."
    entry = position.aside
    if entry is None or entry.price is None:
        return f"{held} to value them. {remedy}"
    return (
        f"{held} of the market to value them: {tidy(entry.price).normalize():,f} {entry.currency} on {entry.at.date()} "
        f"is that of a transfer, of rights or of new shares. {remedy}"
    )


def _price(position: OpenPosition, entry: Entry) -> None:
    if entry.price and not entry.of_market:
        position.aside = entry
    elif entry.price:
        position.price, position.currency, position.priced_on = entry.price, entry.currency, entry.at.date()


def tidy(value: Decimal) -> Decimal:
    """A quotient at eight decimals; what has no more stays as it is."""
    exponent = value.as_tuple().exponent
    return value.quantize(_PLACES) if isinstance(exponent, int) and exponent < -8 else value


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}" if value else "0"
