"""What a person may ask about economic series, and what analyses may say of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import isclose
from pathlib import Path

from core.domain.actor import Actor
from core.domain.market import EconomicSeries, SeriesRow, SourceTerms, StoredConflict
from core.domain.portfolio import Problem
from core.drafts.indicators import Said, SeriesReading, _known_until, _other_series, _read, indicators_of
from core.errors import NotFound, UnreadableFile
from core.guard.access import Permission, require
from core.intake.market.series_files import (
    IRREGULAR,
    NO_LICENCE,
    SeriesIntake,
    frequency_of,
    read_series,
    read_series_file,
)
from core.metrics.series import WINDOWS_MONTHS, Correlation, correlation
from core.storage.store import Store

SAME = 1e-9
MAX_CONFLICTS = 1_000


@dataclass(frozen=True, slots=True)
class ImportedSeries:
    """What an import did to one series."""

    series_id: str
    title: str
    unit: str
    publisher: str
    licence: str
    may_prompt: bool
    first_day: date
    last_day: date
    added: int
    same: int
    replaced: int
    conflicts: int


@dataclass(frozen=True, slots=True)
class SeriesImport:
    """What an import did."""

    imported: tuple[ImportedSeries, ...]
    conflicts: tuple[StoredConflict, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    kept: bool


class SeriesService:
    """Economic series for an actor."""

    def __init__(self, store: Store, clock: Callable[[], datetime], fred: SourceTerms) -> None:
        self._store = store
        self._clock = clock
        self._fred = fred

    def inspect(self, actor: Actor, name: str, data: bytes, *, publisher: str = "", licence: str = "") -> SeriesIntake:
        """Read an uploaded file without keeping anything. Arguments as in `import_paths`.

        Raises:
            UnreadableFile: Too large, damaged, or no table of series.
        """
        require(actor, Permission.PORTFOLIO_READ)
        today = self._clock().date()
        return read_series(name, data, publisher=publisher, licence=licence, fred=self._fred, today=today)

    def import_paths(
        self,
        actor: Actor,
        paths: Sequence[Path],
        *,
        publisher: str = "",
        licence: str = "",
        replace_values: bool = False,
        dry_run: bool = False,
    ) -> SeriesImport:
        """Read files of series and keep their good observations. A file that cannot be read is one of the problems.

        Args:
            paths: CSV or Excel files.
            publisher: Of series for which a file names no source.
            licence: Of series for which a file names no licence; without one, a series stays out of prompts.
            replace_values: Let a newer value (a revision) take the place of a stored one that differs.
            dry_run: Keep nothing.
        """
        require(actor, Permission.PORTFOLIO_IMPORT)
        today = self._clock().date()
        intakes: list[SeriesIntake] = []
        for path in paths:
            try:
                intakes.append(
                    read_series_file(path, publisher=publisher, licence=licence, fred=self._fred, today=today)
                )
            except (UnreadableFile, NotFound) as error:
                intakes.append(SeriesIntake(path.name, problems=(Problem(path.name, None, "", "", str(error)),)))
        return self.keep(actor, intakes, replace_values=replace_values, dry_run=dry_run)

    def keep(
        self, actor: Actor, intakes: Sequence[SeriesIntake], *, replace_values: bool = False, dry_run: bool = False
    ) -> SeriesImport:
        """Join what was read to what is stored: a value that differs stays as it is unless replacing was asked for."""
        require(actor, Permission.PORTFOLIO_IMPORT)
        imported: list[ImportedSeries] = []
        conflicts: list[StoredConflict] = []
        problems: list[Problem] = []
        for intake in intakes:
            problems += intake.problems
            stored = self._store.series.load([one.series_id for one in intake.series])
            changed: list[EconomicSeries] = []
            for one in intake.series:
                before = stored.get(one.series_id)
                refusal = _other_series(before, one)
                if refusal and not replace_values:
                    problems.append(Problem(intake.file, None, one.series_id, "", refusal))
                    continue
                joined, row, differing = _joined(None if refusal else before, one, replace_values=replace_values)
                imported.append(row)
                conflicts += differing
                changed.append(joined)
            if not dry_run:
                self._store.series.save(changed, actor=actor.subject, at=self._clock())
        notes = [note for intake in intakes for note in intake.notes]
        if len(conflicts) > MAX_CONFLICTS:
            notes.append(f"Only the first {MAX_CONFLICTS:,} of {len(conflicts):,} conflicts are listed.")
        return SeriesImport(
            tuple(imported), tuple(conflicts[:MAX_CONFLICTS]), tuple(problems), tuple(notes), kept=not dry_run
        )

    def rows(self, actor: Actor) -> list[SeriesRow]:
        """What is stored, by id."""
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.series.rows()

    def get(self, actor: Actor, series_id: str) -> EconomicSeries:
        """One series.

        Raises:
            NotFound: No such series.
        """
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.series.get(series_id)

    def readings(self, actor: Actor, series_ids: Sequence[str]) -> dict[str, SeriesReading]:
        """Series by id with their newest value and its changes; ids that are not known are left out."""
        require(actor, Permission.PORTFOLIO_READ)
        found = self._store.series.load(series_ids)
        return {series_id: _read(one, self._clock().date()) for series_id, one in found.items()}

    def correlations(self, actor: Actor, first_id: str, second_id: str) -> tuple[Correlation, ...]:
        """How two series moved together over 12, 36 and 60 months, up to the older of their newest observations.

        Raises:
            NotFound: No such series.
        """
        require(actor, Permission.PORTFOLIO_READ)
        first, second = self._store.series.get(first_id), self._store.series.get(second_id)
        as_of = min(_known_until(first), _known_until(second), self._clock().date())
        return tuple(correlation(first, second, as_of, months) for months in WINDOWS_MONTHS)

    def indicators(self, actor: Actor, as_of: date, *, simulated: bool = False) -> Said:
        """Facts about the stored series as of a day, as prompts may state them; see `indicators_of`."""
        require(actor, Permission.PORTFOLIO_READ)
        return indicators_of(self._store, as_of, simulated=simulated)


def _joined(
    before: EconomicSeries | None, new: EconomicSeries, *, replace_values: bool
) -> tuple[EconomicSeries, ImportedSeries, list[StoredConflict]]:
    known = {} if before is None else dict(zip(before.days, before.values, strict=True))
    joined = dict(known)
    differing: list[StoredConflict] = []
    added = same = 0
    for day, value in zip(new.days, new.values, strict=True):
        if day not in known:
            added += 1
            joined[day] = value
        elif isclose(known[day], value, rel_tol=SAME, abs_tol=1e-12):
            same += 1
        else:
            differing.append(StoredConflict(new.series_id, day, known[day], value))
            if replace_values:
                joined[day] = value
    days = tuple(sorted(joined))
    series = replace(_described(before, new, days), days=days, values=tuple(joined[day] for day in days))
    replaced = len(differing) if replace_values else 0
    row = ImportedSeries(
        series.series_id,
        series.title,
        series.unit,
        series.publisher,
        series.licence,
        series.may_prompt,
        new.days[0],
        new.days[-1],
        added,
        same,
        replaced,
        0 if replace_values else len(differing),
    )
    return series, row, [] if replace_values else differing


def _described(before: EconomicSeries | None, new: EconomicSeries, days: tuple[date, ...]) -> EconomicSeries:
    """The series with what an earlier file said where the new one is silent, and its frequency by all its days."""
    frequency = frequency_of(days) if new.frequency == IRREGULAR else new.frequency
    if before is None:
        return replace(new, frequency=frequency)
    silent = new.licence == NO_LICENCE
    return replace(
        new,
        frequency=frequency,
        title=before.title if new.title == new.series_id else new.title,
        url=new.url or before.url,
        licence=before.licence if silent else new.licence,
        may_prompt=before.may_prompt if silent else new.may_prompt,
    )
