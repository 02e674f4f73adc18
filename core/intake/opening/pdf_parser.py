"""Text of a PDF. Runs in a sandbox only (`core.intake.sandbox`): `{"title": ...}`, and then the text of every page."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator

import pypdf
from pypdf import Configuration, apply_configuration
from pypdf.errors import LimitReachedError, PyPdfError

from core.errors import UnreadableFile

_MAX_STREAM_BYTES = 20_000_000
_MOST_LAID_OUT = 60
"""Pages that are read twice at the most: laying out costs as much as reading."""
_FEWEST_ROWS = 4
_SHARE = 0.3
_LINE = 400
_FIGURE = re.compile(r"(?<![\w.,])[$€£(-]{0,3}[0-9]{1,3}(?:[.,'][0-9]{1,3}){0,6}(?:%|\))?(?![\w])")
_GAP = re.compile(r" {3,}")
_BETWEEN_ROWS = re.compile(r"( \| [^\n]{0,400})\n{2,}(?=[^\n]{1,400} \| )")
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
    laid_out = 0
    for page in reader.pages:
        text = page.extract_text()
        if laid_out < _MOST_LAID_OUT and _looks_like_table(text):
            laid_out += 1
            text = _columns(page) or text
        total += len(text)
        if total > most_characters:
            raise UnreadableFile(f"'{name}' has more than {most_characters:,} characters of text. Split it.")
        yield _plain(text)


def _looks_like_table(text: str) -> bool:
    """Whether many lines of a page hold figures, as statements of accounts do."""
    lines = [line for line in text.splitlines() if line.strip()]
    figures = sum(len(_FIGURE.findall(line[:_LINE])) > 1 or bool(_FIGURE.fullmatch(line.strip())) for line in lines)
    return figures >= _FEWEST_ROWS and figures >= len(lines) * _SHARE


def _columns(page: pypdf.PageObject) -> str:
    """The page with its columns kept: a row is a line, its cells parted by " | "; "" where it cannot be laid out."""
    try:
        laid_out = page.extract_text(extraction_mode="layout")
    except (PyPdfError, KeyError, ValueError, TypeError, AttributeError, IndexError, ArithmeticError):
        # Fonts without widths and the like; the text without columns is there already.
        return ""
    lines = [_GAP.sub(" | ", line.strip()) for line in laid_out.splitlines()]
    # Wide spacing shows as blank lines; between two rows they part nothing.
    return _BETWEEN_ROWS.sub(r"\1\n", "\n".join(lines))


def _plain(text: str) -> str:
    """Text without halves of characters, which JSON cannot carry."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
