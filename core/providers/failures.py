"""What a failed call means for money: surely not sent, surely refused, or nobody knows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Final

import httpx2
import openai

from core.domain.readable_text import readable_line
from core.errors import ProviderAmbiguous, ProviderError, ProviderRefused, ProviderUnfit, ProviderUnreachable
from core.llm.error_words import ErrorWords, error_words
from core.providers.shapes import Malformed
from core.redaction import KEY, redacted

_UNSENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
"""Causes after which not a byte of the request can have left this machine."""

_DEFINITE = frozenset({400, 401, 403, 404, 405, 422, 429, 501})
"""Statuses by which the API itself says no. Any other one may come from something in between."""

_NO_SUCH_PLACE = frozenset({404, 405, 501})
"""Statuses of a server that has nothing at this address, or not for this verb: then nothing can have been done."""

_OF_A_PAGE = _NO_SUCH_PLACE | {401, 403}
"""Statuses with which a web page is a no as well: whoever sends them has not passed the request on."""

_ROUTE_WORDS: Final = re.compile(
    r"(?:error:? ?)?(?:404:? ?)?(?:page |resource |route |endpoint |path |url )?not found\.?"
    r"|(?:invalid|unknown|unrecognized|unsupported) (?:request )?(?:url|path|route|endpoint).*"
    r"|cannot (?:get|post|put|delete) /.*"
    r"|no (?:such )?(?:route|endpoint|path|url).*"
    r"|method not allowed\.?|",
    re.IGNORECASE,
)
"""What servers say of an address that leads nowhere, in contrast to an object that is not there."""


class CallTarget(Enum):
    """What a call's address stands for, which decides what a 404 means."""

    PLACE = "a list, an upload: an address that names no object"
    OBJECT = "an address that names an object, which may be gone"
    PAID = "what costs money: only a server that has nothing there proves that nothing was done"


_LONGEST_MESSAGE = 600


@contextmanager
def told_apart(doing: str, key: str, call: CallTarget = CallTarget.OBJECT) -> Iterator[None]:
    """Run a call and turn whatever the SDK raises into one of ours.

    No message carries a request or response body, and the key is cut out even where a server echoes it. The SDK's
    exception is not chained, because its request object holds the key in a header.

    Args:
        doing: Completes "could not ...", such as "create the batch".
        key: The key in use.
        call: What its address stands for.

    Raises:
        ProviderUnreachable: Proven unsent.
        ProviderUnfit: There is no such place: a verdict on the address or the server.
        ProviderRefused: A definite no, in the server's words.
        ProviderAmbiguous: Everything else.
    """
    try:
        yield
    except openai.APIConnectionError as error:
        raise _connection_failure(error, doing) from None
    except openai.APIStatusError as error:
        raise _status_failure(error, doing, key, call) from None
    except openai.APIError as error:
        # An error event inside a stream: the request was accepted, so it may have been charged.
        raise ProviderAmbiguous(
            f"Could not {doing}: the provider broke off with '{clean(error.message, key)}'."
        ) from None
    except Malformed as error:
        raise ProviderAmbiguous(
            f"Could not {doing}: the provider answered with success, but {clean(str(error), key)}. "
            "Something between here and the provider may have answered in its place."
        ) from None


def clean(message: str, key: str) -> str:
    """A server's sentence on one line, shortened, with anything that looks like a key cut out."""
    # Cleaned first: a key with something unseen in it would come together only afterwards.
    text = redacted(readable_line(message).replace(key, KEY))
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
        f"The provider may or may not have done it.{_longer(doing, what)}"
    )


def _longer(doing: str, what: str) -> str:
    slow = doing == "get an answer" and "Timeout" in what
    return " A model that thinks longer needs a larger MOSYCHLOS_ANSWER_TIMEOUT_SECONDS." if slow else ""


def _status_failure(error: openai.APIStatusError, doing: str, key: str, call: CallTarget) -> ProviderError:
    status, page = error.status_code, is_web_page(error.response)
    reference = f", request {clean(error.request_id, key)}" if error.request_id else ""
    words = ErrorWords() if page else _words(error.response)
    said = clean(words.message, key) or ("a web page came" if page else "no reason was given")
    if _is_elsewhere(status, page, words, call):
        return ProviderUnfit(
            f"Could not {doing}: the address answers (HTTP {status}{reference}: {said}), but has no "
            f"{error.request.url.path} for this. {_remedy(error.response)}",
            status=status,
            code=clean(words.code, key),
        )
    if status not in _DEFINITE or (page and status not in _OF_A_PAGE):
        return ProviderAmbiguous(
            f"Could not {doing}: HTTP {status} came back{reference}, which does not say whether the provider did it."
        )
    return ProviderRefused(
        f"The provider refused to {doing} (HTTP {status}{reference}): {said}",
        status=status,
        code=clean(words.code, key),
        param=clean(words.param, key),
        retry_after_seconds=_retry_after(error.response.headers),
    )


def _is_elsewhere(status: int, page: bool, words: ErrorWords, call: CallTarget) -> bool:
    """Whether an answer says that the address is wrong, or that the server cannot do this at all."""
    if 300 <= status < 400:
        return call is not CallTarget.PAID  # it may lead to what was made
    if status in {405, 501}:
        return True
    if page and 400 <= status < 500:
        return call is CallTarget.PLACE or status == 404
    if status != 404 or call is CallTarget.OBJECT:
        return False
    # What is missing may be the model or the input file; only of those does a create or a question speak.
    missing = f"{words.message} {words.code} {words.param}".lower()
    return call is CallTarget.PLACE or not ("model" in missing or "file" in missing)


def leads_nowhere(error: openai.APIStatusError) -> bool:
    """Whether a 404 speaks of the address rather than of the object that it names."""
    return is_web_page(error.response) or _ROUTE_WORDS.fullmatch(_words(error.response).message) is not None


def _remedy(response: httpx2.Response) -> str:
    place = response.request.url
    if 300 <= response.status_code < 400:
        return f"It sends to '{_plain_place(response)}': check http and https, and whether a sign-in stands in between."
    if not re.search(r"/v\d", place.path):
        return f"The address {place.host}{place.path} has no version: does OPENAI_BASE_URL lack /v1 at its end?"
    return "Check OPENAI_BASE_URL, and whether this server offers files and batches."


def _plain_place(response: httpx2.Response) -> str:
    """Where a redirect leads, without what may be secret in its query."""
    return response.headers.get("location", "").partition("?")[0][:200]


def _words(response: httpx2.Response) -> ErrorWords:
    try:
        return error_words(json.loads(response.content))
    except (ValueError, RecursionError):
        return ErrorWords(response.text.strip() if len(response.content) < _LONGEST_MESSAGE else "")


def is_web_page(response: httpx2.Response) -> bool:
    """Whether a proxy or a login page answered in HTML; the API never does."""
    return "html" in response.headers.get("content-type", "").lower() or response.content[:15].lstrip()[:1] == b"<"


def _retry_after(headers: httpx2.Headers) -> float | None:
    for name, divisor in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / divisor
        except ValueError:
            continue
        if 0 <= seconds < 1e6:
            return seconds
    return None
