"""Research documents: text, web pages and PDFs become numbered passages of plain text.

The text is data. Whatever it says, it instructs nobody: characters that could hide or reorder words are removed here,
and prompts put every passage through the same cell rule as names of holdings.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from core.domain.market import DocumentKind, Passage, ResearchDocument
from core.domain.readable_text import readable
from core.errors import BadInput, UnreadableFile
from core.intake.cells.names import display_name, one_line, stem_of
from core.intake.market.series_files import is_web_address
from core.intake.opening.files import bytes_of
from core.intake.opening.html_text import CELLS_PARTED, page_text
from core.intake.opening.pdf_text import MAX_CHARACTERS, pdf_text

MAX_BYTES = 5_000_000
PASSAGE_CHARACTERS = 1_200
_MAX_TITLE = 200
_SENTENCE_END = re.compile(r"(?<=[.!?…。])\s+")
_BINARY = (
    b"PK\x03\x04",
    b"MZ",
    b"\x7fELF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
    b"\xd0\xcf\x11\xe0",
    b"{\\rtf",
)


@dataclass(frozen=True, slots=True)
class About:
    """What a person says of a document; "" and None leave it to the document.

    Attributes:
        symbol: Whom it is about, as holdings write it; "" for the market as a whole.
        url: Where it was published. It is shown and never opened.
    """

    kind: DocumentKind
    symbol: str = ""
    title: str = ""
    publisher: str = ""
    published: date | None = None
    url: str = ""


def read_document_file(path: str | Path, about: About, *, at: datetime) -> ResearchDocument:
    """Read a document on disk. Arguments and errors as in `read_document`.

    Raises:
        NotFound: No such file.
    """
    path = Path(path)
    return read_document(path.name, bytes_of(path, _check_size), about, at=at)


def read_document(name: str, data: bytes, about: About, *, at: datetime) -> ResearchDocument:
    """Read a document: a PDF, a web page or plain text, by its content.

    Args:
        name: The file's name; only shown, and a title where there is no other.
        data: At most 5,000,000 bytes.
        about: What a person says of it.
        at: When it is added.

    Raises:
        UnreadableFile: Too large, encrypted, damaged, without text, or of another kind.
        BadInput: The address is no web address, or the day of publication lies in the future.
    """
    shown = display_name(name)
    _check_size(shown, len(data))
    if about.url and not is_web_address(about.url):
        raise BadInput(f"The address '{one_line(about.url)[:80]}' is not an https or http address. Correct it.")
    if about.published is not None and about.published > at.date():
        raise BadInput(f"The day of publication, {about.published}, lies in the future. Correct it.")
    media, pages, text, title = _text_of(shown, data)
    text = readable(text)
    if len(text) > MAX_CHARACTERS:
        raise UnreadableFile(f"'{shown}' has {len(text):,} characters of text and at most {MAX_CHARACTERS:,} are kept. "
                             "Split it.")  # fmt: skip
    passages = tuple(Passage(number, one) for number, one in enumerate(_passages(text), start=1))
    if not passages:
        remedy = "Scanned pages have none: recognise the text first (OCR)." if media == "pdf" else "Add one that has."
        raise UnreadableFile(f"'{shown}' has no text. {remedy}")
    digest = hashlib.sha256(data).hexdigest()
    return ResearchDocument(
        source_id=f"doc-{digest[:10]}",
        kind=about.kind,
        symbol=one_line(about.symbol),
        title=_title(about.title) or _title(title) or _title(stem_of(shown)),
        publisher=_title(about.publisher),
        published=about.published,
        url=about.url,
        media=media,
        sha256=digest,
        characters=len(text),
        pages=pages,
        added_at=at,
        passages=passages,
    )


def _check_size(name: str, size: int) -> None:
    if size == 0:
        raise UnreadableFile(f"'{name}' is empty. Save it again.")
    if size > MAX_BYTES:
        raise UnreadableFile(
            f"'{name}' is {size:,} bytes and at most {MAX_BYTES:,} are read. Split it, or save its text."
        )


def _text_of(name: str, data: bytes) -> tuple[str, int | None, str, str]:
    """Media, pages, text and title."""
    if data[:1024].lstrip().startswith(b"%PDF"):
        found = pdf_text(name, data)
        return "pdf", len(found.pages), "\n\n".join(found.pages), found.title
    if data.startswith(_BINARY):
        raise UnreadableFile(f"'{name}' is no text, web page or PDF, whatever its name says. Save it as one of these.")
    text = _decoded(name, data)
    start = text[:2_000].lstrip().lower()
    if start.startswith(("<!doctype html", "<html", "<?xml", "<head", "<body")) or re.search(
        r"<(html|body|p|div)\b", start
    ):
        body, title = page_text(text)
        return "html", None, body, title
    return "text", None, text, ""


def _decoded(name: str, data: bytes) -> str:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    if b"\x00" in data:
        raise UnreadableFile(f"'{name}' is no text, web page or PDF, whatever its name says. Save it as one of these.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _title(text: str) -> str:
    plain = one_line(text)
    return plain if len(plain) <= _MAX_TITLE else plain[: _MAX_TITLE - 1] + "…"


def _passages(text: str) -> Iterator[str]:
    """Paragraphs and rows of tables joined up to 1,200 characters; longer ones split between sentences or words."""
    held = ""
    for block in re.split(r"\n\s*\n", text):
        # A row of a table is a line of its own; other lines are only how a text is wrapped.
        rows = CELLS_PARTED in block
        for number, line in enumerate(block.split("\n") if rows else [block]):
            joint = "\n" if rows and number else " "
            for piece in _pieces(" ".join(line.split())):
                if held and len(held) + 1 + len(piece) > PASSAGE_CHARACTERS:
                    yield held
                    held = ""
                held = f"{held}{joint}{piece}" if held else piece
    if held:
        yield held


def _pieces(paragraph: str) -> Iterator[str]:
    if len(paragraph) <= PASSAGE_CHARACTERS:
        if paragraph:
            yield paragraph
        return
    for sentence in _SENTENCE_END.split(paragraph):
        while len(sentence) > PASSAGE_CHARACTERS:
            cut = sentence.rfind(" ", 1, PASSAGE_CHARACTERS)
            cut = cut if cut > 0 else PASSAGE_CHARACTERS
            yield sentence[:cut].strip()
            sentence = sentence[cut:].strip()
        if sentence:
            yield sentence
