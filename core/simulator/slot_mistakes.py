"""Mistakes of answers with slots: every kind that checking has to see, each as a model would make it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from core.simulator.faults import draw

_relation = re.compile(r"\{\{([a-z_]{1,12})\(([^(){}]*)\): ([^{}]*)\}\}")
_value = re.compile(r"\{\{([a-z_]+(?:\.[\w.#-]+)?)( name)?\}\}")
_weight = re.compile(r"weight\.([\w#-]+(?:\.[A-Z]+)?)")
_opposite = {
    "above": "below", "below": "above", "largest": "smallest", "smallest": "largest", "rose": "fell", "fell": "rose",
    "ahead_of": "behind", "behind": "ahead_of", "breached": "kept", "kept": "breached", "near": "breached",
}  # fmt: skip

Document = dict[str, Any]


def spoil(document: Document, custom_id: str) -> None:
    """Make one mistake, which one following from the custom_id; the next that can be made where it cannot."""
    kinds = list(MISTAKES.values())
    first = int(draw(f"{custom_id}|slot") * len(kinds))
    for kind in (*kinds[first:], *kinds[:first]):
        if kind(document, custom_id):
            return


def _texts(document: Document) -> Iterator[tuple[Document, str]]:
    """Places of sentences: the object and the key."""
    for part in _parts(document):
        for key in ("text", "explanation", "comment", "summary"):
            if isinstance(part.get(key), str) and "{{" in part[key]:
                yield part, key


def _parts(node: Any) -> Iterator[Document]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _parts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _parts(value)


def _change(pattern: re.Pattern[str], change: Callable[[re.Match[str]], str | None]) -> Callable[[Document, str], bool]:
    """A mistake made in one place where a pattern occurs and the change can be made."""

    def make(document: Document, custom_id: str) -> bool:
        places = [
            (part, key, match, made)
            for part, key in _texts(document)
            for match in pattern.finditer(part[key])
            if (made := change(match)) is not None
        ]
        if not places:
            return False
        part, key, match, made = places[int(draw(f"{custom_id}|place") * len(places))]
        part[key] = part[key][: match.start()] + made + part[key][match.end() :]
        return True

    return make


def _reversed(match: re.Match[str]) -> str | None:
    other = _opposite.get(match[1])
    return None if other is None else f"{{{{{other}({match[2]}): so}}}}"


_OTHER: Final = {
    "en": {"above": "trails behind", "largest": "smallest", "rose": "lost", "fell": "gained", "ahead_of": "lagged",
           "behind": "beat", "breached": "complies with", "kept": "breached"},
    "fr": {"above": "est inférieur à", "largest": "la plus petite", "rose": "a perdu", "fell": "a gagné",
           "ahead_of": "est en retard sur", "behind": "devance", "breached": "respectée", "kept": "enfreinte"},
    "de": {"above": "ist kleiner als", "largest": "die kleinste", "rose": "verlor", "fell": "gewann",
           "ahead_of": "blieb zurück", "behind": "übertraf", "breached": "eingehalten", "kept": "verletzt"},
}  # fmt: skip
"""What says another relation than the one that holds."""


def _other_words(document: Document, custom_id: str) -> bool:
    summary = str(document.get("summary", ""))
    words = _OTHER["fr" if summary.startswith("Une ") else "de" if summary.startswith("Nach ") else "en"]

    def change(match: re.Match[str]) -> str | None:
        said = words.get(match[1])
        return None if said is None else f"{{{{{match[1]}({match[2]}): {said}}}}}"

    return _change(_relation, change)(document, custom_id)


def _appended(words: str) -> Callable[[Document, str], bool]:
    def make(document: Document, _custom_id: str) -> bool:
        document["summary"] = f"{document.get('summary', '')} {words}"
        return True

    return make


def _baseless(document: Document, _custom_id: str) -> bool:
    document.setdefault("claims", []).append({"text": "Markets reward patience.", "basis": [], "kind": "fact"})
    return True


def _other_holding(document: Document, _custom_id: str) -> bool:
    """A name beside another's number."""
    names = sorted({match[1] for part, key in _texts(document) for match in _weight.finditer(part[key])})
    if len(names) < 2:
        return False
    part, key = next(_texts(document))
    part[key] = f"{{{{{names[0]}}}}} weighs {{{{weight.{names[1]}}}}}."
    return True


MISTAKES: Final[dict[str, Callable[[Document, str], bool]]] = {
    "unknown_slot": _change(_value, lambda match: f"{{{{{match[1]}_adjusted}}}}"),
    "typed_number": _change(_value, lambda _match: "18.34 %"),
    "refused_relation": _change(_relation, _reversed),
    "other_words": _other_words,
    "other_holding": _other_holding,
    "number_word": _appended("About a third of it could be sold within twenty days."),
    "unborne_comparison": _appended("The portfolio beat its peers."),
    "unlike_sum": _appended("Together they come to {{sum(total_value, holdings_count)}}."),
    "worst_case": _appended("This is the maximum loss."),
    "no_basis": _baseless,
    "broken_slot": _appended("The figure is {{volatility."),
}
"""By name; each changes a document and says whether it could."""
