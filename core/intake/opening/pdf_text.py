"""Text of a PDF, read in a process of its own: what a hostile file breaks or fills is that process, and it is ended.

The process gets the file on stdin and answers with JSON on stdout. It has no environment of ours, so no key, and as
much memory and time as any honest document needs.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from core.errors import UnreadableFile

MAX_PAGES = 200
MAX_CHARACTERS = 200_000
MAX_SECONDS = 60
MAX_MEMORY_BYTES = 1 << 30
MAX_STREAM_BYTES = 20_000_000
_ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class PdfText:
    """Text by page, and the title that the file gives itself ("" for none)."""

    pages: tuple[str, ...]
    title: str


def pdf_text(name: str, data: bytes, *, seconds: float = MAX_SECONDS) -> PdfText:
    """The text of a PDF.

    Raises:
        UnreadableFile: Encrypted, damaged, over 200 pages or 200,000 characters, or more work than is allowed.
    """
    program = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from core.intake.opening.pdf_text import main; main()"
    command = [sys.executable, "-I", "-c", program]
    try:
        done = subprocess.run(  # noqa: S603  # our own program; the file is on stdin, never in the command
            command, input=data, capture_output=True, timeout=seconds, check=False, env={}, cwd=_ROOT
        )
    except subprocess.TimeoutExpired:
        raise UnreadableFile(
            f"'{name}' takes longer than {seconds:g} s to read, which no plain document does. Print it to a new PDF, "
            "or save its text."
        ) from None
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        answer = {
            "refusal": "could not be read within the memory that is allowed. Print it to a new PDF, or save its text"
        }
    if "refusal" in answer:
        raise UnreadableFile(f"'{name}' {answer['refusal']}.")
    return PdfText(tuple(answer["pages"]), answer["title"])


def main() -> None:
    """Read a PDF from stdin and answer on stdout: {"pages", "title"} or {"refusal"}."""
    _limit_memory()
    data = sys.stdin.buffer.read()
    try:
        answer = _read(data)
    except _Refusal as refusal:
        answer = {"refusal": str(refusal)}
    sys.stdout.buffer.write(json.dumps(answer).encode())


class _Refusal(Exception):
    """The rest of a sentence that starts with the file's name."""


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on Windows; the library's own limits and the deadline remain
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


def _read(data: bytes) -> dict[str, object]:
    import logging

    from pypdf import Configuration, apply_configuration
    from pypdf.errors import LimitReachedError

    logging.disable()  # it warns about every flaw of a file on stderr
    limits = Configuration(
        maximum_declared_stream_length=MAX_STREAM_BYTES,
        array_based_stream_maximum_output_length=MAX_STREAM_BYTES,
        lzw_maximum_output_length=MAX_STREAM_BYTES,
        run_length_maximum_output_length=MAX_STREAM_BYTES,
        zlib_maximum_output_length=MAX_STREAM_BYTES,
        brotli_maximum_output_length=MAX_STREAM_BYTES,
    )
    try:
        with apply_configuration(limits):
            return _pages(data)
    except _Refusal:
        raise
    except (LimitReachedError, MemoryError, RecursionError) as error:
        raise _Refusal(
            "unpacks to far more than it weighs, or is nested too deeply. Print it to a new PDF, or save its text"
        ) from error
    except Exception as error:  # whatever a damaged file makes the library raise
        raise _Refusal(f"is a damaged PDF ({type(error).__name__}). Print it to a new PDF, or save its text") from error


def _pages(data: bytes) -> dict[str, object]:
    import pypdf

    reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted:
        raise _Refusal("is encrypted. Remove its protection (print it to a new PDF) and add it again")
    count = len(reader.pages)
    if count > MAX_PAGES:
        raise _Refusal(f"has {count:,} pages and at most {MAX_PAGES} are read. Split it")
    pages: list[str] = []
    total = 0
    for page in reader.pages:
        text = page.extract_text()
        total += len(text)
        if total > MAX_CHARACTERS:
            raise _Refusal(f"has more than {MAX_CHARACTERS:,} characters of text. Split it")
        pages.append(text)
    title = reader.metadata.title if reader.metadata is not None else None
    return {"pages": pages, "title": title if isinstance(title, str) else ""}
