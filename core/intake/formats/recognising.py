"""Which described format a file is: by its header and the texts that stand in its head."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice

from core.intake.cells.headers import normal
from core.intake.formats.description import Description
from core.intake.opening.source import Container, SourceFile, head_rows

_HEADER_WITHIN = 40
_HEAD_CHARS = 20_000
_SHEETS = 20

Names = tuple[frozenset[str], ...]


def detects(description: Description, source: SourceFile) -> bool:
    """Whether a file is of a described format."""
    if source.container is Container.TEXT:
        head = source.text[:_HEAD_CHARS]
        names = _text_names(head)
    elif source.container is Container.ARCHIVE:
        rows = [row for sheet in source.sheets[:_SHEETS] for _, row in islice(sheet.rows(), _HEADER_WITHIN)]
        head = "\n".join("\t".join(row) for row in rows) if description.marks else ""
        names = _names(rows)
    else:
        return False
    if description.marks and not any(mark in head for mark in description.marks):
        return False
    return any(map(description.fits, names))


@lru_cache(maxsize=4)
def _text_names(head: str) -> Names:
    """The names in each of the first rows; kept, because every format asks the same of a file."""
    return _names(head_rows(head, _HEADER_WITHIN))


def _names(rows: list[list[str]]) -> Names:
    return tuple(frozenset(normal(cell) for cell in row if cell.strip()) for row in rows)
