"""The worker process: finds due shards and runs their steps on the durable engine (DBOS). The only room that knows it.

Our own tables are the truth; the engine drives. A sweep claims due shards and enqueues one short workflow each, named
by shard and fence. A workflow that was cut off is run again by the engine when its process restarts; whatever the
engine loses (a stranded workflow, a dropped row, another program version) heals when the claim runs out and the next
sweep takes the shard up under a higher fence. Nothing here can pay twice: that is decided in `submitting`.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from dbos import DBOS, DBOSConfig, SetWorkflowID
from dbos import Serializer as EngineSerializer

from core import private_files
from core.domain.records import ShardClaim
from core.errors import MosychlosError, StorageTrouble
from core.storage.database import clear_errors
from core.worker import other_providers
from core.worker.budget_alerts import tell_budgets
from core.worker.cancel_duplicates import cancel_duplicates
from core.worker.clock_watch import TOLERANCE, ClockWatch
from core.worker.context import Context
from core.worker.fitness import Fitness
from core.worker.late_results import fetch_lost
from core.worker.no_pickle import refuse_pickle
from core.worker.orphan_files import tidy
from core.worker.reconcile_at_start import adopt_forgotten
from core.worker.remote_files import catch_up
from core.worker.rereading import read_wished
from core.worker.single_try import TryRunner
from core.worker.steps import advance, claim_due
from core.worker.watch import look, take_running

logger = logging.getLogger(__name__)

VERSION = "1"
"""Pinned: the engine's default is a hash of the source, which would strand work at every edit."""

QUEUE = "shards"
BEAT_SECONDS = 10.0
HOUSEKEEPING_SECONDS = 60.0
LEAVING_SECONDS = 30.0
"""How long a leaving worker lets answers end that it streams; what is not done then ends as lost."""

TIDYING_SECONDS = 6 * 3600.0
RECONCILING_SECONDS = 3600.0
UNTIL_RECONCILED_SECONDS = 30.0
"""How soon the provider's list is read again after a start at which it could not be read."""

KEEP_WORKFLOWS = timedelta(minutes=10)
_ENGINE_LOCK = 7_402_118_530_468


class PlainJson(EngineSerializer):
    """JSON instead of the engine's pickle, which `no_pickle` closes for rows that ask for it all the same."""

    def serialize(self, data: Any) -> str:
        """To text; an error becomes its sentence."""
        return json.dumps(data, default=str)

    def deserialize(self, serialized_data: str) -> Any:
        """From text."""
        return json.loads(serialized_data)

    def name(self) -> str:
        """What the engine records beside each value."""
        return "mosychlos_json"


