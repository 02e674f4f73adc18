"""Economic series: where they stand and how they moved, whether prompts may name them, and how two move together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.app import App
from core.desk.series import SeriesImport
from core.domain.actor import Actor
from core.domain.facts import Fact
from core.domain.market import EconomicSeries, SeriesRow
from core.domain.portfolio import Problem
from core.domain.units import Badge
from core.drafts.indicators import SeriesReading
from core.errors import MosychlosError, NotFound
from core.guard.access import Permission, may
from core.intake.market.series_files import NO_LICENCE, SeriesIntake
from dashboard.data import charts as data_charts
from dashboard.data import files as data_files
from dashboard.data.prices import AGES, CURRENT, SPANS, STALE
from dashboard.shell import navigation
from dashboard.widgets import listings, show, states, text

_KEY = "data_series"
_OUTCOME = f"{_KEY}_outcome"

PROMPTED = states.StateLook("yes", ":material/chat:", "green")
UNPROMPTED = states.StateLook("no", ":material/block:", "gray")
_PROMPTED_HELP = (
    "A series whose licence nobody stated, or whose terms forbid it, is kept for you and never stands in a prompt."
)
_CHANGES = {"change_1m": "1 month", "change_3m": "3 months", "change_1y": "1 year"}


def tab(app: App, actor: Actor) -> None:
    """One series where the address names one, else all of them."""
    rows = app.series.rows(actor)
    series_id = navigation.parameter("series")
    if series_id:
        _detail(app, actor, series_id, rows)
        return
    _outcome()
    importer = may(actor, Permission.PORTFOLIO_IMPORT)
    if not rows:
        sentence = "Import them from a file." if importer else "Somebody who may import can bring them in."
        with show.empty(
            "No series yet",
            f"Rates, inflation or oil as their publishers measure them, for market research. {sentence}",
        ):
            pass
    if importer:
        with st.expander("Import series from files", icon=":material/upload:", expanded=not rows, key=f"{_KEY}_import"):
            _importing(app, actor)
    if rows:
        _listing(app, actor, rows)
    if len(rows) > 1:
        _together(app, actor, rows)


def age(one: SeriesReading) -> states.StateLook | None:
    """Whether its newest value still says where the series stands; None for simulated ones."""
    if one.series.badge is Badge.SIMULATED:
        return None
    return STALE if one.stale else CURRENT


def _listing(app: App, actor: Actor, rows: Sequence[SeriesRow]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search", type="search", placeholder="Id, title or publisher", key="series_search", bind="query-params",
            width=280, icon=":material/search:",
        )  # fmt: skip
        origins = data_files.origins([row.badge for row in rows], key="series_origin")
    words = (search or "").casefold().split()
    found = [
        row
        for row in rows
        if all(word in f"{row.series_id} {row.title} {row.publisher}".casefold() for word in words)
        and (not origins or row.badge in origins)
    ]
    if not found:
        with show.empty("No series matches", "Shorten the search, or choose fewer filters.", show.NO_MATCH):
            return
    st.caption(f"{text.count(len(found), 'series', 'series')} · click an id for its chart")
    place = st.container()
    offset = listings.paging(len(found), key="series_page")
    shown = found[offset : offset + listings.PAGE_ROWS]
    readings = app.series.readings(actor, [row.series_id for row in shown])
    with place:
        clicked = _table([readings[row.series_id] for row in shown if row.series_id in readings])
    if clicked:
        st.query_params["series"] = clicked
        st.rerun()


def figures(one: SeriesReading) -> dict[str, str]:
    """The latest value and its changes as people read them; what cannot be said is left out."""
    return {fact.metric_id.rsplit(".", 1)[1]: _shown(fact) for fact in one.facts}


def _shown(fact: Fact) -> str:
    plain = listings.shown(fact)
    moved = not fact.metric_id.endswith(".latest")
    return f"+{plain}" if moved and fact.value > 0 else plain


def _table(rows: Sequence[SeriesReading]) -> str:
    key = "series_table"
    ids = [row.series.series_id for row in rows]
    clicked = listings.opened(key, ids)
    said = [figures(row) for row in rows]
    looks = [age(row) for row in rows]
    columns: dict[str, list[Any]] = {
        "series": ids,
        "latest": [one.get("latest", "") for one in said],
        **{name: [one.get(name, "") for one in said] for name in _CHANGES},
        "day": [row.series.days[-1] for row in rows],
        "age": [[] if look is None else [look.word] for look in looks],
        "title": [row.series.title for row in rows],
        "unit": [row.series.unit for row in rows],
        "prompts": [[(PROMPTED if row.series.may_prompt else UNPROMPTED).word] for row in rows],
        "origin": [[states.BADGE[row.series.badge].word] for row in rows],
        "publisher": [row.series.publisher for row in rows],
        "licence": [row.series.licence for row in rows],
    }
    if not any(looks):
        del columns["age"]
    column = st.column_config
    st.dataframe(
        listings.frame(columns),
        hide_index=True,
        height="content",
        key=key,
        alt="Stored economic series with their latest value and changes",
        placeholder=text.NONE,
        column_config={
            "series": listings.opener(key, "Series"),
            "title": column.TextColumn("Title", width=250),
            "latest": column.TextColumn("Latest", alignment="right"),
            "unit": "Unit",
            "day": column.DateColumn("Of", format="D MMM YYYY"),
            **{
                name: column.TextColumn(label, alignment="right", help="Rates change in points, levels in percent.")
                for name, label in _CHANGES.items()
            },
            "age": listings.badges("Age", AGES),
            "prompts": listings.badges("In prompts", (PROMPTED, UNPROMPTED)),
            "origin": listings.badges("Origin", states.BADGE.values()),
            "publisher": "Publisher",
            "licence": "Licence",
        },
    )
    return clicked


def _back() -> None:
    st.query_params.pop("series", None)


def _detail(app: App, actor: Actor, series_id: str, rows: Sequence[SeriesRow]) -> None:
    st.button("All series", icon=":material/arrow_back:", type="tertiary", on_click=_back, key=f"{_KEY}_back")
    found = app.series.readings(actor, [series_id]).get(series_id)
    if found is None:
        error = NotFound(f"There is no series '{series_id}'. See what there is with: mosychlos series list")
        st.error(text.escape(error), icon=":material/error:")
        return
    one, look = found.series, age(found)
    st.subheader(text.escape(one.title), anchor=False)
    st.markdown(f"{states.BADGE[one.badge].badge} {'' if look is None else look.badge} {_prompts(one)}")
    url = f" · {text.escape(one.url)}" if one.url else ""
    st.caption(
        f"{text.escape(one.series_id)} · {text.escape(one.unit)} · {text.escape(text.words(one.frequency))} · "
        f"published by {text.escape(one.publisher)} · licence: {text.escape(one.licence)}{url}"
    )
    if look is STALE:
        st.warning(text.escape(found.stale), title="Not where it stands today", icon=":material/schedule:")
    said = figures(found)
    why = {gone.metric_id.rsplit(".", 1)[1]: gone.reason for gone in found.absent}
    show.metrics(
        [(f"Latest, {text.day(one.days[-1])}", text.escape(said.get("latest", text.NONE)), "")]
        + [
            (f"Change over {label}", text.escape(said.get(name, text.NONE)), text.escape(why.get(name, "")))
            for name, label in _CHANGES.items()
        ]
    )
    _chart(one)
    if len(rows) > 1:
        _together(app, actor, rows, first=series_id)


def _prompts(one: EconomicSeries) -> str:
    if one.may_prompt:
        return ":green-badge[:material/chat: may stand in prompts]"
    why = "no licence was stated" if one.licence == NO_LICENCE else "its terms"
    return f":gray-badge[:material/block: stays out of prompts: {why}]"


def _chart(one: EconomicSeries) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**{text.escape(one.unit)}**")
            span = st.segmented_control(
                "Span", list(SPANS), default="All", required=True, key=f"{_KEY}_span", label_visibility="collapsed"
            )
        back = SPANS[span or "All"]
        pairs = [
            (day, value)
            for day, value in zip(one.days, one.values, strict=True)
            if back is None or (one.days[-1] - day).days < back
        ]
        days, values = [day for day, _ in pairs], [value for _, value in pairs]
        show.chart(
            data_charts.history(data_charts.Line(one.title, one.unit, days, values), show.colours()),
            key=f"{_KEY}_chart",
            alt=f"{one.title} in {one.unit} from {days[0]} to {days[-1]}, lowest {min(values):,.4g}, "
            f"highest {max(values):,.4g}",
        )
        show.same_as_table(
            lambda: {
                "Day": [text.day(day) for day, _ in reversed(pairs)],
                one.unit: [f"{value:,.6g}" for _, value in reversed(pairs)],
            },
            key=f"{_KEY}_chart",
            alt=f"{one.title}, the newest first",
        )


def _together(app: App, actor: Actor, rows: Sequence[SeriesRow], *, first: str = "") -> None:
    """Two series one above the other, and the correlation of their monthly changes."""
    titles = {row.series_id: row.title for row in rows}
    with st.container(border=True):
        st.subheader(
            "Correlation of two",
            anchor=False,
            help="Pearson's, of monthly changes, from -1 to 1: rates change in points, levels in percent. "
            "It is said only where every month of the window is there.",
        )
        left, right = st.columns(2)
        if first:
            right = left
        else:
            with left:
                first = st.selectbox("One", list(titles), key="series_one", bind="query-params")
        others = [series_id for series_id in titles if series_id != first]
        with right:
            second = st.selectbox("Together with", others, key="series_other", bind="query-params")
        found = app.series.correlations(actor, first, second)
        show.metrics(
            [
                (
                    f"Over {one.months} months",
                    text.NONE if one.value is None else f"{one.value:+.2f}",
                    text.escape(
                        f"The correlation {one.reason}."
                        if one.value is None
                        else f"{one.sample} monthly changes up to {text.day(one.last)}."
                        if one.last
                        else ""
                    ),
                )
                for one in found
            ]
        )
        for one in found:
            if one.value is None:
                st.caption(f"{one.months} months: the correlation {text.escape(one.reason)}.")
        both = app.series.readings(actor, [first, second])
        lines = [_line(both[series_id].series) for series_id in (first, second)]
        show.chart(
            data_charts.above(lines[0], lines[1], show.colours()),
            key=f"{_KEY}_together",
            alt=f"{titles[first]} above {titles[second]}, each on its own scale",
        )
        show.same_as_table(lambda: _beside(lines), key=f"{_KEY}_together", alt="Both series, the newest first")


def _beside(lines: Sequence[data_charts.Line]) -> dict[str, list[str]]:
    known = [dict(zip(line.days, line.values, strict=True)) for line in lines]
    days = sorted({day for one in known for day in one}, reverse=True)
    values = {
        f"{line.name}, {line.unit}": [f"{one[day]:,.6g}" if day in one else "" for day in days]
        for line, one in zip(lines, known, strict=True)
    }
    return {"Day": [text.day(day) for day in days], **values}


def _line(one: EconomicSeries) -> data_charts.Line:
    return data_charts.Line(one.title, one.unit, one.days, one.values)


def _importing(app: App, actor: Actor) -> None:
    left, right = st.columns([3, 2], gap="medium")
    with left:
        uploads = data_files.chosen(
            _KEY,
            "CSV or Excel with date, series_id, value, unit and source; url, licence, title and frequency if you like.",
        )
    with right:
        publisher = st.text_input(
            "Publisher", placeholder="as in the file", key=f"{_KEY}_publisher",
            help="Who measured it, for series whose file names no source.",
        )  # fmt: skip
        licence = st.text_input(
            "Licence", placeholder="as in the file", key=f"{_KEY}_licence",
            help="Of series whose file names none. Without one, a series stays out of prompts.",
        )  # fmt: skip
    if uploads:
        _review(app, actor, uploads, (publisher or "").strip(), (licence or "").strip())


def _review(app: App, actor: Actor, uploads: Sequence[tuple[str, bytes]], publisher: str, licence: str) -> None:
    def read(name: str, data: bytes) -> SeriesIntake:
        try:
            return app.series.inspect(actor, name, data, publisher=publisher, licence=licence)
        except MosychlosError as error:
            return SeriesIntake(name, problems=(Problem(name, None, "", "", str(error)),))

    intakes = [data_files.read_once(_KEY, name, data, (publisher, licence), read) for name, data in uploads]
    careful = app.series.keep(actor, intakes, dry_run=True)
    eager = app.series.keep(actor, intakes, dry_run=True, replace_values=True)
    offered = (careful.imported, careful.problems) != (eager.imported, eager.problems)
    place = st.container()
    differs = sum(one.conflicts for one in careful.imported)
    replace = data_files.replacing(differs, offered=offered, key=f"{_KEY}_replace")
    if careful.conflicts:
        data_files.conflicts(careful.conflicts, "Series")
    report = eager if replace else careful
    with place:
        data_files.problems(report.problems, len(uploads))
        _found(report)
    data_files.notes(report.notes)
    added, replaced = (sum(getattr(one, name) for one in report.imported) for name in ("added", "replaced"))
    with st.container(horizontal=True):
        if report.imported:
            label = (
                data_files.keep_label(added, replaced, "value") if added or replaced else "Keep what is said of them"
            )
            # No callback: it would be given what the boxes held before the click, not what was typed last.
            if st.button(label, type="primary", icon=":material/check:", key=f"{_KEY}_keep"):
                _keep(app, actor, intakes, replace=replace)
        st.button("Discard", icon=":material/delete:", on_click=data_files.clear, args=(_KEY,), key=f"{_KEY}_discard")


def _found(report: SeriesImport) -> None:
    if not report.imported:
        return
    listings.table(
        {
            "Series": [one.series_id for one in report.imported],
            "Title": [one.title for one in report.imported],
            "Unit": [one.unit for one in report.imported],
            "Publisher": [one.publisher for one in report.imported],
            "Licence": [one.licence for one in report.imported],
            "In prompts": ["yes" if one.may_prompt else "no" for one in report.imported],
            "First day": [text.day(one.first_day) for one in report.imported],
            "Last day": [text.day(one.last_day) for one in report.imported],
            "New": [f"{one.added:,}" for one in report.imported],
            "Stored already": [f"{one.same:,}" for one in report.imported],
            "Differ": [f"{one.conflicts:,}" for one in report.imported],
            "Replaced": [f"{one.replaced:,}" for one in report.imported],
        },
        alt="What the files hold, by series",
    )


def _keep(app: App, actor: Actor, intakes: Sequence[SeriesIntake], *, replace: bool) -> None:
    try:
        report = app.series.keep(actor, intakes, replace_values=replace)
    except MosychlosError as error:
        st.error(text.escape(error), icon=":material/error:")
        return
    data_files.clear(_KEY)
    st.session_state[_OUTCOME] = report
    st.rerun()


def _outcome() -> None:
    report: SeriesImport | None = st.session_state.pop(_OUTCOME, None)
    if report is None:
        return
    added, replaced = (sum(getattr(one, name) for one in report.imported) for name in ("added", "replaced"))
    silent = sum(not one.may_prompt for one in report.imported)
    out = (
        f" {text.count(silent, 'series', 'series')} {'stays' if silent == 1 else 'stay'} out of prompts."
        if silent
        else ""
    )
    st.success(
        f"{added:,} new values, {replaced:,} replaced.{out}",
        title=f"{text.count(len(report.imported), 'series', 'series')} kept",
        icon=":material/check_circle:",
    )
