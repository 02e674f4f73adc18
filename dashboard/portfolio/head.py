"""A portfolio's head: what it is called, under and measured by, and the form that changes that in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

import streamlit as st

from core.domain.portfolio import Problem
from core.errors import MosychlosError
from core.intake.cells.region import REGIONS
from dashboard.portfolio import edits as portfolio_edits
from dashboard.portfolio.open import OpenPortfolio
from dashboard.shell import navigation, queries, session
from dashboard.widgets import states, text

_EDITING = "head_editing"
_SHOWN_CHIPS = 12


def head(one: OpenPortfolio, pick_day: Callable[[], None]) -> None:
    """Name, origin, labels and what can be done; or the form, while they are being changed."""
    portfolio = one.portfolio
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.title(text.escape(portfolio.name), anchor=False, width="stretch")
        pick_day()
    _facts(one)
    if one.may_edit and st.session_state.get(_EDITING) == one.portfolio_id:
        _form(one)
        return
    _labels(one)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            navigation.page("prepare"),
            label="Analyse this portfolio",
            icon=":material/edit_note:",
            query_params={"portfolio": one.portfolio_id},
        )
        if one.may_edit:
            st.button(
                "Edit details", icon=":material/edit:", type="tertiary", key="head_edit", on_click=edit,
                args=(one.portfolio_id,),
            )  # fmt: skip


def edit(portfolio_id: str) -> None:
    """Show the form at the next drawing of the head."""
    st.session_state[_EDITING] = portfolio_id


def _facts(one: OpenPortfolio) -> None:
    portfolio = one.portfolio
    parts = [
        f"as of {text.day(portfolio.as_of)}",
        f"base currency {portfolio.base_currency}" + ("" if portfolio.base_currency_given else " (derived)"),
        f"region {portfolio.region}",
        f"account {portfolio.account}" if portfolio.account else "",
        text.count(len(one.days), "day") + " stored",
        f"revision {one.standing.revision}" if one.standing.revision > 1 else "",
    ]
    badge = f"{states.SAMPLE.badge} " if portfolio.is_sample else ""
    st.markdown(badge + text.escape(" · ".join(part for part in parts if part)))


def _chip(words: str, icon: str, colour: states.Colour, *, help_: str | None = None) -> None:
    """Words of others as a badge. Not `st.badge`: it puts a backslash before each bracket, which takes away the effect
    of the one that is there, so that a name could end the badge and go on with signs of its own."""
    st.markdown(states.StateLook(text.escape(words), icon, colour).badge, help=help_, width="content")


def _labels(one: OpenPortfolio) -> None:
    portfolio = one.portfolio
    titles = queries.rule_sets(one.app, one.actor.subject, one.actor)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for name in portfolio.regimes:
            known = titles.get(name, "This rule set is not known here.")
            _chip(name, ":material/gavel:", "blue", help_=text.escape(known))
        if portfolio.benchmark:
            written = written_benchmark(portfolio.benchmark)
            _chip(text.short(written, 60), ":material/straighten:", "gray", help_=f"Benchmark: {text.escape(written)}")
        kinds: tuple[tuple[Sequence[str], str, states.Colour], ...] = (
            (one.app.labels.groups_of(one.actor, one.portfolio_id), ":material/folder:", "violet"),
            (one.app.labels.tags_of(one.actor, one.portfolio_id), ":material/label:", "green"),
        )
        for words, icon, colour in kinds:
            for word in words[:_SHOWN_CHIPS]:
                _chip(word, icon, colour)
            if len(words) > _SHOWN_CHIPS:
                st.caption(f"and {len(words) - _SHOWN_CHIPS} more", width="content")
        if not portfolio.regimes:
            st.caption("No rule set", width="content")
        if not portfolio.benchmark:
            st.caption("No benchmark", width="content")


def written_benchmark(weights: Sequence[tuple[str, Decimal]]) -> str:
    """ "VTI 60 %, BND 40 %"."""
    return ", ".join(f"{symbol} {_percent(weight)} %" for symbol, weight in weights)


def read_benchmark(words: str) -> dict[str, str]:
    """What a person typed, as the core reads it: "VTI 60, BND 40" is {"VTI": "60", "BND": "40"}.

    A symbol without a weight gets none, and the core says so; what it means is judged there and not here.
    """
    weights: dict[str, str] = {}
    for part in words.replace("%", " ").replace(";", ",").split(","):
        symbol, _, weight = part.strip().rpartition(" ")
        if symbol or weight:
            weights[symbol.strip() or weight] = weight if symbol else ""
    if len(weights) == 1 and "" in weights.values():
        return {next(iter(weights)): "100"}
    return weights


def _percent(weight: Decimal) -> str:
    return format((weight * 100).normalize(), "f")


def _form(one: OpenPortfolio) -> None:
    """Everything of the head at once; what is wrong is said below its field."""
    portfolio, labels = one.portfolio, one.app.labels
    expected = portfolio_edits.expected(one)
    titles = queries.rule_sets(one.app, one.actor.subject, one.actor)
    groups = labels.groups_of(one.actor, one.portfolio_id)
    tags = labels.tags_of(one.actor, one.portfolio_id)
    key = f"head_{one.portfolio_id}_{one.as_of}_{expected}"
    portfolio_edits.changed_meanwhile(one)
    with st.form(f"{key}_form"):
        left, middle, right = st.columns([2, 1, 1])
        faults: dict[str, portfolio_edits.Place] = {}
        with left:
            name = st.text_input("Name", portfolio.name, max_chars=200, key=f"{key}_name")
            faults["name"] = st.empty()
        with middle:
            region = st.selectbox(
                "Region", sorted(REGIONS | {portfolio.region}), key=f"{key}_region",
                index=sorted(REGIONS | {portfolio.region}).index(portfolio.region),
            )  # fmt: skip
            faults["region"] = st.empty()
        with right:
            currency = st.text_input("Base currency", portfolio.base_currency, max_chars=3, key=f"{key}_currency")
            faults["base_currency"] = st.empty()
        left, right = st.columns(2)
        with left:
            regimes = st.multiselect(
                "Rule sets", [*titles, *(own for own in portfolio.regimes if own not in titles)],
                default=list(portfolio.regimes), key=f"{key}_regimes", placeholder="None",
                format_func=lambda rules: f"{rules} · {titles[rules]}" if rules in titles else f"{rules} (not known)",
            )  # fmt: skip
            faults["regimes"] = st.empty()
        with right:
            benchmark = st.text_input(
                "Benchmark", written_benchmark(portfolio.benchmark), key=f"{key}_benchmark",
                placeholder="VTI 60, BND 40", help="Symbols with their weights in percent; empty for none.",
            )  # fmt: skip
            faults["benchmark"] = st.empty()
        left, right = st.columns(2)
        with left:
            chosen_tags = st.multiselect(
                "Tags", sorted({*labels.tags(one.actor), *tags}), default=list(tags), accept_new_options=True,
                key=f"{key}_tags", placeholder="None",
            )  # fmt: skip
        with right:
            chosen_groups = st.multiselect(
                "Groups", sorted({*(group.name for group in labels.groups(one.actor)), *groups}),
                default=list(groups), accept_new_options=True, key=f"{key}_groups", placeholder="None",
            )  # fmt: skip
        rest = st.empty()
        with st.container(horizontal=True, horizontal_alignment="right"):
            cancelled = st.form_submit_button("Cancel", key="head_cancel")
            saved = st.form_submit_button("Save details", type="primary", key="head_save")
    if cancelled:
        _close()
    if saved:
        changes = {
            "name": name if name != portfolio.name else None,
            "region": region if region != portfolio.region else None,
            "base_currency": currency if currency != portfolio.base_currency else None,
        }
        kept_benchmark = benchmark == written_benchmark(portfolio.benchmark)
        try:
            if any(changes.values()) or tuple(regimes) != portfolio.regimes or not kept_benchmark:
                edited = one.app.editor.change_head(
                    one.actor,
                    one.portfolio_id,
                    expected=expected,
                    as_of=one.as_of,
                    regimes=None if tuple(regimes) == portfolio.regimes else list(regimes),
                    benchmark=None if kept_benchmark else read_benchmark(benchmark or ""),
                    **changes,
                )
                if edited.standing is None:
                    _say(edited.problems, faults, rest)
                    return
            _label(one, tags, chosen_tags, groups, chosen_groups)
        except MosychlosError as error:
            rest.error(text.escape(error), icon=":material/error:")
            return
        session.flash("Details saved.")
        _close()


def _say(problems: Iterable[Problem], faults: dict[str, portfolio_edits.Place], rest: portfolio_edits.Place) -> None:
    # A problem of one benchmark's part is named "benchmark.VTI".
    portfolio_edits.say(((problem.column.partition(".")[0], problem.message) for problem in problems), faults, rest)


def _label(
    one: OpenPortfolio, tags: Sequence[str], new_tags: Sequence[str], groups: Sequence[str], new_groups: Sequence[str]
) -> None:
    labels, ids = one.app.labels, [one.portfolio_id]
    added, gone = set(new_tags) - set(tags), set(tags) - set(new_tags)
    if added or gone:
        labels.tag(one.actor, ids, add=sorted(added), remove=sorted(gone))
    for name in sorted(set(new_groups) - set(groups)):
        labels.change_group(one.actor, name, add=ids)
    for name in sorted(set(groups) - set(new_groups)):
        labels.change_group(one.actor, name, remove=ids)


def _close() -> None:
    st.session_state.pop(_EDITING, None)
    portfolio_edits.forget()
    st.rerun()
