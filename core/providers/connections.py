"""HTTP connections that outlive a long silence.

A model that thinks sends nothing for minutes, and a router, a firewall or a load balancer in between forgets a
connection on which nothing moves (after 60 to 350 seconds, as a rule): the answer, which is paid for, then never
arrives. TCP's own keep-alive moves something, and tells a peer that is gone from one that is quiet.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any, Final

import httpx2

IDLE_SECONDS: Final = 45
"""Silence after which a first sign of life is sent: less than the shortest memory that is usual in between."""

INTERVAL_SECONDS: Final = 15
SIGNS: Final = 8
"""So many signs without an answer, so far apart, end a connection: two minutes."""

_WANTED: Final = (
    ("TCP_KEEPIDLE", IDLE_SECONDS),  # Linux
    ("TCP_KEEPALIVE", IDLE_SECONDS),  # macOS
    ("TCP_KEEPINTVL", INTERVAL_SECONDS),
    ("TCP_KEEPCNT", SIGNS),
)

KEEP_ALIVE: Final[list[tuple[int, int, int]]] = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *((socket.IPPROTO_TCP, int(getattr(socket, name)), value) for name, value in _WANTED if hasattr(socket, name)),
]
"""Options of every socket, as far as this system has them."""


def keep_alive(request: httpx2.Request) -> None:
    """Have the connection of a request kept alive: to be called for each one before it is sent.

    Set when the connection is made, because the library hands a transport's socket options to direct connections only
    and forgets them for those through a proxy.
    """
    request.extensions["trace"] = _set_options


def _set_options(event: str, info: Mapping[str, Any]) -> None:
    if event.endswith("connect_tcp.complete"):
        made = info["return_value"].get_extra_info("socket")
        for option in KEEP_ALIVE:
            made.setsockopt(*option)
