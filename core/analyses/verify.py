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

A number also belongs to its clause (`core.analyses.typed`): whom it names, which quantity, whose, over which period. A
sentence may work a number out from the facts cited beside it (`core.analyses.derived`), its words must say the
direction that the fact's sign says (`core.analyses.direction`), and what it compares, ranks, counts, dates or says of
rules in words is decided by the facts where they can decide it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from core.analyses import diagnosis
from core.analyses.cells import cell
from core.analyses.citations import CitationScope
from core.analyses.derived import is_derived
from core.analyses.direction import contradiction, is_signed
from core.analyses.fact_selection import rule_key
from core.analyses.numbers import Number
from core.analyses.prompt_context import PromptContext, weights
from core.analyses.time_limit import tick
from core.analyses.typed.binding import Binding, Verdict
from core.analyses.typed.calculation import calculation
from core.analyses.typed.claims import claims, says_something
from core.analyses.typed.context import Cited, Context
from core.analyses.typed.naming import Naming
from core.analyses.typed.reading import read
from core.analyses.typed.sentence import Sentence
from core.domain.analysis import Finding, FindingKind, Verification
from core.domain.facts import Fact, FactSheet
from core.domain.units import Badge, Unit

_NOT_PROSE = frozenset(
    {
        "schema_version", "as_of_date", "language", "base_currency", "period", "date", "due_date", "published", "url",
        "publisher", "quote", "horizon",
    }
)  # fmt: skip
"""Texts that are copied or dated and checked elsewhere, or not at all."""

_DRIVERS = frozenset({"driver_ids", "main_driver_ids", "holding_ids", "exposed_holding_ids"})
ABOUT = 0.05
"""Accepted difference of "about", as a fraction of the fact."""

_CITED = _DRIVERS | {"source_ids", "affected_metric_ids"}
_NAMED = frozenset({"holding_id", "target_id", "rule_id", "source_id", "segment_id", "indicator_id"})
"""Keys of single ids that carry the numbers of the sentences beside them."""

_PROPOSED = ("from_weight_pct", "to_weight_pct", "turnover_pct", "headroom_pp", "cure_days")
"""Numbers that an answer may propose: no facts, and its sentences may repeat them."""


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
    check = Checking(sheet)
    check.header(analysis)
    check.walk(analysis)
    check.sentences()
    unsupported = sum(finding.kind is FindingKind.UNSUPPORTED for finding in check.findings)
    wanted = [name for name in mandatory if name in check.facts]
    return Verification(
        verified=check.verified,
        mismatched=len(check.findings) - unsupported,
        unsupported=unsupported,
        findings=tuple(check.findings),
        wanted=len(wanted),
        covered=sum(name in check.stated for name in wanted),
    )


