"""Tools on market data. A source is off until it is switched on; what its terms keep out of prompts stays out."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final, Literal

import numpy as np
from pydantic import Field

from core.analyses.tools.tool import Arguments, Surroundings, Tool, ToolFindings
from core.domain.facts import Fact
from core.domain.market import EconomicSeries, ReportedFact
from core.domain.units import Badge, Unit
from core.errors import BadInput, Refused
from core.metrics import risk
from core.metrics.series import change, last_known, months_before, reading

_NAME: Final = re.compile(r"[A-Za-z0-9.^=_-]+")
_MONTHS: Final = {"3m": 3, "1y": 12, "3y": 36, "5y": 60}
_FEWEST_RETURNS: Final = 40
_YEARS_OF_SERIES: Final = 6
_MOST_FILINGS: Final = 20
_MOST_CONCEPTS: Final = 8


class StockArguments(Arguments):
    """Of `fmp_stock_data`."""

    symbol: str = Field(description="Ticker, such as AAPL.")
    period: Literal["3m", "1y", "3y", "5y"]


class SeriesArguments(Arguments):
    """Of `fred_economic_data`."""

    series_id: str = Field(description="Id of the series, such as UNRATE.")


class FilingArguments(Arguments):
    """Of `sec_filings`."""

    company: str = Field(description="Ticker or CIK of a company that files with the SEC.")
    forms: list[str] = Field(description='Forms to list, such as "10-K"; empty for all.')
    limit: int = Field(description=f"How many filings to list, 1 to {_MOST_FILINGS}.")
    concepts: list[str] = Field(
        description='XBRL concepts whose newest reported value is wanted, such as "us-gaap:Revenues"; often empty.'
    )


def _plain(what: str, given: str, most: int) -> str:
    """A name as sources know them. A model may have been talked into hiding anything in one, so nothing else goes out.

    Raises:
        BadInput: It holds other characters, or is too long.
    """
    name = given.strip()
    if not _NAME.fullmatch(name) or len(name) > most:
        raise BadInput(f"'{given[:40]}' is no {what}: letters, digits and . - ^ = _ only, at most {most} of them.")
    return name


def _stock(arguments: StockArguments, around: Surroundings) -> ToolFindings:
    last = around.portfolio.as_of
    first = months_before(last, _MONTHS[arguments.period])
    terms = around.terms("fmp")
    symbol = _plain("ticker", arguments.symbol, 20)
    history = around.closes("fmp", symbol, first - timedelta(days=7), last)
    pairs = [(day, float(close)) for day, close in history.closes if first <= day <= last]
    if len(pairs) <= _FEWEST_RETURNS:
        raise BadInput(f"There are {len(pairs)} closes of '{symbol}' from {first} to {last}: too few.")
    closes = np.array([close for _, close in pairs])
    returns = closes[1:] / closes[:-1] - 1.0
    period = f"{pairs[0][0]}..{pairs[-1][0]}"
    a_year = risk.per_year(returns.size, (pairs[-1][0] - pairs[0][0]).days)

    def fact(metric_id: str, value: float, definition: str) -> Fact:
        return Fact(metric_id, value * 100.0, Unit.PCT, None, period, definition, Badge.DERIVED, 2)

    # The owner keeps its closes out of prompts; figures that we compute from them are ours.
    facts = (
        fact("price_return", float(closes[-1] / closes[0] - 1.0), "Change of the close over the period."),
        fact("volatility", float(risk.volatility(returns, a_year)), "Standard deviation of daily returns, a year."),
        fact("max_drawdown", float(risk.max_drawdown(returns)), "Largest fall from a high of the period."),
    )
    about = {"symbol": symbol, "currency": history.currency, "closes": len(pairs)}
    return ToolFindings(facts, about, terms.attribution)


def _economy(arguments: SeriesArguments, around: Surroundings) -> ToolFindings:
    as_of = around.portfolio.as_of
    series_id = _plain("series id", arguments.series_id, 60)
    stored = around.stored_series(series_id)
    if stored is not None:
        if not stored.may_prompt:
            raise Refused(
                f"Series '{stored.series_id}' may not be used here: its terms ({stored.licence or stored.publisher}) "
                "keep it out of prompts."
            )
        return _series_found(stored, as_of, stored.publisher)
    terms = around.terms("fred")
    if not terms.may_prompt:
        raise Refused(f"{terms.name} may not be used here. {terms.terms}")
    series = around.series("fred", series_id, months_before(as_of, 12 * _YEARS_OF_SERIES), as_of)
    return _series_found(series, as_of, terms.attribution)


def _series_found(series: EconomicSeries, as_of: date, source: str) -> ToolFindings:
    latest = last_known(series, as_of)
    if latest is None:
        raise BadInput(f"Series '{series.series_id}' has no value that is recent enough on {as_of}.")
    units = reading(series.unit)
    facts = [
        Fact("latest", latest[1], units.unit, units.currency, f"as of {latest[0]}", f"{series.title}.", series.badge, 2)
    ]
    for name, months in (("3m", 3), ("1y", 12), ("5y", 60)):
        moved = change(series, latest, months)
        if moved is not None:
            period = f"{months_before(latest[0], months)}..{latest[0]}"
            definition = f"Change of {series.title} over {name}."
            facts.append(Fact(f"change_{name}", moved, units.change, None, period, definition, series.badge, 2))
    about = {"series_id": series.series_id, "title": series.title, "unit": series.unit, "frequency": series.frequency}
    return ToolFindings(tuple(facts), about, source)


def _filings(arguments: FilingArguments, around: Surroundings) -> ToolFindings:
    if not 1 <= arguments.limit <= _MOST_FILINGS:
        raise BadInput(f"limit is {arguments.limit}: give a number from 1 to {_MOST_FILINGS}.")
    if len(arguments.concepts) > _MOST_CONCEPTS:
        raise BadInput(f"{len(arguments.concepts)} concepts were asked for: {_MOST_CONCEPTS} at a time.")
    company = _plain("ticker or CIK", arguments.company, 20)
    terms = around.terms("sec")
    as_of = around.portfolio.as_of
    wanted = {form.upper() for form in arguments.forms}
    listed = [
        one for one in around.filings(company) if one.filed <= as_of and (not wanted or one.form.upper() in wanted)
    ]
    facts = []
    unknown = []
    if arguments.concepts:
        reported = [one for one in around.reported(company) if one.filed <= as_of]
        for place, concept in enumerate(arguments.concepts, start=1):
            newest = max(
                (one for one in reported if one.concept == concept), key=lambda one: (one.end, one.filed), default=None
            )
            if newest is None:
                unknown.append(concept)
            else:
                facts.append(_reported(f"reported_{place}", newest))
    about = {
        "company": listed[0].company if listed else company,
        "filings": [
            {
                "form": one.form,
                "filed": one.filed.isoformat(),
                "period": one.period.isoformat() if one.period else None,
                "title": one.title,
                "url": one.url,
            }
            for one in listed[: arguments.limit]
        ],
        "not_reported": unknown,
    }
    return ToolFindings(tuple(facts), about, terms.attribution)


def _reported(metric_id: str, one: ReportedFact) -> Fact:
    money = len(one.unit) == 3 and one.unit.isupper()
    period = f"as of {one.end}" if one.start is None else f"{one.start}..{one.end}"
    definition = f"{one.concept} as reported in {one.form} of {one.filed}, in {one.unit}."
    unit = Unit.CCY if money else Unit.COUNT if one.unit == "shares" else Unit.SCORE
    decimals = 0 if float(one.value).is_integer() else 2
    return Fact(metric_id, one.value, unit, one.unit if money else None, period, definition, Badge.REAL, decimals)


FMP_STOCK_DATA = Tool(
    name="fmp_stock_data",
    description=(
        "Return, volatility and drawdown of a listed security up to the portfolio's day, computed from closes of "
        "Financial Modeling Prep."
    ),
    arguments=StockArguments,
    run=_stock,
    per_request=5,
    per_job=250,
)

FRED_ECONOMIC_DATA = Tool(
    name="fred_economic_data",
    description="Latest value of an economic series and its change over three months, one year and five years.",
    arguments=SeriesArguments,
    run=_economy,
    per_request=5,
    per_job=500,
)

SEC_FILINGS = Tool(
    name="sec_filings",
    description="Filings of a company with the SEC up to the portfolio's day, and values it reported in XBRL.",
    arguments=FilingArguments,
    run=_filings,
    per_request=4,
    per_job=500,
)
