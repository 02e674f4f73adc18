"""What is asked (AnalysisRequest), what came back (Outcome), and what checking found (Verification)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from core.domain.provider import NOBODY, AnsweredBy


class Kind(StrEnum):
    """The analyses. Which of them have an engine is asked of `core.analyses.engines`."""

    RISK = "risk"
    ALLOCATION = "allocation"
    PERFORMANCE = "performance"
    ATTRIBUTION = "attribution"
    COMPLIANCE = "compliance"
    REALLOCATION = "reallocation"
    MARKET_RESEARCH = "market_research"
    INVESTMENT_RESEARCH = "investment_research"
    COMMITTEE_BRIEF = "committee_brief"


class Endpoint(StrEnum):
    """Which API a request is written for."""

    CHAT = "chat"
    RESPONSES = "responses"

    @property
    def path(self) -> str:
        """The path the provider knows it by."""
        return "/v1/chat/completions" if self is Endpoint.CHAT else "/v1/responses"


class Variant(StrEnum):
    """The temper of the prompt."""

    DEFAULT = "default"
    AGGRESSIVE = "aggressive"
    CONSERVATIVE = "conservative"


class Priority(StrEnum):
    """Which job's shards go first while several wait."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """Who is looked at, with which analysis, by which model.

    Attributes:
        kind: The analysis.
        portfolio_ids: At least one, in the order the requests are written.
        model: Model id as the provider names it.
        endpoint: Chat Completions or Responses.
        variant: Prompt variant.
        regional: True to pick the overlay by each portfolio's own region.
        region: Overlay forced on all portfolios; None leaves it to `regional`, else GLOBAL.
        priority: Place in the queue.
        parameters: Model parameters wished for (temperature, max_output_tokens, reasoning_effort, ...);
            `core.llm.parameters.clean` decides what may be sent.
        max_cost_usd: Refuse to submit above this expected cost; None for no limit of its own.
        scenarios: Market scenarios to look at, one request each (`risk`); empty for none.
        periods: Periods to look at, one request each (`performance`, `attribution`); empty for all in one request.
        profile: Investment profile of the prompt ("moderate"); None for none.
        prompt_version: Version of the prompt ("v1"); None for the newest released one.
        trim: Fold the smallest holdings of a portfolio into one line where it would not fit otherwise.
        tools: Tools that the model may call, by name; empty for none.
        group: The group that a committee brief is about: one request about all its portfolios; "" for one about each.
    """

    kind: Kind
    portfolio_ids: tuple[str, ...]
    model: str
    endpoint: Endpoint = Endpoint.CHAT
    variant: Variant = Variant.DEFAULT
    regional: bool = False
    region: str | None = None
    priority: Priority = Priority.NORMAL
    parameters: dict[str, Any] = field(default_factory=dict)
    max_cost_usd: Decimal | None = None
    scenarios: tuple[str, ...] = ()
    periods: tuple[str, ...] = ()
    profile: str | None = None
    prompt_version: str | None = None
    trim: bool = False
    tools: tuple[str, ...] = ()
    group: str = ""

    @property
    def region_mode(self) -> str:
        """ "forced:FR", "regional" or "global", as the provider's metadata carries it."""
        return f"forced:{self.region}" if self.region else "regional" if self.regional else "global"


class ResultStatus(StrEnum):
    """How a request ended. Every request ever built has exactly one."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INVALID = "invalid"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    MISSING = "missing"
    PENDING = "pending"


class FindingKind(StrEnum):
    """The slip a stated number shows, as far as arithmetic can tell, or what an analysis' own check found."""

    VALUE = "value"
    SCALE = "scale"
    PERCENT = "percent"
    BPS = "bps"
    SIGN = "sign"
    PERIOD = "period"
    UNIT = "unit"
    CURRENCY = "currency"
    WRONG_ID = "wrong_id"
    UNSUPPORTED = "unsupported"
    DIRECTION = "direction"
    SUM = "sum"
    RULE = "rule"
    POLICY = "policy"
    QUOTE = "quote"
    HIDDEN = "hidden"
    GRADE = "grade"
    SLOT = "slot"
    RELATION = "relation"
    OUTSIDE = "outside"
    WORDING = "wording"


