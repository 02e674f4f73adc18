"""Names of columns, written in one way whatever the file did."""

from __future__ import annotations

import re
from functools import lru_cache

from core.intake.cells.names import one_line

_COLUMN_CHARS = 60


@lru_cache(maxsize=2_048)
def _normal(header: str) -> str:
    return re.sub(r"[\s_-]+", "_", one_line(header).lower()).strip("_")


def normal(header: str) -> str:
    """A column name without case and with one "_" for spaces: " Market Value " is market_value.

    No column is called by more than 60 characters; such a cell is "" here.
    """
    return _normal(header) if len(header) <= _COLUMN_CHARS else ""
