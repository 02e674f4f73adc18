"""Reads an exchange's ledger by its description: one row a coin that moves; the rows of one dealing belong together.

A dealing with one coin out and one in is a trade: for money a purchase or a sale, whose price is money over units; for
another coin an exchange, which hands its price on. A coin that no row of the file ever traded for money has no price.

The price of a trade is what was paid before fees over what was got before fees; its cost is all that was paid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from core.domain.portfolio import AssetClass
from core.intake.cells.codes import currency_code
from core.intake.formats.dealing_lists import opened
from core.intake.formats.description import IGNORED, Description
from core.intake.formats.headed_tables import tables_of
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile
from core.intake.transactions.entries import INCOMING, NOTHING, OUTGOING, Entry, EntryKind, Money, Security
from core.intake.transactions.ledger import Ledger
from core.intake.transactions.table import Cells

_PARTS: Final = (".S", ".M", ".F", ".P", ".B", ".HOLD")
"""Endings by which Kraken calls coins that are staked or lent out, and money on hold."""
_RENAMED: Final = {"XBT": "BTC", "XDG": "DOGE"}
_KRAKEN_CHARS: Final = 4


@dataclass(frozen=True, slots=True)
class _Move:
    """One coin that came (positive) or went, with what the row says of it.

    Attributes:
        change: All that came or went, with fees in this coin.
        gross: The same before fees.
    """

    cells: Cells
    at: datetime
    kind: EntryKind
    coin: str
    money: bool
    change: Decimal
    gross: Decimal
    balance: Money | None


def read(description: Description, source: SourceFile, case: Case) -> list[Gathered]:
    """Read every table of the file that has this format's header into one ledger.

    Raises:
        UnreadableFile: No such header, or a table that cannot be split.
    """
    ledger = Ledger(case, description.family, source.name)
    groups: dict[tuple[str, str], list[_Move]] = defaultdict(list)
    for block in tables_of(description, source, case)[0]:
        table, rows = opened(description, source, block, case)
        for number, row in rows:
            cells = table.cells(number, row)
            moves = list(_moves(description, cells))
            if cells.good:
                alone = str(number) if "out_quantity" in description.columns else cells.text("date")
                groups[cells.text("account"), cells.text("group") or alone].extend(moves)
            else:
                ledger.doubt("", cells.about, cells.moved)
    for moves in groups.values():
        for entry in _entries(moves, ledger):
            ledger.add(entry)
    for note in description.notes:
        case.findings.note(note)
    return ledger.finish()


def _moves(description: Description, cells: Cells) -> Iterable[_Move]:
    """What a row moves: one coin, or, where a format has both sides in one row, what came and what went."""
    action = f"{cells.text('action')} {cells.text('detail')}".strip()
    meant = description.meaning("action", action)
    if meant == IGNORED:
        return
    fees = abs(cells.number_in("fees") or NOTHING)
    fee_coin = cells.text("fee_symbol")
    sides = [("symbol", cells.number_in("quantity") or NOTHING)]
    if cells.has("out_quantity"):
        sides.append(("out_symbol", -abs(cells.number_in("out_quantity") or NOTHING)))
    habits = description.habits
    for name, stated in sides:
        if not (coin := cells.text(name)):
            continue
        charged = fees if not cells.has("fee_symbol") or fee_coin == coin else NOTHING
        change, gross = (stated, stated + charged) if habits.fees_inside else (stated - charged, stated)
        yield from _move(cells, meant, _coin(coin, prefixed=habits.coin_prefixes), change, gross)
    if fees and fee_coin and not habits.fees_inside and fee_coin not in [cells.text(name) for name, _ in sides]:
        coin = _coin(fee_coin, prefixed=habits.coin_prefixes)
        yield from _move(cells, EntryKind.FEE.value, coin, -fees, -fees)


def _move(cells: Cells, meant: str | None, coin: str, change: Decimal, gross: Decimal) -> Iterable[_Move]:
    known = currency_code(coin)
    money = known is not None and known[1] == 1
    cells.moved = coin if money else ""
    if not money:
        cells.security(coin, "", "", kind=AssetClass.CRYPTO)
    if meant is None:
        cells.unknown_kind("action", cells.text("action"))
        return
    stated = cells.number_in("balance")
    balance = Money(stated, coin) if money and stated is not None else None
    yield _Move(cells, cells.moment("date"), EntryKind(meant), coin, money, change, gross, balance)


def _coin(symbol: str, *, prefixed: bool) -> str:
    name = symbol.upper()
    if not prefixed:
        return name
    name = next((name.removesuffix(part) for part in _PARTS if name.endswith(part)), name)
    if len(name) == _KRAKEN_CHARS and name[0] in "XZ" and (name[0] == "Z" or name[1:] != "TZ"):
        name = name[1:]
    return _RENAMED.get(name, name)


def _entries(moves: list[_Move], ledger: Ledger) -> Iterable[Entry]:
    """The dealing that some rows are together, and each other row by itself; what cannot be told goes into doubt."""
    trades = [move for move in moves if move.kind is EntryKind.EXCHANGE]
    sums: dict[str, Decimal] = defaultdict(Decimal)
    gross: dict[str, Decimal] = defaultdict(Decimal)
    for move in trades:
        sums[move.coin] += move.change
        gross[move.coin] += move.gross
    out = [coin for coin, change in sums.items() if change < 0]
    came = [coin for coin, change in sums.items() if change > 0]
    if len(out) == len(came) == 1:
        last = {move.coin: move for move in trades}
        price = abs(gross[out[0]] / gross[came[0]]) if gross[out[0]] and gross[came[0]] else NOTHING
        yield from _trade(last[out[0]], -sums[out[0]], last[came[0]], sums[came[0]], price)
    else:
        for move in trades:
            message = "The row trades a coin, and the rows beside it do not say for what. Add it by hand."
            move.cells.problem("quantity", f"{move.change:f}", message)
            ledger.doubt("", None if move.money else _security(move), move.coin if move.money else "")
    yield from (_alone(move) for move in moves if move.kind is not EntryKind.EXCHANGE)


def _trade(out: _Move, gone: Decimal, came: _Move, got: Decimal, price: Decimal) -> Iterable[Entry]:
    """One trade.

    Args:
        price: What went for one unit of what came, both before fees; 0 where one of them was all fee.
    """
    entry = Entry(out.cells.number, out.at, EntryKind.FOREX, column=out.cells.label("quantity"))
    if out.money and came.money:
        yield replace(entry, cash=(Money(-gone, out.coin), Money(got, came.coin)))
    elif out.money or came.money:
        paid, units, coin = (gone, got, came) if out.money else (got, gone, out)
        money = out if out.money else came
        cash = Money(-gone if out.money else got, money.coin)
        yield replace(entry, cash=(cash,), balance=money.balance).traded(
            _security(coin), units, _of_coin(price, bought=out.money), money.coin, paid, bought=out.money
        )
    else:
        yield replace(
            entry, kind=EntryKind.EXCHANGE, security=_security(out), quantity=gone, into=_security(came),
            into_quantity=got, price=price or None,
        )  # fmt: skip


def _of_coin(price: Decimal, *, bought: bool) -> Decimal | None:
    """The price of the coin of a trade for money."""
    if not price:
        return None
    return price if bought else 1 / price


def _alone(move: _Move) -> Entry:
    entry = Entry(move.cells.number, move.at, move.kind, column=move.cells.label("quantity"), balance=move.balance)
    if move.money:
        kind = move.kind
        if kind in (EntryKind.DEPOSIT, EntryKind.WITHDRAWAL) or kind in INCOMING | OUTGOING:
            kind = EntryKind.DEPOSIT if move.change > 0 else EntryKind.WITHDRAWAL
        return replace(entry, kind=kind, cash=(Money(move.change, move.coin),))
    if move.kind is EntryKind.DISTRIBUTION and move.change > 0:
        return replace(entry, security=_security(move), quantity=move.change)
    kind = EntryKind.TRANSFER_IN if move.change > 0 else EntryKind.TRANSFER_OUT
    return replace(entry, kind=kind, security=_security(move), quantity=abs(move.change))


def _security(move: _Move) -> Security:
    return move.cells.security(move.coin, "", "", kind=AssetClass.CRYPTO)
