"""Cuts secrets out of text that is shown, logged or stored: of addresses, and of whatever strangers wrote.

Servers echo the key they were sent, libraries quote addresses with passwords, people paste keys into files. So foreign
text passes `redacted` where it enters the store or the log, and every address is shown through `masked_url`.
All patterns take time in proportion to the text, however hostile it is.
"""

from __future__ import annotations

import logging
import mmap
import re
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

HIDDEN = "(hidden)"
KEY = "(key)"

_SHORTEST = 8
_WORDS = frozenset({"changeme", "database", "lm-studio", "mosychlos", "password", "postgres", "postgresql"})
"""What is shorter, or set out of habit, is not cut out everywhere: words would go with it."""

_NAMES = (
    r"(?:x[-_])?(?:[a-z]{0,20}[-_])?(?:api[-_]?key|access[-_]?key|secret[-_]?key|private[-_]?key|apikey|token|secret|"
    r"passw(?:or)?d|passwd|pwd|signature|credentials?|session[-_]?id)"
)

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[A-Za-z0-9+/=\s\\]*(?:-----END [A-Z ]{0,30}KEY-----)?"), KEY),
    # The whole value of the header that carries a key, whichever scheme it names.
    (re.compile(r"(?i)\b((?:proxy-)?authorization[\"']?\s?[:=]\s?[\"']?)(?:[a-z]{1,12}\s+)?[^\s\"',;}]+"), rf"\1{KEY}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=*-]{6,}"), rf"\1 {KEY}"),
    # What providers, clouds and code hosts call their keys.
    (
        re.compile(
            r"\b(?:sk[-_]|[rp]k_(?:live|test)_|sess-|whsec_|gsk_|pplx-|hf_|glpat-|gh[oprsu]_|xox[abeprs]-)[\w*.-]{3,}"
        ),
        KEY,
    ),
    (re.compile(r"\bgithub_pat_\w{10,}"), KEY),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}"), KEY),
    (re.compile(r"\bAIza[\w-]{20,}"), KEY),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?"), KEY),
    (
        re.compile(
            r"(?i)\b((?:x-|ocp-)?(?:api-key|auth-token|goog-api-key|apim-subscription-key|cookie)\s?:\s?)[^\s\"',}]+"
        ),
        rf"\1{KEY}",
    ),
    # name=value and "name": "value", in addresses, JSON, headers and connection strings.
    (re.compile(rf"(?i)\b({_NAMES})([\"']?\s?[=:]\s?)\"[^\"]*\""), rf'\1\2"{HIDDEN}"'),
    (re.compile(rf"(?i)\b({_NAMES})([\"']?\s?[=:]\s?)'[^']*'"), rf"\1\2'{HIDDEN}'"),
    (re.compile(rf"(?i)\b({_NAMES})(=|%3D)(?![\"'(])[^\s&;,\"'<>}})]+"), rf"\1\2{HIDDEN}"),
    (re.compile(r"([?&](?:key|sig|auth|code)=)[^\s&#\"'<>]+"), rf"\1{HIDDEN}"),
    # user:password@ in an address; the password may itself hold an @.
    (re.compile(r"(\b[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s/:@\"'<>]{0,200}):[^\s/\"'<>]{1,300}@"), rf"\1:{HIDDEN}@"),
)

_PARAMETER = re.compile(r"(?i)key|token|secret|pass|pwd|sig|auth|code|credential|session")
_RANDOM = re.compile(r"(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{20,}")

_known: set[str] = set()


def know(*secrets: str | None) -> None:
    """Remember secrets of this process: they are cut out wherever they turn up, whatever they look like."""
    for secret in secrets:
        text = (secret or "").strip()
        if len(text) >= _SHORTEST and text.lower() not in _WORDS:
            _known.update({text, quote(text, safe=""), unquote(text)})


def know_password(url: str | None) -> None:
    """Remember the password in an address."""
    _, _, rest = (url or "").partition("://")
    user_info = rest.rpartition("@")[0]
    if ":" in user_info:
        know(user_info.partition(":")[2])


