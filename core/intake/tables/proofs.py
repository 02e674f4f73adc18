"""What quantity × price says of a table's values: that they stand in their lines' currency and unit, or do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from core.errors import UnreadableFile
from core.intake.cells.numbers import NotANumber, NumberStyle, parse_number

Row = tuple[int, list[str]]
_EXACT: Final = Decimal("0.005")
_ALIKE: Final = Decimal("0.01")
_OTHER: Final = Decimal("0.04")
"""Prices of another minute, or interest that has run up, move a value by less than this."""
_UNITS: Final = tuple(Decimal(10) ** power for power in range(-6, 7))


def are_products(rows: Sequence[Row], places: Mapping[str, int], style: NumberStyle) -> bool:
    """Whether quantity × price is the stated value in most rows that state all three."""
    ratios = [ratio for _, ratio in ratios_of(rows, places, style)]
    return bool(ratios) and sum(abs(ratio - 1) <= _EXACT for ratio in ratios) > len(ratios) / 2


def refuse_another_currency(
    name: str, header: Sequence[str], rows: Sequence[Row], places: Mapping[str, int], style: NumberStyle
) -> None:
    """Refuse values that differ from quantity × price by one and the same factor, as another currency's do.

    Asked of each currency by itself, from two lines on. Contracts (a whole number of units) and prices per 100, in
    hundredths or per 10,000 are no currency.

    Raises:
        UnreadableFile: Naming the currency and the factor.
    """
    by_currency: dict[str, list[Decimal]] = {}
    for currency, ratio in ratios_of(rows, places, style):
        by_currency.setdefault(currency, []).append(ratio)
    for currency, ratios in by_currency.items():
        low, high = min(ratios), max(ratios)
        if len(ratios) < 2 or high - low > low * _ALIKE or abs(high - 1) <= _OTHER:
            continue
        whole = high >= 2 and abs(high - round(high)) <= high * _EXACT
        if whole or any(abs(high / unit - 1) <= _OTHER for unit in _UNITS):
            continue
        column = header[places["market_value"]]
        raise UnreadableFile(
            f"'{name}': column '{column}' is quantity × price × {high:.4f} in every line in "
            f"{currency or 'one currency'}: its values seem to stand in another currency. Map the column that names "
            f"their currency with --map 'COLUMN=currency', or leave the values out with --map '{column}='."
        )


def ratios_of(rows: Sequence[Row], places: Mapping[str, int], style: NumberStyle) -> Iterator[tuple[str, Decimal]]:
    """Value by quantity × price, of each row that states all three, with its currency as it is written."""
    if not {"quantity", "price", "market_value"} <= places.keys():
        return
    at = places.get("currency")
    for _, row in rows:
        try:
            quantity, price, value = (
                parse_number(row[places[field]], style) for field in ("quantity", "price", "market_value")
            )
        except (NotANumber, IndexError):
            continue
        if quantity and price and value and quantity * price * value > 0:
            yield row[at].strip().upper() if at is not None and at < len(row) else "", value / (quantity * price)
