"""Texts in the data that read like an instruction to a model: they change nothing, and a person should know of them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from core.domain.facts import FactSheet

_SHOWN_CHARACTERS: Final = 80

_instruction = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:previous|above|prior|earlier|all|any|instructions?|rules?)\b"
    r"|\b(?:ignorez?|oubliez?)\b.{0,40}\b(?:instructions?|consignes?|précédent\w*)\b"
    r"|\b(?:ignorier\w*|vergiss|missachte\w*)\b.{0,40}\b(?:anweisung\w*|vorherig\w*|regeln?)\b"
    r"|\b(?:you are|act as|pretend|respond|reply|answer|output|print|rate|classify)\b.{0,30}"
    r"\b(?:now|only|with|as|exactly|this)\b"
    r"|\bsystem ?prompt\b|\b(?:system|developer|assistant|user)\s*:|<\|?im_(?:start|end)|<\|endof|\[/?INST\]|\{\{|\{%",
    re.IGNORECASE,
).search


@lru_cache(maxsize=100_000)
def reads_like_an_instruction(text: str) -> bool:
    """Whether a text speaks to a model instead of naming something."""
    return len(text) > 4 and _instruction(text) is not None


def warnings(sheet: FactSheet) -> tuple[str, ...]:
    """A sentence for people when a name or a document of this portfolio reads like an instruction; usually nothing."""
    texts = [sheet.name, *(line.name for line in sheet.holdings), *(line.holding_id for line in sheet.holdings)]
    found = [text for text in texts if reads_like_an_instruction(text)]
    found += [
        f"{source.source_id}: {passage}"
        for source in sheet.evidence.sources
        for passage in (source.title, *source.passages)
        if _instruction(passage) is not None
    ]
    if not found:
        return ()
    shown = " ".join(found[0].split())[:_SHOWN_CHARACTERS]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    told = (
        f"A text in the data of portfolio '{sheet.portfolio_id}' reads like an instruction: '{shown}'{more}. It is "
        "sent as data; have a person read this answer."
    )
    return (told,)
