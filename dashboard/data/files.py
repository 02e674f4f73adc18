"""Files of prices and series on their way in: what is wrong beside its row, and what differs from what is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

from core.domain.market import StoredConflict
from core.domain.portfolio import Problem
from core.domain.units import Badge
from dashboard.widgets import listings, text

T = TypeVar("T")

TYPES = ("csv", "tsv", "txt", "xlsx")
"""Endings of files that hold tables."""

LABELS = {
    "--symbol": "Symbol",
    "--currency": "Currency",
    "--accept-jumps": "Accept hundredfold steps",
    "--replace": "Replace what is stored",
    "--publisher": "Publisher",
    "--licence": "Licence",
}
"""Boxes of the page by the command line's options, which sentences of the core name."""


def chosen(key: str, help_: str) -> list[tuple[str, bytes]]:
    """An uploader; returns the files in it by name."""
    files = st.file_uploader(
        "Files", type=list(TYPES), accept_multiple_files=True, key=f"{key}_files_{_round(key)}", help=help_
    )
    return [(file.name, file.getvalue()) for file in files]


def clear(key: str) -> None:
    """Empty the uploader, by giving it another key, and forget what was read."""
    st.session_state[f"{key}_round"] = _round(key) + 1
    st.session_state.pop(f"{key}_read", None)


def _round(key: str) -> int:
    number: int = st.session_state.get(f"{key}_round", 0)
    return number


def read_once(key: str, name: str, data: bytes, options: object, read: Callable[[str, bytes], T]) -> T:
    """What is in a file under these options, read once as long as it lies in the uploader."""
    kept: dict[tuple[str, str, object], T] = st.session_state.setdefault(f"{key}_read", {})
    place = (name, hashlib.sha256(data).hexdigest(), options)
    if place not in kept:
        kept[place] = read(name, data)
    return kept[place]


def on_page(sentence: str) -> str:
    """A sentence of the core with the page's boxes in place of the command line's options."""
    for option, label in LABELS.items():
        sentence = sentence.replace(option, f"“{label}”")
    return sentence


def problems(rows: Sequence[Problem], files: int) -> None:
    """Everything that did not come in, with row, column, value and remedy."""
    if not rows:
        return
    st.warning(
        "The other rows can be kept: importing the corrected file again adds only what is new.",
        title=f"{text.count(len(rows), 'problem')} in {text.count(files, 'file')}",
        icon=":material/rule:",
    )
    listings.table(
        {
            "Row": ["" if row.row is None else str(row.row) for row in rows],
            "Value": [row.value for row in rows],
            "What is wrong, and what to do": [on_page(row.message) for row in rows],
            "Column": [row.column for row in rows],
            "File": [row.file for row in rows],
        },
        alt="Problems in the files",
    )


def origins(badges: Sequence[Badge], *, key: str) -> list[Badge]:
    """A choice of origins where there are several; returns those that were chosen, none for all."""
    there = [badge for badge in Badge if badge in badges]
    if len(there) < 2:
        return []
    words = st.pills("Origin", [badge.value for badge in there], selection_mode="multi", key=key, bind="query-params")
    return [Badge(word) for word in words]


def conflicts(rows: Sequence[StoredConflict], what: str) -> None:
    """Days on which the file and what is stored differ.

    Args:
        what: The column of names: "Symbol" or "Series".
    """
    listings.table(
        {
            what: [row.name for row in rows],
            "Day": [text.day(row.day) for row in rows],
            "Stored": [f"{row.stored:,.10g}" for row in rows],
            "In the file": [f"{row.new:,.10g}" for row in rows],
            "Difference": [f"{row.new - row.stored:+,.6g}" for row in rows],
        },
        alt="Days on which the files and what is stored differ",
    )


def replacing(differs: int, *, offered: bool, key: str) -> bool:
    """Ask whether the file wins where it differs; False where there is nothing to ask."""
    if not offered:
        return False
    st.warning(
        "What is stored stays, unless you say otherwise. Revisions and corrections are a reason to; two sources that "
        "disagree are not.",
        title=f"{text.count(differs, 'day differs', 'days differ')} from what is stored"
        if differs
        else "The file contradicts what is stored",
        icon=":material/compare_arrows:",
    )
    return st.checkbox(LABELS["--replace"], key=key)


def notes(sentences: Sequence[str]) -> None:
    """What there is to know, each sentence once."""
    for sentence in dict.fromkeys(sentences):
        st.caption(f":material/info: {text.escape(on_page(sentence))}")


def keep_label(added: int, replaced: int, what: str) -> str:
    """The words of the button: "Keep 12 new closes, replace 3"."""
    if not replaced:
        return f"Keep {text.count(added, f'new {what}')}"
    if not added:
        return f"Replace {text.count(replaced, what)}"
    return f"Keep {text.count(added, f'new {what}')}, replace {replaced:,}"
