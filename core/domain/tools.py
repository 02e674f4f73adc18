"""Tools that a model may call while it answers: what it asked for, what it was told, and what it cites."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from core.domain.facts import Fact

WEB_SEARCH = "web_search"
"""The provider's own tool: it runs at the provider, and only its searches and citations are seen here."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What a model asks of a tool.

    Attributes:
        call_id: The provider's; joins the result to the call.
        arguments: As the model wrote them: JSON, or not.
    """

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A call with its result.

    Attributes:
        number: Of all calls of its request, from 1; part of the metric ids of its facts.
        round: In which round the model asked, from 1.
        result: What the model was told: JSON.
        facts: Numbers in it that an answer may state, as `tool.<number>.<metric>`.
        error: Why there is no result, as the model was told; "" when there is one.
        source: Where the data comes from, for people.
        took_ms: How long it took.
        cost_usd: Of a search at the provider; 0 for our own tools, None when its price is not known.
    """

    number: int
    round: int
    call: ToolCall
    result: str
    facts: tuple[Fact, ...]
    error: str
    source: str
    at: datetime
    took_ms: int
    cost_usd: Decimal | None = Decimal(0)


@dataclass(frozen=True, slots=True)
class Citation:
    """A web page that an answer cites.

    Attributes:
        start, end: The characters of the answer's text that it stands for.
    """

    url: str
    title: str
    start: int
    end: int


def numbered(fact: Fact, number: int) -> Fact:
    """A fact of a tool under the id by which an answer may state it: "volatility" of call 2 is "tool.2.volatility"."""
    return replace(fact, metric_id=f"tool.{number}.{fact.metric_id}")
