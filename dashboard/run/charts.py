"""Figures about runs: a budget's bar with its marks."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from core.domain.oversight import BudgetLine
from dashboard.widgets.charts import Palette, finish, plain

_LONGEST = 1.2
"""Share of a limit up to which the axis reaches at least: what passes the limit must be seen to."""


def budgets(lines: Sequence[BudgetLine], colours: Palette) -> go.Figure:
    """One bar a limit: what is spent, what is reserved on top of it, and the marks at which somebody is told."""
    names = [plain(line.name) for line in lines]
    figure = go.Figure()
    for label, shares, fill in (
        ("spent", [_share(line, spent=True) for line in lines], colours.categories[0]),
        ("reserved", [_share(line, spent=False) for line in lines], colours.categories[1]),
    ):
        figure.add_bar(
            y=names, x=shares, orientation="h", name=label, marker_color=fill, width=0.5,
            hovertemplate=f"%{{x:.0%}} {label}<extra></extra>",
        )  # fmt: skip
    marks = sorted({mark for line in lines for mark in line.marks} | {100})
    for mark in marks:
        full = mark >= 100
        figure.add_vline(
            x=mark / 100,
            line={"color": colours.loss if full else colours.quiet, "width": 2 if full else 1, "dash": "dot"},
        )
    furthest = max([_LONGEST, *(line.share * 1.05 for line in lines)])
    figure.update_xaxes(
        range=[0, furthest], tickvals=[mark / 100 for mark in marks], ticktext=[f"{mark} %" for mark in marks],
        showgrid=False,
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_yaxes(ticksuffix="  ")
    figure.update_layout(barmode="stack")
    finish(figure, colours, height=70 + 44 * len(lines))
    figure.update_layout(
        showlegend=True, legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"}
    )
    return figure


def _share(line: BudgetLine, *, spent: bool) -> float:
    amount = line.spend.settled_usd if spent else line.spend.open_usd
    return float(amount / line.limit_usd) if line.limit_usd else float(spent)
