"""A server that echoes the key it was sent, everywhere it can: nobody stores, logs or shows the key."""

from __future__ import annotations

import http.server
import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import text

from core.app import App, build
from core.cli.main import run
from core.domain.actor import LOCAL
from core.domain.analysis import AnalysisRequest, Kind
from core.redaction import guard_logs
from core.settings import load
from core.storage.store import Store
from core.worker.steps import run_once
from tests.faults.staging import MODEL, portfolio

PLAIN = "plainCANARY4711secret"
"""A gateway's key that looks like nothing in particular."""

USUAL = "sk-proj-CANARY4711secret"


class Echo(http.server.BaseHTTPRequestHandler):
    """The batch API as far as one batch needs it; whatever it says quotes the Authorization header."""

    how = "lines"
    protocol_version = "HTTP/1.1"
    uploaded: ClassVar[list[dict[str, Any]]] = []
    metadata: ClassVar[dict[str, str]] = {}

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    @property
    def said(self) -> str:
        key = self.headers.get("Authorization", "")
        return f"you sent Authorization: {key} ({key.removeprefix('Bearer ')}) to https://u:{key[7:]}@host?api_key={key[7:]}"

    def _send(self, document: object, status: int = 200) -> None:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-request-id", self.said)
        self.end_headers()
        self.wfile.write(body)

    def _batch(self, **more: Any) -> dict[str, Any]:
        now = int(time.time())
        return {
            "id": "batch_1", "object": "batch", "endpoint": "/v1/chat/completions", "input_file_id": "file-1",
            "completion_window": "24h", "created_at": now, "expires_at": now + 86_400, "status": "validating",
            "request_counts": {"total": len(self.uploaded), "completed": 0, "failed": 0}, "metadata": {}, **more,
        }  # fmt: skip

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.how == "refused":
            return self._send({"error": {"message": self.said, "code": self.said, "type": "x", "param": None}}, 400)
        if self.path.endswith("/files"):
            boundary = self.headers["Content-Type"].partition("boundary=")[2].encode()
            [part] = [part for part in body.split(b"--" + boundary) if b"filename=" in part]
            content = part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
            type(self).uploaded = [json.loads(line) for line in content.splitlines()]
            return self._send(
                {"id": "file-1", "object": "file", "bytes": len(content), "created_at": int(time.time()),
                 "filename": "x.jsonl", "purpose": "batch", "status": "processed"}
            )  # fmt: skip
        type(self).metadata = json.loads(body).get("metadata", {})
        return self._send(self._batch(metadata=self.metadata))

    def do_GET(self) -> None:
        if self.how == "redirect":
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:9/?key={self.headers.get('Authorization', '')[7:]}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path.endswith("/content"):
            lines = [
                {"id": "x", "custom_id": one["custom_id"], "response": None,
                 "error": {"code": "invalid_request", "message": self.said}}
                if number % 2 else
                {"id": self.said, "custom_id": one["custom_id"], "error": None,
                 "response": {"status_code": 400, "request_id": self.said,
                              "body": {"error": {"message": self.said, "code": "bad", "type": self.said}}}}
                for number, one in enumerate([*self.uploaded, {"custom_id": "stray"}])
            ]  # fmt: skip
            self._send(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
        elif "/batches/" in self.path and self.how == "errors":
            errors = {
                "object": "list",
                "data": [{"code": "invalid", "message": self.said, "line": 1, "param": self.said}],
            }
            self._send(self._batch(status="failed", errors=errors, failed_at=int(time.time()), metadata=self.metadata))
        elif "/batches/" in self.path:
            done = {"total": len(self.uploaded), "completed": 0, "failed": len(self.uploaded)}
            self._send(
                self._batch(status="completed", error_file_id="file-2", request_counts=done, metadata=self.metadata)
            )
        else:
            self._send({"object": "list", "data": [], "has_more": False})

    def do_DELETE(self) -> None:
        self._send({"error": {"message": self.said}}, 403)


@pytest.fixture
def address() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


def work(app: App, job_id: str, until: float) -> None:
    """What a worker does, for a while, with a clock that does not wait."""
    with closing(app.provider()) as provider:
        context = app.context(provider)
        while time.monotonic() < until:
            if not run_once(context, owner="test", limit=4):
                time.sleep(0.05)
            if app.jobs.is_ended(LOCAL, job_id):
                return


def stored(store: Store) -> str:
    """Every value in every table."""
    with store.database.read() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        return "\n".join(
            repr(tuple(row)) for name in names for row in connection.execute(text(f'SELECT * FROM "{name}"'))
        )


@pytest.mark.parametrize("key", [PLAIN, USUAL])
@pytest.mark.parametrize("how", ["lines", "errors", "refused", "redirect"])
def test_an_echoed_key_is_nowhere(
    address: str,
    key: str,
    how: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(Echo, "how", how)
    monkeypatch.setattr(Echo, "uploaded", [])
    before = logging.getLogRecordFactory()
    guard_logs()
    home = tmp_path / "home"
    given = {
        "MOSYCHLOS_HOME": str(home), "OPENAI_API_KEY": key, "OPENAI_BASE_URL": address,
        "MOSYCHLOS_POLL_SECONDS": "0.05",
        "MOSYCHLOS_QUARANTINE_SECONDS": "0.1", "MOSYCHLOS_RETRIES": "0", "MOSYCHLOS_HTTP_TIMEOUT_SECONDS": "2",
    }  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    app = build(load(given))
    store = Store(app.settings.database_url)
    try:
        store.portfolios.save([portfolio(n) for n in range(3)], lambda _: None, actor="test", at=app.now())
        request = AnalysisRequest(Kind.RISK, tuple(app.portfolios.ids(LOCAL)), MODEL)
        with caplog.at_level(logging.INFO):
            job = app.jobs.submit(LOCAL, request, force=True)
            job_id = job.row.job_id
            work(app, job_id, time.monotonic() + (6 if how in {"refused", "redirect"} else 20))
            printed = []
            for words in (
                ["batch", "status", job_id], ["batch", "errors", job_id], ["batch", "results", job_id],
                ["batch", "logs", job_id], ["batch", "alerts"], ["health"],
            ):  # fmt: skip
                run([*words, "--json"])
                run(words)
            printed = capfd.readouterr()
        raw = [app.jobs.raw_answer(LOCAL, job_id, item.custom_id) for item in app.jobs.items(LOCAL, job_id)]
        kept = stored(store)
    finally:
        app.close()
        store.close()
        logging.setLogRecordFactory(before)
    if how == "lines":
        assert "you sent" in kept
        assert any(raw)
    elif how in {"errors", "refused"}:
        assert "you sent" in kept
    for place, found in (("database", kept), ("logs", caplog.text), ("output", str(printed)), ("raw", repr(raw))):
        assert "CANARY" not in found, (place, found[max(0, found.find("CANARY") - 300) :][:600])
    for path in home.rglob("*"):
        assert path.is_dir() or b"CANARY" not in path.read_bytes(), path
