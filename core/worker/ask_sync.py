"""One answer at once: the same request, tools, reader and checks as a batch; only the verb differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import orjson

from core.analyses.engines import engine_for
from core.analyses.tools.calling import Allowance, answered
from core.analyses.tools.registry import FIGURES
from core.domain.analysis import AnalysisRequest, ItemError, ResultStatus
from core.domain.batch import BatchRequest
from core.domain.facts import FactSheet
from core.domain.provider import ProviderIdentity
from core.domain.tools import WEB_SEARCH, ToolCall, ToolUse
from core.llm.answers import read_line
from core.llm.tariff import Tariff
from core.llm.tool_calls import citations, continued, searches, tool_calls
from core.providers.protocol import Provider
from core.storage.jobs.single_tries import Ending
from core.storage.store import Store
from core.worker.bill import Bill
from core.worker.cost_notes import tell_cost
from core.worker.tool_context import ToolRoom

STILL_ASKING: Final = ItemError(
    "tool_rounds", "The model went on asking for tools in the last round, in which it had to answer.", transient=False
)


@dataclass(frozen=True, slots=True)
class Asking:
    """What it takes to ask at once.

    Attributes:
        rounds: How often one request may be asked where its model calls tools.
        identity: Whose provider it is.
    """

    store: Store
    provider: Provider
    room: ToolRoom
    clock: Callable[[], datetime]
    rounds: int
    identity: ProviderIdentity


def converse(
    asking: Asking, try_id: str, owner: str, request: AnalysisRequest, built: BatchRequest, sheet: FactSheet
) -> Generator[str, None, Ending]:
    """Ask, answer the model's calls, ask again, until it has answered; yields the text as it comes.

    What every round came to is stored before the next is sent.

    Raises:
        ProviderError: The provider could not be reached, refused, or broke off.
        StaleMove: The try has ended meanwhile.
    """
    store, line = asking.store, orjson.loads(built.line)
    body: dict[str, Any] = line["body"]
    tariff = Tariff(request.model, batch=False, at=asking.clock(), region=asking.identity.region)
    uses: list[ToolUse] = []
    bill = Bill()
    for round_ in range(1, asking.rounds + 1):
        answer = yield from _pieces(asking.provider, line["url"], body)
        read = read_line(
            orjson.dumps(
                {"custom_id": built.custom_id, "response": {"status_code": 200, "body": answer}, "error": None}
            )
        )
        answered = replace(read.answered, provider=asking.identity.label)
        looked = search_uses(answer, tariff, asking.clock(), first=len(uses) + 1, round_=round_)
        bill.add(read, tariff, looked)
        if answered.simulated and not asking.identity.simulated:
            bill.forget_price()
        uses += looked
        store.tries.spent(try_id, owner, bill.usage, bill.spent, rounds=round_, at=asking.clock())
        tell_cost(store, try_id, bill.notes, at=asking.clock())
        store.tool_calls.add(try_id, built.custom_id, looked, citations(answer))
        calls = tool_calls(answer) if request.tools else ()
        if not calls:
            break
        if round_ == asking.rounds:
            return bill.ending(ResultStatus.INVALID, error=STILL_ASKING, answered=answered)
        around = asking.room.around(sheet.portfolio_id, sheet.as_of)
        fresh = run_calls(calls, around, request.tools, uses, by_job=_made(uses), round_=round_, now=asking.clock)
        uses += fresh
        store.tool_calls.add(try_id, built.custom_id, fresh)
        body = continued(body, answer, fresh, request.endpoint, last=round_ + 1 == asking.rounds)
        yield "".join(f"[{use.call.name}{': ' + use.error if use.error else ''}]\n" for use in fresh)
    if read.status is not ResultStatus.SUCCEEDED or read.text is None:
        return bill.ending(read.status, error=read.error, answered=answered)
    reading = engine_for(request.kind).read(read.text, with_tool_facts(sheet, uses))
    return bill.ending(
        reading.status,
        analysis=reading.analysis,
        verification=reading.verification,
        level=reading.level,
        headline=reading.headline,
        error=reading.error,
        answered=answered,
    )


def run_calls(
    calls: Sequence[ToolCall],
    around: Any,
    offered: Sequence[str],
    before: Sequence[ToolUse],
    *,
    by_job: Mapping[str, int],
    round_: int,
    now: Callable[[], datetime],
) -> list[ToolUse]:
    """Answer the calls of one round, each counted against what its request and its job may still make.

    Args:
        before: Calls that the request made in earlier rounds.
        by_job: Calls that all requests of the job made so far, by tool.
    """
    made, all_made = Counter(_made(before)), Counter(by_job)
    found: list[ToolUse] = []
    for number, call in enumerate(calls, start=len(before) + 1):
        allowance = Allowance(offered, made, all_made)
        found.append(answered(call, around, allowance, number=number, round=round_, at=now()))
        made[call.name] += 1
        all_made[call.name] += 1
    return found


def search_uses(answer: object, tariff: Tariff, at: datetime, *, first: int, round_: int) -> list[ToolUse]:
    """The provider's own web searches in an answer, counted and priced; their pages are among its citations."""
    each = tariff.search_cost()
    return [
        ToolUse(
            number=number,
            round=round_,
            call=ToolCall("", WEB_SEARCH, orjson.dumps({"query": query}).decode()),
            result="",
            facts=(),
            error="",
            source="web search at the provider",
            at=at,
            took_ms=0,
            cost_usd=each,
        )
        for number, query in enumerate(searches(answer), start=first)
    ]


def with_tool_facts(sheet: FactSheet, uses: Sequence[ToolUse]) -> FactSheet:
    """The sheet that an answer is checked against: what the prompt stated, and what tools told afterwards."""
    told = tuple(fact for use in uses for fact in use.facts)
    if any(use.call.name not in FIGURES for use in uses):
        sheet = replace(sheet, evidence=replace(sheet.evidence, beyond=True))
    return replace(sheet, facts=(*sheet.facts, *told)) if told else sheet


def _made(uses: Sequence[ToolUse]) -> Counter[str]:
    return Counter(use.call.name for use in uses)


def _pieces(provider: Provider, url: str, body: Mapping[str, Any]) -> Generator[str, None, dict[str, Any]]:
    stream = provider.stream(url, body)
    try:
        while True:
            try:
                piece = next(stream)
            except StopIteration as end:
                return dict(end.value)
            yield piece
    finally:
        # Whoever stops reading lets go of the connection at once.
        close = getattr(stream, "close", None)
        if close is not None:
            close()
