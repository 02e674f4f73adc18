"""Reads a list of dealings by its description: every row becomes an entry of the ledger that all such lists share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import chain, islice
from typing import Final

from core.domain.portfolio import AssetClass
from core.domain.table_read import DecidedBy
from core.intake.cells.asset_classes import folded
from core.intake.cells.codes import currency_code
from core.intake.cells.headers import normal
from core.intake.cells.numbers import choose_style
from core.intake.formats.asking import fixed_of
from core.intake.formats.coin_trades import coin_in, fee_coin, for_a_coin
from core.intake.formats.day_order import proven_order
from core.intake.formats.dealing_cells import balance_in, costs_in, currency_in, has_units, security_in
from core.intake.formats.dealing_texts import conversion_in, is_off_market, trade_in
from core.intake.formats.description import BY_SIGN, IGNORED, UNKNOWN, Description
from core.intake.formats.headed_tables import tables_of
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile
from core.intake.tables.blocks import Block, delimiter_in, filled, rows_of
from core.intake.tables.deciding import begin, tell_columns
from core.intake.transactions.cancelling import cancels, corrects, without_cancelling
from core.intake.transactions.entries import INCOMING, NOTHING, OUTGOING, OUTSIDE, Entry, EntryKind, Money
from core.intake.transactions.ledger import ALL, Ledger
from core.intake.transactions.moments import DayOrder
from core.intake.transactions.table import BrokerLayout, Cells, HeadedTable, Numbers, read_rows, shown_styles
from core.intake.transactions.trades import per_unit, settled

_STYLE_ROWS: Final = 2_000
_NUMERIC: Final = (
    "quantity",
    "net_quantity",
    "into_quantity",
    "price",
    "amount",
    "gross",
    "fees",
    "more_fees",
    "taxes",
)
_TRADES: Final = frozenset({EntryKind.BUY, EntryKind.SELL})
_TRADED: Final = frozenset({EntryKind.BUY.value, EntryKind.SELL.value})
_BY_UNITS: Final = frozenset({BY_SIGN, *(kind.value for kind in INCOMING | OUTGOING)})
_OF_MONEY: Final = frozenset(
    kind.value for kind in EntryKind if kind not in INCOMING | OUTGOING | {EntryKind.SPLIT, EntryKind.EXCHANGE}
)
_MOVES_UNITS: Final = INCOMING | OUTGOING | {EntryKind.SPLIT}
_LEAVES: Final = frozenset({EntryKind.WITHDRAWAL, EntryKind.FEE, EntryKind.TAX})
_OUTSIDE: Final = frozenset({EntryKind.DEPOSIT.value, EntryKind.WITHDRAWAL.value})
_UNITS_INSTEAD: Final = {
    EntryKind.DEPOSIT: EntryKind.TRANSFER_IN,
    EntryKind.WITHDRAWAL: EntryKind.TRANSFER_OUT,
    EntryKind.INTEREST: EntryKind.DISTRIBUTION,
}
_INSTEAD: Final = {EntryKind.TRANSFER_IN: EntryKind.DEPOSIT, EntryKind.TRANSFER_OUT: EntryKind.WITHDRAWAL}

Rows = Iterator[tuple[int, list[str]]]


def read(description: Description, source: SourceFile, case: Case) -> list[Gathered]:
    """Read every table of the file that has this format's header into one ledger.

    Raises:
        UnreadableFile: No such header, or a table that cannot be split.
    """
    tables, _ = tables_of(description, source, case)
    cash = description.habits.cash
    if description.habits.cash_if_deposits:
        cash = cash and any(_tells_of_deposits(description, block) for block in tables)
    if description.asks:
        asked = fixed_of(description, source.name, description.places(tables[0].header), case)
        description = replace(description, fixed={**description.fixed, **asked})
    ledger = Ledger(case, description.family, source.name, cash=cash)
    for block in tables:
        table, lines = opened(description, source, block, case)
        read_rows(table, lines, ledger, partial(_take, description))
    for note in description.notes:
        case.findings.note(note)
    return ledger.finish(base_currency=description.fixed.get("currency"))


def opened(description: Description, source: SourceFile, block: Block, case: Case) -> tuple[HeadedTable, Rows]:
    """A table and its rows, remarks and rows that are none left out."""
    rows = rows_of(source, block)
    first = list(islice(rows, _STYLE_ROWS))
    table = _table(description, case, list(block.header), first, delimiter_in(source))
    places = description.places(block.header)
    begin(
        case.findings, block, block.header, {name: place for name, place in places.items() if place < len(block.header)}
    )
    known = ("its format names it so", DecidedBy.FORMAT)
    tell_columns(case.findings, block.header, places, dict.fromkeys(places, known))
    # A row with one cell is a remark below the table, as all brokers have them.
    lines = (one for one in chain(first, rows) if filled(one[1]) > 1)
    return table, _without_skipped(description, lines, places, case)


def _without_skipped(description: Description, rows: Rows, places: Mapping[str, int], case: Case) -> Rows:
    for number, row in rows:
        if description.skips(row, places):
            case.findings.tally(
                "Rows that were never carried out, or say others once more, were left out", f"row {number}"
            )
        else:
            yield number, row


def _table(
    description: Description, case: Case, header: list[str], first: Sequence[tuple[int, list[str]]], delimiter: str
) -> HeadedTable:
    habits = description.habits
    places = description.places(header)
    header += [""] * (max(places.values()) + 1 - len(header))
    order = case.choices.day_order if habits.days is DayOrder.UNKNOWN else habits.days
    if order is DayOrder.UNKNOWN and "date" in places:
        order = proven_order(first, places["date"], case)
    names = dict(description.columns)
    for name in description.beside.keys() & places.keys():
        # Its own name may be empty, or that of several columns.
        header[places[name]] = f"{name} beside"
        names[name] = (normal(header[places[name]]),)
    layout = BrokerLayout(names, description.needed, order, habits.decimal, _NUMERIC)
    if habits.decimal is not None and delimiter:
        return HeadedTable(case, layout, header, Numbers(habits.decimal))
    numeric = [places[name] for name in _NUMERIC if name in places]
    samples = [row[place].strip() for _, row in first for place in numeric if place < len(row)]
    chosen = case.choices.style or choose_style(samples, delimiter).style
    return HeadedTable(case, layout, header, Numbers(chosen, shown_styles(samples)))


def _tells_of_deposits(description: Description, block: Block) -> bool:
    place = description.places(block.header).get("action")
    return place is not None and any(
        place < len(row) and description.meaning("action", row[place]) in _OUTSIDE for _, row in block.first
    )


def _take(description: Description, cells: Cells) -> Iterable[Entry]:
    cells.account = cells.text("account")
    action = f"{cells.text('action')} {cells.text('detail')}".strip()
    meant, cancelled = _meant(description, cells, action)
    if meant == IGNORED:
        return ()
    if cancelled:
        return (_cancelled(description, cells, meant),)
    if meant == EntryKind.EXCHANGE.value:
        return _swapped(description, cells) if cells.text("into_symbol") else _converted(cells)
    if description.habits.coins:
        if (money := currency_code(cells.text("symbol"))) and money[1] == 1:
            return _coin_money(description, cells, meant, money[0])
        paid_in = coin_in(description, cells, "currency")
        if paid_in and meant in _TRADED:
            return (
                *for_a_coin(description, cells, paid_in, bought=meant == EntryKind.BUY.value),
                *fee_coin(description, cells),
            )
    taken = _taken(description, cells, meant, action)
    return (*taken, *fee_coin(description, cells)) if description.habits.coins and cells.good else taken


def _taken(description: Description, cells: Cells, meant: str | None, action: str) -> Iterable[Entry]:
    """What a row moves whose kind is `meant`."""
    priced = currency_in(description, cells, "currency")
    paid = currency_in(description, cells, "amount_currency") if _apart(description, cells) else priced
    cells.moved = paid[0] or ALL
    if meant in (None, UNKNOWN):
        if has_units(cells):
            security_in(description, cells)
        cells.unknown_kind("action", cells.text("action"))
        return ()
    if has_units(cells) and description.meaning("asset_class", cells.text("asset_class")) == UNKNOWN:
        security_in(description, cells)
        cells.unknown_kind("asset_class", cells.text("asset_class"))
        return ()
    entry = Entry(cells.number, cells.moment("date", "clock"), EntryKind(meant), cells.account)
    entry = replace(entry, column=cells.label("quantity"), balance=balance_in(cells, paid[0]))
    entry = replace(entry, market=_is_market(description, entry.kind, action))
    if description.habits.coins:
        entry = replace(entry, kind=_UNITS_INSTEAD.get(entry.kind, entry.kind))
    if entry.kind in _TRADES or (entry.kind in _MOVES_UNITS and has_units(cells)):
        return _units(description, cells, entry, priced, paid)
    return _money(description, cells, entry, paid)


def _meant(description: Description, cells: Cells, action: str) -> tuple[str | None, bool]:
    """What the words of a row mean, and whether it takes such a dealing back instead of being one."""
    meant = description.meaning("action", action)
    named = description.is_named("action", action)
    if not named and cancels(action):
        meant = description.meaning("action", without_cancelling(action))
        if meant not in _OF_MONEY and has_units(cells):
            return meant, True
    elif not named and corrects(action) and meant in _BY_UNITS and has_units(cells):
        # Instead of the row before or on top of it: only a person can tell.
        meant = None
    if meant == BY_SIGN:
        meant = EntryKind.BUY.value if cells.needed("quantity") > 0 else EntryKind.SELL.value
    return meant, False


def _is_market(description: Description, kind: EntryKind, action: str) -> bool:
    """Whether the price of a kind of dealing is the market's."""
    if is_off_market(action) or any(folded(action).startswith(word) for word in description.off_market):
        return False
    return kind in _TRADES or kind.value in description.habits.market