class Worker:
    """One worker. Run as many as you like on PostgreSQL; on SQLite a second one stands by until the first ends."""

    def __init__(self, context: Context, *, database_url: str, threads: int, tries: TryRunner | None = None) -> None:
        self._tries = tries
        self.worker_id = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        self._reconciled = threading.Event()
        self._reconciling: threading.Thread | None = None
        self._rereading: threading.Thread | None = None
        self._fitness = Fitness(context)
        self._context = replace(context, reconciled=self._reconciled.is_set, unfit=self._fitness.doubt)
        self._database = context.store.database
        self._database_url = database_url
        self._threads = threads
        self._handed_out: dict[ShardClaim, float] = {}
        self._lock = threading.Lock()
        self._watching: threading.Thread | None = None

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; then finish the steps in hand and leave."""
        with self._alone(stop) as may_work:
            if not may_work:
                return
            self._launch()
            try:
                self._loop(stop)
            finally:
                DBOS.destroy(workflow_completion_timeout_sec=30)
                if self._tries is not None:
                    self._tries.wait(LEAVING_SECONDS)
                with suppress(StorageTrouble):  # it counts as gone soon without a word
                    self._context.store.workers.leave(self.worker_id)

    @contextmanager
    def _alone(self, stop: threading.Event) -> Iterator[bool]:
        """On SQLite: hold the one worker's lock, waiting for it as long as another worker lives."""
        if not self._database.is_sqlite:
            yield True
            return
        self._context.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with lock_path(self._context.home).open("a+b") as file:
            told = False
            while not _locked(file):
                if not told:
                    logger.warning("another worker holds this data directory; standing by until it ends")
                    told = True
                if stop.wait(0.5):
                    yield False
                    return
            yield True

    def _launch(self) -> None:
        global _current  # noqa: PLW0603  # the engine finds workflows at module level, so their worker must be too
        _current = self
        refuse_pickle()
        url = f"sqlite:///{self._context.home / 'engine.db'}" if self._database.is_sqlite else self._database_url
        config: DBOSConfig = {
            "name": "mosychlos",
            "system_database_url": url,
            "application_version": VERSION,
            # Alone on SQLite, a restarted worker takes up its own workflows; on PostgreSQL each process has its name,
            # because two that share one would run each other's live steps.
            "executor_id": "local" if self._database.is_sqlite else self.worker_id,
            "serializer": PlainJson(),
            "log_level": "WARNING",
            "max_executor_threads": self._threads + 4,
        }
        DBOS(config=config)
        with self._database.exclusively(_ENGINE_LOCK):
            DBOS.launch()
            DBOS.register_queue(QUEUE, polling_interval_sec=0.2, on_conflict="always_update")
        logger.info("worker %s started", self.worker_id)

    def _loop(self, stop: threading.Event) -> None:  # noqa: C901  # what a worker does in a turn, each with its own way to fail
        context, identity = self._context, self._context.identity
        started = context.clock()
        next_beat = next_cleaning = next_tidying = 0.0
        reconciled_at = float("-inf")
        watch = ClockWatch(context.clock)
        known = [worker.beat_at for worker in context.store.workers.alive()]
        if known and max(known) > started + TOLERANCE:
            self._clock_was_set(started - max(known))
        tick = min(context.pace.poll, 0.5)
        while True:
            try:
                now = time.monotonic()
                step = watch.step()
                if step:
                    self._clock_was_set(step)
                if now >= next_beat:
                    context.store.workers.beat(
                        self.worker_id,
                        started_at=started,
                        now=context.clock(),
                        provider=identity.label,
                        accepts=identity.accepts,
                    )
                    next_beat = now + BEAT_SECONDS
                if now >= next_cleaning:
                    self._clean()
                    context.store.retries.end_lost(at=context.clock())
                    tell_budgets(context.store, context.budgets, now=context.clock())
                    other_providers.tell(context.store, identity, now=context.clock())
                    self._read_again()
                    next_cleaning = now + HOUSEKEEPING_SECONDS
                if now >= next_tidying:
                    tidy(context.store, context.home, now=context.clock())
                    next_tidying = now + TIDYING_SECONDS
                every = RECONCILING_SECONDS if self._reconciled.is_set() else UNTIL_RECONCILED_SECONDS
                every = min(every, self._fitness.again_after)
                if now - reconciled_at >= every and (self._reconciling is None or not self._reconciling.is_alive()):
                    # In a thread of its own: the provider may take its time, and the sweep must not wait for it.
                    self._reconciling = threading.Thread(target=self._reconcile, name="reconcile", daemon=True)
                    self._reconciling.start()
                    reconciled_at = now
                self._sweep()
                if self._tries is not None:
                    self._tries.sweep()
            except OSError as error:
                logger.error("the worker cannot go on now, retrying: %s", private_files.trouble(error) or error)  # noqa: TRY400  # as below
            except StorageTrouble as error:
                logger.error("the database cannot be used now, retrying: %s", error)  # noqa: TRY400  # the sentence says it all
            if stop.wait(tick):
                return

    def _clock_was_set(self, by: timedelta) -> None:
        logger.warning("the clock of this machine was set by %s; what waits is due now", by)
        self._context.store.shards.clock_was_set(now=self._context.clock(), lease_seconds=self._context.pace.lease)

    def _watch(self) -> None:
        """Look at running batches in a thread of their own, one round at a time: a slow list must not keep steps."""
        if self._watching is not None and self._watching.is_alive():
            return
        claims = take_running(self._context, owner=self.worker_id)
        if claims:
            self._watching = threading.Thread(target=self._look, args=(claims,), name="watch", daemon=True)
            self._watching.start()

    def _look(self, claims: list[ShardClaim]) -> None:
        try:
            look(self._context, claims)
        except (MosychlosError, OSError):
            logger.exception("a look at %d batches was put off", len(claims))

    def _sweep(self) -> None:
        if not self._fitness.allows:
            return
        self._watch()
        with self._lock:
            oldest = time.monotonic() - self._context.pace.lease
            self._handed_out = {claim: at for claim, at in self._handed_out.items() if at > oldest}
            room = self._threads - len(self._handed_out)
        if room <= 0:
            return
        claims = claim_due(self._context, owner=self.worker_id, limit=room)
        for claim in claims:
            with self._lock:
                self._handed_out[claim] = time.monotonic()
            with clear_errors(), SetWorkflowID(f"{claim.shard_id}#{claim.fence}"):
                DBOS.enqueue_workflow(QUEUE, advance_shard, claim.shard_id, claim.fence)

    def perform(self, claim: ShardClaim) -> None:
        """Run what a shard can do now, if the claim still holds."""
        try:
            until = self._context.clock() + timedelta(seconds=self._context.pace.lease)
            if self._context.store.shards.renew(claim, until=until):
                advance(self._context, claim)
        except (MosychlosError, OSError):
            logger.exception("%s was put off", claim.shard_id)
        finally:
            with self._lock:
                self._handed_out.pop(claim, None)

    def _reconcile(self) -> None:
        if not self._fitness.look():
            return
        try:
            if adopt_forgotten(self._context, telling=not self._reconciled.is_set()).left == 0:
                self._reconciled.set()
            cancel_duplicates(self._context)
            catch_up(self._context)
            fetch_lost(self._context)
        except (MosychlosError, OSError) as error:
            logger.warning("the provider's list could not be compared with the database: %s", error)

    def _read_again(self) -> None:
        """Read stored lines again for whoever asked, in a thread of its own: a large job takes minutes."""
        if self._rereading is None or not self._rereading.is_alive():
            self._rereading = threading.Thread(target=self._read_wished, name="reread", daemon=True)
            self._rereading.start()

    def _read_wished(self) -> None:
        try:
            read_wished(self._context)
        except (MosychlosError, OSError):
            logger.exception("reading again was put off")

    def _clean(self) -> None:
        """Forget finished workflows, and call off those whose process died: their claims have run out."""
        with clear_errors():
            self._clean_engine(datetime.now(UTC))

    def _clean_engine(self, now: datetime) -> None:
        done = DBOS.list_workflows(
            completed_before=(now - KEEP_WORKFLOWS).isoformat(), limit=5000, load_input=False, load_output=False
        )
        if done:
            DBOS.delete_workflows([one.workflow_id for one in done])
        stranded = DBOS.list_workflows(
            status=["PENDING", "ENQUEUED"],
            end_time=(now - max(KEEP_WORKFLOWS, timedelta(seconds=10 * self._context.pace.lease))).isoformat(),
            limit=5000,
            load_input=False,
            load_output=False,
        )
        lost = [one.workflow_id for one in stranded if not self._context.store.shards.holds(_claim(one.workflow_id))]
        if lost:
            DBOS.cancel_workflows(lost)


_current: Worker | None = None


@DBOS.workflow(name="advance_shard")
def advance_shard(shard_id: str, fence: int) -> None:
    """One short workflow: a claimed shard, as far as it goes now."""
    perform_step(shard_id, fence)


@DBOS.step(name="perform_step")
def perform_step(shard_id: str, fence: int) -> None:
    """The workflow's only step: repeated when its process was killed in it, which every step of ours allows."""
    if _current is None:
        raise RuntimeError("No worker runs in this process.")
    _current.perform(ShardClaim(shard_id, fence))


def _claim(workflow_id: str) -> ShardClaim:
    shard_id, _, fence = workflow_id.rpartition("#")
    return ShardClaim(shard_id, int(fence) if fence.isdigit() else -1)


def _locked(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock_path(home: Path) -> Path:
    """The file whose lock the one worker of a SQLite installation holds."""
    return home / "worker.lock"
