"""Figures of two runs: which grade became which, and how far each portfolio moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from core.desk.grades import ranks
from core.domain.analysis import Kind
from core.storage.jobs.comparisons import Changed
from dashboard.widgets import grades
from dashboard.widgets.charts import Palette, finish, plain


def transitions(kind: Kind, counts: Mapping[tuple[str, str], int], colours: Palette) -> go.Figure:
    """Grades before by grades after; what lies on the diagonal has stayed. A pair that never occurs is empty."""
    present = {grade for pair in counts for grade in pair}
    order = [grade for grade in grades.ordered(kind, present) if grade in present]
    words = [plain(grades.word(grade)) for grade in order]
    most = max(counts.values(), default=1)
    figure = go.Figure(
        go.Heatmap(
            x=words,
            y=words,
            z=[[counts.get((base, new)) for new in order] for base in order],
            zmin=0,
            zmax=most,
            colorscale=[[place / (len(colours.severity) - 1), colour] for place, colour in enumerate(colours.severity)],
            texttemplate="%{z:,}",
            hovertemplate="%{y} became %{x}: %{z:,}<extra></extra>",
            hoverongaps=False,
            xgap=2,
            ygap=2,
            showscale=False,
        )
    )
    for place in range(len(order)):
        figure.add_shape(
            type="rect", x0=place - 0.5, x1=place + 0.5, y0=place - 0.5, y1=place + 0.5,
            line={"color": colours.quiet, "width": 1.5, "dash": "dot"},
        )  # fmt: skip
    figure.update_xaxes(side="top", showgrid=False, type="category", title={"text": "After", "font": {"size": 13}})
    figure.update_yaxes(
        autorange="reversed", showgrid=False, type="category", title={"text": "Before", "font": {"size": 13}}
    )
    return finish(figure, colours, height=150 + 44 * max(len(order), 2))


def dumbbells(kind: Kind, rows: Sequence[Changed], colours: Palette) -> go.Figure:
    """One line a portfolio from its grade before (hollow) to the one after (full), on the scale of grades."""
    place = ranks(kind)
    shown = [row for row in reversed(rows) if row.base in place and row.new in place]
    names = [plain(row.name, 26) for row in shown]
    figure = go.Figure()
    for height, row in enumerate(shown):
        worse = place[row.new] > place[row.base]
        figure.add_trace(
            go.Scatter(
                x=[place[row.base], place[row.new]],
                y=[height, height],
                mode="lines+markers",
                line={"color": colours.loss if worse else colours.gain, "width": 3},
                marker={
                    "size": 12,
                    "color": [colours.paper, colours.loss if worse else colours.gain],
                    "line": {"width": 2.5, "color": colours.loss if worse else colours.gain},
                },
                showlegend=False,
                hovertemplate=f"{names[height]}: {plain(grades.word(row.base))} to {plain(grades.word(row.new))}"
                "<extra></extra>",
            )
        )
    figure.update_yaxes(
        tickvals=list(range(len(shown))), ticktext=names, range=[-0.6, len(shown) - 0.4], zeroline=False
    )
    figure.update_xaxes(
        tickvals=list(place.values()), ticktext=[plain(grades.word(grade)) for grade in place],
        range=[-0.4, len(place) - 0.6], side="top", zeroline=False,
    )  # fmt: skip
    return finish(figure, colours, height=90 + 30 * max(len(shown), 2))
