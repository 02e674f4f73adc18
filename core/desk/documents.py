"""What a person may ask about research documents, and which of them an analysis is given."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from core.domain.actor import Actor
from core.domain.evidence import SourceDocument
from core.domain.market import DocumentKind, DocumentRow, ResearchDocument
from core.domain.portfolio import Problem
from core.drafts.sources import sources_of
from core.errors import BadInput, NotFound
from core.guard.access import Permission, require
from core.intake.market.documents import About, read_document, read_document_file
from core.storage.store import Store


@dataclass(frozen=True, slots=True)
class AddedDocument:
    """One document that came in; `known` when the same bytes were there already."""

    file: str
    source_id: str
    title: str
    passages: int
    known: bool


@dataclass(frozen=True, slots=True)
class DocumentImport:
    """What adding files did."""

    added: tuple[AddedDocument, ...]
    problems: tuple[Problem, ...]


class ResearchService:
    """Documents for an actor."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def add_paths(self, actor: Actor, paths: Sequence[Path], about: About) -> DocumentImport:
        """Read files and keep their text. A file that cannot be read is one of the problems."""
        require(actor, Permission.PORTFOLIO_IMPORT)
        added: list[AddedDocument] = []
        problems: list[Problem] = []
        for path in paths:
            try:
                document = read_document_file(path, about, at=self._clock())
            except BadInput as error:
                problems.append(Problem(path.name, None, "", "", str(error)))
                continue
            added.append(self._keep(actor, path.name, document))
        return DocumentImport(tuple(added), tuple(problems))

    def add(self, actor: Actor, name: str, data: bytes, about: About) -> AddedDocument:
        """Keep the text of an uploaded file.

        Raises:
            UnreadableFile: Too large, encrypted, damaged, without text, or of another kind.
        """
        require(actor, Permission.PORTFOLIO_IMPORT)
        return self._keep(actor, name, read_document(name, data, about, at=self._clock()))

    def rows(self, actor: Actor, *, symbol: str | None = None, kind: DocumentKind | None = None) -> list[DocumentRow]:
        """What is stored, newest publication first."""
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.documents.rows(symbol=symbol, kind=kind)

    def get(self, actor: Actor, source_id: str) -> ResearchDocument:
        """One document with its passages.

        Raises:
            NotFound: No such document.
        """
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.documents.get(source_id)

    def remove(self, actor: Actor, source_id: str) -> None:
        """Forget a document.

        Raises:
            NotFound: No such document.
        """
        require(actor, Permission.PORTFOLIO_IMPORT)
        if not self._store.documents.remove(source_id):
            raise NotFound(f"There is no document '{source_id}'. See what there is with: mosychlos documents list")

    def sources(self, actor: Actor, symbols: Collection[str], as_of: date) -> tuple[SourceDocument, ...]:
        """Documents about holdings, and about the market as a whole; see `sources_of`."""
        require(actor, Permission.PORTFOLIO_READ)
        return sources_of(self._store, symbols, as_of)

    def _keep(self, actor: Actor, name: str, document: ResearchDocument) -> AddedDocument:
        known = self._store.documents.add(document, actor=actor.subject)
        return AddedDocument(
            name, known or document.source_id, document.title, len(document.passages), known is not None
        )
