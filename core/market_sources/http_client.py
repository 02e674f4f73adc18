"""How market data sources are asked over HTTP: slowly enough, for long enough, and without ever showing a key."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx2

from core.domain.readable_text import readable_line
from core.errors import BadSetting, ProviderError, ProviderRefused, ProviderUnreachable
from core.redaction import KEY, redacted
from core.sdk_environment import told_by_name
from core.settings import LOOPBACK, checked_base_url

MAX_ANSWER_BYTES = 64_000_000
"""A company's XBRL facts are up to some 30 MB; nothing that is asked for is larger."""

ATTEMPTS = 3
LONGEST_WAIT_SECONDS = 30.0
_CONNECT_SECONDS = 5.0
_PASSING = frozenset({429, 500, 502, 503, 504})
_LONGEST_MESSAGE = 300
_UNSENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


class TokenBucket:
    """Lets so many calls through a second on average, and `burst` at once after a pause. Shared by threads.

    It knows of this process only: several processes with one key share the source's limit among them.
    """

    def __init__(
        self,
        rate_per_second: float,
        burst: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = rate_per_second
        self._burst = float(burst)
        self._clock = clock
        self._sleep = sleep
        self._tokens = float(burst)
        self._at = clock()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait until a call may be made."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
            self._at = now
            # A token that is not there yet is owed: the next caller waits behind this one.
            self._tokens -= 1
            wait = -self._tokens / self._rate if self._tokens < 0 else 0.0
        if wait > 0:
            self._sleep(wait)


class _KeyInQuery(httpx2.BaseTransport):
    """Adds the key to the address on its way out, behind everything that logs or quotes addresses."""

    def __init__(self, inner: httpx2.BaseTransport, name: str, key: str) -> None:
        self._inner = inner
        self._name = name
        self._key = key

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        keyed = httpx2.Request(
            request.method,
            request.url.copy_merge_params({self._name: self._key}),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return self._inner.handle_request(keyed)

    def close(self) -> None:
        self._inner.close()


class HttpClient:
    """GET requests to one source.

    Redirects are refused: they could carry the key elsewhere. Proxy variables are followed except for this machine. A
    passing failure (429, 5xx, a cut connection) is tried again, after what Retry-After asks for where that is short.

    Args:
        name: What people call the source, for messages.
        setting: The setting that holds the address, for messages.
        base_url: https, or http on loopback.
        bucket: How often it may be asked.
        timeout_seconds: Longest silence in an answer.
        deadline_seconds: Longest time for one whole answer.
        key: Query parameter and key, where the source wants one.
        headers: Sent with every request.
        allow_plain_http: Accept plain http beyond this machine.
        sleep: Waits between attempts.

    Raises:
        BadSetting: The address is not safe to ask.
    """

    def __init__(
        self,
        name: str,
        setting: str,
        base_url: str,
        bucket: TokenBucket,
        *,
        timeout_seconds: float = 20,
        deadline_seconds: float = 120,
        key: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        allow_plain_http: bool = False,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.address = checked_base_url(base_url, allow_plain_http=allow_plain_http, name=setting)
        self._bucket = bucket
        self._deadline = deadline_seconds
        self._key = key[1] if key else ""
        self._sleep = sleep
        self._clock = clock
        local = httpx2.URL(self.address).host in LOOPBACK
        transport: httpx2.BaseTransport | None = None
        if key is not None and (not key[1] or not key[1].isascii() or not key[1].isprintable()):
            raise BadSetting(f"The key for {name} holds characters that no request can carry. Copy it again.")
        with told_by_name():
            if key is not None:
                proxy = None if local else _proxy_for(self.address)
                transport = _KeyInQuery(httpx2.HTTPTransport(proxy=proxy, trust_env=not local), *key)
            self._client = httpx2.Client(
                headers={"accept": "*/*", "user-agent": "Mosychlos", **(headers or {})},
                timeout=httpx2.Timeout(timeout_seconds, connect=min(_CONNECT_SECONDS, timeout_seconds)),
                follow_redirects=False,
                trust_env=not local and transport is None,
                transport=transport,
            )

    def __repr__(self) -> str:
        return f"Door({self.name!r}, {self.address!r})"

    def close(self) -> None:
        """Give back the connections."""
        self._client.close()

    def json(self, path: str, params: Mapping[str, str] | None = None, *, doing: str) -> Any:
        """The answer to a GET, parsed. `doing` completes "could not ..." ("read prices of VTI").

        Raises:
            ProviderError: Also: the answer is no JSON.
        """
        body = self.body(path, params, doing=doing)
        try:
            return json.loads(body, parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise ProviderError(
                f"Could not {doing}: {self.name} answered with success, but not with JSON. Something between here and "
                "there may have answered in its place; check the address and try again."
            ) from None

    def body(self, path: str, params: Mapping[str, str] | None = None, *, doing: str) -> bytes:
        """The body of the answer to a GET.

        Raises:
            ProviderUnreachable: No connection could be made.
            ProviderRefused: A definite no, in the source's words, without the key.
            ProviderError: A redirect, a broken, late or too large answer.
        """
        last: ProviderError | None = None
        for attempt in range(ATTEMPTS):
            self._bucket.take()
            try:
                return self._once(path, params or {}, doing)
            except ProviderRefused as error:
                last = error
                wait = error.retry_after_seconds if error.retry_after_seconds is not None else 2.0**attempt
                if error.status not in _PASSING or wait > LONGEST_WAIT_SECONDS:
                    raise
            except _Cut as error:
                last = ProviderError(str(error))
                wait = 2.0**attempt
            if attempt + 1 < ATTEMPTS:
                self._sleep(wait)
        assert last is not None  # noqa: S101  # the loop ran at least once
        raise last

    def _once(self, path: str, params: Mapping[str, str], doing: str) -> bytes:
        until = self._clock() + self._deadline
        try:
            with self._client.stream("GET", self.address + path, params=params) as response:
                body = self._read(response, until, doing)
        except _UNSENT:
            raise ProviderUnreachable(
                f"Could not {doing}: no connection to {self.name} could be made. Check the network and the address."
            ) from None
        except httpx2.TimeoutException:
            raise _Cut(f"Could not {doing}: {self.name} did not answer in time. Try again later.") from None
        except httpx2.HTTPError as error:
            # Never the exception's own text: it may quote the address.
            raise _Cut(
                f"Could not {doing}: the answer of {self.name} broke off ({type(error).__name__}). Try again later."
            ) from None
        if response.is_redirect:
            raise ProviderError(
                f"Could not {doing}: {self.name} sent a redirect, which is not followed. Check its address in the "
                "settings."
            )
        if response.status_code != httpx2.codes.OK:
            raise self._refusal(response, body, doing)
        return body

    def _read(self, response: httpx2.Response, until: float, doing: str) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise ProviderError(
                    f"Could not {doing}: the answer of {self.name} is larger than {MAX_ANSWER_BYTES:,} bytes."
                )
            if self._clock() > until:
                raise ProviderError(
                    f"Could not {doing}: {self.name} took longer than {self._deadline:.0f} s. Try again later."
                )
        return bytes(body)

    def _refusal(self, response: httpx2.Response, body: bytes, doing: str) -> ProviderRefused:
        status = response.status_code
        said = self._clean(_words(body)) or "no reason was given"
        remedy = ""
        if status in {401, 403}:
            remedy = " Check the key or contact in the settings."
        elif status == 429:
            remedy = " Wait, or ask for less at a time."
        return ProviderRefused(
            f"{self.name} refused to {doing} (HTTP {status}): {said}.{remedy}",
            status=status,
            retry_after_seconds=_retry_after(response.headers),
        )

    def _clean(self, text: str) -> str:
        # Cleaned first: a key with something unseen in it would come together only afterwards.
        plain = readable_line(text).rstrip(".")
        if self._key:
            plain = plain.replace(self._key, KEY)
        plain = redacted(plain)
        return plain if len(plain) <= _LONGEST_MESSAGE else plain[:_LONGEST_MESSAGE] + "…"


class _Cut(Exception):
    """The connection was lost on the way; asking again may help."""


def _proxy_for(address: str) -> httpx2.Proxy | None:
    from urllib.request import getproxies, proxy_bypass

    url = httpx2.URL(address)
    if proxy_bypass(url.host):
        return None
    proxies = getproxies()
    found = proxies.get(url.scheme) or proxies.get("all")
    return httpx2.Proxy(found if "://" in found else f"http://{found}") if found else None


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number")


def _words(body: bytes) -> str:
    """What a refusal says: the message of a JSON error in any of the sources' shapes, or nothing of a web page."""
    try:
        value = json.loads(body[:20_000])
    except (ValueError, RecursionError):
        text = body[:2_000].decode("utf-8", "replace").strip()
        return "" if text.startswith("<") else text
    if isinstance(value, dict):
        for name in ("error_message", "Error Message", "message", "error"):
            if isinstance(value.get(name), str):
                return str(value[name])
    return ""


def _retry_after(headers: httpx2.Headers) -> float | None:
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < 1e6 else None
