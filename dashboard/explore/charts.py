"""Figures of many answers: how grades spread, portfolios beside each other, concentration against the grade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from core.desk.grades import GRADES
from core.desk.portfolio_matrix import Cell, Matrix
from core.domain.analysis import Kind
from core.storage.jobs.result_views import Point
from dashboard.widgets import grades, text
from dashboard.widgets.charts import Palette, finish, plain

_MANY: Final = 1000
"""Points above which WebGL draws."""
_JITTER: Final = 0.28
_ROW: Final = 27
_LEGIBLE: Final = 14
"""Columns up to which words fit into the cells; beyond, they are seen by pointing and in the table."""

_HHI: Final = "Concentration (Herfindahl index, 1 = a single position)"


def grade_bars(kind: Kind, counts: Mapping[str, int], colours: Palette) -> go.Figure:
    """How many answers have each grade, from calm to alarming."""
    order = grades.ordered(kind, counts)
    values = [counts.get(grade, 0) for grade in order]
    figure = go.Figure(
        go.Bar(
            x=[plain(grades.word(grade)) for grade in order],
            y=values,
            marker={
                "color": [grades.colour(kind, grade, colours) for grade in order],
                "line": {"color": colours.line, "width": 1},
            },
            text=[f"{value:,}" for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{x}: %{y:,}<extra></extra>",
        )
    )
    figure.update_yaxes(visible=False, range=[0, max(values, default=0) * 1.18 or 1])
    figure.update_xaxes(showgrid=False, type="category")
    return finish(figure, colours, height=260)


def column_name(column: str) -> str:
    """A column of a matrix as people say it."""
    return plain(text.words(column) if not column.isupper() else column, 24)


def heat(found: Matrix, colours: Palette) -> go.Figure:
    """Portfolio by column. A cell that nothing is said of is hatched; a word outside the scale stands on grey.

    Each cell carries its request's id for whoever clicks on it.
    """
    rows, columns = found.rows, found.columns
    figure = go.Figure()
    missing = [(x, y) for y, row in enumerate(rows) for x, name in enumerate(columns) if name not in row.cells]
    if missing:
        figure.add_trace(_hatched(missing, colours))
    figure.add_trace(_cells(found, colours))
    figure.add_trace(_clicks(found))
    # From anywhere in a cell its point is the nearest one.
    figure.update_layout(barmode="overlay", hovermode="closest", hoverdistance=-1)
    figure.update_yaxes(
        tickvals=list(range(len(rows))), ticktext=[plain(row.name, 26) for row in rows],
        range=[len(rows) - 0.5, -0.5], showgrid=False, zeroline=False,
    )  # fmt: skip
    figure.update_xaxes(
        tickvals=list(range(len(columns))), ticktext=[column_name(name) for name in columns],
        range=[-0.5, len(columns) - 0.5], side="top", showgrid=False, zeroline=False,
    )  # fmt: skip
    return finish(figure, colours, height=140 + _ROW * max(len(rows), 1))


def _hatched(missing: Sequence[tuple[int, int]], colours: Palette) -> go.Bar:
    return go.Bar(
        x=[x for x, _ in missing],
        y=[0.9] * len(missing),
        base=[y - 0.45 for _, y in missing],
        width=0.96,
        marker={
            "color": colours.paper,
            "pattern": {"shape": "/", "size": 7, "solidity": 0.12, "fgcolor": colours.quiet, "bgcolor": colours.paper},
            "line": {"width": 0},
        },
        hoverinfo="skip",
    )


def _cells(found: Matrix, colours: Palette) -> go.Heatmap:
    """Places on the colour scale, from 0 to 1; a word outside the scale has none of its own and stands below it."""
    outside = -0.2
    reach = max((abs(cell.place) for row in found.rows for cell in row.cells.values() if cell.place is not None),
                default=1.0)  # fmt: skip
    steps = found.subject.steps

    def height(cell: Cell | None) -> float | None:
        if cell is None:
            return None
        if cell.place is None:
            return outside
        if steps:
            return cell.place / max(1, len(steps) - 1)
        return 0.5 + 0.5 * cell.place / (reach or 1.0)

    return go.Heatmap(
        x=list(range(len(found.columns))),
        y=list(range(len(found.rows))),
        z=[[height(row.cells.get(name)) for name in found.columns] for row in found.rows],
        zmin=outside,
        zmax=1.0,
        colorscale=_scale(colours.severity if steps else colours.diverging, outside, colours.line, banded=bool(steps)),
        text=[[_shown(row.cells.get(name)) for name in found.columns] for row in found.rows],
        texttemplate="%{text}" if len(found.columns) <= _LEGIBLE else "",
        # Without a size of its own the text shrinks with the cells, and is gone where they are too narrow for it.
        hoverinfo="skip",
        hoverongaps=False,
        xgap=2,
        ygap=2,
        showscale=False,
    )


def _shown(cell: Cell | None) -> str:
    return plain(cell.shown) if cell else ""


def _scale(steps: Sequence[str], outside: float, besides: str, *, banded: bool) -> list[list[Any]]:
    """A colour scale whose lowest part is the colour of what stands outside of it."""
    start = -outside / 2 / (1 - outside)
    edge = start * 2
    scale: list[list[Any]] = [[0.0, besides], [start, besides]]
    count = len(steps)
    for place, colour in enumerate(steps):
        if banded:
            # A step's middle is at place / (count - 1): bands of half a step to either side.
            low = max(start, edge + (1 - edge) * (place - 0.5) / (count - 1))
            high = min(1.0, edge + (1 - edge) * (place + 0.5) / (count - 1))
            scale += [[low, colour], [high, colour]]
        else:
            if place == 0:
                scale.append([start, colour])
            scale.append([edge + (1 - edge) * place / (count - 1), colour])
    return scale


def _clicks(found: Matrix) -> go.Scatter:
    """Unseen points on the cells, which tell what a cell says and where it was clicked: a heat map alone does not."""
    places = [(row, y, name, x) for y, row in enumerate(found.rows) for x, name in enumerate(found.columns)]
    return go.Scatter(
        x=[x for _, _, _, x in places],
        y=[y for _, y, _, _ in places],
        mode="markers",
        marker={"size": 24, "opacity": 0, "symbol": "square"},
        customdata=[row.custom_id for row, _, _, _ in places],
        text=[
            f"{plain(row.name)}, {column_name(name)}: {plain(_shown(row.cells.get(name)) or found.subject.unsaid)}"
            for row, _, name, _ in places
        ],
        hovertemplate="%{text}<extra></extra>",
        unselected={"marker": {"opacity": 0}},
        selected={"marker": {"opacity": 0}},
    )


def concentration(kind: Kind, points: Sequence[Point], colours: Palette) -> go.Figure:
    """Concentration by grade, one dot a portfolio, moved a little up or down so that equal ones do not hide each other.

    Many points are drawn by WebGL. Each carries its request's id for whoever clicks on it.
    """
    shape = go.Scattergl if len(points) > _MANY else go.Scatter
    present = {point.grade for point in points}
    order = [grade for grade in grades.ordered(kind, present) if grade in present or grade in GRADES[kind]]
    figure = go.Figure()
    for place, grade in enumerate(order):
        own = [point for point in points if point.grade == grade]
        figure.add_trace(
            shape(
                x=[point.hhi for point in own],
                y=[place + _moved(number, len(own)) for number in range(len(own))],
                text=[plain(point.name) for point in own],
                customdata=[point.custom_id for point in own],
                mode="markers",
                name=plain(grades.word(grade)),
                marker={
                    "size": 11 if len(points) <= _MANY else 5,
                    "color": grades.colour(kind, grade, colours),
                    "line": {"width": 1, "color": colours.quiet},
                },
                hovertemplate="%{text}<br>HHI %{x:.4f}<extra>" + plain(grades.word(grade)) + "</extra>",
            )
        )
    figure.update_yaxes(
        tickvals=list(range(len(order))), ticktext=[plain(grades.word(grade)) for grade in order],
        range=[-0.5, len(order) - 0.5], zeroline=False,
    )  # fmt: skip
    figure.update_xaxes(title={"text": _HHI, "font": {"size": 13}}, rangemode="tozero")
    return finish(figure, colours, height=110 + 42 * max(len(order), 3))


def _moved(number: int, of: int) -> float:
    """How far a dot is moved: the golden ratio spreads any number of them evenly, and always in the same way."""
    return 0.0 if of < 2 else ((number * 0.6180339887) % 1.0 - 0.5) * 2 * _JITTER
