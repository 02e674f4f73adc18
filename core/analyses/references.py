"""What an answer cites and names: references checked as they stand, and sentences noted for later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.analyses import diagnosis
from core.analyses.cells import cell
from core.analyses.citations import CitationScope
from core.analyses.prompt_context import PromptContext
from core.analyses.time_limit import tick
from core.domain.analysis import Finding, FindingKind
from core.domain.facts import Fact, FactSheet

_NOT_PROSE = frozenset(
    {
        "schema_version", "as_of_date", "language", "base_currency", "period", "date", "due_date", "published", "url",
        "publisher", "quote", "horizon",
    }
)  # fmt: skip
"""Texts that are copied or dated and checked elsewhere, or not at all."""

_DRIVERS = frozenset({"driver_ids", "main_driver_ids", "holding_ids", "exposed_holding_ids"})
_CITED = _DRIVERS | {"source_ids", "affected_metric_ids"}
_NAMED = frozenset({"holding_id", "target_id", "rule_id", "source_id", "segment_id", "indicator_id"})
"""Keys of single ids that carry the numbers of the sentences beside them."""

_PROPOSED = ("from_weight_pct", "to_weight_pct", "turnover_pct", "headroom_pp", "cure_days")
"""Numbers that an answer may propose: no facts, and its sentences may repeat them."""


class References:
    """The references of one answer against one sheet."""

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
        scope = CitationScope.of(node) if path else self._whole
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
