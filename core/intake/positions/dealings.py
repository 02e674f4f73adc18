"""Whether a table is a history of dealings and no list of positions: its words and its days say it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from core.intake.cells.asset_classes import folded
from core.intake.cells.dates import NotADate, parse_date
from core.intake.tables.column_words import DEALS, plain

_LONGEST: Final = 120
_KINDS: Final = frozenset(
    [
        "action",
        "type",
        "transaction",
        "activity",
        "side",
        "side",
        "b",
        "s",
        "buy",
        "sell",
        "operation",
        "art",
        "vorgang",
        "buchung",
        "transaktionstyp",
        "umsatzart",
        "typ",
        "typ",
        "av",
        "transaktion",
        "operacion",
        "operazione",
        "tipo",
        "movimento",
        "type",
        "d",
        "operation",
        "nature",
        "soort",
        "sens",
        "取引",
        "売買",
    ]
)
_DAYS: Final = frozenset({"date", "datum", "trade date", "fecha", "data", "time"})
_FEES: Final = frozenset(["fee", "fees", "commission", "gebuhr", "gebuhren", "courtage", "frais"])
_REMEDY: Final = (
    "this looks like a list of transactions. Positions are needed: export those, or send the transactions in the "
    "format of a broker that is known."
)


def dealings_in(header: Sequence[str], rows: Sequence[tuple[int, Sequence[str]]]) -> str:
    """What speaks for a history of dealings, as a sentence with its remedy; "" when nothing does.

    A column in which half of the cells name dealings; a column called action or type with some of them; or one line a
    day over many days, the same names again and fees beside them.
    """
    for place, name in enumerate(header):
        cells = [row[place].strip() for _, row in rows if place < len(row) and row[place].strip()]
        deals = [cell for cell in cells if DEALS.intersection(re.split(r"\W+", folded(cell[:_LONGEST])))]
        kinds = bool(_KINDS.intersection(plain(name).split()))
        if deals and (len(deals) > len(cells) / 2 or (kinds and len(deals) >= max(1, len(cells) // 5))):
            return f"column '{name.strip()}' says '{deals[0].lower()[:40]}' and the like: {_REMEDY}"
    return _by_days(header, rows)


def _by_days(header: Sequence[str], rows: Sequence[tuple[int, Sequence[str]]]) -> str:
    names = [plain(cell) for cell in header]
    dates = [
        place for place, name in enumerate(names) if name in ("date", "datum", "trade date", "fecha", "data", "time")
    ]
    fees = [
        name
        for name in names
        if {"fee", "fees", "commission", "gebuhr", "gebuhren", "courtage", "frais"} & set(name.split())
    ]
    if not dates or not fees or len(rows) < 3:
        return ""
    days = [row[dates[0]].strip() for _, row in rows if dates[0] < len(row)]
    whole = Counter(filter(None, days))
    if len(whole) < 3 or len(whole) < 0.7 * len(rows) or not _is_day(days[0]):
        return ""
    return f"its rows stand on {len(whole)} days, with column '{fees[0]}' beside them: {_REMEDY}"


def _is_day(text: str) -> bool:
    try:
        parse_date(text[:10])
    except NotADate:
        return False
    return True
