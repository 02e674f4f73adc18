"""What a person may ask about prices: bring files in, see what is stored, forget it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from core.desk.price_merge import merge
from core.domain.actor import Actor
from core.domain.market import Anomaly, PriceRow, StoredConflict
from core.domain.portfolio import DailyCloses, Problem
from core.domain.units import Badge
from core.errors import NotFound, UnreadableFile
from core.guard.access import Permission, require
from core.intake.market.price_files import PriceIntake, read_price_file, read_prices
from core.intake.market.price_table import NO_OPTIONS, PriceOptions
from core.metrics.prices import PriceSeries
from core.storage.store import Store

MAX_CONFLICTS = 1_000
"""So many are listed; all are counted."""


@dataclass(frozen=True, slots=True)
class ImportedPrices:
    """What an import did to one symbol.

    Attributes:
        added: Days that are new.
        same: Days that were there already.
        replaced: Days whose close was replaced.
        conflicts: Days whose close differs and stayed as it was.
    """

    symbol: str
    currency: str
    first_day: date
    last_day: date
    added: int
    same: int
    replaced: int
    conflicts: int


@dataclass(frozen=True, slots=True)
class PriceImport:
    """What an import did."""

    imported: tuple[ImportedPrices, ...]
    conflicts: tuple[StoredConflict, ...]
    anomalies: tuple[Anomaly, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    kept: bool


class PriceService:
    """Prices for an actor. What comes in here is badged real: it is what a publisher stated, not what we made up."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def inspect(self, actor: Actor, name: str, data: bytes, options: PriceOptions = NO_OPTIONS) -> PriceIntake:
        """Read an uploaded file without keeping anything.

        Raises:
            UnreadableFile: Too large, damaged, or no table of prices.
        """
        require(actor, Permission.PORTFOLIO_READ)
        return read_prices(name, data, options, today=self._clock().date())

    def import_paths(
        self,
        actor: Actor,
        paths: Sequence[Path],
        options: PriceOptions = NO_OPTIONS,
        *,
        replace: bool = False,
        dry_run: bool = False,
    ) -> PriceImport:
        """Read price files and keep their good closes. A file that cannot be read is one of the problems.

        Args:
            paths: Later files win over earlier ones only with `replace`.
            options: What the files do not say themselves.
            replace: Let a newer close take the place of a stored one that differs.
            dry_run: Keep nothing, only say what would come in.
        """
        require(actor, Permission.PORTFOLIO_IMPORT)
        today = self._clock().date()
        intakes: list[PriceIntake] = []
        for path in paths:
            try:
                intakes.append(read_price_file(path, options, today=today))
            except (UnreadableFile, NotFound) as error:
                intakes.append(PriceIntake(path.name, problems=(Problem(path.name, None, "", "", str(error)),)))
        return self.keep(actor, intakes, replace=replace, dry_run=dry_run, accept_jumps=options.accept_jumps)

    def keep(
        self,
        actor: Actor,
        intakes: Sequence[PriceIntake],
        *,
        replace: bool = False,
        dry_run: bool = False,
        accept_jumps: bool = False,
    ) -> PriceImport:
        """Join what was read to what is stored; see `core.desk.price_merge` for what is refused."""
        require(actor, Permission.PORTFOLIO_IMPORT)
        imported: list[ImportedPrices] = []
        conflicts: list[StoredConflict] = []
        problems: list[Problem] = []
        for intake in intakes:
            problems += intake.problems
            stored = self._real([one.symbol for one in intake.series])
            changed: list[PriceSeries] = []
            for one in intake.series:
                merged = merge(stored.get(one.symbol), one, Badge.REAL, replace=replace, accept_jumps=accept_jumps)
                if merged.refusal:
                    problems.append(Problem(intake.file, None, one.symbol, "", merged.refusal))
                else:
                    conflicts += merged.conflicts
                    imported.append(
                        ImportedPrices(
                            one.symbol,
                            one.currency,
                            one.closes[0][0],
                            one.closes[-1][0],
                            merged.added,
                            merged.same,
                            merged.replaced,
                            len(merged.conflicts),
                        )
                    )
                if merged.series is not None:
                    changed.append(merged.series)
            if not dry_run:
                self._store.prices.save(changed, source=intake.file, at=self._clock(), actor=actor.subject)
        notes = [note for intake in intakes for note in intake.notes]
        if len(conflicts) > MAX_CONFLICTS:
            notes.append(f"Only the first {MAX_CONFLICTS:,} of {len(conflicts):,} conflicts are listed.")
        return PriceImport(
            tuple(imported),
            tuple(conflicts[:MAX_CONFLICTS]),
            tuple(odd for intake in intakes for odd in intake.anomalies),
            tuple(problems),
            tuple(notes),
            kept=not dry_run,
        )

    def keep_closes(
        self, actor: Actor, file: str, closes: Sequence[DailyCloses], *, replace: bool = False
    ) -> PriceImport:
        """Keep price histories that another file or a source brought along; see `keep` for what is replaced."""
        good = tuple(one for one in closes if one.closes)
        return self.keep(actor, [PriceIntake(file, good)], replace=replace)

    def rows(self, actor: Actor, *, search: str = "") -> list[PriceRow]:
        """What is stored, by symbol."""
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.prices.rows(search=search)

    def series(self, actor: Actor, symbol: str) -> list[PriceSeries]:
        """The stored series of a symbol: the real one, the simulated one, or both.

        Raises:
            NotFound: There is none.
        """
        require(actor, Permission.PORTFOLIO_READ)
        found = {
            history[symbol].badge: history[symbol]
            for simulated_first in (False, True)
            if symbol in (history := self._store.prices.load([symbol], simulated_first=simulated_first))
        }
        if not found:
            raise NotFound(f"There are no prices of '{symbol}'. Bring some in with: mosychlos prices import FILE")
        return list(found.values())

    def remove(self, actor: Actor, symbol: str) -> None:
        """Forget the real prices of a symbol.

        Raises:
            NotFound: There are none.
        """
        require(actor, Permission.PORTFOLIO_IMPORT)
        gone = [self._store.prices.remove(symbol, badge) for badge in (Badge.REAL, Badge.DERIVED)]
        if not any(gone):
            raise NotFound(f"There are no imported prices of '{symbol}'. See what there is with: mosychlos prices list")

    def _real(self, symbols: Sequence[str]) -> dict[str, PriceSeries]:
        history = self._store.prices.load(symbols)
        return {symbol: one for symbol, one in history.items() if one.badge is not Badge.SIMULATED}
