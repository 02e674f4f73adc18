"""Which sources there are, whether each is on, and how to open one."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from core.domain.market import SourceState, SourceTerms
from core.errors import BadInput, Refused
from core.market_sources.ecb import EcbSource
from core.market_sources.fmp import FmpSource
from core.market_sources.fred import FredSource
from core.market_sources.http_client import HttpClient, TokenBucket
from core.market_sources.protocol import MarketData
from core.market_sources.sec import SecSource
from core.market_sources.terms import ECB, FMP, SEC, fred_terms
from core.settings import MarketSettings

_FMP_A_SECOND = 4.0  # its lowest paid plan takes 300 a minute
_FRED_A_SECOND = 2.0  # 120 a minute
_SEC_A_SECOND = 8.0  # its limit is 10, over all processes of a contact
_ECB_A_SECOND = 1.0


class Sources:
    """The sources of one installation. Opening one makes no request."""

    def __init__(
        self,
        settings: MarketSettings,
        *,
        timeout_seconds: float = 20,
        deadline_seconds: float = 120,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._timeout = timeout_seconds
        self._deadline = deadline_seconds
        self._sleep = sleep
        # One bucket a source for the life of the process, however often it is opened.
        self._buckets = {
            "fmp": TokenBucket(_FMP_A_SECOND, 4, sleep=sleep),
            "fred": TokenBucket(_FRED_A_SECOND, 4, sleep=sleep),
            "sec": TokenBucket(_SEC_A_SECOND, 8, sleep=sleep),
            "ecb": TokenBucket(_ECB_A_SECOND, 2, sleep=sleep),
        }

    def states(self) -> tuple[SourceState, ...]:
        """Every source with its terms, and how to switch on what is off."""
        one = self._settings
        rates = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip"
        rows = (
            (FMP, FmpSource.offers, one.fmp_key, one.fmp_url, "Set MOSYCHLOS_FMP_API_KEY."),
            (self.fred_terms, FredSource.offers, one.fred_key, one.fred_url, "Set MOSYCHLOS_FRED_API_KEY."),
            (
                SEC,
                SecSource.offers,
                one.sec_contact,
                one.sec_data_url,
                "Set MOSYCHLOS_SEC_CONTACT to a name and an e-mail address.",
            ),
            (
                ECB,
                EcbSource.offers,
                one.ecb_rates,
                one.ecb_rates or "",
                f"Set MOSYCHLOS_ECB_RATES to {rates} or a copy.",
            ),
        )
        return tuple(
            SourceState(terms, offers, bool(given), address, "" if given else remedy)
            for terms, offers, given, address, remedy in rows
        )

    @property
    def fred_terms(self) -> SourceTerms:
        """What the FRED-compatible source allows, as it is set."""
        return fred_terms(may_store=self._settings.fred_may_store, may_prompt=self._settings.fred_may_prompt)

    def open(self, source_id: str) -> MarketData:
        """A source that is on; close it afterwards.

        Raises:
            BadInput: No such source.
            Refused: It is off; the message says how to switch it on.
        """
        states = {state.terms.source_id: state for state in self.states()}
        if source_id not in states:
            raise BadInput(f"There is no source '{source_id}'. There are: {', '.join(states)}.")
        if not states[source_id].enabled:
            raise Refused(f"{states[source_id].terms.name} is off. {states[source_id].remedy}")
        one = self._settings
        if source_id == "fmp":
            key = ("apikey", one.fmp_key or "")
            return FmpSource(self._door("fmp", FMP.name, "MOSYCHLOS_FMP_BASE_URL", one.fmp_url, key=key))
        if source_id == "fred":
            key = ("api_key", one.fred_key or "")
            name = self.fred_terms.name
            door = self._door("fred", name, "MOSYCHLOS_FRED_BASE_URL", one.fred_url, key=key)
            return FredSource(door, self.fred_terms)
        if source_id == "sec":
            # The SEC turns away requests without a contact.
            who = {"user-agent": f"Mosychlos {one.sec_contact}"}
            return SecSource(
                self._door("sec", SEC.name, "MOSYCHLOS_SEC_DATA_URL", one.sec_data_url, headers=who),
                self._door("sec", SEC.name, "MOSYCHLOS_SEC_FILES_URL", one.sec_files_url, headers=who),
            )
        place = one.ecb_rates or ""
        if "://" not in place:
            return EcbSource(Path(place).expanduser())
        return EcbSource(self._door("ecb", ECB.name, "MOSYCHLOS_ECB_RATES", place))

    def _door(
        self,
        source_id: str,
        name: str,
        setting: str,
        address: str,
        *,
        key: tuple[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> HttpClient:
        return HttpClient(
            name,
            setting,
            address,
            self._buckets[source_id],
            timeout_seconds=self._timeout,
            deadline_seconds=self._deadline,
            key=key,
            headers=headers,
            allow_plain_http=self._settings.allow_plain_http,
            sleep=self._sleep,
        )
