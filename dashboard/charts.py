"""The only maker of figures: values in, a figure in the colours of the theme out.

Every figure is drawn in either palette, because traces outside Plotly Express ignore the theme's colours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.domain.facts import FactSheet
from dashboard import states, text


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one theme."""

    categories: tuple[str, ...]
    sequence: tuple[str, ...]
    level: tuple[str, ...]
    paper: str
    ink: str
    quiet: str
    line: str


LIGHT = Palette(
    categories=("#0B5C8C", "#D98324", "#2E8B6F", "#8B5FBF", "#B3435A", "#6B8E23", "#4F6D7A", "#C2A83E"),
    sequence=(
        "#EAF2F8", "#D0E3F0", "#B0D0E5", "#8DBAD8", "#69A3CA", "#488BBA", "#2C74A8", "#185E92", "#0B4A78", "#06365B",
    ),
    level=("#DDEBE4", "#A9D1BF", "#B0D0E5", "#E8C36A", "#E0914A", "#B3443C"),
    paper="#FFFFFF",
    ink="#0A1118",
    quiet="#5B6B7B",
    line="#D5DDE5",
)  # fmt: skip
DARK = Palette(
    categories=("#5BB0E0", "#E8A455", "#5CC1A0", "#B79AE0", "#E07F93", "#A9C66C", "#8FA9B5", "#E0CB73"),
    sequence=(
        "#12293A", "#153A53", "#184B6C", "#1D5D86", "#2570A0", "#3484B7", "#4B99CB", "#6AAEDA", "#90C5E7", "#BDDDF2",
    ),
    level=("#2E4440", "#2F6453", "#184B6C", "#8A6F1D", "#B06A2A", "#C4554C"),
    paper="#0F161D",
    ink="#E6ECF1",
    quiet="#9AA9B7",
    line="#2C3945",
)  # fmt: skip


def palette(*, dark: bool) -> Palette:
    """The colours of the theme that the reader looks at."""
    return DARK if dark else LIGHT


def allocation(sheet: FactSheet, colours: Palette) -> go.Figure:
    """Treemap of long positions: asset class, sector, holding; the area is the weight."""
    ids: list[str] = []
    labels: list[str] = []
    parents: list[str] = []
    values: list[float] = []
    sums: dict[str, tuple[str, str, float]] = {}
    for line in sheet.holdings:
        if not line.weight_pct > 0:
            continue
        group, sector = line.asset_class, line.sector or "no sector"
        for key, label, parent in ((group, text.words(group), ""), (f"{group}/{sector}", text.words(sector), group)):
            sums[key] = (label, parent, sums.get(key, ("", "", 0.0))[2] + line.weight_pct)
        ids.append(f"{group}/{sector}/{line.holding_id}")
        labels.append(_plain(line.symbol))
        parents.append(f"{group}/{sector}")
        values.append(line.weight_pct)
    for key, (label, parent, total) in sums.items():
        ids.append(key)
        labels.append(_plain(label))
        parents.append(parent)
        values.append(total)
    figure = go.Figure(
        go.Treemap(
            ids=ids,
            labels=labels,
            parents=parents,
            values=values,
            branchvalues="total",
            texttemplate="%{label}<br>%{value:.1f} %",
            hovertemplate="%{label}: %{value:.2f} %<extra></extra>",
            marker={"line": {"width": 1, "color": colours.paper}, "pad": {"t": 18, "l": 2, "r": 2, "b": 2}},
            tiling={"pad": 1},
            root={"color": "rgba(0,0,0,0)"},
            pathbar={"visible": False},
        )
    )
    figure.update_layout(treemapcolorway=colours.categories)
    return _finish(figure, colours, height=420)


def shares(rows: Sequence[tuple[str, float]], colours: Palette, *, largest: int = 12) -> go.Figure:
    """Horizontal bars of percentages, the largest on top; what is left over is summed up in one bar."""
    ranked = sorted(rows, key=lambda row: -abs(row[1]))
    shown, rest = ranked[:largest], ranked[largest:]
    if rest:
        shown = [*shown, (f"{len(rest)} others", sum(value for _, value in rest))]
    names = [_plain(name) for name, _ in reversed(shown)]
    values = [value for _, value in reversed(shown)]
    figure = go.Figure(
        go.Bar(
            x=values,
            y=names,
            orientation="h",
            marker_color=colours.categories[0],
            text=[f"{value:.1f} %" for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.2f} %<extra></extra>",
        )
    )
    reach = max((abs(value) for value in values), default=1.0)
    figure.update_xaxes(visible=False, range=[min(0.0, *values, 0.0) * 1.25, reach * 1.22])
    return _finish(figure, colours, height=60 + 26 * len(shown))