def without_known(text: str) -> str:
    """Text without this process's own secrets, and otherwise as it is: quick enough for text of any length."""
    for secret in _known:
        if secret in text:
            text = text.replace(secret, KEY)
    return text


def without_known_bytes(data: bytes) -> bytes:
    """The same for bytes."""
    for secret in _known:
        raw = secret.encode()
        if raw in data:
            data = data.replace(raw, KEY.encode())
    return data


def redacted(text: str) -> str:
    """Foreign text without anything that looks like a key or password. Twice is the same as once."""
    text = without_known(text)
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text


def redacted_tree(value: Any, clean: Callable[[str], str] = redacted) -> Any:
    """The same for every text in a JSON value, names included."""
    match value:
        case str():
            return clean(value)
        case dict():
            return {clean(str(name)): redacted_tree(one, clean) for name, one in value.items()}
        case list() | tuple():
            return [redacted_tree(one, clean) for one in value]
        case _:
            return value


def blot_out(path: Path) -> None:
    """Overwrite this process's own secrets in a file with stars: its size, and every place in it, stay as they are."""
    if not _known or not path.stat().st_size:
        return
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        for secret in _known:
            raw = secret.encode()
            at = content.find(raw)
            while at >= 0:
                content[at : at + len(raw)] = b"*" * len(raw)
                at = content.find(raw, at + len(raw))


def masked_url(text: str) -> str:
    """An address as it may be shown: without password, and without the values of what looks like a key.

    "https://host/x?key=abc&a=1" reads "https://host/x?key=(hidden)&a=1". What is no address is returned redacted.
    """
    scheme, colon, rest = text.partition("://")
    if not colon:
        return redacted(text)
    user_info, at, rest = rest.rpartition("@")
    user, secret, _ = user_info.partition(":")
    shown_user = f"{user}:{HIDDEN}@" if secret else f"{HIDDEN if _RANDOM.fullmatch(user) else user}{at}"
    rest, hash_, fragment = rest.partition("#")
    place, mark, query = rest.partition("?")
    host, slash, path = place.partition("/")
    path = "/".join(HIDDEN if _RANDOM.fullmatch(part) else part for part in path.split("/"))
    parts = mark + _masked_query(query), hash_ + _masked_query(fragment)
    return without_known(f"{scheme}://{shown_user}{host}{slash}{path}{''.join(parts)}")


def _masked_query(query: str) -> str:
    shown = []
    for part in query.split("&"):
        name, equals, value = part.partition("=")
        hide = (equals and _PARAMETER.search(name)) or _RANDOM.fullmatch(value or name)
        shown.append(f"{name}={HIDDEN}" if hide and equals else HIDDEN if hide else part)
    return "&".join(shown)


def guard_logs() -> None:
    """Redact every record of every logger of this process, and their tracebacks, whoever writes them out."""
    make = logging.getLogRecordFactory()
    if getattr(make, "redacts", False):
        return

    def record(*args: Any, **more: Any) -> logging.LogRecord:
        made = make(*args, **more)
        made.msg = redacted(str(made.msg))
        made.args = _clean_arguments(made.args)
        if made.exc_info and made.exc_info[0] is not None:
            # Formatters write what stands here instead of the exception.
            made.exc_text = redacted("".join(traceback.format_exception(*made.exc_info)).rstrip("\n"))
        return made

    record.redacts = True  # type: ignore[attr-defined]  # so that it is put in place once
    logging.setLogRecordFactory(record)


def _clean_arguments(args: Any) -> Any:
    if isinstance(args, Mapping):
        return {name: _clean_argument(value) for name, value in args.items()}
    if isinstance(args, Iterable):
        return tuple(_clean_argument(value) for value in args)
    return args


def _clean_argument(value: Any) -> Any:
    if value is None or isinstance(value, int | float):
        return value
    text = str(value)
    clean = redacted(text)
    return value if clean == text else clean
