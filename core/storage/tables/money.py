"""What was paid, and what is reserved for it."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from core.storage.tables.columns import (
    big,
    moment,
)


class LedgerTable(SQLModel, table=True):
    """What a provider batch cost: one row a batch, written with the shard's last move."""

    __tablename__ = "ledger"
    batch_id: str = Field(primary_key=True)
    job_id: str = Field(index=True)
    shard_id: str
    at: datetime = moment()
    model: str
    input_tokens: int = big()
    cached_tokens: int = big()
    output_tokens: int = big()
    reasoning_tokens: int = big()
    cost_nano: int | None = big(nullable=True)


class CommitmentTable(SQLModel, table=True):
    """What an approved job, or a retry of it, may cost: a reservation until it settles, then what it did cost."""

    __tablename__ = "commitment"
    job_id: str = Field(primary_key=True)
    part: int = Field(primary_key=True)
    person: str = Field(index=True)
    desk: str
    month: str = Field(index=True)
    amount_nano: int = big()
    settled: bool
    lost: bool = False


class AskingTable(SQLModel, table=True):
    """Requests that are being asked synchronously right now, so that nobody else asks them at the same time."""

    __tablename__ = "asking"
    job_id: str = Field(primary_key=True)
    custom_id: str = Field(primary_key=True)
    actor: str
    until: datetime = moment()
    part: int
