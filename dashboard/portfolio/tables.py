"""Tables of one portfolio: its lines, its returns by period."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

import streamlit as st

from core.domain.facts import FactSheet
from core.domain.portfolio import Portfolio
from dashboard.widgets import listings, text

_COLUMN = st.column_config
_TALL = 11
"""Lines that fit beside the allocation."""


def holdings(sheet: FactSheet, described: Portfolio, *, key: str) -> str:
    """Lines with their weights, the heaviest first; returns the id of the one whose symbol was clicked, or ""."""
    pairs = list(zip(sheet.holdings, described.holdings, strict=True))
    pairs.sort(key=lambda pair: 0.0 if isnan(pair[0].weight_pct) else -pair[0].weight_pct)
    lines = [line for line, _ in pairs]
    clicked = listings.opened(key, [line.holding_id for line in lines])
    weights = [None if isnan(line.weight_pct) else line.weight_pct for line in lines]
    reach = max((weight for weight in weights if weight is not None), default=1.0)
    st.dataframe(
        listings.frame(
            {
                "symbol": [line.holding_id for line in lines],
                "name": [line.name for line in lines],
                "weight": weights,
                "value": [None if isnan(line.value_base) else float(round(line.value_base)) for line in lines],
                "issuer": [holding.terms.issuer for _, holding in pairs],
                "class": [text.words(line.asset_class) for line in lines],
                "sector": [text.words(line.sector) for line in lines],
                "country": [line.country for line in lines],
                "currency": [line.currency for line in lines],
                "isin": [holding.isin for _, holding in pairs],
            }
        ),
        hide_index=True,
        height=420 if len(lines) > _TALL else "content",
        key=key,
        alt="Holdings and their weights",
        placeholder=text.NONE,
        column_config={
            "symbol": listings.opener(key, "Symbol"),
            "name": _COLUMN.TextColumn("Name", width=170),
            "weight": _COLUMN.ProgressColumn(
                "Weight", width=120, format="%.2f %%", min_value=0, max_value=max(reach, 0.01)
            ),
            "value": _COLUMN.NumberColumn(f"Value, {sheet.base_currency}", format="localized"),
            "issuer": _COLUMN.TextColumn("Issuer", help="As the file or the instruments register says."),
            "class": "Class",
            "sector": "Sector",
            "country": "Country",
            "currency": "Currency",
            "isin": "ISIN",
        },
    )
    return clicked


def periods(rows: Sequence[tuple[str, float | None, float | None, float | None]], *, definition: str) -> None:
    """Returns by period in percent: (period, portfolio, benchmark, difference)."""
    st.dataframe(
        listings.frame(rows, columns=["period", "own", "benchmark", "excess"]),
        hide_index=True,
        height="content",
        alt="Returns of the portfolio and of its benchmark by period",
        placeholder=text.NONE,
        column_config={
            "period": "Period",
            "own": _COLUMN.NumberColumn("Portfolio", format="%.2f %%", help=definition),
            "benchmark": _COLUMN.NumberColumn("Benchmark", format="%.2f %%"),
            "excess": _COLUMN.NumberColumn("Difference", format="%+.2f pp", help="In percentage points."),
        },
    )
