"""A dashboard as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.postgres import free_port
from tests.web.asking import Answer, ask, browser_of

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "http://127.0.0.1:9/v1"
_START_SECONDS = 150.0


class Dashboard:
    """Started on entering, stopped on leaving; what it printed is in `out` and `log`."""

    def __init__(
        self,
        folder: Path,
        *more: str,
        module: Sequence[str] = ("dashboard.shell.server",),
        root: Path = ROOT,
        **environment: str,
    ) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [sys.executable, "-m", *module, "--port", str(self.port), *more]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MOSYCHLOS_", "OPENAI_"))}
        self._environment = {
            **kept,
            "MOSYCHLOS_HOME": str(self.home),
            "OPENAI_BASE_URL": NOWHERE,
            "PYTHONPATH": str(root),
            **environment,
        }

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "out.txt").open("wb") as out, (self.folder / "log.txt").open("wb") as log:
            self.process = subprocess.Popen(
                self._command, cwd=self.folder, env=self._environment, stdout=out, stderr=log
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self.out:
            assert self.process.poll() is None, self.log[-2000:]
            assert time.monotonic() < deadline, f"it did not start: {self.log[-2000:]}"
            time.sleep(0.05)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @property
    def out(self) -> str:
        """What it wrote to stdout, whole lines only."""
        written = (self.folder / "out.txt").read_text("utf-8")
        return written if written.endswith("\n") else ""

    @property
    def log(self) -> str:
        """What it wrote to stderr."""
        return (self.folder / "log.txt").read_text("utf-8", "replace")

    @property
    def printed(self) -> str:
        """The address on the line that begins with `Open: `."""
        (line,) = [line for line in self.out.splitlines() if line.startswith("Open: ")]
        return line.removeprefix("Open: ")

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """One request."""
        return ask(self.url + path, method, body, **headers)

    def browser(self) -> dict[str, str]:
        """Headers of one more browser that was let in."""
        command = [sys.executable, "-m", "core.cli.main", "open", "--port", str(self.port)]
        said = subprocess.run(command, cwd=ROOT, env=self._environment, capture_output=True, text=True, check=True)
        return browser_of(said.stdout.strip().removeprefix("Open: "))
