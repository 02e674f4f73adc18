"""Holds every number of an answer against the facts that were given.

A number is checked by the id it names, never by looking for some fact that happens to agree: with a hundred facts at
hand, a random figure agrees with one of them far too often. Numbers in sentences must be carried by the ids cited
beside them. Nothing is repaired here; what does not hold becomes a `Finding` with its likely cause.

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
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.analyses import diagnosis
from core.analyses.numbers import Number, numbers
from core.analyses.tables import cell
from core.domain.analysis import Finding, FindingKind, Verification
from core.domain.facts import Badge, Fact, FactSheet, Unit

_NOT_PROSE = frozenset({"schema_version", "as_of_date", "language", "base_currency"})
_DRIVERS = frozenset({"driver_ids", "main_driver_ids", "holding_ids", "exposed_holding_ids"})
_ABOUT = 0.05
_CITED = _DRIVERS | {"source_ids", "affected_metric_ids"}


def verify(analysis: Mapping[str, Any], sheet: FactSheet) -> Verification:
    """Check every metric reference, every number in a sentence and every named driver of a validated answer.

    `verified` counts numbers that hold, in references and in sentences; each one that does not is one finding and is
    counted as `unsupported` (no such fact) or `mismatched` (the fact says otherwise). A sentence that repeats a number
    already found wrong in the reference beside it is not counted again.

    Args:
        analysis: An answer that matches its schema. Objects with a `metric_id` are references wherever they stand.
        sheet: The facts that the prompt stated.
    """
    check = _Check(sheet)
    check.header(analysis)
    check.walk(analysis)
    check.sentences()
    unsupported = sum(finding.kind is FindingKind.UNSUPPORTED for finding in check.findings)
    return Verification(
        verified=check.verified,
        mismatched=len(check.findings) - unsupported,
        unsupported=unsupported,
        findings=tuple(check.findings),
    )


class _Scope:
    """What carries the numbers of a sentence: the references and ids cited in the same object.

    Attributes:
        facts: Referred to by the references.
        shown: The same by their value at display precision; of several with the same value, one.
        wrong: Values of references that did not hold: a sentence that repeats one is not a second finding.
        cited: Ids of drivers and sources.
        own: False where the object has no place for references, so that the whole answer's count.
        factual: The object calls itself a fact.
    """

    __slots__ = ("cited", "facts", "factual", "own", "shown", "wrong")

    def __init__(self, *, own: bool = False, factual: bool = False) -> None:
        self.facts: list[Fact] = []
        self.shown: dict[str, Fact] = {}
        self.wrong: list[float] = []
        self.cited: list[str] = []
        self.own = own
        self.factual = factual

    def add(self, shown: str, fact: Fact) -> None:
        """Let a fact carry the numbers of the scope's sentences."""
        if self.shown.get(shown) is not fact:
            self.shown[shown] = fact
            self.facts.append(fact)


