"""A server on this machine that answers in shapes as documented by the sources. No line of it is theirs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from core.settings import MarketSettings

KEY = "CANARYKEY0123456789abcdef"
CONTACT = "Contract Tests tests@mosychlos.example"

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Seen:
    """A request as it arrived."""

    path: str
    params: dict[str, str]
    headers: dict[str, str]


@dataclass
class Publisher:
    """Answers by path; faults stand before the answers, one for each request, until they are used up."""

    url: str = ""
    answers: dict[str, Callable[[dict[str, str]], Any]] = field(default_factory=dict)
    faults: list[Answer | float] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    def reply(self, path: str, params: dict[str, str]) -> Answer:
        while self.faults:
            fault = self.faults.pop(0)
            if isinstance(fault, float):
                time.sleep(fault)
                break
            return fault
        if path not in self.answers:
            return 404, {}, b'{"error": "not found"}'
        value = self.answers[path](params)
        if isinstance(value, tuple):
            status, headers, body = value
            return status, headers, body
        return (
            200,
            {"content-type": "application/json"},
            value if isinstance(value, bytes) else json.dumps(value).encode(),
        )


def as_json(status: int, value: Any, **headers: str) -> Answer:
    """A refusal as sources send it."""
    return status, {"content-type": "application/json", **headers}, json.dumps(value).encode()


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    """The server, empty."""
    state = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            params = {name: values[0] for name, values in parse_qs(parts.query).items()}
            state.seen.append(Seen(parts.path, params, {name.lower(): value for name, value in self.headers.items()}))
            status, headers, body = state.reply(parts.path, params)
            try:
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(body))}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                return  # the client gave up, as some tests want

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


def settings_for(
    url: str, *, key: str = KEY, may_store: bool = False, may_prompt: bool = False, ecb_rates: str | None = None
) -> MarketSettings:
    """Settings under which every source is on and lives at `url`."""
    return MarketSettings(
        fmp_key=key,
        fmp_url=f"{url}/stable",
        fred_key=key,
        fred_url=f"{url}/fred",
        fred_may_store=may_store,
        fred_may_prompt=may_prompt,
        sec_contact=CONTACT,
        sec_data_url=f"{url}/data",
        sec_files_url=f"{url}/files-host",
        ecb_rates=ecb_rates or f"{url}/eurofxref/hist.zip",
        allow_plain_http=False,
    )


def fmp(publisher: Publisher, key: str = KEY) -> None:
    """Quotes, closes and profiles in the shape that FMP documents for its stable API."""

    def guarded(answer: Callable[[dict[str, str]], Any]) -> Callable[[dict[str, str]], Any]:
        wrong = as_json(401, {"Error Message": f"Invalid API KEY {KEY}. Feel free to create a Free API Key."})
        return lambda params: answer(params) if params.get("apikey") == key else wrong

    quote = [{"symbol": "AZN.L", "name": "AstraZeneca PLC", "price": 11660, "timestamp": 1792000800, "exchange": "LSE"}]
    closes = [
        {
            "symbol": "AZN.L",
            "date": "2026-10-30",
            "open": 1,
            "high": 1,
            "low": 1,
            "close": 11660,
            "volume": 5,
            "vwap": 1,
        },
        {
            "symbol": "AZN.L",
            "date": "2026-10-29",
            "open": 1,
            "high": 1,
            "low": 1,
            "close": 11655.5,
            "volume": 5,
            "vwap": 1,
        },
    ]
    profile = [
        {
            "symbol": "AZN.L",
            "companyName": "AstraZeneca PLC",
            "currency": "GBp",
            "cik": "0000901832",
            "isin": "GB0009895292",
            "exchange": "LSE",
            "industry": "Drug Manufacturers",
            "sector": "Healthcare",
            "country": "GB",
            "beta": 0.2,
        }
    ]
    publisher.answers["/stable/quote"] = guarded(lambda _: quote)
    publisher.answers["/stable/historical-price-eod/full"] = guarded(
        lambda params: closes if params["symbol"] == "AZN.L" else []
    )
    publisher.answers["/stable/profile"] = guarded(lambda params: profile if params["symbol"] == "AZN.L" else [])


def fred(publisher: Publisher, key: str = KEY) -> None:
    """A monthly series in the shape that FRED documents for version 1 of its API."""

    def guarded(answer: Callable[[dict[str, str]], Any]) -> Callable[[dict[str, str]], Any]:
        wrong = as_json(
            400,
            {
                "error_code": 400,
                "error_message": f"Bad Request.  The value {KEY} for variable api_key is not registered.",
            },
        )
        return lambda params: answer(params) if params.get("api_key") == key else wrong

    about = {
        "realtime_start": "2026-11-20",
        "realtime_end": "2026-11-20",
        "seriess": [
            {"id": "UNRATE", "title": "Unemployment Rate", "frequency": "Monthly", "units": "Percent", "notes": "..."}
        ],
    }
    rows = [("2026-08-01", "4.3"), ("2026-09-01", "."), ("2026-10-01", "4.4")]
    observations = {
        "count": len(rows),
        "offset": 0,
        "limit": 100000,
        "observations": [
            {"realtime_start": "2026-11-20", "realtime_end": "2026-11-20", "date": day, "value": value}
            for day, value in rows
        ],
    }
    publisher.answers["/fred/series"] = guarded(lambda _: about)
    publisher.answers["/fred/series/observations"] = guarded(lambda _: observations)


def sec(publisher: Publisher) -> None:
    """Tickers, submissions and company facts in the shapes that the SEC documents for EDGAR."""
    publisher.answers["/files-host/files/company_tickers.json"] = lambda _: {
        "0": {"cik_str": 320193, "ticker": "AAPL", "title": "Apple Inc."},
        "1": {"cik_str": 1067983, "ticker": "BRK-B", "title": "BERKSHIRE HATHAWAY INC"},
    }
    publisher.answers["/data/submissions/CIK0000320193.json"] = lambda _: {
        "cik": "0000320193",
        "name": "Apple Inc.",
        "tickers": ["AAPL"],
        "filings": {
            "recent": {
                "accessionNumber": ["0000320193-26-000070", "0000320193-26-000080"],
                "filingDate": ["2026-07-31", "2026-10-30"],
                "reportDate": ["2026-06-27", ""],
                "form": ["10-Q", "8-K"],
                "primaryDocument": ["aapl-20260627.htm", "aapl-8k.htm"],
                "primaryDocDescription": ["10-Q", "8-K"],
            },
            "files": [],
        },
    }
    publisher.answers["/data/api/xbrl/companyfacts/CIK0000320193.json"] = lambda _: {
        "cik": 320193,
        "entityName": "Apple Inc.",
        "facts": {
            "us-gaap": {
                "Assets": {
                    "label": "Assets",
                    "units": {
                        "USD": [
                            {
                                "end": "2025-09-27",
                                "val": 359241000000,
                                "accn": "x",
                                "form": "10-K",
                                "filed": "2025-10-31",
                            },
                            {
                                "end": "2026-06-27",
                                "val": 331000000000,
                                "accn": "y",
                                "form": "10-Q",
                                "filed": "2026-07-31",
                            },
                        ]
                    },
                }
            }
        },
    }
