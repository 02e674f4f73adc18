"""Text of a PDF. Runs in a sandbox only (`core.intake.sandbox`): `{"title": ...}`, and then the text of every page."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pypdf
from pypdf import Configuration, apply_configuration
from pypdf.errors import LimitReachedError

from core.errors import UnreadableFile

_MAX_STREAM_BYTES = 20_000_000
_REMEDY = "Print it to a new PDF, or save its text."


def pages(data: bytes, *, name: str, most_pages: int, most_characters: int) -> Iterator[object]:
    """The title and the pages.

    Args:
        name: The file's name, for errors.
        most_pages: Of the document.
        most_characters: Of all its text.

    Raises:
        UnreadableFile: Encrypted, damaged, or more of anything than is allowed.
    """
    logging.disable()  # it warns about every flaw of a file on stderr
    limits = Configuration(
        maximum_declared_stream_length=_MAX_STREAM_BYTES,
        array_based_stream_maximum_output_length=_MAX_STREAM_BYTES,
        lzw_maximum_output_length=_MAX_STREAM_BYTES,
        run_length_maximum_output_length=_MAX_STREAM_BYTES,
        zlib_maximum_output_length=_MAX_STREAM_BYTES,
        brotli_maximum_output_length=_MAX_STREAM_BYTES,
    )
    try:
        with apply_configuration(limits):
            yield from _pages(name, data, most_pages, most_characters)
    except (UnreadableFile, MemoryError):
        raise
    except (LimitReachedError, RecursionError) as error:
        raise UnreadableFile(
            f"'{name}' unpacks to far more than it weighs, or is nested too deeply. {_REMEDY}"
        ) from error
    except Exception as error:  # whatever a damaged file makes the library raise
        raise UnreadableFile(f"'{name}' is a damaged PDF ({type(error).__name__}). {_REMEDY}") from error


def _pages(name: str, data: bytes, most_pages: int, most_characters: int) -> Iterator[object]:
    reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted:
        raise UnreadableFile(f"'{name}' is encrypted. Remove its protection (print it to a new PDF) and add it again.")
    count = len(reader.pages)
    if count > most_pages:
        raise UnreadableFile(f"'{name}' has {count:,} pages and at most {most_pages} are read. Split it.")
    title = reader.metadata.title if reader.metadata is not None else None
    yield {"title": _plain(title) if isinstance(title, str) else ""}
    total = 0
    for page in reader.pages:
        text = page.extract_text()
        total += len(text)
        if total > most_characters:
            raise UnreadableFile(f"'{name}' has more than {most_characters:,} characters of text. Split it.")
        yield _plain(text)


def _plain(text: str) -> str:
    """Text without halves of characters, which JSON cannot carry."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
