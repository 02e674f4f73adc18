"""Faults of the local server, read from a YAML or JSON file. All parts are optional:

    seed: 1
    answers:                      # shares of answers, 0 to 1; which ones follows from the custom_id and the seed
      wrong_number: 0.1           # a cited number differs, in one of the wrong_* ways below
      refused: 0.02
    http:                         # by route and call (1 is the first since the start; "2+" from there on; "*" every)
      POST /v1/batches: {1: drop_after, 2: {kind: 429, retry_after: 2}}
      GET /v1/files/{id}/content: {1: cut_download}
    batches:                      # by order of creation, or "*"
      1: {expire_after: 0.5}
      "*": {blank_lines: true, shuffle: true}
    list_lag: 3                   # seconds during which a new batch is missing from the list
    file_lag: 3                   # seconds during which a new file is pending and no batch can be made of it
    enqueued_tokens: 2000000      # room of each model; a batch beyond it fails with token_limit_exceeded

The names of all kinds are in ANSWERS, HTTP and BATCHES below.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import yaml

from core.errors import BadInput

ANSWERS = {
    "wrong_number": "one of the wrong_* below",
    "wrong_value": "a cited number is off by a few percent",
    "wrong_scale": "a cited number is a thousand times too large",
    "wrong_percent": "a cited percentage is given as a fraction",
    "wrong_bps": "a cited percentage is given in basis points",
    "wrong_sign": "a cited number has the other sign",
    "wrong_period": "a cited number names another period",
    "wrong_unit": "a cited number names another unit",
    "wrong_currency": "a cited number names another currency",
    "wrong_id": "a cited number stands under an id that does not exist",
    "unsupported": "the summary states a number that no metric covers",
    "refused": "the model declines",
    "cut": "the answer stops at the token limit",
    "invalid_json": "the answer is not JSON",
    "wrong_shape": "the answer lacks a required property",
    "empty": "success without any text",
    "line_separator": "a text holds U+2028 and U+0085",
    "bad_request_rows": "the line is refused with a 400 inside the error file",
    "bad_arguments": "the first call of a tool has arguments that cannot be used",
    "unknown_tool": "a tool is called that nobody offered",
    "endless_tools": "tools are called for as long as that is allowed",
    "server_error_rows": "the line fails with a 500 inside the error file",
    "status_0": "the line has status code 0 and no body",
    "usage_missing": "a whole answer does not say what it came to",
    "usage_empty": "its usage is an empty object",
    "usage_zero": "its usage says 0 tokens",
    "usage_total": "its usage says the total alone",
    "usage_float": "its counts are written as 3843.0",
    "usage_text": "its counts are written as text",
    "usage_contradicts": "its usage says more cached tokens than input",
    "served_priority": "it was served with the tier priority",
    "served_scale": "it was served with a tier that has no price by the token",
    "served_other": "another model answered",
}
"""Kinds of faulty answers."""

HTTP = {
    "drop_before": "the connection is reset before anything is done",
    "drop_after": "the work is done, then the connection is reset",
    "hang_before": "silence of `seconds` (default 3600) before anything is done",
    "hang_after": "the work is done, then silence of `seconds` (default 3600)",
    "500_before": "HTTP 500, nothing done",
    "500_after": "the work is done, then HTTP 500",
    "503_before": "HTTP 503, nothing done",
    "400": "HTTP 400",
    "401": "HTTP 401",
    "403": "HTTP 403",
    "404": "HTTP 404",
    "409": "HTTP 409",
    "429": "rate limit, with Retry-After of `retry_after` seconds (default 1)",
    "quota": "HTTP 429 insufficient_quota",
    "html": "a proxy's page with status 502, nothing done",
    "html_after": "the work is done, then a proxy's page with status 200",
    "bad_json": "the work is done, then half a JSON document with status 200",
    "empty_json": "the work is done, then {} with status 200",
    "slow_download": "a body at `rate` bytes a second (default 1000)",
    "cut_download": "half a body, although all of it was announced",
    "short_download": "half a body, without a length, closed as if complete",
}
"""Kinds of faulty HTTP exchanges."""

BATCHES = {
    "expire_after": "share of requests after which the batch expires",
    "fail": "code with which validation fails",
    "empty_file_ids": "file ids that do not exist are empty strings",
    "no_output_file": "the output file is not named although requests completed",
    "vanish": "retrieving the batch gives 404 from when work begins",
    "unknown_status": "a word shown as status between a quarter and three quarters of the work",
    "stuck": "no request is ever worked on",
    "blank_lines": "the output has blank lines",
    "shuffle": "the output is in another order",
    "duplicate_lines": "some lines come twice",
    "conflicting_lines": "some lines come twice with different answers",
    "unknown_custom_id": "a line of somebody else is in the output",
    "missing_lines": "share of lines that are missing from the output",
    "no_final_newline": "the last line has no newline",
    "broken_line": "a line in the middle is cut off",
    "byte_order_mark": "the output begins with a byte order mark",
    "no_usage": "the batch has no usage",
}
"""What may happen to a batch."""

WRONG_NUMBERS = tuple(
    kind for kind in ANSWERS if kind.startswith("wrong_") and kind not in {"wrong_number", "wrong_shape"}
)


@dataclass(slots=True)
class Faults:
    """The faults of one server, and the counts that decide when they strike."""

    seed: int = 0
    answers: dict[str, float] = field(default_factory=dict)
    http: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    list_lag: float = 0.0
    file_lag: float = 0.0
    enqueued_tokens: int = 15_000_000_000
    calls: Counter[str] = field(default_factory=Counter)
    created: int = 0

    def next_http(self, route: str) -> dict[str, Any] | None:
        """Count a call of "POST /v1/batches" and say what shall go wrong with it."""
        self.calls[route] += 1
        number = self.calls[route]
        planned = self.http.get(route, {})
        for when, fault in planned.items():
            if when == "*" or when == str(number) or (when.endswith("+") and number >= int(when[:-1])):
                return fault
        return None

    def next_batch(self) -> dict[str, Any]:
        """Count a new batch and say what shall happen to it."""
        self.created += 1
        return {**self.batches.get("*", {}), **self.batches.get(str(self.created), {})}

    def answer(self, custom_id: str) -> str | None:
        """The kind of fault that the answer to this request has; always the same for the same seed."""
        if not self.answers:
            return None
        drawn = draw(f"{self.seed}|{custom_id}")
        for kind, share in self.answers.items():
            if drawn < share:
                if kind == "wrong_number":
                    return WRONG_NUMBERS[int(draw(f"{custom_id}|kind") * len(WRONG_NUMBERS))]
                return kind
            drawn -= share
        return None


def draw(text: str) -> float:
    """A number in [0, 1) that depends on nothing but the text."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).digest()) / 2**48


