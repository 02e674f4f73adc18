"""A house to break: portfolios, jobs, a clock that can be set ahead, and what must hold whatever was done to it."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import text

from core.app import App, build
from core.desk.corrections import ReaskService
from core.desk.jobs import JobService
from core.desk.retries import RetryService
from core.domain.actor import LOCAL
from core.domain.alert import AlertKind
from core.domain.analysis import AnalysisRequest, Kind, ResultStatus, UsageFrom
from core.domain.batch import Batch
from core.domain.filters import ItemFilter
from core.domain.job import (
    JOB_ENDED,
    SHARD_WORKING,
    JobEvent,
    JobState,
    ShardEvent,
    ShardState,
    job_event,
    next_job_state,
    next_shard_state,
)
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.domain.records import Event, Item, Job, Shard
from core.drafts.batch_room import Rooms
from core.drafts.drafting import Drafter
from core.drafts.job_files import job_key
from core.errors import MosychlosError
from core.guard.budgets import Budgets
from core.llm.answers import read_line
from core.metrics.fx import EcbRates
from core.providers.openai_provider import OpenAIProvider
from core.settings import load
from core.storage.store import Store
from core.worker.context import Context
from core.worker.queue_plan import plan
from core.worker.remote_files import orphans
from core.worker.steps import advance
from core.worker.watch import look, take_running

MODEL = "gpt-5.4-mini"
KEY = "sk-CANARY-0123456789abcdef"


ROWS = (
    *("A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9"),
    *("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B9", "B10", "B11"),
    *("C1", "C2", "C3", "C4", "C5", "C6"),
    *("D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8", "D9", "D10", "D11"),
    *("E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8"),
    *("F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10"),
    *("G5", "G6"),
    *("J1", "J2", "J3", "J4", "J5", "J6", "J7"),
)
"""The rows of the fault table that this folder is about: killed, submit, lists, results, endings, the house, size,
money."""

_ROW = re.compile(r"(?:^|[\[_-])([a-jA-J]\d{1,2})(?=[-_\]]|$)")


def rows_named(ids: Iterable[str]) -> set[str]:
    """The rows that tests name, in their own name or in the id of a case: "B4" of `test_b4_...` and of `[B4-500]`."""
    return {row.upper() for one in ids for row in _ROW.findall(one.partition("::")[2])}


class Tally:
    """What all fault cases of this process came to; `make faults` prints it."""

    def __init__(self) -> None:
        self.jobs = self.batches = self.duplicates = self.lost = 0

    def count(self, batches: Sequence[Batch], live: Mapping[str, int], lost: int) -> None:
        """One job that is checked.

        Args:
            batches: Of it at the provider.
            live: How many of them live (or have worked), by shard.
            lost: Requests without an ending although the job has ended, or whose answer is at the provider only.
        """
        self.jobs += 1
        self.batches += len(batches)
        self.duplicates += sum(n - 1 for n in live.values())
        self.lost += lost


tally = Tally()


class Clock:
    """The present moment, which can be set ahead but never stands still."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def leap(self, to: datetime) -> None:
        """Be at `to` now, unless it has passed."""
        self._ahead += max(to - self(), timedelta(0))

    def set_by(self, step: timedelta) -> None:
        """Somebody sets it, ahead or back."""
        self._ahead += step


def portfolio(number: int, *, as_of: date = date(2026, 10, 30), first_value: str = "60000") -> Portfolio:
    """A small portfolio with a number of its own."""
    lines = (("VOO", "Vanguard S&P 500", first_value), ("BND", "Vanguard Total Bond", "25000"), ("CASH", "Cash", "500"))
    return Portfolio(
        portfolio_id=f"p{number:04d}",
        name=f"House {number:04d}",
        account=f"A-{number}",
        as_of=as_of,
        base_currency="USD",
        base_currency_given=True,
        region=("US", "UK", "FR")[number % 3],
        holdings=tuple(
            Holding(symbol, "", name, AssetClass.EQUITY_FUND, None, None, "USD", Decimal(value) + number)
            for symbol, name, value in lines
        ),
        source_format="canonical_csv",
    )


