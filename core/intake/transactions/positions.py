"""The positions of one account: entries applied in order of time to first-in-first-out lots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import groupby

from core.domain.portfolio import Holding
from core.intake.findings import Findings
from core.intake.transactions.entries import INCOMING, OUTGOING, Entry, EntryKind, Security
from core.intake.transactions.lots import Lot, Lots, NotEnough, merged, resized

_PLACES = Decimal(1).scaleb(-8)
_COMPLETE = "Export the history since the account was opened; until then the line is left out."


@dataclass(slots=True)
class OpenPosition:
    """One security on its way through the history.

    Attributes:
        price: Of one unit at the last trade, out of pence, adjusted for splits since.
        priced_on: Day of that trade.
        row: Row that moved it last.
        known: False once something happened to it that the file does not explain.
    """

    security: Security
    lots: Lots = field(default_factory=Lots)
    price: Decimal | None = None
    currency: str = ""
    priced_on: date | None = None
    row: int | None = None
    known: bool = True


class Positions:
    """The positions of one account.

    Args:
        findings: Where what cannot be derived is told, row by row.
        doubtful: Keys of securities with rows that could not be read: their positions are not known.
    """

    def __init__(self, findings: Findings, doubtful: Iterable[str] = ()) -> None:
        self._findings = findings
        self._doubtful = frozenset(doubtful)
        self._held: dict[str, OpenPosition] = {}

    def run(self, entries: Sequence[Entry]) -> None:
        """Apply all entries, which are in order of time.

        What has the same time is applied as one: first splits and exchanges, then what came in, then what left. The
        order of rows within a day that has no clock times therefore says nothing about quantities and costs.
        """
        for _, group in groupby(entries, key=lambda entry: entry.at):
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
            return position.lots.take(entry.quantity)
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
            target.price = source.price * entry.quantity / entry.into_quantity
            target.currency, target.priced_on = source.currency, source.priced_on

    def _unknown(self, position: OpenPosition, entry: Entry, message: str) -> None:
        position.known = False
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
                message = (
                    f"{_number(quantity)} units of '{security.symbol}' are held, but the file has no price to value "
                    "them. Add the line by hand with its value, or import a file of positions."
                )
                self._findings.problem(position.row, "", security.symbol, message)
                continue
            price = tidy(position.price)
            cost = position.lots.cost_in(position.currency)
            if cost is None:
                self._findings.tally(
                    "What these lines cost is not known from the file, in part or in their currency", security.symbol
                )
            tell(position)
            made.append(
                Holding(
                    security.symbol, security.isin, security.name, security.asset_class, quantity, price,
                    position.currency, quantity * price * security.multiplier,
                    cost=None if cost is None else tidy(cost),
                    priced_on=position.priced_on if position.priced_on < as_of else None,
                )
            )  # fmt: skip
        return made


def _price(position: OpenPosition, entry: Entry) -> None:
    if entry.price:
        position.price, position.currency, position.priced_on = entry.price, entry.currency, entry.at.date()


def tidy(value: Decimal) -> Decimal:
    """A quotient at eight decimals; what has no more stays as it is."""
    exponent = value.as_tuple().exponent
    return value.quantize(_PLACES) if isinstance(exponent, int) and exponent < -8 else value


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}" if value else "0"
