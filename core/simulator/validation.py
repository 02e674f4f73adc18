"""What the API checks between accepting a batch and beginning it, with the codes and sentences it uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from core.simulator.catalog import offer

MAX_REQUESTS = 50_000
MAX_BYTES = 209_715_200
_MOST_PROBLEMS = 100
_BYTES_PER_TOKEN = 4


@dataclass(slots=True)
class InputScan:
    """What a look at the whole input file brought."""

    problems: list[dict[str, Any]] = field(default_factory=list)
    model: str | None = None
    total: int = 0
    input_tokens: int = 0


def validate(path: Path, endpoint: str, today: date, forced: str | None = None) -> InputScan:
    """Read an input file line by line.

    Args:
        path: May be gone: then that is the problem.
        forced: A code to fail with, whatever the file is.
    """
    found = InputScan()
    if forced is not None:
        message = no_room("gpt", 2_000_000)["message"] if forced == "token_limit_exceeded" else f"Simulated {forced}."
        found.problems.append(_problem(forced, message))
        return found
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        message = "Cannot find the input file, or the organization does not have access to it."
        found.problems.append(_problem("invalid_request", message, param="file_id"))
        return found
    if size > MAX_BYTES:
        message = f"The batch input file is larger than the {MAX_BYTES} maximum."
        found.problems.append(_problem("file_too_large", message))
        return found
    seen: set[str] = set()
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, start=1):
            if not raw.strip():
                continue
            found.total += 1
            found.input_tokens += len(raw) // _BYTES_PER_TOKEN
            problem = next(_line_problems(raw, number, endpoint, today, found, seen), None)
            if problem is not None:
                found.problems.append(problem)
                if len(found.problems) >= _MOST_PROBLEMS:
                    break
    if not found.problems and not 0 < found.total <= MAX_REQUESTS:
        message = (
            f"The batch input file holds {found.total} requests; the maximum is {MAX_REQUESTS}."
            if found.total
            else "The batch input file holds no request."
        )
        found.problems.append(_problem("too_many_requests" if found.total else "empty_file", message))
    return found


def no_room(model: str, limit: int) -> dict[str, Any]:
    """The problem of a batch that does not fit the tokens that may be enqueued."""
    return _problem(
        "token_limit_exceeded",
        f"Enqueued token limit reached for {model} in organization org-local. Limit: {limit:,} enqueued tokens. "
        "Please try again once some in_progress batches have been completed.",
    )


def _line_problems(
    raw: bytes, number: int, endpoint: str, today: date, found: InputScan, seen: set[str]
) -> Iterator[dict[str, Any]]:
    try:
        request = orjson.loads(raw)
    except orjson.JSONDecodeError:
        request = None
    if not isinstance(request, Mapping):
        yield _problem("invalid_json_line", "This line is not parseable as valid JSON.", number)
        return
    for name in ("custom_id", "method", "url", "body"):
        if not request.get(name):
            yield _problem("missing_required_parameter", f"Missing required parameter: '{name}'.", number, name)
    custom_id, body = request.get("custom_id"), request.get("body")
    if not isinstance(custom_id, str) or not isinstance(body, Mapping):
        wrong = "body" if isinstance(custom_id, str) else "custom_id"
        yield _problem("invalid_request", f"Invalid type for '{wrong}'.", number, wrong)
        return
    if request["method"] != "POST":
        yield _problem("invalid_request", "Only POST requests are supported.", number, "method")
    if request["url"] != endpoint:
        message = "The URL provided for this request does not match the batch endpoint."
        yield _problem("invalid_url", message, number, "url")
    if custom_id in seen:
        message = (
            f"The custom_id '{custom_id}' for this request is a duplicate of another request. "
            "The custom_id parameter must be unique for each request in a batch."
        )
        yield _problem("duplicate_custom_id", message, number, "custom_id")
    seen.add(custom_id)
    yield from _body_problems(body, number, endpoint, today, found)


def _body_problems(
    body: Mapping[str, Any], number: int, endpoint: str, today: date, found: InputScan
) -> Iterator[dict[str, Any]]:
    model = body.get("model")
    if not isinstance(model, str) or not model:
        yield _problem("invalid_request", "Model parameter is required.", number, "body.model")
        return
    if found.model is None:
        found.model = model
    if model != found.model:
        message = (
            f"The model '{model}' for this request does not match the rest of the batch. "
            "Each batch must contain requests for a single model."
        )
        yield _problem("mismatched_model", message, number, "body.model")
    elif offer(model, today) is None:
        message = f"The provided model '{model}' is not supported by the Batch API."
        yield _problem("model_not_found", message, number, "body.model")
    if endpoint == "/v1/chat/completions" and not body.get("messages"):
        yield _problem("invalid_request", "Messages parameter is required.", number, "body.messages")
    if body.get("stream"):
        which = "Responses" if endpoint == "/v1/responses" else "Chat Completions"
        message = f"{which}: Streaming is not supported in the Batch API."
        yield _problem("streaming_unsupported", message, number, "body.stream")


def _problem(code: str, message: str, line: int | None = None, param: str | None = None) -> dict[str, Any]:
    return {"code": code, "message": message, "line": line, "param": param}
