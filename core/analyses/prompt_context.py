"""What the prompt itself said besides facts: names with digits, reasons, rules' words, passages of documents.

A number in an answer that only repeats such words is no claim about the portfolio's figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final

import orjson

from core.analyses.cells import cell, respelt
from core.analyses.companies import may_be_named, named
from core.analyses.fact_selection import open_articles, rule_key
from core.analyses.numbers import Number, numbers
from core.analyses.time_limit import tick
from core.compliance.coverage import articles_known
from core.domain.compliance import articles_checked
from core.domain.facts import Fact, FactSheet

_IDENTIFIER: Final = re.compile(
    r"(?<![\w.])(?:[A-Z]{2}[A-Z0-9]{9}\d|[A-Z0-9]{1,6}\.(?:AS|AX|BR|CO|DE|HE|HK|IR|KS|L|LS|MC|MI|OL|PA|SI|ST|SW|SZ|T|TO|TW))(?!\.?\w)"
)
"""An ISIN, or a ticker with its exchange."""

_exchange: Final = re.compile(r"\.[A-Z]").search
_digit: Final = re.compile(r"\d").search
"""One of these is in every identifier; both are found in a fraction of its time."""

_DIGITS: Final = re.compile(r"[0-9]+")
_NEXT_WORD: Final = re.compile(r"[ \u00a0][\w/-]+")

_WORD_CHARACTERS: Final = 80
"""How far before a number the word before it may begin."""


def may_name(text: str) -> bool:
    """Whether a text may name a company, an ISIN or a ticker; False says that it has no `strangers`."""
    marked = _exchange(text) is not None or _digit(text) is not None
    return (marked and _IDENTIFIER.search(text) is not None) or may_be_named(text)


_COUNTED_ARTICLES: Final = (
    "{0} of {1} articles", "{0} of the {1} articles", "{0} out of {1} articles", "{2} articles were not checked",
    "{2} articles are not checked", "{2} unchecked articles", "{0} articles sur {1}", "{0} sur {1} articles",
    "{0} des {1} articles", "{2} articles n'ont pas été vérifiés", "{0} von {1} artikeln", "{0} der {1} artikel",
    "{0} von {1} artikel", "{2} artikel wurden nicht geprüft",
)  # fmt: skip
"""How sentences say how many articles were checked; any other number in their place is none of ours."""


class PromptContext:
    """The words of one prompt."""

    def __init__(self, sheet: FactSheet, facts: Iterable[str]) -> None:
        self._sheet = sheet
        self._fact_ids = facts

    @cached_property
    def holdings(self) -> frozenset[str]:
        """Ids and symbols of the holdings, also as the prompt had to write them."""
        names = {line.holding_id for line in self._sheet.holdings} | {line.symbol for line in self._sheet.holdings}
        return frozenset(names | respelt(names).keys())

    @cached_property
    def absent(self) -> frozenset[str]:
        """Ids of metrics that were named as absent."""
        return frozenset(name for one in self._sheet.absent for name in (one.metric_id, cell(one.metric_id)))

    @cached_property
    def families(self) -> frozenset[str]:
        """Families of which every member was named as absent ("sector" of "sector.*")."""
        return frozenset(name.removesuffix(".*") for name in self.absent if name.endswith(".*"))

    @cached_property
    def shown_families(self) -> frozenset[str]:
        """Families of which some member was shown."""
        return frozenset(name.partition(".")[0] for name in self._fact_ids if "." in name)

    @cached_property
    def sources(self) -> frozenset[str]:
        """Ids of documents, rules and finished analyses."""
        given = self._sheet.evidence
        names = {source.source_id for source in given.sources} | {one.analysis_id for one in given.analyses}
        names |= {rule_key(rule) for rule in self._sheet.rules} | {rule.rule_id for rule in self._sheet.rules}
        return frozenset(names | {cell(name) for name in names})

    @cached_property
    def _names(self) -> list[str]:
        sheet = self._sheet
        names = {sheet.name, sheet.portfolio_id, *self._fact_ids, *self.holdings, *self.sources}
        names.update(line.name for line in sheet.holdings)
        names.update(source.title for source in sheet.evidence.sources)
        names.update(sheet.evidence.scenarios)
        for rule in sheet.rules:
            names.update((rule.citation, rule.regime))
        names.update(self._articles)
        return [name.lower() for name in names if any(map(str.isdigit, name))]

    @cached_property
    def _articles(self) -> frozenset[str]:
        """How many articles were checked, in the words that a sentence may have for it."""
        articles = articles_known(self._sheet.rules)
        found = set[str]()
        parts = [
            articles,
            *([one for one in articles if one.regime == name] for name in {one.regime for one in articles}),
        ]
        for checked, whole in map(articles_checked, parts):
            found.update(way.format(checked, whole, whole - checked) for way in _COUNTED_ARTICLES if whole)
        return frozenset(found)

    @cached_property
    def _open_articles(self) -> re.Pattern[str]:
        return open_articles(self._sheet.rules)

    @cached_property
    def _longest_name(self) -> int:
        return max(map(len, self._names), default=0)

    @cached_property
    def _reasons(self) -> frozenset[str]:
        # One reason often stands for many metrics.
        reasons = {absent.reason for absent in self._sheet.absent}
        reasons.update(" ".join((*rule.missing, rule.explanation)) for rule in self._sheet.rules if rule.missing)
        reasons.update(self._articles)
        return frozenset(_digits(one) for reason in reasons for one in numbers(reason))

    @cached_property
    def _by_source(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for source in self._sheet.evidence.sources:
            text = "\n".join((source.title, *source.passages))
            found[cell(source.source_id)] = frozenset(_digits(one) for one in numbers(text))
        for one in self._sheet.evidence.analyses:
            said = (one.document.get("headline", ""), one.document.get("summary", ""))
            found[cell(one.analysis_id)] = frozenset(_digits(n) for text in said for n in numbers(str(text)))
        for rule in self._sheet.rules:
            words = f"{rule.title} {rule.explanation} {rule.cure} {rule.citation}"
            found[cell(rule_key(rule))] = frozenset(_digits(one) for one in numbers(words))
        return found

    def in_a_reason(self, number: Number) -> bool:
        """Whether a number repeats what we said ourselves about why a metric is absent."""
        # Our reasons are in English; an answer in French writes the same figure with a comma.
        return _digits(number) in self._reasons

    def in_a_source(self, number: Number, cited: Iterable[str]) -> bool:
        """Whether a number stands in one of the documents or rules that are cited beside it."""
        return bool(self._by_source) and any(
            _digits(number) in self._by_source.get(cell(name), frozenset()) for name in cited
        )

    def in_a_name(self, number: Number) -> bool:
        """Whether the digits belong to the name of a holding, a document or the portfolio: "20+ Year", "7203.T"."""
        # No name reaches further than its own length from the digits: of a long text, only that much is looked at.
        begin = max(0, number.start - max(self._longest_name, _WORD_CHARACTERS))
        around = number.text[begin : number.end + self._longest_name]
        folded = around.lower()
        if len(folded) != len(around):
            return False
        start, end = number.start - begin, number.end - begin
        if any(one.start() <= number.start < one.end() for one in self._open_articles.finditer(number.text)):
            return True
        if number.digits in self._sizes or self._with_the_next_word(number):
            return True
        word_start = around.rfind(" ", 0, start) + 1
        before = around.rfind(" ", 0, max(0, word_start - 1)) + 1
        part = folded[before:end]
        for name in self._names:
            if name in folded[max(0, end - len(name)) : start + len(name)]:
                return True
            # Part of a name: the number with the word before it, as in "the S&P 500 fund".
            if number.unit == "" and before < word_start and part in name:
                return True
        return False

    @cached_property
    def _sizes(self) -> frozenset[str]:
        """Sizes that scenarios have in their names: the 20 of "equity_down_20"."""
        names = [name for name in self._fact_ids if ".".join(name.split(":")[-1:]).startswith("stress.")]
        return frozenset(piece for name in (*names, *self._sheet.evidence.scenarios) for piece in _DIGITS.findall(name))

    def _with_the_next_word(self, number: Number) -> bool:
        """Whether a number and the word behind it stand in a name, unit and all: "2.20% 02/2034"."""
        text = number.text
        behind = _NEXT_WORD.match(text, number.stop)
        if behind is None or not number.unit:
            return False
        words = " ".join(text[number.start : behind.end()].lower().split())
        return any(words in name for name in self._names)

    @cached_property
    def _all_words(self) -> str:
        sheet = self._sheet
        parts: list[str] = [sheet.name, *self.holdings, *(line.name for line in sheet.holdings)]
        for source in sheet.evidence.sources:
            parts += (source.title, source.publisher, *source.passages)
        for rule in sheet.rules:
            parts += (rule.title, rule.explanation, rule.cure)
        parts += (orjson.dumps(one.document, default=str).decode() for one in sheet.evidence.analyses)
        return "\n".join(parts)

    @cached_property
    def _folded_words(self) -> str:
        return self._all_words.casefold()

    def strangers(self, text: str) -> Iterator[str]:
        """Who is named in a sentence and was never named to the model: companies, ISINs, tickers with their exchange.

        Nobody is a stranger to a model that looked things up outside the prompt.
        """
        if self._sheet.evidence.beyond:
            return
        for match in _IDENTIFIER.finditer(text):
            tick()
            if match.group() not in self._all_words:
                yield match.group()
        for name, company in named(text):
            if not (
                company.symbols & self._symbols or any(one.casefold() in self._folded_words for one in company.names)
            ):
                yield name

    @cached_property
    def _symbols(self) -> frozenset[str]:
        return frozenset(line.symbol for line in self._sheet.holdings)


def weights(sheet: FactSheet, facts: dict[str, Fact], wanted: set[str]) -> Iterator[tuple[str, Fact | None, float]]:
    """Holdings among the wanted names: their id, the fact of their weight, and their value in base currency."""
    for line in sheet.holdings:
        if line.holding_id in wanted or line.symbol in wanted:
            yield line.holding_id, facts.get(f"weight.{line.holding_id}"), line.value_base


def _digits(number: Number) -> str:
    return number.digits.replace(",", ".")
