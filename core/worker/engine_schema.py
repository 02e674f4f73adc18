"""The engine's own tables on PostgreSQL, made by the database's owner so that workers need no right to make any."""

from __future__ import annotations

from dbos import DBOS

from core.storage.database import clear_errors
from core.worker.no_pickle import refuse_pickle


def prepare_engine(owner_url: str, worker_role: str | None) -> None:
    """Bring the engine's schema up to date; `worker_role` may then use it, and nobody else but its owner.

    Raises:
        StorageTrouble: The database cannot be reached.
    """
    refuse_pickle()
    with clear_errors():
        DBOS.migrate(owner_url, application_role=worker_role)
