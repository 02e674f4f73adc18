"""What comes of a ledger, as the sandbox hands it back: JSON lines, each of one of these kinds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec


class Held(msgspec.Struct, tag="held", frozen=True):
    """One commodity over all asset accounts.

    Attributes:
        cost: By currency, of what is held at cost.
        bought: By currency, price and day of the last purchase.
    """

    symbol: str
    name: str
    units: Decimal
    cost: dict[str, Decimal]
    bought: dict[str, tuple[date, Decimal]]


class Quotes(msgspec.Struct, tag="quotes", frozen=True):
    """Prices of a commodity in a currency, the oldest first."""

    symbol: str
    currency: str
    days: list[tuple[date, Decimal]]


class Wrong(msgspec.Struct, tag="wrong", frozen=True):
    """An entry that was not understood: its row, the part it is about, and what is wrong, as the rest of a sentence."""

    row: int
    value: str
    message: str


class Odd(msgspec.Struct, tag="odd", frozen=True):
    """Entries of which something is to be known: what, and an example."""

    heading: str
    example: str


class LedgerHead(msgspec.Struct, tag="book", frozen=True):
    """The ledger as a whole.

    Attributes:
        last: Day of the newest entry in the asset accounts; None where they have none.
    """

    title: str
    currency: str
    root: str
    last: date | None


Result = Held | Quotes | Wrong | Odd | LedgerHead
