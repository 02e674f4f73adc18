"""Columns of the same name on several days: "Value 31.12.2025" beside "Value 30.10.2026"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from core.intake.cells.dates import NotADate
from core.intake.transactions.moments import DayOrder, parse_moment

_DAY: Final = re.compile(
    r"(?<!\d)(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2}))(?!\d)|(?<!\d)(?:19|20)\d\d(?!\d)"
)


def older_columns(header: Sequence[str]) -> frozenset[int]:
    """Places of the columns whose name is that of another one on a later day: they say what was."""
    named: dict[str, list[tuple[date, int]]] = {}
    for place, cell in enumerate(header):
        found = _DAY.search(cell)
        day = _day(found[0]) if found is not None else None
        if found is not None and day is not None:
            rest = f"{cell[: found.start()]}{cell[found.end() :]}"
            named.setdefault(" ".join(rest.casefold().split()), []).append((day, place))
    return frozenset(
        place for columns in named.values() for day, place in columns if day < max(one for one, _ in columns)
    )


def _day(text: str) -> date | None:
    if len(text) == 4:
        return date(int(text), 12, 31)
    for order in (DayOrder.DAY_FIRST, DayOrder.MONTH_FIRST):
        try:
            return parse_moment(text, order).date()
        except NotADate:
            continue
    return None
