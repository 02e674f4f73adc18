"""Figures of stored data: one history, and two of them one above the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from dashboard.widgets.charts import Palette, finish, plain

_SPARSE = 80
"""Up to so many points each gets a mark: a line alone would hide how few there are."""

_MANY = 6_000
"""Beyond it lines are drawn by WebGL."""


@dataclass(frozen=True, slots=True)
class Line:
    """One history.

    Attributes:
        name: What people call it.
        unit: Of its values, shown behind them.
        days: Dates, oldest first.
        values: One a day.
    """

    name: str
    unit: str
    days: Sequence[date] | NDArray[np.datetime64]
    values: Sequence[float]


def history(line: Line, colours: Palette, *, height: int = 340) -> go.Figure:
    """Values by day."""
    figure = go.Figure(_trace(line, colours.categories[0]))
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(tickformat=",~g", nticks=7)
    return finish(figure, colours, height=height)


def above(first: Line, second: Line, colours: Palette) -> go.Figure:
    """Two histories over the same days, each on its own scale: two scales in one frame would suggest what is not."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.16)
    for row, line in enumerate((first, second), start=1):
        figure.add_trace(_trace(line, colours.categories[row - 1]), row=row, col=1)
        figure.add_annotation(
            text=f"<b>{plain(line.name, 60)}</b>, {plain(line.unit)}",
            xref="x domain" if row == 1 else "x2 domain",
            yref="y domain" if row == 1 else "y2 domain",
            x=0,
            y=1.02,
            xanchor="left",
            yanchor="bottom",
            showarrow=False,
            font={"size": 13, "color": colours.ink},
        )
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(tickformat=",~g", nticks=5)
    figure = finish(figure, colours, height=430)
    return figure.update_layout(margin={"t": 30})


def _trace(line: Line, colour: str) -> go.Scatter | go.Scattergl:
    kind = go.Scattergl if len(line.values) > _MANY else go.Scatter
    return kind(
        x=line.days,
        y=line.values,
        mode="lines+markers" if len(line.values) <= _SPARSE else "lines",
        marker={"size": 5},
        line={"color": colour, "width": 1.8},
        hovertemplate=f"%{{x|%-d %b %Y}}: %{{y:,.6~g}} {plain(line.unit)}<extra></extra>",
    )
