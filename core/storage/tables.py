"""The tables. Migrations create them; this file says what they mean. A test holds the two together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, LargeBinary, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from core.redaction import redacted, without_known

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime as microseconds since 1970: sorts and compares alike on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002  # SQLAlchemy's signature
        """To the database.

        Raises:
            ValueError: A naive datetime: it names no moment.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A datetime without a time zone cannot be stored.")
        return (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's signature
        """From the database."""
        return None if value is None else EPOCH + timedelta(microseconds=int(value))


class Foreign(TypeDecorator[str]):
    """What somebody else wrote, or an error's words: anything in it that looks like a key or password is cut out."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy's signature
        """To the database."""
        return None if value is None else redacted(value)


class Answered(TypeDecorator[str]):
    """A model's or a source's own words, kept as they are but for the secrets of this process."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy's signature
        """To the database."""
        return None if value is None else without_known(value)


def _moment(*, nullable: bool = False, index: bool = False) -> Any:
    return Field(sa_column=Column(Moment, nullable=nullable, index=index))


def _big(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(BigInteger, nullable=nullable))


def _text(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(Text, nullable=nullable))


def _foreign(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(Foreign, nullable=nullable))


def _answered(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(Answered, nullable=nullable))


class SchemaMigration(SQLModel, table=True):
    """Which migrations this database has had."""

    __tablename__ = "schema_migration"
    version: int = Field(primary_key=True)
    name: str
    applied_at: datetime = _moment()


class PortfolioTable(SQLModel, table=True):
    """One row a portfolio: what lists show, kept in step with its newest snapshot."""

    __tablename__ = "portfolio"
    portfolio_id: str = Field(primary_key=True)
    name: str
    account: str
    region: str = Field(index=True)
    base_currency: str
    source_format: str
    is_sample: bool
    as_of: str
    holdings: int
    total_value: str | None
    snapshots: int
    search: str
    updated_at: datetime = _moment()


class SnapshotTable(SQLModel, table=True):
    """Holdings of a portfolio on a day. A changed file for the same day adds a revision; nothing is overwritten."""

    __tablename__ = "snapshot"
    portfolio_id: str = Field(primary_key=True)
    as_of: str = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    content_hash: str
    imported_at: datetime = _moment()
    imported_by: str
    document: str = _text()


class EditTable(SQLModel, table=True):
    """What made a revision, where it was no import: an edit, an undo or a redo."""

    __tablename__ = "edit"
    portfolio_id: str = Field(primary_key=True)
    as_of: str = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    kind: str
    stands_for: int
    parent: int | None
    redo: str = _text()
    note: str = _text()


class TagTable(SQLModel, table=True):
    """Tags of portfolios."""

    __tablename__ = "portfolio_tag"
    tag: str = Field(primary_key=True)
    portfolio_id: str = Field(primary_key=True, index=True)
    at: datetime = _moment()
    actor: str


class GroupTable(SQLModel, table=True):
    """Named groups of portfolios; the key is the name without case."""

    __tablename__ = "portfolio_group"
    group_key: str = Field(primary_key=True)
    name: str
    created_at: datetime = _moment()
    created_by: str


class GroupMemberTable(SQLModel, table=True):
    """Which portfolio belongs to which group."""

    __tablename__ = "group_member"
    group_key: str = Field(primary_key=True)
    portfolio_id: str = Field(primary_key=True, index=True)
    at: datetime = _moment()
    actor: str


class InstrumentTable(SQLModel, table=True):
    """Instruments that people added; our own rows live in a file of the program."""

    __tablename__ = "instrument"
    symbol: str = Field(primary_key=True)
    isin: str = Field(index=True)
    document: str = _text()
    changed_at: datetime = _moment()
    changed_by: str


class FundTable(SQLModel, table=True):
    """Funds whose holdings are known."""

    __tablename__ = "fund"
    fund_id: str = Field(primary_key=True)
    name: str
    updated_at: datetime = _moment()
    updated_by: str


class FundCodeTable(SQLModel, table=True):
    """By which ISINs, symbols and series ids holdings name a fund; a code is one fund's."""

    __tablename__ = "fund_code"
    code: str = Field(primary_key=True)
    fund_id: str = Field(index=True)
    updated_at: datetime = _moment()
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
    imported_at: datetime = _moment()
    imported_by: str
    document: str = _text()


class IsinLeiTable(SQLModel, table=True):
    """The legal entity that issued an ISIN, as GLEIF maps it."""

    __tablename__ = "isin_lei"
    isin: str = Field(primary_key=True)
    lei: str
    updated_at: datetime = _moment()


class LegalNameTable(SQLModel, table=True):
    """Legal names of entities (GLEIF level 1)."""

    __tablename__ = "legal_name"
    lei: str = Field(primary_key=True)
    name: str
    updated_at: datetime = _moment()


class LegalParentTable(SQLModel, table=True):
    """Ultimate parents of entities (GLEIF level 2)."""

    __tablename__ = "legal_parent"
    lei: str = Field(primary_key=True)
    parent: str
    updated_at: datetime = _moment()


class InstrumentChangeTable(SQLModel, table=True):
    """Every change of a user's instrument, with the row before and after."""

    __tablename__ = "instrument_change"
    change_id: int | None = Field(default=None, primary_key=True)
    symbol: str = Field(index=True)
    at: datetime = _moment()
    actor: str
    action: str
    before: str = _text()
    after: str = _text()


class PolicyTable(SQLModel, table=True):
    """A client's policy statement; the newest revision binds, an empty document means that none does."""

    __tablename__ = "policy"
    scope: str = Field(primary_key=True)
    target: str = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    document: str = _text()
    stored_at: datetime = _moment()
    stored_by: str


class PriceTable(SQLModel, table=True):
    """Price history of one symbol, as `PriceHistory.to_bytes` packs it. Real and simulated ones stand side by side."""

    __tablename__ = "price_series"
    symbol: str = Field(primary_key=True)
    badge: str = Field(primary_key=True)
    currency: str
    first_day: str
    last_day: str
    closes: int | None
    source: str = _foreign()
    updated_at: datetime | None = _moment(nullable=True)
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
    fetched_at: datetime = _moment()
    fetched_by: str
    body: str = _text()


class ImportMappingTable(SQLModel, table=True):
    """Which column of a table is which, as somebody confirmed it for a header."""

    __tablename__ = "import_mapping"
    fingerprint: str = Field(primary_key=True)
    header: str = _text()
    mapping: str = _text()
    confirmed_by: str
    confirmed_at: datetime = _moment()


class MarketAnswerTable(SQLModel, table=True):
    """The last answer of a market data source to one question, as JSON. Only of sources that may be stored."""

    __tablename__ = "market_answer"
    source_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    item: str = Field(primary_key=True)
    as_of: str | None
    fetched_at: datetime = _moment()
    body: str = _answered()


class ResearchDocumentTable(SQLModel, table=True):
    """A text that market research may cite; its passages stand beside it."""

    __tablename__ = "research_document"
    source_id: str = Field(primary_key=True)
    kind: str = Field(index=True)
    symbol: str = Field(index=True)
    title: str = _foreign()
    publisher: str = _foreign()
    published: str | None
    url: str = _foreign()
    media: str
    sha256: str = Field(unique=True)
    characters: int
    pages: int | None
    passages: int
    added_at: datetime = _moment()
    added_by: str


class ResearchPassageTable(SQLModel, table=True):
    """A numbered piece of a research document."""

    __tablename__ = "research_passage"
    source_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    text: str = _text()


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
    created_at: datetime = _moment(index=True)
    created_by: str
    approved_at: datetime | None = _moment(nullable=True)
    ended_at: datetime | None = _moment(nullable=True)
    spec_hash: str
    nonce: str = Field(unique=True)
    simulated: bool
    cancel_wish: bool
    request: str = _text()
    estimate: str = _text()
    total: int
    succeeded: int
    failed: int
    missing: int
    shards: int
    expected_nano: int | None = _big(nullable=True)
    actual_nano: int | None = _big(nullable=True)
    message: str = _foreign()
    needed_by: datetime | None = _moment(nullable=True)
    desk: str
    set_id: str
    fallback: str = _text()
    # Whom it goes to: the fingerprint of a `ProviderIdentity`, and the identity itself as JSON; "" where it is unknown.
    provider_id: str
    provider: str = _text()
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
    created_at: datetime = _moment(index=True)
    created_by: str
    jobs: int


class ParameterTable(SQLModel, table=True):
    """How often a model took a value of a parameter, and how often it refused it, in the server's own words."""

    __tablename__ = "parameter_memory"
    model: str = Field(primary_key=True)
    endpoint: str = Field(primary_key=True)
    parameter: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    simulated: bool = Field(primary_key=True)
    provider_id: str = Field(primary_key=True)
    sent: int = _big()
    accepted: int = _big()
    refused: int = _big()
    words: str = _foreign()
    refused_on: str
    last_on: str


class ShardTable(SQLModel, table=True):
    """One row a provider batch, with the lease of whoever works on it."""

    __tablename__ = "shard"
    shard_id: str = Field(primary_key=True)
    job_id: str = Field(index=True)
    shard_index: int
    state: str
    fence: int
    lease_owner: str | None
    lease_until: datetime | None = _moment(nullable=True)
    attempt: int
    path: str = _text()
    sha256: str
    requests: int
    bytes: int = _big()
    input_tokens: int = _big()
    remote_name: str
    file_id: str | None
    file_created_at: datetime | None = _moment(nullable=True)
    create_at: datetime | None = _moment(nullable=True)
    scans: int
    batch_id: str | None = Field(unique=True)
    provider_status: str = _foreign()
    provider_total: int
    provider_completed: int
    provider_failed: int
    output_file_id: str | None
    error_file_id: str | None
    submitted_at: datetime | None = _moment(nullable=True)
    expires_at: datetime | None = _moment(nullable=True)
    last_contact_at: datetime | None = _moment(nullable=True)
    next_due_at: datetime = _moment(index=True)
    quiet_polls: int
    cancel_wish: bool
    ended_at: datetime | None = _moment(nullable=True)
    message: str = _foreign()
    model: str
    retry_round: int
    admitted_at: datetime | None = _moment(nullable=True)
    place: int
    hold: str
    hold_until: datetime | None = _moment(nullable=True)
    progress_at: datetime | None = _moment(nullable=True)
    files_gone_at: datetime | None = _moment(nullable=True)
    nudged: bool
    part: int
    # Tokens that the provider counts for the whole batch, as JSON; None where it does not say.
    counted: str | None = _text(nullable=True)


class EventTable(SQLModel, table=True):
    """History: one row for every move, written in the transaction that made it."""

    __tablename__ = "event"
    event_id: int | None = Field(default=None, primary_key=True)
    job_id: str = Field(index=True)
    shard_id: str | None
    at: datetime = _moment()
    actor: str
    event: str
    from_state: str
    to_state: str
    note: str = _foreign()


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


class ResultTable(SQLModel, table=True):
    """How a request ended: narrow, so that aggregates stay quick. The long text stands in `answer`."""

    __tablename__ = "result"
    job_id: str = Field(primary_key=True)
    custom_id: str = Field(primary_key=True)
    portfolio_id: str = Field(index=True)
    status: str
    level: str
    headline: str = _answered()
    verified: int
    mismatched: int
    unsupported: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_nano: int | None = _big(nullable=True)
    error_code: str | None = _foreign(nullable=True)
    error_message: str | None = _foreign(nullable=True)
    error_transient: bool
    raw_file: str | None
    raw_offset: int | None = _big(nullable=True)
    raw_length: int | None = _big(nullable=True)
    reused_from: str | None
    # Copies of what the request and the portfolio say: with them an index alone sorts a run of any size.
    hhi: float | None = None
    portfolio_name: str = ""
    # Who answered, as the answer itself says; simulated where it carries the mark of the stand-in.
    answered_provider: str = ""
    answered_model: str = ""
    answered_tier: str = ""
    answered_endpoint: str = ""
    answered_simulated: bool = False
    usage_from: str = "answer"


class AttemptTable(SQLModel, table=True):
    """How a request ended before it was asked again: nothing that was paid or said is forgotten."""

    __tablename__ = "attempt"
    job_id: str = Field(primary_key=True)
    custom_id: str = Field(primary_key=True)
    attempt: int = Field(primary_key=True)
    shard_index: int
    at: datetime = _moment()
    status: str
    error_code: str | None = _foreign(nullable=True)
    error_message: str | None = _foreign(nullable=True)
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_nano: int | None = _big(nullable=True)
    raw_file: str | None
    raw_offset: int | None = _big(nullable=True)
    raw_length: int | None = _big(nullable=True)
    answered_provider: str = ""
    answered_model: str = ""
    answered_tier: str = ""
    answered_endpoint: str = ""
    answered_simulated: bool = False
    usage_from: str = "answer"


class AnswerTable(SQLModel, table=True):
    """The analysis document and the findings of one succeeded request."""

    __tablename__ = "answer"
    job_id: str = Field(primary_key=True)
    custom_id: str = Field(primary_key=True)
    analysis: str = _answered()
    findings: str = _answered()
    wanted: int = 0
    covered: int = 0
    rules: int = 0
    rules_agreeing: int = 0


class SecondAnswerTable(SQLModel, table=True):
    """A request that was asked once more with the list of what did not hold.

    Tokens and cost are those of the second asking, whose ending is `ended` ("" while it waits). From `status` on it is
    the answer that does not stand: the second one, or the first where the second `stands` in the request's result.
    """

    __tablename__ = "second_answer"
    job_id: str = Field(primary_key=True)
    custom_id: str = Field(primary_key=True)
    again_id: str
    portfolio_id: str
    shard_index: int
    at: datetime = _moment()
    actor: str
    why: str
    stands: bool
    ended: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_nano: int | None = _big(nullable=True)
    status: str
    level: str
    headline: str = _answered()
    verified: int
    mismatched: int
    unsupported: int
    error_code: str | None = _foreign(nullable=True)
    error_message: str | None = _foreign(nullable=True)
    error_transient: bool
    raw_file: str | None
    raw_offset: int | None = _big(nullable=True)
    raw_length: int | None = _big(nullable=True)
    analysis: str | None = _answered(nullable=True)
    findings: str = _answered()
    wanted: int
    covered: int
    rules: int
    rules_agreeing: int
    answered_provider: str = ""
    answered_model: str = ""
    answered_tier: str = ""
    answered_endpoint: str = ""
    answered_simulated: bool = False
    usage_from: str = "answer"


class RollupTable(SQLModel, table=True):
    """Counts by dimension, written when results are, so that no page ever counts a million rows."""

    __tablename__ = "rollup"
    job_id: str = Field(primary_key=True)
    dimension: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    n: int = _big()


class CollectedTable(SQLModel, table=True):
    """How far a result file has been read into the database: makes collecting resumable to the byte."""

    __tablename__ = "collected"
    shard_id: str = Field(primary_key=True)
    file: str = Field(primary_key=True)
    offset: int = Field(sa_column=Column("read_to", BigInteger, nullable=False))


class StrayTable(SQLModel, table=True):
    """Result lines that belong to no request: kept and shown, never guessed at."""

    __tablename__ = "stray"
    stray_id: int | None = Field(default=None, primary_key=True)
    job_id: str = Field(index=True)
    shard_id: str
    custom_id: str = _foreign()
    reason: str = _foreign()
    line: str = _foreign()


class LedgerTable(SQLModel, table=True):
    """What a provider batch cost: one row a batch, written with the shard's last move."""

    __tablename__ = "ledger"
    batch_id: str = Field(primary_key=True)
    job_id: str = Field(index=True)
    shard_id: str
    at: datetime = _moment()
    model: str
    input_tokens: int = _big()
    cached_tokens: int = _big()
    output_tokens: int = _big()
    reasoning_tokens: int = _big()
    cost_nano: int | None = _big(nullable=True)


class CommitmentTable(SQLModel, table=True):
    """What an approved job, or a retry of it, may cost: a reservation until it settles, then what it did cost."""

    __tablename__ = "commitment"
    job_id: str = Field(primary_key=True)
    part: int = Field(primary_key=True)
    person: str = Field(index=True)
    desk: str
    month: str = Field(index=True)
    amount_nano: int = _big()
    settled: bool
    lost: bool = False


class AskingTable(SQLModel, table=True):
    """Requests that are being asked synchronously right now, so that nobody else asks them at the same time."""

    __tablename__ = "asking"
    job_id: str = Field(primary_key=True)
    custom_id: str = Field(primary_key=True)
    actor: str
    until: datetime = _moment()
    part: int


class WorkerTable(SQLModel, table=True):
    """Signs of life."""

    __tablename__ = "worker"
    worker_id: str = Field(primary_key=True)
    started_at: datetime = _moment()
    beat_at: datetime = _moment()
    provider: str
    accepts: str


class RoomTable(SQLModel, table=True):
    """Enqueued tokens that the provider grants a model, as it said itself when it refused a batch."""

    __tablename__ = "room"
    provider_id: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    tokens: int = _big()
    learned_at: datetime = _moment()


class CalibrationTable(SQLModel, table=True):
    """What the answers of one provider batch came to, so that the next estimate knows better."""

    __tablename__ = "calibration"
    shard_id: str = Field(primary_key=True)
    kind: str
    model: str
    effort: str
    at: datetime = _moment()
    answers: int
    counted_tokens: int = _big()
    input_tokens: int = _big()
    cached_tokens: int = _big()
    output_tokens: int = _big()
    output_squares: float
    provider_id: str
    endpoint: str


class AlertTable(SQLModel, table=True):
    """Something a person should know, once for each subject, until it is over."""

    __tablename__ = "alert"
    kind: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    text: str = _foreign()
    raised_at: datetime = _moment()
    cleared_at: datetime | None = _moment(nullable=True)


class ToolCallTable(SQLModel, table=True):
    """One call of a tool by a model, with what it was answered. `job_id` may also be the id of a try."""

    __tablename__ = "tool_call"
    job_id: str = Field(primary_key=True)
    custom_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    round: int
    tool: str
    call_id: str
    arguments: str = _foreign()
    result: str = _foreign()
    facts: str = _foreign()
    error: str = _foreign()
    source: str = _foreign()
    at: datetime = _moment()
    took_ms: int
    cost_nano: int | None = _big(nullable=True)


class CitationTable(SQLModel, table=True):
    """A web page that an answer cites, and the characters of the answer that it stands for."""

    __tablename__ = "citation"
    job_id: str = Field(primary_key=True)
    custom_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    url: str = _foreign()
    title: str = _foreign()
    start_index: int
    end_index: int


class TryTable(SQLModel, table=True):
    """One question asked at once: the wish, the text as it comes, and the checked answer with its price."""

    __tablename__ = "try_once"
    try_id: str = Field(primary_key=True)
    created_at: datetime = _moment(index=True)
    created_by: str
    state: str
    cancel_wish: bool
    owner: str
    beat_at: datetime | None = _moment(nullable=True)
    portfolio_id: str
    request: str = _text()
    force: bool
    custom_id: str
    line: str = _text()
    sheet: str = _text()
    text: str = _answered()
    rounds: int
    status: str
    analysis: str | None = _answered(nullable=True)
    checked: str | None = _answered(nullable=True)
    level: str
    headline: str = _answered()
    error_code: str | None = _foreign(nullable=True)
    error_message: str | None = _foreign(nullable=True)
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    expected_nano: int | None = _big(nullable=True)
    cost_nano: int | None = _big(nullable=True)
    simulated: bool
    ended_at: datetime | None = _moment(nullable=True)
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


class ProviderStateTable(SQLModel, table=True):
    """How the way to a provider stands, as the process that last called it found."""

    __tablename__ = "provider_state"
    name: str = Field(primary_key=True)
    reads: str
    paid: str
    last_error: str = _foreign()
    last_error_at: datetime | None = _moment(nullable=True)
    opens_at: datetime | None = _moment(nullable=True)
    seen_at: datetime = _moment()


class WebhookTable(SQLModel, table=True):
    """Webhooks that were taken, so that a repeated one is known."""

    __tablename__ = "webhook"
    webhook_id: str = Field(primary_key=True)
    received_at: datetime = _moment()
    event: str = _foreign()
    batch_id: str
