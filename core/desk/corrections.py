"""What a person may ask about answers that did not hold: what asking once more would cost, and to do it."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.desk.budget_gate import Purse, total_of
from core.domain.actor import Actor
from core.domain.batch import BatchRequest
from core.domain.cost import Estimate
from core.domain.job import JOB_ENDED
from core.domain.provider import ProviderIdentity
from core.domain.records import AskedAgain, Job, Shard
from core.drafts.batch_room import Rooms
from core.drafts.batch_size import batch_room
from core.drafts.costing import priced
from core.drafts.job_files import job_folder
from core.errors import BadInput, Refused
from core.guard.access import Permission, require
from core.guard.budgets import Budgets
from core.llm.estimate import OutputSpread, TokenCounts, asks_for_slots, assumed_output
from core.llm.jsonl import ShardWriter
from core.llm.models import Model, find, usable
from core.llm.rebuild import sent_effort
from core.storage.jobs.corrections import CorrectionRequest
from core.storage.jobs.retries import Retry, RetryFile
from core.storage.store import Store
from core.worker.correction_requests import second_requests
from core.worker.in_hand import kept_unread
from core.worker.other_providers import stay_here
from core.worker.result_lines import shown_line
from core.worker.retries import remote_name


@dataclass(frozen=True, slots=True)
class ReaskPlan:
    """What asking once more would do, before anything is stored.

    Attributes:
        requests: How many answers would be asked for again, by model in `models` and by what ails them in `why`.
        expected_usd: At batch prices; None when a price is unknown.
        left_out: Why others would not be.
        over_budget: Why it would be refused; "" when it would not.
    """

    job_id: str
    requests: int
    models: dict[str, int]
    why: dict[str, int]
    low_usd: Decimal | None
    expected_usd: Decimal | None
    high_usd: Decimal | None
    left_out: tuple[str, ...]
    warnings: tuple[str, ...]
    over_budget: str


@dataclass
class _Measured:
    """Second requests to one model, in a few sums.

    Attributes:
        asked: Whom they are about, where they are written.
    """

    model: Model
    counts: TokenCounts
    effort: str
    cap: int
    bytes: int = 0
    why: Counter[str] = field(default_factory=Counter)
    asked: list[CorrectionRequest] = field(default_factory=list)


class ReaskService:
    """Second askings for an actor: each request at most once, priced, reserved, and sent by the worker."""

    def __init__(
        self,
        store: Store,
        budgets: Budgets,
        rooms: Rooms,
        home: Path,
        clock: Callable[[], datetime],
        *,
        identity: ProviderIdentity,
    ) -> None:
        self._identity = identity
        self._store = store
        self._rooms = rooms
        self._purse = Purse(store, budgets)
        self._home = home
        self._clock = clock

    def reask_preview(self, actor: Actor, job_id: str, *, only: Iterable[AskedAgain] = ()) -> ReaskPlan:
        """What asking again with the errors would cost, and what it would leave out. Stores nothing.

        Args:
            only: Answers that broke their schema ("invalid"), or in which something did not hold ("flagged"); both
                when empty.

        Raises:
            BadInput: No answer of the job can be asked for again.
            Refused: The job has not ended.
            ModelRefused: Its model was shut down.
        """
        require(actor, Permission.JOB_PREPARE)
        job, now = self._ended(job_id), self._clock()
        left: Counter[str] = Counter()
        found = [
            measured
            for model, shards in self._by_model(job)
            if (measured := self._measure(job, model, shards, tuple(only), left, now)) is not None
        ]
        return self._plan(actor, job, found, left, now)

    def reask(self, actor: Actor, job_id: str, *, only: Iterable[AskedAgain] = ()) -> ReaskPlan:
        """Ask again with the errors, in new batches of the same job, once the budget has reserved their price.

        Raises:
            As `reask_preview`; OverBudget; StaleMove when somebody else asked meanwhile.
        """
        require(actor, Permission.JOB_SUBMIT)
        plan = self.reask_preview(actor, job_id, only=only)
        job, now, reasons = self._ended(job_id), self._clock(), tuple(only)
        retries: list[Retry] = []
        asked: list[CorrectionRequest] = []
        before = Decimal(0)
        for model, shards in self._by_model(job):
            prefix, ids = f"again-{secrets.token_hex(4)}", dict[int, list[str]]()
            room = batch_room(self._store, self._rooms, model.model_id, now, self._identity)
            with ShardWriter(job_folder(self._home, job_id), prefix, max_input_tokens=room) as writer:

                def keep(request: BatchRequest, writer: ShardWriter = writer, ids: Any = ids) -> None:
                    ids.setdefault(writer.add(request), []).append(request.custom_id)

                measured = self._measure(job, model, shards, reasons, Counter(), now, keep)
                files = writer.close()
            if measured is None:
                continue
            expected = self._priced(job, measured, now).expected_usd
            retries.append(
                Retry(
                    files=tuple(RetryFile(file, tuple(ids[number])) for number, file in enumerate(files)),
                    model=model.model_id,
                    round=0,
                    expected_usd=expected,
                    check=self._purse.check(job, expected, before=before),
                    remote_name=lambda index: remote_name(job, index),
                    not_before=now,
                    note=f"{len(measured.asked):,} answers are asked for again with their errors, as {actor.label} "
                    "wished",
                )
            )
            asked += measured.asked
            before += expected or Decimal(0)
        self._store.corrections.start(job_id, retries, asked, actor=actor.subject, at=now)
        return plan

    def other_line(self, actor: Actor, job_id: str, custom_id: str) -> dict[str, Any] | None:
        """The provider's own line of the answer that does not stand, or None where there is none."""
        require(actor, Permission.JOB_READ)
        item = self._store.items.get(job_id, custom_id)
        if item is None or item.again is None or item.again.raw is None:
            return None
        raw, error = item.again.raw, item.again.error
        return shown_line(job_folder(self._home, job_id) / raw.file, raw, unread=kept_unread(error))

    def _ended(self, job_id: str) -> Job:
        job = self._store.jobs.get(job_id)
        if job.row.state not in JOB_ENDED:
            raise Refused(f"Job {job_id} is {job.row.state}: answers can be asked for again once it has ended.")
        stay_here(self._identity, job.row)
        return job

    def _by_model(self, job: Job) -> Iterator[tuple[Model, list[Shard]]]:
        found: dict[str, list[Shard]] = {}
        for shard in self._store.shards.of_job(job.row.job_id):
            found.setdefault(shard.model, []).append(shard)
        return ((find(name), shards) for name, shards in found.items())

    def _measure(
        self,
        job: Job,
        model: Model,
        shards: Iterable[Shard],
        only: tuple[AskedAgain, ...],
        left: Counter[str],
        now: datetime,
        keep: Callable[[BatchRequest], None] = lambda _request: None,
    ) -> _Measured | None:
        """Build the second requests to one model, one at a time, and add them up; None when there are none."""
        measured: _Measured | None = None
        for asked, request in self._requests(job, shards, only or tuple(AskedAgain), left):
            if measured is None:
                usable(model, now.date())
                effort, cap = sent_effort(request.line), request.max_output_tokens
                assumed = _assumed(job, model, effort, cap)
                counts = TokenCounts(model, assumed, now, region=self._identity.region)
                measured = _Measured(model, counts, effort, cap)
            measured.counts.add(request.input_tokens)
            measured.bytes += len(request.line) + 1
            measured.why[asked.why.value] += 1
            measured.asked.append(asked)
            keep(request)
        return measured

    def _requests(
        self, job: Job, shards: Iterable[Shard], only: tuple[AskedAgain, ...], left: Counter[str]
    ) -> Iterator[tuple[CorrectionRequest, BatchRequest]]:
        for shard in shards:
            yield from second_requests(self._store, self._home, job, shard, only, left)

    def _priced(self, job: Job, measured: _Measured, now: datetime) -> Estimate:
        return priced(
            self._store,
            job.request,
            job.row.provider_id,
            measured.model,
            measured.effort or None,
            measured.counts,
            _assumed(job, measured.model, measured.effort, measured.cap),
            at=now,
            shards=1,
            size_bytes=measured.bytes,
            cap=measured.cap or None,
        )

    def _plan(self, actor: Actor, job: Job, found: list[_Measured], left: Counter[str], now: datetime) -> ReaskPlan:
        job_id = job.row.job_id
        left_out = tuple(f"{n:,} left out: {why}." for why, n in left.items())
        if not found:
            reason = " ".join(left_out) or "Each answer holds, or was asked for again before."
            raise BadInput(f"There is no answer of job {job_id} to ask for again. {reason}")
        prices = [self._priced(job, one, now) for one in found]
        expected = total_of([one.expected_usd for one in prices])
        return ReaskPlan(
            job_id=job_id,
            requests=sum(one.counts.requests for one in found),
            models={one.model.model_id: one.counts.requests for one in found},
            why=dict(sum((one.why for one in found), start=Counter[str]())),
            low_usd=total_of([one.low_usd for one in prices]),
            expected_usd=expected,
            high_usd=total_of([one.high_usd for one in prices]),
            left_out=left_out,
            warnings=tuple(dict.fromkeys(text for one in prices for text in one.warnings)),
            over_budget=self._purse.objection(actor, job, expected, now),
        )


def _assumed(job: Job, model: Model, effort: str, cap: int) -> OutputSpread:
    slots = asks_for_slots(job.row.prompt_version)
    return assumed_output(model, effort or None, cap or None, kind=job.request.kind, slots=slots)
