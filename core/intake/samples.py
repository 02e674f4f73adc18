"""The sample portfolios that a fresh installation can show: real instruments, invented amounts, marked as samples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from core.domain.portfolio import Holding, Portfolio
from core.errors import UnreadableFile
from core.intake.reading import read_file
from core.intake.register.describing import Describer
from core.intake.register.instruments import Instrument, own_register

FOLDER = Path(__file__).resolve().parent / "samples"
AS_OF = date(2026, 10, 30)
"""The day the samples stand for."""
HISTORY_YEARS = 6
"""Length of their simulated price history: five years of returns, and a year before them."""


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


def sample_lines(samples: Iterable[Portfolio]) -> list[Holding]:
    """Every line that the samples or their benchmarks need a price history of, with what the register says of it.

    Lines with a price come first: a history ends at the price of the first line of its symbol.
    """
    portfolios = tuple(samples)
    describer = Describer(own_register())
    lines = [line for portfolio in portfolios for line in describer.describe(portfolio).portfolio.holdings]
    named = sorted({symbol for portfolio in portfolios for symbol, _ in portfolio.benchmark})
    members = [row for symbol in named if (row := own_register().by_symbol(symbol)) is not None]
    lines.sort(key=lambda line: line.price is None)
    return [*lines, *(_as_line(row) for row in members)]


def _as_line(row: Instrument) -> Holding:
    return Holding(
        row.symbol, row.isin, row.name, row.asset_class, None, None, row.currency, Decimal(0), row.sector, row.country,
        None, row.terms,
    )  # fmt: skip
