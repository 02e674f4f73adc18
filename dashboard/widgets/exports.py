"""Downloads of a run: CSV and XLSX for spreadsheets, safe to open, and the whole as JSON."""

from __future__ import annotations

import codecs
import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal
from itertools import chain
from typing import Any, Final

import orjson
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from core.domain.analysis import UsageFrom
from core.domain.readable_text import as_escapes, readable
from core.domain.records import Item
from core.metrics.definitions import ALL_DEFINITIONS
from core.metrics.restatements import Versioned

_COLUMNS = (
    "custom_id", "portfolio_id", "portfolio", "region", "status", "level", "headline", "verified", "mismatched",
    "unsupported", "error_code", "error_message", "input_tokens", "output_tokens", "cost_usd",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet take a text for a formula; the wide ones are read as the narrow ones."""

_FINDINGS = ("custom_id", "portfolio", "path", "metric_id", "stated", "true", "kind")
_METHODOLOGY = ("metric", "version", "version_today", "restated_because", "definition_today", "source")
_PIECE: Final = 1 << 18
_LONGEST: Final = 32_000
"""Characters of one cell; spreadsheets take 32,767."""


def safe_cell(value: object) -> str:
    """A cell of CSV or Excel as people may see it, and that no spreadsheet reads as a formula.

    Nothing in it hides, turns what is read, or drives a terminal; what could start a formula gets an apostrophe in
    front. Negative numbers are left as they are; they are ours and plain.
    """
    if not isinstance(value, str):
        return "" if value is None else str(value)
    written = readable(value)
    # Blanks in front are skipped by some programs, and stand where a tab or a line end was.
    return (
        "'" + written if written.lstrip(" \u00a0\t\n").startswith(_FORMULA) or value.startswith(_FORMULA) else written
    )


def items_csv(items: Iterable[Item]) -> Iterator[bytes]:
    """One line a request, with a byte order mark so that spreadsheets read the umlauts."""
    yield codecs.BOM_UTF8
    for values in chain([_COLUMNS], map(_row, items)):
        line = io.StringIO(newline="")
        csv.writer(line).writerow([safe_cell(value) for value in values])
        yield line.getvalue().encode("utf-8")


def _row(item: Item) -> Sequence[object]:
    checked, error = item.verification, item.error
    known = item.usage_from is not UsageFrom.UNKNOWN
    return (
        item.custom_id, item.portfolio_id, item.portfolio_name, item.region, item.status.value, item.level,
        item.headline, checked.verified if checked else None, checked.mismatched if checked else None,
        checked.unsupported if checked else None, error.code if error else None, error.message if error else None,
        *((item.usage.input_tokens, item.usage.output_tokens) if known else (None, None)),
        item.cost_usd,
    )  # fmt: skip


def items_xlsx(items: Iterable[Item], methodology: Iterable[Versioned] = ()) -> Iterator[bytes]:
    """One line a request, a second sheet with everything that does not hold, a third with the definitions.

    No cell is a formula.

    Args:
        methodology: Versions under which the facts of these answers were computed.
    """
    book = Workbook(write_only=True)
    requests, findings = book.create_sheet("Requests"), book.create_sheet("Findings")
    _append(requests, _COLUMNS)
    _append(findings, _FINDINGS)
    for item in items:
        _append(requests, _row(item))
        for one in item.verification.findings if item.verification else ():
            told = (item.custom_id, item.portfolio_name, one.path, one.metric_id, one.stated, one.true, one.kind.value)
            _append(findings, told)
    definitions = book.create_sheet("Methodology")
    _append(definitions, _METHODOLOGY)
    for each in methodology:
        known = ALL_DEFINITIONS.get(each.key)
        words = (known.text, known.source) if known else ("", "")
        _append(definitions, (each.key, each.version, each.today, each.changes, *words))
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece


def _append(sheet: WriteOnlyWorksheet, values: Sequence[object]) -> None:
    sheet.append([_cell(sheet, value) for value in values])


def _cell(sheet: WriteOnlyWorksheet, value: object) -> Any:
    if value is None or isinstance(value, int | float | Decimal):
        return WriteOnlyCell(sheet, float(value) if isinstance(value, Decimal) else value)
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", safe_cell(value))[:_LONGEST])
    # Left to itself, the library makes a formula of every text that begins with "=".
    cell.data_type = "s"
    return cell


def items_json(job_id: str, items: Iterable[Item], methodology: Iterable[Versioned] = ()) -> Iterator[bytes]:
    """Everything that is stored about a run's requests, one item after the other; what is not seen in its texts stands
    there as escapes."""
    versions = orjson.dumps([asdict(one) for one in methodology])
    yield b'{"job_id": ' + orjson.dumps(job_id) + b', "methodology": ' + versions + b', "items": ['
    for place, item in enumerate(items):
        written = orjson.dumps(_plain(item), option=orjson.OPT_INDENT_2)
        yield (b",\n" if place else b"\n") + as_escapes(written.decode()).encode()
    yield b"\n]}\n"


def _plain(item: Item) -> dict[str, Any]:
    document = asdict(item)
    document["cost_usd"] = None if item.cost_usd is None else str(item.cost_usd)
    return document
