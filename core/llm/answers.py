"""Opens the provider's envelope: one line of an output or error file becomes a `ResultLine`.

Both endpoints and both files are read by the same door, because the envelope says what happened only in combination:
a 4xx stands in the error file with `error: null`, a 200 can carry a refusal, and a body can be a piece of HTML.
Whatever the bytes are, an answer comes back; nothing here raises.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import orjson

from core.domain.analysis import ItemError, ResultStatus, Usage
from core.domain.batch import ResultLine
from core.domain.provider import SIMULATED_MARK, AnsweredBy
from core.domain.readable_text import readable, readable_line
from core.llm.error_words import error_words
from core.llm.json_coercion import items_of, object_of, text_of
from core.llm.usage import Told, count, read_usage

_BOM = b"\xef\xbb\xbf"

_LOOSE = re.compile(rb"\\u|NaN|Infinity")
"""What the loose parser reads and the strict one does not."""

_PASSING_CODES = frozenset(
    {
        "batch_cancelled",
        "batch_expired",
        "internal_error",
        "internal_server_error",
        "overloaded",
        "rate_limit_exceeded",
        "request_timeout",
        "server_error",
        "service_unavailable",
        "timeout",
    }
)
"""Codes after which the same request may succeed."""

_LASTING_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
"""Codes that come as 429 but need a person."""

_MESSAGE_CHARACTERS = 2_000
_NAME_CHARACTERS = 100

_Opened = tuple[ResultStatus, str | None, ItemError | None]


def read_line(line: bytes) -> ResultLine:
    """What became of one request, as its line in the output or error file tells it.

    `status` is SUCCEEDED when there is text to read; FAILED, REFUSED, TRUNCATED or INVALID otherwise, with the server's
    own words in `error`. A line that is not a JSON object, or has no custom_id, comes back with `custom_id` "": the
    caller sets it aside and never guesses whose it was. A byte order mark in front of a good line is skipped.

    Args:
        line: One line as it stood in the file, with or without its newline.
    """
    bare = line.rstrip(b"\r\n")
    raw = bare.decode("utf-8", "replace").replace("\x00", "\ufffd")
    envelope = object_of(unfolded(_parsed(bare.removeprefix(_BOM))))
    if not envelope:
        message = "The line is empty." if not bare.strip() else "The line is not a JSON object."
        return ResultLine("", ResultStatus.INVALID, None, ItemError("bad_line", message, False), None, raw)
    custom_id = envelope.get("custom_id")
    response = object_of(unfolded(envelope.get("response")))
    body = unfolded(response.get("body"))
    fields = object_of(body)
    told = read_usage(fields.get("usage"))
    usage = told.usage or Usage()
    error = _error_of(envelope.get("error"))
    opened: _Opened
    if error:
        opened = ResultStatus.FAILED, None, _server_error(error, None)
    elif not response:
        opened = _invalid("no_response", "The line has neither a response nor an error.")
    else:
        opened = _opened(_status_of(response, fields), body, fields, usage)
    told = _charged(opened[0], told)
    return ResultLine(
        custom_id if isinstance(custom_id, str) else "",
        *opened,
        told.usage,
        raw,
        cache_write_tokens=told.cache_write_tokens,
        answered=_answered(fields),
        usage_note=told.note,
    )


def unfolded(value: object) -> object:
    """JSON inside a JSON string, as some servers write bodies; anything else as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] != "{":
        return value
    found = _parsed(value.encode("utf-8", "replace"))
    return value if found is None else found


def _error_of(value: object) -> dict[str, Any]:
    value = unfolded(value)
    return {"message": value} if isinstance(value, str) and value.strip() else object_of(value)


def _status_of(response: dict[str, Any], fields: dict[str, Any]) -> int:
    """The HTTP status that a line states; where it states none and holds an answer, that of an answer."""
    stated = response.get("status_code")
    if stated is None and (isinstance(fields.get("choices"), list) or isinstance(fields.get("output"), list)):
        return 200
    return _status_code(stated)


