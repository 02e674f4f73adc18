"""What the rest of the house may ask of a market data source."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NoReturn, Protocol

from core.domain.market import (
    EconomicSeries,
    Filing,
    InstrumentProfile,
    PriceQuote,
    ReferenceRate,
    ReportedFact,
    SourceOffer,
    SourceTerms,
)
from core.domain.portfolio import DailyCloses
from core.errors import BadInput


class NotOffered(BadInput):
    """The source has nothing of the kind; the message names what it offers."""


class MarketData(Protocol):
    """A source of market data. Every call is a read and may be repeated.

    Every verb may raise `ProviderUnreachable` (no connection), `ProviderRefused` (a definite no: key, unknown symbol,
    rate limit), `ProviderError` (a broken or late answer), and `NotOffered`.
    """

    @property
    def terms(self) -> SourceTerms:
        """What its owner allows."""

    @property
    def offers(self) -> tuple[SourceOffer, ...]:
        """What it can be asked for."""

    def quotes(self, symbols: Sequence[str]) -> list[PriceQuote]:
        """Last prices of the symbols it knows."""

    def history(self, symbol: str, first: date, last: date) -> DailyCloses:
        """Daily closes between two days, both included."""

    def profile(self, symbol: str) -> InstrumentProfile:
        """What the instrument is."""

    def series(self, series_id: str, first: date, last: date) -> EconomicSeries:
        """An economic series between two days, both included."""

    def filings(self, company: str) -> list[Filing]:
        """The newest filings of a company, by CIK or ticker, newest first."""

    def reported(self, company: str) -> list[ReportedFact]:
        """What a company reported in XBRL, by CIK or ticker."""

    def fx(self) -> list[ReferenceRate]:
        """Reference rates against the euro, oldest first."""

    def close(self) -> None:
        """Give back connections."""


class Nothing:
    """Answers every verb with `NotOffered`; adapters override what they have."""

    terms: SourceTerms
    offers: tuple[SourceOffer, ...] = ()

    def _not_offered(self, what: str) -> NoReturn:
        there = ", ".join(offer.value for offer in self.offers)
        raise NotOffered(f"{self.terms.name} offers no {what}. It offers: {there}.")

    def quotes(self, symbols: Sequence[str]) -> list[PriceQuote]:  # noqa: ARG002  # the protocol's signature
        """Nothing."""
        self._not_offered("quotes")

    def history(self, symbol: str, first: date, last: date) -> DailyCloses:  # noqa: ARG002  # the protocol's signature
        """Nothing."""
        self._not_offered("price history")

    def profile(self, symbol: str) -> InstrumentProfile:  # noqa: ARG002  # the protocol's signature
        """Nothing."""
        self._not_offered("profiles")

    def series(self, series_id: str, first: date, last: date) -> EconomicSeries:  # noqa: ARG002  # as above
        """Nothing."""
        self._not_offered("economic series")

    def filings(self, company: str) -> list[Filing]:  # noqa: ARG002  # the protocol's signature
        """Nothing."""
        self._not_offered("filings")

    def reported(self, company: str) -> list[ReportedFact]:  # noqa: ARG002  # the protocol's signature
        """Nothing."""
        self._not_offered("reported facts")

    def fx(self) -> list[ReferenceRate]:
        """Nothing."""
        self._not_offered("exchange rates")

    def close(self) -> None:
        """There is nothing to give back."""
