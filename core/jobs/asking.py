"""One answer at once: the same request, reader and checks as a batch; only the verb differs."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from core.analyses.engines import engine_for
from core.domain.actor import Actor
from core.domain.analysis import AnalysisRequest, ItemError, ResultStatus, Usage, Verification
from core.jobs.service import JobService
from core.llm.answers import read_line
from core.llm.pricing import cost, price
from core.providers.protocol import Provider


@dataclass(frozen=True, slots=True)
class Asked:
    """A synchronous answer, read and checked."""

    portfolio_id: str
    status: ResultStatus
    analysis: dict[str, Any] | None
    verification: Verification | None
    error: ItemError | None
    usage: Usage
    cost_usd: Decimal | None


def ask_each(
    jobs: JobService, actor: Actor, request: AnalysisRequest, portfolio_id: str, provider: Provider, *, force: bool
) -> Generator[str, None, Asked]:
    """Ask about one portfolio; yields the answer's text as it comes and returns it read and checked.

    Raises:
        OverBudget: Its expected synchronous cost breaks a limit.
        ProviderError: The provider could not be reached or refused.
    """
    built, sheet, at = jobs.single(actor, request, portfolio_id, force=force)
    line = orjson.loads(built.line)
    body = yield from _pieces(provider, line)
    envelope = {"custom_id": built.custom_id, "response": {"status_code": 200, "body": body}, "error": None}
    read = read_line(orjson.dumps(envelope))
    known = price(request.model, batch=False, at=at)
    spent = None if known is None else cost(known, read.usage)
    if read.status is not ResultStatus.SUCCEEDED or read.text is None:
        return Asked(portfolio_id, read.status, None, None, read.error, read.usage, spent)
    reading = engine_for(request.kind).read(read.text, sheet)
    return Asked(portfolio_id, reading.status, reading.analysis, reading.verification, reading.error, read.usage, spent)


def _pieces(provider: Provider, line: dict[str, Any]) -> Generator[str, None, dict[str, Any]]:
    stream = provider.stream(line["url"], line["body"])
    while True:
        try:
            yield next(stream)
        except StopIteration as end:
            return dict(end.value)
