"""A whole installation on this machine: dashboard, worker and local provider, each a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

from core.guard.entrance import published
from tests.local_provider import LocalProvider

_ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 60.0
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Installation:
    """Started on entering, stopped on leaving; what the processes wrote is in `log`."""

    def __init__(self, home: Path, *, worker: bool = True, speed: float = 3000) -> None:
        self.home = home
        self.speed = speed
        self.with_worker = worker
        self.provider = LocalProvider(home / "provider")
        self.port = _free_port()
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        """Where the dashboard is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def entrance(self) -> str:
        """An address that lets one more browser in."""
        return published(self.home, self.port).fresh(time.time())

    @property
    def log(self) -> str:
        """Everything that dashboard and worker wrote."""
        return "\n".join(path.read_text("utf-8", "replace") for path in sorted(self.home.glob("*.log")))

    def __enter__(self) -> Self:
        self.provider.start(speed=self.speed)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MOSYCHLOS_", "OPENAI_"))}
        settings = {
            **kept,
            "MOSYCHLOS_HOME": str(self.home),
            "OPENAI_BASE_URL": self.provider.base_url,
            "MOSYCHLOS_POLL_SECONDS": "0.5",
        }
        self._start("dashboard", ["dashboard.shell.server", "--port", str(self.port)], settings)
        self._until_healthy()
        if self.with_worker:
            self._start("worker", ["core.cli.main", "worker"], {**settings, "OPENAI_API_KEY": "sk-test"})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._processes):
            process.send_signal(signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.provider.stop()

    def _start(self, name: str, module: list[str], environment: dict[str, str]) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / f"{name}.log").open("ab") as log:
            # Any folder will do: the dashboard finds its own settings.
            self._processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", *module],
                    cwd=_ROOT if name == "worker" else self.home,
                    env={**environment, "PYTHONPATH": str(_ROOT)},
                    stdout=log,
                    stderr=log,
                )
            )

    def _until_healthy(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._processes[0].poll() is not None:
                raise RuntimeError(f"the dashboard ended:\n{self.log[-2000:]}")
            try:
                with _OPENER.open(f"{self.url}/healthz", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"the dashboard did not answer within {_START_SECONDS:.0f} s:\n{self.log[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