def environment(home: Path, database_url: str, base_url: str, **more: str) -> dict[str, str]:
    """Settings for a clock that is set ahead whenever something is waited for."""
    return {
        "MOSYCHLOS_HOME": str(home),
        "MOSYCHLOS_DATABASE_URL": database_url,
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": base_url,
        "MOSYCHLOS_POLL_SECONDS": "1",
        "MOSYCHLOS_QUARANTINE_SECONDS": "4",
        "MOSYCHLOS_HTTP_TIMEOUT_SECONDS": "2",
        "MOSYCHLOS_LEASE_SECONDS": "1",
        "MOSYCHLOS_RETRIES": "0",
        "MOSYCHLOS_KEEP_REMOTE_FILES": "yes",
        **more,
    }


def until(found: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Look again and again until something is true.

    Raises:
        AssertionError: It did not become true in time.
    """
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.005)


@dataclass
class House:
    """An App on one database with a provider beside it, and the hand that turns the worker's crank."""

    app: App
    store: Store
    provider: OpenAIProvider
    clock: Clock

    @classmethod
    def open(cls, settings: Mapping[str, str], provider: OpenAIProvider, *, portfolios: int = 6) -> House:
        """A migrated house with some portfolios."""
        clock = Clock()
        checked = load(settings)
        app = build(checked, clock=clock)
        store = Store(checked.database_url)
        store.portfolios.save(
            [portfolio(number) for number in range(portfolios)], lambda _: None, actor="test", at=clock()
        )
        return cls(app, store, provider, clock)

    def close(self) -> None:
        """Give back its connections."""
        self.app.close()
        self.store.close()

    def context(self, **more: Any) -> Context:
        """A worker's surroundings, on this house's provider and clock."""
        return replace(self.app.context(self.provider), **more)

    def service(
        self,
        *,
        per_shard: int = 50_000,
        budgets: Budgets | None = None,
        reuse: timedelta | None = None,
        desk: str = "",
    ) -> JobService:
        """Jobs as the App has them, with smaller batches, with limits, reusing answers, or for a desk."""
        identity = self.app.identity
        drafter = Drafter(
            self.store,
            EcbRates(),
            self.app.library,
            shard_requests=per_shard,
            reuse=reuse,
            identity=identity,
            desk=desk,
        )
        home = self.app.settings.home
        return JobService(self.store, drafter, budgets or Budgets(), home, self.clock, identity=identity, desk=desk)

    def request(self, portfolios: int = 3, **more: Any) -> AnalysisRequest:
        """A wish about the first portfolios."""
        ids = tuple(f"p{number:04d}" for number in range(portfolios))
        return AnalysisRequest(Kind.RISK, ids, more.pop("model", MODEL), **more)

    def submit(self, portfolios: int = 3, *, per_shard: int = 50_000, reuse: timedelta | None = None) -> str:
        """An approved job; its id."""
        return (
            self.service(per_shard=per_shard, reuse=reuse)
            .submit(LOCAL, self.request(portfolios), again=True)
            .row.job_id
        )

    def job(self, job_id: str) -> Job:
        """A job as it stands."""
        return self.store.jobs.get(job_id)

    def retry_service(self, budgets: Budgets | None = None, rooms: Rooms | None = None) -> RetryService:
        """Retries as the App has them, or with limits."""
        rooms = rooms or self.context().rules.rooms
        return RetryService(
            self.store, budgets or Budgets(), rooms, self.app.settings.home, self.clock, identity=self.app.identity
        )

    def reask_service(self, budgets: Budgets | None = None, rooms: Rooms | None = None) -> ReaskService:
        """Second askings as the App has them, or with limits."""
        rooms = rooms or self.context().rules.rooms
        return ReaskService(
            self.store, budgets or Budgets(), rooms, self.app.settings.home, self.clock, identity=self.app.identity
        )

    def shard(self, job_id: str, index: int = 0) -> Shard:
        """One of its batches as it stands."""
        return self.store.shards.of_job(job_id)[index]

    def expire(self, job_id: str, at: datetime) -> None:
        """Let the deadline of a job's batches be at a moment of this house's clock, which may be days ahead."""
        with self.store.database.write() as connection:
            moment = int(at.timestamp() * 1_000_000)
            connection.execute(
                text("UPDATE shard SET expires_at = submitted_at + (:at - create_at) WHERE job_id = :job"),
                {"at": moment, "job": job_id},
            )

    def items(self, job_id: str) -> dict[str, Item]:
        """Its requests by portfolio."""
        return {item.portfolio_id: item for item in self.store.items.page(job_id)}

    def events(self, job_id: str) -> list[Event]:
        """Its history."""
        return self.store.jobs.events(job_id, limit=100_000)

    def round(self, context: Context) -> int:
        """One sweep: everything that is due, once. Returns how many shards were looked at."""
        running = take_running(context, owner="hand")
        look(context, running)
        plan(context)
        claims = self.store.shards.claim_due(owner="hand", now=self.clock(), lease_seconds=1, limit=99)
        for claim in claims:
            advance(context, claim)
        return len(running) + len(claims)

    def run(
        self, job_id: str, *, context: Context | None = None, to: ShardState | None = None, leaping: bool = True
    ) -> JobState:
        """Turn the crank until the job has ended or waits for a person, or until its first shard is in state `to`.

        Args:
            leaping: Set the clock ahead to when something is due; False lets real time pass.
        """
        context = context or self.context()
        deadline = time.monotonic() + 20
        while True:
            shards = self.store.shards.of_job(job_id)
            working = [shard for shard in shards if shard.state in SHARD_WORKING]
            if (to is None and not working) or (to is not None and shards[0].state is to):
                return self.job(job_id).row.state
            assert working, f"nothing works any more, and {shards[0].shard_id} is {shards[0].state}, not {to}"
            assert time.monotonic() < deadline, f"{job_id} is still {[(one.state, one.message) for one in shards]}"
            if not self.round(context):
                if leaping:
                    self.clock.leap(min(shard.next_due_at for shard in working))
                else:
                    time.sleep(0.01)

    def batches(self, job_id: str) -> list[Batch]:
        """Every batch of a job at the provider."""
        keys = {job_key(shard, self.job(job_id).spec_hash) for shard in self.store.shards.of_job(job_id)}
        return [batch for batch in self.provider.list_batches() if batch.metadata.get("job_key") in keys]

    def scalar(self, sql: str, **values: Any) -> Any:
        """One value straight from the database."""
        with self.store.database.read() as connection:
            return connection.execute(text(sql), values).scalar_one_or_none()

    def rows(self, sql: str, **values: Any) -> Sequence[Any]:
        """Rows straight from the database."""
        with self.store.database.read() as connection:
            return connection.execute(text(sql), values).all()

    def check(self, job_id: str, *, batches: int | None = None, limit: Decimal | None = None) -> None:
        """The invariants: what must hold of every job that has ended or waits for a person, whatever happened.

        I1 at most one live batch a shard, one ledger row a batch; I2 every request ends exactly once; I3 every change
        of state has its event and was legal; I4 what is reserved and spent keeps to the limit, and adds up; I5 no key
        in what is stored; I6 every remote file of the job is known; I7 a person is told one next step.

        Args:
            batches: How many the provider must have in all for this job, ended and refused ones included.
            limit: Of the month, where the test set one.
        """
        self._paid_once(job_id, batches)
        self._nothing_lost(job_id)
        self._legal_history(job_id)
        self._counted(job_id)
        if limit is not None:
            assert self.store.jobs.spend(f"{self.clock():%Y-%m}").total_usd <= limit
        self._no_key_stored(job_id)
        self._remote_files_known(job_id)
        self._one_next_step(job_id)

    def check_on_the_way(self, job_id: str) -> None:
        """What must hold at every moment, also in the middle of a collection: I1, I2 and I3."""
        self._paid_once(job_id, None)
        self._nothing_lost(job_id)
        self._legal_history(job_id)

    def _no_key_stored(self, job_id: str) -> None:
        said = [event.note for event in self.events(job_id)]
        said += [shard.message for shard in self.store.shards.of_job(job_id)]
        said += [item.error.message for item in self.store.items.page(job_id) if item.error is not None]
        assert not [text for text in said if KEY in text]

    def _remote_files_known(self, job_id: str) -> None:
        known = {name for shard in self.store.shards.of_job(job_id) for name in (shard.file_id, shard.remote_name)}
        unknown = [
            file
            for file in self.provider.list_files("batch")
            if f"-{job_id}." in file.name and not known & {file.file_id, file.name}
        ]
        if unknown:
            lost = {one.remote_id for one in orphans(self.store, self.provider)}
            assert not [file for file in unknown if file.file_id not in lost]

    def _one_next_step(self, job_id: str) -> None:
        for shard in self.store.shards.of_job(job_id):
            standing = {alert.kind for alert in self.store.alerts.of(shard.shard_id) if alert.cleared_at is None}
            if shard.state is ShardState.ATTENTION:
                assert "mosychlos portfolio batch" in shard.message
                assert AlertKind.ATTENTION in standing
            elif shard.ended_at is not None:
                assert not standing & {AlertKind.ATTENTION, AlertKind.STUCK, AlertKind.LATE}

    def _paid_once(self, job_id: str, batches: int | None) -> None:
        found = self.batches(job_id)
        if batches is not None:
            assert len(found) == batches, [(batch.batch_id, batch.status) for batch in found]
        live = Counter(
            batch.metadata["job_key"] for batch in found if batch.status not in {"failed", "cancelling", "cancelled"}
        )
        shards = self.store.shards.of_job(job_id)
        tally.count(found, live, self._lost(job_id, shards))
        assert all(n == 1 for n in live.values()), f"more than one live batch: {live}"
        ours = {shard.batch_id for shard in shards}
        over = {"failed", "cancelling", "cancelled"}
        unknown = [one.batch_id for one in found if one.status not in over and one.batch_id not in ours]
        if self.job(job_id).row.state in JOB_ENDED:
            assert not [one for one in unknown if not self.store.alerts.of(one)], "a batch that nobody was told of"
        collected = {shard.batch_id for shard in shards if shard.batch_id and shard.state not in SHARD_WORKING}
        ledger = self.rows("SELECT batch_id FROM ledger WHERE job_id = :job AND batch_id NOT LIKE 'sync:%'", job=job_id)
        assert sorted(row.batch_id for row in ledger) == sorted(collected - {None})

    def _lost(self, job_id: str, shards: Sequence[Shard]) -> int:
        """Requests of an ended job without an ending, and those called missing whose answer is at the provider."""
        if self.job(job_id).row.state not in JOB_ENDED:
            return 0
        lost = self.store.items.count(job_id, ItemFilter(statuses=[ResultStatus.PENDING]))
        page = self.store.items.page(job_id, ItemFilter(statuses=[ResultStatus.MISSING]))
        missing = {item.custom_id for item in page}
        for shard in shards if missing else ():
            if shard.output_file_id is None:
                continue
            with TemporaryDirectory() as folder, suppress(MosychlosError):
                copy = Path(folder) / "copy"
                self.provider.download(shard.output_file_id, copy)
                lost += len(missing & {read_line(line).custom_id for line in copy.read_bytes().split(b"\n")})
        return lost

    def _nothing_lost(self, job_id: str) -> None:
        job, items = self.job(job_id), self.store.items.page(job_id)
        assert len(items) == len({item.custom_id for item in items}) == job.row.counts.total
        if job.row.state in JOB_ENDED:
            pending = [item.custom_id for item in items if item.status is ResultStatus.PENDING]
            assert not pending, f"{len(pending)} requests of an ended job have no ending"
            assert all((item.analysis is None) == (item.status is not ResultStatus.SUCCEEDED) for item in items)
            assert all((item.error is None) == (item.status is ResultStatus.SUCCEEDED) for item in items)

    def _legal_history(self, job_id: str) -> None:
        states = {shard.shard_id: ShardState.QUEUED for shard in self.store.shards.of_job(job_id)}
        stands = JobState.DRAFT
        for event in self.events(job_id):
            if not event.to_state or event.event in {"draft", "cancel_wish"}:
                continue
            if event.shard_id is None:
                assert event.from_state == stands, f"{event} when the job was {stands}"
                stands = next_job_state(stands, JobEvent(event.event))
                assert event.to_state == stands
            else:
                assert event.from_state == states[event.shard_id], f"{event} when it was {states[event.shard_id]}"
                states[event.shard_id] = next_shard_state(states[event.shard_id], ShardEvent(event.event))
                assert event.to_state == states[event.shard_id]
        shards = self.store.shards.of_job(job_id)
        assert states == {shard.shard_id: shard.state for shard in shards}, "a state changed without its event"
        row = self.job(job_id).row
        assert stands is row.state, "the job's state changed without its event"
        counts = row.counts
        followed = job_event((shard.state for shard in shards), all_succeeded=counts.succeeded == counts.total)
        assert f"now_{row.state}" == followed

    def _counted(self, job_id: str) -> None:
        job, items = self.job(job_id), self.store.items.page(job_id)
        ended = [item for item in items if item.status is not ResultStatus.PENDING]
        by_status = Counter(item.status for item in ended)
        counts = job.row.counts
        assert counts.succeeded == by_status[ResultStatus.SUCCEEDED]
        assert counts.missing == by_status[ResultStatus.MISSING]
        assert counts.failed == len(ended) - counts.succeeded - counts.missing
        rollup = self.store.items.rollup(job_id)
        assert rollup.get("status", {}) == {status.value: n for status, n in by_status.items()}
        assert sum(rollup.get("error", {}).values()) == sum(item.error is not None for item in items)
        checks = [item.verification for item in items if item.verification is not None]
        assert rollup.get("numbers", {}).get("verified", 0) == sum(one.verified for one in checks)
        assert rollup.get("numbers", {}).get("mismatched", 0) == sum(one.mismatched for one in checks)
        cost = sum((item.cost_usd for item in items if item.cost_usd is not None), Decimal(0))
        paid = "SELECT cost_nano, output_tokens FROM {} WHERE job_id = :job"
        earlier = [row for name in ("attempt", "second_answer") for row in self.rows(paid.format(name), job=job_id)]
        cost += sum((Decimal(row.cost_nano or 0) for row in earlier), Decimal(0)) / 1_000_000_000
        usage, spent = self.store.items.usage(job_id)
        written = sum(item.usage.output_tokens for item in items) + sum(row.output_tokens for row in earlier)
        once_missing = (
            "SELECT (SELECT count(*) FROM attempt WHERE job_id = :job AND status = 'missing')"
            " + (SELECT count(*) FROM second_answer WHERE job_id = :job AND ended = 'missing')"
        )
        missing = job.row.counts.missing or self.scalar(once_missing, job=job_id)
        if job.row.actual_usd is None:
            unsaid = any(item.usage_from is UsageFrom.UNKNOWN for item in items)
            assert missing or unsaid, "the cost is not known although every line is here and says what it came to"
            return
        if missing:
            # What the provider bills for lines that are not here belongs to the job and to none of its requests.
            assert (spent or Decimal(0)) >= cost
            assert usage.output_tokens >= written
        else:
            assert (spent or Decimal(0)) == cost
            assert usage.output_tokens == written
        assert job.row.actual_usd == (spent or Decimal(0))
        cost = job.row.actual_usd
        # What was reserved for a synchronous call whose answer never came stands beside, for what it may have cost.
        every = "SELECT settled, amount_nano FROM commitment WHERE job_id = :job AND NOT lost"
        parts = self.rows(every, job=job_id)
        assert {bool(part.settled) for part in parts} == {job.row.state in JOB_ENDED}
        if job.row.state in JOB_ENDED:
            assert sum(Decimal(part.amount_nano) for part in parts) / 1_000_000_000 == cost


class Meddler:
    """A provider whose named verbs were replaced; all others go to the real one."""

    def __init__(self, inner: OpenAIProvider, **verbs: Any) -> None:
        self._inner = inner
        self._verbs = verbs

    def __getattr__(self, verb: str) -> Any:
        return self._verbs.get(verb) or getattr(self._inner, verb)


class Once:
    """A crossing at which something is done the first time (or the `nth`), and nothing at all others."""

    def __init__(self, point: str, act: Callable[[], object], *, nth: int = 1) -> None:
        self._point = point
        self._act = act
        self._left = nth

    @property
    def reached(self) -> bool:
        """True once it was done."""
        return self._left <= 0

    def __call__(self, point: str) -> None:
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                self._act()
