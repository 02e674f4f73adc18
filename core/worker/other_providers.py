"""Jobs that were approved for another provider than the workers that run serve: they wait, and say for whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from core.domain.alert import AlertKind
from core.domain.oversight import Bound, Waits
from core.domain.provider import ProviderIdentity
from core.domain.records import JobRow, WorkerRow
from core.errors import Refused
from core.storage.store import Store

SILENT: Final = timedelta(seconds=60)
"""A worker unheard of for longer counts as gone."""

_NAMED = 3


def living(store: Store, now: datetime) -> list[WorkerRow]:
    """Workers that have shown life lately, the liveliest first."""
    return [one for one in store.workers.alive() if now - one.beat_at < SILENT]


def waiting_elsewhere(
    store: Store, identity: ProviderIdentity, now: datetime, job_ids: Sequence[str] | None = None
) -> list[Bound]:
    """Open jobs that no living worker may take up because they were approved for another provider.

    Where no worker lives, those that one of this installation's could not take up either.

    Args:
        identity: Of this installation.
        job_ids: Only these; None for all.
    """
    served = {accepted for worker in living(store, now) for accepted in worker.accepts} or set(identity.accepts)
    return [one for one in store.job_views.bound(job_ids) if one.provider_id not in served]


def waits(store: Store, identity: ProviderIdentity, now: datetime, job_ids: Sequence[str]) -> dict[str, Waits]:
    """What such jobs wait for, by job."""
    found = waiting_elsewhere(store, identity, now, job_ids)
    if not found:
        return {}
    present = who_serves(store, identity, now)
    return {one.job_id: Waits(one.batches, 0, _sentence(one.meant_for, present), None) for one in found}


def who_serves(store: Store, identity: ProviderIdentity, now: datetime) -> str:
    """Whom the workers that run serve, as half a sentence."""
    labels = list(dict.fromkeys(one.provider for one in living(store, now)))
    if not labels:
        return f"no worker runs, and this installation is set to {identity.label}"
    return f"{'the worker that runs serves' if len(labels) == 1 else 'the workers that run serve'} {', '.join(labels)}"


def _sentence(meant_for: str, present: str) -> str:
    return (
        f"Waits for a worker of {meant_for}; {present}. Nothing is lost: start a worker for it, or stop the run and "
        "submit it again."
    )


def tell(store: Store, identity: ProviderIdentity, *, now: datetime) -> int:
    """Raise an alert for each provider whose jobs wait, and end those of providers that are served again.

    Returns:
        How many are news.
    """
    groups: dict[str, list[Bound]] = {}
    for one in waiting_elsewhere(store, identity, now):
        groups.setdefault(one.provider_id, []).append(one)
    for gone in store.alerts.subjects(AlertKind.OTHER_PROVIDER) - groups.keys():
        store.alerts.clear(gone, AlertKind.OTHER_PROVIDER, at=now)
    present = who_serves(store, identity, now) if groups else ""
    return sum(
        store.alerts.raise_(AlertKind.OTHER_PROVIDER, provider_id, summary(jobs, present), at=now)
        for provider_id, jobs in groups.items()
    )


def summary(jobs: Sequence[Bound], present: str) -> str:
    """Which jobs of one provider wait, and what for."""
    names = ", ".join(one.job_id for one in jobs[:_NAMED]) + (", ..." if len(jobs) > _NAMED else "")
    wait = "job waits" if len(jobs) == 1 else "jobs wait"
    return f"{len(jobs):,} {wait} for a worker of {jobs[0].meant_for} ({names}); {present}."


def stay_here(identity: ProviderIdentity, row: JobRow) -> None:
    """Let a job pass that this installation's provider may be asked about.

    Raises:
        Refused: It was approved for another one, whose answers are not to be mixed with this one's.
    """
    if row.provider_id not in identity.accepts:
        raise Refused(
            f"Job {row.job_id} was approved for {row.meant_for}, and this installation is set to {identity.label}: "
            "asked again from here, another provider would answer. Ask from an installation that is set to the first, "
            "or submit the portfolios anew with: mosychlos portfolio analyze"
        )
