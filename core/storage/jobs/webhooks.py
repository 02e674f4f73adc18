"""Webhooks that were taken: each once, and all it does is to make a look due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import case, delete, literal, select, update

from core.domain.batch import Hint
from core.domain.job import ShardState
from core.storage.database import Database
from core.storage.sql import insert_or_ignore, table
from core.storage.tables import JobTable, ShardTable, WebhookTable

_W, _S, _J = table(WebhookTable), table(ShardTable), table(JobTable)

KEPT = timedelta(days=4)
"""How long a webhook is remembered: the provider repeats one for 72 hours."""


class Webhooks:
    """Takes hints."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, hint: Hint, *, at: datetime, providers: Sequence[str] | None = None) -> bool:
        """Make the batch's shard due now; False when this webhook was taken before, which changes nothing.

        Args:
            providers: Who may speak of it: only batches of jobs that were approved for one of these; None for any.
        """
        watching = [ShardState.RUNNING.value, ShardState.CANCELLING.value]
        theirs = select(_J.c.job_id).where(_J.c.provider_id.in_(list(providers or ())))
        own = [] if providers is None else [_S.c.job_id.in_(theirs)]
        with self._database.write() as connection:
            known = select(_W.c.webhook_id).where(_W.c.webhook_id == hint.webhook_id)
            if connection.execute(known).first() is not None:
                return False
            # Two deliveries of one webhook in the same moment both pass: a look that is due twice is due once.
            connection.execute(
                insert_or_ignore(connection, WebhookTable),
                {"webhook_id": hint.webhook_id, "received_at": at, "event": hint.event, "batch_id": hint.batch_id},
            )
            now = literal(at, _S.c.next_due_at.type)
            connection.execute(
                update(_S)
                .where(_S.c.batch_id == hint.batch_id, _S.c.state.in_(watching), *own)
                .values(next_due_at=case((_S.c.next_due_at > now, now), else_=_S.c.next_due_at), nudged=True)
            )
            connection.execute(delete(_W).where(_W.c.received_at < at - KEPT))
            return True
