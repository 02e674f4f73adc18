"""Whether a table is a history of dealings and no list of positions: its words and its days say it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from core.intake.cells.asset_classes import folded
from core.intake.cells.dates import NotADate
from core.intake.cells.numbers import NotANumber, choose_style, parse_number
from core.intake.tables.column_words import DEAL_DAYS, DEALS, QUOTE_DAYS, is_other, named, plain
from core.intake.transactions.moments import DayOrder, parse_moment

_LONGEST: Final = 120
_KINDS: Final = frozenset(
    [
        "action", "type", "transaction", "activity", "side", "operation", "art", "vorgang", "buchung",
        "transaktionstyp", "umsatzart", "typ", "transaktion", "operacion", "operazione", "tipo", "movimento", "nature",
        "soort", "sens", "kop", "salj", "aktivitet", "取引", "売買", "取引種類", "買卖", "买卖",
    ]
)  # fmt: skip
_LONE_LETTERS: Final = (
    {"b", "s"}, {"k", "v"}, {"a", "v"}, {"c", "v"}, {"buy", "sell"}, {"+", "-"}, {"買", "売"}, {"买", "卖"},
    {"買", "賣"},
)  # fmt: skip
"""What a column of sides says where it says it in one sign."""
_CERTAIN_LETTERS: Final = ({"b", "s"}, {"k", "v"}, {"buy", "sell"})
_ALL: Final = 200
"""Rows that are looked at: of a longer list the sum is not known."""
_WEAK: Final = frozenset(["deposit", "interest", "transfer", "split", "receive", "convert", "gutschrift", "zinsen"])
"""Words of dealings that kinds of positions are called by too."""
_CODES: Final = frozenset({"symbol", "ticker", "isin"})
"""Columns whose words are codes of companies, whatever else they mean."""
_DAYS: Final = frozenset({"date", "datum", "trade date", "fecha", "data", "time"})
_FEES: Final = frozenset(["fee", "fees", "commission", "gebuhr", "gebuhren", "courtage", "frais"])
_MOST_NAMES: Final = 60
_REMEDY: Final = (
    "this looks like a list of transactions. Positions are needed: export those, or send the transactions in the "
    "format of a broker that is known."
)

Rows = Sequence[tuple[int, Sequence[str]]]


def dealings_in(header: Sequence[str], rows: Rows) -> str:
    """What speaks for a history of dealings, as a sentence with its remedy; "" when nothing does.

    A column in which half of the cells name dealings; a column called action or type with some of them; one line a day
    over many days with the same names again; or days with fees beside them.
    """
    for place, name in enumerate(header):
        if plain(name) in _CODES:
            continue
        cells = _column(rows, place)
        deals = [words for cell in cells if (words := DEALS.intersection(re.split(r"\W+", folded(cell[:_LONGEST]))))]
        kinds = bool(_KINDS.intersection(plain(name).split()))
        strong = any(words - _WEAK for words in deals)
        if deals and (len(deals) > len(cells) / 2 or (kinds and strong and len(deals) >= max(1, len(cells) // 5))):
            said = next(cell for cell in cells if DEALS.intersection(re.split(r"\W+", folded(cell[:_LONGEST]))))
            return f"column '{name.strip()}' says '{said.lower()[:40]}' and the like: {_REMEDY}"
        if _says_sides(name, {folded(cell) for cell in cells}, kinds=kinds):
            return f"column '{name.strip()}' says '{cells[0]}' and the like: {_REMEDY}"
    return _by_names(header, rows) or _by_days(header, rows) or _by_deal_days(header, rows) or _by_weights(header, rows)


def _says_sides(name: str, cells: set[str], *, kinds: bool) -> bool:
    """Whether a column says in one sign which side each row is on: by its cells, by its name ("B/S"), or by both."""
    sides = set(plain(name).split())
    if sides in _LONE_LETTERS and cells and cells <= sides:
        return True
    return cells in _LONE_LETTERS and (kinds or cells in _CERTAIN_LETTERS)


def _by_deal_days(header: Sequence[str], rows: Rows) -> str:
    """Days on which something was dealt, which differ from row to row."""
    for place, name in enumerate(header):
        days = set(_column(rows, place)) if plain(name) in DEAL_DAYS else set()
        if len(days) > 1 and all(map(_is_day, list(days)[:5])):
            return f"column '{name.strip()}' holds {len(days)} days on which something was dealt: {_REMEDY}"
    return ""


def _by_weights(header: Sequence[str], rows: Rows) -> str:
    """Values that add up to 100 or to 1, beside neither units nor prices: these are weights and no amounts."""
    meant = [named(name) for name in header]
    if any(max(one.get("quantity", 0.0), one.get("price", 0.0)) > 0.5 for one in meant) or not 3 <= len(rows) < _ALL:
        return ""
    for place, one in enumerate(meant):
        if one.get("market_value", 0.0) < 0.5:
            continue
        cells = _column(rows, place)
        numbers = [number for cell in cells if (number := _figure(cell)) is not None]
        whole = sum(numbers, Decimal(0))
        if len(numbers) == len(cells) >= 3 and all(number >= 0 for number in numbers) and _is_whole(whole):
            return (
                f"the values of column '{header[place].strip()}' add up to {whole.normalize():f}, as percentages do, "
                "and weights are no amounts: export values, or units and prices."
            )
    return ""


def _is_whole(total: Decimal) -> bool:
    return any(abs(total - whole) <= whole / 1000 for whole in (1, 100))


def _figure(cell: str) -> Decimal | None:
    try:
        return parse_number(cell, choose_style([cell], "").style)
    except NotANumber:
        return None


def _column(rows: Rows, place: int) -> list[str]:
    return [row[place].strip() for _, row in rows if place < len(row) and row[place].strip()]


def _by_names(header: Sequence[str], rows: Rows) -> str:
    """One line a day over many days, and the same names again: a list of positions has all of its lines each day."""
    days_at = next((place for place in range(len(header)) if _is_column_of_days(header[place], rows, place)), None)
    if days_at is None:
        return ""
    pairs = [(row[days_at].strip()[:10], row) for _, row in rows if days_at < len(row) and row[days_at].strip()]
    days = {day for day, _ in pairs}
    if len(days) < 5 or len(pairs) > 1.5 * len(days):
        return ""
    for place, cell in enumerate(header):
        meant = named(cell)
        if max((meant.get(field, 0.0) for field in ("symbol", "isin", "name")), default=0.0) < 0.6:
            continue
        names = [row[place].strip() for _, row in pairs if place < len(row) and row[place].strip()]
        if 1 < len(set(names)) < min(len(names), _MOST_NAMES):
            return f"its rows stand on {len(days)} days, one or two a day, and name the same lines again: {_REMEDY}"
    return ""


def _is_column_of_days(name: str, rows: Rows, place: int) -> bool:
    cells = _column(rows, place)
    return (
        len(cells) > len(rows) / 2
        and plain(name) not in QUOTE_DAYS
        and not is_other(name)
        and sum(_is_day(cell) for cell in cells[:20]) > 0.8 * min(20, len(cells))
    )


def _by_days(header: Sequence[str], rows: Rows) -> str:
    names = [plain(cell) for cell in header]
    dates = [place for place, name in enumerate(names) if name in _DAYS]
    fees = [name for name in names if _FEES & set(name.split())]
    if not dates or not fees or len(rows) < 3:
        return ""
    whole = set(_column(rows, dates[0]))
    if len(whole) < 3 or len(whole) < 0.7 * len(rows) or not all(map(_is_day, list(whole)[:3])):
        return ""
    return f"its rows stand on {len(whole)} days, with column '{fees[0]}' beside them: {_REMEDY}"


def _is_day(text: str) -> bool:
    for order in (DayOrder.DAY_FIRST, DayOrder.MONTH_FIRST):
        try:
            # Eight digits are a number as well as a day; only days of this and the last century count.
            return parse_moment(text, order).year < 2100
        except NotADate:
            continue
    return False
