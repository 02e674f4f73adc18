"""What facts, holdings, rules, documents and the benchmark are called where a slot asks for a name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

from core.analyses.cells import respelt
from core.analyses.fact_selection import rule_key
from core.analyses.slots.derived import family_of, member_of
from core.analyses.slots.formats import Style
from core.domain.facts import FactSheet

_percent = re.compile(r"(?<=\d) ?%")
_FILE: Final = Path(__file__).with_name("labels.yaml")
_BY_HOLDING: Final = frozenset({"weight", "risk_share", "contribution", "issuer"})
_BY_SPAN: Final = frozenset(
    {"return", "benchmark_return", "excess_return", "twr", "twr_annual", "modified_dietz", "mwr"}
)
_OF: Final = {"en": "of", "fr": "de", "de": "von", "it": "di"}
_BENCHMARK: Final = {
    "en": "the benchmark",
    "fr": "l'indice de référence",
    "de": "die Benchmark",
    "it": "l'indice di riferimento",
}


@lru_cache(maxsize=1)
def _data() -> Mapping[str, Mapping[str, Any]]:
    data: Mapping[str, Mapping[str, Any]] = yaml.safe_load(_FILE.read_text("utf-8"))
    return data


def span(metric_id: str, language: str) -> str:
    """The period in the id of a return, in words; "" for other facts."""
    bare = metric_id.rpartition(":")[2]
    family, _, name = bare.partition(".")
    return str(_data()["spans"][language].get(name, "")) if family in _BY_SPAN else ""


def grade(value: str, language: str) -> str:
    """A grade in words."""
    return str(_data()["grades"][language].get(value, _words(value)))


class Names:
    """The names that one prompt knows."""

    def __init__(self, sheet: FactSheet, style: Style, grades: Mapping[str, str]) -> None:
        self._sheet = sheet
        self._grades = grades
        self._language = style.language
        self._swiss = style.swiss
        self._sign = f"{style.percent}%"

    @cached_property
    def holdings(self) -> dict[str, str]:
        """Names of holdings by their ids, also as the prompt had to write these."""
        found = {line.holding_id: line.name for line in self._sheet.holdings}
        return {spelt: found[key] for spelt, key in respelt(found).items()} | found

    @cached_property
    def _others(self) -> dict[str, str]:
        given, sheet = self._sheet.evidence, self._sheet
        found = {"portfolio": sheet.name, "benchmark": self.benchmark}
        found |= {source.source_id: source.title for source in given.sources}
        found |= {one.analysis_id: one.kind.replace("_", " ") for one in given.analyses}
        for rule in sheet.rules:
            found[rule_key(rule)] = rule.citation or rule_key(rule)
            found.setdefault(rule.rule_id, rule.citation or rule.rule_id)
        found |= {name: _words(name) for name in given.scenarios}
        found |= {f"grade.{name}": grade(value, self._language) for name, value in self._grades.items()}
        return {spelt: found[key] for spelt, key in respelt(found).items()} | found

    @cached_property
    def _absent(self) -> dict[str, str]:
        found = {f"absent.{one.metric_id}": self.of_fact(one.metric_id) for one in self._sheet.absent}
        return {spelt: found[key] for spelt, key in respelt(found).items()} | found

    @property
    def benchmark(self) -> str:
        """The benchmark by its members, "70 % GLB, 30 % BNDF"; the word alone where they are not known."""
        return self._sheet.benchmark_name or _BENCHMARK[self._language]

    def of(self, name: str) -> str | None:
        """What an id that is no fact is called; None where nothing has it."""
        found = self.holdings.get(name)
        if found is None and name.startswith("absent."):
            found = self._absent.get(name)
        return self._others.get(name) if found is None else found

    def subject(self, metric_id: str) -> str:
        """Whom a fact is about: the holding, the sector, or what it measures."""
        family, member = member_of(metric_id)
        if family in _BY_HOLDING and member in self.holdings:
            return self.holdings[member]
        if not member or family in _BY_SPAN or family in {"rule", "lines"}:
            return self.of_fact(metric_id)
        portfolio, _, bare = member.rpartition(":")
        return self._owned(_words(bare), portfolio)

    def of_fact(self, metric_id: str) -> str:
        """What a fact measures; in a group, of which portfolio."""
        return self._owned(
            _percent.sub(self._sign, self._measure(metric_id)), metric_id.partition(".")[0].rpartition(":")[0]
        )

    def _owned(self, label: str, portfolio: str) -> str:
        return f"{label} {_OF[self._language]} {portfolio}" if portfolio else label

    def _measure(self, metric_id: str) -> str:
        labels = _data()[self._language]
        bare = metric_id.rpartition(":")[2]
        if bare in labels:
            label = str(labels[bare])
            return label.replace("ß", "ss") if self._swiss else label
        pattern = labels.get(f"{family_of(bare)}.")
        if pattern is not None:
            said = span(bare, self._language) or _words(member_of(bare)[1])
            return str(pattern).format(said).strip()
        return _words(bare)


def _words(name: str) -> str:
    return name.replace("_", " ").replace(".", " ").strip()
