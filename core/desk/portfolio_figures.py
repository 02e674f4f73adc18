"""What a person may ask to see of a portfolio beyond its fact sheet: any metrics, series, correlations, its past."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.domain.actor import Actor
from core.domain.facts import FactSheet
from core.domain.fx import Rates
from core.domain.issuers import with_entities
from core.domain.portfolio import Portfolio
from core.drafts.fact_sheets import prices_of, sheets_of, total_value
from core.drafts.fund_shelves import look_through_of
from core.guard.access import Permission, require
from core.intake.register.describing import Describer
from core.intake.register.instruments import Register
from core.metrics.calendar_years import YearReturn, calendar_years
from core.metrics.definitions import MetricGroup
from core.metrics.lookthrough import FundSeen
from core.metrics.prices import PriceHistory
from core.metrics.tools import (
    CorrelationMatrix,
    NoSeries,
    ReturnSeries,
    benchmark_series,
    correlation_analyzer,
    return_series,
)
from core.metrics.valuation import Valuer, holding_facts
from core.storage.portfolios.versions import Versions
from core.storage.store import Store


@dataclass(frozen=True, slots=True)
class PortfolioPast:
    """The past of the present holdings, and of their benchmark on the same days.

    Attributes:
        own: None where prices do not allow it; `why` then is the reason.
        benchmark: None where there is none or prices do not allow it; `why_no_benchmark` then is the reason. It may
            begin later than `own`, and ends on the same day.
        years, benchmark_years: Returns by calendar year.
    """

    own: ReturnSeries | None
    benchmark: ReturnSeries | None
    years: tuple[YearReturn, ...] = ()
    benchmark_years: tuple[YearReturn, ...] = ()
    why: str = ""
    why_no_benchmark: str = ""


@dataclass(frozen=True, slots=True)
class DayRow:
    """One stored day of a portfolio.

    Attributes:
        total_value: In `base_currency`; None where a rate is missing.
        revisions: How often the day was imported or edited.
    """

    day: date
    total_value: Decimal | None
    base_currency: str
    holdings: int
    revisions: int


@dataclass(frozen=True, slots=True)
class FundsSeen:
    """The funds of a portfolio and how far they are looked through.

    Attributes:
        funds: The heaviest first.
        coverage: Percent of their value that is looked through.
        statement: That, and the days of the reports, as a sentence; "" where nothing is known of any.
        identified: Percent of the issuers' value that is told by LEI.
        why_not: Why no figure is stated, as a sentence; "" where enough is looked through.
    """

    funds: tuple[FundSeen, ...]
    coverage: float
    statement: str
    identified: float
    why_not: str


@dataclass(frozen=True, slots=True)
class Together:
    """How positions move together.

    Attributes:
        matrix: None where prices do not allow it; `why` then is the reason.
        left_out: Positions beyond the largest ones that were asked for.
    """

    matrix: CorrelationMatrix | None
    left_out: int = 0
    why: str = ""


class PortfolioFigures:
    """Figures for an actor. A day that is not given is the newest."""

    def __init__(self, store: Store, rates: Rates) -> None:
        self._store = store
        self._rates = rates
        self._versions = Versions(store.database)

    def stamp(self, actor: Actor, portfolio: Portfolio) -> str:
        """A text under which figures of this portfolio may be kept: it changes when anything they are made of does."""
        require(actor, Permission.PORTFOLIO_READ)
        symbols = {line.symbol for line in portfolio.holdings} | {symbol for symbol, _ in portfolio.benchmark}
        return f"{portfolio.as_of}|{self._versions.stamp(portfolio.portfolio_id, symbols)}"

    def sheet(
        self, actor: Actor, portfolio_id: str, *, groups: Collection[MetricGroup], as_of: date | None = None
    ) -> FactSheet:
        """The facts of some groups of metrics.

        Raises:
            NotFound: No such portfolio or day.
        """
        require(actor, Permission.PORTFOLIO_READ)
        return sheets_of(self._store, self._rates, [self._load(portfolio_id, as_of)], groups=groups)[0]

    def funds(self, actor: Actor, portfolio_id: str, *, as_of: date | None = None) -> FundsSeen | None:
        """How far a portfolio's funds can be looked through; None where it has none, or its lines cannot be weighed.

        Raises:
            NotFound: No such portfolio or day.
        """
        require(actor, Permission.PORTFOLIO_READ)
        register = Register(self._store.instruments.all())
        described = Describer(register).describe(self._load(portfolio_id, as_of)).portfolio
        portfolio = with_entities(described, self._store.entities.links())
        valuation = Valuer(self._rates).value(portfolio)
        looking = look_through_of(self._store, [portfolio], register)
        if valuation.total is None or valuation.why_no_shares or not any(map(looking.is_fund, portfolio.holdings)):
            return None
        looked = looking.look(portfolio, holding_facts(portfolio, valuation))
        statement = looked.statement if looked.days else ""
        return FundsSeen(looked.funds, looked.coverage, statement, looked.identified, looked.why_not)

    def past(self, actor: Actor, portfolio_id: str, *, as_of: date | None = None) -> PortfolioPast:
        """Daily returns of the present holdings and of their benchmark.

        Raises:
            NotFound: No such portfolio or day.
        """
        require(actor, Permission.PORTFOLIO_READ)
        portfolio, prices = self._described(portfolio_id, as_of)
        try:
            own = return_series(portfolio, self._rates, prices)
        except NoSeries as reason:
            return PortfolioPast(None, None, why=str(reason), why_no_benchmark=str(reason))
        try:
            other = benchmark_series(portfolio, self._rates, prices)
        except NoSeries as reason:
            return PortfolioPast(own, None, calendar_years(own), why_no_benchmark=str(reason))
        return PortfolioPast(own, other, calendar_years(own), calendar_years(other))

    def together(
        self, actor: Actor, portfolio_id: str, *, holding_ids: Sequence[str], as_of: date | None = None
    ) -> Together:
        """Correlations of the positions among `holding_ids`, in their order; others are counted and left out.

        Raises:
            NotFound: No such portfolio or day.
        """
        require(actor, Permission.PORTFOLIO_READ)
        portfolio, prices = self._described(portfolio_id, as_of)
        try:
            whole = correlation_analyzer(portfolio, self._rates, prices)
        except NoSeries as reason:
            return Together(None, why=str(reason))
        places = [whole.ids.index(one) for one in holding_ids if one in whole.ids]
        if len(places) < 2:
            return Together(None, why="Fewer than two positions have a price history, so nothing can move together.")
        matrix = CorrelationMatrix(
            tuple(whole.ids[place] for place in places),
            whole.values[places][:, places],
            whole.first,
            whole.last,
            whole.count,
            whole.badge,
        )
        return Together(matrix, len(whole.ids) - len(places))

    def days(self, actor: Actor, portfolio_id: str) -> list[DayRow]:
        """Every stored day with its value, the oldest first; none of a portfolio that is not there."""
        require(actor, Permission.PORTFOLIO_READ)
        rows: list[DayRow] = []
        for day, revisions in self._versions.days(portfolio_id).items():
            portfolio = self._load(portfolio_id, day)
            total = total_value(portfolio, self._rates)
            rows.append(DayRow(day, total, portfolio.base_currency, len(portfolio.holdings), revisions))
        return rows

    def _load(self, portfolio_id: str, as_of: date | None) -> Portfolio:
        return self._store.portfolios.load([portfolio_id], as_of=as_of)[0]

    def _described(self, portfolio_id: str, as_of: date | None) -> tuple[Portfolio, PriceHistory]:
        register = Register(self._store.instruments.all())
        portfolio = Describer(register).describe(self._load(portfolio_id, as_of)).portfolio
        return portfolio, prices_of(self._store, [portfolio], samples=portfolio.is_sample)
