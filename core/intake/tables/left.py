"""Tables and sheets of a file that were not read: none is left in silence."""

from __future__ import annotations

from collections.abc import Iterable

from core.intake.gathering import Case
from core.intake.opening.source import SourceFile
from core.intake.tables.surveying import Survey


def tell_left(source: SourceFile, left: Iterable[Survey], case: Case) -> None:
    """Name the tables that were not read: what could be positions is a problem, anything else a note."""
    for survey in left:
        names = ", ".join(f"'{cell}'" for cell in survey.header[:4] if cell)
        sheet = f"--sheet '{survey.block.sheet}' " if survey.block.sheet else ""
        how = f"{sheet}--header-row {survey.header_row}"
        if survey.readable:
            message = (
                f"Another table stands here ({names} …) and was not read. Import the file again with {how}, or put "
                "each table into a file of its own."
            )
            case.findings.problem(survey.header_row, "", survey.block.sheet, message)
        else:
            why = "a list of transactions" if survey.warning else "no list of positions"
            case.findings.note(
                f"The table in {survey.block.place} ({names} …) was not read: it looks like {why}. Say {how} to read "
                "it instead."
            )
    if source.hidden and not case.choices.sheet:
        titles = ", ".join(f"'{sheet.title}'" for sheet in source.hidden)
        case.findings.note(f"Hidden sheets were not read: {titles}. Say --sheet with its title to read one.")
