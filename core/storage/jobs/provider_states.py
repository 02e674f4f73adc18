"""How the way to each provider stands, written by whoever calls it and read by whoever asks for health."""

from __future__ import annotations

from sqlalchemy import select

from core.domain.provider_state import CircuitState, ProviderState
from core.storage.database import Database
from core.storage.sql import insert_or_replace, table
from core.storage.tables import ProviderStateTable

_T = table(ProviderStateTable)


class ProviderStates:
    """Reads and writes states; the newest word of any process counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, state: ProviderState) -> None:
        """Keep a state in place of the last one of the same provider."""
        row = {
            "name": state.name,
            "reads": state.reads.value,
            "paid": state.paid.value,
            "last_error": state.last_error,
            "last_error_at": state.last_error_at,
            "opens_at": state.opens_at,
            "seen_at": state.seen_at,
        }
        with self._database.write() as connection:
            connection.execute(insert_or_replace(connection, ProviderStateTable, ["name"]), row)

    def find(self, name: str) -> ProviderState | None:
        """The state of a provider by its address; None when nobody called it yet."""
        with self._database.read() as connection:
            row = connection.execute(select(_T).where(_T.c.name == name)).first()
        if row is None:
            return None
        return ProviderState(
            name=row.name,
            reads=CircuitState(row.reads),
            paid=CircuitState(row.paid),
            last_error=row.last_error,
            last_error_at=row.last_error_at,
            opens_at=row.opens_at,
            seen_at=row.seen_at,
        )
