"""The tables of a file that have the header of a described format, and those that have another."""

from __future__ import annotations

from core.errors import UnreadableFile
from core.intake.formats.description import Description
from core.intake.gathering import Case
from core.intake.opening.source import Container, SourceFile
from core.intake.tables.blocks import Block, blocks_in


def tables_of(description: Description, source: SourceFile, case: Case) -> tuple[list[Block], list[Block]]:
    """The tables with this format's header, and the others.

    Raises:
        UnreadableFile: There is none.
    """
    readable = source.container in (Container.TEXT, Container.ARCHIVE)
    found = blocks_in(source, case.choices, description.is_header) if readable else []
    tables = [block for block in found if description.is_header(block.header)]
    if not tables:
        needed = ", ".join(f"'{description.columns[name][0]}'" for name in description.needed)
        raise UnreadableFile(f"'{source.name}' has no header row of {description.title}: it names {needed}.")
    return tables, [block for block in found if block not in tables]
