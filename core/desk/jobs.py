"""What a person may ask about jobs: what it would cost, submit, look, cancel, try again."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from core import private_files
from core.analyses.metadata import batch_metadata
from core.desk.job_summary import Outlier, Summary, summarise
from core.domain.actor import Actor
from core.domain.alert import Alert
from core.domain.analysis import AnalysisRequest
from core.domain.cost import Estimate
from core.domain.facts import FactSheet
from core.domain.filters import EVERY_ITEM, EVERY_JOB, ItemFilter, JobFilter
from core.domain.job import JOB_ENDED, IllegalMove, JobState, ShardEvent, ShardState
from core.domain.provider import ProviderIdentity
from core.domain.queue import Snapshot
from core.domain.records import Event, Item, ItemCounts, Job, JobRow, OpenJob, Shard, ShardClaim, Spend
from core.drafts.cheaper_model import Optimiser, Suggestion
from core.drafts.drafting import Drafter
from core.drafts.fact_store import sheet_index, sheet_path
from core.drafts.job_files import job_folder, job_key
from core.drafts.submission import Submission, WantedJob, blockers, new_id
from core.errors import NotFound, Refused, StaleMove
from core.guard.access import Permission, require
from core.guard.budgets import Budgets
from core.llm.jsonl import lines
from core.llm.parameters import ParameterChange
from core.storage.jobs.outcome_writer import MODEL, TIER
from core.storage.jobs.results import Stray
from core.storage.store import Store
from core.worker.ask_sync import with_tool_facts
from core.worker.in_hand import kept_unread
from core.worker.result_lines import shown_line
from core.worker.submit import given_up_as


@dataclass(frozen=True, slots=True)
class QueueRoom:
    """Input tokens of one model in the provider's queue.

    Attributes:
        granted: What may be enqueued at once.
        enqueued: What is there already; `waiting`: what of ours waits to go there.
        needed: What this wish would add.
    """

    granted: int
    enqueued: int
    waiting: int
    needed: int

    @property
    def fits(self) -> bool:
        """True when it can go at once."""
        return self.enqueued + self.waiting + self.needed <= self.granted


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be sent and what it would cost, before anything is stored.

    Attributes:
        first_line: The first request exactly as it would be sent.
        regions: Requests by overlay.
        blockers: Sentences that stop a submission unless it is forced.
        over_budget: Which limit it would break and by how much; "" when none.
        refused: Portfolios that cannot be asked about, with the reasons. They are not in the estimate, and keep
            everything from being submitted until they are left out.
        changes: Wished parameters that the model does not take as they were wished, and what is sent instead.
        cacheable_tokens: Input tokens that the provider may find in its cache: the common beginning of all requests
            of an overlay but the first.
        room: How much of the model's room in the provider's queue is left; None where nobody knows.
        suggestion: A cheaper model that has what the requests need, where one was looked for.
        question: What is asked, to look for open jobs that ask the same.
        waiting: Portfolios whose very same request waits for an answer already, each with the open job.
        waiting_requests: How many requests that are.
    """

    estimate: Estimate
    prompt_version: str
    first_line: bytes
    regions: dict[str, int]
    blockers: tuple[str, ...]
    over_budget: str
    refused: dict[str, str] = field(default_factory=dict)
    changes: tuple[ParameterChange, ...] = ()
    cacheable_tokens: int = 0
    room: QueueRoom | None = None
    suggestion: Suggestion | None = None
    question: str = ""
    waiting: dict[str, str] = field(default_factory=dict)
    waiting_requests: int = 0


