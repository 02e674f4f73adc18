"""Tools in batches: what an answer asked for is looked up, and asked again with the results in a shard of the same job.

A request goes on under its own custom id. Its rounds are the attempts it had that ended in calls; what tools told is
stored before the next round is written, and never looked up twice, so that a process may die anywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson

from core.domain.analysis import ItemError, Reading, ResultStatus
from core.domain.batch import BatchRequest, ResultLine, ShardFile
from core.domain.facts import FactSheet
from core.domain.records import Job, Shard, Spend
from core.domain.tools import WEB_SEARCH, Citation, ToolUse
from core.drafts.batch_size import batch_room
from core.drafts.costing import priced
from core.drafts.job_files import job_folder
from core.errors import OverBudget
from core.llm.answers import read_line, unfolded
from core.llm.estimate import TokenCounts, asks_for_slots, assumed_output
from core.llm.jsonl import ShardWriter
from core.llm.models import Model, find
from core.llm.rebuild import sent_effort
from core.llm.tokens import counter, framing
from core.llm.tool_calls import citations, continued, tool_calls
from core.storage.jobs.retries import Retry, RetryFile, UnansweredRequest
from core.storage.jobs.tool_calls import ASKED
from core.worker.ask_sync import STILL_ASKING, run_calls, search_uses, with_tool_facts
from core.worker.context import Context, tariff_of
from core.worker.result_lines import lines_from, name_in
from core.worker.retries import ceiling, remote_name, stored_lines
from core.worker.tool_context import Around

AT_ONCE: Final = 200
"""Requests whose portfolios and prices are loaded together."""

ASKS: Final = ItemError(
    ASKED,
    "The model called tools in place of an answer, and was not asked again with their results.",
    transient=False,
)
"""How a request ends for as long as its next round is not stored."""

_CAPS = ("max_output_tokens", "max_completion_tokens", "max_tokens")


class ToolReader:
    """Reads answers of a shard whose requests offered tools.

    Args:
        custom_ids: The shard's requests.

    Attributes:
        found: Searches and citations by custom id that are to be stored ahead of the endings.
    """

    def __init__(self, context: Context, shard: Shard, custom_ids: Sequence[str]) -> None:
        self._store = context.store.tool_calls
        self._job_id = shard.job_id
        self._tariff = tariff_of(context, shard)
        self._at = shard.create_at or context.clock()
        self._most = context.tool_rounds
        self._rounds = self._store.rounds(shard.job_id, custom_ids)
        self._last: tuple[str, list[ToolUse]] = ("", [])
        self.found: list[tuple[str, list[ToolUse], tuple[Citation, ...]]] = []

    def ending(self, line: ResultLine) -> tuple[ItemError | None, list[ToolUse]]:
        """Why this line is no answer yet, or None; and the searches that its round made at the provider.

        What is to be stored with it is noted in `found`.
        """
        body = _body(line.raw)
        round_ = self._rounds.get(line.custom_id, 0) + 1
        first = len(self._earlier(line.custom_id)) + 1
        looked = search_uses(body, self._tariff, self._at, first=first, round_=round_)
        cited = citations(body)
        if looked or cited:
            self.found.append((line.custom_id, looked, cited))
        if not tool_calls(body):
            return None, looked
        return (STILL_ASKING if round_ >= self._most else ASKS), looked

    def sheet(self, custom_id: str, sheet: FactSheet) -> FactSheet:
        """What an answer is checked against: what the prompt stated, and what tools told."""
        return with_tool_facts(sheet, self._earlier(custom_id))

    def _earlier(self, custom_id: str) -> list[ToolUse]:
        """Calls of the rounds before this one. Read one request at a time: of fifty thousand they would fill memory."""
        done = self._rounds.get(custom_id, 0)
        if not done:
            return []
        if self._last[0] != custom_id:
            found = self._store.of_request(self._job_id, custom_id)
            self._last = custom_id, [use for use in found if use.round <= done]
        return self._last[1]


def asked_for_tools(error: ItemError) -> Reading:
    """The ending of a request whose model called tools."""
    return Reading(ResultStatus.INVALID, None, None, error)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A request that waits for results of its calls.

    Attributes:
        line: As it was sent.
        answer: The body that called.
        uses: Calls and searches so far; those of this round only where a process died after storing them.
    """

    item: UnansweredRequest
    line: bytes
    answer: dict[str, Any]
    round: int
    uses: Sequence[ToolUse]

    def told(self) -> list[ToolUse] | None:
        """What this round's calls were answered, where that is stored already."""
        mine = [use for use in self.uses if self._is_mine(use)]
        return mine if len(mine) == len(tool_calls(self.answer)) else None

    def before(self) -> list[ToolUse]:
        """Calls and searches that come before those of this round."""
        return [use for use in self.uses if not self._is_mine(use)]

    def _is_mine(self, use: ToolUse) -> bool:
        return use.round == self.round and use.call.name != WEB_SEARCH


