"""Financial Modeling Prep: quotes, split-adjusted daily closes, profiles. Shapes as documented for its "stable" API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from pydantic import TypeAdapter

from core.domain.market import InstrumentProfile, PriceQuote, SourceOffer
from core.domain.portfolio import DailyCloses
from core.errors import NotFound, ProviderError, ProviderRefused
from core.intake.cells.codes import currency_code
from core.market_sources.closes import daily_closes
from core.market_sources.http_client import HttpClient
from core.market_sources.protocol import Nothing
from core.market_sources.shapes import Shape, checked
from core.market_sources.terms import FMP


class _Quote(Shape):
    symbol: str
    price: float
    timestamp: int | None = None


class _Close(Shape):
    date: date
    close: float


class _Profile(Shape):
    symbol: str
    companyName: str | None = None  # noqa: N815  # the source's own names
    isin: str | None = None
    currency: str | None = None
    country: str | None = None
    sector: str | None = None
    industry: str | None = None
    exchange: str | None = None
    cik: str | None = None


_QUOTES = TypeAdapter(list[_Quote])
_CLOSES = TypeAdapter(list[_Close])
_PROFILES = TypeAdapter(list[_Profile])


class FmpSource(Nothing):
    """`MarketData` from Financial Modeling Prep. Closes are adjusted for splits and not for dividends."""

    terms = FMP
    offers = (SourceOffer.QUOTES, SourceOffer.HISTORY, SourceOffer.PROFILE)

    def __init__(self, door: HttpClient) -> None:
        self._door = door
        self._profiles: dict[str, _Profile] = {}

    def close(self) -> None:
        """Give back connections."""
        self._door.close()

    def quotes(self, symbols: Sequence[str]) -> list[PriceQuote]:
        """Last prices; symbols it does not know are left out."""
        found: list[PriceQuote] = []
        for symbol in symbols:
            doing = f"read the price of {symbol}"
            rows = checked(_QUOTES, self._get("/quote", {"symbol": symbol}, doing), FMP.name, doing)
            for row in rows:
                currency, units = self._unit(symbol)
                at = datetime.now(UTC) if row.timestamp is None else datetime.fromtimestamp(row.timestamp, UTC)
                found.append(PriceQuote(symbol, row.price / units, currency, at))
        return found

    def history(self, symbol: str, first: date, last: date) -> DailyCloses:
        """Daily closes in whole currency units.

        Raises:
            NotFound: It knows no closes of the symbol in that time.
        """
        doing = f"read prices of {symbol}"
        asked = {"symbol": symbol, "from": first.isoformat(), "to": last.isoformat()}
        rows = checked(_CLOSES, self._get("/historical-price-eod/full", asked, doing), FMP.name, doing)
        if not rows:
            raise NotFound(f"{FMP.name} has no closes of '{symbol}' from {first} to {last}. Check the symbol.")
        currency, units = self._unit(symbol)
        if not currency:
            raise ProviderError(
                f"{FMP.name} does not say in which currency '{symbol}' is quoted. Import a file instead."
            )
        return daily_closes(symbol, currency, [(row.date, row.close / units) for row in rows], FMP.name)

    def profile(self, symbol: str) -> InstrumentProfile:
        """What the instrument is.

        Raises:
            NotFound: It does not know the symbol.
        """
        row = self._profile(symbol)
        return InstrumentProfile(
            symbol=symbol,
            name=row.companyName or "",
            isin=row.isin or "",
            currency=self._unit(symbol)[0],
            country=row.country or "",
            sector=row.sector or "",
            industry=row.industry or "",
            exchange=row.exchange or "",
            cik=row.cik or "",
        )

    def _profile(self, symbol: str) -> _Profile:
        if symbol not in self._profiles:
            doing = f"read the profile of {symbol}"
            rows = checked(_PROFILES, self._get("/profile", {"symbol": symbol}, doing), FMP.name, doing)
            if not rows:
                raise NotFound(f"{FMP.name} does not know '{symbol}'. Check the symbol.")
            self._profiles[symbol] = rows[0]
        return self._profiles[symbol]

    def _unit(self, symbol: str) -> tuple[str, int]:
        """Currency and how many quoted units make one of it: GBp and the like are hundredths."""
        known = currency_code(self._profile(symbol).currency or "")
        return ("", 1) if known is None else known

    def _get(self, path: str, params: dict[str, str], doing: str) -> Any:
        value = self._door.json(path, params, doing=doing)
        # Some refusals come with status 200.
        if isinstance(value, dict) and isinstance(value.get("Error Message"), str):
            raise ProviderRefused(
                f"{FMP.name} refused to {doing}. Check the key and what its plan includes.", status=200
            )
        return value
