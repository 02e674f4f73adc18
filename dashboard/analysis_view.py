"""One answer in full. A model wrote it, so every word is escaped and every number carries its mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.domain.analysis import Finding, FindingKind
from core.domain.facts import FactSheet
from core.domain.records import Item
from dashboard import listings, states, text, tool_calls

_UNITS = {"pct": " %", "pp": " pp", "bps": " bps", "x": " x", "days": " days", "years": " years"}


def show_item(app: App, actor: Actor, job_id: str, custom_id: str) -> None:
    """The chosen request: its analysis with marks, or why there is none, and what really went over the wire."""
    item = app.jobs.item(actor, job_id, custom_id)
    with st.container(border=True):
        if item.analysis is None:
            _ending(item)
        else:
            show_answer(item, app.jobs.facts(actor, job_id, custom_id))
        calls = app.tools.tool_calls(actor, job_id, custom_id)
        tool_calls.show(calls, app.tools.citations(actor, job_id, custom_id), key="item")
        _raw(app, actor, job_id, custom_id)


def show_answer(item: Item, sheet: FactSheet | None) -> None:
    """An analysis with marks on its numbers, checked against these facts."""
    _Answer(item, sheet).draw()


def _ending(item: Item) -> None:
    look = states.ITEM[item.status]
    st.subheader(text.escape(item.portfolio_name), anchor=False)
    st.markdown(f"{look.badge} {text.escape(item.custom_id)}")
    if item.error is None:
        st.caption("There is no answer yet.")
        return
    again = "Asking again may help." if item.error.transient else "Asking again in the same way will not help."
    st.error(text.escape(item.error.message), title=text.escape(item.error.code), icon=":material/error:")
    st.caption(again)


def _raw(app: App, actor: Actor, job_id: str, custom_id: str) -> None:
    asked = st.expander("Raw request", icon=":material/upload:", key="item_request", on_change="rerun")
    if asked.open:
        with asked:
            request = app.jobs.raw_request(actor, job_id, custom_id)
            if request is None:
                st.caption("The input file is no longer there.")
            else:
                st.json(request, expanded=2)
    answered = st.expander("Raw answer", icon=":material/download:", key="item_answer", on_change="rerun")
    if answered.open:
        with answered:
            answer = app.jobs.raw_answer(actor, job_id, custom_id)
            if answer is None:
                st.caption("No line of the provider is stored for this request.")
            else:
                st.json(answer, expanded=2)


class _Answer:
    """Draws one analysis; knows which of its places have a finding."""

    def __init__(self, item: Item, sheet: FactSheet | None) -> None:
        self.item = item
        self.analysis: Mapping[str, Any] = item.analysis or {}
        self.facts = sheet.by_id() if sheet else {}
        self.findings: dict[str, list[Finding]] = {}
        for finding in item.verification.findings if item.verification else ():
            self.findings.setdefault(finding.path, []).append(finding)

    def draw(self) -> None:
        """Headline, summary, risks, claims, gaps and caveats."""
        st.subheader(text.escape(self.item.headline or self.item.portfolio_name), anchor=False)
        st.markdown(" ".join(self._badges()))
        for path in ("as_of_date", "base_currency"):
            self._sentence_findings(path)
        self.prose(self.analysis.get("summary", ""), "summary")
        self._sentence_findings("headline")
        self._risks()
        self._claims()
        self._more()

    def _badges(self) -> list[str]:
        level = states.LEVEL.get(self.item.level)
        badges = [level.badge] if level else []
        checked = self.item.verification
        if checked:
            for look, number in (
                (states.VERIFIED, checked.verified),
                (states.MISMATCHED, checked.mismatched),
                (states.UNSUPPORTED, checked.unsupported),
            ):
                badges.append(f":{look.colour if number else 'gray'}-badge[{look.icon} {number} {look.word}]")
        badges.append(text.escape(f"{self.item.portfolio_name} · as of {self.analysis.get('as_of_date', '')}"))
        return badges

    def prose(self, words: str, path: str) -> None:
        """A paragraph, and under it each of its numbers that does not hold."""
        for paragraph in str(words).split("\n"):
            if paragraph.strip():
                st.markdown(text.escape(paragraph))
        self._sentence_findings(path)

    def _sentence_findings(self, path: str) -> None:
        for finding in self.findings.get(path, ()):
            st.markdown(self._finding_line(finding, f"“{finding.stated}” in this text"))

    def _finding_line(self, finding: Finding, what: str) -> str:
        look = states.UNSUPPORTED if finding.kind is FindingKind.UNSUPPORTED else states.MISMATCHED
        parts = [what]
        if finding.metric_id:
            parts.append(finding.metric_id)
        if finding.true is not None:
            parts.append(f"fact {finding.true}")
            apart = _apart(finding.stated, finding.true)
            if apart:
                parts.append(f"difference {apart}")
        parts.append(states.CAUSE[finding.kind])
        return f"{look.badge} {text.escape(' · '.join(parts))}"

    def metrics(self, metrics: Sequence[Mapping[str, Any]], path: str) -> None:
        """Stated numbers, each with its mark, its fact and, where it does not hold, the likely cause."""
        for place, metric in enumerate(metrics):
            self.metric(metric, f"{path}[{place}]")

    def metric(self, metric: Mapping[str, Any], path: str) -> None:
        """One stated number with its mark."""
        said = f"{text.fact(str(metric.get('metric_id', '')))}: {_stated(metric)}"
        found = self.findings.get(path)
        if found:
            fact = self.facts.get(found[0].metric_id)
            parts = [said, str(metric.get("metric_id", ""))]
            if fact is not None:
                parts.append(f"fact {listings.shown(fact)}")
                apart = _apart(str(metric.get("value", "")), fact.shown)
                if apart:
                    parts.append(f"difference {apart}")
            elif found[0].true is not None:
                parts.append(f"fact {found[0].true}")
            parts.append(states.CAUSE[found[0].kind])
            look = states.UNSUPPORTED if found[0].kind is FindingKind.UNSUPPORTED else states.MISMATCHED
            st.markdown(f"{look.badge} {text.escape(' · '.join(parts))}")
        else:
            st.markdown(f"{states.VERIFIED.badge} {text.escape(said)}")

    def _risks(self) -> None:
        risks = self.analysis.get("risks") or []
        if risks:
            st.markdown("##### Risks")
        for place, risk in enumerate(risks):
            path = f"risks[{place}]"
            severity = states.SEVERITY.get(risk.get("severity", ""), states.UNKNOWN)
            with st.container(border=True, gap="xsmall"):
                name = text.escape(text.words(str(risk.get("risk_type", ""))))
                likelihood = text.escape(str(risk.get("likelihood", "")))
                st.markdown(f"**{name}** {severity.badge} {likelihood}")
                self.prose(risk.get("explanation", ""), f"{path}.explanation")
                self.metrics(risk.get("metrics") or [], f"{path}.metrics")
                if risk.get("mitigation"):
                    st.markdown(f"*What could be done:* {text.escape(risk['mitigation'])}")
                    self._sentence_findings(f"{path}.mitigation")
                self._drivers(risk.get("driver_ids") or [], f"{path}.driver_ids")

    def _drivers(self, ids: Sequence[str], path: str) -> None:
        if ids:
            st.caption(text.escape("Driven by " + ", ".join(str(one) for one in ids)))
        for place in range(len(ids)):
            for finding in self.findings.get(f"{path}[{place}]", ()):
                st.markdown(self._finding_line(finding, f"“{finding.stated}” is neither a holding nor a fact"))

    def _claims(self) -> None:
        claims = self.analysis.get("claims") or []
        if not claims:
            return
        st.markdown("##### Claims and their evidence")
        for place, claim in enumerate(claims):
            with st.container(border=True, gap="xsmall"):
                kind, confidence = claim.get("kind", ""), claim.get("confidence", "")
                self.prose(claim.get("text", ""), f"claims[{place}].text")
                st.caption(text.escape(f"{kind}, {confidence} confidence"))
                self.metrics(claim.get("metrics") or [], f"claims[{place}].metrics")

    def _more(self) -> None:
        statement = self.analysis.get("var_statement") or {}
        if statement.get("plain_language"):
            st.markdown("##### Value at risk")
            self.prose(statement["plain_language"], "var_statement.plain_language")
            self.metrics(statement.get("metrics") or [], "var_statement.metrics")
        for place, test in enumerate(self.analysis.get("stress_tests") or []):
            st.markdown(f"##### Stress test: {text.escape(test.get('scenario_id', ''))}")
            self.metric(test.get("loss") or {}, f"stress_tests[{place}].loss")
            self.prose(test.get("comment", ""), f"stress_tests[{place}].comment")
        for place, breach in enumerate(self.analysis.get("limit_breaches") or []):
            st.markdown(
                f"##### Limit {text.escape(breach.get('limit_id', ''))}: {text.escape(breach.get('status', ''))}"
            )
            self.metric(breach.get("measured") or {}, f"limit_breaches[{place}].measured")
            self.metric(breach.get("limit") or {}, f"limit_breaches[{place}].limit")
        gaps = self.analysis.get("data_gaps") or []
        if gaps:
            st.markdown("##### Data gaps")
            for place, gap in enumerate(gaps):
                st.markdown(f"- **{text.escape(gap.get('item', ''))}**: {text.escape(gap.get('effect', ''))}")
                self._sentence_findings(f"data_gaps[{place}].item")
                self._sentence_findings(f"data_gaps[{place}].effect")
        caveats = self.analysis.get("caveats") or []
        if caveats:
            st.markdown("##### Caveats")
            for place, caveat in enumerate(caveats):
                st.markdown(f"- {text.escape(caveat)}")
                self._sentence_findings(f"caveats[{place}]")


def _stated(metric: Mapping[str, Any]) -> str:
    value, unit = metric.get("value", ""), str(metric.get("unit", ""))
    shown = f"{value:,.12g}" if isinstance(value, int | float) else str(value)
    if unit == "ccy":
        return f"{metric.get('currency') or ''} {shown}".strip()
    return shown + _UNITS.get(unit, "")


def _apart(stated: str, true: str) -> str:
    """How far two written numbers are apart, with a sign; "" when either is none."""
    try:
        apart = float(stated.rstrip(" %")) - float(true.rstrip(" %"))
    except ValueError:
        return ""
    return f"{apart:+,.4g}"