def read(path: Path) -> Faults:
    """Read a fault file.

    Raises:
        BadInput: It cannot be read, or names a kind that does not exist.
    """
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"Fault file {path} cannot be read: {error}.") from None
    except yaml.YAMLError as error:
        where = " ".join(str(error).split())
        raise BadInput(f"Fault file {path} is neither YAML nor JSON: {where}.") from None
    try:
        return from_document(document)
    except BadInput as error:
        raise BadInput(f"Fault file {path}: {error}") from None


def from_document(document: object) -> Faults:
    """Check a fault document.

    Raises:
        BadInput: Names the first entry that cannot be used and what is allowed.
    """
    fields = _table(document if document is not None else {}, "the document")
    _known(fields, ("seed", "answers", "http", "batches", "list_lag", "file_lag", "enqueued_tokens"), "entry")
    answers = _table(fields.get("answers") or {}, "answers")
    _known(answers, tuple(ANSWERS), "kind of answer")
    shares = {kind: _number(share, f"answers.{kind}", 1.0) for kind, share in answers.items()}
    if sum(shares.values()) > 1 + 1e-9:
        raise BadInput(f"the shares of answers add up to {sum(shares.values()):.2f}; at most 1 is possible.")
    batches = {}
    for number, outcome in _table(fields.get("batches") or {}, "batches").items():
        _known(_table(outcome, f"batches.{number}"), tuple(BATCHES), "kind of batch")
        batches[number] = dict(outcome)
    return Faults(
        seed=int(_number(fields.get("seed", 0), "seed")),
        answers=shares,
        http={
            " ".join(route.split()): {when: _http(fault) for when, fault in _table(plan, f"http.{route}").items()}
            for route, plan in _table(fields.get("http") or {}, "http").items()
        },
        batches=batches,
        list_lag=_number(fields.get("list_lag", 0), "list_lag"),
        file_lag=_number(fields.get("file_lag", 0), "file_lag"),
        enqueued_tokens=int(_number(fields.get("enqueued_tokens", 15_000_000_000), "enqueued_tokens")),
    )


def as_json(faults: Faults) -> bytes:
    """The counts of calls and batches, for tests."""
    return orjson.dumps({"calls": dict(faults.calls), "created": faults.created})


def _http(fault: object) -> dict[str, Any]:
    plan: dict[str, Any] = dict(fault) if isinstance(fault, Mapping) else {"kind": fault}
    kind = str(plan.get("kind"))
    _known({kind: None}, tuple(HTTP), "kind of HTTP fault")
    return {**plan, "kind": kind}


def _table(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise BadInput(f"{name} must be a table of names and values, not {value!r}.")
    return {str(key): item for key, item in value.items()}


def _number(value: object, name: str, highest: float = float("inf")) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= highest:
        bound = f"from 0 to {highest:g}" if highest < float("inf") else "of 0 or more"
        raise BadInput(f"{name} is {value!r}; it must be a number {bound}.")
    return float(value)


def _known(given: Mapping[str, Any], names: tuple[str, ...], what: str) -> None:
    for name in given:
        if name not in names:
            raise BadInput(f"'{name}' is no {what}; there are: {', '.join(names)}.")
