"""What is particular to analyses under rules: the compliance report beside the engine's verdicts, and reallocation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.analyses.cells import cell
from core.analyses.fact_selection import applicable, rule_key
from core.compliance import coverage
from core.domain.compliance import RuleResult, RuleStatus
from dashboard.analysis import charts as analysis_charts
from dashboard.analysis.answer import AnswerPlaces, Part
from dashboard.analysis.parts import alternatives, badge, claims, heading, proposals, strings
from dashboard.portfolio import figures_of_rules
from dashboard.widgets import listings, show, states, text
from dashboard.widgets.states import StateLook

_COLUMN = st.column_config
_SUITABLE = {
    "suitable": StateLook("suitable", ":material/check_circle:", "green"),
    "suitable_with_conditions": StateLook("suitable with conditions", ":material/rule:", "yellow"),
    "unsuitable": StateLook("unsuitable", ":material/error:", "red"),
    "not_assessed": StateLook("not assessed", ":material/help:", "violet"),
}
_LOUD = {status.value for status in (RuleStatus.BREACH, RuleStatus.NEAR)}
_STATUS = {status.value: look for status, look in states.RULE.items()}


def compliance(answer: AnswerPlaces) -> None:
    """Every rule with two verdicts side by side: what the engine decided, and what the answer says of it."""
    rules = applicable(answer.sheet.rules) if answer.sheet else []
    _side_by_side(answer, rules)
    _articles(answer)
    _told(answer, rules)
    _suitability(answer)
    strings(answer, "missing_data", "Missing data")
    answer.flags("overall_status")


def _articles(answer: AnswerPlaces) -> None:
    """How many articles of the law stand behind the verdicts, so that no clean report hides the others."""
    counted = coverage.articles_counted(answer.sheet.rules) if answer.sheet else (0, 0)
    if counted[1]:
        st.caption(f"{coverage.said(counted)}; what no rule decided is neither kept nor broken.")


def _side_by_side(answer: AnswerPlaces, rules: Sequence[RuleResult]) -> None:
    heading("Verdicts")
    said = {cell(str(one.get("rule_id", ""))): one for one in answer.parts("findings")}
    keys = {cell(rule_key(rule)): rule for rule in rules}
    order = list(states.RULE)
    ranked: list[tuple[str, RuleResult | None]] = sorted(
        keys.items(), key=lambda pair: order.index(pair[1].status) if pair[1] else 0
    )
    ranked += [(key, None) for key in said if key not in keys]
    if not ranked:
        st.caption("No rule applies, or the facts of this request are gone.")
        return
    agree = [_agrees(rule, said.get(key)) for key, rule in ranked]
    st.caption(
        f"The engine decides and the answer explains. Rules named as the engine decided: "
        f"{sum(word == 'yes' for word in agree)} of {sum(word != 'not named' for word in agree)}"
    )
    st.dataframe(
        listings.frame(
            {
                "engine": [[states.RULE[rule.status].word] if rule else [] for _, rule in ranked],
                "answer": [[_word(said[key])] if key in said else [] for key, _ in ranked],
                "agree": agree,
                "title": [rule.title if rule else "no such rule" for _, rule in ranked],
                "measured": [figures_of_rules.number(rule.measured, rule.unit) if rule else "" for _, rule in ranked],
                "limit": [figures_of_rules.number(rule.limit, rule.unit) if rule else "" for _, rule in ranked],
                "regime": [rule.regime.upper() if rule else "" for _, rule in ranked],
                "rule": [key for key, _ in ranked],
            }
        ),
        hide_index=True,
        height="content",
        alt="Rules with the engine's verdict and the answer's",
        placeholder=text.NONE,
        column_config={
            "engine": listings.badges("Engine", states.RULE.values()),
            "answer": listings.badges("Answer", states.RULE.values()),
            "agree": _COLUMN.TextColumn("Same", help="A rule that is kept need not be named."),
            "title": _COLUMN.TextColumn("What it demands", width=340),
            "measured": _COLUMN.TextColumn("Measured", alignment="right"),
            "limit": _COLUMN.TextColumn("Limit", alignment="right"),
            "regime": "Rule set",
            "rule": "Rule",
        },
    )


def _agrees(rule: RuleResult | None, one: Part | None) -> str:
    if rule is None:
        return "no"
    if one is None:
        return "no" if rule.status in (RuleStatus.BREACH, RuleStatus.NEAR) else "not named"
    return "yes" if one.get("status") == rule.status.value else "no"


def _word(one: Part) -> str:
    status = str(one.get("status", ""))
    return _STATUS[status].word if status in _STATUS else status


def _told(answer: AnswerPlaces, rules: Sequence[RuleResult]) -> None:
    keys = {cell(rule_key(rule)): rule for rule in rules}
    found = answer.parts("findings")
    if found:
        heading("What the answer says of them")
    loud = [place for place, one in enumerate(found) if one.get("status") in _LOUD]
    _cards(answer, keys, loud)
    quiet = [place for place in range(len(found)) if place not in loud]
    if quiet:
        with st.expander(text.count(len(quiet), "other rule"), icon=":material/rule:", key="item_quiet_rules"):
            _cards(answer, keys, quiet)
    answer.flags("findings")


def _cards(answer: AnswerPlaces, keys: Mapping[str, RuleResult], places: Sequence[int]) -> None:
    found = answer.parts("findings")
    for place in places:
        one, path = found[place], f"findings[{place}]"
        rule = keys.get(cell(str(one.get("rule_id", ""))))
        with st.container(border=True, gap="xsmall"):
            title = rule.title if rule else str(one.get("rule_id", ""))
            st.markdown(f"{badge(str(one.get('status', '')), _STATUS)} **{text.escape(title)}**")
            answer.say(one.get("explanation"), f"{path}.explanation")
            measured, limit = one.get("measured") or {}, one.get("limit") or {}
            answer.side_by_side([(measured, f"{path}.measured", "Measured"), (limit, f"{path}.limit", "Limit")])
            answer.say(one.get("remediation"), f"{path}.remediation", label="What could be done:")
            st.caption(text.escape(_beside(one, rule)))
            answer.flags(path)


def _beside(one: Part, rule: RuleResult | None) -> str:
    parts = [str(one.get("citation_id", ""))]
    if rule is not None and not rule.confirmed:
        parts.append("(M) not found in a primary source")
    days = one.get("cure_days")
    if days is not None:
        parts.append(f"to be cured within {text.count(int(days), 'day')}")
    holdings = ", ".join(map(str, one.get("holding_ids") or []))
    if holdings:
        parts.append(f"through {holdings}")
    return " · ".join(part for part in parts if part)


def _suitability(answer: AnswerPlaces) -> None:
    found: Part = answer.analysis.get("suitability") or {}
    if not found:
        return
    heading("Suitability")
    profile = str(found.get("profile_id") or "no profile was given")
    st.markdown(f"{badge(str(found.get('result', '')), _SUITABLE)} {text.escape(profile)}")
    for place, claim in enumerate(found.get("reasons") or []):
        path = f"suitability.reasons[{place}]"
        answer.say(claim.get("text"), f"{path}.text")
        answer.chips(claim.get("metrics") or [], f"{path}.metrics")
    answer.flags("suitability")


_BETTER = {
    "better": StateLook("better", ":material/trending_up:", "green"),
    "worse": StateLook("worse", ":material/trending_down:", "red"),
    "unchanged": StateLook("unchanged", ":material/trending_flat:", "gray"),
    "unclear": StateLook("unclear", ":material/help:", "violet"),
}


def reallocation(answer: AnswerPlaces) -> None:
    """Weights before and after, the trades, what they would change and cost, and what speaks against them."""
    _weights(answer)
    proposals(answer, "trades", "Trades")
    _effects(answer)
    claims(answer, "do_nothing", "If nothing is done")
    alternatives(answer)
    _constraints(answer)


def _weights(answer: AnswerPlaces) -> None:
    trades = answer.parts("trades")
    heading("Weights before and after")
    if not trades:
        st.caption("The answer proposes no trade.")
        answer.flags("trades")
        return
    rows = []
    for trade in trades:
        fact = answer.facts.get(f"weight.{trade.get('target_id')}")
        before = fact.value if fact is not None else float(trade.get("from_weight_pct") or 0.0)
        rows.append((str(trade.get("target_id", "")), before, float(trade.get("to_weight_pct") or 0.0)))
    said = ", ".join(f"{name} from {before:.1f} to {after:.1f} %" for name, before, after in rows)
    show.chart(
        analysis_charts.before_and_after(rows, show.colours()), key="item_weights",
        alt=f"Weights now and proposed: {said}",
    )  # fmt: skip
    stated, most = answer.analysis.get("turnover_pct"), answer.facts.get("profile.max_turnover")
    allowed = f" of at most {most.value:g} % in the profile" if most is not None else ""
    turnover = f"{stated:.2f} %" if isinstance(stated, int | float) else "not stated"
    st.caption(f"Turnover {turnover}{allowed}: half the sum of all changes of weights.")
    answer.flags("turnover_pct")


def _effects(answer: AnswerPlaces) -> None:
    found = answer.parts("effects")
    if not found:
        return
    heading("What would change")
    for place, one in enumerate(found):
        path = f"effects[{place}]"
        with st.container(border=True, gap="xsmall"):
            aspect = text.words(str(one.get("aspect", "")))
            st.markdown(f"**{text.escape(aspect)}** {badge(str(one.get('direction', '')), _BETTER)}")
            answer.say(one.get("explanation"), f"{path}.explanation")
            answer.chips(one.get("metrics") or [], f"{path}.metrics")
            answer.flags(path)


def _constraints(answer: AnswerPlaces) -> None:
    found = answer.parts("constraints")
    if not found:
        return
    heading("What the trades must respect")
    for place, one in enumerate(found):
        path = f"constraints[{place}]"
        with st.container(border=True, gap="xsmall"):
            answer.say(one.get("text"), f"{path}.text", label=f"{text.words(str(one.get('source', '')))}:")
            answer.chips(one.get("metrics") or [], f"{path}.metrics")
            answer.flags(path)
