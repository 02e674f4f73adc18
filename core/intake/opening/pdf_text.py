"""Text of a PDF, read in a sandbox: what a hostile file breaks or fills is a process of its own, and it is ended."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from core.intake.sandbox.runner import Work, decoded, run

MAX_PAGES = 200
MAX_CHARACTERS = 200_000
MAX_SECONDS = 60
_WORK = Work(
    "core.intake.opening.pdf_parser:pages",
    "document",
    "Print it to a new PDF, or save its text.",
    cpu_seconds=MAX_SECONDS,
    seconds=MAX_SECONDS * 2,
    without=("numpy", "PIL"),
)
_HEAD = msgspec.json.Decoder(dict[str, str])
_PAGE = msgspec.json.Decoder(str)


@dataclass(frozen=True, slots=True)
class PdfText:
    """Text by page, and the title that the file gives itself ("" for none)."""

    pages: tuple[str, ...]
    title: str


def pdf_text(name: str, data: bytes, *, seconds: float = MAX_SECONDS * 2) -> PdfText:
    """The text of a PDF.

    Raises:
        UnreadableFile: Encrypted, damaged, over 200 pages or 200,000 characters, or more work than is allowed.
    """
    work = replace(_WORK, seconds=seconds)
    found = run(work, name, data, most_pages=MAX_PAGES, most_characters=MAX_CHARACTERS)
    head, *pages = found.split(b"\n")[:-1] or [b""]
    (about,) = decoded(_HEAD, name, [head])
    return PdfText(tuple(decoded(_PAGE, name, pages)), about.get("title", ""))
