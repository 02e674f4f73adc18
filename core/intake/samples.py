"""The sample portfolios that a fresh installation can show: real instruments, invented amounts, marked as samples."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from core.domain.portfolio import Portfolio
from core.errors import UnreadableFile
from core.intake.reading import read_file

FOLDER = Path(__file__).resolve().parent / "samples"
AS_OF = date(2026, 10, 30)
"""The day the samples stand for."""


def sample_portfolios(as_of: date | None = None) -> tuple[Portfolio, ...]:
    """All samples, by id, each with `is_sample` set.

    They give market values only: a quantity and a price would pretend to a quotation that nobody made.

    Args:
        as_of: The day they are said to stand for; None keeps the day in the files.

    Raises:
        UnreadableFile: A sample file of this installation is damaged.
    """
    found: list[Portfolio] = []
    for path in sorted(FOLDER.glob("*.yaml")):
        intake = read_file(path, format="mosychlos_yaml", today=AS_OF)
        if intake.problems:
            problem = intake.problems[0]
            raise UnreadableFile(f"The sample '{path.name}' is damaged: {problem.message} Install the program again.")
        found.extend(intake.portfolios)
    return tuple(
        replace(portfolio, is_sample=True, as_of=as_of or portfolio.as_of)
        for portfolio in sorted(found, key=lambda portfolio: portfolio.portfolio_id)
    )
