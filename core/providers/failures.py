"""What a failed call means for money: surely not sent, surely refused, or nobody knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import openai

from core.errors import ProviderAmbiguous, ProviderError, ProviderRefused, ProviderUnreachable
from core.providers.shapes import Malformed

_UNSENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
"""Causes after which not a byte of the request can have left this machine."""

_DEFINITE = frozenset({400, 401, 403, 404, 422, 429})
"""Statuses by which the API itself says no. Any other one may come from something in between."""

_LONGEST_MESSAGE = 600
_KEY_LIKE = re.compile(r"\bsk-[\w*.-]{3,}")


@contextmanager
def told_apart(doing: str, key: str) -> Iterator[None]:
    """Run a call and turn whatever the SDK raises into one of ours.

    No message carries a request or response body, and the key is cut out even where a server echoes it. The SDK's
    exception is not chained, because its request object holds the key in a header.

    Args:
        doing: Completes "could not ...", such as "create the batch".
        key: The key in use.

    Raises:
        ProviderUnreachable: Proven unsent.
        ProviderRefused: A definite no, in the server's words.
        ProviderAmbiguous: Everything else.
    """
    try:
        yield
    except openai.APIConnectionError as error:
        raise _connection_failure(error, doing) from None
    except openai.APIStatusError as error:
        raise _status_failure(error, doing, key) from None
    except openai.APIError as error:
        # An error event inside a stream: the request was accepted, so it may have been charged.
        raise ProviderAmbiguous(
            f"Could not {doing}: the provider broke off with '{clean(error.message, key)}'."
        ) from None
    except Malformed as error:
        raise ProviderAmbiguous(
            f"Could not {doing}: the provider answered with success, but {error}. "
            "Something between here and the provider may have answered in its place."
        ) from None


def clean(message: str, key: str) -> str:
    """A server's sentence on one line, shortened, with anything that looks like a key cut out."""
    text = " ".join(message.replace(key, "(key)").split())
    text = _KEY_LIKE.sub("(key)", text)
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + "…"


def _connection_failure(error: openai.APIConnectionError, doing: str) -> ProviderError:
    cause = error.__cause__
    what = type(cause).__name__ if cause is not None else type(error).__name__
    if isinstance(cause, _UNSENT):
        return ProviderUnreachable(
            f"Could not {doing}: no connection to {error.request.url.host} could be made ({what}), so nothing was "
            "sent. Check the network and the provider's address; the call may safely be repeated."
        )
    return ProviderAmbiguous(
        f"Could not {doing}: the connection to {error.request.url.host} was lost before the answer came ({what}). "
        "The provider may or may not have done it."
    )


def _status_failure(error: openai.APIStatusError, doing: str, key: str) -> ProviderError:
    status = error.status_code
    reference = f", request {clean(error.request_id, key)}" if error.request_id else ""
    if status not in _DEFINITE or _is_web_page(error.response):
        return ProviderAmbiguous(
            f"Could not {doing}: HTTP {status} came back{reference}, which does not say whether the provider did it."
        )
    body = error.body if isinstance(error.body, dict) else {}
    words = body.get("message")
    said = clean(words, key) if isinstance(words, str) and words.strip() else "no reason was given"
    return ProviderRefused(
        f"The provider refused to {doing} (HTTP {status}{reference}): {said}",
        status=status,
        code=clean(error.code or "", key),
        retry_after_seconds=_retry_after(error.response.headers),
    )


def _is_web_page(response: httpx2.Response) -> bool:
    # A proxy or a login page answers in HTML; the API never does.
    return "html" in response.headers.get("content-type", "").lower()


def _retry_after(headers: httpx2.Headers) -> float | None:
    for name, divisor in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / divisor
        except ValueError:
            continue
        if 0 <= seconds < 1e6:
            return seconds
    return None
