"""The bookings of a Portfolio Performance file: what each did to units and to cash.

Amounts are positive and stand in hundredths; the type gives the sign. A booking in another currency than its security
states the gross value in both, which gives the rate at which it was settled.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.intake.cells.codes import currency_code
from core.intake.cells.dates import NotADate
from core.intake.findings import Findings
from core.intake.opening.xml_tree import Element
from core.intake.positions.xstream import References
from core.intake.transactions.entries import NOTHING, Entry, EntryKind, Money, Security
from core.intake.transactions.moments import DayOrder, parse_moment

CENTS = Decimal(100)
_UNITS = {
    "BUY": EntryKind.BUY,
    "SELL": EntryKind.SELL,
    "DELIVERY_INBOUND": EntryKind.TRANSFER_IN,
    "DELIVERY_OUTBOUND": EntryKind.TRANSFER_OUT,
    "TRANSFER_IN": EntryKind.TRANSFER_IN,
    "TRANSFER_OUT": EntryKind.TRANSFER_OUT,
}
_CASH = {
    "DEPOSIT": (EntryKind.DEPOSIT, 1),
    "REMOVAL": (EntryKind.WITHDRAWAL, -1),
    "INTEREST": (EntryKind.INTEREST, 1),
    "INTEREST_CHARGE": (EntryKind.INTEREST, -1),
    "DIVIDENDS": (EntryKind.DIVIDEND, 1),
    "FEES": (EntryKind.FEE, -1),
    "FEES_REFUND": (EntryKind.FEE, 1),
    "TAXES": (EntryKind.TAX, -1),
    "TAX_REFUND": (EntryKind.TAX, 1),
    "BUY": (EntryKind.BUY, -1),
    "SELL": (EntryKind.SELL, 1),
    "TRANSFER_IN": (EntryKind.DEPOSIT, 1),
    "TRANSFER_OUT": (EntryKind.WITHDRAWAL, -1),
}


@dataclass(frozen=True, slots=True)
class CashBooking:
    """What a booking did to an account.

    Attributes:
        element: The booking, for problems and its other side.
        money: Signed.
        transfer: Whether the money came from or went to another account of the file.
    """

    element: Element
    at: datetime
    kind: EntryKind
    money: Money
    transfer: bool


class Bookings:
    """Reads bookings; what cannot be read is a problem.

    Args:
        share_scale: How many of the file's units make one share.
    """

    def __init__(self, references: References, findings: Findings, share_scale: Decimal) -> None:
        self._references = references
        self._findings = findings
        self._share_scale = share_scale

    def units(self, booking: Element, security: Security, currency: str) -> Entry | None:
        """What a booking did to a depot; None, with a problem, where that cannot be told.

        Args:
            security: What it moved.
            currency: Of the security's quotes.
        """
        said = self._references.said
        at, kind = self._moment(booking), _UNITS.get(said(booking, "type"))
        amount, shares = _whole(said(booking, "amount")), _whole(said(booking, "shares"))
        if kind is None or amount is None or not shares or shares < 0:
            shown = f"{said(booking, 'type')} {said(booking, 'shares')}"
            self._problem(booking, "type", shown, "The booking's type, amount or shares are not understood.")
            return None
        if at is None:
            return None
        quantity, paid = shares / self._share_scale, amount / CENTS
        gross, rate, own = self._gross(booking, paid, kind, currency)
        return Entry(
            booking.row,
            at,
            kind,
            security=security,
            quantity=quantity,
            price=gross * rate / quantity if rate is not None else gross / quantity,
            currency=currency if rate is not None else own,
            cost=paid * (rate if rate is not None else 1),
            # The program proposes the quote of the day for deliveries.
            market=True,
        )

    def _gross(
        self, booking: Element, paid: Decimal, kind: EntryKind, currency: str
    ) -> tuple[Decimal, Decimal | None, str]:
        """Value without fees and taxes, the rate into the security's currency (None: not told), its own currency."""
        own = self._references.said(booking, "currencyCode").upper()
        fees, rate = NOTHING, Decimal(1) if own == currency else None
        units = self._references.child(booking, "units")
        for unit in units.children if units is not None else ():
            value, forex = unit.child("amount"), unit.child("forex")
            hundredths = _whole(value.attributes.get("amount", "")) if value is not None else None
            if unit.attributes.get("type") in ("FEE", "TAX") and hundredths is not None:
                fees += hundredths / CENTS
            elif unit.attributes.get("type") == "GROSS_VALUE" and forex is not None and hundredths:
                other = _whole(forex.attributes.get("amount", ""))
                if other and forex.attributes.get("currency", "").upper() == currency:
                    rate = other / hundredths
        return (paid - fees if kind in (EntryKind.BUY, EntryKind.TRANSFER_IN) else paid + fees), rate, own

    def cash(self, booking: Element) -> CashBooking | None:
        """What a booking did to an account; None, with a problem, where that cannot be told."""
        said = self._references.said
        at, meant = self._moment(booking), _CASH.get(said(booking, "type"))
        amount, currency = _whole(said(booking, "amount")), said(booking, "currencyCode").upper()
        if meant is None or amount is None or currency_code(currency) is None:
            shown = f"{said(booking, 'type')} {said(booking, 'amount')} {currency}"
            self._problem(booking, "type", shown, "The booking's type, amount or currency are not understood.")
            return None
        if at is None:
            return None
        kind, sign = meant
        transfer = said(booking, "type").startswith("TRANSFER")
        return CashBooking(booking, at, kind, Money(sign * amount / CENTS, currency), transfer)

    def _moment(self, booking: Element) -> datetime | None:
        text = self._references.said(booking, "date")
        try:
            return parse_moment(text, DayOrder.UNKNOWN)
        except NotADate as error:
            self._problem(booking, "date", text, f"The date {error}.")
            return None

    def _problem(self, booking: Element, column: str, value: str, message: str) -> None:
        self._findings.problem(booking.row, column, value, message)


def _whole(text: str) -> Decimal | None:
    """One of the file's whole numbers, None where it is none."""
    plain = text.strip()
    return Decimal(plain) if plain.lstrip("-").isascii() and plain.lstrip("-").isdigit() and len(plain) < 20 else None
