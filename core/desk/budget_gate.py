"""Whether asking again may be paid for: the same limits in a preview and in the transaction that reserves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from core.domain.actor import Actor
from core.domain.records import Job, Spend
from core.errors import Refused
from core.guard.budgets import Budgets
from core.storage.jobs.retries import RetryCheck
from core.storage.store import Store


class Purse:
    """The limits of the month, of the person, of the desk and of the job itself."""

    def __init__(self, store: Store, budgets: Budgets) -> None:
        self._store = store
        self._budgets = budgets

    def check(self, job: Job, expected: Decimal | None, *, before: Decimal = Decimal(0)) -> RetryCheck:
        """What the transaction that reserves a price asks: it raises `OverBudget` or returns.

        Args:
            before: What the same transaction reserved for the job already: it counts against the job's own limit.
        """

        def check(month: Spend, person: Spend, desk: Spend, spent: Decimal) -> None:
            most, so_far = job.request.max_cost_usd, spent + before
            self._budgets.check(expected, month, person, desk, max_cost_usd=most, spent_usd=so_far)

        return check

    def objection(self, actor: Actor, job: Job, expected: Decimal | None, now: datetime) -> str:
        """Why it would be refused now; "" when it would not."""
        jobs, month = self._store.jobs, f"{now:%Y-%m}"
        try:
            self.check(job, expected)(
                jobs.spend(month),
                jobs.spend(month, actor.subject),
                jobs.spend(month, desk=job.row.desk),
                self._store.retries.spent(job.row.job_id),
            )
        except Refused as refusal:
            return str(refusal)
        return ""


def total_of(parts: Sequence[Decimal | None]) -> Decimal | None:
    """A sum of prices; None as soon as one of them is not known."""
    known = [part for part in parts if part is not None]
    return sum(known, start=Decimal(0)) if len(known) == len(parts) else None
