"""What a person may ask about portfolios: read files, keep them, list them, see their facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from core.domain.actor import Actor
from core.domain.filters import EVERY_PORTFOLIO, PortfolioFilter
from core.domain.fx import Rates
from core.domain.portfolio import Intake, Portfolio, PortfolioRow, Problem
from core.domain.records import Item
from core.domain.table_read import TableRead
from core.drafts.fact_sheets import total_value
from core.guard.access import Permission, require
from core.intake.positions.template import canonical_template
from core.intake.reading import read_bytes, read_file
from core.intake.samples import HISTORY_YEARS, sample_lines, sample_portfolios
from core.intake.tables.choices import NOTHING_SAID, TableChoices
from core.intake.tables.column_mapping import ColumnMapping
from core.metrics.simulate import simulated_history
from core.metrics.simulated_series import simulated_series
from core.storage.portfolios.portfolios import ImportOutcome
from core.storage.store import Store


@dataclass(frozen=True, slots=True)
class Imported:
    """One portfolio that came in."""

    portfolio_id: str
    name: str
    format: str
    as_of: date
    holdings: int
    total_value: Decimal | None
    currency: str
    change: ImportOutcome


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do.

    Attributes:
        tables: Of a preview: each file's name with one of its tables as it was read.
    """

    imported: tuple[Imported, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    kept: bool
    tables: tuple[tuple[str, TableRead], ...] = ()


class PortfolioService:
    """Portfolios for an actor."""

    def __init__(self, store: Store, rates: Rates, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._rates = rates
        self._clock = clock

    def inspect(
        self,
        actor: Actor,
        name: str,
        data: bytes,
        *,
        format: str = "auto",  # noqa: A002  # the CLI's and the readers' own word
        base_currency: str | None = None,
        region: str | None = None,
        columns: ColumnMapping | None = None,
        choices: TableChoices = NOTHING_SAID,
    ) -> Intake:
        """Read an uploaded file without keeping anything.

        Args:
            columns: Which column is which, for tables; without it, what is remembered for the header is used.
            choices: How a table is to be read, as far as a person said it.

        Raises:
            NeedsMapping: A table whose header is not known.
            UnreadableFile: Too large, a bomb, or no known format.
        """
        require(actor, Permission.PORTFOLIO_IMPORT)
        return read_bytes(
            name, data, format=format, base_currency=base_currency, region=region, rates=self._rates,
            today=self._today(), columns=columns, remembered=self._store.mappings.find, choices=choices,
        )  # fmt: skip

    def inspect_file(
        self,
        actor: Actor,
        path: Path,
        *,
        format: str = "auto",  # noqa: A002  # the CLI's and the readers' own word
        base_currency: str | None = None,
        region: str | None = None,
        columns: ColumnMapping | None = None,
        choices: TableChoices = NOTHING_SAID,
    ) -> Intake:
        """Read a file on disk without keeping anything; a large one takes less memory so. All else as `inspect`.

        Raises:
            NotFound: No such file.
            UnreadableFile: Also: a folder, a device, or not permitted.
        """
        require(actor, Permission.PORTFOLIO_IMPORT)
        return read_file(
            path, format=format, base_currency=base_currency, region=region, rates=self._rates, today=self._today(),
            columns=columns, remembered=self._store.mappings.find, choices=choices,
        )  # fmt: skip

    def keep(self, actor: Actor, intakes: Sequence[Intake]) -> ImportReport:
        """Store what was read. The same content again changes nothing; a newer date adds a snapshot."""
        require(actor, Permission.PORTFOLIO_IMPORT)
        portfolios = [portfolio for intake in intakes for portfolio in intake.portfolios]
        totals = {id(portfolio): total_value(portfolio, self._rates) for portfolio in portfolios}
        stored = self._store.portfolios.save(
            portfolios, lambda portfolio: totals[id(portfolio)], actor=actor.subject, at=self._clock()
        )
        return ImportReport(
            imported=tuple(
                _imported(portfolio, totals[id(portfolio)], one.change)
                for portfolio, one in zip(portfolios, stored, strict=True)
            ),
            problems=tuple(problem for intake in intakes for problem in intake.problems),
            notes=tuple(note for intake in intakes for note in intake.notes),
            kept=True,
        )

    def preview(self, actor: Actor, intakes: Sequence[Intake]) -> ImportReport:
        """What `keep` would bring in, without keeping it."""
        require(actor, Permission.PORTFOLIO_IMPORT)
        found = [portfolio for intake in intakes for portfolio in intake.portfolios]
        return ImportReport(
            imported=tuple(_imported(one, total_value(one, self._rates), ImportOutcome.UNCHANGED) for one in found),
            problems=tuple(problem for intake in intakes for problem in intake.problems),
            notes=tuple(note for intake in intakes for note in intake.notes),
            kept=False,
            tables=tuple((intake.file, table) for intake in intakes for table in intake.tables),
        )

    def add_samples(self, actor: Actor) -> ImportReport:
        """Store the sample portfolios with a simulated price history, both marked as such. Repeatable."""
        samples = sample_portfolios()
        end = max(portfolio.as_of for portfolio in samples)
        self._store.series.save(simulated_series(end), actor=actor.subject, at=self._clock())
        report = self.keep(actor, [Intake("samples", "sample", samples)])
        if all(one.change is ImportOutcome.UNCHANGED for one in report.imported):
            return report
        history = simulated_history(sample_lines(samples), end, HISTORY_YEARS, rates=self._rates)
        self._store.prices.save(history.values())
        return report

    def template(self) -> bytes:
        """An example of the canonical positions file."""
        return canonical_template()

    def page(
        self,
        actor: Actor,
        wanted: PortfolioFilter = EVERY_PORTFOLIO,
        *,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[PortfolioRow]:
        """Portfolios by name."""
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.portfolios.page(wanted, limit=limit, offset=offset)

    def count(self, actor: Actor, wanted: PortfolioFilter = EVERY_PORTFOLIO) -> int:
        """How many there are."""
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.portfolios.count(wanted)

    def count_by_region(self, actor: Actor) -> dict[str, int]:
        """How many there are of each region, by region."""
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.portfolios.count_by_region()

    def ids(self, actor: Actor) -> list[str]:
        """Every portfolio's id, by name."""
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.portfolios.ids()

    def get(self, actor: Actor, portfolio_id: str, *, as_of: date | None = None) -> Portfolio:
        """A portfolio with its holdings: the newest snapshot, or that of a day.

        Raises:
            NotFound: No such portfolio.
        """
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.portfolios.load([portfolio_id], as_of=as_of)[0]

    def days(self, actor: Actor, portfolio_id: str) -> list[date]:
        """Days of which there is a snapshot, oldest first."""
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.portfolios.days(portfolio_id)

    def analyses(self, actor: Actor, portfolio_id: str, *, limit: int = 20) -> list[tuple[str, Item]]:
        """The newest results about a portfolio: (job id, item)."""
        require(actor, Permission.JOB_READ)
        return self._store.items.of_portfolio(portfolio_id, limit=limit)

    def _today(self) -> date:
        return self._clock().date()


def _imported(portfolio: Portfolio, total: Decimal | None, change: ImportOutcome) -> Imported:
    return Imported(
        portfolio_id=portfolio.portfolio_id,
        name=portfolio.name,
        format=portfolio.source_format,
        as_of=portfolio.as_of,
        holdings=len(portfolio.holdings),
        total_value=total,
        currency=portfolio.base_currency,
        change=change,
    )
