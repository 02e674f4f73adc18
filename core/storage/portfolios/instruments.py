"""Instruments that people added to the register, and who changed what when. Our own rows are a file of the program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import select

from core.errors import NotFound, StorageTrouble
from core.intake.register.instruments import USER, Instrument, read_instrument, written_instrument
from core.storage.database import Database
from core.storage.sql import dump, insert_or_replace, table
from core.storage.tables import InstrumentChangeTable, InstrumentTable

_I = table(InstrumentTable)
_C = table(InstrumentChangeTable)


class RegisterAction(StrEnum):
    """What was done to a user's row."""

    ADDED = "added"
    CORRECTED = "corrected"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class InstrumentChange:
    """One change of the register.

    Attributes:
        before: The row's text by column; empty when it was added.
        after: Likewise; empty when it was deleted.
    """

    symbol: str
    at: datetime
    actor: str
    action: RegisterAction
    before: dict[str, str]
    after: dict[str, str]


class Instruments:
    """Users' rows of the instruments register. Every change stays on record."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Instrument]:
        """Every user's row, by symbol.

        Raises:
            StorageTrouble: A stored row cannot be read.
        """
        with self._database.read() as connection:
            documents = connection.execute(select(_I.c.document).order_by(_I.c.symbol)).scalars().all()
        return [_instrument(document) for document in documents]

    def save(self, instrument: Instrument, *, actor: str, at: datetime) -> RegisterAction:
        """Add a row, or put it in the place of the user's row of the same symbol."""
        after = written_instrument(instrument)
        with self._database.write() as connection:
            before = connection.execute(
                select(_I.c.document).where(_I.c.symbol == instrument.symbol).with_for_update()
            ).scalar_one_or_none()
            action = RegisterAction.ADDED if before is None else RegisterAction.CORRECTED
            row = {
                "symbol": instrument.symbol,
                "isin": instrument.isin,
                "document": dump(after),
                "changed_at": at,
                "changed_by": actor,
            }
            connection.execute(insert_or_replace(connection, InstrumentTable, ["symbol"]), row)
            connection.execute(_C.insert(), _change(instrument.symbol, at, actor, action, before, dump(after)))
        return action

    def delete(self, symbol: str, *, actor: str, at: datetime) -> None:
        """Take a user's row away; our own row of that symbol, if there is one, counts again.

        Raises:
            NotFound: No user added it.
        """
        with self._database.write() as connection:
            before = connection.execute(
                select(_I.c.document).where(_I.c.symbol == symbol).with_for_update()
            ).scalar_one_or_none()
            if before is None:
                raise NotFound(f"Nobody added '{symbol}' to the register, so there is nothing to take away.")
            connection.execute(_I.delete().where(_I.c.symbol == symbol))
            connection.execute(_C.insert(), _change(symbol, at, actor, RegisterAction.DELETED, before, "{}"))

    def changes(self, symbol: str | None = None, *, limit: int = 100) -> list[InstrumentChange]:
        """What was changed, the newest first; of one symbol where it is given."""
        query = select(_C).order_by(_C.c.change_id.desc()).limit(limit)
        if symbol is not None:
            query = query.where(_C.c.symbol == symbol)
        with self._database.read() as connection:
            return [
                InstrumentChange(
                    row.symbol,
                    row.at,
                    row.actor,
                    RegisterAction(row.action),
                    orjson.loads(row.before),
                    orjson.loads(row.after),
                )
                for row in connection.execute(query)
            ]


def _change(
    symbol: str, at: datetime, actor: str, action: RegisterAction, before: str | None, after: str
) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "at": at,
        "actor": actor,
        "action": action.value,
        "before": before or "{}",
        "after": after,
    }


def _instrument(document: str) -> Instrument:
    found, problems = read_instrument(orjson.loads(document), USER)
    if found is None:
        messages: Sequence[str] = [problem.message for problem in problems]
        raise StorageTrouble(f"A stored instrument cannot be read: {' '.join(messages)} Delete it and add it again.")
    return found
