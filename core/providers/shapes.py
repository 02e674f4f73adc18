"""The provider's JSON, read tolerantly into domain values: what is unknown is kept, what is odd is not fatal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from core.domain.analysis import Usage
from core.domain.batch import Batch, BatchCounts, BatchProblem, RemoteFile


class Malformed(ValueError):
    """A 2xx answer that lacks what every answer of its kind has; the message names the field."""


def batch(data: object) -> Batch:
    """A batch object as `GET /v1/batches/{id}` returns it.

    Only id, status and created_at are needed; empty file ids become None, a missing count becomes 0, and a
    status word never seen before is kept.

    Raises:
        Malformed: Not an object, or without id, status or created_at.
    """
    fields = _fields(data, "batch")
    return Batch(
        batch_id=_needed(fields, "id"),
        status=_needed(fields, "status"),
        endpoint=_text(fields.get("endpoint")),
        input_file_id=_text(fields.get("input_file_id")),
        output_file_id=_text(fields.get("output_file_id")) or None,
        error_file_id=_text(fields.get("error_file_id")) or None,
        created_at=_moment(fields, "created_at"),
        expires_at=_moment(fields, "expires_at") if fields.get("expires_at") else None,
        counts=_counts(fields.get("request_counts")),
        problems=_problems(fields.get("errors")),
        metadata=_metadata(fields.get("metadata")),
        usage=_usage(fields.get("usage")),
    )


def remote_file(data: object) -> RemoteFile:
    """A file object as `POST /v1/files` returns it.

    Raises:
        Malformed: Not an object, or without id or created_at.
    """
    fields = _fields(data, "file")
    return RemoteFile(
        file_id=_needed(fields, "id"),
        name=_text(fields.get("filename")),
        bytes=_whole(fields.get("bytes")),
        created_at=_moment(fields, "created_at"),
        status=_text(fields.get("status")),
    )


def page(data: object) -> tuple[list[object], bool]:
    """The items of a list answer, and whether the provider says that there are more.

    Raises:
        Malformed: Not an object with a list in `data`.
    """
    fields = _fields(data, "list")
    items = fields.get("data")
    if not isinstance(items, list):
        raise Malformed("the list has no 'data'")
    return items, fields.get("has_more") is True


def shutdown_dates(data: object) -> dict[str, date | None]:
    """Model ids of `GET /v1/models`, each with its announced shutdown date or None."""
    items, _ = page(data)
    found: dict[str, date | None] = {}
    for item in items:
        if isinstance(item, Mapping) and isinstance(item.get("id"), str):
            found[item["id"]] = _day(item.get("shutdown_date"))
    return found


def _fields(data: object, kind: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise Malformed(f"the {kind} is not a JSON object")
    return data


def _needed(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise Malformed(f"'{name}' is missing")
    return value


def _moment(fields: Mapping[str, Any], name: str) -> datetime:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Malformed(f"'{name}' is not a Unix time")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        raise Malformed(f"'{name}' is not a Unix time") from None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _counts(value: object) -> BatchCounts:
    # Null while a batch is validated.
    if not isinstance(value, Mapping):
        return BatchCounts()
    return BatchCounts(*(_whole(value.get(name)) for name in ("total", "completed", "failed")))


def _usage(value: object) -> Usage | None:
    """None where the provider gives none, as for batches made before September 2025, or only zeros."""
    if not isinstance(value, Mapping):
        return None
    read, written = max(0, _whole(value.get("input_tokens"))), max(0, _whole(value.get("output_tokens")))
    cached, reasoned = value.get("input_tokens_details"), value.get("output_tokens_details")
    found = Usage(
        read,
        min(read, _whole(cached.get("cached_tokens"))) if isinstance(cached, Mapping) else 0,
        written,
        min(written, _whole(reasoned.get("reasoning_tokens"))) if isinstance(reasoned, Mapping) else 0,
    )
    return found if read or written else None


def _problems(value: object) -> tuple[BatchProblem, ...]:
    # Documented as {"object": "list", "data": [...]}; compatible servers send a bare list or a single object.
    if isinstance(value, Mapping) and "data" in value:
        value = value["data"]
    items = value if isinstance(value, list) else [value]
    return tuple(_problem(item) for item in items if item)


def _problem(item: object) -> BatchProblem:
    if not isinstance(item, Mapping):
        return BatchProblem(code="", message=str(item))
    line = item.get("line")
    return BatchProblem(
        code=_text(item.get("code")),
        message=_text(item.get("message")),
        line=line if isinstance(line, int) and not isinstance(line, bool) else None,
        param=_text(item.get("param")) or None,
    )


def _metadata(value: object) -> dict[str, str]:
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
