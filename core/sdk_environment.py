"""Variables that libraries read from the environment by themselves, checked as our own settings are.

Unchecked, a proxy that the HTTP library does not speak or a certificate file that is gone ends in a traceback that
names neither the variable nor the file.
"""

from __future__ import annotations

import logging
import os
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import BadSetting
from core.redaction import know, know_password, masked_url, redacted

PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: `check` says what is wrong with a value, in words that follow "it", or None."""

    name: str
    check: Callable[[str], str | None]
    secret: bool = False

    def shown(self, text: str) -> str:
        """A value as people may see it."""
        return "(set)" if self.secret else masked_url(text)


def _proxy(text: str) -> str | None:
    allowed = "must be an address such as http://host:8080 or socks5://host:1080"
    url = _with_known_scheme(text)
    try:
        parts = urlsplit(url)
        whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if not whole or not text.isprintable() or " " in text:
        return allowed
    return None if parts.scheme in PROXY_SCHEMES else f"{allowed}; {parts.scheme} is not spoken here"


def _with_known_scheme(text: str) -> str:
    """A proxy's address as the HTTP library reads it: socks:// (written by desktops) means version 5."""
    if text.lower().startswith("socks://"):
        return "socks5" + text[len("socks") :]
    return text if "://" in text else f"http://{text}"


def _no_proxy(text: str) -> str | None:
    return None if text.isprintable() else "must be names of hosts with commas between them"


def _certificates(text: str) -> str | None:
    file = Path(text)
    if not file.is_file():
        return "names a file of certificates that is not there"
    now = file.stat()
    if _readable(text, now.st_mtime_ns, now.st_size):
        return None
    return "names a file in which no certificate (PEM) can be read"


@lru_cache(maxsize=8)
def _readable(text: str, _changed: int, _size: int) -> bool:
    """Whether certificates can be read from a file. A hundred take 50 ms, and several variables name one file."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=text)
    except OSError:
        return False
    return True


def _certificate_folder(text: str) -> str | None:
    there = any(Path(part).is_dir() for part in text.split(os.pathsep) if part)
    return None if there else "names a folder of certificates that is not there"


def _bundle(text: str) -> str | None:
    return _certificate_folder(text) if Path(text).is_dir() else _certificates(text)


def _key_log(text: str) -> str | None:
    return None if os.access(Path(text).absolute().parent, os.W_OK) else "names a file that cannot be written"


def _sendable(text: str) -> str | None:
    if text.isascii() and text.isprintable() and " " not in text.strip():
        return None
    return "holds characters that no request can carry; copy it again"


def _headers(text: str) -> str | None:
    for line in filter(str.strip, text.split("\n")):
        name, colon, value = line.strip().partition(":")
        if (
            not colon
            or not re.fullmatch(r"[A-Za-z0-9_-]+", name.strip())
            or not (value.isascii() and value.isprintable())
        ):
            return "must hold lines such as Name: value"
        if not value.strip():
            return f"names the header '{name.strip()}' and gives it no value"
        if name.strip().casefold() == "authorization":
            return "names the header Authorization, in which the key is sent: another key than yours would go out"
    return None


def _one_of(*words: str) -> Callable[[str], str | None]:
    def check(text: str) -> str | None:
        return None if text.lower() in words else f"must be one of {', '.join(words)}"

    return check


def _level(text: str) -> str | None:
    names = logging.getLevelNamesMapping()
    return None if text.upper() in names else f"must be one of {', '.join(names)}"


def _no_cloud(text: str) -> str | None:
    return "makes the engine take its database from somewhere else" if text.lower() == "true" else None


_PROXIES = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY")

VARIABLES: tuple[Variable, ...] = (
    *(Variable(name, _proxy) for one in _PROXIES for name in (one.lower(), one)),
    *(Variable(name, _no_proxy) for name in ("no_proxy", "NO_PROXY")),
    Variable("SSL_CERT_FILE", _certificates),
    Variable("SSL_CERT_DIR", _certificate_folder),
    Variable("REQUESTS_CA_BUNDLE", _bundle),
    Variable("CURL_CA_BUNDLE", _bundle),
    Variable("SSLKEYLOGFILE", _key_log),
    Variable("OPENAI_ORG_ID", _sendable),
    Variable("OPENAI_PROJECT_ID", _sendable),
    Variable("OPENAI_ADMIN_KEY", _sendable, secret=True),
    Variable("OPENAI_WEBHOOK_SECRET", _sendable, secret=True),
    Variable("OPENAI_CUSTOM_HEADERS", _headers, secret=True),
    Variable("OPENAI_LOG", _one_of("debug", "info")),
    Variable("LOGLEVEL", _level),
    Variable("DBOS__CLOUD", _no_cloud),
)
"""The variables that are checked; an empty one counts as unset."""


def check(environment: Mapping[str, str]) -> None:
    """Check those that are set, and remember what of them is secret.

    Raises:
        BadSetting: Names the variable, its value (masked) and the remedy.
    """
    for one in VARIABLES:
        text = environment.get(one.name, "")
        if not text:
            continue
        know_password(text)
        if one.secret:
            know(*(line.partition(":")[2] or line for line in text.split("\n")))
        wrong = one.check(text)
        if wrong is not None:
            raise BadSetting(
                f"{one.name} is {one.shown(text)!r}: it {redacted(wrong)}. Correct it, or take it away with: "
                f"unset {one.name}"
            )


@contextmanager
def told_by_name() -> Iterator[None]:
    """Prepare a connection; what a library makes of these variables then fails with their names.

    Raises:
        BadSetting: It could not be prepared.
    """
    try:
        yield
    except (ValueError, ImportError, OSError) as error:
        names = ", ".join(one.name for one in VARIABLES if os.environ.get(one.name)) or "none of them is set"
        raise BadSetting(
            f"A connection cannot be prepared: {redacted(str(error))}. Check the address, and the variables that the "
            f"library reads by itself ({names})."
        ) from None


def settled(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables that must read otherwise for the libraries that read them: proxies written as socks://."""
    proxies = {name: environment[name] for one in _PROXIES for name in (one.lower(), one) if environment.get(name)}
    return {name: _with_known_scheme(text) for name, text in proxies.items() if "socks://" in text.lower()}


def shown(environment: Mapping[str, str]) -> dict[str, str]:
    """Those that are set, as people may see them."""
    return {one.name: one.shown(environment[one.name]) for one in VARIABLES if environment.get(one.name)}
