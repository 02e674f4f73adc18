"""What a person who watches jobs may ask: what went wrong, what helps, what waits, what was paid, what needs them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from core.domain.actor import Actor
from core.domain.alert import Alert, AlertKind
from core.domain.job import ShardState
from core.domain.oversight import BudgetLine, Cause, JobFile, LedgerRow, Notice, Waits, WaitsForPerson
from core.domain.provider import ProviderIdentity
from core.domain.records import Job, Shard, Spend
from core.domain.trial import TRY
from core.drafts.fact_store import sheet_path
from core.drafts.job_files import job_folder
from core.drafts.line_index import index_path
from core.errors import NotFound, Refused
from core.guard.access import Permission, require
from core.guard.budgets import Budgets
from core.storage.store import Store
from core.worker import other_providers

RESULTS: Final = "results"
"""Folder of what came back, among a job's files."""

_COMMAND = re.compile(r",?(?: and)? then: mosychlos portfolio batch retry [^\s,]+")
_OTHER_COMMAND = re.compile(
    r"(?:; to give it up: mosychlos portfolio batch cancel| Go on with: mosychlos portfolio batch resume) \S+"
)

_OF_SHARD: Final = frozenset(AlertKind) - {
    AlertKind.DUPLICATE,
    AlertKind.UNKNOWN_BATCH,
    AlertKind.COST,
    AlertKind.UNFIT_PROVIDER,
    AlertKind.BUDGET,
    AlertKind.OTHER_PROVIDER,
}
"""Alerts whose subject is a shard id."""

_READ_ONCE: Final = frozenset(
    {
        AlertKind.DUPLICATE,
        AlertKind.RESULT_LOST,
        AlertKind.STRAY,
        AlertKind.SET_ASIDE,
        AlertKind.UNKNOWN_BATCH,
        AlertKind.COST,
        AlertKind.OTHER_MODEL,
        AlertKind.SIMULATED,
    }
)
"""Alerts about something that has happened: nothing ends them but their reader."""

_NEXT: Final = {
    AlertKind.ATTENTION: "Open the run, repair the cause, and send it again.",
    AlertKind.STUCK: "It may still finish. Wait, or stop the run: what is answered is kept.",
    AlertKind.LATE: "Wait for its deadline; what is unfinished then can be asked again.",
    AlertKind.VANISHED: "If the key was changed, set the former one; what is not found by then can be asked again.",
    AlertKind.UNKNOWN_STATUS: "Wait; it counts as running until the provider says a word that is known.",
    AlertKind.UNKNOWN_SUBMIT: "Wait: the provider is asked again and again, and nothing is paid twice meanwhile.",
    AlertKind.DUPLICATE: "Check on the provider's bill that the second batch was cancelled in time.",
    AlertKind.RESULT_LOST: "Wait: its file is asked for again every hour. Asking the requests anew pays again.",
    AlertKind.STRAY: "Open the run's errors and look at the lines that belong to no request.",
    AlertKind.SET_ASIDE: "Look at the answer as it came, on the run's errors. Asking the request again pays again.",
    AlertKind.UNKNOWN_BATCH: "Restore a newer copy of the database, or leave them to the installation that made them.",
    AlertKind.COST: "Compare with the provider's bill. What is not known stays reserved.",
    AlertKind.UNFIT_PROVIDER: "Correct the address, the key or the server; runs then go on by themselves.",
    AlertKind.OTHER_PROVIDER: "Start a worker set to it, or stop these runs and submit them again, priced anew.",
    AlertKind.OTHER_MODEL: "Ask whoever runs the server why; judge the answers as the other model's.",
    AlertKind.SIMULATED: "Take these answers for a rehearsal, and check whom OPENAI_BASE_URL names.",
    AlertKind.BUDGET: "Choose fewer portfolios or a cheaper model, or raise the limit.",
}


