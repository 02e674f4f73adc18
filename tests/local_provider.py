"""The local server as a process of its own, for tests that need a provider.

provider = LocalProvider(tmp_path)
provider.start(faults={"http": {"POST /v1/batches": {1: "drop_after"}}}, speed=100_000)
... OpenAIProvider("sk-test", provider.base_url) ...
provider.kill(); provider.start()       # the same home, the same port: it goes on
provider.stop()
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_ROOT = Path(__file__).resolve().parent.parent
_START_SECONDS = 30.0


class LocalProvider:
    """One server on 127.0.0.1. `home` keeps its state between starts; the port stays the same too."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        """What a client is given; valid once started."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def pid(self) -> int:
        """Of the running server."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """Everything the server wrote to its standard streams."""
        path = self.home / "server.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def start(self, faults: dict[str, Any] | None = None, speed: float = 100_000, home: Path | None = None) -> Self:
        """Start it and wait until it answers."""
        assert self._process is None, "stop() or kill() it first"
        self.home = home or self.home
        self.home.mkdir(parents=True, exist_ok=True)
        port_file = self.home / "port"
        port_file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "core.simulator", "--control", "--home", str(self.home)]
        command += ["--port", str(self.port), "--port-file", str(port_file), "--speed", str(speed)]
        if faults is not None:
            fault_file = self.home / "faults.json"
            fault_file.write_text(json.dumps(faults), "utf-8")
            command += ["--faults", str(fault_file)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
        with (self.home / "server.log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=log, stderr=log)
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                code, self._process = self._process.returncode, None
                raise RuntimeError(f"the local server ended with code {code}:\n{self.log[-2000:]}")
            if port_file.exists():
                self.port = int(port_file.read_text("ascii"))
                if self._healthy():
                    return self
            time.sleep(0.02)
        self.kill()
        raise RuntimeError(f"the local server did not answer within {_START_SECONDS:.0f} s:\n{self.log[-2000:]}")

    def stop(self) -> None:
        """End it politely; nothing happens when it does not run."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def kill(self) -> None:
        """End it like a crash."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def set_faults(self, faults: dict[str, Any] | None = None) -> None:
        """Replace the faults of the running server (None: none) and count calls and batches anew."""
        self._local("PUT", "faults", json.dumps(faults or {}).encode())

    def counts(self) -> dict[str, Any]:
        """{"calls": {"POST /v1/batches": 2, ...}, "created": 1, "files": 3, "batches": 1}: calls and created since
        the faults were last set, files and batches that exist."""
        counts: dict[str, Any] = self._local("GET", "counts")
        return counts

    def calls(self, route: str) -> int:
        """Calls of one route, such as "POST /v1/batches" or "GET /v1/files/{id}/content"."""
        return int(self.counts()["calls"].get(route, 0))

    def __enter__(self) -> Self:
        return self if self._process is not None else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _local(self, method: str, name: str, data: bytes | None = None) -> Any:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/_local/{name}", data=data, method=method)
        with _OPENER.open(request, timeout=10) as answer:
            return json.loads(answer.read())

    def _healthy(self) -> bool:
        try:
            with _OPENER.open(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Ignores proxy settings: the server is on this machine."""