class _Check:
    """One answer against one sheet."""

    def __init__(self, sheet: FactSheet) -> None:
        self.sheet = sheet
        self.facts = sheet.by_id()
        self.verified = 0
        self.findings: list[Finding] = []
        self._whole = _Scope()
        self._sentences: list[tuple[str, str, _Scope]] = []
        self._known: set[str] | None = None
        self._written: dict[str, Fact] | None = None
        self._names: list[str] | None = None
        self._reasons: set[str] | None = None

    def header(self, analysis: Mapping[str, Any]) -> None:
        """The answer must speak of the same day and in the same currency as the facts."""
        for key, true, kind in (
            ("as_of_date", self.sheet.as_of.isoformat(), FindingKind.PERIOD),
            ("base_currency", self.sheet.base_currency, FindingKind.CURRENCY),
        ):
            stated = analysis.get(key)
            if stated is not None and str(stated).strip() != true:
                self.findings.append(Finding(key, "", str(stated)[:80], true, kind))

    def walk(self, node: Mapping[str, Any], path: str = "") -> None:
        """Check what stands in an object, and note its sentences for later."""
        # The headline and the summary stand for the whole answer: any number that it cites carries them.
        scope = _Scope(own="metrics" in node, factual=node.get("kind") == "fact") if path else self._whole
        prefix = f"{path}." if path else ""
        for key, value in node.items():
            if isinstance(value, str):
                # A single word ("moderate", an id) states nothing, and most strings of an answer are single words.
                if not (value.isascii() and value.isidentifier()) and key not in _NOT_PROSE and key[-3:] != "_id":
                    self._sentences.append((prefix + key, value, scope))
            elif isinstance(value, list):
                self._items(key, value, prefix + key, scope)
            elif isinstance(value, dict):
                self._part(value, prefix + key, scope)

    def _items(self, key: str, items: list[Any], path: str, scope: _Scope) -> None:
        for index, item in enumerate(items):
            if isinstance(item, dict):
                self._part(item, f"{path}[{index}]", scope)
            elif not isinstance(item, str):
                continue
            elif key in _CITED:
                scope.cited.append(item)
                self._whole.cited.append(item)
                if key in _DRIVERS:
                    self._driver(item, f"{path}[{index}]")
            elif not key.endswith("_ids"):
                self._sentences.append((f"{path}[{index}]", item, scope))

    def _part(self, part: dict[str, Any], path: str, scope: _Scope) -> None:
        if "metric_id" in part and "value" in part:
            scope.own = True
            self._reference(part, path, scope)
        else:
            self.walk(part, path)

    def _reference(self, stated: dict[str, Any], path: str, scope: _Scope) -> None:
        fact = self.fact(stated["metric_id"])
        if fact is not None:
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

    def known(self) -> set[str]:
        """Ids and symbols of the holdings."""
        if self._known is None:
            self._known = {line.holding_id for line in self.sheet.holdings}
            self._known.update([line.symbol for line in self.sheet.holdings])
        return self._known

    def _driver(self, name: str, path: str) -> None:
        if name in self.facts or name in self.known():
            return
        if name not in self._aliases() and name not in map(cell, self.known()):
            self.findings.append(Finding(path, "", name[:120], None, FindingKind.UNSUPPORTED))

    def sentences(self) -> None:
        """Check the numbers in every sentence noted by `walk`."""
        for path, text, scope in self._sentences:
            for number in numbers(text):
                self._number(path, number, scope if scope.own else self._whole)

    def _number(self, path: str, number: Number, scope: _Scope) -> None:
        # Most numbers are copied as the prompt shows them: then no arithmetic is needed.
        copied = scope.shown.get(number.digits)
        if copied is not None and diagnosis.fits(number, copied):
            self.verified += 1
            return
        # Gaps quote our reasons, figures and all; asking every fact about them is most of the work on real answers.
        if path.startswith("data_gaps[") and self._in_a_reason(number):
            return
        for fact in scope.facts:
            if diagnosis.says(number, fact):
                self.verified += 1
                return
        for value in scope.wrong:
            if diagnosis.repeats(number, value):
                return
        share = _ABOUT if not scope.factual and number.approximate else 0.0
        facts = [*scope.facts, *self._cited(scope)]
        if any(diagnosis.says(number, fact, share) for fact in facts):
            self.verified += 1
        elif not self._in_a_name(number):
            self.findings.append(diagnosis.naked(path, number, facts))

    def _cited(self, scope: _Scope) -> Iterator[Fact]:
        """Facts that ids stand for: a metric by its own id, a holding by its weight and its value."""
        wanted = set(scope.cited)
        if not wanted:
            return
        for name in wanted:
            if (fact := self.fact(name)) is not None:
                yield fact
        for line in self.sheet.holdings:
            if line.holding_id in wanted or line.symbol in wanted:
                if (weight := self.facts.get(f"weight.{line.holding_id}")) is not None:
                    yield weight
                currency = self.sheet.base_currency
                yield Fact(line.holding_id, line.value_base, Unit.CCY, currency, None, "", Badge.DERIVED, 2)

    def _in_a_reason(self, number: Number) -> bool:
        """Whether a sentence about a gap repeats what we said ourselves about why a metric is absent."""
        if self._reasons is None:
            said = (one for absent in self.sheet.absent for one in numbers(absent.reason))
            self._reasons = {one.digits.replace(",", ".") for one in said}
        # Our reasons are in English; an answer in French writes the same figure with a comma.
        return number.digits.replace(",", ".") in self._reasons

    def _in_a_name(self, number: Number) -> bool:
        """Whether the digits belong to the name of a holding or of the portfolio: "20+ Year Treasury", "7203.T"."""
        if self._names is None:
            names = {self.sheet.name, self.sheet.portfolio_id, *self.facts, *self.known()}
            names.update(line.name for line in self.sheet.holdings)
            self._names = [name.lower() for name in names if any(map(str.isdigit, name))]
        text, folded = number.text, number.text.lower()
        if len(folded) != len(text):
            return False
        word_start = text.rfind(" ", 0, number.start) + 1
        before = text.rfind(" ", 0, max(0, word_start - 1)) + 1
        part = folded[before : number.end]
        for name in self._names:
            at = folded.find(name)
            while at >= 0:
                if at <= number.start and number.end <= at + len(name):
                    return True
                at = folded.find(name, at + 1)
            # Part of a name: the number with the word before it, as in "the S&P 500 fund".
            if number.unit == "" and before < word_start and part in name:
                return True
        return False
