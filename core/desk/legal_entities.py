"""What a person may ask about legal entities: keep what registers say of issuers, and see how much is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

from core.domain.actor import Actor
from core.domain.issuers import IssuerLinks
from core.domain.portfolio import Problem
from core.errors import UnreadableFile
from core.guard.access import Permission, require
from core.intake.funds.legal_entities import EntityReading, Held, read_entities, read_entities_file
from core.intake.register.instruments import Register
from core.storage.portfolios.legal_entities import EntityCounts
from core.storage.store import Store

_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class KeptRegister:
    """One file that came in: what it is, how many rows it has and how many were kept."""

    file: str
    kind: str
    rows: int
    kept: int


@dataclass(frozen=True, slots=True)
class EntityImport:
    """What importing registers did."""

    kept: tuple[KeptRegister, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


class EntityService:
    """Legal entities for an actor."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def import_paths(self, actor: Actor, paths: Sequence[Path]) -> EntityImport:
        """Read files of GLEIF and keep what they say. One that cannot be read is one of the problems.

        Raises:
            NotFound: No such file.
        """
        require(actor, Permission.PORTFOLIO_IMPORT)
        whole = EntityImport()
        for path in paths:
            try:
                done = self._keep(read_entities_file(path, self._held()))
            except UnreadableFile as error:
                done = EntityImport(problems=(Problem(path.name, None, "", "", str(error)),))
            whole = EntityImport(whole.kept + done.kept, whole.problems + done.problems, whole.notes + done.notes)
        return whole

    def add(self, actor: Actor, name: str, data: bytes) -> EntityImport:
        """Keep what an uploaded file says.

        Raises:
            UnreadableFile: No register that is understood.
        """
        require(actor, Permission.PORTFOLIO_IMPORT)
        return self._keep(read_entities(name, BytesIO(data), self._held()))

    def counts(self, actor: Actor) -> EntityCounts:
        """How much is kept."""
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.entities.counts()

    def _keep(self, reading: EntityReading) -> EntityImport:
        links = IssuerLinks(reading.leis, reading.names, reading.parents)
        self._store.entities.keep(links, reading.ended, at=self._clock())
        kept = len(reading.leis) + len(reading.names) + len(reading.parents)
        one = KeptRegister(reading.file, reading.kind.value, reading.rows, kept)
        return EntityImport((one,), reading.problems, reading.notes)

    def _held(self) -> Held:
        """Codes of all lines: of portfolios' newest days, of funds and of the register."""
        isins = {row.isin for row in Register(self._store.instruments.all()).instruments()}
        links = self._store.entities.links()
        leis = {*links.leis.values(), *links.parents.values()}
        ids = [row.portfolio_id for row in self._store.portfolios.page()]
        for start in range(0, len(ids), _AT_ONCE):
            for portfolio in self._store.portfolios.load(ids[start : start + _AT_ONCE]):
                isins |= {line.isin for line in portfolio.holdings}
                leis |= {line.terms.lei for line in portfolio.holdings}
        for fund in self._store.funds.rows():
            report = self._store.funds.report(fund.fund_id)
            isins |= {line.isin for line in report.lines}
            leis |= {line.lei for line in report.lines}
        return Held(frozenset(isins - {""}), frozenset(leis - {""}))
