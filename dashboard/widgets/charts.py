"""Values in, a figure in the colours of the theme out. Portfolios' figures over time are in `portfolio_charts`.

Every figure is drawn in either palette, because traces outside Plotly Express ignore the theme's colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.domain.facts import FactSheet, HoldingFact
from dashboard.widgets import text


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one theme.

    Attributes:
        diverging: From negative through the middle to positive; the ink can be read on each of them.
        gain, loss: Above and below zero; a sign or a word always says it too.
    """

    categories: tuple[str, ...]
    level: tuple[str, ...]
    severity: tuple[str, ...]
    diverging: tuple[str, ...]
    gain: str
    loss: str
    paper: str
    ink: str
    quiet: str
    line: str


LIGHT = Palette(
    categories=("#0B5C8C", "#D98324", "#2E8B6F", "#8B5FBF", "#B3435A", "#6B8E23", "#4F6D7A", "#C2A83E"),
    level=("#DDEBE4", "#A9D1BF", "#B0D0E5", "#E8C36A", "#E0914A", "#B3443C"),
    severity=("#F3F6F9", "#DCEAF4", "#A9CCE3", "#2C74A8", "#06365B"),
    diverging=("#D37A6F", "#EAB1A8", "#F7F4F2", "#B0D0E5", "#69A3CA"),
    gain="#2E8B6F",
    loss="#B3261E",
    paper="#FFFFFF",
    ink="#0A1118",
    quiet="#5B6B7B",
    line="#D5DDE5",
)  # fmt: skip
DARK = Palette(
    categories=("#5BB0E0", "#E8A455", "#5CC1A0", "#B79AE0", "#E07F93", "#A9C66C", "#8FA9B5", "#E0CB73"),
    level=("#2E4440", "#2F6453", "#184B6C", "#8A6F1D", "#B06A2A", "#C4554C"),
    severity=("#18222C", "#173246", "#1D5D86", "#8FC6EA", "#DCEEFA"),
    diverging=("#80413D", "#4B3434", "#1B242D", "#184B6C", "#2570A0"),
    gain="#5CC1A0",
    loss="#F0776C",
    paper="#0F161D",
    ink="#E6ECF1",
    quiet="#9AA9B7",
    line="#2C3945",
)  # fmt: skip


def palette(*, dark: bool) -> Palette:
    """The colours of the theme that the reader looks at."""
    return DARK if dark else LIGHT


def allocation(sheet: FactSheet, colours: Palette) -> go.Figure:
    """Treemap of long positions: asset class, sector, holding; the area is the weight.

    A class whose holdings all stand in one sector has no level for it: the frame would say nothing.
    """
    lines = [line for line in sheet.holdings if line.weight_pct > 0]
    groups = sorted({line.asset_class for line in lines}, key=lambda group: -_sum(lines, group))
    ids: list[str] = []
    labels: list[str] = []
    parents: list[str] = []
    values: list[float] = []
    fills: list[str] = []

    def add(key: str, label: str, parent: str, value: float, fill: str) -> None:
        for column, cell in zip((ids, labels, parents, fills), (key, plain(label), parent, fill), strict=True):
            column.append(cell)
        values.append(value)

    for place, group in enumerate(groups):
        fill = colours.categories[place % len(colours.categories)]
        own = [line for line in lines if line.asset_class == group]
        add(group, text.words(group), "", _sum(lines, group), fill)
        sectors = sorted({line.sector for line in own})
        for sector in sectors if len(sectors) > 1 else ():
            inside = sum(line.weight_pct for line in own if line.sector == sector)
            add(f"{group}/{sector}", text.words(sector) or "No sector", group, inside, fill)
        for line in own:
            parent = f"{group}/{line.sector}" if len(sectors) > 1 else group
            add(f"{group}/{line.sector}/{line.holding_id}", line.symbol, parent, line.weight_pct, fill)
    figure = go.Figure(
        go.Treemap(
            ids=ids,
            labels=labels,
            parents=parents,
            values=values,
            branchvalues="total",
            texttemplate="%{label}<br>%{value:.1f} %",
            hovertemplate="%{label}: %{value:.2f} %<extra></extra>",
            textfont={"color": [ink_on(fill) for fill in fills]},
            marker={
                "colors": fills,
                "depthfade": False,
                "line": {"width": 1.5, "color": colours.paper},
                "pad": {"t": 20, "l": 3, "r": 3, "b": 3},
            },
            tiling={"pad": 1},
            root={"color": "rgba(0,0,0,0)"},
            pathbar={"visible": False},
        )
    )
    # A label that would have to be tiny is left out: the table beside the figure has all of them.
    figure.update_layout(treemapcolorway=colours.categories, uniformtext={"minsize": 10, "mode": "hide"})
    return finish(figure, colours, height=420)


def _sum(lines: Sequence[HoldingFact], group: str) -> float:
    return sum(line.weight_pct for line in lines if line.asset_class == group)


def shares(rows: Sequence[tuple[str, float]], colours: Palette, *, largest: int = 12) -> go.Figure:
    """Horizontal bars of percentages, the largest on top; what is left over is summed up in one bar."""
    ranked = sorted(rows, key=lambda row: -abs(row[1]))
    shown, rest = ranked[:largest], ranked[largest:]
    if rest:
        shown = [*shown, (text.count(len(rest), "other"), sum(value for _, value in rest))]
    names = [plain(name) for name, _ in reversed(shown)]
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
    low, high = min([0.0, *values]), max([0.0, *values])
    # The values stand at the bars' ends, and need room on whichever side there are bars.
    room = 0.22 * ((high - low) or 1.0)
    figure.update_yaxes(showgrid=False)
    figure.update_xaxes(visible=False, range=[low - room if low < 0 else 0.0, high + room])
    return finish(figure, colours, height=20 + 30 * len(shown))


def ranking(rows: Sequence[tuple[str, int]], colours: Palette, *, of: int) -> go.Figure:
    """Horizontal bars of counts, the most frequent on top, on the scale of all `of`."""
    shown = list(reversed(rows))
    figure = go.Figure(
        go.Bar(
            x=[number for _, number in shown],
            y=[plain(name) for name, _ in shown],
            orientation="h",
            marker_color=colours.categories[0],
            text=[f"{number:,} of {of:,}" for _, number in shown],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_xaxes(visible=False, range=[0, max(of, 1) * 1.2])
    figure.update_yaxes(showgrid=False)
    return finish(figure, colours, height=60 + 26 * max(len(shown), 1))


def finish(figure: go.Figure, colours: Palette, *, height: int) -> go.Figure:
    """The same ground, font, margins and lines for every figure."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        colorway=colours.categories,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": colours.ink, "size": 13, "family": '"Source Sans", sans-serif'},
        showlegend=False,
        bargap=0.28,
        dragmode=False,
        hoverlabel={"bgcolor": colours.paper, "font": {"color": colours.ink}},
    )
    figure.update_xaxes(automargin=True, gridcolor=colours.line, zerolinecolor=colours.line, fixedrange=True)
    figure.update_yaxes(automargin=True, gridcolor=colours.line, zerolinecolor=colours.line, fixedrange=True)
    return figure


def ink_on(fill: str) -> str:
    """Black or white, whichever is easier to read on a colour: the higher contrast by WCAG's relative luminance."""
    parts = [int(fill[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#FFFFFF" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "#000000"


def plain(label: str, longest: int = 40) -> str:
    """A label from data: Plotly reads simple HTML in labels, so its signs are taken out."""
    clean = text.plain(label).replace("<", "‹").replace(">", "›").replace("&", "+").replace("%{", "% {")
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"
