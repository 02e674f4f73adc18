"""Downloads of a run: a CSV for spreadsheets, safe to open, and the whole as JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import orjson

from core.domain.records import Item

_COLUMNS = (
    "custom_id", "portfolio_id", "portfolio", "region", "status", "level", "headline", "verified", "mismatched",
    "unsupported", "error_code", "error_message", "input_tokens", "output_tokens", "cost_usd",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value: object) -> str:
    """A cell that no spreadsheet reads as a formula: what could start one gets an apostrophe in front.

    Negative numbers are left as they are; they are ours and plain.
    """
    written = "" if value is None else str(value)
    if isinstance(value, str) and written.startswith(_FORMULA):
        return "'" + written
    return written


def items_csv(items: Iterable[Item]) -> bytes:
    """One line a request, with a byte order mark so that spreadsheets read the umlauts."""
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet)
    writer.writerow(_COLUMNS)
    for item in items:
        checked, error = item.verification, item.error
        row = (
            item.custom_id, item.portfolio_id, item.portfolio_name, item.region, item.status.value, item.level,
            item.headline, checked.verified if checked else None, checked.mismatched if checked else None,
            checked.unsupported if checked else None, error.code if error else None, error.message if error else None,
            item.usage.input_tokens, item.usage.output_tokens, item.cost_usd,
        )  # fmt: skip
        writer.writerow([safe_cell(value) for value in row])
    return sheet.getvalue().encode("utf-8-sig")


def items_json(job_id: str, items: Iterable[Item]) -> bytes:
    """Everything that is stored about a run's requests."""
    return orjson.dumps({"job_id": job_id, "items": [_plain(item) for item in items]}, option=orjson.OPT_INDENT_2)


def _plain(item: Item) -> dict[str, Any]:
    document = asdict(item)
    document["cost_usd"] = None if item.cost_usd is None else str(item.cost_usd)
    return document