def _cancelled(description: Description, cells: Cells, meant: str | None) -> Entry:
    """A row that takes a dealing back."""
    security = security_in(description, cells)
    currency, units = currency_in(description, cells, "currency")
    cells.moved = ALL
    kind = EntryKind(meant) if meant not in (None, UNKNOWN, BY_SIGN) else None
    price = cells.number_in("price")
    return Entry(
        cells.number, cells.moment("date", "clock"), EntryKind.CANCELLATION, cells.account, security,
        abs(cells.needed("quantity")), None if price is None else abs(price) / units, currency,
        cash=(Money(NOTHING, currency),), column=cells.label("quantity"), cancels=kind,
    )  # fmt: skip


def _converted(cells: Cells) -> Iterable[Entry]:
    """A coin that became another, by the remark that says both."""
    cells.moved = ""
    found = conversion_in(cells.text("detail"))
    old = cells.security(cells.text("symbol"), "", "", kind=AssetClass.CRYPTO)
    if found is None or found.coin != cells.text("symbol").upper():
        cells.unknown_kind("action", cells.text("action"))
        return ()
    new = cells.security(found.into, "", "", kind=AssetClass.CRYPTO)
    entry = Entry(cells.number, cells.moment("date", "clock"), EntryKind.EXCHANGE, column=cells.label("quantity"))
    return (replace(entry, security=old, quantity=found.units, into=new, into_quantity=found.into_units),)


