"""Checks that several analyses have in common: parts that must add up, things that must exist, words that must stand.

Each yields what does not hold as a `Finding` with its place. Nothing is repaired.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from core.analyses.cells import cell, respelt
from core.analyses.time_limit import tick
from core.domain.analysis import Finding, FindingKind
from core.domain.evidence import SourceDocument
from core.domain.facts import FactSheet

Analysis = Mapping[str, Any]

HALF_DIGIT: Final = 0.005
"""Half a unit of the second decimal: what rounding may add to each part of a sum of percents."""

_NOISE: Final = 1e-9
_QUOTES = re.compile(r"[«»„“”‟\"‘’‚‛']")
_QUOTED = re.compile(r"“([^“”]{12,}+)”|«([^«»]{12,}+)»|„([^„“”]{12,}+)[“”]|\"([^\"]{12,}+)\"")
_FEWEST_WORDS: Final = 4


def number(value: object) -> str:
    """A number for a finding, at no more than four decimals."""
    return f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def unlike(path: str, metric_id: str, stated: object, true: object, kind: FindingKind) -> Finding:
    """A finding about something that is not what it should be."""
    said, meant = number(stated)[:120], None if true is None else number(true)[:120]
    return Finding(path, metric_id, said, meant, kind)


def adds_up(path: str, parts: Iterable[float], total: float, decimals: int = 2) -> Iterator[Finding]:
    """Whether parts give a total, with what rounding each of them may add."""
    values = list(parts)
    room = 0.5 * 10.0**-decimals * (len(values) + 1) + _NOISE
    if abs(sum(values) - total) > room:
        yield unlike(path, "", sum(values), total, FindingKind.SUM)


def known_targets(sheet: FactSheet) -> frozenset[str]:
    """What a proposal may be about: holdings, and buckets by metric id or by their name alone ("equity")."""
    names = {line.holding_id for line in sheet.holdings} | {line.symbol for line in sheet.holdings}
    for fact in sheet.facts:
        family, point, rest = fact.metric_id.partition(".")
        if point and family in _BUCKETS:
            names.update({fact.metric_id, rest})
        elif point and family in {"target", "least", "most"}:
            names.update({rest, rest.partition(".")[2]})
    return frozenset(names | respelt(names).keys())


_BUCKETS: Final = frozenset({"asset_class", "sector", "country", "currency", "liquidity", "asset_group"})


def weight_of(target_id: str, sheet: FactSheet) -> float | None:
    """Present weight of a holding or bucket in percent, or None where there is none."""
    for fact in sheet.facts:
        name = fact.metric_id
        if name.endswith(target_id) and _is_weight_of(name, target_id, ("", "")):
            return fact.value
    for fact in sheet.facts:
        name = fact.metric_id
        if _is_weight_of(name, target_id, _cells(name, name.partition(".")[2])):
            return fact.value
    return None


def _is_weight_of(metric_id: str, target_id: str, spelt: tuple[str, str]) -> bool:
    family, _, rest = metric_id.partition(".")
    return (family in _BUCKETS or family == "weight") and target_id in (metric_id, rest, *spelt)


@lru_cache(maxsize=4096)
def _cells(metric_id: str, rest: str) -> tuple[str, str]:
    """An id and its last part as cells spell them: portfolios have most of them in common."""
    return cell(rest), cell(metric_id)


def proposals(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """Whether proposals are about what exists, start from present weights and go the way they say."""
    known = known_targets(sheet) if analysis.get("proposals") else frozenset()
    for place, proposal in enumerate(analysis.get("proposals", ())):
        tick()
        path = f"proposals[{place}]"
        target, action = proposal["target_id"], proposal["action"]
        before, after = proposal["from_weight_pct"], proposal["to_weight_pct"]
        if target not in known and action not in {"open", "hedge"}:
            yield unlike(f"{path}.target_id", "", target, None, FindingKind.UNSUPPORTED)
        weight = weight_of(target, sheet)
        if weight is None and target not in known:
            weight = 0.0  # what nobody holds
        if before is not None and weight is not None and abs(before - weight) > 0.05 + _NOISE:
            yield unlike(f"{path}.from_weight_pct", f"weight.{target}", before, round(weight, 2), FindingKind.VALUE)
        start = weight if before is None else before
        if start is not None and after is not None and not _goes(action, start, after):
            yield unlike(f"{path}.to_weight_pct", "", f"{action} to {number(after)}", start, FindingKind.DIRECTION)


def _goes(action: str, before: float, after: float) -> bool:
    """Whether two weights do what the action says; a hedge and a review may leave them or not."""
    return {
        "increase": after > before,
        "open": after > before and abs(before) <= HALF_DIGIT,
        "reduce": after < before,
        "close": abs(after) <= HALF_DIGIT < abs(before),
        "hold": abs(after - before) <= 0.05 + _NOISE,
    }.get(action, True)


def _plain(text: str) -> str:
    """A text as quotations are compared: cells' look-alikes, quotation marks, blanks and case set aside."""
    return " ".join(_QUOTES.sub("'", cell(text)).split()).casefold()


