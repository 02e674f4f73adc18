"""What stands behind each part of a page that was written with slots, for showing it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from core.analyses.checks import parts_of
from core.analyses.marking import Mark, Marked
from core.analyses.slots import reading
from core.analyses.slots.form import Form
from core.analyses.slots.page import Page
from core.analyses.slots.rendering import COMPUTED, DECIDED, INSERTED, REFUSED, Piece, Rendered
from core.analyses.slots.sentences import Seen
from core.domain.analysis import Finding, FindingKind
from core.domain.facts import FactSheet

_steps: Final = re.compile(r"([^.\[\]]+)|\[(\d+)\]").findall
_MARKS: Final = {INSERTED: Mark.INSERTED, COMPUTED: Mark.COMPUTED, DECIDED: Mark.DECIDED}
_MISPLACED: Final = frozenset({FindingKind.WRONG_ID, FindingKind.SIGN})
_OWN_WORDS: Final = frozenset({FindingKind.OUTSIDE, FindingKind.WORDING})
_SENTENCES: Final = {Seen.OPINION.value: Mark.OPINION, Seen.UNCHECKED.value: Mark.UNCHECKED}


def has_marks(page: Mapping[str, Any]) -> bool:
    """Whether a page was written with slots."""
    return reading.WRITTEN in page


def marks(form: Form, page: Mapping[str, Any], sheet: FactSheet) -> list[Marked]:
    """Every slot with what is behind it, and every sentence that rests on nothing checked.

    Args:
        page: A stored page (`reading.read`).
        sheet: The facts that the prompt stated.
    """
    read = reading.made(form, reading.written_of(page), sheet)
    return [*_references(read.page, sheet), *_texts(read.made, page)]


def _references(page: Mapping[str, Any], sheet: FactSheet) -> Iterator[Marked]:
    """Numbers in fields, which the program filled in."""
    facts = sheet.by_id()
    for path, part in parts_of({name: value for name, value in page.items() if name != reading.WRITTEN}):
        fact = facts.get(str(part.get("metric_id", "")))
        if fact is not None:
            yield Marked(path, fact.shown, Mark.INSERTED, facts=(fact,))


def _stored(page: Any, path: str) -> str | None:
    """The text at a path of a stored page; None where there is none."""
    for name, place in _steps(path):
        if name:
            page = page.get(name) if isinstance(page, Mapping) else None
        else:
            page = page[int(place)] if isinstance(page, list) and int(place) < len(page) else None
    return page if isinstance(page, str) else None


def _texts(page: Page, stored: Mapping[str, Any]) -> Iterator[Marked]:
    found: dict[str, list[Finding]] = {}
    for finding in page.findings:
        found.setdefault(finding.path, []).append(finding)
    for path, (made, opinion) in page.texts.items():
        if (kept := _stored(stored, path)) is not None and kept != made.text:
            continue  # written by another version, in whose text these places are others
        wrong = found.get(path, [])
        for start, end, piece in made.pieces:
            if (mark := _piece(path, start, end, piece, wrong)) is not None:
                # Which way a relation goes is decided; whether its words say so is known in some languages.
                unread = mark.mark is Mark.DECIDED and not page.knows_words
                yield replace(mark, mark=Mark.UNCHECKED) if unread else mark
        yield from _words(path, made, wrong)
        yield from _sentences(page, path, made, wrong, opinion=opinion)


def _piece(path: str, start: int, end: int, piece: Piece, wrong: list[Finding]) -> Marked | None:
    if piece.kind == REFUSED and piece.finding is not None:
        stated = piece.finding
        finding = next((one for one in wrong if (one.stated, one.kind) == (stated.stated, stated.kind)), stated)
        unknown = stated.kind is FindingKind.UNSUPPORTED
        mark = Mark.UNSUPPORTED if unknown else Mark.MISMATCHED
        return Marked(path, piece.text, mark, start, end, piece.facts, finding, piece.note)
    if piece.kind not in _MARKS:
        return None  # a name
    if (blamed := _blamed(piece, wrong)) is not None:
        return Marked(path, piece.text, Mark.MISMATCHED, start, end, piece.facts, blamed, piece.note)
    return Marked(path, piece.text, _MARKS[piece.kind], start, end, piece.facts, None, piece.note)


def _blamed(piece: Piece, wrong: list[Finding]) -> Finding | None:
    """What was found wrong with where a slot stands: beside another's name, or without its sign."""
    ids = {fact.metric_id for fact in piece.facts}
    return next(
        (one for one in wrong if one.kind in _MISPLACED and one.metric_id in ids and piece.text in one.stated), None
    )


def _words(path: str, made: Rendered, wrong: list[Finding]) -> Iterator[Marked]:
    """Words of the model's own that do not hold, where they stand."""
    folded = made.plain.lower()
    for one in wrong:
        start = folded.find(one.stated.lower()) if one.kind in _OWN_WORDS and one.stated else -1
        if start >= 0:
            end = start + len(one.stated)
            yield Marked(path, made.text[start:end], Mark.UNSUPPORTED, start, end, (), one)


def _sentences(page: Page, path: str, made: Rendered, wrong: list[Finding], *, opinion: bool) -> Iterator[Marked]:
    """Sentences without a slot that decides anything, and words outside slots that do not hold."""
    for start, end, pieces in made.sentences:
        mark = _SENTENCES.get(page.rests_on(pieces, opinion=opinion))
        text = made.text[start:end].rstrip()
        if not text:
            continue
        finding = next((one for one in wrong if one.stated and one.stated in text.casefold()), None)
        if mark is not None and (finding is not None or not pieces or not page.knows_words):
            kind = Mark.UNSUPPORTED if finding is not None else mark
            yield Marked(path, text, kind, start, start + len(text), (), finding)
