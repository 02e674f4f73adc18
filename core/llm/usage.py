"""Tokens as a provider states them: one reader for answers, streams and batches. What is not said is None, never 0.

Form is read leniently (3843.0 and "3843" are 3843), meaning strictly. Where figures contradict each other the dearer
reading counts, and `note` says so:

- a discount that cannot be (more cached tokens than input) is not granted;
- tokens written to the cache, which cost more, stand before those read from it;
- more reasoning than output means that the output was stated without it;
- a total above input and output means that output is missing; below them, the parts stand;
- of two names for one figure that differ, the larger.

One part may follow from the total and the other. A total alone, zeros alone, or a count that is no count tell nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.domain.analysis import Usage
from core.llm.json_coercion import object_of

_MOST_TOKENS: Final = 2**31 - 1
"""A count above this is nonsense, and would not fit a 32-bit column."""

_COUNT: Final = re.compile(r"\+?(\d{1,3}(?:,\d{3})+|\d{1,10})(?:\.0{1,20})?", re.ASCII)
_INPUT: Final = ("prompt_tokens", "input_tokens")
_OUTPUT: Final = ("completion_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class Told:
    """What a usage object says.

    Attributes:
        usage: None where it does not say how many tokens there were.
        cache_write_tokens: Part of the uncached input that was written to the cache.
        note: What contradicts itself in it or cannot be read, and how it was taken; "" for what is plain.
    """

    usage: Usage | None
    cache_write_tokens: int = 0
    note: str = ""


def read_usage(value: object) -> Told:
    """Tokens in a usage object of either endpoint, or of a batch."""
    fields = object_of(dict(value) if isinstance(value, Mapping) else value)
    if not fields:
        return Told(None)
    notes: list[str] = []
    read, written = _largest(fields, _INPUT, notes), _largest(fields, _OUTPUT, notes)
    total = _stated(fields, "total_tokens", notes)
    if total is not None:
        if read is None and written is not None and total >= written:
            read = total - written
        elif written is None and read is not None and total >= read:
            written = total - read
    if read is None or written is None or not (read or written):
        notes.append("it does not say how many tokens were read and written")
        return Told(None, note=_joined(notes))
    reasoning = _detail(fields, _OUTPUT, "reasoning_tokens", notes)
    written = _whole_output(read, written, reasoning, total, notes)
    cached, kept = _cache(fields, read, notes)
    return Told(Usage(read, cached, written, min(reasoning, written)), kept, _joined(notes))


def count(value: object) -> int | None:
    """A whole number of tokens, however it is written; None for what is none."""
    if isinstance(value, str):
        found = _COUNT.fullmatch(value.strip())
        number = int(found.group(1).replace(",", "")) if found else -1
        return number if 0 <= number <= _MOST_TOKENS else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # False for NaN as well: nothing compares with it.
    return int(value) if 0 <= value <= _MOST_TOKENS and value == int(value) else None


def _whole_output(read: int, written: int, reasoning: int, total: int | None, notes: list[str]) -> int:
    """Output with what the other figures say is missing from it."""
    if reasoning > written:
        notes.append(f"{reasoning:,} tokens of reasoning in {written:,} of output: both are counted")
        written += reasoning
    if total is not None and total > read + written:
        notes.append(f"a total of {total:,} above its parts, {read:,} and {written:,}: the rest counts as output")
        written = total - read
    elif total and total < read + written:
        notes.append(f"a total of {total:,} below its parts, {read:,} and {written:,}: the parts count")
    return min(written, _MOST_TOKENS)


def _cache(fields: Mapping[str, Any], read: int, notes: list[str]) -> tuple[int, int]:
    """Tokens read from the cache and written to it, within the input."""
    cached = _detail(fields, _INPUT, "cached_tokens", notes)
    kept = _detail(fields, _INPUT, "cache_write_tokens", notes)
    if cached > read:
        notes.append(f"{cached:,} cached tokens in {read:,} of input: none is taken for cached")
        cached = 0
    if cached + kept > read:
        kept = min(kept, read)
        notes.append(f"{cached:,} cached and {kept:,} written tokens in {read:,} of input: the written ones stand")
        cached = read - kept
    return cached, kept


def _largest(fields: Mapping[str, Any], names: tuple[str, str], notes: list[str]) -> int | None:
    found = {count for name in names if (count := _stated(fields, name, notes)) is not None}
    if len(found) > 1:
        notes.append(f"{' and '.join(names)} differ: the larger counts")
    return max(found, default=None)


def _detail(fields: Mapping[str, Any], names: tuple[str, str], name: str, notes: list[str]) -> int:
    """A part of input or output; one that is not stated is none, and one that cannot be read grants nothing."""
    return max((_stated(object_of(fields.get(f"{of}_details")), name, notes) or 0 for of in names), default=0)


def _stated(fields: Mapping[str, Any], name: str, notes: list[str]) -> int | None:
    value = fields.get(name)
    if value is None:
        return None
    found = count(value)
    if found is None:
        notes.append(f"{name} is {str(value)[:40]!r}")
    return found


def _joined(notes: list[str]) -> str:
    return "; ".join(notes)
