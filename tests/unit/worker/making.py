"""A claimed shard between queued and running, in a store of its own, with a provider that a test decides on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.domain.job import ShardState
from core.domain.records import Shard, ShardClaim
from core.drafts.job_files import job_key
from core.storage.store import Store
from core.worker.context import Context, Pace
from core.worker.steps import STEPS
from tests.inside_provider import InsideProvider
from tests.unit.storage.making import NOW, STAND_IN, approved

POLL, TIMEOUT, QUARANTINE = 10.0, 5.0, 20.0
LINE = b'{"custom_id":"risk-0-00000","method":"POST","url":"/v1/responses","body":{"model":"gpt-5.4-mini"}}\n'


@dataclass
class Bench:
    """One claimed shard, its provider, and a clock that stands where it is set."""

    context: Context
    provider: InsideProvider
    claim: ShardClaim
    now: datetime = NOW

    @classmethod
    def of(cls, store: Store, folder: Path) -> Bench:
        """A shard of one request, approved and claimed."""
        file = folder / "input.jsonl"
        file.write_bytes(LINE)
        [claim] = approved(store, [1])
        store.shards.update(claim, path=str(file), bytes=len(LINE), sha256=hashlib.sha256(LINE).hexdigest())
        provider = InsideProvider(folder / "provider")
        context = Context(
            store=store,
            provider=provider,
            identity=STAND_IN,
            pace=Pace(poll=POLL, http_timeout=TIMEOUT, quarantine=QUARANTINE, lease=60),
            home=folder,
            clock=lambda: made.now,
        )
        made = cls(context, provider, claim)
        return made

    @property
    def shard(self) -> Shard:
        """As it stands."""
        return self.context.store.shards.get(self.claim.shard_id)

    @property
    def key(self) -> dict[str, str]:
        """What a batch of it carries at the provider."""
        return {"job_key": job_key(self.shard, self.context.store.jobs.get(self.shard.job_id).spec_hash)}

    def step(self, times: int = 1) -> float:
        """Do the step of the shard's state; the seconds after which it wants to be looked at again."""
        due = self.now
        for _ in range(times):
            due = STEPS[self.shard.state](self.context, self.claim, self.shard)
        return (due - self.now).total_seconds()

    def until_lost(self) -> None:
        """Send it, and lose the create before the provider has seen it."""
        self.provider.next_call("create_batch", "lost_before")
        while self.shard.state is not ShardState.UNKNOWN:
            self.step()

    def create(self, file_id: str | None = None) -> str:
        """Make a batch of the shard at the provider, unseen by its worker; its id."""
        sent = file_id or self.shard.file_id or self.provider.upload(Path(self.shard.path), "x").file_id
        return self.provider.create_batch(sent, "/v1/responses", self.key).batch_id
