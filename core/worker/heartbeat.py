"""Shows life while a long step runs, so that nobody takes its shards over."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from types import TracebackType
from typing import Self

from core.domain.records import ShardClaim
from core.errors import StorageTrouble
from core.worker.context import Context

logger = logging.getLogger(__name__)


class Heartbeat:
    """Renews claims three times a lease, in a thread of its own, until the block ends or all of them are lost.

    Losing one needs no signal: every write and every paid call checks the fence itself.
    """

    def __init__(self, context: Context, *claims: ShardClaim) -> None:
        self._context = context
        self._claims = claims
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease {claims[0].shard_id}", daemon=True)

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
                if not self._context.store.shards.renew(*self._claims, until=until):
                    return
            except StorageTrouble as error:
                logger.warning("lease of %s not renewed: %s", self._claims[0].shard_id, error)
