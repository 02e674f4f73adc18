"""What a server says is wrong, in whichever of the usual shapes it says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

_MESSAGES: Final = ("message", "msg", "detail", "error_description", "title", "reason")
_PLACES: Final = frozenset({"body", "query", "path", "form"})
_MOST: Final = 5
_DEEPEST: Final = 4


@dataclass(frozen=True, slots=True)
class ErrorWords:
    """An error as a server words it; each part is "" where it says nothing.

    Attributes:
        code: Its own code; `kind`: the kind of error it names.
        param: The parameter at fault, as a path such as "body.stream" without its first part.
    """

    message: str = ""
    code: str = ""
    kind: str = ""
    param: str = ""


def error_words(document: object) -> ErrorWords:
    """The words in an error document: OpenAI's, FastAPI's `detail` (text, object or list), a bare text, or a list.

    {"detail": [{"loc": ["body", "model"], "msg": "Field required", "type": "missing"}]} reads "model: Field required".
    """
    return _words(document, 0)


def _words(value: object, depth: int) -> ErrorWords:
    if depth > _DEEPEST:
        return ErrorWords()
    if isinstance(value, str):
        return ErrorWords(value.strip())
    if isinstance(value, list):
        return _of_list(value, depth)
    if not isinstance(value, Mapping):
        return ErrorWords()
    own = ErrorWords("", _plain(value.get("code")), _plain(value.get("type")), _param(value))
    for inner in _inner(value):
        found = _words(inner, depth + 1)
        if found.message:
            return ErrorWords(
                _placed(value, found.message),
                own.code or found.code,
                own.kind or found.kind,
                own.param or found.param,
            )
    return own


def _inner(value: Mapping[str, Any]) -> Iterator[object]:
    """Where the words may stand, the usual place first."""
    for name in ("error", *_MESSAGES, "errors"):
        if value.get(name):
            yield value[name]


def _of_list(items: list[Any], depth: int) -> ErrorWords:
    found = [words for item in items[:_MOST] if (words := _words(item, depth + 1)).message]
    more = f"; and {len(items) - _MOST} more" if len(items) > _MOST else ""
    if not found:
        return ErrorWords()
    return replace(found[0], message="; ".join(words.message for words in found) + more)


def _placed(value: Mapping[str, Any], message: str) -> str:
    place = _place(value.get("loc"))
    return f"{place}: {message}" if place else message


def _param(value: Mapping[str, Any]) -> str:
    return _plain(value.get("param")) or _place(value.get("loc"))


def _place(loc: object) -> str:
    if not isinstance(loc, list | tuple):
        return ""
    parts = [_plain(part) for part in loc]
    return ".".join(parts[1:] if parts[:1] and parts[0] in _PLACES else parts)


def _plain(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ""
