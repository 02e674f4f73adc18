"""Something a person should know: said once for each subject, until it is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AlertKind(StrEnum):
    """What an alert is about. Its subject is a shard id, unless said otherwise."""

    ATTENTION = "attention"
    STUCK = "stuck"
    LATE = "late"
    VANISHED = "vanished"
    UNKNOWN_STATUS = "unknown_status"
    UNKNOWN_SUBMIT = "unknown_submit"
    DUPLICATE = "duplicate"
    """Subject: the batch id."""
    RESULT_LOST = "result_lost"
    STRAY = "stray"
    SET_ASIDE = "set_aside"
    UNKNOWN_BATCH = "unknown_batch"
    """Subject: the newest of the provider's batches that no job here knows."""
    COST = "cost"
    """Subject: the id of a job, or of a try."""
    UNFIT_PROVIDER = "unfit_provider"
    """Subject: the id of the provider."""
    OTHER_PROVIDER = "other_provider"
    """Subject: the id of a provider whose jobs wait for a worker."""
    OTHER_MODEL = "other_model"
    SIMULATED = "simulated"
    BUDGET = "budget"
    """Subject: scope, month and threshold, such as "month 2026-11 80 %"."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert.

    Attributes:
        cleared_at: When it was over; None while it stands.
    """

    kind: AlertKind
    subject: str
    text: str
    raised_at: datetime
    cleared_at: datetime | None = None
