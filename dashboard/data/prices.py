"""Prices: what is stored and how old it is, one series as a chart, and files on their way in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import streamlit as st

from core.app import App
from core.desk.prices import PriceImport
from core.domain.actor import Actor
from core.domain.market import Anomaly, PriceRow
from core.domain.portfolio import Problem
from core.domain.units import Badge
from core.errors import MosychlosError, NotFound
from core.guard.access import Permission, may
from core.intake.market.price_files import PriceIntake
from core.intake.market.price_table import JUMP_PCT, PriceOptions
from core.metrics.prices import PriceSeries
from core.metrics.thresholds import MAX_STALE_DAYS
from dashboard.data import charts as data_charts
from dashboard.data import files as data_files
from dashboard.shell import navigation, session
from dashboard.widgets import confirm, listings, show, states, text

_KEY = "data_prices"
_OUTCOME = f"{_KEY}_outcome"

CURRENT = states.StateLook("current", ":material/check_circle:", "green")
STALE = states.StateLook("stale", ":material/schedule:", "orange")
AGES = (CURRENT, STALE)
_PLACE = {STALE: 0, CURRENT: 1, None: 2}
"""What needs somebody comes first, and what nobody brought in last."""
_AGE_HELP = (
    f"Stale: the last close is more than {MAX_STALE_DAYS} days old, so figures of a portfolio of today are not "
    "computed from it. Simulated prices end with the samples and do not age."
)

SPANS = {"1 year": 365, "3 years": 1096, "5 years": 1826, "All": None}


def tab(app: App, actor: Actor) -> None:
    """One series where the address names one, else all of them."""
    symbol = navigation.parameter("symbol")
    if symbol:
        _detail(app, actor, symbol)
        return
    _outcome()
    rows = app.prices.rows(actor)
    importer = may(actor, Permission.PORTFOLIO_IMPORT)
    if not rows:
        sentence = "Import closes from a file." if importer else "Somebody who may import can bring them in."
        with show.empty("No prices yet", f"Risk and return figures need a price history. {sentence}"):
            pass
    if importer:
        with st.expander("Import prices from files", icon=":material/upload:", expanded=not rows, key=f"{_KEY}_import"):
            _importing(app, actor)
    if rows:
        _listing(rows, app.now().date())


def age(row: PriceRow, today: date) -> states.StateLook | None:
    """Whether a series still says what its symbol is worth; None for simulated ones, which never did."""
    if row.badge is Badge.SIMULATED:
        return None
    return STALE if (today - row.last_day).days > MAX_STALE_DAYS else CURRENT


def _listing(rows: Sequence[PriceRow], today: date) -> None:
    real = [row for row in rows if row.badge is not Badge.SIMULATED]
    newest = max((row.last_day for row in real), default=None)
    show.metrics(
        [
            ("Real series", f"{len(real):,}", "From your files and from sources. Real portfolios see no others."),
            ("Stale", f"{sum(age(row, today) is STALE for row in real):,}", _AGE_HELP),
            ("Newest real close", text.NONE if newest is None else text.day(newest), ""),
            ("Simulated series", f"{len(rows) - len(real):,}", "Made up for the samples, and used for them only."),
        ]
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search", type="search", placeholder="Symbol", key="prices_search", bind="query-params", width=240,
            icon=":material/search:",
        )  # fmt: skip
        origins = data_files.origins([row.badge for row in rows], key="prices_origin")
        ages = st.pills("Age", [look.word for look in AGES], selection_mode="multi", key="prices_age",
                        bind="query-params", help=_AGE_HELP) if real else []  # fmt: skip
    found = [
        row
        for row in sorted(rows, key=lambda row: (_PLACE[age(row, today)], row.symbol))
        if (search or "").strip().casefold() in row.symbol.casefold()
        and (not origins or row.badge in origins)
        and (not ages or ((look := age(row, today)) is not None and look.word in ages))
    ]
    if not found:
        with show.empty("No price series matches", "Shorten the search, or choose fewer filters.", show.NO_MATCH):
            return
    st.caption(f"{text.count(len(found), 'series', 'series')} · click a symbol for its chart")
    place = st.container()
    offset = listings.paging(len(found), key="prices_page")
    with place:
        clicked = _table(found[offset : offset + listings.PAGE_ROWS], today, aged=bool(real))
    if clicked:
        st.query_params["symbol"] = clicked
        st.rerun()


def _table(rows: Sequence[PriceRow], today: date, *, aged: bool) -> str:
    key = "prices_table"
    ids = [row.symbol for row in rows]
    clicked = listings.opened(key, ids)
    zone = session.timezone()
    looks = [age(row, today) for row in rows]
    columns: dict[str, list[Any]] = {
        "symbol": ids,
        "origin": [[states.BADGE[row.badge].word] for row in rows],
        "age": [[] if look is None else [look.word] for look in looks],
        "currency": [row.currency for row in rows],
        "first": [row.first_day for row in rows],
        "last": [row.last_day for row in rows],
        "days": [None if row.badge is Badge.SIMULATED else (today - row.last_day).days for row in rows],
        "closes": [row.closes for row in rows],
        "source": [row.source or ("samples" if row.badge is Badge.SIMULATED else "") for row in rows],
        "updated": [None if row.updated_at is None else row.updated_at.astimezone(zone) for row in rows],
    }
    if not aged:
        columns = {name: cells for name, cells in columns.items() if name not in ("age", "days", "updated")}
    column = st.column_config
    st.dataframe(
        listings.frame(columns),
        hide_index=True,
        height="content",
        key=key,
        alt="Stored price series",
        placeholder=text.NONE,
        column_config={
            "symbol": listings.opener(key, "Symbol"),
            "origin": listings.badges("Origin", states.BADGE.values()),
            "age": listings.badges("Age", AGES),
            "currency": "Currency",
            "first": column.DateColumn("First close", format="D MMM YYYY"),
            "last": column.DateColumn("Last close", format="D MMM YYYY"),
            "days": column.NumberColumn("Days old", format="localized"),
            "closes": column.NumberColumn("Closes", format="localized"),
            "source": "Source",
            "updated": column.DatetimeColumn("Stored", format="D MMM YYYY, HH:mm"),
        },
    )
    return clicked


def _back() -> None:
    st.query_params.pop("symbol", None)


def _detail(app: App, actor: Actor, symbol: str) -> None:
    st.button("All prices", icon=":material/arrow_back:", type="tertiary", on_click=_back, key=f"{_KEY}_back")
    try:
        found = app.prices.series(actor, symbol)
    except NotFound as error:
        st.error(text.escape(error), icon=":material/error:")
        return
    by_badge = {one.badge: one for one in found}
    badge = next(iter(by_badge))
    known = app.register.find(actor, symbol=symbol, currency=found[0].currency)
    name = "" if known is None else f" · {text.escape(known.name)}"
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(f"{text.escape(symbol)}{name}", anchor=False)
        if len(by_badge) > 1:
            badge = st.segmented_control(
                "Origin", list(by_badge), default=badge, required=True, key=f"{_KEY}_badge",
                format_func=lambda one: states.BADGE[one].word, label_visibility="collapsed",
            )  # fmt: skip
    one = by_badge[badge or next(iter(by_badge))]
    row = next(row for row in app.prices.rows(actor, search=symbol) if (row.symbol, row.badge) == (symbol, one.badge))
    _about(row, one, app.now().date())
    _chart(one)
    if one.badge is not Badge.SIMULATED and may(actor, Permission.PORTFOLIO_IMPORT):
        _removing(app, actor, symbol)


def _about(row: PriceRow, one: PriceSeries, today: date) -> None:
    look = age(row, today)
    source = f"from {text.escape(row.source)}" if row.source else ""
    if look is None:
        source = "made up for the samples; real portfolios never see it"
    stored = f"stored {text.moment(row.updated_at, session.timezone())}" if row.updated_at else ""
    words = " · ".join(part for part in (source, stored) if part)
    st.markdown(f"{states.BADGE[one.badge].badge} {'' if look is None else look.badge} {words}")
    if look is STALE:
        st.warning(
            f"Figures of portfolios dated after {text.day(row.last_day + timedelta(days=MAX_STALE_DAYS))} are not "
            "computed from it. Import newer closes.",
            title=f"The last close is {text.count((today - row.last_day).days, 'day')} old",
            icon=":material/schedule:",
        )
    show.metrics(
        [
            ("Last close", text.escape(text.money(float(one.closes[-1]), one.currency)), ""),
            ("First day", text.day(row.first_day), ""),
            ("Last day", text.day(row.last_day), ""),
            ("Closes", f"{one.days.size:,}", ""),
        ]
    )


def _chart(one: PriceSeries) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**Daily closes, {text.escape(one.currency)}**")
            span = st.segmented_control(
                "Span", list(SPANS), default="3 years", required=True, key=f"{_KEY}_span",
                label_visibility="collapsed",
            )  # fmt: skip
        back = SPANS[span or "All"]
        inside = np.ones(one.days.size, dtype=bool) if back is None else one.days > one.days[-1] - np.timedelta64(back)
        days, closes = one.days[inside], one.closes[inside]
        show.chart(
            data_charts.history(data_charts.Line(one.symbol, one.currency, days, closes.tolist()), show.colours()),
            key=f"{_KEY}_chart",
            alt=f"Daily closes of {one.symbol} in {one.currency} from {days[0]} to {days[-1]}, "
            f"lowest {closes.min():,.2f}, highest {closes.max():,.2f}",
        )
        show.same_as_table(
            lambda: {
                "Day": [str(day) for day in days[::-1]],
                f"Close, {one.currency}": [f"{close:,.6g}" for close in closes[::-1]],
            },
            key=f"{_KEY}_chart",
            alt=f"Daily closes of {one.symbol}, the newest first",
        )


def _removing(app: App, actor: Actor, symbol: str) -> None:
    sentence = (
        f"All imported closes of {symbol} are forgotten, and figures that need them disappear. Simulated ones stay. "
        "There is no undo: import the file again."
    )
    if not confirm.asked("Remove", sentence, "Remove these prices", key=f"{_KEY}_remove", icon=":material/delete:"):
        return
    try:
        app.prices.remove(actor, symbol)
    except MosychlosError as error:
        st.error(text.escape(error))
        return
    session.flash(f"Prices of {text.escape(symbol)} removed.", ":material/delete:")
    _back()
    st.rerun()


def _importing(app: App, actor: Actor) -> None:
    left, right = st.columns([3, 2], gap="medium")
    with left:
        uploads = data_files.chosen(
            _KEY,
            "CSV or Excel: date, symbol, close, currency in rows; or a date and one column a symbol; or one symbol's "
            "date and close. Days, decimal signs and pence are recognised.",
        )
    with right:
        grid = st.grid(2, min_column_width=150)
        currency = grid.text_input(
            "Currency", max_chars=3, placeholder="as in the file", key=f"{_KEY}_currency",
            help="Of closes without one: USD, or GBX for pence.",
        )  # fmt: skip
        symbol = grid.text_input(
            "Symbol", placeholder="as in the file", key=f"{_KEY}_symbol",
            help="Of a file with one symbol that does not name it, as your holdings write it.",
        )  # fmt: skip
        jump = grid.number_input(
            "Report moves beyond, %", min_value=1.0, max_value=1000.0, value=JUMP_PCT, step=5.0, key=f"{_KEY}_jump",
            help="From one close to the next. They come in all the same.",
        )  # fmt: skip
        accept = st.checkbox(
            data_files.LABELS["--accept-jumps"], key=f"{_KEY}_accept",
            help="A close about 100 times off its neighbours is refused as a fault of the feed, unless you say that "
            "it is right.",
        )  # fmt: skip
    if uploads:
        options = PriceOptions((currency or "").strip().upper() or None, (symbol or "").strip() or None, jump, accept)
        _review(app, actor, uploads, options)


def _review(app: App, actor: Actor, uploads: Sequence[tuple[str, bytes]], options: PriceOptions) -> None:
    def read(name: str, data: bytes) -> PriceIntake:
        try:
            return app.prices.inspect(actor, name, data, options)
        except MosychlosError as error:
            return PriceIntake(name, problems=(Problem(name, None, "", "", str(error)),))

    intakes = [data_files.read_once(_KEY, name, data, options, read) for name, data in uploads]
    careful = app.prices.keep(actor, intakes, dry_run=True, accept_jumps=options.accept_jumps)
    eager = app.prices.keep(actor, intakes, dry_run=True, accept_jumps=options.accept_jumps, replace=True)
    differs = sum(one.conflicts for one in careful.imported)
    offered = (careful.imported, careful.problems) != (eager.imported, eager.problems)
    place = st.container()
    replace = data_files.replacing(differs, offered=offered, key=f"{_KEY}_replace")
    if careful.conflicts:
        data_files.conflicts(careful.conflicts, "Symbol")
    report = eager if replace else careful
    with place:
        data_files.problems(report.problems, len(uploads))
        _found(report)
    _odd(report.anomalies)
    data_files.notes(report.notes)
    added, replaced = (sum(getattr(one, name) for one in report.imported) for name in ("added", "replaced"))
    with st.container(horizontal=True):
        if added or replaced:
            label = data_files.keep_label(added, replaced, "close")
            # No callback: it would be given what the boxes held before the click, not what was typed last.
            if st.button(label, type="primary", icon=":material/check:", key=f"{_KEY}_keep"):
                _keep(app, actor, intakes, replace=replace, accept_jumps=options.accept_jumps)
        st.button("Discard", icon=":material/delete:", on_click=data_files.clear, args=(_KEY,), key=f"{_KEY}_discard")


def _found(report: PriceImport) -> None:
    if not report.imported:
        return
    if not any(one.added or one.replaced for one in report.imported):
        st.info("Every close that can come in is stored already.", icon=":material/done_all:")
    listings.table(
        {
            "Symbol": [one.symbol for one in report.imported],
            "Currency": [one.currency for one in report.imported],
            "First day": [text.day(one.first_day) for one in report.imported],
            "Last day": [text.day(one.last_day) for one in report.imported],
            "New": [f"{one.added:,}" for one in report.imported],
            "Stored already": [f"{one.same:,}" for one in report.imported],
            "Differ": [f"{one.conflicts:,}" for one in report.imported],
            "Replaced": [f"{one.replaced:,}" for one in report.imported],
        },
        alt="What the files hold, by symbol",
    )


def _odd(rows: Sequence[Anomaly]) -> None:
    if not rows:
        return
    with st.expander(f"Worth a look: {text.count(len(rows), 'oddity', 'oddities')}", icon=":material/troubleshoot:"):
        st.caption("They come in. Compare them with the source.")
        listings.table(
            {
                "Symbol": [row.symbol for row in rows],
                "Day": [text.day(row.day) for row in rows],
                "Row": ["" if row.row is None else str(row.row) for row in rows],
                "What": [text.words(row.kind.value) for row in rows],
                "Seen": [row.message for row in rows],
            },
            alt="Gaps, jumps and repeated closes in the files",
        )


def _keep(app: App, actor: Actor, intakes: Sequence[PriceIntake], *, replace: bool, accept_jumps: bool) -> None:
    try:
        report = app.prices.keep(actor, intakes, replace=replace, accept_jumps=accept_jumps)
    except MosychlosError as error:
        st.error(text.escape(error), icon=":material/error:")
        return
    data_files.clear(_KEY)
    st.session_state[_OUTCOME] = report
    st.rerun()


def _outcome() -> None:
    report: PriceImport | None = st.session_state.pop(_OUTCOME, None)
    if report is None:
        return
    added, replaced = (sum(getattr(one, name) for one in report.imported) for name in ("added", "replaced"))
    left = f" {text.count(len(report.problems), 'problem')} left out." if report.problems else ""
    differ = sum(one.conflicts for one in report.imported)
    stayed = f" {text.count(differ, 'day')} that differ stayed as stored." if differ else ""
    st.success(
        f"{added:,} new, {replaced:,} replaced.{stayed}{left} Figures of portfolios that hold them use them now.",
        title=f"Closes of {text.count(len(report.imported), 'symbol')} kept",
        icon=":material/check_circle:",
    )
