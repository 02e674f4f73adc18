"""Starts the demo's processes, starts them again when they end, and takes them down together."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

from core.cli import output
from core.errors import MosychlosError

PATIENCE_SECONDS = 90.0
MAX_RESTARTS = 5
GRACE_SECONDS = 15.0


@dataclass
class Child:
    """One process to keep alive."""

    name: str
    command: list[str]
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    restarts: int = field(default=0)

    def launch(self) -> None:
        """Start it; its output goes where ours goes."""
        self.process = subprocess.Popen(self.command, env=self.environment)  # noqa: S603  # our own program, no shell

    @property
    def running(self) -> bool:
        """True while the process lives."""
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Keeps children alive until Ctrl-C or SIGTERM."""

    def __init__(self) -> None:
        self._children: list[Child] = []
        self._stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())

    def start(self, child: Child) -> None:
        """Start a child and watch it from now on."""
        child.launch()
        self._children.append(child)

    @property
    def stopped(self) -> bool:
        """True once somebody asked to stop."""
        return self._stop.is_set()

    def watch(self) -> None:
        """Wait for the end, restarting what falls over.

        Raises:
            MosychlosError: A child fell over too often.
        """
        while not self._stop.wait(0.5):
            for child in self._children:
                if not child.running:
                    self._restart(child)

    def _restart(self, child: Child) -> None:
        child.restarts += 1
        code = child.process.returncode if child.process else None
        if child.restarts > MAX_RESTARTS:
            raise MosychlosError(f"The {child.name} ended {child.restarts} times (last exit code {code}).")
        output.aside(f"The {child.name} ended (exit code {code}); starting it again.")
        child.launch()

    def close(self) -> None:
        """Ask every child to end, the newest first; insist after a while."""
        for child in reversed(self._children):
            if child.running and child.process:
                child.process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for child in self._children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()


def until_healthy(host: str, port: int, what: str, supervisor: Supervisor) -> None:
    """Wait until a server answers `/healthz`: it may take connections long before it has started.

    Raises:
        MosychlosError: Nothing did for a minute and a half, or somebody asked to stop.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and not supervisor.stopped:
        if _healthy(host, port):
            return
        time.sleep(0.1)
    raise MosychlosError(f"{what.capitalize()} did not start on port {port}. Its output above says why.")


def _healthy(host: str, port: int) -> bool:
    asking = HTTPConnection(host, port, timeout=5)
    try:
        asking.request("GET", "/healthz")
        return asking.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        asking.close()
