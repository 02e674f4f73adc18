"""Rows of a list of dealings that trade a coin for another one, and fees that are paid in coins."""

from __future__ import annotations

from collections.abc import Iterable

from core.domain.portfolio import AssetClass
from core.intake.cells.codes import currency_code
from core.intake.formats.dealing_cells import security_in
from core.intake.formats.description import Description
from core.intake.transactions.entries import NOTHING, Entry, EntryKind, Money
from core.intake.transactions.table import Cells


def coin_in(description: Description, cells: Cells, name: str) -> str:
    """The coin that a cell of currencies names, without its long name; "" where it is money or empty."""
    sign = description.habits.pair_sign
    coin = cells.text(name).partition(sign)[0].strip() if sign else cells.text(name)
    return "" if not coin or currency_code(coin) is not None else coin.upper()


def for_a_coin(description: Description, cells: Cells, other: str, *, bought: bool) -> Iterable[Entry]:
    """One coin bought with another, or sold for it: an exchange, which hands its price on.

    Args:
        other: The coin that was paid or got.
    """
    cells.moved = ""
    security = security_in(description, cells)
    units, paid = abs(cells.needed("quantity")), abs(cells.needed("amount"))
    coin = cells.security(other, "", "", kind=AssetClass.CRYPTO)
    entry = Entry(cells.number, cells.moment("date", "clock"), EntryKind.EXCHANGE, column=cells.label("quantity"))
    if not cells.good or not units or not paid:
        return
    old, given, new, got = (coin, paid, security, units) if bought else (security, units, coin, paid)
    yield Entry(
        entry.row, entry.at, entry.kind, cells.account, old, given, column=entry.column, into=new, into_quantity=got
    )


def fee_coin(description: Description, cells: Cells) -> Iterable[Entry]:
    """The fee of a row that is paid in a coin, whose units leave, or in other money than its amount."""
    written = currency_code(cells.text("fees_currency"))
    row = currency_code(cells.text("amount_currency") or cells.text("currency"))
    if written is not None and row is not None and written != row:
        amount = abs(cells.number_in("fees") or NOTHING) / written[1]
        if amount and cells.good and description.habits.cash:
            at, money = cells.moment("date", "clock"), (Money(-amount, written[0]),)
            yield Entry(cells.number, at, EntryKind.FEE, cells.account, cash=money, column=cells.label("fees"))
        return
    coin, units = coin_in(description, cells, "fees_currency"), abs(cells.number_in("fees") or NOTHING)
    if not coin or not units:
        return
    security = cells.security(coin, "", "", kind=AssetClass.CRYPTO)
    at = cells.moment("date", "clock")
    if cells.good:
        kind = EntryKind.TRANSFER_OUT
        yield Entry(cells.number, at, kind, cells.account, security, units, column=cells.label("fees"))
