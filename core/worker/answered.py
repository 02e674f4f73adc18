"""Who answered, held against who was asked."""

from __future__ import annotations

from core.domain.provider import AnsweredBy
from core.domain.records import Job


def stands_in(job: Job, answered: AnsweredBy) -> bool:
    """Whether a stand-in answered a job that was meant for a provider: what was charged for that nobody knows."""
    return answered.simulated and not job.row.simulated