@dataclass(frozen=True, slots=True)
class Finding:
    """One stated number that does not agree with the facts.

    Attributes:
        path: Where in the answer ("risks[0].metrics[1]", "summary").
        metric_id: The id it referred to; "" for a naked number in text.
        stated: What the model said, as it said it.
        true: The fact's value at display precision; None when there is no such fact.
        kind: The likely cause.
    """

    path: str
    metric_id: str
    stated: str
    true: str | None
    kind: FindingKind


@dataclass(frozen=True, slots=True)
class Verification:
    """Counts of checked numbers and every one that did not hold. Shown, never silently repaired.

    Attributes:
        wanted: Metrics that the analysis must state and that were given.
        covered: Those of them that were stated.
        rules: Rules whose status the answer repeats or passes over although it had to name it.
        rules_agreeing: Those of them for which it says what the rule engine says.
    """

    verified: int
    mismatched: int
    unsupported: int
    findings: tuple[Finding, ...] = ()
    wanted: int = 0
    covered: int = 0
    rules: int = 0
    rules_agreeing: int = 0

    @property
    def stated(self) -> int:
        """All stated numbers and checks."""
        return self.verified + self.mismatched + self.unsupported

    @property
    def grounded_share(self) -> float | None:
        """Verified over stated, a fraction; None when nothing was stated."""
        return self.verified / self.stated if self.stated else None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer. `input_tokens` includes `cached_tokens`; `output_tokens` includes `reasoning_tokens`."""

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.cached_tokens + other.cached_tokens,
            self.output_tokens + other.output_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
        )


class UsageFrom(StrEnum):
    """Where it is known from what an answer came to."""

    ANSWER = "answer"
    """It says so itself; or nothing was answered, and nothing paid."""
    BATCH = "batch"
    """Its share of what the provider counts for the whole batch."""
    UNKNOWN = "unknown"
    """It was answered, or may have been, and nobody says what it came to."""


UNREADABLE: Final = frozenset(
    {"bad_line", "no_response", "no_output", "no_text", "incomplete", "set_aside", "too_long", "not_stored"}
)
"""Codes of lines that came, were paid as a rule, and were not understood: a later reader may understand them."""

IN_DOUBT: Final = "cancelled_in_doubt"
"""Code of requests that were called off while it was not known whether the provider got to them."""


@dataclass(frozen=True, slots=True)
class ItemError:
    """Why a request has no analysis, in the server's own words; `transient` when asking again may help."""

    code: str
    message: str
    transient: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What an engine made of one answer's text: the analysis as a plain document, or why there is none.

    Attributes:
        analysis: The validated document; None unless the status is SUCCEEDED.
        level: The analysis' headline grade ("elevated"), used for counting; "" where it has none.
        tags: (dimension, value) pairs that the summary counts, such as ("risk_type", "concentration").
        headline: One line for a table.
    """

    status: ResultStatus
    analysis: dict[str, Any] | None
    verification: Verification | None
    error: ItemError | None
    level: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    headline: str = ""


@dataclass(frozen=True, slots=True)
class RawLine:
    """Where the provider's own line stands on disk: the file, its byte offset and its length without the newline."""

    file: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one request, as it is stored.

    Attributes:
        custom_id: Unique in the job.
        portfolio_id: Whom it is about.
        usage: Zeros where it is not known.
        cost_usd: None when it is not known: the price, or what the answer came to.
        raw: The provider's line; None for a missing one.
        reused_from: The job whose stored answer this is; "" when the provider was asked.
        answered: Who answered; for a stored answer, who did then.
        usage_from: Where `usage` is known from.
    """

    custom_id: str
    portfolio_id: str
    reading: Reading
    usage: Usage
    cost_usd: Decimal | None
    raw: RawLine | None = None
    reused_from: str = ""
    answered: AnsweredBy = NOBODY
    usage_from: UsageFrom = UsageFrom.ANSWER
