"""Edits of a portfolio's day: each is a new revision of its snapshot, so that undoing is one more and nothing is lost.

A revision stands for a content: an edit for its own, an undo for that of the revision before the edit it takes back.
`parent` leads from an edit to the content it was made from, `redo` holds the contents that were undone, the nearest
last. An import is a beginning: undo stops there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import Connection, select

from core.domain.portfolio import Portfolio
from core.errors import BadInput, NotFound, StaleEdit
from core.storage.database import Database
from core.storage.portfolios.portfolio_document import from_document, to_document
from core.storage.portfolios.portfolios import TotalOf, row_values
from core.storage.sql import dump, table
from core.storage.tables import EditTable, PortfolioTable, SnapshotTable

_P = table(PortfolioTable)
_S = table(SnapshotTable)
_E = table(EditTable)


class EditKind(StrEnum):
    """How a revision came about."""

    IMPORT = "import"
    EDIT = "edit"
    UNDO = "undo"
    REDO = "redo"


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of a portfolio's day.

    Attributes:
        number: From 1; grows by one with every import, edit, undo and redo.
        note: What was done, in words; "" for an import.
    """

    number: int
    at: datetime
    actor: str
    kind: EditKind
    note: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A portfolio's day as it stands: what an editor shows, and hands back as `expected`.

    Attributes:
        revision: Number of the newest revision.
        undo_note: What undo would take back; "" when there is nothing.
        redo_note: What redo would do again; "" when there is nothing.
    """

    portfolio: Portfolio
    revision: int
    undo_note: str
    redo_note: str

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to take back."""
        return self.undo_note != ""

    @property
    def can_redo(self) -> bool:
        """Whether an edit was taken back and nothing was edited since."""
        return self.redo_note != ""


@dataclass(frozen=True, slots=True)
class _Head:
    """The newest revision with its place in the history."""

    portfolio_id: str
    as_of: str
    revision: int
    document: str
    stands_for: int
    parent: int | None
    redo: tuple[int, ...]