def _swapped(description: Description, cells: Cells) -> Iterator[Entry]:
    """Two coins in one row beside what they were worth in money: one was sold for it, and one bought."""
    worth = abs(cells.needed("amount"))
    currency, _ = currency_in(description, cells, "amount_currency")
    cells.moved = ""
    for name, amount, bought in (("symbol", "quantity", False), ("into_symbol", "into_quantity", True)):
        units, coin = abs(cells.needed(amount)), cells.text(name)
        if (money := currency_code(coin)) and money[1] == 1:
            continue
        security = cells.security(coin, "", "", kind=AssetClass.CRYPTO)
        if not cells.good or not units:
            return
        entry = Entry(cells.number, cells.moment("date", "clock"), EntryKind.BUY, column=cells.label(amount))
        yield entry.traded(security, units, worth / units, currency, worth if bought else None, bought=bought)


def _coin_money(description: Description, cells: Cells, meant: str | None, currency: str) -> Iterable[Entry]:
    """A row of an exchange whose coin is money."""
    cells.moved = currency
    amount = cells.needed("quantity")
    if meant not in _OUTSIDE:
        cells.unknown_kind("action", cells.text("action"))
        return ()
    if not description.habits.signed:
        amount = -abs(amount) if meant == EntryKind.WITHDRAWAL.value else abs(amount)
    kind = EntryKind.DEPOSIT if amount > 0 else EntryKind.WITHDRAWAL
    entry = Entry(cells.number, cells.moment("date", "clock"), kind)
    return (replace(entry, cash=(Money(amount, currency),) if description.habits.cash else ()),)


def _apart(description: Description, cells: Cells) -> bool:
    """Whether amounts have a currency of their own."""
    return "amount_currency" in description.fixed or bool(cells.text("amount_currency"))


