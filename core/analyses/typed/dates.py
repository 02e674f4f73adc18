"""Dates and years in sentences: the day of the facts, an end of a period that is cited, or what a document says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from core.analyses.typed.comparisons import said
from core.analyses.typed.context import Cited, Context
from core.analyses.typed.moments import day_of, day_pattern
from core.analyses.typed.periods import ends_of
from core.analyses.typed.sentence import Sentence
from core.domain.analysis import Finding, FindingKind

# Not the end of a name such as gfc_2008.
_year = re.compile(r"(?<![\w.,/'\u2019-])(?:19|20)\d\d(?![\d%]|[.,/-]\d|[ \u00a0]?[%€$])")
_ONE_DAY: Final = timedelta(days=1)


def dated(context: Context, sentence: Sentence, cited: Cited) -> Iterator[Finding]:
    """Days and years of a sentence that no fact, document or name has."""
    if context.sheet.evidence.beyond:
        return
    known, spans = _days_of(context, cited)
    taken: list[tuple[int, int]] = []
    for match in day_pattern.finditer(sentence.text, sentence.start, sentence.end):
        day = day_of(match)
        taken.append(match.span())
        if day is None or day > context.sheet.as_of or _is_named(context, match.group()):
            continue
        if not any(abs(day - one) <= _ONE_DAY for one in known):
            yield Finding(cited.path, "", said(sentence, *match.span()), _shown(spans), FindingKind.PERIOD)
    for match in _year.finditer(sentence.text, sentence.start, sentence.end):
        if any(low <= match.start() < high for low, high in taken) or _is_named(context, match.group()):
            continue
        year = int(match.group())
        if year <= context.sheet.as_of.year and not _is_in(year, spans, since=_is_since(sentence, match.start())):
            yield Finding(cited.path, "", match.group(), _shown(spans), FindingKind.PERIOD)


def _days_of(context: Context, cited: Cited) -> tuple[set[date], list[list[date]]]:
    """Days that may be named, and the periods that they end: those cited, else those of the sheet."""
    periods = {fact.period for fact in cited.facts if fact.period}
    if not cited.own or not any(".." in period for period in periods):
        periods |= {fact.period for fact in context.sheet.facts if fact.period}
    spans = [ends for period in sorted(periods) if (ends := ends_of(period))]
    return {context.sheet.as_of, *(day for ends in spans for day in ends)}, spans


def _is_in(year: int, spans: list[list[date]], *, since: bool) -> bool:
    """Whether a year lies in a period; said with "since", it begins one."""
    if since:
        return any(ends[0].year == year or (ends[0] + _ONE_DAY).year == year for ends in spans)
    return any(ends[0].year <= year <= ends[-1].year for ends in spans)


def _is_since(sentence: Sentence, place: int) -> bool:
    words = [one.text for one in sentence.words if one.end <= place][-2:]
    return any(word in {"since", "depuis", "seit"} for word in words)


def _is_named(context: Context, text: str) -> bool:
    """Whether the words stand in a document, a rule, a name or a finished analysis that the prompt showed."""
    return text in _words_of(context)


def _words_of(context: Context) -> str:
    sheet = context.sheet
    return _joined(sheet.name, tuple(line.name for line in sheet.holdings), tuple(
        f"{one.title} {one.published} {' '.join(one.passages)}" for one in sheet.evidence.sources
    ), tuple(f"{one.title} {one.citation} {one.explanation} {one.cure}" for one in sheet.rules), tuple(
        f"{one.analysis_id} {one.document}" for one in sheet.evidence.analyses
    ), " ".join((*(fact.metric_id for fact in sheet.facts), *(one.reason for one in sheet.absent))))  # fmt: skip


@lru_cache(maxsize=8)
def _joined(*parts: str | tuple[str, ...]) -> str:
    return "\n".join(part if isinstance(part, str) else "\n".join(part) for part in parts)


def _shown(spans: list[list[date]]) -> str | None:
    """The period that is cited, where there is one."""
    return "..".join(map(str, spans[-1])) if spans else None
