"""Shows life while a long step runs, so that nobody takes its shard over."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from types import TracebackType
from typing import Self

from core.domain.records import Claim
from core.errors import StorageTrouble
from core.jobs.context import Context

logger = logging.getLogger(__name__)


class Heartbeat:
    """Renews a claim three times a lease, in a thread of its own, until the block ends or the claim is lost.

    Losing it needs no signal: every write and every paid call checks the fence itself.
    """

    def __init__(self, context: Context, claim: Claim) -> None:
        self._context = context
        self._claim = claim
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease {claim.shard_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        lease = self._context.pace.lease
        while not self._stop.wait(lease / 3):
            try:
                until = self._context.clock() + timedelta(seconds=lease)
                if not self._context.store.shards.renew(self._claim, until=until):
                    return
            except StorageTrouble as error:
                logger.warning("lease of %s not renewed: %s", self._claim.shard_id, error)
