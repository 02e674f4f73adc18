"""What tools of a request may look at: its portfolio as it stood, stored prices and series, and the market sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from core.domain.fx import Rates
from core.domain.market import EconomicSeries, Filing, ReportedFact, SourceTerms
from core.domain.portfolio import DailyCloses, Portfolio
from core.domain.units import Badge
from core.drafts.fact_sheets import prices_of
from core.errors import NotFound
from core.intake.register.describing import Describer
from core.intake.register.instruments import Register
from core.market_sources.protocol import MarketData
from core.market_sources.sources import Sources
from core.metrics.prices import PriceHistory
from core.storage.store import Store


@dataclass(frozen=True, slots=True)
class Around:
    """The surroundings of one request (`core.analyses.tools.tool.Surroundings`)."""

    portfolio: Portfolio
    rates: Rates
    prices: PriceHistory
    store: Store
    sources: Sources

    def terms(self, source_id: str) -> SourceTerms:
        """What the owner of a source allows; refused where it is off."""
        with self._open(source_id) as source:
            return source.terms

    def closes(self, source_id: str, symbol: str, first: date, last: date) -> DailyCloses:
        """Daily closes from a source, not kept."""
        with self._open(source_id) as source:
            return source.history(symbol, first, last)

    def stored_series(self, series_id: str) -> EconomicSeries | None:
        """An economic series that somebody imported; the demo's only for samples."""
        found = self.store.series.load([series_id]).get(series_id)
        if found is not None and found.badge is Badge.SIMULATED and not self.portfolio.is_sample:
            return None
        return found

    def series(self, source_id: str, series_id: str, first: date, last: date) -> EconomicSeries:
        """An economic series from a source, not kept."""
        with self._open(source_id) as source:
            return source.series(series_id, first, last)

    def filings(self, company: str) -> list[Filing]:
        """The newest filings of a company."""
        with self._open("sec") as source:
            return source.filings(company)

    def reported(self, company: str) -> list[ReportedFact]:
        """What a company reported in XBRL."""
        with self._open("sec") as source:
            return source.reported(company)

    @contextmanager
    def _open(self, source_id: str) -> Iterator[MarketData]:
        source = self.sources.open(source_id)
        try:
            yield source
        finally:
            source.close()


class ToolRoom:
    """Makes surroundings. One for all requests of a process, so that each source is asked slowly enough."""

    def __init__(self, store: Store, rates: Rates, sources: Sources) -> None:
        self._store = store
        self._rates = rates
        self._sources = sources

    def around(self, portfolio_id: str, as_of: date) -> Around:
        """What tools see for a portfolio on a day, described by the register as its facts were.

        Raises:
            NotFound: The portfolio was deleted meanwhile.
        """
        (found,) = self._store.portfolios.load([portfolio_id], as_of=as_of)
        return self._arounds([found])[0]

    def around_each(self, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Around]:
        """`around` for many (portfolio id, ISO day), loaded together; those that were deleted are left out."""
        by_day: dict[str, list[str]] = {}
        for portfolio_id, day in dict.fromkeys(wanted):
            by_day.setdefault(day, []).append(portfolio_id)
        found: dict[tuple[str, str], Portfolio] = {}
        for day, ids in by_day.items():
            for portfolio in self._loaded(ids, date.fromisoformat(day)):
                found[portfolio.portfolio_id, day] = portfolio
        return dict(zip(found, self._arounds(list(found.values())), strict=True))

    def _loaded(self, ids: list[str], as_of: date) -> list[Portfolio]:
        try:
            return self._store.portfolios.load(ids, as_of=as_of)
        except NotFound:
            if len(ids) == 1:
                return []
            return [portfolio for one in ids for portfolio in self._loaded([one], as_of)]

    def _arounds(self, portfolios: Sequence[Portfolio]) -> list[Around]:
        describer = Describer(Register(self._store.instruments.all()))
        described = [describer.describe(one).portfolio for one in portfolios]
        prices = {
            samples: prices_of(self._store, [one for one in described if one.is_sample is samples], samples=samples)
            for samples in {one.is_sample for one in described}
        }
        return [Around(one, self._rates, prices[one.is_sample], self._store, self._sources) for one in described]
