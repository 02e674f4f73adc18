"""Figures of one portfolio: over time, its risk, and its difference to the benchmark. Percentages come as percents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from textwrap import wrap

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.widgets.charts import Palette, finish, plain

Days = NDArray[np.datetime64]
Floats = NDArray[np.float64]

OWN = "Portfolio"
BENCHMARK = "Benchmark"

_LONGEST = 24
_TICKS = 8
_LABELLED = 12
"""Positions whose correlations are written into the cells; more would not be legible."""


def over_time(
    lines: Sequence[tuple[str, Days, Floats]], colours: Palette, *, height: int = 300, zero: bool = True
) -> go.Figure:
    """Percentages by day, one line a name: the first in the theme's blue, the next dashed beside it.

    Args:
        lines: (name, days, percents); NaN leaves a gap.
        zero: Draw the line of 0 %.
    """
    figure = go.Figure()
    for place, (name, days, values) in enumerate(lines):
        figure.add_trace(
            go.Scatter(
                x=days,
                y=values,
                name=name,
                mode="lines",
                line={
                    "color": colours.categories[place],
                    "width": 1.8 if place == 0 else 1.5,
                    "dash": "solid" if place == 0 else "dash",
                },
                hovertemplate="%{y:.2f} %",
            )
        )
    _of_time(figure, colours, zero=zero)
    return _legend(finish(figure, colours, height=height), len(lines))


def drawdowns(lines: Sequence[tuple[str, Days, Floats]], colours: Palette) -> go.Figure:
    """How far below the highest value so far, in percent: the first as an area, the next as a dashed line."""
    figure = go.Figure()
    for place, (name, days, values) in enumerate(lines):
        first = place == 0
        figure.add_trace(
            go.Scatter(
                x=days,
                y=values,
                name=name,
                mode="lines",
                fill="tozeroy" if first else None,
                fillcolor=_faded(colours.loss) if first else None,
                line={
                    "color": colours.loss if first else colours.categories[1],
                    "width": 1.6,
                    "dash": "solid" if first else "dash",
                },
                hovertemplate="%{y:.2f} %",
            )
        )
    _of_time(figure, colours, zero=True)
    return _legend(finish(figure, colours, height=260), len(lines))


def years(rows: Sequence[tuple[str, float, float | None]], colours: Palette) -> go.Figure:
    """Bars by calendar year: (label, percent, the benchmark's percent or None)."""
    labels = [plain(label) for label, _, _ in rows]
    figure = go.Figure()
    beside = any(other is not None for _, _, other in rows)
    pairs: list[tuple[str, list[float | None]]] = [
        (OWN, [own for _, own, _ in rows]),
        (BENCHMARK, [other for _, _, other in rows]),
    ]
    for place, (name, values) in enumerate(pairs):
        if place and not beside:
            continue
        figure.add_trace(
            go.Bar(
                x=labels,
                y=values,
                name=name,
                marker_color=colours.categories[place],
                text=["" if value is None else f"{value:.1f}" for value in values],
                textposition="outside",
                textangle=0,
                cliponaxis=False,
                hovertemplate="%{x}: %{y:.2f} %",
            )
        )
    known = [value for _, own, other in rows for value in (own, other) if value is not None]
    figure.update_yaxes(ticksuffix=" %", range=_room(known), zeroline=True, zerolinewidth=1)
    figure.update_xaxes(showgrid=False, type="category")
    return _legend(finish(figure, colours, height=260), 2 if beside else 1)


def risk_and_weight(rows: Sequence[tuple[str, float, float]], colours: Palette) -> go.Figure:
    """Two bars a holding, the largest on top: (name, weight, share of risk), both in percent."""
    shown = list(reversed(rows))
    names = [plain(name, _LONGEST) for name, _, _ in shown]
    figure = go.Figure()
    # The bar that is added last stands on top of its pair.
    for name, values, colour in (
        ("Share of risk", [risk for _, _, risk in shown], colours.categories[1]),
        ("Weight", [weight for _, weight, _ in shown], colours.categories[0]),
    ):
        figure.add_trace(
            go.Bar(
                x=values,
                y=names,
                name=name,
                orientation="h",
                marker_color=colour,
                text=[f"{value:.1f} %" for value in values],
                textposition="outside",
                cliponaxis=False,
                hovertemplate="%{y}: %{x:.2f} %",
            )
        )
    every = [value for _, weight, risk in rows for value in (weight, risk)]
    figure.update_xaxes(visible=False, range=_room(every, 0.2))
    figure.update_yaxes(showgrid=False, type="category")
    figure.update_layout(legend_traceorder="reversed")
    return _legend(finish(figure, colours, height=90 + 44 * len(rows)), 2)


def correlations(names: Sequence[str], values: Floats, colours: Palette) -> go.Figure:
    """Heat map of correlations from -1 to 1, each written in its cell; unknown ones stay empty."""
    labels = [plain(name, _LONGEST) for name in names]
    last = len(colours.diverging) - 1
    figure = go.Figure(
        go.Heatmap(
            x=labels,
            y=labels,
            z=np.round(values, 2),
            zmin=-1,
            zmax=1,
            colorscale=[[place / last, colour] for place, colour in enumerate(colours.diverging)],
            texttemplate="%{z:.2f}" if len(names) <= _LABELLED else "",
            hovertemplate="%{y}, %{x}: %{z:.2f}<extra></extra>",
            hoverongaps=False,
            xgap=1,
            ygap=1,
            showscale=False,
            textfont={"size": 11, "color": colours.ink},
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    figure.update_xaxes(showgrid=False, tickangle=-45, type="category")
    return finish(figure, colours, height=110 + 38 * max(len(names), 4))


def tornado(rows: Sequence[tuple[str, float]], colours: Palette) -> go.Figure:
    """Bars to both sides of zero, in percent of total value: the widest on top."""
    shown = sorted(rows, key=lambda row: abs(row[1]))
    values = [value for _, value in shown]
    figure = go.Figure(
        go.Bar(
            x=values,
            y=[_wrapped(name) for name, _ in shown],
            orientation="h",
            marker_color=[colours.loss if value < 0 else colours.gain for value in values],
            text=[f"{value:+.1f} %" for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.2f} %<extra></extra>",
        )
    )
    figure.update_xaxes(visible=False, range=_room(values, 0.36), zeroline=True, zerolinecolor=colours.quiet)
    figure.update_yaxes(showgrid=False, type="category")
    return finish(figure, colours, height=60 + 38 * len(rows))


def waterfall(steps: Sequence[tuple[str, float]], total: tuple[str, float], colours: Palette) -> go.Figure:
    """From nothing to a total, step by step, in percentage points."""
    names = [plain(name) for name, _ in [*steps, total]]
    values = [value for _, value in steps] + [total[1]]
    figure = go.Figure(
        go.Waterfall(
            x=names,
            y=values,
            measure=["relative"] * len(steps) + ["total"],
            text=[f"{value:+.2f}" for value in values],
            textposition="outside",
            cliponaxis=False,
            increasing={"marker": {"color": colours.gain}},
            decreasing={"marker": {"color": colours.loss}},
            totals={"marker": {"color": colours.categories[0]}},
            connector={"line": {"color": colours.line, "width": 1}},
            hovertemplate="%{x}: %{y:.2f} pp<extra></extra>",
        )
    )
    reached = [0.0, *np.cumsum([value for _, value in steps]).tolist(), total[1]]
    figure.update_yaxes(ticksuffix=" pp", range=_room(reached, 0.15), zeroline=True, zerolinewidth=1)
    figure.update_xaxes(showgrid=False, type="category")
    return finish(figure, colours, height=320)


def segments(effects: Mapping[str, Mapping[str, float]], colours: Palette) -> go.Figure:
    """Stacked bars by segment: effect, then segment, then percentage points; losses to the left, gains to the right."""
    names = {name: None for effect in effects.values() for name in effect}
    ranked = sorted(names, key=lambda name: sum(abs(effect.get(name, 0.0)) for effect in effects.values()))
    labels = [plain(name, _LONGEST) for name in ranked]
    figure = go.Figure()
    for place, (effect, values) in enumerate(effects.items()):
        figure.add_trace(
            go.Bar(
                x=[values.get(name, 0.0) for name in ranked],
                y=labels,
                name=plain(effect),
                orientation="h",
                marker={
                    "color": colours.categories[place % len(colours.categories)],
                    "line": {"color": colours.paper, "width": 1},
                },
                hovertemplate="%{y}: %{x:.2f} pp",
            )
        )
    figure.update_layout(barmode="relative")
    figure.update_xaxes(ticksuffix=" pp", zeroline=True, zerolinecolor=colours.quiet)
    figure.update_yaxes(showgrid=False, type="category")
    return _legend(finish(figure, colours, height=110 + 32 * len(labels)), len(effects))


def values_over_days(rows: Sequence[tuple[date, float]], currency: str, colours: Palette) -> go.Figure:
    """Total value on each stored day, in whole units of a currency."""
    figure = go.Figure(
        go.Scatter(
            x=[day for day, _ in rows],
            y=[value for _, value in rows],
            mode="lines+markers",
            line={"color": colours.categories[0], "width": 2},
            marker={"size": 8},
            hovertemplate="%{x|%-d %b %Y}: " + plain(currency, 3) + " %{y:,.0f}<extra></extra>",
        )
    )
    few = [day for day, _ in rows] if len(rows) <= _TICKS else None
    figure.update_xaxes(showgrid=False, tickformat="%-d %b<br>%Y", nticks=_TICKS, tickvals=few)
    figure.update_yaxes(tickformat=",.4~s")
    return finish(figure, colours, height=280)


def _wrapped(name: str) -> str:
    """A long label on several lines: on one it would take the bars' room on a narrow screen."""
    return "<br>".join(wrap(plain(name, 84), _LONGEST + 4))


def _of_time(figure: go.Figure, colours: Palette, *, zero: bool) -> None:
    figure.update_layout(hovermode="x unified")
    figure.update_xaxes(showgrid=False, hoverformat="%-d %b %Y", nticks=8)
    figure.update_yaxes(ticksuffix=" %", zeroline=zero, zerolinewidth=1, zerolinecolor=colours.quiet)


def _legend(figure: go.Figure, lines: int) -> go.Figure:
    """Above the figure, where it takes no width from a narrow screen; none for a single line."""
    if lines < 2:
        return figure
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom", "title": None},
        margin={"t": 34},
    )
    return figure


def _room(values: Sequence[float], more: float = 0.14) -> list[float]:
    """A range with zero in it and room for the labels at the bars' ends."""
    low, high = min([0.0, *values]), max([0.0, *values])
    span = (high - low) or 1.0
    return [low - (more * span if low < 0 else 0.0), high + (more * span if high > 0 or low == 0 else 0.02 * span)]


def _faded(colour: str) -> str:
    """The colour, mostly transparent, for the ground under a line."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.16)"