class JobService:
    """Jobs for an actor. Submitting writes an intent; only the worker ever makes a paid call."""

    def __init__(
        self,
        store: Store,
        drafter: Drafter,
        budgets: Budgets,
        home: Path,
        clock: Callable[[], datetime],
        *,
        identity: ProviderIdentity,
        desk: str = "",
    ) -> None:
        self._identity = identity
        self._desk = desk
        self._store = store
        self._drafter = drafter
        self._budgets = budgets
        self._home = home
        self._clock = clock
        self.submission = Submission(store, drafter, budgets, home, clock, identity=identity, desk=desk)
        self.optimiser = Optimiser(store, drafter)

    def preview(self, actor: Actor, request: AnalysisRequest, *, suggest: bool = False) -> Preview:
        """Count and price a wish.

        Args:
            suggest: Look for a cheaper model that has what it needs.

        Raises:
            BadInput: No portfolio, no such analysis, an unknown portfolio.
            ModelRefused: The model was shut down.
        """
        require(actor, Permission.JOB_PREPARE)
        at = self._clock()
        builder = self._drafter.builder(request, at)
        tally, estimate = self._drafter.measure(request, at, builder)
        return Preview(
            estimate=estimate,
            prompt_version=tally.prompt_version,
            first_line=tally.first.line if tally.first else b"",
            regions=tally.regions,
            blockers=blockers(request, estimate),
            over_budget=self.submission.over_budget(actor, [(request, estimate)], at),
            refused=dict(tally.refused),
            changes=builder.changes,
            cacheable_tokens=tally.cacheable,
            room=self._room(request.model, estimate.input_tokens, at),
            suggestion=self.optimiser.cheaper(request, tally, estimate, at) if suggest else None,
            question=tally.question(self._identity),
            waiting=dict(tally.waiting),
            waiting_requests=len(tally.waits_of),
        )

    def alike(self, actor: Actor, previews: Sequence[Preview]) -> list[OpenJob]:
        """Open jobs that ask the very same as one of these previews, the oldest of each, or some of its requests."""
        require(actor, Permission.JOB_PREPARE)
        same = {one.job_id: one for one in self._store.open_jobs.alike([one.question for one in previews]).values()}
        waiting = {(portfolio, job_id) for one in previews for portfolio, job_id in one.waiting.items()}
        shared = Counter(job_id for _, job_id in waiting if job_id not in same)
        parts = [replace(one, shared=shared[one.job_id]) for one in self._store.open_jobs.of_ids(shared)]
        return [*same.values(), *parts]

    def of_nonce(self, actor: Actor, nonce: str) -> OpenJob | None:
        """The job that a form has submitted under this nonce; None while there is none."""
        require(actor, Permission.JOB_READ)
        return self._store.open_jobs.of_nonce(nonce) if nonce else None

    def _room(self, model: str, tokens: int, at: datetime) -> QueueRoom | None:
        granted = self._drafter.room(model, at)
        if granted is None:
            return None
        queue = self._store.queue.snapshot(at, self._identity.accepts)
        return QueueRoom(
            granted=granted,
            enqueued=sum(one.tokens for one in queue.enqueued if one.model == model),
            waiting=sum(one.tokens for one in queue.waiting if one.model == model),
            needed=tokens,
        )

    def export(self, actor: Actor, request: AnalysisRequest, path: Path, *, overwrite: bool = False) -> list[Path]:
        """Write the exact provider input to `path`, or to path.1, path.2 ... when it takes more than one file.

        Raises:
            BadInput: Something stands there already (unless `overwrite`), or the folder cannot be written.
        """
        require(actor, Permission.JOB_PREPARE)
        job_id = new_id(self._clock())
        folder = self._home / "exports" / job_id
        try:
            built = self._drafter.write(job_id, request, folder, self._clock())
            many = len(built.files) > 1
            targets = [
                path.with_name(f"{path.name}.{number}") if many else path for number in range(1, len(built.files) + 1)
            ]
            for file, target in zip(built.files, targets, strict=True):
                private_files.hand_out(Path(file.path), target, overwrite=overwrite)
        finally:
            self._store.jobs.drop_requests(job_id)
            shutil.rmtree(folder, ignore_errors=True)
        return targets

    def submit(
        self,
        actor: Actor,
        request: AnalysisRequest,
        *,
        nonce: str | None = None,
        force: bool = False,
        again: bool = False,
        needed_by: datetime | None = None,
    ) -> Job:
        """Store a job and hand it to the worker.

        Args:
            nonce: Made by whoever asks, once per wish: the same nonce again is refused, so that a double click or a
                repeated request submits once.
            force: Go on past warnings that would stop it; never past a budget, a permission or a shut-down.
            again: Ask although the very same is under way.
            needed_by: When its answers are needed; the queue goes by it. Nothing is promised: the provider takes up
                to a day.

        Raises:
            Refused: A blocker without `force`, a budget, a nonce already used.
            AlreadyOpen: The very same is under way, without `again`.
        """
        require(actor, Permission.JOB_SUBMIT)
        wanted = [WantedJob(request)]
        return self.submission.submit(actor, wanted, nonce=nonce, force=force, again=again, needed_by=needed_by)[0]

    def cancel(self, actor: Actor, job_id: str) -> JobState:
        """Ask for a job to stop; finished answers are kept and paid. Returns its state before.

        Raises:
            NotFound: No such job.
        """
        require(actor, Permission.JOB_CANCEL)
        state = self._store.jobs.get(job_id).row.state
        if state is JobState.DRAFT:
            self._store.jobs.discard(job_id, actor=actor.subject, at=self._clock())
            return state
        before = self._store.jobs.wish_cancel(job_id, actor=actor.subject, at=self._clock())
        for shard in self._store.shards.of_job(job_id):
            if shard.state is ShardState.ATTENTION:
                self._call_off(shard, actor)
        return before

    def _call_off(self, shard: Shard, actor: Actor) -> None:
        """No worker looks at a shard that waits for a person, so a person's wish to stop ends it here."""
        # Resumed by somebody else in this very moment it is the worker's again, which knows the wish.
        with suppress(StaleMove):
            self._store.results.close(
                ShardClaim(shard.shard_id, shard.fence),
                ShardState.ATTENTION,
                ShardEvent.CANCEL,
                given_up_as(self._store, shard),
                at=self._clock(),
                note="cancelled while it waited for a person",
                actor=actor.subject,
            )

    def wish_reread(self, actor: Actor, job_id: str) -> None:
        """Have a worker read the stored result lines of a job again, with today's reader. Nothing is paid.

        Raises:
            NotFound: No such job.
            Refused: It has not ended.
        """
        require(actor, Permission.JOB_SUBMIT)
        self._store.rereading.wish(job_id, actor=actor.subject, at=self._clock())

    def reread_is_wished(self, actor: Actor, job_id: str) -> bool:
        """Whether a worker has still to read them."""
        require(actor, Permission.JOB_READ)
        return self._store.rereading.is_wished(job_id)

    def pause(self, actor: Actor, job_id: str) -> None:
        """Send nothing more of a job until it is resumed. What is at the provider already goes on and is collected.

        Raises:
            Refused: It has ended, waits for a person, or is paused already.
        """
        require(actor, Permission.JOB_CANCEL)
        state = self._store.jobs.get(job_id).row.state
        try:
            self._store.jobs.pause(job_id, actor=actor.subject, at=self._clock())
        except IllegalMove:
            raise Refused(f"Job {job_id} is {state}: there is nothing to pause.") from None

    def resume(self, actor: Actor, job_id: str) -> int:
        """Let a paused job go on. What waits for a person goes on waiting: see `send_again`.

        Returns:
            How many shards go on.

        Raises:
            NotFound: No such job.
            Refused: The job is not paused.
        """
        require(actor, Permission.JOB_SUBMIT)
        state = self._store.jobs.state(job_id)
        if state is not JobState.PAUSED:
            waits = self._waiting_for_person(job_id)
            help_ = f" Send what waits for you with: mosychlos portfolio batch retry {job_id}" if waits else ""
            raise Refused(f"Job {job_id} is not paused; it is {state}.{help_}")
        shards = self._store.shards.of_job(job_id)
        self._store.jobs.unpause(job_id, actor=actor.subject, at=self._clock())
        return sum(shard.state in {ShardState.QUEUED, ShardState.UPLOADING} for shard in shards)

    def send_again(self, actor: Actor, job_id: str) -> int:
        """Send again the batches that wait for a person, whose cause was repaired, for what was approved for them.

        Returns:
            How many shards are sent again.

        Raises:
            NotFound: No such job.
            Refused: Nothing of it waits for a person.
        """
        require(actor, Permission.JOB_SUBMIT)
        state, waiting = self._store.jobs.state(job_id), self._waiting_for_person(job_id)
        if not waiting:
            raise Refused(f"Nothing of job {job_id} waits for a person; it is {state}.")
        for shard in waiting:
            self._store.shards.resume(shard.shard_id, actor=actor.subject, at=self._clock())
        return len(waiting)

    def _waiting_for_person(self, job_id: str) -> list[Shard]:
        return [shard for shard in self._store.shards.of_job(job_id) if shard.state is ShardState.ATTENTION]

    def alerts(self, actor: Actor) -> list[Alert]:
        """What a person should know now, the newest first."""
        require(actor, Permission.JOB_READ)
        return self._store.alerts.standing()

    def waiting(self, actor: Actor) -> Snapshot:
        """The queue as it stands: what waits, what the provider holds for us, and the rooms it stated."""
        require(actor, Permission.JOB_READ)
        return self._store.queue.snapshot(self._clock())

    def page(
        self,
        actor: Actor,
        wanted: JobFilter = EVERY_JOB,
        *,
        limit: int = 50,
        after: str | None = None,
        offset: int = 0,
    ) -> list[JobRow]:
        """Jobs, newest first."""
        require(actor, Permission.JOB_READ)
        return self._store.jobs.page(wanted, limit=limit, after=after, offset=offset)

    def latest(self, actor: Actor, wanted: JobFilter, *, limit: int) -> list[JobRow]:
        """Jobs that have ended, the last ending first."""
        require(actor, Permission.JOB_READ)
        return self._store.jobs.page(wanted, limit=limit, by_end=True)

    def count(self, actor: Actor, wanted: JobFilter = EVERY_JOB) -> int:
        """How many jobs match."""
        require(actor, Permission.JOB_READ)
        return self._store.jobs.count(wanted)

    def count_by_state(self, actor: Actor) -> dict[JobState, int]:
        """How many jobs stand in each state."""
        require(actor, Permission.JOB_READ)
        return self._store.jobs.count_by_state()

    def totals(self, actor: Actor, *, since: datetime) -> ItemCounts:
        """The requests of all jobs submitted since a moment, by how they stand."""
        require(actor, Permission.JOB_READ)
        return self._store.jobs.totals(since)

    def get(self, actor: Actor, job_id: str) -> Job:
        """A job.

        Raises:
            NotFound: No such job.
        """
        require(actor, Permission.JOB_READ)
        return self._store.jobs.get(job_id)

    def shards(self, actor: Actor, job_id: str) -> list[Shard]:
        """A job's provider batches, in order."""
        require(actor, Permission.JOB_READ)
        self._store.jobs.get(job_id)
        return self._store.shards.of_job(job_id)

    def metadata(self, actor: Actor, job_id: str) -> dict[str, str]:
        """What the provider's record of the job's first batch says about it."""
        job = self.get(actor, job_id)
        shard = next(iter(self.shards(actor, job_id)), None)
        if shard is None:
            return {}  # every answer was there already
        return batch_metadata(
            job_key=job_key(shard, job.spec_hash),
            attempt=max(shard.attempt, 1),
            spec_hash=job.spec_hash,
            request=job.request,
            prompt_version=job.row.prompt_version,
            model_class=job.row.model_class,
            portfolios=shard.requests,
        )

    def events(self, actor: Actor, job_id: str) -> list[Event]:
        """A job's history, oldest first."""
        require(actor, Permission.JOB_READ)
        self._store.jobs.get(job_id)
        return self._store.jobs.events(job_id)

    def items(
        self,
        actor: Actor,
        job_id: str,
        wanted: ItemFilter = EVERY_ITEM,
        *,
        with_analysis: bool = True,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Item]:
        """Requests of a job and how they ended."""
        require(actor, Permission.JOB_READ)
        return self._store.items.page(job_id, wanted, with_analysis=with_analysis, limit=limit, offset=offset)

    def count_items(self, actor: Actor, job_id: str, wanted: ItemFilter = EVERY_ITEM) -> int:
        """How many requests match."""
        require(actor, Permission.JOB_READ)
        return self._store.items.count(job_id, wanted)

    def each_item(self, actor: Actor, job_id: str) -> Iterator[Item]:
        """Every request of a job, whatever its size."""
        require(actor, Permission.JOB_READ)
        self._store.jobs.get(job_id)
        return self._store.items.each(job_id)

    def item(self, actor: Actor, job_id: str, custom_id: str) -> Item:
        """One request of a job.

        Raises:
            NotFound: No such request.
        """
        require(actor, Permission.JOB_READ)
        found = self._store.items.get(job_id, custom_id)
        if found is None:
            raise NotFound(f"Job {job_id} has no request '{custom_id}'.")
        return found

    def facts(self, actor: Actor, job_id: str, custom_id: str) -> FactSheet | None:
        """The facts that a request stated, as they were then, and what tools told; None when the file is gone."""
        require(actor, Permission.JOB_READ)
        path = sheet_path(job_folder(self._home, job_id))
        if not path.exists():
            return None
        with sheet_index(path, {custom_id}) as sheets:
            try:
                sheet = sheets.get(custom_id)
            except KeyError:
                return None
        return with_tool_facts(sheet, self._store.tool_calls.of_request(job_id, custom_id))

    def raw_answer(self, actor: Actor, job_id: str, custom_id: str) -> dict[str, Any] | None:
        """The provider's own line for a request, or None."""
        require(actor, Permission.JOB_READ)
        raw = self._store.items.raw_line(job_id, custom_id)
        if raw is None:
            return None
        item = self._store.items.get(job_id, custom_id)
        path = job_folder(self._home, job_id) / raw.file
        return shown_line(path, raw, unread=item is not None and kept_unread(item.error))

    def raw_request(self, actor: Actor, job_id: str, custom_id: str) -> dict[str, Any] | None:
        """A request exactly as it was sent last, or None when the input file is gone."""
        require(actor, Permission.JOB_READ)
        wanted = orjson.dumps(custom_id)
        for shard in reversed(self._store.shards.of_job(job_id)):
            path = Path(shard.path)
            if not path.exists():
                continue
            for line in lines(path):
                if wanted in line[: len(wanted) + 64]:
                    found: dict[str, Any] = orjson.loads(line)
                    if found.get("custom_id") == custom_id:
                        return found
        return None

    def strays(self, actor: Actor, job_id: str) -> list[Stray]:
        """Result lines that belong to no request."""
        require(actor, Permission.JOB_READ)
        return self._store.items.strays(job_id)

    def summary(self, actor: Actor, job_id: str, *, outliers: int | None = None) -> Summary:
        """A job's answers taken together.

        Args:
            outliers: How many of the concentrated portfolios are wanted by name; None for all.

        Raises:
            NotFound: No such job.
        """
        require(actor, Permission.JOB_READ)
        job = self._store.jobs.get(job_id)
        usage, _ = self._store.items.usage(job_id)
        items = self._store.items
        spread = items.concentration(job_id)
        fence = None if spread is None else spread.fence
        beyond = [] if fence is None else items.beyond(job_id, fence, limit=outliers)
        return summarise(
            job,
            items.rollup(job_id),
            spread,
            [Outlier(*row) for row in beyond],
            len(beyond) if fence is None or outliers is None else items.count_beyond(job_id, fence),
            usage,
        )

    def answered_by(self, actor: Actor, job_id: str) -> tuple[dict[str, int], dict[str, int]]:
        """(models, service tiers) that gave a job's answers, as they say themselves, each with how many."""
        require(actor, Permission.JOB_READ)
        found = self._store.items.rollup(job_id)
        return found.get(MODEL, {}), found.get(TIER, {})

    def attention(self, actor: Actor) -> list[Shard]:
        """Provider batches of all jobs that wait for a person."""
        require(actor, Permission.JOB_READ)
        return self._store.shards.attention()

    def spend(self, actor: Actor) -> tuple[Spend, list[str]]:
        """What this month has committed, and a sentence for each budget threshold reached."""
        require(actor, Permission.JOB_READ)
        month = f"{self._clock():%Y-%m}"
        everybody = self._store.jobs.spend(month)
        return everybody, self._budgets.notices(everybody, self._store.jobs.spend(month, actor.subject))

    def needs_attention(self, actor: Actor, job_id: str) -> list[str]:
        """Sentences about what of a job waits for a person."""
        return [
            f"{shard.shard_id}: {shard.message}"
            for shard in self.shards(actor, job_id)
            if shard.state is ShardState.ATTENTION
        ]

    def is_ended(self, actor: Actor, job_id: str) -> bool:
        """True when nothing more happens unless a person acts."""
        return self.get(actor, job_id).row.state in JOB_ENDED | {JobState.ATTENTION}