def _parsed(line: bytes) -> object:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        pass
    if not _LOOSE.search(line):
        return None
    # A model can write half of a surrogate pair ("\ud83d" alone), and a server NaN for a number that it does not know.
    # The strict parser refuses the line and with it an answer that was paid for. The loose one reads it: the half
    # becomes "?", and NaN null.
    try:
        loose = json.loads(line, parse_constant=lambda _name: None)
        return orjson.loads(json.dumps(loose, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _opened(status_code: int, body: object, fields: dict[str, Any], usage: Usage) -> _Opened:
    """The answer inside a response: HTTP status first, then the endpoint's own ways of saying no."""
    if not 200 <= status_code < 300:
        error = object_of(fields.get("error")) or fields
        if not error and isinstance(body, str):
            error = {"message": body}
        return ResultStatus.FAILED, None, _server_error(error, status_code)
    if isinstance(fields.get("choices"), list):
        return _chat(fields["choices"], usage)
    if isinstance(fields.get("output"), list) or fields.get("object") == "response":
        return _responses(fields, usage)
    if error := object_of(fields.get("error")):
        return ResultStatus.FAILED, None, _server_error(error, status_code)
    return _invalid("no_output", "The response says 200 but holds neither choices nor output.")


def _chat(choices: list[Any], usage: Usage) -> _Opened:
    choice = object_of(choices[0]) if choices else {}
    message = object_of(choice.get("message"))
    finish = choice.get("finish_reason")
    if refusal := text_of(message.get("refusal")):
        return _refused("refusal", refusal)
    if finish == "content_filter":
        return _refused("content_filter", "The provider's content filter stopped the answer.")
    if finish == "length":
        return _truncated(usage)
    return _with_text(_chat_text(message.get("content")), usage)


def _chat_text(content: object) -> str:
    """Message content is text; some compatible servers send it in parts."""
    if isinstance(content, list):
        return "".join(text_of(object_of(part).get("text")) for part in content)
    return text_of(content)


def _responses(fields: dict[str, Any], usage: Usage) -> _Opened:
    status = fields.get("status")
    if error := object_of(fields.get("error")):
        return ResultStatus.FAILED, None, _server_error(error, None)
    reason = object_of(fields.get("incomplete_details")).get("reason")
    if status == "incomplete" and reason == "content_filter":
        return _refused("content_filter", "The provider's content filter stopped the answer.")
    if status == "incomplete":
        return _truncated(usage) if reason in {"max_output_tokens", None} else _invalid("incomplete", str(reason))
    if status in {"failed", "cancelled"}:
        problem = ItemError(str(status), f"The response ended as '{status}' without an error message.", True)
        return ResultStatus.FAILED, None, problem
    texts: list[str] = []
    for item in fields.get("output") or ():
        item = object_of(item)
        if item.get("type") == "refusal":
            return _refused("refusal", text_of(item.get("refusal")))
        for part in items_of(item.get("content")) if item.get("type") == "message" else ():
            part = object_of(part)
            if part.get("type") == "refusal":
                return _refused("refusal", text_of(part.get("refusal")))
            if part.get("type") == "output_text":
                texts.append(text_of(part.get("text")))
    return _with_text("".join(texts), usage)


def _with_text(text: str, usage: Usage) -> _Opened:
    if text.strip():
        return ResultStatus.SUCCEEDED, text, None
    # Reasoning counts against the cap: when it used everything, the answer is empty and nothing else says why.
    if 0 < usage.output_tokens <= usage.reasoning_tokens:
        return _truncated(usage)
    return _invalid("no_text", "The response holds no text.")


def _truncated(usage: Usage) -> _Opened:
    spent = f" after {usage.output_tokens:,} tokens" if usage.output_tokens else ""
    thought = f", {usage.reasoning_tokens:,} of them reasoning" if usage.reasoning_tokens else ""
    message = f"The answer was cut at the output limit{spent}{thought}. Raise max_output_tokens."
    return ResultStatus.TRUNCATED, None, ItemError("max_output_tokens", message, False)


def _refused(code: str, words: str) -> _Opened:
    message = readable(words or "The model refused without saying why.")[:_MESSAGE_CHARACTERS]
    return ResultStatus.REFUSED, None, ItemError(code, message, False)


def _invalid(code: str, message: str) -> _Opened:
    return ResultStatus.INVALID, None, ItemError(code, readable(message)[:_MESSAGE_CHARACTERS], False)


def _server_error(error: dict[str, Any], status_code: int | None) -> ItemError:
    """The server's error object in its own words.

    `status_code` is None where the failure was not an HTTP answer, and 0 where the line claims that none arrived.
    """
    code = text_of(error.get("code")) or text_of(error.get("type"))
    if status_code is None:
        transient = not code or code in _PASSING_CODES
    else:
        passing = status_code in {0, 408, 409, 429} or status_code >= 500
        transient = code in _PASSING_CODES or (passing and code not in _LASTING_CODES)
    code = code or ("no_code" if status_code is None else f"http_{status_code}")
    message = text_of(error.get("message")) or error_words(error).message or "The provider gave no message."
    return ItemError(readable_line(code), readable(message)[:_MESSAGE_CHARACTERS], transient)


def _answered(fields: dict[str, Any]) -> AnsweredBy:
    """Who answered, as the body says. Foreign words: kept short and printable, and believed in nothing else."""
    if isinstance(fields.get("choices"), list):
        endpoint = "chat"
    elif isinstance(fields.get("output"), list) or fields.get("object") == "response":
        endpoint = "responses"
    else:
        return AnsweredBy(simulated=_is_marked(fields))
    return AnsweredBy(
        model=_name(fields.get("model")),
        tier=_name(fields.get("service_tier")),
        endpoint=endpoint,
        simulated=_is_marked(fields),
    )


def _is_marked(fields: dict[str, Any]) -> bool:
    return fields.get("system_fingerprint") == SIMULATED_MARK


def _name(value: object) -> str:
    return readable_line(text_of(value))[:_NAME_CHARACTERS]


def _charged(status: ResultStatus, told: Told) -> Told:
    """What an answer came to: a failure of which nothing is said was not charged, an answer is never free."""
    usage = told.usage
    if usage is None:
        return replace(told, usage=Usage()) if status is ResultStatus.FAILED else told
    written = status in {ResultStatus.SUCCEEDED, ResultStatus.TRUNCATED}
    if written and not (usage.input_tokens and usage.output_tokens):
        nothing = "read" if not usage.input_tokens else "written"
        return Told(None, note=f"an answer for which 0 tokens were {nothing}: it is not known what it came to")
    return told


def _status_code(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 3:
        return int(value)
    return count(value) or 0
