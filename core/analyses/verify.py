"""Holds every number of an answer against the facts that were given.

A number is checked by the id it names, never by looking for some fact that happens to agree: with a hundred facts at
hand, a random figure agrees with one of them far too often. Numbers in sentences must be carried by the ids cited
beside them. Companies that the instruments register knows (`core.analyses.companies`), ISINs and tickers with their
exchange must stand in the prompt. Nothing is repaired here; what does not hold becomes a `Finding` with its likely
cause.

What counts as agreement (f is the fact at full precision, d the decimals at which it is shown):

| unit | accepted |
|---|---|
| all | half a unit of digit d around f |
| pct, pp | also half a unit of the last stated digit, from one decimal on; in sentences from whole percents on |
| ratio, x | also half a unit of the last stated digit, from two decimals on |
| ccy | also half a unit of the last stated digit, from three significant digits on |
| bps | 0.5 |
| count, days | exactly |
| "about" in a sentence that is not called a fact | 5 % of f |

What was rounded once is not rounded again: 12.345 is shown as 12.35, and 12.4 is wrong.

A number also belongs to its clause (`core.analyses.typed`): whom it names, which quantity, whose, over which period,
of which day. Where nothing is cited beside a sentence, it must itself say which fact it speaks of
(`core.analyses.typed.linking`). What cannot be decided is left, counted and shown, and never verified. A
sentence may work a number out from the facts cited beside it (`core.analyses.derived`), its words must say the
direction that the fact's sign says (`core.analyses.direction`), and what it compares, ranks, counts, dates or says of
rules in words is decided by the facts where they can decide it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from core.analyses import diagnosis
from core.analyses.citations import CitationScope
from core.analyses.derived import is_derived
from core.analyses.direction import contradiction, is_signed
from core.analyses.fact_selection import rule_key
from core.analyses.numbers import Number
from core.analyses.prompt_context import weights
from core.analyses.references import References
from core.analyses.time_limit import tick
from core.analyses.typed.binding import Binding, Verdict
from core.analyses.typed.calculation import calculation
from core.analyses.typed.claims import claims, says_something
from core.analyses.typed.context import Cited, Context
from core.analyses.typed.linking import links
from core.analyses.typed.naming import Naming
from core.analyses.typed.reading import read
from core.analyses.typed.sentence import Sentence
from core.analyses.typed.undecided import NO_DAYS, NO_FACT, NOT_COUNTED, NOT_NAMED, words_left
from core.domain.analysis import Finding, FindingKind, Verification
from core.domain.facts import Fact, FactSheet
from core.domain.units import Badge, Unit

_LONG = 4
"""Letters of words by which two sentences are known to speak of the same."""

ABOUT = 0.05
"""Accepted difference of "about", as a fraction of the fact."""


def verify(analysis: Mapping[str, Any], sheet: FactSheet, mandatory: Sequence[str] = ()) -> Verification:
    """Check every metric reference, every number in a sentence and every named holding of a validated answer.

    `verified` counts numbers that hold, in references and in sentences; each one that does not is one finding and is
    counted as `unsupported` (no such fact) or `mismatched` (the fact says otherwise). A sentence that repeats a number
    already found wrong in the reference beside it is not counted again.

    Args:
        analysis: An answer that matches its schema. Objects with a `metric_id` are references wherever they stand.
        sheet: The facts that the prompt stated.
        mandatory: Metrics that the analysis must state where they are given.
    """
    return checked(analysis, sheet, mandatory)[0]


def checked(
    analysis: Mapping[str, Any], sheet: FactSheet, mandatory: Sequence[str] = ()
) -> tuple[Verification, Mapping[str, int]]:
    """The same as `verify`, and how many sentences are "typed" (all that is stated holds), "wrong", "opinion" (a claim
    that calls itself one and cites nothing) or "unchecked" (something in it, or all of it, could not be decided)."""
    check = Checking(sheet)
    check.header(analysis)
    check.walk(analysis)
    check.sentences()
    unsupported = sum(finding.kind is FindingKind.UNSUPPORTED for finding in check.findings)
    wanted = [name for name in mandatory if name in check.facts]
    verification = Verification(
        verified=check.verified,
        mismatched=len(check.findings) - unsupported,
        unsupported=unsupported,
        findings=tuple(check.findings),
        wanted=len(wanted),
        covered=sum(name in check.stated for name in wanted),
    )
    return verification, check.seen


class Checking(References):
    """One answer against one sheet.

    Attributes:
        left: What was seen that nothing here could decide.
        seen: Sentences by what they rest on (`checked`).
    """

    def __init__(self, sheet: FactSheet) -> None:
        super().__init__(sheet)
        self._said: dict[str, list[Sentence]] = {}
        self._told: dict[str, set[str]] | None = None
        self.left = 0
        self.seen: Counter[str] = Counter()

    @cached_property
    def binding(self) -> Binding:
        """What tells whose a number is."""
        return Binding(self.facts, {rule_key(rule): rule for rule in self.sheet.rules})

    @cached_property
    def naming(self) -> Naming:
        """The names that sentences may use."""
        return Naming(self.sheet)

    @cached_property
    def context(self) -> Context:
        """What claims are decided with."""
        return Context(self.sheet, self.naming, self.binding)

    def sentences(self) -> None:
        """Check the numbers and the identifiers in every sentence noted by `walk`."""
        mark = self.sheet.evidence.decimal_mark
        found = self._said  # the same gap or caveat is often stated for several metrics
        for path, text, _ in self._texts:
            if text not in found:
                found[text] = read(text, self.language, self.naming, mark)
                for name in self.said.strangers(text):
                    self.findings.append(Finding(path, "", name, None, FindingKind.UNSUPPORTED))
        for path, text, scope in self._texts:
            for sentence in found[text]:
                before = self.verified, len(self.findings), self.left
                self.sentence(path, sentence, scope if scope.own else self._whole)
                self._count_sentence(path, sentence, before, opinion=scope.opinion)

    def _count_sentence(self, path: str, sentence: Sentence, before: tuple[int, int, int], *, opinion: bool) -> None:
        """Count what a sentence rests on: nothing of it is verified by what is verified beside it."""
        verified, findings, left = before
        if len(self.findings) > findings:
            seen = "wrong"
        elif opinion:
            seen = "opinion"
            self.opined(path, sentence)
        else:
            seen = "typed" if self.verified > verified and self.left == left else "unchecked"
        self.seen[seen] += 1

    def sentence(self, path: str, sentence: Sentence, scope: CitationScope) -> None:
        """Check one sentence against what is cited in the same object."""
        for number in sentence.numbers:
            tick()
            if number.loose:
                self.count(path, number, scope, sentence)
            else:
                self.number(path, number, scope, sentence)
        if says_something(sentence):
            cited = Cited(path, tuple(scope.facts), frozenset(scope.cited), scope is not self._whole)
            self.context.settled.clear()
            for finding in claims(self.context, sentence, cited):
                self.claimed(sentence, finding)
            for word in words_left(sentence, self.context.settled):
                self.undecided(path, sentence.text, word.start, word.end, NO_FACT)

    def _of_a_series(self, path: str, number: Number, scope: CitationScope, sentence: Sentence) -> bool:
        """Whether a number is the end, bound or extreme of a series, which decides it."""
        decision = self.binding.series.decide(number, sentence, scope.facts)
        if decision is None:
            return False
        if decision.holds:
            self.verified += 1
        elif decision.holds is None:
            self._number_left(path, number, NO_DAYS)
        else:
            self.findings.append(Finding(path, "", number.stated, decision.true, FindingKind.VALUE))
        return True

    def opined(self, _path: str, _sentence: Sentence) -> None:
        """See a sentence that calls itself an opinion; it is counted where it was met."""

    def undecided(self, _path: str, _text: str, _start: int, _end: int, _why: str) -> None:
        """Count what nothing here can decide."""
        self.left += 1

    def _number_left(self, path: str, number: Number, why: str) -> None:
        self.undecided(path, number.text, number.begin, max(number.stop, number.end), why)

    def claimed(self, _sentence: Sentence, finding: Finding) -> None:
        """Keep what is wrong with the words of a sentence."""
        self.findings.append(finding)

    def count(self, path: str, number: Number, scope: CitationScope, sentence: Sentence) -> None:
        """Check a small whole number where its clause says what it is: "Beta is 3", "nine rebounds"."""
        if self._of_a_series(path, number, scope, sentence):
            return
        quantity = self.binding.attribute(number, sentence)
        if quantity is None:
            known = self.binding.counted_of(number, sentence)
            if known and not any(diagnosis.says(number, fact) for fact in known):
                self.findings.append(Finding(path, "", number.stated, None, FindingKind.VALUE))
            elif known or is_derived(number, scope.facts, calculation(sentence, scope.facts)):
                self.verified += 1
            else:
                self._number_left(path, number, NOT_COUNTED)
            return
        counted = [fact for fact in scope.facts if self.binding.is_counted(quantity, fact)]
        if any(diagnosis.says(number, fact) and self._against(number, fact, sentence) is None for fact in counted):
            self.verified += 1
        elif counted:
            near = next((fact for fact in counted if self._against(number, fact, sentence) is None), None)
            true = near.shown if near else None
            self.findings.append(Finding(path, "", number.stated, true, FindingKind.VALUE))
        else:
            self._number_left(path, number, NOT_COUNTED)

    def number(self, path: str, number: Number, scope: CitationScope, sentence: Sentence) -> None:
        """Check a number in a sentence against what is cited in the same object."""
        # Gaps quote our reasons, figures and all; asking every fact about them is most of the work on real answers.
        if path.startswith(("data_gaps[", "missing_data[")) and self.said.in_a_reason(number):
            return
        if self._of_a_series(path, number, scope, sentence):
            return
        # Most numbers are copied as the prompt shows them: then no arithmetic is needed.
        copied = scope.shown.get(number.digits)
        # A signed one is only looked up with all others: -4.82 and 4.82 may both be cited.
        borrowed = scope is self._whole
        if copied is not None and not borrowed and diagnosis.fits(number, copied) and not is_signed(copied):
            verdict = self._against(number, copied, sentence)
            if verdict is None:
                self.verified += 1
                return
        stated = [fact for fact in scope.facts if diagnosis.says(number, fact)]
        if self._holds(path, number, sentence, stated, borrowed=borrowed):
            return
        for value in (*scope.wrong, *scope.proposed):
            if diagnosis.repeats(number, value):
                return
        self._carried(path, number, scope, sentence)

    def _carried(self, path: str, number: Number, scope: CitationScope, sentence: Sentence) -> None:
        """Check a number that no reference states outright."""
        share = ABOUT if not scope.factual and number.approximate else 0.0
        if scope.carrying is None:
            scope.carrying = [*scope.facts, *self.cited(scope)]
        facts = scope.carrying
        carrying = [fact for fact in facts if diagnosis.says(number, fact, share)]
        if self.said.in_a_source(number, scope.cited):
            self.verified += 1
        elif self._holds(path, number, sentence, carrying, borrowed=scope is self._whole):
            return
        elif is_derived(number, scope.facts, calculation(sentence, scope.facts)):
            self.verified += 1
        elif not self.said.in_a_name(number):
            self.findings.append(diagnosis.naked(path, number, facts))

    def _holds(
        self, path: str, number: Number, sentence: Sentence, facts: list[Fact], *, borrowed: bool = False
    ) -> bool:
        """Whether the value is some fact's: it holds unless the clause speaks of something else than all of them.

        Args:
            borrowed: Nothing is cited beside the sentence, so that it must say itself which fact it speaks of.
        """
        wrong: tuple[Fact, Verdict] | None = None
        unnamed = False
        for fact in facts:
            verdict = self._against(number, fact, sentence)
            if verdict is None and (not borrowed or links(fact, sentence, self._told_of(fact))):
                self.verified += 1
                return True
            unnamed = unnamed or verdict is None
            if verdict is not None and wrong is None:
                wrong = fact, verdict
        if unnamed:
            self._number_left(path, number, NOT_NAMED)
            return True
        if wrong is None or self.said.in_a_name(number):
            return wrong is not None
        if is_derived(number, facts, calculation(sentence, facts)):
            self.verified += 1
            return True
        fact, (kind, true) = wrong
        self.findings.append(Finding(path, fact.metric_id, number.stated, true, kind))
        return True

    def _told_of(self, fact: Fact) -> set[str]:
        """Longer words of the sentences beside which a fact is cited."""
        if self._told is None:
            self._told = {}
            for _, text, scope in self._texts:
                if scope.own and scope.facts:
                    words = {word.text for one in self._said[text] for word in one.words if len(word.text) >= _LONG}
                    for cited in scope.facts:
                        self._told.setdefault(cited.metric_id, set()).update(words)
        return self._told.get(fact.metric_id, set())

    def _against(self, number: Number, fact: Fact, sentence: Sentence) -> Verdict | None:
        """What the words around a number say against a fact that has its value."""
        verdict = self.binding.contradiction(number, fact, sentence)
        if verdict is None and is_signed(fact):
            kind = contradiction(number, fact, sentence, self.binding.attribute(number, sentence))
            return None if kind is None else (kind, fact.shown)
        return verdict

    def cited(self, scope: CitationScope) -> Iterator[Fact]:
        """Facts that ids stand for: a metric by its own id, a holding by its weight and its value."""
        wanted = set(scope.cited)
        if not wanted:
            return
        for name in wanted:
            if (fact := self.fact(name)) is not None:
                yield fact
        for name in wanted & self.said.sources:
            for part in ("measured", "limit", "headroom"):
                if (fact := self.fact(f"rule.{name}.{part}")) is not None:
                    yield fact
        for holding_id, weight, value in weights(self.sheet, self.facts, wanted):
            if weight is not None:
                yield weight
            yield Fact(holding_id, value, Unit.CCY, self.sheet.base_currency, None, "", Badge.DERIVED, 2)
