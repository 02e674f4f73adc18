"""Jobs and sets, their shards and requests, tries, and what was learnt of models."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from core.storage.tables.columns import (
    answered,
    big,
    foreign,
    moment,
    text,
)


class JobTable(SQLModel, table=True):
    """One row a job. The counts and costs are kept in step by the transactions that change results."""

    __tablename__ = "job"
    job_id: str = Field(primary_key=True)
    kind: str = Field(index=True)
    model: str
    model_class: str
    endpoint: str
    variant: str
    region_mode: str
    prompt_version: str
    priority: str
    priority_rank: int
    state: str = Field(index=True)
    created_at: datetime = moment(index=True)
    created_by: str
    approved_at: datetime | None = moment(nullable=True)
    ended_at: datetime | None = moment(nullable=True)
    spec_hash: str
    nonce: str = Field(unique=True)
    simulated: bool
    cancel_wish: bool
    request: str = text()
    estimate: str = text()
    total: int
    succeeded: int
    failed: int
    missing: int
    shards: int
    expected_nano: int | None = big(nullable=True)
    actual_nano: int | None = big(nullable=True)
    message: str = foreign()
    needed_by: datetime | None = moment(nullable=True)
    desk: str
    set_id: str
    fallback: str = text()
    # Whom it goes to: the fingerprint of a `ProviderIdentity`, and the identity itself as JSON; "" where it is unknown.
    provider_id: str
    provider: str = text()
    # What is asked, however it is cut into batches and whatever is known of it already.
    question: str
    # Who wants its stored result lines read again; "" for nobody.
    reread_by: str = ""


class JobSetTable(SQLModel, table=True):
    """Jobs that were submitted together."""

    __tablename__ = "job_set"
    set_id: str = Field(primary_key=True)
    name: str
    comparison: str
    created_at: datetime = moment(index=True)
    created_by: str
    jobs: int


class ShardTable(SQLModel, table=True):
    """One row a provider batch, with the lease of whoever works on it."""

    __tablename__ = "shard"
    shard_id: str = Field(primary_key=True)
    job_id: str = Field(index=True)
    shard_index: int
    state: str
    fence: int
    lease_owner: str | None
    lease_until: datetime | None = moment(nullable=True)
    attempt: int
    path: str = text()
    sha256: str
    requests: int
    bytes: int = big()
    input_tokens: int = big()
    remote_name: str
    file_id: str | None
    file_created_at: datetime | None = moment(nullable=True)
    create_at: datetime | None = moment(nullable=True)
    scans: int
    batch_id: str | None = Field(unique=True)
    provider_status: str = foreign()
    provider_total: int
    provider_completed: int
    provider_failed: int
    output_file_id: str | None
    error_file_id: str | None
    submitted_at: datetime | None = moment(nullable=True)
    expires_at: datetime | None = moment(nullable=True)
    last_contact_at: datetime | None = moment(nullable=True)
    next_due_at: datetime = moment(index=True)
    quiet_polls: int
    cancel_wish: bool
    ended_at: datetime | None = moment(nullable=True)
    message: str = foreign()
    model: str
    retry_round: int
    admitted_at: datetime | None = moment(nullable=True)
    place: int
    hold: str
    hold_until: datetime | None = moment(nullable=True)
    progress_at: datetime | None = moment(nullable=True)
    files_gone_at: datetime | None = moment(nullable=True)
    nudged: bool
    part: int
    # Tokens that the provider counts for the whole batch, as JSON; None where it does not say.
    counted: str | None = text(nullable=True)


class EventTable(SQLModel, table=True):
    """History: one row for every move, written in the transaction that made it."""

    __tablename__ = "event"
    event_id: int | None = Field(default=None, primary_key=True)
    job_id: str = Field(index=True)
    shard_id: str | None
    at: datetime = moment()
    actor: str
    event: str
    from_state: str
    to_state: str
    note: str = foreign()


class RequestTable(SQLModel, table=True):
    """Every request ever built, so that none can be lost."""

    __tablename__ = "request"
    job_id: str = Field(primary_key=True)
    custom_id: str = Field(primary_key=True)
    shard_index: int
    portfolio_id: str
    as_of: str
    region: str
    input_tokens: int
    prompt_hash: str
    hhi: float | None
    top1_pct: float | None
    body_hash: str


class ParameterTable(SQLModel, table=True):
    """How often a model took a value of a parameter, and how often it refused it, in the server's own words."""

    __tablename__ = "parameter_memory"
    model: str = Field(primary_key=True)
    endpoint: str = Field(primary_key=True)
    parameter: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    simulated: bool = Field(primary_key=True)
    provider_id: str = Field(primary_key=True)
    sent: int = big()
    accepted: int = big()
    refused: int = big()
    words: str = foreign()
    refused_on: str
    last_on: str


class CalibrationTable(SQLModel, table=True):
    """What the answers of one provider batch came to, so that the next estimate knows better."""

    __tablename__ = "calibration"
    shard_id: str = Field(primary_key=True)
    kind: str
    model: str
    effort: str
    at: datetime = moment()
    answers: int
    counted_tokens: int = big()
    input_tokens: int = big()
    cached_tokens: int = big()
    output_tokens: int = big()
    output_squares: float
    provider_id: str
    endpoint: str


class TryTable(SQLModel, table=True):
    """One question asked at once: the wish, the text as it comes, and the checked answer with its price."""

    __tablename__ = "try_once"
    try_id: str = Field(primary_key=True)
    created_at: datetime = moment(index=True)
    created_by: str
    state: str
    cancel_wish: bool
    owner: str
    beat_at: datetime | None = moment(nullable=True)
    portfolio_id: str
    request: str = text()
    force: bool
    custom_id: str
    line: str = text()
    sheet: str = text()
    text: str = answered()
    rounds: int
    status: str
    analysis: str | None = answered(nullable=True)
    checked: str | None = answered(nullable=True)
    level: str
    headline: str = answered()
    error_code: str | None = foreign(nullable=True)
    error_message: str | None = foreign(nullable=True)
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    expected_nano: int | None = big(nullable=True)
    cost_nano: int | None = big(nullable=True)
    simulated: bool
    ended_at: datetime | None = moment(nullable=True)
    prompt_version: str
    model: str
    answered_provider: str = ""
    answered_model: str = ""
    answered_tier: str = ""
    answered_endpoint: str = ""
    answered_simulated: bool = False
    usage_from: str = "answer"
    provider_id: str = ""
    question: str = ""
