"""What is told of a table before its rows are read: what each column was taken for, and the evidence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from core.domain.portfolio import Holding
from core.domain.table_read import DecidedBy, TableRead
from core.intake.cells.names import one_line
from core.intake.cells.numbers import NumberStyle
from core.intake.findings import Findings, shortened
from core.intake.tables.blocks import Block, filled
from core.intake.tables.proofs import ratios_of

Row = tuple[int, list[str]]
Why = tuple[str, DecidedBy]

_PRODUCT: Final = ("quantity", "price", "market_value")
FIRST_ROWS: Final = 2_000
"""Rows by which decisions about a whole table are made."""
_SHOWN_ROWS: Final = 8
_SHOWN_CHARS: Final = 80
_EXACT: Final = Decimal("0.005")
BY_HEADER: Final = ("by its header", DecidedBy.FILE)
_FACTORS: Final = (
    (Decimal(1), ""), (Decimal(100), " × 100"), (Decimal("0.01"), " ÷ 100"),
    (Decimal("0.001"), " ÷ 1,000"), (Decimal("0.0001"), " ÷ 10,000"),
)  # fmt: skip
"""By what quantity × price is multiplied to give the value: contracts, and prices of several units."""
_NAMES_A_CURRENCY: Final = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])|[€£¥]|US\$|\b[Ee]uro\b")


def begin(
    findings: Findings,
    block: Block,
    header: Sequence[str],
    places: Mapping[str, int],
    fixed: Mapping[str, str] | None = None,
) -> None:
    """Begin to tell of a table: where it stands, and its first rows as they stand.

    Args:
        fixed: What is the same in every row.
    """
    width = len(header)
    rows = [one for one in block.first if filled(one[1]) > 1][:_SHOWN_ROWS]
    findings.reading(
        TableRead(
            block.sheet,
            block.header_row,
            tuple(one_line(cell)[:_SHOWN_CHARS] for cell in header),
            tuple(sorted(places.items(), key=lambda pair: pair[1])),
            tuple((fixed or {}).items()),
            tuple((number, tuple(shortened(cell, _SHOWN_CHARS) for cell in row[:width])) for number, row in rows),
        )
    )


def tell_columns(findings: Findings, header: Sequence[str], places: Mapping[str, int], why: Mapping[str, Why]) -> None:
    """Tell what each column was taken for.

    Args:
        why: For each field of `places` the evidence and who had it; the header alone where there is none.
    """
    for field, place in sorted(places.items(), key=lambda pair: pair[1]):
        proof, by = why.get(field, BY_HEADER)
        findings.decided(field, f"column '{shown_column(header, place)}'", proof, by)


def tell_fixed(findings: Findings, fixed: Mapping[str, str], why: Mapping[str, Why]) -> None:
    """Tell what is the same in every row."""
    for field, value in fixed.items():
        proof, by = why.get(field, ("the same in every row", DecidedBy.FORMAT))
        findings.decided(field, value, proof, by)


def shown_column(header: Sequence[str], place: int) -> str:
    """What a person calls a column: its name, or its number where it has none."""
    return one_line(header[place])[:60] if 0 <= place < len(header) and header[place].strip() else f"#{place + 1}"


def with_products(
    why: Mapping[str, Why], rows: Sequence[Row], places: Mapping[str, int], style: NumberStyle
) -> dict[str, Why]:
    """The evidence, with what the numbers of the rows say of quantity, price and value."""
    proof = proof_of_products(rows, places, style)
    if not proof:
        return dict(why)
    told = {field: why.get(field, BY_HEADER) for field in _PRODUCT}
    proven = {field: (proof if by is DecidedBy.FILE else f"{said}; {proof}", by) for field, (said, by) in told.items()}
    return {**why, **proven}


def proof_of_products(rows: Sequence[Row], places: Mapping[str, int], style: NumberStyle) -> str:
    """In how many rows quantity × price is the value, in a sentence; "" where no row states all three."""
    found: Counter[str] = Counter()
    for _, ratio in ratios_of(rows, places, style):
        found[next((name for factor, name in _FACTORS if abs(ratio / factor - 1) <= _EXACT), "no")] += 1
    whole = found.total()
    if not whole:
        return ""
    parts = [f"in {found['']:,} of {whole:,} rows"]
    parts += [f"{name.strip()} in {found[name]:,}" for _, name in _FACTORS[1:] if found[name]]
    return f"quantity × price = value {', '.join(parts)}" + (
        f" of the first {len(rows):,}" if len(rows) >= FIRST_ROWS else ""
    )


def why_currency(header: Sequence[str], places: Mapping[str, int]) -> str:
    """Why a list without a column of currencies is in one."""
    named = [place for field, place in places.items() if field in ("price", "market_value", "cost")]
    for place in sorted(named, reverse=True):
        if _NAMES_A_CURRENCY.search(header[place]):
            return f"the header '{shown_column(header, place)}' names it"
    return "the amounts carry its sign"


def tell_lines(findings: Findings, lines: Sequence[Holding], columns: Mapping[str, str]) -> None:
    """What the lines of a table came to be: their currencies, and their asset classes.

    Args:
        columns: What the file calls each field that has a column.
    """
    if not lines:
        return
    currencies = Counter(line.currency for line in lines)
    if len(currencies) > 1:
        findings.decided("currencies", _counted(currencies), "each line has its own")
    classes = Counter(line.asset_class.value.replace("_", " ") for line in lines)
    by = f"by the words in '{columns['asset_class']}'" if "asset_class" in columns else "by names and symbols alone"
    findings.decided("asset classes", _counted(classes), by)


def _counted(found: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in found.most_common(8))
