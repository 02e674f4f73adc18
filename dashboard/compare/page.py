"""Parts of the Compare page: two runs of one analysis, what was asked differently and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import streamlit as st

from core.app import App
from core.desk.comparisons import Comparison, price_of_a_number
from core.domain.actor import Actor
from core.domain.filters import JobFilter, PortfolioFilter
from core.domain.records import JobRow
from core.errors import MosychlosError
from core.storage.jobs.result_views import CheckTally
from dashboard.compare import charts as compare_charts
from dashboard.explore import page as explore
from dashboard.run import names as run_names
from dashboard.run import results as run_results
from dashboard.shell import navigation, queries
from dashboard.widgets import grades, listings, show, text

_OFFERED = 200
_ICON = ":material/compare_arrows:"
_DUMBBELLS = 25
"""Portfolios in the dumbbell figure at most, those that moved furthest."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What the page looks at."""

    found: Comparison
    among: PortfolioFilter

    @property
    def ids(self) -> tuple[str, str]:
        """The two jobs, base first."""
        return self.found.base.row.job_id, self.found.new.row.job_id


def choose(app: App, actor: Actor) -> Pair | None:
    """The two runs of the address (`base=` and `new=`, or a set's `set=`), or the newest pair of one analysis."""
    rows = [
        row for row in app.jobs.page(actor, JobFilter(states=explore.FINISHED), limit=_OFFERED) if row.counts.succeeded
    ]
    base_id, new_id = _linked(app, actor)
    known = {row.job_id: row for row in rows}
    for job_id in (base_id, new_id):
        if job_id and job_id not in known:
            known[job_id] = app.jobs.get(actor, job_id).row
    if not base_id or not new_id:
        pair = _newest_pair(list(known.values()), new_id or base_id)
        if pair is None:
            _nothing()
            return None
        base_id, new_id = pair
    base_id, chosen, among = _selectors(app, actor, known, base_id, new_id)
    if chosen is None:
        return None
    try:
        version = " ".join(run_results.version_of(app.jobs.get(actor, job_id)) for job_id in (base_id, chosen))
        found = queries.comparison(app, actor.subject, actor, base_id, chosen, among, version)
    except MosychlosError as error:
        st.warning(text.escape(error), icon=":material/compare_arrows:")
        return None
    if not found.overlap.answered:
        with show.empty("Nothing to compare", "No portfolio has an answer in both runs.", show.NO_MATCH):
            pass
        return None
    return Pair(found, among)


def _linked(app: App, actor: Actor) -> tuple[str, str]:
    base_id, new_id = navigation.parameter("base"), navigation.parameter("new")
    set_id = navigation.parameter("set")
    if set_id and not (base_id and new_id):
        pair = app.comparing.pair_of(actor, set_id)
        if pair is not None:
            return pair[0].job_id, pair[1].job_id
    return base_id, new_id


def _newest_pair(rows: list[JobRow], wanted: str) -> tuple[str, str] | None:
    """The newest two runs of one analysis, one of them the wanted one where there is one: (base, new)."""
    for place, new in enumerate(rows):
        if wanted and new.job_id != wanted:
            continue
        others = [row for row in (rows if wanted else rows[place + 1 :]) if row.kind is new.kind and row is not new]
        if others:
            # Two runs of one moment (a set) are a better pair than two of different days.
            base = next((row for row in others if new.set_id and row.set_id == new.set_id), others[0])
            return base.job_id, new.job_id
    return None


def _nothing() -> None:
    with show.empty(
        "Nothing to compare yet",
        "It takes two runs of the same analysis: two models, two prompt versions, or two days.",
        _ICON,
    ):
        if st.button("Prepare an analysis", type="primary", icon=":material/edit_note:"):
            st.switch_page(navigation.page("prepare"))


def _selectors(
    app: App, actor: Actor, known: dict[str, JobRow], base_id: str, new_id: str
) -> tuple[str, str | None, PortfolioFilter]:
    """Both runs to choose from; the second list has only runs of the first one's analysis."""
    name = run_names.runs(known.values()).__getitem__
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ids = list(known)
        base_id = st.selectbox("Before", ids, index=ids.index(base_id), format_func=name, key="compare_base", width=460)
        others = [one for one in ids if one != base_id and known[one].kind is known[base_id].kind]
        if not others:
            st.caption("There is no other run of this analysis.")
            return base_id, None, PortfolioFilter()
        chosen = st.selectbox(
            "After", others, index=others.index(new_id) if new_id in others else 0, format_func=name,
            key="compare_new", width=460,
        )  # fmt: skip
        among = explore.narrowing(app, actor, key="compare")
    for parameter, job_id in (("base", base_id), ("new", chosen)):
        if st.query_params.get(parameter) != job_id:
            st.query_params[parameter] = job_id
    return base_id, chosen, among


def headline(pair: Pair) -> None:
    """Agreement first, with how many requests it stands on."""
    found = pair.found
    both, lap = found.overlap.answered, found.overlap
    alone = f"{lap.only_base:,} only in the first run, {lap.only_new:,} only in the second."
    changed = both - found.agreeing
    show.metrics(
        [
            ("Same grade", text.percent(found.agreement), f"{found.agreeing:,} of {both:,} that both answered."),
            ("Changed", f"{changed:,}", f"of {both:,} that both answered."),
            ("Answered by both", f"{both:,} of {lap.both:,}", alone),
        ]
    )