def next_round(context: Context, job: Job, shard: Shard) -> Retry | None:
    """The round that follows from a collected shard; None when nobody waits for one, or nothing more is wanted.

    Safe to repeat: calls that were answered are not answered again, and the same shard gives the same files.
    """
    if context.tools is None or not job.request.tools or shard.cancel_wish:
        return None
    if shard.provider_status in {"cancelled", "failed"}:
        return None
    waiting = [
        item
        for item in context.store.retries.unanswered(shard.job_id, [ResultStatus.INVALID])
        if item.shard_index == shard.index and item.code == ASKED
    ]
    if not waiting:
        return None
    round_ = _Round(context, job, shard)
    files = round_.write(waiting)
    return None if not files else round_.retry(files)


class _Round:
    """One shard's next round while it is written."""

    def __init__(self, context: Context, job: Job, shard: Shard) -> None:
        self._context, self._job, self._shard = context, job, shard
        self._model: Model = find(shard.model)
        self._now = context.clock()
        self._tariff = tariff_of(context, shard)
        self._count = counter(self._model.encoding).count
        self._made = Counter({one.tool: one.calls for one in context.store.tool_calls.totals(shard.job_id)})
        self._counts: TokenCounts | None = None
        self._slots = asks_for_slots(job.row.prompt_version)
        self._assumed = assumed_output(self._model, kind=job.request.kind, slots=self._slots)
        self._effort = ""
        self._cap: int | None = None
        self._bytes = self._requests = self._round = 0
        self._spent: Decimal | None = Decimal(0)

    def write(self, waiting: Sequence[UnansweredRequest]) -> list[RetryFile]:
        """Answer all calls and write the requests that follow."""
        context, shard = self._context, self._shard
        room = batch_room(context.store, context.rules.rooms, shard.model, self._now, context.identity)
        ids: dict[int, list[str]] = {}
        folder = job_folder(context.home, shard.job_id)
        with ShardWriter(folder, f"round-{shard.index}", max_input_tokens=room) as writer:
            for chunk in self._waiting(waiting):
                for request in self._following(chunk):
                    ids.setdefault(writer.add(request), []).append(request.custom_id)
            files: list[ShardFile] = writer.close()
        return [RetryFile(file, tuple(ids[number])) for number, file in enumerate(files)]

    def retry(self, files: Sequence[RetryFile]) -> Retry:
        """The round as it is stored: reserved beyond what the estimate already holds for these requests."""
        job, budgets, n = self._job, self._context.budgets, self._requests
        expected = self._expected()
        most = ceiling(job)
        extra = None if expected is None else max(Decimal(0), expected - self._reserved())

        def check(month: Spend, person: Spend, desk: Spend, spent: Decimal) -> None:
            if expected is not None and most is not None and spent + expected > most:
                raise OverBudget(
                    f"Round {self._round} of {n:,} requests would cost about ${expected:,.4f} on top of "
                    f"${spent:,.4f}, ${spent + expected - most:,.4f} more than was approved (${most:,.4f})."
                )
            budgets.check(extra, month, person, desk, max_cost_usd=job.request.max_cost_usd, spent_usd=spent)

        return Retry(
            files=tuple(files),
            model=self._shard.model,
            round=self._shard.retry_round,
            expected_usd=extra,
            check=check,
            remote_name=lambda index: remote_name(job, index),
            not_before=self._now,
            note=f"round {self._round}: {n:,} requests called tools and are asked again with the results",
        )

    def _expected(self) -> Decimal | None:
        if self._counts is None:
            return None
        return priced(
            self._context.store,
            self._job.request,
            self._job.row.provider_id,
            self._model,
            self._effort or None,
            self._counts,
            self._assumed,
            at=self._now,
            shards=1,
            size_bytes=self._bytes,
            cap=self._cap,
        ).expected_usd

    def _reserved(self) -> Decimal:
        """What of the job's own reservation is still there for these requests: nothing where nobody knows."""
        if self._spent is None:
            return Decimal(0)
        whole, total = self._job.estimate.expected_usd, self._job.row.counts.total
        share = Decimal(0) if whole is None or not total else whole * self._requests / total
        return max(Decimal(0), share - self._spent)

    def _waiting(self, items: Sequence[UnansweredRequest]) -> Iterator[list[_Waiting]]:
        """Requests with their line, their answer and their calls so far, some at a time, in the input file's order."""
        store, job_id = self._context.store.tool_calls, self._shard.job_id
        ids = [item.custom_id for item in items]
        rounds = store.rounds(job_id, ids)
        path = job_folder(self._context.home, job_id) / "results" / f"{self._shard.index:04d}.output.jsonl"
        places = _places(path, set(ids))
        found = stored_lines([self._shard], items)
        with path.open("rb") as answers:
            while chunk := list(islice(found, AT_ONCE)):
                uses = store.of_requests(job_id, [item.custom_id for item, _ in chunk])
                waiting = []
                for item, line in chunk:
                    place = places.get(item.custom_id)
                    if place is None:
                        continue
                    answers.seek(place[0])
                    body, round_ = _body(answers.read(place[1])), rounds.get(item.custom_id, 0) + 1
                    waiting.append(_Waiting(item, line, body, round_, uses.get(item.custom_id, ())))
                yield waiting

    def _following(self, chunk: Sequence[_Waiting]) -> Iterator[BatchRequest]:
        """The next requests of some waiting ones, once what tools told is stored."""
        told = list(self._told(chunk))
        self._context.store.tool_calls.add_many(
            self._shard.job_id, [(one.item.custom_id, fresh, ()) for one, fresh in told]
        )
        for one, fresh in told:
            request = self._next(one, fresh)
            if request is not None:
                yield request

    def _told(self, chunk: Sequence[_Waiting]) -> Iterator[tuple[_Waiting, Sequence[ToolUse]]]:
        """Waiting requests with what their calls were answered; looked up now unless a process died right after that.

        One whose portfolio was deleted meanwhile is left out: it stays as it ended.
        """
        room, store = self._context.tools, self._context.store
        if room is None:
            return
        known = [one.told() for one in chunk]
        days = store.results.expected(self._shard.job_id, self._shard.index)
        keys = [(one.item.portfolio_id, days[one.item.custom_id].as_of) for one in chunk]
        wanted = [key for key, told in zip(keys, known, strict=True) if told is None]
        arounds = room.around_each(wanted) if wanted else {}
        for one, key, told in zip(chunk, keys, known, strict=True):
            if told is not None:
                yield one, told
            elif key in arounds:
                yield one, self._looked_up(one, arounds[key])

    def _looked_up(self, one: _Waiting, around: Around) -> list[ToolUse]:
        fresh = run_calls(
            tool_calls(one.answer),
            around,
            self._job.request.tools,
            one.before(),
            by_job=self._made,
            round_=one.round,
            now=self._context.clock,
        )
        self._made.update(use.call.name for use in fresh)
        return fresh

    def _next(self, one: _Waiting, fresh: Sequence[ToolUse]) -> BatchRequest | None:
        document = orjson.loads(one.line)
        last = one.round + 1 >= self._context.tool_rounds
        body = continued(document["body"], one.answer, fresh, self._job.request.endpoint, last=last)
        line = orjson.dumps({**document, "body": body})
        cap = next((body[name] for name in _CAPS if name in body), 0)
        tokens = self._tokens(one, fresh)
        window = self._model.context_window
        if window is not None and tokens + cap > window:
            return None  # what it would be asked no longer fits; it stays as it ended
        self._add(one, line, tokens, cap)
        return BatchRequest(one.item.custom_id, one.item.portfolio_id, line, tokens, cap, "", "", "")

    def _tokens(self, one: _Waiting, fresh: Sequence[ToolUse]) -> int:
        """What was sent and said, as the provider counted it, and what is added now."""
        usage = _opened(one.answer).usage
        said = one.item.input_tokens if usage is None else usage.input_tokens + usage.output_tokens
        return said + framing(len(fresh)) + sum(self._count(use.result) for use in fresh)

    def _add(self, one: _Waiting, line: bytes, tokens: int, cap: int) -> None:
        if self._counts is None:
            self._effort, self._cap = sent_effort(line), cap or None
            self._assumed = assumed_output(
                self._model, self._effort or None, self._cap, kind=self._job.request.kind, slots=self._slots
            )
            self._counts = TokenCounts(self._model, self._assumed, self._now, region=self._context.identity.region)
        self._counts.add(tokens)
        self._bytes += len(line) + 1
        self._requests += 1
        self._round = max(self._round, one.round + 1)
        spent = self._tariff.cost(_opened(one.answer))
        self._spent = None if spent is None or self._spent is None else self._spent + spent


def _places(path: Path, wanted: set[str]) -> dict[str, tuple[int, int]]:
    """Where the first line of each request stands in a result file."""
    found: dict[str, tuple[int, int]] = {}
    if not path.exists():
        return found
    for line in lines_from(path, 0):
        # By its name alone where that is near, so that a line that was set aside is not parsed here.
        custom_id = name_in(line.data) or (read_line(line.data).custom_id if line.whole else "")
        if custom_id in wanted:
            found.setdefault(custom_id, (line.begin, line.length))
    return found


def _body(line: str | bytes) -> dict[str, Any]:
    """The answer's body in a result line; empty where there is none."""
    try:
        body = unfolded(orjson.loads(line)["response"]["body"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return {}
    return body if isinstance(body, dict) else {}


def _opened(body: Mapping[str, Any]) -> ResultLine:
    return read_line(orjson.dumps({"custom_id": "x", "response": {"status_code": 200, "body": body}}))
