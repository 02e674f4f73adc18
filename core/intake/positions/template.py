"""The canonical table with two rows, for people to start from."""

from __future__ import annotations

import csv
import io

from core.intake.positions.canonical import COLUMNS

_EXAMPLES = (
    ("2026-10-30", "Main account", "VOO", "US9229083632", "Vanguard S&P 500 ETF", "equity_fund", "20", "600.50", "USD",
     "12010.00", "", "US", "9800.00"),
    ("2026-10-30", "Main account", "CASH_USD", "", "Cash", "cash", "", "", "USD", "2500.00", "", "", ""),
)  # fmt: skip


def canonical_template() -> bytes:
    """A positions CSV in UTF-8 with all columns and two example rows, one with a price and one with a value alone."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(_EXAMPLES)
    return text.getvalue().encode("utf-8")
