"""Runs the local server until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from core import private_files
from core.errors import BadInput
from core.simulator import faults as fault_files
from core.simulator.app import build
from core.simulator.batches import Works
from core.simulator.store import SimulatorStore

_LOG = logging.getLogger(__name__)


def serve(
    port: int,
    *,
    speed: float = 1,
    faults: Path | None = None,
    home: Path | None = None,
    host: str = "127.0.0.1",
    port_file: Path | None = None,
    control: bool = False,
) -> None:
    """Serve until interrupted. The API's base URL is then http://HOST:PORT/v1; any key is taken.

    Args:
        port: 0 lets the system choose.
        speed: Pretended seconds per real second; see `core.simulator.batches` for the pace.
        faults: A fault file; see `core.simulator.faults`.
        home: Where files and batches are kept; a server started again there goes on. None keeps them in a folder
            that is removed at the end.
        port_file: Written with the port once the server listens.
        control: Let requests to /_local read the counts and set the faults.

    Raises:
        BadInput: The fault file or the speed cannot be used, or the port is taken.
    """
    if not 0 < speed <= 1e9:
        raise BadInput(f"The speed is {speed:g}; it must be a number above 0.")
    plan = fault_files.read(faults) if faults is not None else fault_files.Faults()
    listener = _listen(host, port)
    if home is None:
        with tempfile.TemporaryDirectory(prefix="mosychlos-provider-") as folder:
            _run(listener, Path(folder), plan, speed, port_file, control=control)
    else:
        _run(listener, home, plan, speed, port_file, control=control)


def _run(
    listener: socket.socket,
    home: Path,
    plan: fault_files.Faults,
    speed: float,
    port_file: Path | None,
    *,
    control: bool,
) -> None:
    store = SimulatorStore(home)
    works = Works(store, plan, speed)
    app = build(store, works, speed, control=control)
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    host, port = listener.getsockname()[:2]
    if port_file is not None:
        _write_port(port_file, port)
    _LOG.info("the local provider listens on http://%s:%s/v1", host, port)
    if threading.current_thread() is threading.main_thread():
        # A polite end request must still stop the work and remove a temporary folder.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    works.start()
    try:
        asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))
    finally:
        works.stop()


def _write_port(path: Path, port: int) -> None:
    """Leave the port where the caller wants it; only what an earlier start left there is replaced.

    Raises:
        BadInput: Something else stands there.
    """
    ours = path.is_file() and not path.is_symlink() and (path.read_bytes()[:7] or b"0").isdigit()
    if (path.exists() or path.is_symlink()) and not ours:
        raise BadInput(f"'{path}' exists and holds no port, so it is left as it is. Choose another --port-file.")
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    private_files.create(fresh)
    fresh.write_text(str(port), "ascii")
    fresh.replace(path)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only for sockets that name their protocol; on, each answer takes 40 ms more.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise BadInput(f"Port {port} on {host} cannot be used: {error.strerror}. Choose another with --port.") from None
    listener.listen(128)
    return listener


class _Protocol(H11Protocol):
    """Lets a fault reach the connection itself."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        app: Any = self.config.loaded_app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope["transport"] = transport
            await app(scope, receive, send)

        self.app = with_transport
