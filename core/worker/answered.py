"""Who answered, held against who was asked: another model, or a stand-in in a provider's place, is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from core.domain.alert import AlertKind
from core.domain.analysis import Outcome
from core.domain.provider import AnsweredBy, same_model
from core.domain.records import Job
from core.storage.store import Store


def stands_in(job: Job, answered: AnsweredBy) -> bool:
    """Whether a stand-in answered a job that was meant for a provider: what was charged for that nobody knows."""
    return answered.simulated and not job.row.meant_simulated


def tell(store: Store, job: Job, shard_id: str, asked: str, outcomes: Sequence[Outcome], *, at: datetime) -> None:
    """Raise an alert where somebody else has answered than was asked. Safe to repeat: each is said once a batch.

    Args:
        asked: The model that these were asked of: a retry may ask another one than the job did.
    """
    others = Counter(outcome.answered.model for outcome in outcomes if not same_model(asked, outcome.answered.model))
    if others:
        named = ", ".join(f"{name} ({n:,})" for name, n in sorted(others.items()))
        text = f"{asked} was asked, and other models answered requests of {shard_id}: {named}."
        store.alerts.raise_(AlertKind.OTHER_MODEL, shard_id, text, at=at)
    if any(stands_in(job, outcome.answered) for outcome in outcomes):
        text = (
            f"A stand-in answered requests of {shard_id}, which were meant for {job.row.meant_for}: they are "
            "marked as simulated. What was charged for them is not known, probably nothing, and is not booked."
        )
        store.alerts.raise_(AlertKind.SIMULATED, shard_id, text, at=at)
