"""Requests on their way out, and the provider's view of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from core.domain.analysis import ItemError, ResultStatus, Usage
from core.domain.provider import NOBODY, AnsweredBy

OWN_MARK: Final = "mosychlos"
"""How this program's batches and files are known at a provider: in their metadata and at the front of their names."""


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """One line of a batch file, ready to send.

    Attributes:
        custom_id: Unique in the job; joins the result to the request.
        portfolio_id: Whom it is about.
        line: The whole JSON line as bytes, without its newline.
        input_tokens: Counted offline with the model's tokenizer, message framing and schema included.
        max_output_tokens: The cap sent with the request.
        prompt_version: "risk/v1".
        prompt_hash: SHA-256 (hex) of the rendered prompt, system part and user part.
        region: Overlay that was used ("FR", "GLOBAL").
        variant: Temper of the prompt ("default").
        profile: Investment profile of the prompt, or "".
        scenario: Market scenario that it is about, or "".
        period: Period that it is about, or "" for all.
        cacheable_tokens: Input tokens that all requests of the overlay begin with: what a provider's cache can hold.
        warnings: What was changed or could not be done for this request.
    """

    custom_id: str
    portfolio_id: str
    line: bytes
    input_tokens: int
    max_output_tokens: int
    prompt_version: str
    prompt_hash: str
    region: str
    warnings: tuple[str, ...] = ()
    variant: str = ""
    profile: str = ""
    scenario: str = ""
    period: str = ""
    cacheable_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ShardFile:
    """One provider input file on disk.

    Attributes:
        path: Absolute path.
        sha256: Of the file's bytes, hex.
        requests: Lines in it.
        bytes: Its size.
        input_tokens: Sum over its requests.
    """

    path: str
    sha256: str
    requests: int
    bytes: int
    input_tokens: int


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file at the provider.

    Attributes:
        bytes: None where the provider does not say.
        status: Its own word in lower case; "" where it gives none. `details`: why, where the file cannot be used.
    """

    file_id: str
    name: str
    bytes: int | None
    created_at: datetime
    status: str
    details: str = ""


@dataclass(frozen=True, slots=True)
class BatchCounts:
    """The provider's own count of a batch's requests."""

    total: int = 0
    completed: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class BatchProblem:
    """A line of `batch.errors`, in the provider's words."""

    code: str
    message: str
    line: int | None = None
    param: str | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """Tokens of several requests together.

    Attributes:
        cache_write_tokens: Were written to the cache, part of the uncached input.
        note: What contradicts itself in them, and how it was taken.
    """

    usage: Usage
    cache_write_tokens: int = 0
    note: str = field(default="", compare=False)

    def __add__(self, other: Counted) -> Counted:
        return Counted(self.usage + other.usage, self.cache_write_tokens + other.cache_write_tokens)

    def __sub__(self, other: Counted) -> Counted:
        """What is left, of nothing less than nothing."""
        a, b = self.usage, other.usage
        read, written = max(0, a.input_tokens - b.input_tokens), max(0, a.output_tokens - b.output_tokens)
        cached = min(read, max(0, a.cached_tokens - b.cached_tokens))
        reasoning = min(written, max(0, a.reasoning_tokens - b.reasoning_tokens))
        kept = min(read - cached, max(0, self.cache_write_tokens - other.cache_write_tokens))
        return Counted(Usage(read, cached, written, reasoning), kept)


@dataclass(frozen=True, slots=True)
class Batch:
    """The provider's view of one shard.

    Attributes:
        status: The provider's own word in lower case. A word never seen before, or none at all (""), means "still
            running".
        created_at: When it was first seen here, where the provider does not say when it was made.
        output_file_id: None where there is none (an empty string at the provider becomes None here).
        counted: Tokens that the provider counts for the whole batch once it has ended; None where it says nothing.
    """

    batch_id: str
    status: str
    endpoint: str
    input_file_id: str
    output_file_id: str | None
    error_file_id: str | None
    created_at: datetime
    expires_at: datetime | None
    counts: BatchCounts
    problems: tuple[BatchProblem, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    counted: Counted | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """A webhook's word that something happened to a batch. What happened is asked of the provider itself.

    Attributes:
        webhook_id: The same when the provider repeats it.
        event: "batch.completed" and the like.
    """

    webhook_id: str
    event: str
    batch_id: str


ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
"""Provider words after which a batch never changes."""

KNOWN_STATUS = ENDED | {"validating", "in_progress", "finalizing", "cancelling"}
"""Every provider word the documentation names."""


@dataclass(frozen=True, slots=True)
class ResultLine:
    """One line of an output or error file, its envelope opened.

    Attributes:
        custom_id: "" when the line had none (it is then quarantined, never guessed).
        status: SUCCEEDED means "there is text to read", not yet that the text is a valid analysis.
        text: The model's answer; None unless the status is SUCCEEDED.
        raw: The line as it came, decoded; undecodable bytes replaced.
        usage: None where it does not say, or says nonsense: then it is not known what the answer came to.
        cache_write_tokens: Part of the uncached input that the provider wrote to its cache, at a rate of its own.
        answered: Who answered, as the body says: model, served tier, endpoint by its shape.
        usage_note: What contradicts itself in its usage, and how it was taken; "" for what is plain.
    """

    custom_id: str
    status: ResultStatus
    text: str | None
    error: ItemError | None
    usage: Usage | None
    raw: str
    cache_write_tokens: int = 0
    answered: AnsweredBy = NOBODY
    usage_note: str = ""
