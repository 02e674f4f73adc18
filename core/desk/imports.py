"""What a person may ask about files on their way in: look, say which column is which, keep, and what is remembered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from core.desk.portfolios import ImportReport, PortfolioService
from core.desk.prices import PriceService
from core.domain.actor import Actor
from core.domain.portfolio import Intake, Problem
from core.errors import BadInput, NotFound, UnreadableFile
from core.guard.access import Permission, require
from core.intake.opening.files import bytes_of
from core.intake.reading import survey_bytes
from core.intake.tables.choices import NOTHING_SAID, TableChoices
from core.intake.tables.column_mapping import ColumnMapping, faults_of
from core.intake.tables.mapping import mapping_from
from core.intake.tables.surveying import Survey
from core.storage.portfolios.mappings import RememberedMapping
from core.storage.store import Store

READABLE = frozenset(
    {
        ".csv", ".tsv", ".xlsx", ".xls", ".xlsb", ".ods", ".zip", ".xml", ".yaml", ".yml", ".json", ".txt",
        ".ofx", ".qfx", ".beancount", ".bean", ".portfolio",
    }
)  # fmt: skip
"""Endings that are read when a folder is given; a file named itself is always tried."""


class ImportService:
    """Imports for an actor."""

    def __init__(
        self, store: Store, portfolios: PortfolioService, prices: PriceService, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._portfolios = portfolios
        self._prices = prices
        self._clock = clock

    def survey(self, actor: Actor, name: str, data: bytes, choices: TableChoices = NOTHING_SAID) -> Survey:
        """Look at a table: its header, its first rows, what its columns probably are, and which others there are.

        Raises:
            UnreadableFile: Refused as a whole, or no table.
        """
        require(actor, Permission.PORTFOLIO_IMPORT)
        return survey_bytes(name, data, choices)

    def remembered(self, actor: Actor, fingerprint: str) -> ColumnMapping | None:
        """The mapping that was confirmed for a header, or None."""
        require(actor, Permission.PORTFOLIO_IMPORT)
        return self._store.mappings.find(fingerprint)

    def remember(self, actor: Actor, survey: Survey, mapping: ColumnMapping) -> None:
        """Keep a mapping for every later file with this header, whoever imports it.

        Raises:
            BadInput: The mapping cannot be read; every fault is named.
        """
        require(actor, Permission.PORTFOLIO_IMPORT)
        faults = faults_of(mapping, len(survey.header))
        if faults:
            raise BadInput(" ".join(faults))
        self._store.mappings.keep(
            RememberedMapping(survey.fingerprint, survey.header, mapping, actor.subject, self._clock())
        )

    def mappings(self, actor: Actor) -> list[RememberedMapping]:
        """Every mapping that is remembered, the newest first."""
        require(actor, Permission.PORTFOLIO_IMPORT)
        return self._store.mappings.all()

    def forget(self, actor: Actor, fingerprint: str) -> None:
        """Drop a remembered mapping.

        Raises:
            NotFound: There is none for this header.
        """
        require(actor, Permission.PORTFOLIO_IMPORT)
        if not self._store.mappings.forget(fingerprint):
            raise NotFound(f"No mapping is remembered under '{fingerprint}'.")

    def keep(self, actor: Actor, intakes: Sequence[Intake]) -> ImportReport:
        """Store what was read: portfolios, and the price histories that a file brought along, badged real.

        The same content again changes nothing; a newer date adds a snapshot; no stored close is replaced.
        """
        report = self._portfolios.keep(actor, intakes)
        notes = list(report.notes)
        problems = list(report.problems)
        for intake in intakes:
            if not intake.prices:
                continue
            kept = self._prices.keep_closes(actor, intake.file, intake.prices)
            problems += kept.problems
            added = sum(one.added for one in kept.imported)
            notes.append(f"'{intake.file}' brought {added:,} new daily closes of {len(kept.imported):,} symbols.")
            if kept.conflicts:
                notes.append(
                    f"{len(kept.conflicts):,} closes of '{intake.file}' differ from stored ones, which were kept."
                )
        return ImportReport(report.imported, tuple(problems), tuple(notes), report.kept)

    def import_paths(
        self,
        actor: Actor,
        paths: Sequence[Path],
        *,
        format: str = "auto",  # noqa: A002  # the CLI's and the readers' own word
        base_currency: str | None = None,
        region: str | None = None,
        columns: Sequence[str] = (),
        choices: TableChoices = NOTHING_SAID,
        dry_run: bool = False,
        strict: bool = False,
    ) -> ImportReport:
        """Read files and folders and keep their good rows.

        A file that cannot be read is one of the problems, and the others still come in.

        Args:
            columns: Pairs "column=field" that correct the guess for tables with headers of their own
                (`core.intake.tables.mapping.mapping_from`); remembered for these headers unless nothing is kept.
            choices: How tables are to be read, as far as a person said it for these files.
            dry_run: Keep nothing, only say what would come in.
            strict: Keep nothing at all if there is any problem.

        Raises:
            BadInput: A path does not exist, a folder holds nothing readable, or a mapping cannot work.
        """
        require(actor, Permission.PORTFOLIO_IMPORT)
        intakes: list[Intake] = []
        confirmed: list[tuple[Survey, ColumnMapping]] = []
        files, left_out = _files(paths)
        intakes += (Intake(one.file, "", (), (one,)) for one in left_out)
        for path in files:
            try:
                mapping: ColumnMapping | None = None
                if columns:
                    found = survey_bytes(path.name, bytes_of(path), choices)
                    mapping = mapping_from(columns, found)
                    confirmed.append((found, mapping))
                intakes.append(
                    self._portfolios.inspect_file(
                        actor,
                        path,
                        format=format,
                        base_currency=base_currency,
                        region=region,
                        columns=mapping,
                        choices=choices,
                    )
                )
            except UnreadableFile as error:
                intakes.append(Intake(path.name, "", (), (Problem(path.name, None, "", "", str(error)),)))
        troubled = any(intake.problems for intake in intakes)
        if dry_run or (strict and troubled):
            return self._portfolios.preview(actor, intakes if dry_run else [_problems_only(one) for one in intakes])
        for found, mapping in confirmed:
            self.remember(actor, found, mapping)
        return self.keep(actor, intakes)


def _problems_only(intake: Intake) -> Intake:
    return Intake(intake.file, intake.format, (), intake.problems, intake.notes)


def _files(paths: Sequence[Path]) -> tuple[list[Path], list[Problem]]:
    """What is read, and what lies in a given folder but is not of it."""
    found: list[Path] = []
    left_out: list[Problem] = []
    for path in paths:
        if path.is_dir():
            inside, outside = _of_folder(path)
            if not inside and not outside:
                raise BadInput(f"The folder '{path}' holds no file that could be read ({', '.join(sorted(READABLE))}).")
            found += inside
            left_out += outside
        elif path.exists():
            found.append(path)
        else:
            raise BadInput(f"There is no file '{path}'. Check the spelling, or give the full path.")
    return found, left_out


def _of_folder(folder: Path) -> tuple[list[Path], list[Problem]]:
    """Files of a folder and of those inside it. A link is followed to a file of the same folder only: whoever gives a
    folder away for reading gives away what is in it, not what somebody's link in it points to."""
    root = folder.resolve()
    files: list[Path] = []
    outside: list[Problem] = []
    for path in sorted(folder.rglob("*")):
        if path.is_dir() and path.is_symlink():
            outside.append(_link(folder, path, "a link to a folder, and those are not followed"))
        elif path.is_file() and path.suffix.lower() in READABLE:
            if path.resolve().is_relative_to(root):
                files.append(path)
            else:
                outside.append(_link(folder, path, "a link that leads out of the folder"))
    return files, outside


def _link(folder: Path, path: Path, what: str) -> Problem:
    name = str(path.relative_to(folder))
    return Problem(name, None, "", "", f"'{name}' is {what}. It was not read. To import it, name what it points to.")
