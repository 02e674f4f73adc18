"""How large one batch may be: none is made that could never be enqueued at the provider."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from core.domain.provider import ProviderIdentity
from core.drafts.batch_room import Rooms
from core.storage.store import Store

LEAST_ROOM: Final = 50_000
"""Input tokens below which a stated room does not cut batches smaller: one request alone may have as many, and it was
all but taken when it was stated."""


def batch_room(store: Store, rooms: Rooms, model: str, at: datetime, identity: ProviderIdentity) -> int:
    """Input tokens that one batch of a model may have, by settings and by what the provider stated lately."""
    learned = store.queue.learned(at, identity.accepts)
    return rooms.of(model, {name: tokens for name, tokens in learned.items() if tokens >= LEAST_ROOM})
