"""Research documents and their passages in the database."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select

from core.domain.market import DocumentKind, DocumentRow, Passage, ResearchDocument
from core.errors import NotFound
from core.storage.database import Database
from core.storage.sql import table
from core.storage.tables import ResearchDocumentTable, ResearchPassageTable

_D = table(ResearchDocumentTable)
_P = table(ResearchPassageTable)


class Documents:
    """Reads and writes documents. The same bytes are kept once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, document: ResearchDocument, *, actor: str) -> str | None:
        """Store a document; the id of the one with the same bytes when there is one already, else None."""
        values = {column.name: _plain(document, column.name) for column in _D.columns if column.name != "added_by"}
        with self._database.write() as connection:
            known = connection.execute(select(_D.c.source_id).where(_D.c.sha256 == document.sha256)).scalar()
            if known is not None:
                return str(known)
            connection.execute(_D.insert(), [{**values, "passages": len(document.passages), "added_by": actor}])
            if document.passages:
                connection.execute(
                    _P.insert(),
                    [
                        {"source_id": document.source_id, "number": one.number, "text": one.text}
                        for one in document.passages
                    ],
                )
        return None

    def get(self, source_id: str) -> ResearchDocument:
        """One document with its passages.

        Raises:
            NotFound: No such document.
        """
        with self._database.read() as connection:
            row = connection.execute(select(_D).where(_D.c.source_id == source_id)).first()
            if row is None:
                raise NotFound(f"There is no document '{source_id}'. See what there is with: mosychlos documents list")
            passages = connection.execute(
                select(_P.c.number, _P.c.text).where(_P.c.source_id == source_id).order_by(_P.c.number)
            ).all()
        return ResearchDocument(
            source_id=row.source_id,
            kind=DocumentKind(row.kind),
            symbol=row.symbol,
            title=row.title,
            publisher=row.publisher,
            published=None if row.published is None else date.fromisoformat(row.published),
            url=row.url,
            media=row.media,
            sha256=row.sha256,
            characters=row.characters,
            pages=row.pages,
            added_at=row.added_at,
            passages=tuple(Passage(one.number, one.text) for one in passages),
        )

    def rows(self, *, symbol: str | None = None, kind: DocumentKind | None = None) -> list[DocumentRow]:
        """What is stored, newest publication first; only of a symbol or kind where one is given."""
        query = select(_D).order_by(_D.c.published.desc().nulls_last(), _D.c.added_at.desc(), _D.c.source_id)
        if symbol is not None:
            query = query.where(_D.c.symbol == symbol)
        if kind is not None:
            query = query.where(_D.c.kind == kind.value)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [
            DocumentRow(
                row.source_id,
                DocumentKind(row.kind),
                row.symbol,
                row.title,
                row.publisher,
                None if row.published is None else date.fromisoformat(row.published),
                row.media,
                row.characters,
                row.passages,
                row.added_at,
            )
            for row in rows
        ]

    def remove(self, source_id: str) -> bool:
        """Forget a document and its passages; False when there was none."""
        with self._database.write() as connection:
            connection.execute(_P.delete().where(_P.c.source_id == source_id))
            return connection.execute(_D.delete().where(_D.c.source_id == source_id)).rowcount > 0


def _plain(document: ResearchDocument, name: str) -> Any:
    value = getattr(document, name)
    if isinstance(value, DocumentKind):
        return value.value
    if name == "published" and isinstance(value, date):
        return value.isoformat()
    return value
