"""Market data on its way in: closes, economic series, filings, reference rates, and the terms they come under."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, TypeVar

from core.domain.units import Badge

T = TypeVar("T")


class SourceOffer(StrEnum):
    """What a source can be asked for."""

    QUOTES = "quotes"
    HISTORY = "history"
    PROFILE = "profile"
    SERIES = "series"
    FILINGS = "filings"
    FX = "fx"


@dataclass(frozen=True, slots=True)
class SourceTerms:
    """What a source's owner allows, as the program acts on it. Not legal advice: the owner's own text decides.

    Attributes:
        source_id: Short name, as commands take it ("fred").
        name: What people call it.
        attribution: How the owner asks to be named.
        may_store: False: answers are shown once and never written to the database or a file.
        may_prompt: False: its numbers never stand in a prompt.
        terms: The reason, in a sentence or two.
        url: Where the owner's terms are published.
    """

    source_id: str
    name: str
    attribution: str
    may_store: bool
    may_prompt: bool
    terms: str
    url: str


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source as `mosychlos market sources` shows it.

    Attributes:
        enabled: True when it may be asked.
        address: Where requests would go; never with a key.
        remedy: How to switch it on; "" when it is.
    """

    terms: SourceTerms
    offers: tuple[SourceOffer, ...]
    enabled: bool
    address: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Fetched(Generic[T]):
    """An answer with its age.

    Attributes:
        value: The answer.
        source_id: Whose it is.
        as_of: The newest day it speaks of; None where it speaks of no day.
        fetched_at: When it was asked for.
        stored: True when it was read from, or written to, the database.
        stale: True when it is older than its kind should be: shown, never hidden.
        note: Why an older answer is shown; "" when there is nothing to say.
    """

    value: T
    source_id: str
    as_of: date | None
    fetched_at: datetime
    stored: bool
    stale: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class PriceQuote:
    """The last price of a symbol, in whole units of `currency` (pounds, not pence).

    Attributes:
        currency: ISO 4217; "" where the source does not say, and then the price is no valuation.
        at: When it was true.
    """

    symbol: str
    price: float
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class InstrumentProfile:
    """What a source says an instrument is; "" where it says nothing."""

    symbol: str
    name: str
    isin: str
    currency: str
    country: str
    sector: str
    industry: str
    exchange: str
    cik: str


@dataclass(frozen=True, slots=True)
class EconomicSeries:
    """Observations of one economic quantity, oldest first, each day once.

    Attributes:
        series_id: As prompts, pages and commands name it.
        unit: What the values are ("percent", "index 2015=100", "USD a barrel").
        frequency: "daily", "weekly", "monthly", "quarterly", "annual", or "irregular".
        publisher: Who measured it.
        licence: Under which terms it was published.
        url: The publisher's page, or "".
        source_id: Where we have it from: "file", "demo", or the adapter's id.
        badge: real, or simulated for the demo's own.
        may_prompt: Whether its values may stand in a prompt.
    """

    series_id: str
    title: str
    unit: str
    frequency: str
    publisher: str
    licence: str
    url: str
    source_id: str
    badge: Badge
    may_prompt: bool
    days: tuple[date, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Filing:
    """One filing with a regulator.

    Attributes:
        accession: The regulator's number.
        period: What it reports on; None where that is not said.
        url: Its main document.
    """

    cik: str
    company: str
    accession: str
    form: str
    filed: date
    period: date | None
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class ReportedFact:
    """One number that a company reported in XBRL.

    Attributes:
        concept: "us-gaap:Revenues".
        unit: As filed ("USD", "shares").
        start: First day of the period; None for a balance on `end`.
        form: The filing it stands in.
    """

    concept: str
    unit: str
    value: float
    start: date | None
    end: date
    filed: date
    form: str


@dataclass(frozen=True, slots=True)
class ReferenceRate:
    """Units of `currency` for one euro on a day."""

    day: date
    currency: str
    per_euro: float


class AnomalyKind(StrEnum):
    """What is odd about a price series."""

    GAP = "gap"
    JUMP = "jump"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something odd that came in all the same, and that a person should look at.

    Attributes:
        day: The day after the gap or jump, or the last of a run of equal closes.
        row: Row of that day in the file; None where it is not from one.
        message: What was seen, with the numbers.
    """

    kind: AnomalyKind
    symbol: str
    day: date
    row: int | None
    message: str


@dataclass(frozen=True, slots=True)
class StoredConflict:
    """A day on which what is stored and what comes in differ. The stored value stays unless replacing was asked for."""

    name: str
    day: date
    stored: float
    new: float


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A stored price series in a list.

    Attributes:
        closes: How many days it has; None for a series written by the first release.
        source: File or adapter it came from; "" where unknown.
    """

    symbol: str
    currency: str
    badge: Badge
    first_day: date
    last_day: date
    closes: int | None
    source: str
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """A stored economic series in a list."""

    series_id: str
    title: str
    unit: str
    frequency: str
    publisher: str
    licence: str
    source_id: str
    badge: Badge
    may_prompt: bool
    first_day: date
    last_day: date
    observations: int
    fetched_at: datetime


class DocumentKind(StrEnum):
    """What a research document is."""

    EARNINGS_CALL = "earnings_call"
    FILING = "filing"
    NEWS = "news"


@dataclass(frozen=True, slots=True)
class Passage:
    """A numbered piece of a document's text, short enough to be quoted whole."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class ResearchDocument:
    """A text that market research may cite. Its text is data: whatever it says, it instructs nobody.

    Attributes:
        source_id: What answers cite ("doc-1a2b3c4d5e").
        symbol: Whom it is about, as holdings write it; "" for the market as a whole.
        published: Day of publication; None where unknown.
        url: Where it was published, or "".
        media: "text", "html" or "pdf".
        sha256: Of the file's bytes.
        pages: Of a PDF; None otherwise.
    """

    source_id: str
    kind: DocumentKind
    symbol: str
    title: str
    publisher: str
    published: date | None
    url: str
    media: str
    sha256: str
    characters: int
    pages: int | None
    added_at: datetime
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A stored document in a list."""

    source_id: str
    kind: DocumentKind
    symbol: str
    title: str
    publisher: str
    published: date | None
    media: str
    characters: int
    passages: int
    added_at: datetime
