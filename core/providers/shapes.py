"""The provider's JSON, read tolerantly into domain values: what is unknown is kept, what is odd is not fatal."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from core.domain.batch import Batch, BatchCounts, BatchProblem, Counted, RemoteFile
from core.domain.readable_text import readable, readable_line
from core.llm.usage import read_usage

_LONGEST_ID: Final = 1000
_NOT_SECONDS: Final = 1e11
"""A Unix time above this (the year 5138) is one in milliseconds."""

_LISTS: Final = ("data", "items", "batches", "files", "results")
"""Where servers keep the items of a list."""

_WORDS: Final = {"canceled": "cancelled", "canceling": "cancelling"}
"""Other spellings of a status."""


class Malformed(ValueError):
    """A 2xx answer that lacks what every answer of its kind has; the message names the field."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a list.

    Attributes:
        more: Whether the provider says that there are more; None where it says nothing.
        last_id: Its own cursor; "" where it gives none.
    """

    items: list[object]
    more: bool | None
    last_id: str


def batch(data: object, *, known_id: str = "", seen_at: datetime | None = None) -> Batch:
    """A batch object as `GET /v1/batches/{id}` returns it.

    Only the id is needed: whoever has one can ask again for the rest. A status word never seen before is kept, a
    missing one is "", empty file ids become None, a missing count becomes 0.

    Args:
        known_id: What it was asked for by; then that is its id, and an answer without one is read too.
        seen_at: Stands in for a time of creation that is missing or is none; now when not given.

    Raises:
        Malformed: Not an object, or without an id.
    """
    fields = _inside(_fields(data, "batch"), "batch")
    status = _status(fields.get("status"))
    if not status and (fields.get("error") or (known_id and not _id(fields.get("id")))):
        raise Malformed("'status' is missing")
    told = read_usage(fields.get("usage"))
    # None where the provider gives none, as for batches made before September 2025; from nothing read, nothing follows.
    usage = told.usage if told.usage is not None and told.usage.input_tokens and told.usage.output_tokens else None
    return Batch(
        batch_id=known_id or _needed(fields, "id"),
        status=status,
        endpoint=_text(fields.get("endpoint")),
        input_file_id=_id(fields.get("input_file_id")),
        output_file_id=_id(fields.get("output_file_id")) or None,
        error_file_id=_id(fields.get("error_file_id")) or None,
        created_at=_moment(fields.get("created_at")) or seen_at or datetime.now(UTC),
        expires_at=_moment(fields.get("expires_at")) if fields.get("expires_at") else None,
        counts=_counts(fields.get("request_counts")),
        problems=_problems(fields.get("errors")),
        metadata=_metadata(fields.get("metadata")),
        counted=None if usage is None else Counted(usage, told.cache_write_tokens, told.note),
    )


def remote_file(data: object, *, seen_at: datetime | None = None) -> RemoteFile:
    """A file object as `POST /v1/files` returns it. Only the id is needed.

    Raises:
        Malformed: Not an object, or without an id.
    """
    fields = _inside(_fields(data, "file"), "file")
    size = fields.get("bytes", fields.get("size"))
    return RemoteFile(
        file_id=_needed(fields, "id"),
        name=_text(fields.get("filename")) or _text(fields.get("name")),
        bytes=_whole(size) or None,  # none of ours is empty: 0 is what servers say that do not count
        created_at=_moment(fields.get("created_at")) or seen_at or datetime.now(UTC),
        status=_status(fields.get("status")),
        details=_details(fields.get("status_details")),
    )


def page(data: object) -> Page:
    """The items of a list answer. A bare array is one, and so is a list object whose items are left out for none.

    Raises:
        Malformed: It holds no list.
    """
    data = unwrapped(data)
    if isinstance(data, list):
        return Page(data, None, "")
    fields = _fields(data, "list")
    items = next((fields[name] for name in _LISTS if isinstance(fields.get(name), list)), None)
    if items is None and fields.get("object") == "list" and fields.get("data") is None:
        items = []
    if items is None:
        raise Malformed("the list has no 'data'")
    more = fields.get("has_more")
    return Page(items, more if isinstance(more, bool) else None, _id(fields.get("last_id")))


def identified(item: object) -> str:
    """The id of a list's item, whatever else it lacks; "" where it has none."""
    item = unwrapped(item)
    return _id(item.get("id")) if isinstance(item, Mapping) else ""


