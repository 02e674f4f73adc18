"""The provider on recorded exchanges with the real API, and the local server measured against them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from core.domain.analysis import ResultStatus
from core.errors import ProviderAmbiguous
from core.llm.answers import read_line
from core.providers.openai_provider import OpenAIProvider
from tests.batch_lines import chat_body, line, responses_body, write
from tests.contract.conftest import KEY
from tests.contract.test_journey import CHAT, RESPONSES, rows, run_to_end

Exchange = dict[str, Any]


class Replay:
    """Answers each route with what was recorded for it, in order; the last answer stays."""

    def __init__(self, exchanges: list[Exchange]) -> None:
        self.seen: list[tuple[str, str, bytes]] = []
        answers: dict[tuple[str, str], list[Exchange]] = defaultdict(list)
        for exchange in exchanges:
            answers[exchange["method"], urlsplit(exchange["uri"]).path].append(exchange)
        seen = self.seen

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                sent = self.rfile.read(int(self.headers.get("content-length", "0")))
                if self.headers.get("transfer-encoding") == "chunked":
                    while size := int(self.rfile.readline(), 16):
                        sent += self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()
                path = urlsplit(self.path).path
                seen.append((self.command, path, sent))
                known = answers[self.command, path]
                exchange = known.pop(0) if len(known) > 1 else known[0]
                body = exchange["body"].encode()
                self.send_response(exchange["status"])
                for name, values in exchange["headers"].items():
                    self.send_header(name, values[0])
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer  # noqa: N815 -- names that the base class looks for

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def recorded(shared_data: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Replay, OpenAIProvider]]:
    text = (shared_data / "batch-samples" / f"recorded-http-{request.param}.jsonl").read_text("utf-8")
    replay = Replay([json.loads(each) for each in text.split("\n") if each])
    provider = OpenAIProvider(KEY, replay.base_url, timeout_seconds=5)
    yield replay, provider
    provider.close()
    replay.close()


@pytest.mark.parametrize("recorded", ["basic_batch_completion"], indirect=True)
def test_a_recorded_batch_is_followed_to_its_results(recorded: tuple[Replay, OpenAIProvider], tmp_path: Path) -> None:
    replay, provider = recorded
    path = write(tmp_path / "in.jsonl", [line("0", chat_body())])
    file = provider.upload(path, "job.a1.jsonl")
    assert (file.file_id, file.bytes, file.status) == ("file-TnjeSoqJGFp7SfehYrEuHH", 470, "processed")
    batch = provider.create_batch(file.file_id, CHAT, {"app": "mosychlos"})
    assert batch.expires_at is not None
    assert (batch.expires_at - batch.created_at).days == 1
    statuses = [batch.status]
    while batch.status != "completed":
        batch = provider.check(batch.batch_id)
        statuses.append(batch.status)
    assert list(dict.fromkeys(statuses)) == ["validating", "in_progress", "finalizing", "completed"]
    assert (batch.counts.total, batch.counts.completed, batch.error_file_id) == (3, 3, None)
    assert batch.output_file_id is not None
    assert provider.download(batch.output_file_id, tmp_path / "out.jsonl") == (tmp_path / "out.jsonl").stat().st_size
    results = [read_line(each) for each in (tmp_path / "out.jsonl").read_bytes().split(b"\n") if each]
    assert {result.custom_id for result in results} == {"0", "1", "2"}
    assert all(result.status is ResultStatus.SUCCEEDED for result in results)
    (created,) = [json.loads(sent) for method, at, sent in replay.seen if (method, at) == ("POST", "/v1/batches")]
    assert created == {
        "completion_window": "24h",
        "endpoint": CHAT,
        "input_file_id": file.file_id,
        "metadata": {"app": "mosychlos"},
    }
    (uploaded,) = [sent for method, at, sent in replay.seen if (method, at) == ("POST", "/v1/files")]
    assert path.read_bytes() in uploaded
    assert b'name="purpose"\r\n\r\nbatch' in uploaded
    assert b'filename="job.a1.jsonl"' in uploaded


@pytest.mark.parametrize("recorded", ["batch_cancel"], indirect=True)
def test_a_recorded_cancel_shows_that_it_is_under_way(recorded: tuple[Replay, OpenAIProvider]) -> None:
    _, provider = recorded
    batch = provider.cancel("batch_67f94eff32888190860754b9a179d0bf")
    assert (batch.status, batch.counts.total, batch.output_file_id) == ("cancelling", 0, None)


@pytest.mark.parametrize("recorded", ["failed_request_batch_resume"], indirect=True)
def test_a_recorded_batch_of_one_is_read(recorded: tuple[Replay, OpenAIProvider], tmp_path: Path) -> None:
    _, provider = recorded
    provider.download("file-PWB1SHg1dfa4aHwozaauxd", tmp_path / "out.jsonl")
    result = read_line((tmp_path / "out.jsonl").read_bytes())
    assert result.usage is not None
    assert (result.custom_id, result.usage.output_tokens) == ("2", 92)


def test_a_redirect_is_not_followed_because_it_could_carry_the_request_elsewhere() -> None:
    elsewhere = {"location": ["/v1/elsewhere"]}
    replay = Replay([{"method": "POST", "uri": "/v1/batches", "status": 307, "headers": elsewhere, "body": ""}])
    provider = OpenAIProvider(KEY, replay.base_url, timeout_seconds=5)
    try:
        with pytest.raises(ProviderAmbiguous, match="HTTP 307"):
            provider.create_batch("file-1", CHAT, {})
    finally:
        provider.close()
        replay.close()
    assert [at for _, at, _ in replay.seen] == ["/v1/batches"]


def keys(value: Any, at: str = "") -> set[str]:
    if isinstance(value, dict):
        # What stands in a schema or in metadata is the sender's, not the API's.
        inner = {} if at.endswith((".schema", ".metadata")) else value
        return {f"{at}.{name}" for name in inner} | {
            found for name, each in inner.items() for found in keys(each, f"{at}.{name}")
        }
    return {found for each in value for found in keys(each, f"{at}[]")} if isinstance(value, list) else set()


@pytest.mark.parametrize(
    ("sample", "endpoint"), [("chat-completion", CHAT), ("responses", RESPONSES)], ids=["chat", "responses"]
)
def test_a_result_line_has_every_key_of_a_recorded_one(
    provider: OpenAIProvider, shared_data: Path, tmp_path: Path, sample: str, endpoint: str
) -> None:
    recorded = json.loads((shared_data / "batch-samples" / f"output-v1-{sample}-single.jsonl").read_text("utf-8"))
    schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    body = chat_body(schema) if endpoint == CHAT else responses_body(schema, model="gpt-4o-mini")
    if endpoint == RESPONSES:
        body["text"]["format"]["description"] = None
        body["text"]["verbosity"] = "medium"
    path = write(tmp_path / "in.jsonl", [line("a", body, endpoint)])
    (made,) = rows(provider, run_to_end(provider, path, endpoint).output_file_id, tmp_path / "out.jsonl")
    assert keys(recorded) - keys(made) == set()


def test_a_batch_has_every_key_of_a_recorded_one(
    http: httpx2.Client, provider: OpenAIProvider, shared_data: Path, tmp_path: Path
) -> None:
    text = (shared_data / "batch-samples" / "recorded-http-basic_batch_completion.jsonl").read_text("utf-8")
    exchanges = [json.loads(each) for each in text.split("\n") if each]
    recorded = [json.loads(each["body"]) for each in exchanges if "/batches/" in each["uri"]][-1]
    batch = run_to_end(provider, write(tmp_path / "in.jsonl", [line("a", chat_body())]))
    answer = http.get(f"/batches/{batch.batch_id}")
    assert keys(recorded) - keys(answer.json()) == set()
    assert {"x-request-id", "openai-version", "openai-processing-ms"} <= set(answer.headers)


def test_the_documented_line_of_an_expired_request_is_what_the_server_writes(
    provider: OpenAIProvider, local: Any, shared_data: Path, tmp_path: Path
) -> None:
    text = (shared_data / "batch-samples" / "error-batch-expired-from-docs.jsonl").read_text("utf-8")
    documented = json.loads(text.split("\n")[0])
    local.set_faults({"batches": {"1": {"expire_after": 0.5}}})
    path = write(tmp_path / "in.jsonl", [line(f"r{number}", chat_body()) for number in range(4)])
    batch = run_to_end(provider, path)
    assert (batch.status, batch.counts.completed, batch.counts.failed) == ("expired", 2, 0)
    made = rows(provider, batch.error_file_id, tmp_path / "err.jsonl")
    assert [row["custom_id"] for row in made] == ["r2", "r3"]
    assert all(row["error"] == documented["error"] and row["response"] is None for row in made)
    assert len(rows(provider, batch.output_file_id, tmp_path / "out.jsonl")) == 2
