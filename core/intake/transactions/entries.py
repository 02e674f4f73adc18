"""What a list of transactions says, one entry a booking, in the same words whatever broker wrote it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from core.domain.portfolio import AssetClass

NOTHING = Decimal(0)


class EntryKind(StrEnum):
    """What happened. The first group moves securities, the second only money; the last takes back another booking."""

    BUY = "buy"
    SELL = "sell"
    TRANSFER_IN = "transfer in"
    TRANSFER_OUT = "transfer out"
    DISTRIBUTION = "distribution of shares"
    SPLIT = "split"
    EXCHANGE = "exchange"

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    DIVIDEND = "dividend"
    INTEREST = "interest"
    FEE = "fee"
    TAX = "tax"
    FOREX = "currency exchange"
    CORRECTION = "correction"

    CANCELLATION = "cancellation"


INCOMING = frozenset({EntryKind.BUY, EntryKind.TRANSFER_IN, EntryKind.DISTRIBUTION})
OUTGOING = frozenset({EntryKind.SELL, EntryKind.TRANSFER_OUT})
RESHAPING = frozenset({EntryKind.SPLIT, EntryKind.EXCHANGE})
OUTSIDE = frozenset({EntryKind.DEPOSIT, EntryKind.WITHDRAWAL})


@dataclass(frozen=True, slots=True)
class Security:
    """What is bought and sold.

    Attributes:
        key: What makes it the same line: its ISIN, else its symbol.
        symbol: As the file writes it; the ISIN or the name where the file has no symbol.
        isin: With a right check digit, or "".
        multiplier: Units of the underlying in one contract; 1 for everything but derivatives.
    """

    key: str
    symbol: str
    isin: str = ""
    name: str = ""
    asset_class: AssetClass = AssetClass.OTHER
    multiplier: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Money:
    """A signed amount: positive came in."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One booking.

    Attributes:
        row: Row of the file, for problems; None where rows say little (JSON).
        at: When, as the file writes it, without a time zone; midnight where the file gives only a day.
        kind: What happened; its sign is in the kind, so `quantity` is positive.
        account: As in the file; "" where the file is one account.
        security: What moved, or what a dividend, fee or tax belongs to; None for plain money.
        quantity: Units that moved. SPLIT: how many came on top, negative for a reverse split. EXCHANGE: units given up.
            DIVIDEND: units it was paid on, 0 where the file does not tell.
        price: Of one unit in whole units of `currency`; None where the file states none. EXCHANGE: units of `security`
            that went for one of `into` before fees; None where that is all that went for all that came.
        currency: ISO 4217 of `price` and `cost`.
        cost: What was paid for incoming units, fees included, in `currency`; None where the file does not tell.
        cash: What the booking did to the cash balances.
        flow: Value that came from outside (positive) or left; None takes `cash` for deposits and withdrawals.
        into: EXCHANGE: what came instead of `security`, and `into_quantity` how many.
        balance: Cash after the booking, where the file states it.
        column: Column that a problem of this entry points to.
        market: Whether `price` is one of the market; None where the kind says it: a trade's is, that of a transfer, of
            rights, of new or given shares is not, unless its format knows better.
        cancels: CANCELLATION: the kind of the booking that it takes back; None where any.
    """

    row: int | None
    at: datetime
    kind: EntryKind
    account: str = ""
    security: Security | None = None
    quantity: Decimal = NOTHING
    price: Decimal | None = None
    currency: str = ""
    cost: Decimal | None = None
    cash: tuple[Money, ...] = ()
    flow: Money | None = None
    into: Security | None = None
    into_quantity: Decimal = NOTHING
    balance: Money | None = None
    column: str = ""
    market: bool | None = None
    cancels: EntryKind | None = None

    @property
    def of_market(self) -> bool:
        """Whether the price is what a market paid that day."""
        return self.kind in (EntryKind.BUY, EntryKind.SELL) if self.market is None else self.market

    def traded(
        self,
        security: Security,
        quantity: Decimal,
        price: Decimal | None,
        currency: str,
        cost: Decimal | None,
        *,
        bought: bool,
    ) -> Entry:
        """The same booking as a purchase or a sale, which has no cost of its own."""
        return replace(
            self,
            kind=EntryKind.BUY if bought else EntryKind.SELL,
            security=security,
            quantity=quantity,
            price=price,
            currency=currency,
            cost=cost if bought else None,
        )
