"""What the cells of one described dealing say: its security, its currencies, its costs."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Final

from core.domain.portfolio import AssetClass
from core.intake.cells.asset_classes import asset_class_of
from core.intake.cells.codes import currency_code
from core.intake.cells.money_marks import currency_named
from core.intake.formats.description import UNKNOWN, Description
from core.intake.transactions.entries import NOTHING, Money, Security
from core.intake.transactions.table import Cells

_COSTS: Final = ("fees", "more_fees", "taxes")
_OPTION: Final = Decimal(100)
_OPTION_CHARS: Final = 6
_CODE: Final = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])|[€£]|US\$|\$")
_ISIN: Final = re.compile(r"(?<![A-Z0-9])[A-Z]{2}[A-Z0-9]{9}[0-9](?![A-Z0-9])")


def currency_in(description: Description, cells: Cells, name: str) -> tuple[str, int]:
    """The currency of a cell, else of the amount beside it or inside another cell, else of the whole format.

    A problem where none says one.
    """
    written = cells.text(name) or cells.text("amount_currency")
    if not written and description.inside:
        found = _CODE.search(cells.text(description.inside) or cells.text("amount"))
        written = found[0] if found else ""
    written = written or description.fixed.get(name, description.fixed.get("currency", ""))
    if not (written or cells.text("price") or cells.text("amount")):
        # Nothing in the row is worth anything, as rewards in coins are not.
        return "", 1
    written = description.currencies.get(written, written)
    return cells.currency(name, currency_named(written) or written)


def balance_in(cells: Cells, currency: str) -> Money | None:
    """The cash after the row, where it says so."""
    stated = cells.number_in("balance")
    return None if stated is None or not currency else Money(stated, currency)


def has_units(cells: Cells) -> bool:
    """Whether a row moves units: brokers write 0 beside plain money."""
    return bool(cells.number_in("quantity") or cells.number_in("net_quantity"))


def costs_in(cells: Cells) -> Decimal:
    """Fees and taxes of a row in the currency of its amount, positive; one in a coin or other money is none."""
    written = cells.text("fees_currency")
    row = cells.text("amount_currency") or cells.text("currency")
    if written and row and currency_code(written) != currency_code(row):
        return NOTHING
    return sum((abs(cells.number_in(name) or NOTHING) for name in _COSTS), NOTHING)


def security_in(description: Description, cells: Cells) -> Security:
    """What a row is about; an option where its symbol starts as those of the format do."""
    symbol = cells.text("symbol")
    habits = description.habits
    if habits.pair_sign and habits.pair_sign in symbol:
        symbol = symbol.split(habits.pair_sign)[0]
    isin, name = cells.text("isin"), cells.text("name")
    if habits.isin_in_name and (found := _ISIN.search(name)):
        isin, name = found[0], name[: found.start()].removesuffix("ISIN ").rstrip(" /(")
    if isin == symbol and not (len(isin) == 12 and isin[:2].isalpha()):
        isin = ""
    if habits.option_sign and symbol.startswith(habits.option_sign) and len(symbol) > _OPTION_CHARS:
        security = cells.security(symbol.lstrip(habits.option_sign), "", name, kind=AssetClass.DERIVATIVE)
        return replace(security, multiplier=_OPTION)
    word = cells.text("asset_class") or description.fixed.get("asset_class", "")
    meant = description.meaning("asset_class", word)
    kind = AssetClass(meant) if meant and meant != UNKNOWN else asset_class_of(word)
    is_fund = kind is AssetClass.FUND
    # A fund whose name says what it holds is more than a fund.
    return cells.security(symbol, isin, name, is_fund=is_fund, kind=None if is_fund else kind)
