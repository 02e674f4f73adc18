"""The Rules tab: how many rules are kept, each with its value, its limit and what is left, and where it is written."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.compliance.breach_runs import began_said
from core.domain.compliance import ArticleStatus, BreachType, RuleResult, RuleStatus
from core.drafts.rule_checks import RuleCheck
from dashboard.portfolio import figures_of_rules, rule_outlook, trade_moves
from dashboard.portfolio import head as portfolio_head
from dashboard.portfolio.open import OpenPortfolio
from dashboard.widgets import listings, show, states, text

_COLUMN = st.column_config
_FILTER = "rules_status"
_FULL = 1.0

_BREACHES = {
    BreachType.ACTIVE: "Active: it was traded into.",
    BreachType.PASSIVE: "Passive: the market carried it there.",
    BreachType.UNKNOWN: "Whether it was traded or drifted into is not known: no earlier day, no units, or not new.",
}


def tab(one: OpenPortfolio) -> None:
    """The rules that the portfolio is under, as the engine evaluates them."""
    found = one.check()
    if not found.results:
        with show.empty(
            "No rule set is named",
            "A portfolio is checked against the rule sets that it names, and against its policy statement.",
            ":material/gavel:",
        ):
            if one.may_edit:
                st.button(
                    "Name rule sets", icon=":material/gavel:", key="rules_name", on_click=portfolio_head.edit,
                    args=(one.portfolio_id,),
                )  # fmt: skip
        return
    _headline(found)
    with st.container(border=True):
        shown = _filtered(found)
        _table(shown)
        st.caption("The engine decides, on full precision; no model has a part in it.")
    for status in (RuleStatus.BREACH, RuleStatus.NEAR):
        for result in found.results:
            if result.status is status:
                _told(result)
    _not_assessable([result for result in found.results if result.status is RuleStatus.NOT_ASSESSABLE])
    _uncovered(found)
    trade_moves.card(one)
    rule_outlook.room_and_drift(one, found)
    rule_outlook.past(one, found)
    _sources(found.results)
    _notes(found)


def _headline(found: RuleCheck) -> None:
    kept, assessed = found.kept
    counts = found.counts()
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.metric(
            "Rules kept", f"{kept} of {assessed}", help="Of those that apply and could be assessed.", width="content"
        )
        if found.articles:
            checked, whole = found.articles_checked
            st.metric(
                "Articles checked", f"{checked} of {whole}",
                help="Of the law's articles that a daily check would read. The others stand below, with the reason.",
                width="content",
            )  # fmt: skip
        st.markdown(
            " ".join(
                f":{look.colour}-badge[{look.icon} {counts[status]} {look.word}]"
                for status, look in states.RULE.items()
                if counts[status]
            )
        )


def _filtered(found: RuleCheck) -> list[RuleResult]:
    counts = found.counts()
    present = [status for status in states.RULE if counts[status]]
    chosen = st.pills(
        "Show", present, selection_mode="multi", key=_FILTER, label_visibility="collapsed",
        format_func=lambda status: f"{states.RULE[status].word} ({counts[status]})",
    )  # fmt: skip
    order = list(states.RULE)
    return sorted(
        (result for result in found.results if not chosen or result.status in chosen),
        key=lambda result: order.index(result.status),
    )


def _table(rows: Sequence[RuleResult]) -> None:
    used = [_used(result) for result in rows]
    readings = any(result.reading for result in rows)
    breaches = any(result.breach_type for result in rows)
    st.dataframe(
        listings.frame(
            {
                "status": [[states.RULE[result.status].word] for result in rows],
                "title": [result.title + ("" if result.confirmed else " (M)") for result in rows],
                **({"reading": [text.words(result.reading) for result in rows]} if readings else {}),
                "measured": [figures_of_rules.number(result.measured, result.unit) for result in rows],
                "limit": [_limit(result) for result in rows],
                "used": used,
                "headroom": [figures_of_rules.number(result.headroom, result.unit, signed=True) for result in rows],
                **({"breach": [one.breach_type.value if one.breach_type else "" for one in rows]} if breaches else {}),
                "rule": [result.rule_id for result in rows],
            }
        ),
        hide_index=True,
        height="content",
        alt="Rules with their status, measured value, limit and headroom",
        placeholder=text.NONE,
        column_config={
            "status": listings.badges("Status", states.RULE.values()),
            "title": _COLUMN.TextColumn("What it demands", width=370),
            "reading": _COLUMN.TextColumn("Reading", help="Of a rule that can be read in two ways, each has its row."),
            "measured": _COLUMN.TextColumn("Measured", alignment="right"),
            "limit": _COLUMN.TextColumn("Limit", alignment="right"),
            "used": _COLUMN.ProgressColumn(
                "Limit used", width=130, format="percent", min_value=0, max_value=_FULL,
                help="How much of the limit is used; a full bar is at the limit or beyond it.",
            ),
            "headroom": _COLUMN.TextColumn(
                "Headroom", alignment="right", help="How far the measured value may still move; negative in a breach."
            ),
            "breach": _COLUMN.TextColumn("Breach", width=85, help="Active: traded into. Passive: drifted into."),
            "rule": "Rule",
        },
    )  # fmt: skip


def _used(result: RuleResult) -> float | None:
    """The share of the limit that is used: measured to limit for a maximum, limit to measured for a minimum."""
    measured, limit = result.measured, result.limit
    if measured is None or limit is None or result.headroom is None or measured < 0 or limit < 0:
        return None
    part, whole = (limit, measured) if result.operator in (">=", ">") else (measured, limit)
    if whole == 0:
        return _FULL if part > 0 or result.status is RuleStatus.BREACH else 0.0
    return part / whole


def _limit(result: RuleResult) -> str:
    return "" if result.limit is None else f"{result.operator} {figures_of_rules.number(result.limit, result.unit)}"


def _told(result: RuleResult) -> None:
    """A breach or a near limit in full."""
    mark = "" if result.confirmed else " (M)"
    reading = f" · reading: {text.words(result.reading)}" if result.reading else ""
    with st.container(border=True):
        st.markdown(f"{states.RULE[result.status].badge} **{text.escape(result.title + mark + reading)}**")
        st.markdown(text.escape(result.explanation))
        parts = []
        if result.holding_ids:
            parts.append(
                f"Holdings: {', '.join(result.holding_ids[:12])}" + (" …" if len(result.holding_ids) > 12 else "")
            )
        if result.breach_type:
            parts.append(_BREACHES[result.breach_type])
        if result.breached_since:
            parts.append(f"Breached {began_said(result.breached_since, result.kept_before)}.")
        if result.cure:
            parts.append(f"Cure: {result.cure}")
        parts.append(f"{result.citation} ({result.rule_id})")
        # Two spaces and a line break are one line each in Markdown.
        st.caption("  \n".join(text.escape(part) for part in parts))


def _not_assessable(results: Sequence[RuleResult]) -> None:
    """Rules that lack something, with the fields that are missing."""
    if not results:
        return
    with st.container(border=True):
        st.subheader("Not assessable", anchor=False, help="A rule that lacks a fact is neither kept nor broken.")
        listings.table(
            {
                "Rule": [result.title + ("" if result.confirmed else " (M)") for result in results],
                "Missing": [", ".join(text.words(field) for field in result.missing) for result in results],
                "Why": [result.explanation for result in results],
            },
            alt="Rules that could not be assessed, and what is missing",
        )
        st.caption("Fill the fields in under Holdings, or in the instruments register.")


def _uncovered(found: RuleCheck) -> None:
    """Articles that nothing checked, with the reason, who went through them and when."""
    open_ = [one for one in found.articles if one.status is ArticleStatus.NOT_CHECKED]
    if not open_:
        return
    with st.container(border=True):
        st.subheader("Articles not checked", anchor=False, help="A report without a breach says nothing about these.")
        listings.table(
            {
                "Rule set": [one.regime for one in open_],
                "Article": [one.article for one in open_],
                "About": [one.about for one in open_],
                "Why": [one.why for one in open_],
            },
            alt="Articles that were not checked, and why",
        )
        st.caption(text.escape(f"Gone through by: {open_[0].reviewer}, {open_[0].as_of}. {open_[0].source}."))


def _sources(results: Sequence[RuleResult]) -> None:
    with st.expander(
        "Where these rules are written", icon=":material/menu_book:", key="rules_sources", on_change="rerun"
    ) as below:
        if not below.open:
            return
        by_id = {result.rule_id: result for result in results}
        st.dataframe(
            listings.frame(
                {
                    "rule": list(by_id),
                    "citation": [one.citation for one in by_id.values()],
                    "source": [one.source_url or None for one in by_id.values()],
                    "as_of": [one.as_of for one in by_id.values()],
                    "primary": ["yes" if one.confirmed else "no (M)" for one in by_id.values()],
                }
            ),
            hide_index=True,
            alt="Citations and sources of the rules",
            placeholder=text.NONE,
            column_config={
                "rule": "Rule",
                "citation": _COLUMN.TextColumn("Citation", width="large"),
                "source": _COLUMN.LinkColumn("Source"),
                "as_of": _COLUMN.DateColumn("Last read", format="D MMM YYYY"),
                "primary": "Primary text",
            },
        )


def _notes(found: RuleCheck) -> None:
    for note in found.notes:
        st.caption(f":material/info: {text.escape(note)}")
