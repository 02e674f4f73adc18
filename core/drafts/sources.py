"""Stored documents about what a portfolio holds, cut to what a prompt may carry."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from core.domain.evidence import SourceDocument
from core.storage.store import Store

MAX_SOURCES = 12

MAX_SOURCE_CHARACTERS = 40_000
"""What one request is given at most: about 10,000 tokens."""


def sources_of(
    store: Store,
    symbols: Collection[str],
    as_of: date,
    *,
    most: int = MAX_SOURCES,
    characters: int = MAX_SOURCE_CHARACTERS,
) -> tuple[SourceDocument, ...]:
    """Documents that an analysis may quote: about the symbols or about nobody in particular, newest first.

    Nothing that was published after `as_of` is given: a committee of that day could not have read it. Documents share
    the room equally, each from its beginning and in whole passages.

    Args:
        store: Where they are.
        symbols: Of the holdings that are looked at.
        as_of: Day of the analysis.
        most: Most documents.
        characters: Most characters of all passages together.
    """
    wanted = set(symbols)
    rows = [
        row
        for row in store.documents.rows()
        if (not row.symbol or row.symbol in wanted) and (row.published is None or row.published <= as_of)
    ]
    # What is about a holding comes before what is about the market.
    rows.sort(key=lambda row: not row.symbol)
    chosen = rows[:most]
    found: list[SourceDocument] = []
    room = characters
    for place, row in enumerate(chosen):
        share = room // (len(chosen) - place)
        document = store.documents.get(row.source_id)
        passages: list[str] = []
        for passage in document.passages:
            if len(passage.text) > share:
                break
            passages.append(passage.text)
            share -= len(passage.text)
            room -= len(passage.text)
        if passages:
            found.append(
                SourceDocument(
                    source_id=row.source_id,
                    title=row.title,
                    publisher=row.publisher,
                    published=None if row.published is None else row.published.isoformat(),
                    url=document.url or None,
                    kind=row.kind.value,
                    passages=tuple(passages),
                    holding_ids=(row.symbol,) if row.symbol else (),
                )
            )
    return tuple(found)
