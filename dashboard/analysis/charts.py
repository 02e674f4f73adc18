"""Figures of one answer. They are drawn from the facts behind its numbers, never from a number that does not hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from dashboard.widgets.charts import Palette, finish, plain

_LONGEST = 30


@dataclass(frozen=True, slots=True)
class Bullet:
    """One bucket: where it is, and where it is meant to be. Percent of the portfolio; None where there is no bound."""

    name: str
    value: float
    low: float | None
    target: float | None
    high: float | None

    @property
    def outside(self) -> bool:
        """Whether the weight is beyond one of its bounds."""
        return (self.low is not None and self.value < self.low) or (self.high is not None and self.value > self.high)


def bullets(rows: Sequence[Bullet], colours: Palette) -> go.Figure:
    """Bullet bars: a broad pale band for what is allowed, a bar for the weight, a stroke for the target."""
    shown = list(reversed(rows))
    names = [plain(row.name, _LONGEST) for row in shown]
    banded = [row for row in shown if row.low is not None or row.high is not None]
    top = max([0.0, *(value for row in rows for value in (row.value, row.target or 0.0, row.high or 0.0))])
    figure = go.Figure()
    figure.add_trace(
        go.Bar(
            y=[plain(row.name, _LONGEST) for row in banded],
            x=[(top if row.high is None else row.high) - (row.low or 0.0) for row in banded],
            base=[row.low or 0.0 for row in banded],
            orientation="h",
            width=0.72,
            name="Allowed",
            marker={"color": colours.line},
            hovertemplate="%{y}: allowed from %{base:.1f} % to %{x:.1f} %<extra></extra>",
        )
    )
    figure.add_trace(
        go.Bar(
            y=names,
            x=[row.value for row in shown],
            orientation="h",
            width=0.32,
            name="Weight",
            marker={"color": [colours.loss if row.outside else colours.categories[0] for row in shown]},
            text=[f"{row.value:.1f} %{' outside' if row.outside else ''}" for row in shown],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.2f} %<extra></extra>",
        )
    )
    aimed = [row for row in shown if row.target is not None]
    figure.add_trace(
        go.Scatter(
            y=[plain(row.name, _LONGEST) for row in aimed],
            x=[row.target for row in aimed],
            mode="markers",
            name="Target",
            marker={"symbol": "line-ns", "size": 22, "line": {"width": 3, "color": colours.ink}},
            hovertemplate="%{y}: target %{x:.1f} %<extra></extra>",
        )
    )
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(ticksuffix=" %", range=[min(0.0, *(row.value for row in rows)) * 1.1, top * 1.18 or 1.0])
    figure.update_yaxes(showgrid=False, type="category", categoryorder="array", categoryarray=names)
    return _legend(finish(figure, colours, height=100 + 40 * len(rows)))


def before_and_after(rows: Sequence[tuple[str, float, float]], colours: Palette) -> go.Figure:
    """Dumbbells: a hollow dot for the present weight, a full one for the proposed, an arrow's line between; percent."""
    shown = list(reversed(rows))
    names = [plain(name, _LONGEST) for name, _, _ in shown]
    figure = go.Figure()
    for name, (_, before, after) in zip(names, shown, strict=True):
        figure.add_trace(
            go.Scatter(
                x=[before, after],
                y=[name, name],
                mode="lines",
                line={"color": colours.gain if after > before else colours.loss, "width": 3},
                hoverinfo="skip",
                showlegend=False,
            )
        )
    for label, filled, values in (
        ("Now", False, [before for _, before, _ in shown]),
        ("Proposed", True, [after for _, _, after in shown]),
    ):
        figure.add_trace(
            go.Scatter(
                x=values,
                y=names,
                mode="markers+text",
                name=label,
                text=[f"{value:.1f} %" for value in values],
                textposition=[_side(before, after, filled) for _, before, after in shown],
                cliponaxis=False,
                marker={
                    "size": 12,
                    "color": colours.categories[0] if filled else colours.paper,
                    "line": {"width": 2.5, "color": colours.categories[0]},
                },
                hovertemplate="%{y}: %{x:.2f} %<extra>" + label + "</extra>",
            )
        )
    every = [value for _, before, after in rows for value in (before, after)]
    low, high = min([0.0, *every]), max([0.0, *every])
    room = 0.16 * ((high - low) or 1.0)
    figure.update_xaxes(ticksuffix=" %", range=[low - room, high + room])
    figure.update_yaxes(showgrid=True, type="category", categoryorder="array", categoryarray=names)
    return _legend(finish(figure, colours, height=100 + 38 * len(rows)))


def _side(before: float, after: float, filled: bool) -> str:
    """Where a label stands so that it does not lie on the line between the two dots."""
    right = (after >= before) if filled else (before > after)
    return "middle right" if right else "middle left"


def signed(rows: Sequence[tuple[str, float]], unit: str, colours: Palette) -> go.Figure:
    """Bars to both sides of zero in the order given, the first on top."""
    shown = list(reversed(rows))
    values = [value for _, value in shown]
    low, high = min([0.0, *values]), max([0.0, *values])
    room = 0.24 * ((high - low) or 1.0)
    figure = go.Figure(
        go.Bar(
            x=values,
            y=[plain(name, _LONGEST) for name, _ in shown],
            orientation="h",
            marker_color=[colours.loss if value < 0 else colours.gain for value in values],
            text=[f"{value:+.2f} {unit}" for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.2f} " + unit + "<extra></extra>",
        )
    )
    figure.update_xaxes(visible=False, range=[low - (room if low < 0 else 0.0), high + room], zeroline=True)
    figure.update_yaxes(showgrid=False, type="category")
    return finish(figure, colours, height=50 + 32 * len(rows))


def _legend(figure: go.Figure) -> go.Figure:
    """Above the figure, where it takes no width from a narrow screen."""
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom", "title": None},
        margin={"t": 34},
    )
    return figure
