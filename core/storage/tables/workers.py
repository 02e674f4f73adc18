"""Workers, rooms in the provider's queue, and what somebody has to know."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from core.storage.tables.columns import (
    big,
    foreign,
    moment,
)


class WorkerTable(SQLModel, table=True):
    """Signs of life."""

    __tablename__ = "worker"
    worker_id: str = Field(primary_key=True)
    started_at: datetime = moment()
    beat_at: datetime = moment()
    provider: str
    accepts: str


class RoomTable(SQLModel, table=True):
    """Enqueued tokens that the provider grants a model, as it said itself when it refused a batch."""

    __tablename__ = "room"
    provider_id: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    tokens: int = big()
    learned_at: datetime = moment()


class AlertTable(SQLModel, table=True):
    """Something a person should know, once for each subject, until it is over."""

    __tablename__ = "alert"
    kind: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    text: str = foreign()
    raised_at: datetime = moment()
    cleared_at: datetime | None = moment(nullable=True)


class ProviderStateTable(SQLModel, table=True):
    """How the way to a provider stands, as the process that last called it found."""

    __tablename__ = "provider_state"
    name: str = Field(primary_key=True)
    reads: str
    paid: str
    last_error: str = foreign()
    last_error_at: datetime | None = moment(nullable=True)
    opens_at: datetime | None = moment(nullable=True)
    seen_at: datetime = moment()


class WebhookTable(SQLModel, table=True):
    """Webhooks that were taken, so that a repeated one is known."""

    __tablename__ = "webhook"
    webhook_id: str = Field(primary_key=True)
    received_at: datetime = moment()
    event: str = foreign()
    batch_id: str
