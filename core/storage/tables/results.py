"""What came back: endings, answers, counts, stray lines, tool calls and citations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from core.storage.tables.columns import (
    answered,
    big,
    foreign,
    moment,
)


class ResultTable(SQLModel, table=True):
    """How a request ended: narrow, so that aggregates stay quick. The long text stands in `answer`."""

    __tablename__ = "result"
    job_id: str = Field(primary_key=True)
    custom_id: str = Field(primary_key=True)
    portfolio_id: str = Field(index=True)
    status: str
    level: str
    headline: str = answered()
    verified: int
    mismatched: int
    unsupported: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_nano: int | None = big(nullable=True)
    error_code: str | None = foreign(nullable=True)
    error_message: str | None = foreign(nullable=True)
    error_transient: bool
    raw_file: str | None
    raw_offset: int | None = big(nullable=True)
    raw_length: int | None = big(nullable=True)
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
    at: datetime = moment()
    status: str
    error_code: str | None = foreign(nullable=True)
    error_message: str | None = foreign(nullable=True)
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_nano: int | None = big(nullable=True)
    raw_file: str | None
    raw_offset: int | None = big(nullable=True)
    raw_length: int | None = big(nullable=True)
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
    analysis: str = answered()
    findings: str = answered()
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
    at: datetime = moment()
    actor: str
    why: str
    stands: bool
    ended: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_nano: int | None = big(nullable=True)
    status: str
    level: str
    headline: str = answered()
    verified: int
    mismatched: int
    unsupported: int
    error_code: str | None = foreign(nullable=True)
    error_message: str | None = foreign(nullable=True)
    error_transient: bool
    raw_file: str | None
    raw_offset: int | None = big(nullable=True)
    raw_length: int | None = big(nullable=True)
    analysis: str | None = answered(nullable=True)
    findings: str = answered()
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
    n: int = big()


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
    custom_id: str = foreign()
    reason: str = foreign()
    line: str = foreign()


class ToolCallTable(SQLModel, table=True):
    """One call of a tool by a model, with what it was answered. `job_id` may also be the id of a try."""

    __tablename__ = "tool_call"
    job_id: str = Field(primary_key=True)
    custom_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    round: int
    tool: str
    call_id: str
    arguments: str = foreign()
    result: str = foreign()
    facts: str = foreign()
    error: str = foreign()
    source: str = foreign()
    at: datetime = moment()
    took_ms: int
    cost_nano: int | None = big(nullable=True)


class CitationTable(SQLModel, table=True):
    """A web page that an answer cites, and the characters of the answer that it stands for."""

    __tablename__ = "citation"
    job_id: str = Field(primary_key=True)
    custom_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    url: str = foreign()
    title: str = foreign()
    start_index: int
    end_index: int