class Oversight:
    """Reads for people who watch jobs; the one thing it writes is that an alert was read."""

    def __init__(
        self,
        store: Store,
        budgets: Budgets,
        home: Path,
        clock: Callable[[], datetime],
        *,
        identity: ProviderIdentity,
        desk: str = "",
    ) -> None:
        self._identity = identity
        self._store = store
        self._budgets = budgets
        self._home = home
        self._clock = clock
        self._desk = desk

    def causes(self, actor: Actor, job_id: str) -> list[Cause]:
        """Why requests of a job have no analysis, the most frequent cause first.

        Raises:
            NotFound: No such job.
        """
        require(actor, Permission.JOB_READ)
        self._store.jobs.state(job_id)
        return self._store.job_views.causes(job_id)

    def ledger(self, actor: Actor, job_id: str) -> list[LedgerRow]:
        """What each provider batch of a job came to, the oldest first."""
        require(actor, Permission.JOB_READ)
        return self._store.job_views.ledger(job_id)

    def waits(self, actor: Actor, job_ids: Sequence[str]) -> dict[str, Waits]:
        """Which of these jobs have batches that are not at the provider yet, or that nobody here asks for, and why."""
        require(actor, Permission.JOB_READ)
        elsewhere = other_providers.waits(self._store, self._identity, self._clock(), job_ids)
        return self._store.job_views.waits(job_ids) | elsewhere

    def models(self, actor: Actor) -> list[str]:
        """Models that jobs were asked of."""
        require(actor, Permission.JOB_READ)
        return self._store.job_views.models()

    def checked(self, actor: Actor, job_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
        """(verified, stated) numbers in the answers of these jobs, as far as there are any."""
        require(actor, Permission.JOB_READ)
        return self._store.job_views.checked(job_ids)

    def needs_person(self, actor: Actor, job_id: str) -> list[WaitsForPerson]:
        """Batches of a job that wait for a person, each with what happened, what to do and what is at stake.

        Raises:
            NotFound: No such job.
        """
        require(actor, Permission.JOB_READ)
        waiting = [one for one in self._store.shards.of_job(job_id) if one.state is ShardState.ATTENTION]
        if not waiting:
            return []
        job, unanswered = self._store.jobs.get(job_id), self._store.job_views.unanswered_creates(job_id)
        return [_waits_for_person(job, shard, unanswered.get(shard.shard_id, 0)) for shard in waiting]

    def notices(self, actor: Actor) -> list[Notice]:
        """Every standing alert with its job and what to do, the newest first."""
        require(actor, Permission.JOB_READ)
        return [self._notice(alert) for alert in self._store.alerts.standing()]

    def notices_of(self, actor: Actor, job_id: str) -> list[Notice]:
        """The standing alerts of one job, the newest first."""
        return [notice for notice in self.notices(actor) if notice.job_id == job_id]

    def dismiss(self, actor: Actor, kind: AlertKind, subject: str) -> None:
        """Say that an alert about something past was read.

        Raises:
            NotFound: It does not stand.
            Refused: It is about something that goes on, and is over when that is.
        """
        require(actor, Permission.JOB_CANCEL)
        found = [one for one in self.notices(actor) if (one.alert.kind, one.alert.subject) == (kind, subject)]
        if not found:
            raise NotFound(f"There is no alert '{kind}' about '{subject}' any more.")
        if not found[0].dismissible:
            raise Refused(f"The alert '{kind}' about '{subject}' is about something that goes on. {found[0].next_step}")
        self._store.alerts.clear(subject, kind, at=self._clock())

    def budgets(self, actor: Actor) -> list[BudgetLine]:
        """Every monthly limit that is set, with what is committed of it."""
        require(actor, Permission.JOB_READ)
        month, jobs = f"{self._clock():%Y-%m}", self._store.jobs
        limits: list[tuple[str, Decimal | None, Callable[[], Spend]]] = [
            ("Everybody", self._budgets.month_usd, lambda: jobs.spend(month)),
            ("This desk", self._budgets.desk_usd, lambda: jobs.spend(month, desk=self._desk)),
            ("You", self._budgets.person_usd, lambda: jobs.spend(month, actor.subject)),
        ]
        return [
            BudgetLine(name, limit, spent(), self._budgets.thresholds)
            for name, limit, spent in limits
            if limit is not None
        ]

    def files(self, actor: Actor, job_id: str) -> list[JobFile]:
        """Every file of a job on this machine: what was sent, what came back, and the facts that were stated.

        Raises:
            NotFound: No such job.
        """
        require(actor, Permission.JOB_READ)
        self._store.jobs.state(job_id)
        return list(self._files(job_id))

    def sha256(self, actor: Actor, job_id: str, name: str) -> str:
        """The SHA-256 of one of a job's files as it is now.

        Raises:
            NotFound: The job has no such file.
        """
        require(actor, Permission.JOB_READ)
        folder = job_folder(self._home, job_id)
        path = folder / name
        # Only what the folder itself lists: a name is never taken for a way out of it.
        if path not in folder.rglob("*") or not path.is_file():
            raise NotFound(f"Job {job_id} has no file '{name}' any more.")
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def _files(self, job_id: str) -> Iterator[JobFile]:
        folder, shards = job_folder(self._home, job_id), self._store.shards.of_job(job_id)
        sizes = {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
        known: set[str] = set()
        for shard in shards:
            name = Path(shard.path).name
            known.add(name)
            yield JobFile(name, "sent", sizes.get(name), shard.sha256, shard.file_id or "", shard.files_gone_at)
        for shard in shards:
            for role, what, remote in (
                ("output", "answers", shard.output_file_id),
                ("error", "errors", shard.error_file_id),
            ):
                name = f"{RESULTS}/{shard.index:04d}.{role}.jsonl"
                if name in sizes:
                    known.add(name)
                    yield JobFile(name, what, sizes[name], "", remote or "", shard.files_gone_at)
        facts = sheet_path(folder)
        kinds = {facts.name: "facts", index_path(facts).name: "index"}
        for name in sorted(sizes.keys() - known):
            yield JobFile(name, kinds.get(name, "other"), sizes[name], "", "", None)

    def _notice(self, alert: Alert) -> Notice:
        job_id = ""
        if alert.kind in _OF_SHARD:
            job_id = alert.subject.rpartition(".")[0]
        elif alert.kind is AlertKind.COST and not alert.subject.startswith(TRY):
            job_id = alert.subject
        elif alert.kind is AlertKind.DUPLICATE:
            job_id = self._store.job_views.job_of_batch(re.findall(r"batch_\w+", alert.text))
        past_month = alert.kind is AlertKind.BUDGET and f"{self._clock():%Y-%m}" not in alert.subject
        return Notice(
            Alert(alert.kind, alert.subject, without_commands(alert.text), alert.raised_at, alert.cleared_at),
            job_id,
            _NEXT[alert.kind],
            alert.kind in _READ_ONCE or past_month,
        )


def without_commands(message: str) -> str:
    """A sentence for the command line as it reads where there are buttons instead."""
    plain = _OTHER_COMMAND.sub("", _COMMAND.sub(", then send it again", message)).strip()
    return plain if plain.endswith((".", "!", "?")) or not plain else f"{plain}."


def _waits_for_person(job: Job, shard: Shard, creates: int) -> WaitsForPerson:
    expected, total = job.estimate.expected_usd, job.row.counts.total
    again = None if expected is None or not total else expected * shard.requests / total
    return WaitsForPerson(
        shard_id=shard.shard_id,
        requests=shard.requests,
        why=without_commands(shard.message),
        unanswered=creates,
        exposure_usd=None if again is None else again * creates,
        again_usd=again,
    )
