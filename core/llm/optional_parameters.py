"""Parameters that a call can do without, and how a server says that it takes one of them not.

Left away is only what changes neither what an answer means nor what it costs nor what is kept of it where: whether it
comes in pieces, how long a file lives, labels.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, timedelta
from typing import Final

from core.domain.records import ParameterRow

OPTIONAL: Final[dict[str, str]] = {
    "stream": "answers come whole, at their end",
    "stream_options": "a streamed answer may not say what it came to: its cost is then unknown",
    "expires_after": "input files stay at the provider until they are removed from here",
    "output_expires_after": "result files stay at the provider until they are removed from here",
    "metadata": "batches carry no labels, and one whose create got no answer is found by its input file alone",
    "user": "requests carry no label",
    "safety_identifier": "requests carry no label",
}
"""Each with what its absence means, for people. This is the one table: nothing else is ever left away."""

ANY_MODEL: Final = ""
"""Stands for the model where a server refuses something whatever the model: for a file, or a batch."""

FILES: Final = "files"
BATCHES: Final = "batches"

TRIED_AGAIN: Final = timedelta(days=30)
"""After so long a refused one is sent again: servers are upgraded, organisations verified."""

_NEEDS: Final = {"stream_options": "stream"}
_ALSO: Final = {"stream": "streaming"}
_WORDS: Final = re.compile(r"\w+")
_NO: Final = frozenset({400, 422})
_SAYS_NO: Final = re.compile(
    r"unknown|unrecogni[sz]ed|unsupported|unexpected|invalid|must be|cannot|does not|doesn't"
    r"|not (?:\w+ )?(?:supported|permitted|allowed|accepted|recogni[sz]ed|implemented|available|enabled|valid)"
    r"|extra (?:field|input|parameter|argument|propert)|additional propert"
)


def refused_among(sent: Collection[str], *, status: int, param: str, message: str) -> list[str]:
    """Which optional parameters that were sent a definite no is about; empty where it is about anything else.

    Args:
        param: What the server names as being at fault ("metadata.job_key", "expires_after[anchor]"), or "".
        message: Its words: "Unrecognized request argument supplied: stream_options".
    """
    optional = [name for name in OPTIONAL if name in sent]
    root = re.split(r"[.\[]", param.removeprefix("body."), maxsplit=1)[0]
    if status not in _NO or not optional or (root and root not in optional):
        return []
    if not root and not _SAYS_NO.search(message.lower()):
        return []
    words = {word.lower() for word in _WORDS.findall(message)}
    named = [name for name in optional if name != root and words & {name, _ALSO.get(name, name)}]
    return [root, *named] if root else named


def without(refused: Collection[str]) -> frozenset[str]:
    """What is left away where these are refused: they, and what means nothing without them."""
    return frozenset(refused) | {name for name, needed in _NEEDS.items() if needed in refused}


def left_away(row: ParameterRow, today: date) -> bool:
    """Whether a parameter is not sent any more because of what is remembered of it."""
    if row.parameter not in OPTIONAL or not row.refused or row.refused_on < row.last_on:
        return False
    return today - date.fromisoformat(row.refused_on) < TRIED_AGAIN