class Checking:
    """One answer against one sheet."""

    def __init__(self, sheet: FactSheet) -> None:
        self.sheet = sheet
        self.facts = sheet.by_id()
        self.verified = 0
        self.stated: set[str] = set()
        self.findings: list[Finding] = []
        self.language = ""
        self.said = PromptContext(sheet, self.facts)
        self._whole = CitationScope()
        self._texts: list[tuple[str, str, CitationScope]] = []
        self._written: dict[str, Fact] | None = None

    def header(self, analysis: Mapping[str, Any]) -> None:
        """The answer must speak of the same day, in the same currency, and in the language that was asked for."""
        self.language = str(analysis.get("language", "en"))
        for key, true, kind in (
            ("as_of_date", self.sheet.as_of.isoformat(), FindingKind.PERIOD),
            ("base_currency", self.sheet.base_currency, FindingKind.CURRENCY),
        ):
            stated = analysis.get(key)
            if stated is not None and str(stated).strip() != true:
                self.findings.append(Finding(key, "", str(stated)[:80], true, kind))
        wanted = self.sheet.evidence.language
        if wanted and "language" in analysis and self.language != wanted:
            self.findings.append(Finding("language", "", self.language[:80], wanted, FindingKind.VALUE))

    def walk(self, node: Mapping[str, Any], path: str = "") -> None:
        """Check what stands in an object, and note its sentences for later."""
        # The headline and the summary stand for the whole answer: any number that it cites carries them.
        scope = CitationScope(own="metrics" in node, factual=node.get("kind") == "fact") if path else self._whole
        prefix = f"{path}." if path else ""
        for key, value in node.items():
            if isinstance(value, str):
                # A single word ("moderate", an id) states nothing, and most strings of an answer are single words.
                if key[-3:] == "_id":
                    if key in _NAMED:
                        self._named(key, value, prefix + key, scope)
                elif (value.isascii() and value.isidentifier()) or key in _NOT_PROSE:
                    continue
                elif key != "title" or "source_id" not in node:  # the title of a listed document is its own
                    self._texts.append((prefix + key, value, scope))
            elif isinstance(value, list):
                self._items(key, value, prefix + key, scope)
            elif isinstance(value, dict):
                self._part(value, prefix + key, scope)
            elif key in _PROPOSED and value is not None:
                self._propose(node, value, scope)

    def _propose(self, node: Mapping[str, Any], value: float, scope: CitationScope) -> None:
        before = node.get("from_weight_pct")
        change = [value - before] if before is not None and value != before else []
        scope.proposed += (value, *change)
        if scope is not self._whole:
            self._whole.proposed += (value, *change)

    def _named(self, key: str, name: str, path: str, scope: CitationScope) -> None:
        scope.cited.append(name)
        self._whole.cited.append(name)
        if key == "holding_id" and name not in self.said.holdings:
            self.findings.append(Finding(path, "", name[:120], None, FindingKind.UNSUPPORTED))

    def _items(self, key: str, items: list[Any], path: str, scope: CitationScope) -> None:
        for index, item in enumerate(items):
            if isinstance(item, dict):
                self._part(item, f"{path}[{index}]", scope)
            elif not isinstance(item, str):
                continue
            elif key in _CITED:
                scope.cited.append(item)
                self._whole.cited.append(item)
                if key == "affected_metric_ids":
                    self._affected(item, f"{path}[{index}]")
                else:
                    self._driver(item, f"{path}[{index}]", source=key == "source_ids")
            elif not key.endswith("_ids"):
                self._texts.append((f"{path}[{index}]", item, scope))

    def _part(self, part: dict[str, Any], path: str, scope: CitationScope) -> None:
        tick()
        if "metric_id" in part and "value" in part:
            scope.own = True
            self.reference(part, path, scope)
        else:
            self.walk(part, path)

    def reference(self, stated: dict[str, Any], path: str, scope: CitationScope) -> None:
        """Check a number that names its fact."""
        fact = self.fact(stated["metric_id"])
        if fact is not None:
            self.stated.add(fact.metric_id)
            shown = fact.shown
            scope.add(shown, fact)
            self._whole.add(shown, fact)
            if diagnosis.holds(fact, stated):
                self.verified += 1
                return
            self.findings.append(diagnosis.finding(path, fact, stated, self.facts))
        else:
            name, said = stated["metric_id"][:120], diagnosis.plain(stated["value"])
            self.findings.append(Finding(path, name, said, None, FindingKind.UNSUPPORTED))
        scope.wrong.append(stated["value"])
        self._whole.wrong.append(stated["value"])

    def fact(self, metric_id: str) -> Fact | None:
        """The fact of an id."""
        return self.facts.get(metric_id) or self._aliases().get(metric_id)

    def _aliases(self) -> dict[str, Fact]:
        """Facts by their id as the prompt wrote it, where data in the id had characters that a table cannot hold."""
        if self._written is None:
            written = ((cell(name), fact) for name, fact in self.facts.items())
            self._written = {name: fact for name, fact in written if name != fact.metric_id}
        return self._written

    def _affected(self, name: str, path: str) -> None:
        """A gap may speak of any metric that the prompt named, also as absent, and of whole families of them."""
        family = name.partition(".")[0]
        known = family in self.said.families or (name.endswith(".*") and family in self.said.shown_families)
        if not (known or name in self.said.absent):
            self._driver(name, path, source=False)

    def _driver(self, name: str, path: str, *, source: bool) -> None:
        if name in self.facts or name in self.said.holdings or (source and name in self.said.sources):
            return
        if name not in self._aliases():
            self.findings.append(Finding(path, "", name[:120], None, FindingKind.UNSUPPORTED))

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
        found: dict[str, list[Sentence]] = {}  # the same gap or caveat is often stated for several metrics
        for path, text, scope in self._texts:
            if text not in found:
                found[text] = read(text, self.language, self.naming, mark)
                for name in self.said.strangers(text):
                    self.findings.append(Finding(path, "", name, None, FindingKind.UNSUPPORTED))
            for sentence in found[text]:
                self.sentence(path, sentence, scope if scope.own else self._whole)

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
            for finding in claims(self.context, sentence, cited):
                self.claimed(sentence, finding)

    def _of_a_series(self, path: str, number: Number, scope: CitationScope, sentence: Sentence) -> bool:
        """Whether a number is the end, bound or extreme of a series, which decides it."""
        decision = self.binding.series.decide(number, sentence, scope.facts)
        if decision is None:
            return False
        if decision.holds:
            self.verified += 1
        elif decision.holds is not None:
            self.findings.append(Finding(path, "", number.stated, decision.true, FindingKind.VALUE))
        return True

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
            return
        counted = [fact for fact in scope.facts if self.binding.is_counted(quantity, fact)]
        if any(diagnosis.says(number, fact) and self._against(number, fact, sentence) is None for fact in counted):
            self.verified += 1
        elif counted:
            near = next((fact for fact in counted if self._against(number, fact, sentence) is None), None)
            true = near.shown if near else None
            self.findings.append(Finding(path, "", number.stated, true, FindingKind.VALUE))

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
        if copied is not None and diagnosis.fits(number, copied) and not is_signed(copied):
            verdict = self._against(number, copied, sentence)
            if verdict is None:
                self.verified += 1
                return
        if self._holds(path, number, sentence, [fact for fact in scope.facts if diagnosis.says(number, fact)]):
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
        elif self._holds(path, number, sentence, carrying):
            return
        elif is_derived(number, scope.facts, calculation(sentence, scope.facts)):
            self.verified += 1
        elif not self.said.in_a_name(number):
            self.findings.append(diagnosis.naked(path, number, facts))

    def _holds(self, path: str, number: Number, sentence: Sentence, facts: list[Fact]) -> bool:
        """Whether the value is some fact's: it holds unless the clause speaks of something else than all of them."""
        wrong: tuple[Fact, Verdict] | None = None
        for fact in facts:
            verdict = self._against(number, fact, sentence)
            if verdict is None:
                self.verified += 1
                return True
            wrong = wrong or (fact, verdict)
        if wrong is None or self.said.in_a_name(number):
            return wrong is not None
        if is_derived(number, facts, calculation(sentence, facts)):
            self.verified += 1
            return True
        fact, (kind, true) = wrong
        self.findings.append(Finding(path, fact.metric_id, number.stated, true, kind))
        return True

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