def marked(item: object, *marks: str) -> bool:
    """Whether an item that could not be read speaks of one of these (a mark of ours, a file of ours) anywhere."""
    text = json.dumps(item, ensure_ascii=False, default=str)
    return any(mark and mark in text for mark in marks)


def unwrapped(data: object) -> object:
    """JSON inside a JSON string, as some servers answer; anything else as it is."""
    if isinstance(data, str) and data.lstrip()[:1] in {"{", "["}:
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            return data
    return data


def shutdown_dates(data: object) -> dict[str, date | None]:
    """Model ids of `GET /v1/models`, each with its announced shutdown date or None."""
    found: dict[str, date | None] = {}
    for item in page(data).items:
        if isinstance(item, Mapping) and isinstance(item.get("id"), str):
            found[item["id"]] = _day(item.get("shutdown_date"))
    return found


def _fields(data: object, kind: str) -> Mapping[str, Any]:
    data = unwrapped(data)
    if not isinstance(data, Mapping):
        raise Malformed(f"the {kind} is not a JSON object")
    return data


def _inside(fields: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """The object itself where a server wraps it: {"data": {...}} or {"batch": {...}}."""
    if _id(fields.get("id")):
        return fields
    return next(
        (inner for name in (kind, "data") if isinstance(inner := fields.get(name), Mapping) and _id(inner.get("id"))),
        fields,
    )


def _needed(fields: Mapping[str, Any], name: str) -> str:
    value = _id(fields.get(name))
    if not value:
        raise Malformed(f"'{name}' is missing")
    return value


def _id(value: object) -> str:
    """An id, which some servers give as a number; "" for what cannot be one, nor stand in an address."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    text = value.strip() if isinstance(value, str) else ""
    fit = text.isprintable() and " " not in text and text not in {".", ".."} and len(text) <= _LONGEST_ID
    return text if fit else ""


def _status(value: object) -> str:
    word = value.strip().lower() if isinstance(value, str) else ""
    return _WORDS.get(word, word)


def _moment(value: object) -> datetime | None:
    """A Unix time in seconds or milliseconds, as a number or as text, or an ISO time (UTC where it names no zone)."""
    number = _number(value)
    try:
        if number is not None:
            seconds = number / 1000 if abs(number) > _NOT_SECONDS else number
            return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
        if isinstance(value, str):
            found = datetime.fromisoformat(value.strip())
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (OverflowError, OSError, ValueError):
        pass
    return None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: object) -> int:
    number = _number(value)
    return int(number) if number is not None and number == int(number) else 0


def _details(value: object) -> str:
    return " ".join((value if isinstance(value, str) else json.dumps(value) if value else "").split())


def _counts(value: object) -> BatchCounts:
    # Null while a batch is validated.
    if not isinstance(value, Mapping):
        return BatchCounts()
    return BatchCounts(*(max(0, _whole(value.get(name))) for name in ("total", "completed", "failed")))


def _problems(value: object) -> tuple[BatchProblem, ...]:
    # Documented as {"object": "list", "data": [...]}; compatible servers send a bare list or a single object.
    if isinstance(value, Mapping) and "data" in value:
        value = value["data"]
    items = value if isinstance(value, list) else [value]
    return tuple(_problem(item) for item in items if item)


def _problem(item: object) -> BatchProblem:
    if not isinstance(item, Mapping):
        return BatchProblem(code="", message=readable(str(item)))
    line = item.get("line")
    return BatchProblem(
        code=readable_line(_text(item.get("code"))),
        message=readable(_text(item.get("message"))),
        line=line if isinstance(line, int) and not isinstance(line, bool) else None,
        param=_text(item.get("param")) or None,
    )


def _metadata(value: object) -> dict[str, str]:
    value = unwrapped(value)
    if not isinstance(value, Mapping):
        return {}
    return {str(key): item if isinstance(item, str) else str(item) for key, item in value.items()}


def _day(value: object) -> date | None:
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