def asked(pair: Pair) -> None:
    """Only what was asked differently."""
    found = pair.found
    with st.container(border=True):
        st.subheader("What was asked differently", anchor=False)
        if not found.differences:
            st.caption("Nothing: both runs asked the same of the same model.")
            return
        listings.table(
            {
                "": [one.name for one in found.differences],
                "Before": [one.base for one in found.differences],
                "After": [one.new for one in found.differences],
            },
            alt="What the two runs asked differently",
        )
        st.caption(f"{text.count(found.same, 'other setting')} the same.")


def grades_moved(pair: Pair) -> None:
    """Which grade became which."""
    found = pair.found
    kind = found.base.row.kind
    with st.container(border=True):
        st.subheader(f"{grades.TITLES[kind]}, before and after", anchor=False)
        st.caption(
            f"{text.count(found.overlap.answered, 'request')} answered by both. On the dotted diagonal nothing has "
            "changed; left of it the second run is calmer, right of it more alarmed."
        )
        moves = sorted(found.transitions.items(), key=lambda pair_: -pair_[1])
        said = ", ".join(f"{grades.word(base)} to {grades.word(new)} {n:,}" for (base, new), n in moves[:6])
        show.chart(
            compare_charts.transitions(kind, found.transitions, show.colours()), key="compare_moves",
            alt=f"Grades before and after: {said}",
        )  # fmt: skip
        show.same_as_table(
            lambda: {
                "Before": [grades.word(base) for (base, _), _ in moves],
                "After": [grades.word(new) for (_, new), _ in moves],
                "Requests": [f"{n:,}" for _, n in moves],
            },
            key="compare_moves",
            alt="Grades before and after, with the number of requests",
        )


def changed(app: App, actor: Actor, pair: Pair) -> None:
    """Every request with another grade, the widest step first; a click opens the second run's answer."""
    found = pair.found
    base, new = pair.ids
    total = found.overlap.answered - found.agreeing
    with st.container(border=True):
        st.subheader("Changed verdicts", anchor=False)
        if not total:
            st.caption("None: every grade is the same in both runs.")
            return
        place = st.container()
        offset = listings.paging(total, key="compare_page")
        rows = app.comparing.changes(actor, base, new, pair.among, limit=listings.PAGE_ROWS, offset=offset)
        with place:
            kind = found.base.row.kind
            st.caption(f"{offset + 1:,} to {offset + len(rows):,} of {total:,}, the widest step first. Click to read.")
            said = ", ".join(f"{row.name} from {grades.word(row.base)} to {grades.word(row.new)}" for row in rows[:4])
            show.chart(
                compare_charts.dumbbells(kind, rows[:_DUMBBELLS], show.colours()), key="compare_dumbbells",
                alt=f"Steps between grades; hollow is before, full is after: {said}",
            )  # fmt: skip
            opened = listings.openable(
                {
                    "Portfolio": [row.name for row in rows],
                    "Before": [grades.word(row.base) for row in rows],
                    "After": [grades.word(row.new) for row in rows],
                    "Headline before": [row.base_headline for row in rows],
                    "Headline after": [row.new_headline for row in rows],
                },
                [row.custom_id for row in rows],
                key="compare_changed",
                alt="Requests with another grade in the second run",
            )
            if opened:
                navigation.open_item(new, opened)


def numbers(pair: Pair) -> None:
    """How well the numbers hold on either side, and what one that holds costs."""
    found = pair.found
    both = text.count(found.overlap.answered, "request")
    with st.container(border=True):
        st.subheader("Numbers and their price", anchor=False)
        st.caption(f"Over the {both} that both runs answered.")
        sides = (found.base_tally, found.new_tally)
        listings.table(
            {
                "": [label for label, _ in _ROWS],
                "Before": [of(sides[0]) for _, of in _ROWS],
                "After": [of(sides[1]) for _, of in _ROWS],
            },
            alt="Checked numbers and cost of both runs",
        )
        if any(side.cost_usd is None for side in sides):
            st.caption("A price is unknown where one answer's price is.")


def _part(number: int, of: int) -> str:
    return f"{number:,} of {of:,} ({text.percent(number / of)})" if of else text.NONE


def _price(amount: Decimal | None) -> str:
    return "unknown" if amount is None else f"${amount * 1000:,.4f}"


_ROWS: tuple[tuple[str, Callable[[CheckTally], str]], ...] = (
    ("Numbers that hold", lambda side: _part(side.verified, side.stated)),
    ("Mismatched", lambda side: f"{side.mismatched:,}"),
    ("Unsupported", lambda side: f"{side.unsupported:,}"),
    ("Mandatory facts stated", lambda side: _part(side.covered, side.wanted)),
    ("Rules as the engine decided", lambda side: _part(side.rules_agreeing, side.rules)),
    ("Output tokens", lambda side: "not known" if side.output_tokens is None else f"{side.output_tokens:,}"),
    ("Cost", lambda side: text.usd(side.cost_usd)),
    ("Price of 1,000 numbers that hold", lambda side: _price(price_of_a_number(side))),
)