def _units(
    description: Description, cells: Cells, entry: Entry, priced: tuple[str, int], paid: tuple[str, int]
) -> Iterable[Entry]:
    """A row that moves units: a trade, a transfer, or a split.

    Args:
        priced: Currency of the price, and how many of the written unit make one.
        paid: The same of the amount.
    """
    security = security_in(description, cells)
    incoming = entry.kind in INCOMING
    net = incoming and cells.has("net_quantity") and bool(cells.text("net_quantity"))
    told = trade_in(cells.text("detail")) if description.habits.trade_in_detail else None
    quantity = told[0] if told else cells.needed("net_quantity" if net else "quantity")
    price = _price(description, cells, quantity * security.multiplier, priced, paid, incoming=incoming)
    if told and paid[0] != priced[0]:
        price = told[1] / priced[1]
    if not cells.good or not quantity:
        return ()
    moved = replace(entry, security=security, quantity=abs(quantity), currency=priced[0])
    if entry.kind is EntryKind.SPLIT:
        return (replace(moved, quantity=quantity),)
    if entry.kind not in _TRADES:
        return (replace(moved, price=price or None),)
    unpriced_sale = entry.kind is EntryKind.SELL and not description.habits.price_of_sales
    if not price and not unpriced_sale:
        cells.problem("price", "", "The row states no price in the currency of the line. Give price or amount.")
        return ()
    return _trade(description, cells, moved, price, Money(_amount(description, cells, moved, price, paid), paid[0]))


def _price(
    description: Description,
    cells: Cells,
    units: Decimal,
    priced: tuple[str, int],
    paid: tuple[str, int],
    *,
    incoming: bool,
) -> Decimal:
    """The price of one unit: as stated, else the amount before costs over the units; 0 where neither is there."""
    stated = cells.number_in("price")
    if stated is not None:
        return abs(stated) / priced[1]
    gross = cells.number_in("gross")
    if gross is not None:
        return per_unit(gross, units) / priced[1]
    if paid[0] != priced[0] or not (incoming or description.habits.price_of_sales):
        return NOTHING
    amount = abs(cells.number_in("amount") or NOTHING)
    if description.habits.amount == "net":
        amount -= costs_in(cells) if incoming else -costs_in(cells)
    return per_unit(amount, units) / paid[1]


def _amount(description: Description, cells: Cells, moved: Entry, price: Decimal, paid: tuple[str, int]) -> Decimal:
    """What changed hands with all costs, without its sign; 0 where the row does not tell."""
    costs = costs_in(cells) if moved.kind is EntryKind.BUY else -costs_in(cells)
    amount = abs(cells.number_in("amount") or NOTHING)
    if amount:
        return (amount + costs if description.habits.amount == "gross" else amount) / paid[1]
    same = paid[0] == moved.currency and cells.text("fees_currency") in ("", paid[0])
    if not same or moved.security is None:
        return NOTHING
    return moved.quantity * moved.security.multiplier * price + costs / paid[1]


def _trade(description: Description, cells: Cells, moved: Entry, price: Decimal, paid: Money) -> Iterable[Entry]:
    bought, security = moved.kind is EntryKind.BUY, moved.security
    if security is None:
        return ()
    cash = Money(-paid.amount if bought else paid.amount, paid.currency)
    moved = replace(moved, cash=(cash,) if description.habits.cash and paid.amount else ())
    if not paid.amount or not price:
        return (moved.traded(security, moved.quantity, price or None, moved.currency, None, bought=bought),)
    units = moved.quantity * security.multiplier
    found = settled(cells, units, price, moved.currency, paid, costs_in(cells), bought=bought)
    return (moved.traded(security, moved.quantity, found.price, moved.currency, found.cost, bought=bought),)


def _money(description: Description, cells: Cells, entry: Entry, paid: tuple[str, int]) -> Iterable[Entry]:
    """A row that moves money alone."""
    amount = cells.needed("amount") / paid[1]
    if description.habits.amount == "gross":
        costs = sum((cells.number_in(name) or NOTHING for name in ("fees", "more_fees", "taxes")), NOTHING)
        amount += (costs if description.habits.signed_costs else -costs_in(cells)) / paid[1]
    if not description.habits.signed and entry.kind in _LEAVES:
        amount = -abs(amount)
    kind = _INSTEAD.get(entry.kind, entry.kind)
    if kind in OUTSIDE:
        kind = EntryKind.DEPOSIT if amount > 0 else EntryKind.WITHDRAWAL
    return (replace(entry, kind=kind, cash=(Money(amount, paid[0]),)),)
