"""Jobs, shards and their history as they are stored: what pages, the CLI and the worker read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from core.domain.analysis import (
    AnalysisRequest,
    ItemError,
    Kind,
    Priority,
    RawLine,
    ResultStatus,
    Usage,
    UsageFrom,
    Verification,
)
from core.domain.batch import Batch, BatchCounts, Counted
from core.domain.cost import Estimate
from core.domain.job import JOB_ENDED, JobState, ShardState
from core.domain.provider import NOBODY, AnsweredBy, ProviderIdentity, meant_for, meant_simulated


@dataclass(frozen=True, slots=True)
class ItemCounts:
    """How the requests of a job stand. `failed` counts every ending that is neither succeeded nor missing."""

    total: int = 0
    succeeded: int = 0
    failed: int = 0
    missing: int = 0

    @property
    def pending(self) -> int:
        """Requests that have not ended."""
        return self.total - self.succeeded - self.failed - self.missing


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job in a list.

    Attributes:
        expected_usd: Estimate at submission; None when the price was unknown.
        actual_usd: Spent so far; None when the price is unknown.
        provider_done: Requests that have ended, and those that the provider says it has finished in batches that are
            not settled yet: for a progress bar before results are in.
        message: What a person should know or do; "" when nothing.
        needed_by: When somebody needs the answers; decides the order of the queue.
        desk: Whom the cost is charged to; "" where desks are not told apart.
        set_id: The set it was submitted in; "" when it was submitted alone.
        fallback: The model that stands in for another one, and why, as JSON; "" when the model is the one asked for.
        simulated: Its answers are, as it was meant or as they say of themselves.
        provider_id: Whom it was approved for: only a worker of this provider takes it up.
        provider: The same for people; None for a job from before that was kept.
    """

    job_id: str
    kind: Kind
    model: str
    model_class: str
    endpoint: str
    variant: str
    region_mode: str
    prompt_version: str
    priority: Priority
    state: JobState
    created_at: datetime
    created_by: str
    approved_at: datetime | None
    ended_at: datetime | None
    counts: ItemCounts
    provider_done: int
    shards: int
    expected_usd: Decimal | None
    actual_usd: Decimal | None
    message: str
    simulated: bool
    needed_by: datetime | None = None
    desk: str = ""
    set_id: str = ""
    fallback: str = ""
    provider_id: str = ""
    provider: ProviderIdentity | None = None

    @property
    def meant_for(self) -> str:
        """Whom it was approved for, for people."""
        return meant_for(self.provider, self.provider_id)

    @property
    def meant_simulated(self) -> bool:
        """Whether a stand-in was meant to answer, whoever did."""
        return meant_simulated(self.provider, self.provider_id)


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job that asks the very same as what somebody is about to submit, or some of it.

    Attributes:
        shared: How many of the portfolios that somebody is about to ask about wait in it; None when it asks the whole.
    """

    job_id: str
    set_id: str
    created_by: str
    approved_at: datetime
    state: JobState
    requests: int
    shared: int | None = None

    def said(self, subject: str, now: datetime) -> str:
        """The same in a sentence.

        Args:
            subject: Who reads it.
        """
        who = "you" if self.created_by == subject else self.created_by
        stands = "waiting" if self.state is JobState.QUEUED else self.state.value
        when = f"submitted {ago(now - self.approved_at)} ago by {who} (job {self.job_id}, {stands})"
        if self.shared is not None:
            waits = "waits" if self.shared == 1 else "wait"
            return f"{self.shared:,} of these portfolios {waits} for the same answer already, {when}."
        requests = "request was" if self.requests == 1 else f"{self.requests:,} requests were"
        return f"The same {requests} {when}."


def ago(span: timedelta) -> str:
    """A span in its largest unit: "3 min"."""
    seconds = span.total_seconds()
    for size, word in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {word}"
    return f"{max(seconds, 0):.0f} s"


@dataclass(frozen=True, slots=True)
class JobSet:
    """Jobs that were submitted together: all of them or none.

    Attributes:
        comparison: What differs while the portfolios are the same: "models", "prompts", or "" when it is no comparison.
        jobs: How many.
        states: How many of them stand in which state.
        counts: Requests of all of them.
        expected_usd: Sum of the estimates; None when one price was unknown.
        actual_usd: Spent so far; None when one price is unknown.
    """

    set_id: str
    name: str
    comparison: str
    created_at: datetime
    created_by: str
    jobs: int
    states: dict[JobState, int]
    counts: ItemCounts
    expected_usd: Decimal | None
    actual_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Track:
    """How the answers of a model to an analysis have held so far.

    Attributes:
        answers: Checked answers.
        stated: Numbers and checks in them; `verified` of these held.
    """

    answers: int
    verified: int
    stated: int

    @property
    def share(self) -> float | None:
        """Verified over stated, a fraction; None when nothing was stated."""
        return self.verified / self.stated if self.stated else None


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """What is remembered of one value of a parameter with one model on one endpoint.

    Attributes:
        value: As it was sent; "given" where only the name is remembered.
        sent: Requests that carried it and came back; `accepted` of them were answered, `refused` because of it.
        words: The server's own words at the last refusal; "" when there was none.
        refused_on: Day of the last refusal (ISO), "" when there was none; `last_on` the last day it was sent.
        simulated: The answers came from the local stand-in.
    """

    model: str
    endpoint: str
    parameter: str
    value: str
    sent: int
    accepted: int
    refused: int
    words: str
    refused_on: str
    last_on: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class Job:
    """A job whole: its row, what was asked, and what it was expected to cost."""

    row: JobRow
    request: AnalysisRequest
    estimate: Estimate
    spec_hash: str
    cancel_wish: bool

    @property
    def stopping(self) -> bool:
        """Somebody asked it to stop, and it has not ended yet."""
        return self.cancel_wish and self.row.state not in JOB_ENDED


@dataclass(frozen=True, slots=True)
class Shard:
    """One provider batch of a job.

    Attributes:
        shard_id: "<job id>.<index>".
        fence: Grows with every lease; a step that holds an older one may change nothing.
        attempt: Paid creates tried so far.
        path: The input file.
        file_created_at: When it had come up, by our own clock.
        remote_name: Name of the upload, made of job key and attempt, so that a lost upload can be found again.
        create_at: When the last paid create was about to be sent; committed before it was.
        scans: Look-ups in vain: ours of the provider's list for a lost create, or the provider's of its own file.
        provider_status: The provider's own word.
        message: Why it waits or failed, for a person.
        model: Which its requests go to: a retry may ask another one than the job did.
        retry_round: 0 for the job's own shards, n for its nth retry.
        admitted_at: When the plan let it go to the provider; None while it waits its turn.
        place: Its place in the queue, from 1; 0 once it has left.
        hold: Why it waits its turn (a `Hold`, "" when it does not), and `hold_until` when that ends at the latest.
        progress_at: When the provider's counts last moved.
        files_gone_at: When its files at the provider were removed.
        counted: Tokens that the provider counts for the whole batch, once it has ended; None where it does not say.
    """

    shard_id: str
    job_id: str
    index: int
    state: ShardState
    fence: int
    attempt: int
    path: str
    sha256: str
    requests: int
    bytes: int
    input_tokens: int
    remote_name: str
    file_id: str | None
    file_created_at: datetime | None
    create_at: datetime | None
    scans: int
    batch_id: str | None
    provider_status: str
    counts: BatchCounts
    output_file_id: str | None
    error_file_id: str | None
    submitted_at: datetime | None
    expires_at: datetime | None
    last_contact_at: datetime | None
    next_due_at: datetime
    quiet_polls: int
    cancel_wish: bool
    ended_at: datetime | None
    message: str
    model: str
    retry_round: int
    admitted_at: datetime | None
    place: int
    hold: str
    hold_until: datetime | None
    progress_at: datetime | None
    files_gone_at: datetime | None
    counted: Counted | None = None


@dataclass(frozen=True, slots=True)
class ShardClaim:
    """The right to do one step of a shard, until somebody claims it with a higher fence."""

    shard_id: str
    fence: int


@dataclass(frozen=True, slots=True)
class BatchLook:
    """What a look at a running batch has shown.

    Attributes:
        quiet_polls: Looks in a row that showed nothing new.
        progress_at: When the provider's counts last moved.
        due: When to look again.
    """

    claim: ShardClaim
    batch: Batch
    at: datetime
    quiet_polls: int
    message: str
    progress_at: datetime
    due: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a job's history."""

    at: datetime
    shard_id: str | None
    actor: str
    event: str
    from_state: str
    to_state: str
    note: str


