"""Values whose currency their header names ("Value in EUR"), beside a column of the lines' own currencies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain, islice

from core.intake.cells.codes import MINOR_UNITS, currency_code
from core.intake.cells.money_marks import currency_named, hundredths_named, marks_of, without_hundredths
from core.intake.cells.numbers import NotANumber, NumberStyle, parse_number
from core.intake.gathering import Case
from core.intake.tables.column_words import named

_CODE = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])|[€£]|US\$")
_IN_BRACKETS = re.compile(r"[(\[]\s*([^()\[\]\s]{1,5})\s*[)\]]\s*$")
_LOOKED_AT = 200
_MARK = {major: minor for minor, major in reversed(MINOR_UNITS.items())}
"""A mark of hundredths for each currency that has one."""
_NEAR = Decimal("0.01")

Rows = Iterator[tuple[int, list[str]]]


def in_the_value_s_currency(
    rows: Rows, header: Sequence[str], places: Mapping[str, int], style: NumberStyle, case: Case
) -> Rows:
    """The rows, with the currency that the value's header names where the line's own is another.

    The header goes before the column, unless quantity × price gives the stated value in the line's own currency. A
    price in another currency than the value is left out: it would say something else than it does in its own.
    """
    named = _named(header[places["market_value"]]) if places["market_value"] < len(header) else None
    if named is None or "currency" not in places:
        return rows
    first = list(islice(rows, _LOOKED_AT))
    others = [row for _, row in first if _other(row, places, named)]
    if not others or sum(_own(row, places, style) for row in others) > len(others) / 2:
        return chain(first, rows)
    case.findings.decided(
        "currency of the values",
        f"Column '{header[places['market_value']]}' names its currency",
        f"values were read as {named}, and prices of lines in another currency were left out",
        noted=True,
    )
    return _changed(chain(first, rows), places, named)


def in_hundredths(
    rows: Rows, header: Sequence[str], places: Mapping[str, int], fixed: Mapping[str, str], case: Case
) -> Rows:
    """The rows, with a mark on amounts whose header says hundredths ("Price (p)") and whose row does not."""
    said = {
        place: currency
        for field in ("price", "market_value", "cost")
        if (place := places.get(field)) is not None
        and place < len(header)
        and (currency := hundredths_named(header[place])) is not None
    }
    if not said:
        return rows
    shown = ", ".join(f"'{header[place]}'" for place in said)
    what = f"Amounts in {shown} are hundredths of the currency"
    case.findings.decided("hundredths", what, "its header says so", noted=True)
    return _marked(rows, said, places, fixed)


def _marked(
    rows: Rows, said: Mapping[int, str], places: Mapping[str, int], fixed: Mapping[str, str]
) -> Iterator[tuple[int, list[str]]]:
    for number, row in rows:
        at = places.get("currency")
        written = row[at] if at is not None and at < len(row) else fixed.get("currency", "")
        known = currency_code(written) or currency_code(currency_named(written) or "")
        for place, currency in said.items():
            digits = place < len(row) and any(map(str.isdigit, row[place]))
            if (
                digits
                and known == (currency, 1)
                and not without_hundredths(row[place])[1]
                and marks_of(row[place]) is None
            ):
                row[place] = f"{row[place].strip()} {_MARK[currency]}"
        yield number, row


def names_its_currency(header: str) -> bool:
    """Whether a header names one currency: "Value in EUR"."""
    return _named(header) is not None


def tell_in_base(rows: Rows, header: Sequence[str], places: Mapping[str, int], style: NumberStyle, case: Case) -> Rows:
    """The rows; once they are through, what a column of values in one currency beside them adds up to.

    A list may state each value twice, in the line's currency and in the account's. Lines are read in their own; the
    file's own total shows by how much its rates differ from those that are used elsewhere.
    """
    beside = next(
        (
            (place, currency)
            for place, cell in enumerate(header)
            if place not in places.values()
            and named(cell).get("market_value", 0.0) > 0
            and (currency := _named(cell)) is not None
        ),
        None,
    )
    if beside is None or not {"currency", "market_value"} <= places.keys():
        yield from rows
        return
    place, currency = beside
    total, lines = Decimal(0), 0
    for number, row in rows:
        try:
            total += parse_number(row[place], style)
            lines += 1
        except (NotANumber, IndexError):
            pass
        yield number, row
    if lines:
        case.findings.note(
            f"Column '{header[place]}' adds up to {currency} {total:,.2f} at the rates of the file itself; lines were "
            "read in their own currencies, and totals shown elsewhere use the European Central Bank's rates."
        )


def _changed(rows: Iterable[tuple[int, list[str]]], places: Mapping[str, int], named: str) -> Rows:
    for number, row in rows:
        if _other(row, places, named):
            row[places["currency"]] = named
            if "price" in places and places["price"] < len(row):
                row[places["price"]] = ""
        yield number, row


def _named(header: str) -> str | None:
    # A sign in brackets at the end, as in "Wert (Fr.)".
    sign = _IN_BRACKETS.search(header)
    found = marks_of(sign[1]) if sign is not None else None
    if found is not None and len(found) == 1:
        return next(iter(found))
    for mark in _CODE.findall(header):
        known = currency_code(mark) or currency_code(currency_named(mark) or "")
        if known is not None and known[1] == 1:
            return known[0]
    return None


def _other(row: Sequence[str], places: Mapping[str, int], named: str) -> bool:
    cell = row[places["currency"]].strip() if places["currency"] < len(row) else ""
    return bool(cell) and (currency_code(cell) or currency_code(currency_named(cell) or "") or (named, 1))[0] != named


def _own(row: Sequence[str], places: Mapping[str, int], style: NumberStyle) -> bool:
    """Whether quantity × price is the stated value: then it stands in the line's own currency."""
    if not {"quantity", "price"} <= places.keys():
        return False
    try:
        quantity, price, value = (
            parse_number(row[places[name]], style) for name in ("quantity", "price", "market_value")
        )
    except (NotANumber, IndexError):
        return False
    return abs(quantity * price - value) <= abs(value) * _NEAR