_EDGES: Final = " .…'"
"""What a quotation may have around it."""


class Passages:
    """The texts that quotations are looked up in."""

    def __init__(self, sheet: FactSheet) -> None:
        self._given = {cell(source.source_id): source.passages for source in sheet.evidence.sources}
        self._texts: dict[str, list[str]] = {}

    def known(self, source_id: str) -> bool:
        """Whether there is such a source."""
        return cell(source_id) in self._given

    def holds(self, source_id: str, quote: str) -> bool:
        """Whether the words stand in one passage of the source."""
        passages = self._given.get(cell(source_id), ())
        words = quote.strip(_EDGES)
        if words and words.isascii() and any(words in passage for passage in passages):
            return True
        words = _plain(quote).strip(_EDGES)
        if source_id not in self._texts:
            self._texts[source_id] = list(map(_plain, passages))
        return bool(words) and any(words in text for text in self._texts[source_id])


def quotes(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """Whether every quotation names a source that exists and stands in it, word for word.

    Looked at are the parts made for quotations, and what stands between quotation marks in a claim that names sources.
    """
    passages = Passages(sheet)
    for path, part in parts_of(analysis):
        tick()
        if "quote" in part and "source_id" in part:
            yield from _quote(path, part["source_id"], part["quote"], passages)
        elif "text" in part and (sources := [one for one in part.get("source_ids", ()) if passages.known(one)]):
            for match in _QUOTED.finditer(part["text"]):
                tick()
                words = next(group for group in match.groups() if group).strip()
                if len(words.split()) >= _FEWEST_WORDS and not any(passages.holds(one, words) for one in sources):
                    yield Finding(f"{path}.text", sources[0], words[:120], None, FindingKind.QUOTE)


def _quote(path: str, source_id: str, words: str, passages: Passages) -> Iterator[Finding]:
    if not passages.known(source_id):
        yield Finding(f"{path}.source_id", "", source_id[:120], None, FindingKind.UNSUPPORTED)
    elif not passages.holds(source_id, words):
        yield Finding(f"{path}.quote", source_id, words[:120], None, FindingKind.QUOTE)


def listed_sources(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """Whether listed documents are those that were given, by their own titles, and each quoted one is among them."""
    given = {cell(source.source_id): source for source in sheet.evidence.sources}
    listed = {cell(one["source_id"]) for one in analysis.get("sources", ())}
    for place, one in enumerate(analysis.get("sources", ())):
        source = given.get(cell(one["source_id"]))
        if source is None:
            yield Finding(f"sources[{place}].source_id", "", one["source_id"][:120], None, FindingKind.UNSUPPORTED)
        elif not _plain(source.title).startswith(_plain(one["title"])) or not one["title"].strip():
            path = f"sources[{place}].title"
            yield unlike(path, source.source_id, one["title"], source.title, FindingKind.QUOTE)
        if source is not None:
            yield from _as_listed(f"sources[{place}]", one, source)
    for path, part in parts_of(analysis) if given.keys() - listed else ():
        tick()
        if "quote" in part and cell(part["source_id"]) in given and cell(part["source_id"]) not in listed:
            yield Finding("sources", part["source_id"][:120], "not listed", path, FindingKind.QUOTE)


def _as_listed(path: str, one: Mapping[str, Any], source: SourceDocument) -> Iterator[Finding]:
    """Who published a document, when and where, is as it was given, or left out."""
    for name in ("publisher", "published", "url"):
        stated, true = one[name], getattr(source, name)
        if stated and _plain(stated) != _plain(true or ""):
            yield unlike(f"{path}.{name}", source.source_id, stated, true or None, FindingKind.QUOTE)


def parts_of(node: Any, path: str = "") -> list[tuple[str, Mapping[str, Any]]]:
    """Every object in an answer with its path, the outer ones first."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    _collect(node, path, found)
    return found


def _collect(node: Any, path: str, found: list[tuple[str, Mapping[str, Any]]]) -> None:
    # An answer has a hundred objects and is walked by several checks: generators would take half of their time.
    if isinstance(node, dict):
        found.append((path, node))
        for key, value in node.items():
            if isinstance(value, dict | list):
                _collect(value, f"{path}.{key}" if path else key, found)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            if isinstance(item, dict | list):
                _collect(item, f"{path}[{index}]", found)