class AskedAgain(StrEnum):
    """Why a request was asked once more, with the list of what did not hold in its answer."""

    INVALID = "invalid"
    FLAGGED = "flagged"


@dataclass(frozen=True, slots=True)
class SecondAsking:
    """That a request was asked once more, and what came of it. Both answers are kept.

    Attributes:
        custom_id: Of the second request; at most one for each request.
        ended: How it ended; PENDING while it waits.
        stands: The second answer holds better and stands in the item; then the other one here is the first.
        status: Of the answer that does not stand, as all that follows. PENDING while there is none.
        usage: Of the second asking.
        cost_usd: Of the second asking; None when it is not known.
        usage_from: Where `usage` is known from.
    """

    custom_id: str
    at: datetime
    actor: str
    why: AskedAgain
    ended: ResultStatus
    stands: bool
    status: ResultStatus
    level: str
    headline: str
    analysis: dict[str, Any] | None
    verification: Verification | None
    error: ItemError | None
    raw: RawLine | None
    usage: Usage
    cost_usd: Decimal | None
    answered: AnsweredBy = NOBODY
    usage_from: UsageFrom = UsageFrom.ANSWER


@dataclass(frozen=True, slots=True)
class Item:
    """One request of a job and how it ended.

    Attributes:
        usage: Of the request itself; a second asking has its own. Zeros where it is not known.
        usage_from: Where `usage` is known from.
        reused_from: The job whose stored answer it was given, at no price; "" when the provider was asked.
        again: The second asking, where there was one.
        answered: Who gave the answer that stands.
    """

    custom_id: str
    portfolio_id: str
    portfolio_name: str
    region: str
    status: ResultStatus
    level: str
    headline: str
    analysis: dict[str, Any] | None
    verification: Verification | None
    error: ItemError | None
    usage: Usage
    cost_usd: Decimal | None
    reused_from: str = ""
    again: SecondAsking | None = None
    answered: AnsweredBy = NOBODY
    usage_from: UsageFrom = UsageFrom.ANSWER


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request as it was built, before it has an answer.

    Attributes:
        hhi: The portfolio's concentration, kept beside the request so that outliers of a job are one narrow query.
        top1_pct: Weight of its largest holding in percent. Both None where they could not be computed.
        body_hash: Of what is sent, custom id left out, so that the same question is known again; "" where answers
            are not reused.
    """

    custom_id: str
    shard_index: int
    portfolio_id: str
    as_of: str
    region: str
    input_tokens: int
    prompt_hash: str
    hhi: float | None
    top1_pct: float | None
    body_hash: str = ""


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker process as the dashboard sees it.

    Attributes:
        provider: Whom it serves, for people.
        accepts: Ids of the jobs that it works on: see `ProviderIdentity.accepts`.
    """

    worker_id: str
    started_at: datetime
    beat_at: datetime
    provider: str
    accepts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spend:
    """What a month has committed: settled costs plus the expected cost of what still runs."""

    settled_usd: Decimal
    open_usd: Decimal
    jobs: int

    @classmethod
    def nothing(cls) -> Spend:
        """Nothing committed by nobody."""
        return cls(Decimal(0), Decimal(0), 0)

    @property
    def total_usd(self) -> Decimal:
        """Settled and open together."""
        return self.settled_usd + self.open_usd