class Edits:
    """Reads and appends revisions. Two editors cannot overwrite each other: each says which revision it saw."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def standing(self, portfolio_id: str, as_of: date | None = None, expected: int | None = None) -> Standing:
        """The newest revision of a day, of the newest day where none is given.

        Raises:
            NotFound: No such portfolio or day.
            StaleEdit: An `expected` revision is given and is not the newest.
        """
        with self._database.read() as connection:
            return _standing(connection, _head(connection, portfolio_id, as_of, expected))

    def append(
        self,
        portfolio_id: str,
        change: Callable[[Portfolio], Portfolio],
        *,
        expected: int,
        note: str,
        total_of: TotalOf,
        actor: str,
        at: datetime,
        as_of: date | None = None,
    ) -> Standing:
        """Make a new revision of what `change` makes of the newest one. A change of nothing makes none.

        Raises:
            NotFound: No such portfolio or day.
            StaleEdit: The newest revision is not `expected`.
        """
        with self._database.write() as connection:
            head = _head(connection, portfolio_id, as_of, expected)
            changed = change(from_document(head.document))
            document = to_document(changed).decode()
            if document != head.document:
                edit = _edit(head, EditKind.EDIT, head.revision + 1, head.stands_for, (), note)
                _write(connection, head, document, changed, edit, total_of, actor, at)
            return _standing(connection, _head(connection, portfolio_id, as_of))

    def undo(
        self,
        portfolio_id: str,
        *,
        expected: int,
        total_of: TotalOf,
        actor: str,
        at: datetime,
        as_of: date | None = None,
    ) -> Standing:
        """Take back the last edit that still stands, as a new revision.

        Raises:
            BadInput: There is nothing to undo.
            NotFound: No such portfolio or day.
            StaleEdit: The newest revision is not `expected`.
        """
        with self._database.write() as connection:
            head = _head(connection, portfolio_id, as_of, expected)
            if head.parent is None:
                raise BadInput(f"There is no edit of '{portfolio_id}' to undo.")
            note = _note_of(connection, head, head.stands_for)
            # A content keeps the parent it was made from, however often it is undone and done again.
            parent = _parent_of(connection, head, head.parent)
            edit = _edit(head, EditKind.UNDO, head.parent, parent, (*head.redo, head.stands_for), f"Undone: {note}")
            _repeat(connection, head, edit, total_of, actor, at)
            return _standing(connection, _head(connection, portfolio_id, as_of))

    def redo(
        self,
        portfolio_id: str,
        *,
        expected: int,
        total_of: TotalOf,
        actor: str,
        at: datetime,
        as_of: date | None = None,
    ) -> Standing:
        """Do again what was undone last, as a new revision.

        Raises:
            BadInput: There is nothing to redo.
            NotFound: No such portfolio or day.
            StaleEdit: The newest revision is not `expected`.
        """
        with self._database.write() as connection:
            head = _head(connection, portfolio_id, as_of, expected)
            if not head.redo:
                raise BadInput(f"No edit of '{portfolio_id}' was undone since the last one, so none can be done again.")
            target = head.redo[-1]
            note = _note_of(connection, head, target)
            edit = _edit(head, EditKind.REDO, target, head.stands_for, head.redo[:-1], f"Done again: {note}")
            _repeat(connection, head, edit, total_of, actor, at)
            return _standing(connection, _head(connection, portfolio_id, as_of))

    def history(self, portfolio_id: str, as_of: date | None = None) -> list[Revision]:
        """Every revision of a day, the newest first.

        Raises:
            NotFound: No such portfolio or day.
        """
        with self._database.read() as connection:
            head = _head(connection, portfolio_id, as_of)
            rows = connection.execute(
                select(_S.c.revision, _S.c.imported_at, _S.c.imported_by, _E.c.kind, _E.c.note)
                .join(_E, _same_revision(), isouter=True)
                .where(_S.c.portfolio_id == head.portfolio_id, _S.c.as_of == head.as_of)
                .order_by(_S.c.revision.desc())
            )
            return [
                Revision(
                    row.revision,
                    row.imported_at,
                    row.imported_by,
                    EditKind(row.kind) if row.kind else EditKind.IMPORT,
                    row.note or "",
                )
                for row in rows
            ]


def _same_revision() -> Any:
    return (_E.c.portfolio_id == _S.c.portfolio_id) & (_E.c.as_of == _S.c.as_of) & (_E.c.revision == _S.c.revision)


def _head(connection: Connection, portfolio_id: str, as_of: date | None, expected: int | None = None) -> _Head:
    """The newest revision; with `expected`, its portfolio is locked until the transaction ends."""
    newest = select(_P.c.as_of).where(_P.c.portfolio_id == portfolio_id)
    if expected is not None:
        newest = newest.with_for_update()
    newest_day = connection.execute(newest).scalar_one_or_none()
    day = as_of.isoformat() if as_of is not None else newest_day
    row = connection.execute(
        select(_S.c.revision, _S.c.document, _E.c.stands_for, _E.c.parent, _E.c.redo)
        .join(_E, _same_revision(), isouter=True)
        .where(_S.c.portfolio_id == portfolio_id, _S.c.as_of == day)
        .order_by(_S.c.revision.desc())
        .limit(1)
    ).one_or_none()
    if newest_day is None or row is None:
        on = f" on {as_of.isoformat()}" if as_of is not None else ""
        raise NotFound(f"There is no portfolio '{portfolio_id}'{on}. See the ids with: mosychlos portfolio list")
    if expected is not None and row.revision != expected:
        raise StaleEdit(
            f"'{portfolio_id}' was changed by somebody else meanwhile: revision {row.revision} stands, and your edit "
            f"was made from revision {expected}. Look at it again and repeat the edit."
        )
    edited = row.stands_for is not None
    return _Head(
        portfolio_id,
        str(day),
        row.revision,
        row.document,
        row.stands_for if edited else row.revision,
        row.parent,
        tuple(orjson.loads(row.redo)) if edited else (),
    )


def _standing(connection: Connection, head: _Head) -> Standing:
    return Standing(
        from_document(head.document),
        head.revision,
        _note_of(connection, head, head.stands_for) if head.parent is not None else "",
        _note_of(connection, head, head.redo[-1]) if head.redo else "",
    )


def _edit_row(connection: Connection, head: _Head, revision: int) -> Any:
    return connection.execute(
        select(_E.c.parent, _E.c.note).where(
            _E.c.portfolio_id == head.portfolio_id, _E.c.as_of == head.as_of, _E.c.revision == revision
        )
    ).one_or_none()


def _parent_of(connection: Connection, head: _Head, revision: int) -> int | None:
    row = _edit_row(connection, head, revision)
    return None if row is None else row.parent


def _note_of(connection: Connection, head: _Head, revision: int) -> str:
    row = _edit_row(connection, head, revision)
    return row.note if row is not None and row.note else "an edit"


def _edit(
    head: _Head, kind: EditKind, stands_for: int, parent: int | None, redo: tuple[int, ...], note: str
) -> dict[str, Any]:
    return {
        "portfolio_id": head.portfolio_id,
        "as_of": head.as_of,
        "revision": head.revision + 1,
        "kind": kind.value,
        "stands_for": stands_for,
        "parent": parent,
        "redo": dump(redo),
        "note": note,
    }


def _repeat(
    connection: Connection,
    head: _Head,
    edit: dict[str, Any],
    total_of: TotalOf,
    actor: str,
    at: datetime,
) -> None:
    """Write the content that the edit stands for again."""
    revision = edit["stands_for"]
    document = connection.execute(
        select(_S.c.document).where(
            _S.c.portfolio_id == head.portfolio_id, _S.c.as_of == head.as_of, _S.c.revision == revision
        )
    ).scalar_one()
    _write(connection, head, document, from_document(document), edit, total_of, actor, at)


def _write(
    connection: Connection,
    head: _Head,
    document: str,
    portfolio: Portfolio,
    edit: dict[str, Any],
    total_of: TotalOf,
    actor: str,
    at: datetime,
) -> None:
    connection.execute(
        _S.insert(),
        {
            "portfolio_id": head.portfolio_id,
            "as_of": head.as_of,
            "revision": head.revision + 1,
            "content_hash": hashlib.sha256(document.encode()).hexdigest(),
            "imported_at": at,
            "imported_by": actor,
            "document": document,
        },
    )
    connection.execute(_E.insert(), edit)
    shown = row_values(portfolio, total_of(portfolio), at)
    del shown["snapshots"]
    connection.execute(
        _P.update().where(_P.c.portfolio_id == head.portfolio_id, _P.c.as_of == head.as_of).values(**shown)
    )
