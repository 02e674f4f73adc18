"""One answer as the parts of its page draw it: its words with marked numbers, and what does not hold beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import streamlit as st

from core.analyses.engines import engine_for
from core.analyses.marking import Mark, Marked, marks
from core.analyses.slots import marks as slot_marks
from core.domain.analysis import Finding, FindingKind
from core.domain.facts import Fact, FactSheet
from core.domain.readable_text import readable_document
from core.domain.records import Item, Job
from dashboard.widgets import marked_text, states, text

Part = Mapping[str, Any]


def _marked(analysis: Mapping[str, Any], job: Job, sheet: FactSheet) -> list[Marked]:
    """Marks of an answer: of one with slots as the program wrote it, else as its numbers were checked."""
    form = engine_for(job.row.kind).slots
    if form is not None and slot_marks.has_marks(analysis):
        return slot_marks.marks(form, analysis, sheet)
    return marks(analysis, sheet)


class AnswerPlaces:
    """Knows which number of an answer stands where, and which findings belong to which place.

    Attributes:
        item: The request.
        job: The run it belongs to.
        sheet: The facts that it stated; None when their file is gone.
        analysis: The document that the model wrote.
        marked: Every number with its mark; empty without a sheet.
    """

    def __init__(self, item: Item, job: Job, sheet: FactSheet | None) -> None:
        self.item = item
        self.job = job
        self.sheet = sheet
        # Answers of an older version were stored as they came.
        self.analysis: Mapping[str, Any] = readable_document(item.analysis or {})
        self.facts: Mapping[str, Fact] = sheet.by_id() if sheet else {}
        self.marked: list[Marked] = _marked(self.analysis, job, sheet) if sheet else []
        self.findings: tuple[Finding, ...] = item.verification.findings if item.verification else ()
        self._at: dict[str, list[Marked]] = {}
        for one in self.marked:
            self._at.setdefault(one.path, []).append(one)
        carried = {one.finding for one in self.marked if one.finding}
        # A finding that no number carries is said once, at the first part of the page that it belongs to.
        self._unsaid = [finding for finding in self.findings if finding not in carried]

    def parts(self, name: str) -> list[Part]:
        """A list of objects in the answer; empty when it is not there."""
        return [part for part in self.analysis.get(name) or [] if isinstance(part, Mapping)]

    def words(self, name: str) -> str:
        """A text in the answer; "" when it is not there."""
        return str(self.analysis.get(name) or "")

    def html(self, words: object, path: str) -> str:
        """A text with its numbers marked, as HTML."""
        return marked_text.sentence(str(words or ""), self._at.get(path, ()))

    def say(self, words: object, path: str, *, label: str = "") -> None:
        """A paragraph, its label in bold before it, and below it what does not hold in it."""
        lines = [line for line in str(words or "").split("\n") if line.strip()]
        if len(lines) > 1 and not self._at.get(path):
            shown = [marked_text.escaped(line) for line in lines]
        else:
            shown = [self.html(words, path)] if lines else []
        if shown and label:
            shown[0] = f"<strong>{marked_text.escaped(label)}</strong> {shown[0]}"
        marked_text.paragraphs(shown)
        self.flags(path)

    def listed(self, items: Sequence[object], path: str) -> None:
        """Texts of a list, one bullet each."""
        marked_text.bullets([self.html(item, f"{path}[{place}]") for place, item in enumerate(items)])
        self.flags(f"{path}[")

    def chips(self, metrics: Sequence[Part], path: str) -> None:
        """Stated numbers with their marks, side by side."""
        marked_text.paragraphs([self.chips_html(metrics, path)])

    def chips_html(self, metrics: Sequence[Part], path: str) -> str:
        """The same as HTML."""
        return "".join(self.chip(metric, f"{path}[{place}]") for place, metric in enumerate(metrics))

    def sources(self, ids: Sequence[object]) -> str:
        """Ids of documents, rules and earlier analyses as people say them."""
        given = self.sheet.evidence if self.sheet else None
        named = (
            {one.analysis_id: f"the {one.kind.replace('_', ' ')} analysis" for one in given.analyses} if given else {}
        )
        if given:
            named |= {source.source_id: f"{source.title} ({source.source_id})" for source in given.sources}
        return ", ".join(named.get(str(one), str(one)) for one in ids)

    def names(self, ids: Sequence[object]) -> str:
        """Ids of holdings and facts as people say them."""
        return ", ".join(text.fact(str(one)) if str(one) in self.facts else str(one) for one in ids)

    def chip(self, metric: Part, path: str, label: str = "") -> str:
        """One stated number with its mark, as HTML."""
        if not metric:
            return ""
        name = str(metric.get("metric_id", ""))
        return marked_text.chip(label or label_of(name), stated(metric, self.facts.get(name)), self.mark(path))

    def side_by_side(self, chips: Sequence[tuple[Part, str, str]]) -> None:
        """Stated numbers, each as (reference, path, label), on one line."""
        marked_text.paragraphs(["".join(self.chip(metric, path, label) for metric, path, label in chips)])

    def chip_alone(self, metric: Part, path: str, label: str = "") -> None:
        """One stated number on a line of its own."""
        marked_text.paragraphs([self.chip(metric, path, label)])

    def mark(self, path: str) -> Marked | None:
        """The mark of a reference; None where numbers could not be marked."""
        return next(iter(self._at.get(path, ())), None)

    def cell(self, metric: Part, path: str) -> str:
        """A stated number for a table, with a word where it does not hold."""
        one = self.mark(path)
        shown = stated(metric, self.facts.get(str(metric.get("metric_id", "")))) if metric else text.NONE
        if one is None or one.mark in {Mark.VERIFIED, Mark.INSERTED}:
            return shown
        true = f", fact {one.facts[0].shown}" if one.facts else ""
        return f"{shown} ({marked_text.SIGNS[one.mark].word}{true})"

    def value(self, metric: Part) -> float | None:
        """The fact behind a reference at full precision; the stated number where there is no such fact."""
        fact = self.facts.get(str(metric.get("metric_id", "")))
        if fact is not None:
            return fact.value
        said = metric.get("value")
        return float(said) if isinstance(said, int | float) else None

    def flags(self, prefix: str) -> None:
        """What does not hold at a place and inside it, as far as it has not been said yet."""
        here = [finding for finding in self._unsaid if finding.path.startswith(prefix)]
        for finding in here:
            self._unsaid.remove(finding)
            st.markdown(finding_line(finding))

    def rest(self) -> Iterator[Finding]:
        """Findings that no part of the page has said."""
        yield from self._unsaid


def label_of(metric_id: str) -> str:
    """What a chip calls its fact. Ids of series have points in them, so that only their ends can be told apart; facts
    of a group say whose they are."""
    owner, colon, own = metric_id.partition(":")
    if colon and own:
        return f"{label_of(own)} of {owner}"
    series = metric_id.removeprefix("indicator.")
    if series == metric_id:
        return text.fact(metric_id)
    name, _, measure = series.rpartition(".")
    return f"{text.words(name)}, {measure.replace('_', ' ')}"


def stated(metric: Part, fact: Fact | None = None) -> str:
    """A reference's number as the answer states it, with its unit and at least as many digits as its fact."""
    value, unit = metric.get("value", ""), str(metric.get("unit", ""))
    if not isinstance(value, int | float):
        return str(value)
    written = f"{value:.12g}".partition(".")[2]
    digits = max(len(written), fact.decimals if fact else 0) if "e" not in written else 12
    if unit == "ccy":
        return f"{metric.get('currency') or ''} {value:,.{digits}f}".strip()
    return f"{value:,.{digits}f}" + marked_text.UNITS.get(unit, "")


def finding_line(finding: Finding) -> str:
    """A finding as one line of Markdown."""
    look = states.UNSUPPORTED if finding.kind is FindingKind.UNSUPPORTED else states.MISMATCHED
    parts = [f"“{finding.stated}”"]
    if finding.metric_id:
        parts.append(finding.metric_id)
    if finding.true is not None:
        parts.append(f"should be {finding.true}")
    parts.append(states.CAUSE[finding.kind])
    return f"{look.badge} {text.escape(' · '.join(parts))}"


def place_of(path: str) -> str:
    """Where a finding stands, for people: "risks[0].metrics[1]" is "Risks 1, metrics 2"."""
    steps = []
    for step in path.split("."):
        name, bracket, index = step.partition("[")
        number = f" {int(index.rstrip(']')) + 1}" if bracket and index.rstrip("]").isdigit() else ""
        steps.append(name.replace("_", " ") + number)
    return text.words(", ".join(steps))
