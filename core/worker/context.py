"""What every step needs: the store, the provider, the clock. Handed in once, so that steps stay functions of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from core.domain.provider import ProviderIdentity
from core.domain.records import Shard
from core.drafts.batch_room import TIERS, Rooms
from core.guard.budgets import Budgets
from core.llm.tariff import Tariff
from core.providers.protocol import Provider
from core.storage.store import Store
from core.worker.queue_order import Rules
from core.worker.tool_context import ToolRoom


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the worker waits for what, in seconds (settings of the same names)."""

    poll: float
    http_timeout: float
    quarantine: float
    lease: float


HIGHEST_TIER = 5


@dataclass(frozen=True, slots=True)
class Context:
    """A worker's surroundings.

    Attributes:
        identity: Whose provider this is: only its own jobs are worked on.
        clock: Gives the present moment, aware UTC.
        crossing: Called with the name of each point between two effects; tests kill the process there.
        reconciled: True once the provider's list was read after a start (`reconcile_at_start`); until then the database
            may be an older copy, and every create is preceded by a look.
        unfit: Told why when the address or the server turns out to be none at which batches can be made.
        chunk: Result lines a transaction: a kill loses at most this much work and no result.
        rules: What the queue keeps to.
        budgets: What a retry by itself must keep to.
        retries: How often what failed for a passing reason is asked again by itself.
        stuck: How long a batch may make no progress before a person should know.
        keep_remote: Leave files at the provider although the results are stored.
        tools: What tools look at; None where models get none.
        tool_rounds: How often one request may be asked where its model calls tools.
    """

    store: Store
    provider: Provider
    identity: ProviderIdentity
    pace: Pace
    home: Path
    clock: Callable[[], datetime]
    crossing: Callable[[str], None] = lambda _point: None
    reconciled: Callable[[], bool] = lambda: True
    unfit: Callable[[str], None] = lambda _why: None
    chunk: int = 1000
    rules: Rules = field(default_factory=lambda: Rules(Rooms(TIERS[HIGHEST_TIER])))
    budgets: Budgets = field(default_factory=Budgets)
    retries: int = 0
    stuck: timedelta = timedelta(hours=6)
    keep_remote: bool = True
    tools: ToolRoom | None = None
    tool_rounds: int = 4

    def serves(self, job_id: str) -> bool:
        """Whether a job was approved for this provider: of all others nothing is asked here."""
        return self.store.jobs.provider_id(job_id) in self.identity.accepts


def tariff_of(context: Context, shard: Shard) -> Tariff:
    """What the answers of a batch are charged at: the prices of the day on which it was sent, by our own clock."""
    return Tariff(shard.model, batch=True, at=shard.create_at or context.clock(), region=context.identity.region)