def levels(counts: Mapping[str, int], colours: Palette) -> go.Figure:
    """How many answers stand at each risk level, from calm to severe."""
    names = [states.LEVEL[level].word for level in states.LEVELS]
    values = [counts.get(level, 0) for level in states.LEVELS]
    figure = go.Figure(
        go.Bar(
            x=names,
            y=values,
            marker={"color": list(colours.level), "line": {"color": colours.line, "width": 1}},
            text=[f"{value:,}" for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{x}: %{y:,}<extra></extra>",
        )
    )
    figure.update_yaxes(visible=False, range=[0, max(values, default=0) * 1.18 or 1])
    return _finish(figure, colours, height=260)


def ranking(rows: Sequence[tuple[str, int]], colours: Palette, *, of: int) -> go.Figure:
    """Horizontal bars of counts, the most frequent on top, on the scale of all `of`."""
    shown = list(reversed(rows))
    figure = go.Figure(
        go.Bar(
            x=[number for _, number in shown],
            y=[text.words(name) for name, _ in shown],
            orientation="h",
            marker_color=colours.categories[0],
            text=[f"{number:,} of {of:,}" for _, number in shown],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_xaxes(visible=False, range=[0, max(of, 1) * 1.2])
    return _finish(figure, colours, height=60 + 26 * max(len(shown), 1))


def severities(
    portfolios: Sequence[str], risks: Sequence[str], cells: Sequence[Sequence[int | None]], colours: Palette
) -> go.Figure:
    """Heat map of portfolio by risk type. A cell that nobody assessed stays empty; it is not a low one.

    Args:
        cells: One row a portfolio, the severity's place in `states.SEVERITIES`, or None.
    """
    steps = colours.sequence[::2]
    scale = [
        [edge, colour] for place, colour in enumerate(steps) for edge in (place / len(steps), (place + 1) / len(steps))
    ]
    spoken = [[states.SEVERITIES[cell] if cell is not None else "" for cell in row] for row in cells]
    figure = go.Figure(
        go.Heatmap(
            x=[text.words(risk) for risk in risks],
            y=[_plain(name) for name in portfolios],
            z=[[None if cell is None else cell for cell in row] for row in cells],
            zmin=-0.5,
            zmax=len(steps) - 0.5,
            colorscale=scale,
            text=spoken,
            texttemplate="%{text}",
            hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
            hoverongaps=False,
            xgap=2,
            ygap=2,
            showscale=False,
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(side="top", showgrid=False, tickangle=-30)
    return _finish(figure, colours, height=120 + 26 * max(len(portfolios), 1))


def concentration(points: Sequence[tuple[str, float, str]], colours: Palette) -> go.Figure:
    """Scatter of concentration (HHI) by risk level: (portfolio, HHI, level). Many points are drawn by WebGL."""
    kind = go.Scattergl if len(points) > 1000 else go.Scatter
    figure = go.Figure()
    for place, level in enumerate(states.LEVELS):
        of_level = [(name, hhi) for name, hhi, found in points if found == level]
        figure.add_trace(
            kind(
                x=[hhi for _, hhi in of_level],
                y=[states.LEVEL[level].word] * len(of_level),
                text=[_plain(name) for name, _ in of_level],
                mode="markers",
                name=states.LEVEL[level].word,
                marker={"size": 11, "color": colours.level[place], "line": {"width": 1, "color": colours.quiet}},
                hovertemplate="%{text}<br>HHI %{x:.4f}<extra></extra>",
            )
        )
    figure.update_yaxes(
        categoryorder="array", categoryarray=[states.LEVEL[level].word for level in states.LEVELS], showgrid=True
    )
    figure.update_xaxes(title="Concentration (Herfindahl index, 1 = a single position)", rangemode="tozero")
    return _finish(figure, colours, height=320)


def _finish(figure: go.Figure, colours: Palette, *, height: int) -> go.Figure:
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        colorway=colours.categories,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": colours.ink, "size": 13},
        showlegend=False,
        bargap=0.28,
        dragmode=False,
        hoverlabel={"bgcolor": colours.paper, "font": {"color": colours.ink}},
    )
    figure.update_xaxes(automargin=True, gridcolor=colours.line, zerolinecolor=colours.line, fixedrange=True)
    figure.update_yaxes(automargin=True, gridcolor=colours.line, zerolinecolor=colours.line, fixedrange=True)
    return figure


def _plain(label: str, longest: int = 32) -> str:
    """A label from data: Plotly reads simple HTML in labels, so its signs are taken out."""
    clean = " ".join(label.replace("<", "‹").replace(">", "›").replace("&", "+").split())
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"
