"""What pages offer to take along, and the route that hands it out.

Only the browser that it was offered to gets it, for a ticket of a minute; it is named by its content and kept by nobody
on the way.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Final
from urllib.parse import quote

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse

from core.errors import MosychlosError
from dashboard.shell import closed_door

log = logging.getLogger("mosychlos.dashboard")
audit = logging.getLogger("mosychlos.audit")

PATH: Final = "/download/"
TICKET_SECONDS: Final = 60.0
_MOST: Final = 2_000
"""Offers kept; the one that was drawn longest ago is forgotten first."""
_CHUNK: Final = 1 << 18
_IN_MEMORY: Final = 1 << 20

_MAKERS = ThreadPoolExecutor(2, thread_name_prefix="download")
"""A few at once: an export is work, and pages must go on."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Something to take along; nothing of it exists before somebody asks.

    Attributes:
        name: As the file is called, with its ending; a part of the content's hash is added.
        chunks: Makes the content, piece by piece.
        actor: Who would take it, for the audit line.
    """

    name: str
    media_type: str
    chunks: Callable[[], Iterable[bytes]]
    actor: str


class Offers:
    """Offers by browser, and the tickets that were drawn for them. Safe for threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._offers: dict[tuple[str, str], Offer] = {}
        self._tickets: dict[tuple[str, str], tuple[Offer, float]] = {}
        self._lock = threading.Lock()

    def put(self, session: str, place: str, offer: Offer) -> str:
        """Offer something to one browser; the same place on the same page keeps its word.

        Args:
            session: The browser's session; nobody else is given the offer.
            place: Where it stands, unique in the session.
        """
        word = hashlib.blake2b(f"{session}|{place}".encode(), key=self._secret, digest_size=18).hexdigest()
        with self._lock:
            self._offers.pop((session, word), None)
            self._offers[session, word] = offer
            while len(self._offers) > _MOST:
                del self._offers[next(iter(self._offers))]
        return word

    def find(self, session: str, word: str) -> Offer | None:
        """An offer to this browser."""
        with self._lock:
            return self._offers.get((session, word))

    def draw(self, session: str, offer: Offer) -> str:
        """A ticket for one download, good for `TICKET_SECONDS`."""
        ticket, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            self._tickets = {key: one for key, one in self._tickets.items() if one[1] > now}
            self._tickets[session, ticket] = (offer, now + TICKET_SECONDS)
        return ticket

    def redeem(self, session: str, ticket: str) -> Offer | None:
        """The offer of a ticket that this browser drew, once and in time."""
        with self._lock:
            offer, end = self._tickets.pop((session, ticket), (None, 0.0))
        return offer if end > self._clock() else None


OFFERS = Offers()
"""Of this process: pages put offers in, the route below takes them out."""


async def download(request: Request) -> Response:
    """GET of an offer draws a ticket and leads to it; GET of the ticket streams the content."""
    if request.method != "GET":
        return PlainTextResponse("Method not allowed", 405, {"allow": "GET"})
    session, word = request.scope["mosychlos.session"], request.path_params["word"]
    offered = OFFERS.find(session, word)
    if offered is not None:
        base = request.scope.get("root_path", "")
        return RedirectResponse(f"{base}{PATH}{OFFERS.draw(session, offered)}", 303, {"cache-control": "no-store"})
    offer = OFFERS.redeem(session, word)
    if offer is None:
        return closed_door.told(404, "This download is over", "Go back to the page, reload it and press again.")
    try:
        made = await asyncio.get_running_loop().run_in_executor(_MAKERS, _make, offer)
    except MosychlosError as error:
        return closed_door.told(409, "This could not be done", str(error))
    except Exception:  # the last door of an export: logged whole, and said in one sentence
        log.exception("the download '%s' failed", offer.name)
        return closed_door.told(500, "The file could not be made", "The dashboard's log says why.")
    return _streamed(offer, made, session)


@dataclass(frozen=True, slots=True)
class _Made:
    file: IO[bytes]
    size: int
    digest: bytes


def _make(offer: Offer) -> _Made:
    """The whole content in a file without a name, because its name and the audit line come before its first byte."""
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  # closed when the last byte is sent
    digest, size = hashlib.sha256(), 0
    try:
        for chunk in offer.chunks():
            digest.update(chunk)
            size += file.write(chunk)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return _Made(file, size, digest.digest())


def _streamed(offer: Offer, made: _Made, session: str) -> Response:
    name = hashed_name(offer.name, made.digest)
    told = {"actor": offer.actor, "browser": session[:12], "file": name, "bytes": made.size}
    audit.info("download %s", orjson.dumps({**told, "sha256": made.digest.hex()}).decode())
    return StreamingResponse(
        _pieces(made.file),
        headers={
            "content-type": offer.media_type,
            "content-length": str(made.size),
            "content-disposition": disposition(name),
            "repr-digest": f"sha-256=:{base64.b64encode(made.digest).decode()}:",
            "cache-control": "no-store",
        },
    )


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_CHUNK):
            yield piece


def hashed_name(name: str, digest: bytes) -> str:
    """`job.json` becomes `job.1f2e3d4c5b6a.json`: two contents never come under one name."""
    path = PurePosixPath(name)
    return f"{path.stem}.{digest.hex()[:12]}{path.suffix}"


def disposition(name: str) -> str:
    """A Content-Disposition for any file name: RFC 6266, the exact name in RFC 8187's form beside an ASCII one."""
    plain = "".join(sign if sign.isascii() and sign.isprintable() and sign not in '"\\/%' else "_" for sign in name)
    exact = "".join(sign if sign.isprintable() and sign not in "/\\" else "_" for sign in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(exact, safe='', errors='replace')}"
