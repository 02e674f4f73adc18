"""Asks a dashboard as a browser would, or as whoever is none."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect


@dataclass(frozen=True)
class Answer:
    """What came back; names of headers are in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def ask(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    """One request, redirects not followed; an underscore in a header's name is a dash."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=60)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path or "/", body, {name.replace("_", "-"): one for name, one in headers.items()})
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, answer.read())
    finally:
        connection.close()


def browser_of(address: str) -> dict[str, str]:
    """Headers of a browser that opened a printed address: its cookie, and the origin of the page that it shows."""
    answer = ask(address)
    assert answer.status == 303, answer.text
    parts = urlsplit(address)
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0], "Origin": f"{parts.scheme}://{parts.netloc}"}


def stream(url: str, headers: dict[str, str], **more: object) -> ClientConnection:
    """The WebSocket of Streamlit's page."""
    parts = urlsplit(url)
    return connect(
        f"ws://{parts.netloc}{parts.path}/_stcore/stream",
        subprotocols=["streamlit"],  # type: ignore[list-item]
        additional_headers=headers,
        max_size=None,
        proxy=None,
        open_timeout=60,
        **more,  # type: ignore[arg-type]
    )


def run_of(browser: ClientConnection, page: str = "", query: str = "") -> list[ForwardMsg]:
    """Everything that one run of a page sends."""
    wish = BackMsg()
    wish.rerun_script.query_string = query
    wish.rerun_script.page_name = page
    browser.send(wish.SerializeToString())
    told: list[ForwardMsg] = []
    while not told or told[-1].WhichOneof("type") != "script_finished":
        data = browser.recv(timeout=60)
        told.append(ForwardMsg.FromString(data if isinstance(data, bytes) else data.encode()))
    return told
