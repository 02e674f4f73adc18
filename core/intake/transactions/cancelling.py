"""Dealings that a broker took back: neither they nor the rows that cancel them leave a trace."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from core.intake.cells.asset_classes import folded
from core.intake.transactions.entries import INCOMING, OUTGOING, Entry, EntryKind

_CANCELS: Final = re.compile(
    r"\b(?:storno\w*|stornier\w*|stornowan\w*|cancel\w*|annul\w*|anula\w*|estorn\w*|makuler\w*|reversal|reversed|busted"
    r"|geannuleerd\w*|annuler\w*|сторно|отмена)\b|\bca\."
)
_CORRECTS: Final = re.compile(
    r"\b(?:correct\w*|korrekt\w*|korrig\w*|berichtig\w*|rettific\w*|correcci\w*|corrig\w*|corre[cç]\w*|rettelse)\b"
)
_MOVES: Final = INCOMING | OUTGOING


def cancels(text: str) -> bool:
    """Whether a text says that a dealing was taken back: "Storno", "cancelled", "annulation"."""
    return bool(_CANCELS.search(folded(text)))


def corrects(text: str) -> bool:
    """Whether a text says that a row corrects another one, which may mean instead of it or on top of it."""
    return bool(_CORRECTS.search(folded(text)))


def without_cancelling(text: str) -> str:
    """What remains of a text when the word that cancels is taken out: "Storno Kauf" is "kauf"."""
    return " ".join(re.sub(r"[()]", " ", _CANCELS.sub(" ", folded(text))).split())


@dataclass(frozen=True, slots=True)
class Standing:
    """Entries that stand, and cancellations of what is not among them."""

    entries: list[Entry]
    alone: list[Entry] = field(default_factory=list)


def without_cancelled(entries: Sequence[Entry]) -> Standing:
    """Take out each cancellation with the dealing that it cancels: of the same security, units and, if told, price.

    The nearest one before it goes; where rows of one day have no order, one of that day behind it.

    Args:
        entries: Of one account, in order of time.
    """
    if not any(entry.kind is EntryKind.CANCELLATION for entry in entries):
        return Standing(list(entries))
    gone: set[int] = set()
    alone: list[Entry] = []
    for place, entry in enumerate(entries):
        if entry.kind is not EntryKind.CANCELLATION:
            continue
        gone.add(place)
        before = range(place - 1, -1, -1)
        behind = (at for at in range(place + 1, len(entries)) if entries[at].at.date() == entry.at.date())
        fitting = [at for at in (*before, *behind) if at not in gone and _fits(entries[at], entry)]
        if not fitting:
            alone.append(entry)
            continue
        gone.add(next((at for at in fitting if _same_price(entries[at], entry)), fitting[0]))
    return Standing([entry for place, entry in enumerate(entries) if place not in gone], alone)


def _fits(dealing: Entry, cancelling: Entry) -> bool:
    if dealing.kind not in _MOVES or dealing.security is None or cancelling.security is None:
        return False
    return (
        dealing.security.key == cancelling.security.key
        and dealing.quantity == cancelling.quantity
        and cancelling.cancels in (None, dealing.kind)
    )


def _same_price(dealing: Entry, cancelling: Entry) -> bool:
    return not cancelling.price or dealing.price == cancelling.price
