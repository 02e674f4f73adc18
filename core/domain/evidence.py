"""What a model is told besides a portfolio's own figures: documents, a profile, earlier analyses, what to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A document that may be quoted, or the parts of it that were shown.

    Attributes:
        source_id: Unique in a prompt; what answers cite ("10K-2026-AAPL").
        kind: "filing", "earnings_call", "news" or "document".
        published: As the document says; None where it does not.
        url: Where it was found; None for an uploaded one.
        holding_ids: Holdings it speaks of, as far as known.
        passages: The text that is shown, in order. A quotation must stand in one of them.
    """

    source_id: str
    title: str
    publisher: str
    published: str | None
    url: str | None
    kind: str
    passages: tuple[str, ...]
    holding_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Band:
    """Where a weight is meant to be.

    Attributes:
        bucket_id: The metric it bounds ("asset_group.equities", "currency.USD").
        low_pct: Least weight in percent; None for no bound.
        target_pct: Wanted weight in percent; None where only bounds are given.
        high_pct: Most weight in percent; None for no bound.
        asset_classes: Those whose weights together are the bucket's; empty where the metric stands by itself.
    """

    bucket_id: str
    low_pct: float | None
    target_pct: float | None
    high_pct: float | None
    asset_classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InvestmentProfile:
    """What an investor wants and bears: a house's yardsticks and no rules, which `core.compliance` evaluates.

    Attributes:
        profile_id: "moderate".
        bands: Where weights are meant to be.
        max_turnover_pct: Most that one reallocation may trade, as half the sum of all changes of weights in percent of
            the portfolio; None for no limit.
        max_position_pct: Largest weight of one line that is no fund; None for no limit.
        excluded: Sectors or asset classes that must not be bought, as metric ids ("sector.tobacco").
        country: ISO 3166-1 alpha-2 of the country whose figures these are; "" where they are everybody's.
        horizon_years: Years for which the money can stay invested; None where nobody said.
        max_volatility_pct: Most volatility a year that is borne; None for no limit.
        max_drawdown_pct: Deepest fall from a peak that is borne, as a positive percentage; None for no limit.
        max_foreign_currency_pct: Most weight outside the portfolio's base currency; None for no limit.
        source: "house view", or where the figures are from.
    """

    profile_id: str
    name: str
    bands: tuple[Band, ...] = ()
    max_turnover_pct: float | None = None
    max_position_pct: float | None = None
    excluded: tuple[str, ...] = ()
    country: str = ""
    horizon_years: int | None = None
    max_volatility_pct: float | None = None
    max_drawdown_pct: float | None = None
    max_foreign_currency_pct: float | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """An analysis that another one builds on.

    Attributes:
        analysis_id: What answers cite ("risk-acme-7").
        kind: Name of the analysis.
        as_of: Day of the facts it spoke of.
        model: Who wrote it.
        document: The whole answer, as it was read.
        verified: Stated numbers that held.
        mismatched: Stated numbers and checks that did not.
        unsupported: Stated numbers without a fact.
    """

    analysis_id: str
    job_id: str
    kind: str
    portfolio_id: str
    as_of: date
    model: str
    prompt_version: str
    document: Mapping[str, Any] = field(hash=False)
    verified: int = 0
    mismatched: int = 0
    unsupported: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything of the kind that one request was given.

    Attributes:
        decimal_mark: "." or "," as the region writes numbers, for reading "1.234"; "" where it is not known.
        language: That the answer is wanted in, ISO 639-1; "" where it is not known.
        beyond: The model looked things up outside the prompt, on the web or at a source, so that names may come from
            there.
        caveat: Sentence that the region prescribes, which the program writes itself; "" where the model is asked to.
        overlay: Code of the regional overlay whose way of writing numbers is used ("CH"); "" where it is not known.
        scenarios: Ids of the market scenarios that this request is about.
        period: Name of the period that this request is about ("1y"); "" for all that there are.
    """

    sources: tuple[SourceDocument, ...] = ()
    profile: InvestmentProfile | None = None
    analyses: tuple[Finished, ...] = ()
    scenarios: tuple[str, ...] = ()
    period: str = ""
    decimal_mark: str = ""
    language: str = ""
    beyond: bool = False
    caveat: str = ""
    overlay: str = ""


NO_EVIDENCE = Evidence()
"""A portfolio's figures alone."""
