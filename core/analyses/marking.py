"""Which fact stands behind each number of an answer, for showing it: the same check as `verify`, with its reasons kept.

    "Volatility is 12.41 %, a third above the benchmark's"
                   ^^^^^^^ verified: volatility, 12.41 %, as of 2026-10-30

Nothing is decided here: a number is marked as the check of numbers counts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.analyses import diagnosis
from core.analyses.citations import CitationScope
from core.analyses.numbers import Number
from core.analyses.typed.sentence import Sentence
from core.analyses.typed.undecided import CITES_NOTHING
from core.analyses.verify import ABOUT, Checking
from core.domain.analysis import Finding, FindingKind
from core.domain.facts import Fact, FactSheet


class Mark(StrEnum):
    """What became of one number.

    DERIVED: worked out from the facts cited beside it. QUOTED: it stands in a document or rule that is cited.
    PROPOSED: the answer's own wish (a weight to reach), which no fact can bear out. INSERTED, COMPUTED and DECIDED were
    written or decided by the program (`core.analyses.slots`); an OPINION says so itself; UNCHECKED says nothing that
    could be decided.
    """

    VERIFIED = "verified"
    DERIVED = "derived"
    QUOTED = "quoted"
    PROPOSED = "proposed"
    MISMATCHED = "mismatched"
    UNSUPPORTED = "unsupported"
    INSERTED = "inserted"
    COMPUTED = "computed"
    DECIDED = "decided"
    OPINION = "opinion"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Marked:
    """One number of an answer.

    Attributes:
        path: Where it stands ("risks[0].metrics[1]", "summary").
        stated: As the answer says it, with sign and unit where it stands in a sentence.
        start, end: Its place in the sentence; both 0 for a reference, which is no sentence.
        facts: What it was held against: one fact, or those it was worked out from; empty where there is none.
        finding: Why it does not hold; None where it does, or where it repeats a number that was found wrong before.
        note: The formula by which it was computed, or what decided it; "" where a fact says it all.
    """

    path: str
    stated: str
    mark: Mark
    start: int = 0
    end: int = 0
    facts: tuple[Fact, ...] = ()
    finding: Finding | None = None
    note: str = ""


def marks(analysis: Mapping[str, Any], sheet: FactSheet) -> list[Marked]:
    """Every number of an answer with its mark, in the order in which they were checked: references, then sentences.

    Numbers that only name something (an index, a document) have none.

    Args:
        analysis: An answer that matches its schema.
        sheet: The facts that the prompt stated.
    """
    check = _Marking(sheet)
    check.header(analysis)
    check.walk(analysis)
    check.sentences()
    return check.marked


class _Marking(Checking):
    """Notes what each single check comes to."""

    def __init__(self, sheet: FactSheet) -> None:
        super().__init__(sheet)
        self.marked: list[Marked] = []

    def reference(self, stated: dict[str, Any], path: str, scope: CitationScope) -> None:
        """Check a reference and note it."""
        findings = len(self.findings)
        super().reference(stated, path, scope)
        fact = self.fact(stated["metric_id"])
        finding = self.findings[findings] if len(self.findings) > findings else None
        self.marked.append(
            Marked(
                path=path,
                stated=diagnosis.plain(stated["value"]),
                mark=_mark_of(finding) if finding else Mark.VERIFIED,
                facts=(fact,) if fact else (),
                finding=finding,
            )
        )

    def number(self, path: str, number: Number, scope: CitationScope, sentence: Sentence) -> None:
        """Check a number in a sentence and note it."""
        verified, findings = self.verified, len(self.findings)
        super().number(path, number, scope, sentence)
        self._note(path, number, scope, verified, findings)

    def count(self, path: str, number: Number, scope: CitationScope, sentence: Sentence) -> None:
        """Check a small whole number and note it."""
        verified, findings = self.verified, len(self.findings)
        super().count(path, number, scope, sentence)
        self._note(path, number, scope, verified, findings)

    def opined(self, path: str, sentence: Sentence) -> None:
        """Note a sentence that calls itself an opinion, unless something in it was noted."""
        if not any(one.path == path and sentence.start <= one.start < sentence.end for one in self.marked):
            text = sentence.text[sentence.start : sentence.end]
            start = sentence.start + len(text) - len(text.lstrip())
            stated = text.strip()
            end = start + len(stated)
            self.marked.append(Marked(path, stated, Mark.OPINION, start, end, note=CITES_NOTHING))

    def undecided(self, path: str, text: str, start: int, end: int, why: str) -> None:
        """Note what nothing here can decide."""
        super().undecided(path, text, start, end, why)
        self.marked.append(Marked(path, text[start:end].strip(), Mark.UNCHECKED, start, end, note=why))

    def claimed(self, sentence: Sentence, finding: Finding) -> None:
        """Note words that do not hold, in place of the numbers in them."""
        super().claimed(sentence, finding)
        begin = sentence.text.find(finding.stated, sentence.start)
        if begin < 0 or not finding.stated:
            return
        end = begin + len(finding.stated)
        self.marked = [one for one in self.marked if one.path != finding.path or one.end <= begin or one.start >= end]
        self.marked.append(Marked(finding.path, finding.stated, _mark_of(finding), begin, end, (), finding))

    def _note(self, path: str, number: Number, scope: CitationScope, verified: int, findings: int) -> None:
        if any(one.path == path and one.start <= number.start < one.end for one in self.marked[-1:]):
            return  # noted as undecided
        end = number.start + len(number.digits)
        begin = max(0, number.text.rfind(number.stated, 0, max(number.stop, end)))
        span = (begin, begin + len(number.stated))
        if len(self.findings) > findings:
            finding = self.findings[findings]
            near = self.facts.get(finding.metric_id) or next(
                (fact for fact in scope.facts if fact.shown == finding.true), None
            )
            found = Marked(path, number.stated, _mark_of(finding), *span, (near,) if near else (), finding)
        elif self.verified > verified:
            found = Marked(path, number.stated, *self._behind(number, scope, span))
        elif any(diagnosis.repeats(number, value) for value in scope.wrong):
            found = Marked(path, number.stated, Mark.MISMATCHED, *span)
        elif any(diagnosis.repeats(number, value) for value in scope.proposed):
            found = Marked(path, number.stated, Mark.PROPOSED, *span)
        else:
            return
        self.marked.append(found)

    def _behind(
        self, number: Number, scope: CitationScope, span: tuple[int, int]
    ) -> tuple[Mark, int, int, tuple[Fact, ...]]:
        """What bears out a number that holds."""
        copied = scope.shown.get(number.digits)
        if copied is not None and diagnosis.fits(number, copied):
            return Mark.VERIFIED, *span, (copied,)
        for share in (0.0, ABOUT if number.approximate else 0.0):
            for fact in (*scope.facts, *self.cited(scope)):
                if diagnosis.says(number, fact, share):
                    return Mark.VERIFIED, *span, (fact,)
        if self.said.in_a_source(number, scope.cited):
            return Mark.QUOTED, *span, ()
        return Mark.DERIVED, *span, tuple(scope.facts)


def _mark_of(finding: Finding) -> Mark:
    return Mark.UNSUPPORTED if finding.kind is FindingKind.UNSUPPORTED else Mark.MISMATCHED
