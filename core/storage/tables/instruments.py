"""What is held: instruments, funds taken apart, and the legal entities behind them."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from core.storage.tables.columns import (
    moment,
    text,
)


class InstrumentTable(SQLModel, table=True):
    """Instruments that people added; our own rows live in a file of the program."""

    __tablename__ = "instrument"
    symbol: str = Field(primary_key=True)
    isin: str = Field(index=True)
    document: str = text()
    changed_at: datetime = moment()
    changed_by: str


class InstrumentChangeTable(SQLModel, table=True):
    """Every change of a user's instrument, with the row before and after."""

    __tablename__ = "instrument_change"
    change_id: int | None = Field(default=None, primary_key=True)
    symbol: str = Field(index=True)
    at: datetime = moment()
    actor: str
    action: str
    before: str = text()
    after: str = text()


class FundTable(SQLModel, table=True):
    """Funds whose holdings are known."""

    __tablename__ = "fund"
    fund_id: str = Field(primary_key=True)
    name: str
    updated_at: datetime = moment()
    updated_by: str


class FundCodeTable(SQLModel, table=True):
    """By which ISINs, symbols and series ids holdings name a fund; a code is one fund's."""

    __tablename__ = "fund_code"
    code: str = Field(primary_key=True)
    fund_id: str = Field(index=True)
    updated_at: datetime = moment()
    updated_by: str


class FundHoldingsTable(SQLModel, table=True):
    """What a fund held on a day. Another file of the same day adds a revision; nothing is overwritten."""

    __tablename__ = "fund_holdings"
    fund_id: str = Field(primary_key=True)
    as_of: str = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    content_hash: str
    source: str
    file: str
    currency: str
    net_assets: str | None
    coverage_pct: str
    stated_pct: str
    lines: int
    imported_at: datetime = moment()
    imported_by: str
    document: str = text()


class IsinLeiTable(SQLModel, table=True):
    """The legal entity that issued an ISIN, as GLEIF maps it."""

    __tablename__ = "isin_lei"
    isin: str = Field(primary_key=True)
    lei: str
    updated_at: datetime = moment()


class LegalNameTable(SQLModel, table=True):
    """Legal names of entities (GLEIF level 1)."""

    __tablename__ = "legal_name"
    lei: str = Field(primary_key=True)
    name: str
    updated_at: datetime = moment()


class LegalParentTable(SQLModel, table=True):
    """Ultimate parents of entities (GLEIF level 2)."""

    __tablename__ = "legal_parent"
    lei: str = Field(primary_key=True)
    parent: str
    updated_at: datetime = moment()
