"""Closes, economic series, kept answers of market sources, and documents."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel

from core.storage.tables.columns import (
    answered,
    foreign,
    moment,
    text,
)


class PriceTable(SQLModel, table=True):
    """Price history of one symbol, as `PriceHistory.to_bytes` packs it. Real and simulated ones stand side by side."""

    __tablename__ = "price_series"
    symbol: str = Field(primary_key=True)
    badge: str = Field(primary_key=True)
    currency: str
    first_day: str
    last_day: str
    closes: int | None
    source: str = foreign()
    updated_at: datetime | None = moment(nullable=True)
    updated_by: str
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class EconomicSeriesTable(SQLModel, table=True):
    """One economic series with whose it is; the observations are a JSON list of [day, value]."""

    __tablename__ = "economic_series"
    series_id: str = Field(primary_key=True)
    title: str
    unit: str
    frequency: str
    publisher: str
    licence: str
    url: str
    source_id: str
    badge: str
    may_prompt: bool
    first_day: str
    last_day: str
    observations: int
    fetched_at: datetime = moment()
    fetched_by: str
    body: str = text()


class MarketAnswerTable(SQLModel, table=True):
    """The last answer of a market data source to one question, as JSON. Only of sources that may be stored."""

    __tablename__ = "market_answer"
    source_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    item: str = Field(primary_key=True)
    as_of: str | None
    fetched_at: datetime = moment()
    body: str = answered()


class ResearchDocumentTable(SQLModel, table=True):
    """A text that market research may cite; its passages stand beside it."""

    __tablename__ = "research_document"
    source_id: str = Field(primary_key=True)
    kind: str = Field(index=True)
    symbol: str = Field(index=True)
    title: str = foreign()
    publisher: str = foreign()
    published: str | None
    url: str = foreign()
    media: str
    sha256: str = Field(unique=True)
    characters: int
    pages: int | None
    passages: int
    added_at: datetime = moment()
    added_by: str


class ResearchPassageTable(SQLModel, table=True):
    """A numbered piece of a research document."""

    __tablename__ = "research_passage"
    source_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    text: str = text()
