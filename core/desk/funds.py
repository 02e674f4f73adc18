"""What a person may ask about funds: keep what they hold, say by which codes holdings name them, look."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from core.domain.actor import Actor
from core.domain.fund import FundCodes, FundReading, FundReport
from core.domain.portfolio import Problem
from core.errors import BadInput, UnreadableFile
from core.guard.access import Permission, require
from core.intake.cells.codes import isin_fault
from core.intake.cells.names import one_line, portfolio_id_of
from core.intake.funds.reading import read_fund
from core.intake.opening.files import bytes_of
from core.storage.portfolios.funds import FundDay
from core.storage.portfolios.portfolios import ImportOutcome
from core.storage.store import Store

_SYMBOL_CHARS = 40
_SERIES = re.compile(r"S\d{9}")
_FAMILY = "fund"


@dataclass(frozen=True, slots=True)
class KeptFund:
    """One report that came in."""

    file: str
    fund_id: str
    name: str
    as_of: date
    change: ImportOutcome
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FundImport:
    """What importing files of funds did."""

    kept: tuple[KeptFund, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


class FundService:
    """Fund holdings for an actor. They stand apart from portfolios, which only the look-through puts beside them."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def inspect(self, actor: Actor, name: str, data: bytes, *, as_of: date | None = None) -> FundReading:
        """Read a file and keep nothing.

        Args:
            as_of: The day of a list that does not say it.

        Raises:
            UnreadableFile: Refused as a whole.
        """
        require(actor, Permission.PORTFOLIO_IMPORT)
        return read_fund(name, data, today=self._clock().date(), as_of=as_of)

    def keep(self, actor: Actor, reading: FundReading, codes: Collection[str] = ()) -> FundImport:
        """Keep what was read; the same again changes nothing, and a newer day leaves the older ones.

        Args:
            codes: ISINs and symbols by which holdings name the fund, beside what the file itself says.

        Raises:
            BadInput: A code is none, or the codes are those of several funds. Nothing is stored then.
        """
        require(actor, Permission.PORTFOLIO_IMPORT)
        report = reading.report
        if report is None:
            return FundImport(problems=reading.problems, notes=reading.notes)
        said = codes_of(codes)
        named = FundCodes(
            (*said.isins, *reading.codes.isins), (*said.symbols, *reading.codes.symbols), reading.codes.series_id
        )
        stored = self._store.funds.save(
            report,
            named,
            named.series_id or portfolio_id_of(_FAMILY, (*named.all(), report.name)[0]),
            actor=actor.subject,
            at=self._clock(),
        )
        bound = next(iter(self._store.funds.rows(stored.fund_id))).codes
        notes = list(reading.notes)
        if not [code for code in bound if not _SERIES.fullmatch(code)]:
            notes.append(
                f"No holding is known to be of '{report.name}', because its file names neither ISIN nor symbol. Say by "
                "which of them your holdings name it."
            )
        kept = KeptFund(reading.file, stored.fund_id, report.name, report.as_of, stored.change, bound)
        return FundImport((kept,), reading.problems, tuple(notes))

    def import_paths(
        self,
        actor: Actor,
        paths: Sequence[Path],
        *,
        codes: Collection[str] = (),
        as_of: date | None = None,
        dry_run: bool = False,
    ) -> FundImport:
        """Read files and keep what they say. A file that cannot be read is one of the problems.

        Raises:
            BadInput: Codes for several files, a code that is none, or no such file.
        """
        require(actor, Permission.PORTFOLIO_IMPORT)
        if codes and len(paths) > 1:
            raise BadInput("ISINs and symbols name one fund. Import its file alone, or name them with: fund bind")
        codes_of(codes)
        whole = FundImport()
        for path in paths:
            try:
                reading = self.inspect(actor, path.name, bytes_of(path), as_of=as_of)
                done = _only_read(reading) if dry_run else self.keep(actor, reading, codes)
            except UnreadableFile as error:
                done = FundImport(problems=(Problem(path.name, None, "", "", str(error)),))
            whole = FundImport(whole.kept + done.kept, whole.problems + done.problems, whole.notes + done.notes)
        return whole

    def bind(self, actor: Actor, fund_id: str, codes: Collection[str]) -> None:
        """Let holdings with these ISINs or symbols be shares of a fund.

        Raises:
            NotFound: No such fund.
            BadInput: A code is none, or another fund's.
        """
        require(actor, Permission.PORTFOLIO_IMPORT)
        self._store.funds.bind(fund_id, codes_of(codes).all(), actor=actor.subject, at=self._clock())

    def delete(self, actor: Actor, fund_id: str) -> None:
        """Take a fund away with all its days.

        Raises:
            NotFound: No such fund.
        """
        require(actor, Permission.PORTFOLIO_EDIT)
        self._store.funds.delete(fund_id)

    def rows(self, actor: Actor) -> list[FundDay]:
        """Every fund with its newest day, by name."""
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.funds.rows()

    def days(self, actor: Actor, fund_id: str) -> list[FundDay]:
        """Every day of a fund, the newest first; none of a fund that is not there."""
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.funds.rows(fund_id)

    def report(self, actor: Actor, fund_id: str, as_of: date | None = None) -> FundReport:
        """A day of a fund with its lines, the heaviest first; the newest where none is named.

        Raises:
            NotFound: No such fund or day.
        """
        require(actor, Permission.PORTFOLIO_READ)
        found = self._store.funds.report(fund_id, as_of)
        return replace(found, lines=tuple(sorted(found.lines, key=lambda line: (-abs(line.weight_pct), line.name))))


def codes_of(texts: Collection[str]) -> FundCodes:
    """ISINs and symbols as a person gave them.

    Raises:
        BadInput: A text of twelve characters that looks like an ISIN and is none, or no code at all.
    """
    isins: list[str] = []
    symbols: list[str] = []
    for text in texts:
        code = one_line(text).upper()
        if not code or len(code) > _SYMBOL_CHARS or " " in code:
            raise BadInput(f"'{text[:60]}' is no ISIN and no symbol. For example: IE00B4L5Y983 or VTI")
        fault = isin_fault(code)
        if fault is None:
            isins.append(code)
        elif len(code) == 12 and code[:2].isalpha() and code.isalnum():
            raise BadInput(f"'{code}' {fault}.")
        else:
            symbols.append(code)
    return FundCodes(tuple(dict.fromkeys(isins)), tuple(dict.fromkeys(symbols)))


def _only_read(reading: FundReading) -> FundImport:
    report = reading.report
    told = () if report is None else (f"'{report.name}' of {report.as_of} would be kept.",)
    return FundImport((), reading.problems, (*reading.notes, *told))
