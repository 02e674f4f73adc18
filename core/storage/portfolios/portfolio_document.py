"""A portfolio as the JSON that a snapshot keeps: written alike every time, and read in every form ever written."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

import orjson

from core.domain.instrument import NO_TERMS, FundKind, InstrumentType, Liquidity, Terms
from core.domain.portfolio import AssetClass, Flow, Holding, Portfolio

_TERMS = [field.name for field in fields(Terms)]


def to_document(portfolio: Portfolio) -> bytes:
    """The same portfolio always gives the same bytes. What a portfolio does not have leaves no trace."""
    document: dict[str, Any] = {
        "portfolio_id": portfolio.portfolio_id,
        "name": portfolio.name,
        "account": portfolio.account,
        "as_of": portfolio.as_of.isoformat(),
        "base_currency": portfolio.base_currency,
        "base_currency_given": portfolio.base_currency_given,
        "region": portfolio.region,
        "source_format": portfolio.source_format,
        "is_sample": portfolio.is_sample,
        "holdings": [_line(line) for line in portfolio.holdings],
    }
    if portfolio.regimes:
        document["regimes"] = portfolio.regimes
    if portfolio.benchmark:
        document["benchmark"] = [[symbol, str(weight)] for symbol, weight in portfolio.benchmark]
    if portfolio.flows or portfolio.no_flows:
        document["flows"] = [[flow.day.isoformat(), str(flow.amount), flow.currency] for flow in portfolio.flows]
    return orjson.dumps(document)


def from_document(document: str | bytes) -> Portfolio:
    """The inverse of `to_document`."""
    found = orjson.loads(document)
    return Portfolio(
        portfolio_id=found["portfolio_id"],
        name=found["name"],
        account=found["account"],
        as_of=date.fromisoformat(found["as_of"]),
        base_currency=found["base_currency"],
        base_currency_given=found["base_currency_given"],
        region=found["region"],
        source_format=found["source_format"],
        is_sample=found["is_sample"],
        holdings=tuple(_holding(*line) for line in found["holdings"]),
        regimes=tuple(found.get("regimes", ())),
        benchmark=tuple((symbol, Decimal(weight)) for symbol, weight in found.get("benchmark", ())),
        flows=tuple(
            Flow(date.fromisoformat(day), Decimal(amount), currency) for day, amount, currency in found.get("flows", ())
        ),
        no_flows=found.get("flows") == [],
    )


def _line(line: Holding) -> list[Any]:
    cells: list[Any] = [
        line.symbol,
        line.isin,
        line.name,
        line.asset_class.value,
        None if line.quantity is None else str(line.quantity),
        None if line.price is None else str(line.price),
        line.currency,
        str(line.market_value),
        line.sector,
        line.country,
    ]
    if line.cost is not None or line.terms != NO_TERMS or line.priced_on is not None:
        cells += [None if line.cost is None else str(line.cost), _known(line.terms)]
    if line.priced_on is not None:
        cells.append(line.priced_on.isoformat())
    return cells


def _known(terms: Terms) -> dict[str, Any]:
    known = {name: value for name in _TERMS if (value := getattr(terms, name)) != getattr(NO_TERMS, name)}
    if terms.notional is not None:
        known["notional"] = str(terms.notional)
    return known


def _holding(
    symbol: str,
    isin: str,
    name: str,
    asset_class: str,
    quantity: str | None,
    price: str | None,
    currency: str,
    value: str,
    sector: str,
    country: str,
    cost: str | None = None,
    terms: dict[str, Any] | None = None,
    priced_on: str | None = None,
) -> Holding:
    return Holding(
        symbol=symbol,
        isin=isin,
        name=name,
        asset_class=AssetClass(asset_class),
        quantity=None if quantity is None else Decimal(quantity),
        price=None if price is None else Decimal(price),
        currency=currency,
        market_value=Decimal(value),
        sector=sector,
        country=country,
        cost=None if cost is None else Decimal(cost),
        terms=_terms(terms) if terms else NO_TERMS,
        priced_on=None if priced_on is None else date.fromisoformat(priced_on),
    )


def _terms(known: dict[str, Any]) -> Terms:
    meant: dict[str, Any] = dict(known)
    for name, kind in (
        ("instrument_type", InstrumentType),
        ("fund_kind", FundKind),
        ("liquidity", Liquidity),
        ("notional", Decimal),
        ("esg_flags", tuple),
    ):
        if name in meant:
            meant[name] = kind(meant[name])
    return Terms(**meant)
