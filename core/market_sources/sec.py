"""SEC EDGAR: filings and reported facts. Shapes as documented for data.sec.gov (submissions, companyfacts)."""

from __future__ import annotations

from datetime import date

from pydantic import TypeAdapter

from core.domain.market import Filing, ReportedFact, SourceOffer
from core.errors import NotFound, ProviderError
from core.market_sources.http_client import HttpClient
from core.market_sources.protocol import Nothing
from core.market_sources.shapes import Shape, checked
from core.market_sources.terms import SEC

MAX_FACTS = 200_000


class _Ticker(Shape):
    cik_str: int
    ticker: str
    title: str


class _Recent(Shape):
    accessionNumber: list[str]  # noqa: N815  # the source's own names
    filingDate: list[date]  # noqa: N815
    reportDate: tuple[str, ...] = ()  # noqa: N815
    form: list[str]
    primaryDocument: tuple[str, ...] = ()  # noqa: N815
    primaryDocDescription: tuple[str, ...] = ()  # noqa: N815


class _Filings(Shape):
    recent: _Recent


class _Submissions(Shape):
    cik: str | int
    name: str
    filings: _Filings


class _Value(Shape):
    val: float
    end: date
    start: date | None = None
    filed: date
    form: str = ""


class _Concept(Shape):
    units: dict[str, list[_Value]]


class _Facts(Shape):
    facts: dict[str, dict[str, _Concept]]


_TICKERS = TypeAdapter(dict[str, _Ticker])
_SUBMISSIONS = TypeAdapter(_Submissions)
_FACTS = TypeAdapter(_Facts)


class SecSource(Nothing):
    """`MarketData` with filings. Submissions list about the newest thousand; older ones are not asked for.

    Args:
        data: Door to data.sec.gov.
        files: Door to www.sec.gov: tickers, and where documents stand.
    """

    terms = SEC
    offers = (SourceOffer.FILINGS,)

    def __init__(self, data: HttpClient, files: HttpClient) -> None:
        self._data = data
        self._files = files
        self._ciks: dict[str, int] = {}

    def close(self) -> None:
        """Give back connections."""
        self._data.close()
        self._files.close()

    def filings(self, company: str) -> list[Filing]:
        """The newest filings of a company, newest first.

        Raises:
            NotFound: No such ticker.
        """
        cik = self._cik(company)
        doing = f"read filings of {company}"
        answer = self._data.json(f"/submissions/CIK{cik:010d}.json", doing=doing)
        found = checked(_SUBMISSIONS, answer, SEC.name, doing)
        recent = found.filings.recent
        rows = len(recent.accessionNumber)
        if not len(recent.filingDate) == len(recent.form) == rows:
            raise ProviderError(f"Could not {doing}: the columns of the answer have different lengths.")
        filings = [
            Filing(
                cik=f"{cik:010d}",
                company=found.name,
                accession=recent.accessionNumber[place],
                form=recent.form[place],
                filed=recent.filingDate[place],
                period=_day(_at(recent.reportDate, place)),
                title=_at(recent.primaryDocDescription, place) or recent.form[place],
                url=self._url(cik, recent.accessionNumber[place], _at(recent.primaryDocument, place)),
            )
            for place in range(rows)
        ]
        return sorted(filings, key=lambda one: (one.filed, one.accession), reverse=True)

    def reported(self, company: str) -> list[ReportedFact]:
        """What a company reported in XBRL, newest period first.

        Raises:
            NotFound: No such ticker.
        """
        cik = self._cik(company)
        doing = f"read the reported facts of {company}"
        answer = self._data.json(f"/api/xbrl/companyfacts/CIK{cik:010d}.json", doing=doing)
        found = checked(_FACTS, answer, SEC.name, doing)
        facts = [
            ReportedFact(f"{taxonomy}:{concept}", unit, one.val, one.start, one.end, one.filed, one.form)
            for taxonomy, concepts in found.facts.items()
            for concept, body in concepts.items()
            for unit, values in body.units.items()
            for one in values
        ]
        facts.sort(key=lambda one: (one.end, one.filed), reverse=True)
        return facts[:MAX_FACTS]

    def _cik(self, company: str) -> int:
        plain = company.strip().upper().removeprefix("CIK")
        if plain.isascii() and plain.isdigit() and len(plain) <= 10:
            return int(plain)
        if not self._ciks:
            doing = "look up tickers"
            rows = checked(_TICKERS, self._files.json("/files/company_tickers.json", doing=doing), SEC.name, doing)
            for row in rows.values():
                self._ciks.setdefault(row.ticker.upper(), row.cik_str)
        # The SEC writes share classes with a dash (BRK-B), brokers with a point or a blank.
        found = self._ciks.get(plain) or self._ciks.get(plain.replace(".", "-").replace(" ", "-"))
        if found is None:
            raise NotFound(f"{SEC.name} knows no ticker '{company}'. Give the company's CIK number instead.")
        return found

    def _url(self, cik: int, accession: str, document: str) -> str:
        folder = f"{self._files.address}/Archives/edgar/data/{cik}/{accession.replace('-', '')}"
        return f"{folder}/{document}" if document else folder


def _at(values: tuple[str, ...], place: int) -> str:
    return values[place] if place < len(values) else ""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
