"""What a person may ask of market data sources, and what of their answers is kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from core.desk.prices import PriceImport, PriceService
from core.desk.series import SeriesService
from core.domain.actor import Actor
from core.domain.market import (
    EconomicSeries,
    Fetched,
    Filing,
    InstrumentProfile,
    PriceQuote,
    ReferenceRate,
    ReportedFact,
    SourceOffer,
    SourceState,
)
from core.domain.portfolio import DailyCloses
from core.errors import ProviderError
from core.guard.access import Permission, require
from core.intake.market.series_files import SeriesIntake
from core.market_sources.ecb import history_zip, joined, rates_of
from core.market_sources.protocol import MarketData
from core.market_sources.sources import Sources
from core.storage.store import Store

T = TypeVar("T")

RATES_FILE = "eurofxref-hist.zip"

FRESH = {
    SourceOffer.QUOTES: timedelta(minutes=15),
    SourceOffer.PROFILE: timedelta(days=30),
    SourceOffer.FILINGS: timedelta(days=1),
    SourceOffer.HISTORY: timedelta(days=4),
    SourceOffer.SERIES: timedelta(days=45),
    SourceOffer.FX: timedelta(days=4),
}
"""Up to this age a stored answer is given without asking again; one that is older is called stale."""


@dataclass(frozen=True, slots=True)
class NewRates:
    """What fetching reference rates did.

    Attributes:
        days: How many days were new.
        last_day: The newest day there is now.
    """

    days: int
    last_day: date


@dataclass(frozen=True, slots=True)
class Contact:
    """What is stored of a source's answers.

    Attributes:
        at: When the newest of them was given. An answer that may not be stored leaves no trace here.
        items: How many answers, price histories and series of it there are.
    """

    at: datetime
    items: int


class MarketService:
    """Sources for an actor. What may not be stored is handed on and forgotten; what is off is not asked."""

    def __init__(
        self,
        store: Store,
        sources: Sources,
        prices: PriceService,
        series: SeriesService,
        home: Path,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._sources = sources
        self._prices = prices
        self._series = series
        self._home = home
        self._clock = clock

    def sources(self, actor: Actor) -> tuple[SourceState, ...]:
        """Every source with its terms, and how to switch on what is off."""
        require(actor, Permission.PORTFOLIO_READ)
        return self._sources.states()

    def contacts(self, actor: Actor) -> dict[str, Contact]:
        """By source: when it last gave something that is stored. Sources of which nothing is stored are missing."""
        require(actor, Permission.PORTFOLIO_READ)
        given = [(source_id, at, items) for source_id, (at, items) in self._store.market.newest().items()]
        given += [(row.source, row.updated_at, 1) for row in self._store.prices.rows() if row.updated_at is not None]
        given += [(row.source_id, row.fetched_at, 1) for row in self._store.series.rows()]
        newer = rates_file(self._home)
        if newer is not None:
            given.append(("ecb", datetime.fromtimestamp(newer.stat().st_mtime, UTC), 1))
        known = {state.terms.source_id for state in self._sources.states()}
        found: dict[str, Contact] = {}
        for source_id, at, items in given:
            if source_id in known:
                before = found.get(source_id, Contact(at, 0))
                found[source_id] = Contact(max(before.at, at), before.items + items)
        return found

    def history(
        self, actor: Actor, source_id: str, symbol: str, first: date, last: date, *, replace: bool = False
    ) -> tuple[Fetched[DailyCloses], PriceImport | None]:
        """Daily closes from a source, joined to the stored ones where its terms allow storing.

        Raises:
            Refused: The source is off.
            ProviderError: It did not answer, or refused.
        """
        require(actor, Permission.PORTFOLIO_IMPORT)
        source = self._sources.open(source_id)
        try:
            closes = source.history(symbol, first, last)
        finally:
            source.close()
        kept = None
        if source.terms.may_store:
            kept = self._prices.keep_closes(actor, source_id, [closes], replace=replace)
        return self._fetched(closes, source, SourceOffer.HISTORY, closes.closes[-1][0], stored=kept is not None), kept

    def series(self, actor: Actor, source_id: str, series_id: str, first: date, last: date) -> Fetched[EconomicSeries]:
        """An economic series from a source; stored only where its terms allow that.

        Raises:
            Refused: The source is off.
            ProviderError: It did not answer, or refused.
        """
        require(actor, Permission.PORTFOLIO_IMPORT)
        source = self._sources.open(source_id)
        try:
            series = source.series(series_id, first, last)
        finally:
            source.close()
        note = "" if source.terms.may_store else f"Not stored. {source.terms.terms}"
        if source.terms.may_store:
            report = self._series.keep(actor, [SeriesIntake(source_id, (series,))], replace_values=True)
            note = " ".join(problem.message for problem in report.problems)
        stored = source.terms.may_store and not note
        return self._fetched(series, source, SourceOffer.SERIES, series.days[-1], stored=stored, note=note)

    def quotes(
        self, actor: Actor, source_id: str, symbols: Sequence[str], *, refresh: bool = False
    ) -> Fetched[list[PriceQuote]]:
        """Last prices; at most 15 minutes old without asking again."""
        item = ",".join(symbols)
        return self._answer(
            actor,
            source_id,
            SourceOffer.QUOTES,
            item,
            list[PriceQuote],
            lambda source: source.quotes(symbols),
            refresh=refresh,
        )

    def profile(
        self, actor: Actor, source_id: str, symbol: str, *, refresh: bool = False
    ) -> Fetched[InstrumentProfile]:
        """What an instrument is; at most a month old without asking again."""
        return self._answer(
            actor,
            source_id,
            SourceOffer.PROFILE,
            symbol,
            InstrumentProfile,
            lambda source: source.profile(symbol),
            refresh=refresh,
        )

    def filings(self, actor: Actor, source_id: str, company: str, *, refresh: bool = False) -> Fetched[list[Filing]]:
        """The newest filings of a company, by CIK or ticker; at most a day old without asking again."""
        return self._answer(
            actor,
            source_id,
            SourceOffer.FILINGS,
            company.upper(),
            list[Filing],
            lambda source: source.filings(company),
            refresh=refresh,
        )

    def reported(self, actor: Actor, source_id: str, company: str) -> Fetched[list[ReportedFact]]:
        """What a company reported in XBRL. Asked for each time: it is too much to keep for what it is used for."""
        require(actor, Permission.PORTFOLIO_READ)
        source = self._sources.open(source_id)
        try:
            facts = source.reported(company)
        finally:
            source.close()
        newest = max((one.end for one in facts), default=None)
        return self._fetched(facts, source, SourceOffer.FILINGS, newest, stored=False)

    def rates(self, actor: Actor) -> Fetched[NewRates]:
        """Bring in reference rates newer than those we have; later calls for rates then use them.

        Raises:
            ProviderError: The file is none of the ECB's, or contradicts the rates we have.
        """
        require(actor, Permission.PORTFOLIO_IMPORT)
        source = self._sources.open("ecb")
        try:
            newer = source.fx()
        finally:
            source.close()
        known = rates_of(_bundled_or_newer(self._home).read_bytes())
        rates, days = joined(known, newer)
        if days:
            _write(self._home / RATES_FILE, history_zip(rates))
        last = rates[-1].day
        return self._fetched(NewRates(days, last), source, SourceOffer.FX, last, stored=True)

    def _answer(
        self,
        actor: Actor,
        source_id: str,
        kind: SourceOffer,
        item: str,
        shape: type[T],
        ask: Callable[[MarketData], T],
        *,
        refresh: bool,
    ) -> Fetched[T]:
        """The stored answer while it is fresh, else a new one; an old one with a note where the source fails."""
        require(actor, Permission.PORTFOLIO_READ)
        source = self._sources.open(source_id)
        try:
            kept = self._store.market.find(source_id, kind.value, item) if source.terms.may_store else None
            now = self._clock()
            if kept is not None and not refresh and now - kept.fetched_at <= FRESH[kind]:
                value = msgspec.convert(kept.body, shape)
                return Fetched(value, source_id, kept.as_of, kept.fetched_at, stored=True, stale=False)
            try:
                value = ask(source)
            except ProviderError as error:
                if kept is None:
                    raise
                stale = now - kept.fetched_at > FRESH[kind]
                old = msgspec.convert(kept.body, shape)
                return Fetched(old, source_id, kept.as_of, kept.fetched_at, stored=True, stale=stale, note=str(error))
            as_of = _newest(value)
            if source.terms.may_store:
                body = msgspec.to_builtins(value)
                self._store.market.keep(source_id, kind.value, item, body, as_of=as_of, at=now)
            return Fetched(value, source_id, as_of, now, stored=source.terms.may_store, stale=False)
        finally:
            source.close()

    def _fetched(
        self, value: T, source: MarketData, kind: SourceOffer, as_of: date | None, *, stored: bool, note: str = ""
    ) -> Fetched[T]:
        now = self._clock()
        stale = as_of is not None and now.date() - as_of > FRESH[kind] + timedelta(days=1)
        return Fetched(value, source.terms.source_id, as_of, now, stored, stale, note)


def rates_file(home: Path) -> Path | None:
    """Reference rates that were brought in later than the bundled ones; None where there are none."""
    path = home / RATES_FILE
    return path if path.is_file() else None


def _bundled_or_newer(home: Path) -> Path:
    newer = rates_file(home)
    if newer is not None:
        return newer
    from currency_converter import CURRENCY_FILE

    return Path(CURRENCY_FILE)


def _write(path: Path, data: bytes) -> None:
    """Replace a file in one step, so that a reader sees the old one or the new one."""
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(data)
    part.chmod(0o600)
    part.replace(path)


def _newest(value: Any) -> date | None:
    """The newest day that an answer speaks of."""
    if isinstance(value, list):
        return max((day for one in value if (day := _newest(one)) is not None), default=None)
    if isinstance(value, PriceQuote):
        return value.at.date()
    if isinstance(value, Filing):
        return value.filed
    if isinstance(value, ReferenceRate):
        return value.day
    return None
