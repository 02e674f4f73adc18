"""A batch from upload to result, through the SDK, on both endpoints, with the published shapes."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import jsonschema
import pytest

from core.domain.batch import Batch
from core.errors import ProviderRefused, ResultLost
from core.providers.openai_provider import OpenAIProvider
from tests.batch_lines import FACTS, chat_body, line, responses_body, write
from tests.local_provider import LocalProvider

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"


def run_to_end(provider: OpenAIProvider, path: Path, endpoint: str = CHAT) -> Batch:
    file = provider.upload(path, path.name)
    batch = provider.create_batch(file.file_id, endpoint, {"app": "mosychlos"})
    deadline = time.monotonic() + 30
    while batch.status not in {"completed", "failed", "expired", "cancelled"}:
        assert time.monotonic() < deadline, f"still {batch.status}"
        time.sleep(0.01)
        batch = provider.check(batch.batch_id)
    return batch


def rows(provider: OpenAIProvider, file_id: str | None, to: Path) -> list[dict[str, Any]]:
    assert file_id is not None
    provider.download(file_id, to)
    return [json.loads(each) for each in to.read_bytes().split(b"\n") if each.strip()]


def cited(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        own = [value] if "metric_id" in value else []
        return own + [found for each in value.values() for found in cited(each)]
    return [found for each in value for found in cited(each)] if isinstance(value, list) else []


def obeys(document: Mapping[str, Any], name: str, api_document: Mapping[str, Any]) -> None:
    # Real traffic sends null where the document says that a field is absent: the recorded batches do too.
    bare = {key: value for key, value in document.items() if value is not None}
    schema = {"$ref": f"#/components/schemas/{name}", "components": api_document["components"]}
    jsonschema.Draft202012Validator(schema).validate(bare)


@pytest.mark.parametrize("endpoint", [CHAT, RESPONSES])
def test_a_batch_comes_back_complete_and_says_that_it_is_simulated(
    provider: OpenAIProvider, tmp_path: Path, risk_schema: dict[str, Any], endpoint: str
) -> None:
    make = chat_body if endpoint == CHAT else responses_body
    lines = [
        line(f"risk-{number}", make(risk_schema, language="fr" if number % 2 else "en"), endpoint)
        for number in range(6)
    ]
    batch = run_to_end(provider, write(tmp_path / "in.jsonl", lines), endpoint)
    assert (batch.status, batch.counts.total, batch.counts.completed, batch.error_file_id) == ("completed", 6, 6, None)
    assert batch.metadata == {"app": "mosychlos"}
    found = rows(provider, batch.output_file_id, tmp_path / "out.jsonl")
    assert [row["custom_id"] for row in found] == [f"risk-{number}" for number in range(6)]
    for number, row in enumerate(found):
        body = row["response"]["body"]
        text = (
            body["choices"][0]["message"]["content"] if endpoint == CHAT else body["output"][-1]["content"][0]["text"]
        )
        answer = json.loads(text)
        jsonschema.validate(answer, risk_schema)
        assert "simul" in answer["headline"].lower()
        assert any("simul" in caveat.lower() for caveat in answer["caveats"])
        assert answer["language"] == ("fr" if number % 2 else "en")
        assert answer["portfolio_id"] == "acme"
        assert len(answer["risks"]) >= 3
        references = cited(answer)
        assert references
        assert all(FACTS.get(each["metric_id"]) == each["value"] for each in references if each["metric_id"] in FACTS)
        assert {each["metric_id"] for each in references} <= set(FACTS)


def test_uploaded_files_and_batches_have_the_published_shapes(
    http: httpx2.Client, provider: OpenAIProvider, tmp_path: Path, api_document: dict[str, Any]
) -> None:
    path = write(tmp_path / "shape.jsonl", [line("a", chat_body()), line("b", chat_body(temperature=0.2, stop="x"))])
    batch = run_to_end(provider, path)
    file = http.get(f"/files/{batch.input_file_id}").json()
    obeys(file, "OpenAIFile", api_document)
    obeys(http.get(f"/batches/{batch.batch_id}").json(), "Batch", api_document)
    listed = http.get("/files", params={"purpose": "batch", "limit": 1}).json()
    assert {"object", "data", "first_id", "last_id", "has_more"} == listed.keys()
    assert http.get("/batches").json()["data"][0]["id"] == batch.batch_id
    obeys(http.get("/models").json(), "ListModelsResponse", api_document)
    assert http.get("/models").headers["x-request-id"].startswith("req_")
    missing = http.get("/batches/batch_none")
    assert missing.status_code == 404
    obeys(missing.json(), "ErrorResponse", api_document)


def test_answers_have_the_published_shapes(
    http: httpx2.Client, api_document: dict[str, Any], risk_schema: dict[str, Any]
) -> None:
    chat = http.post("/chat/completions", json=chat_body(risk_schema)).json()
    obeys(chat, "CreateChatCompletionResponse", api_document)
    for effort in ("none", "high"):
        body = responses_body(risk_schema, reasoning={"effort": effort})
        answer = http.post("/responses", json=body).json()
        obeys(answer["usage"], "ResponseUsage", api_document)
        obeys(answer["output"][-1], "OutputMessage", api_document)
        assert (answer["usage"]["output_tokens_details"]["reasoning_tokens"] > 0) == (effort == "high")


@pytest.mark.parametrize("endpoint", [CHAT, RESPONSES])
def test_a_streamed_answer_is_the_whole_answer_in_pieces(
    provider: OpenAIProvider, risk_schema: dict[str, Any], endpoint: str, local: LocalProvider
) -> None:
    body = chat_body(risk_schema) if endpoint == CHAT else responses_body(risk_schema)
    stream = provider.stream(endpoint, body)
    pieces = []
    while True:
        try:
            pieces.append(next(stream))
        except StopIteration as end:
            whole = end.value
            break
    assert len(pieces) > 10
    text = whole["choices"][0]["message"]["content"] if endpoint == CHAT else whole["output"][-1]["content"][0]["text"]
    assert "".join(pieces) == text
    jsonschema.validate(json.loads(text), risk_schema)
    assert whole["usage"]["total_tokens"] > 100
    assert local.calls(f"POST {endpoint}") == 1


def test_a_refused_stream_is_refused_and_not_repeated(provider: OpenAIProvider, local: LocalProvider) -> None:
    with pytest.raises(ProviderRefused, match="temperature") as refused:
        list(provider.stream(CHAT, chat_body(temperature=0.2, reasoning_effort="high")))
    assert (refused.value.status, refused.value.code) == (400, "unsupported_value")
    assert local.calls(f"POST {CHAT}") == 1


def test_a_rejected_line_comes_back_in_the_error_file(provider: OpenAIProvider, tmp_path: Path) -> None:
    lines = [line("good", chat_body()), line("bad", chat_body(max_tokens=100))]
    batch = run_to_end(provider, write(tmp_path / "in.jsonl", lines))
    assert (batch.counts.completed, batch.counts.failed) == (1, 1)
    (row,) = rows(provider, batch.error_file_id, tmp_path / "err.jsonl")
    assert row["error"] is None
    assert row["response"]["status_code"] == 400
    assert "Use 'max_completion_tokens' instead" in row["response"]["body"]["error"]["message"]


def test_a_batch_of_only_rejected_lines_has_no_output_file(provider: OpenAIProvider, tmp_path: Path) -> None:
    batch = run_to_end(provider, write(tmp_path / "in.jsonl", [line("bad", chat_body(max_tokens=100))]))
    assert (batch.status, batch.output_file_id) == ("completed", None)
    assert batch.error_file_id


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["{not json"], "invalid_json_line"),
        ([{"method": "POST", "url": CHAT, "body": {"model": "gpt-5.4-mini"}}], "missing_required_parameter"),
        ([line("a", chat_body(), RESPONSES)], "invalid_url"),
        ([line("a", chat_body()), line("b", chat_body() | {"model": "gpt-5.4"})], "mismatched_model"),
        ([line("a", chat_body()), line("a", chat_body())], "duplicate_custom_id"),
        ([line("a", chat_body() | {"model": "gpt-4-turbo"})], "model_not_found"),
        ([line("a", chat_body() | {"model": "gpt-nine"})], "model_not_found"),
        ([line("a", chat_body(stream=True))], "streaming_unsupported"),
        ([line("a", {"messages": []})], "invalid_request"),
    ],
)
def test_an_unusable_file_fails_in_validation(
    provider: OpenAIProvider, tmp_path: Path, lines: list[Any], code: str
) -> None:
    batch = run_to_end(provider, write(tmp_path / "in.jsonl", lines))
    assert (batch.status, batch.counts.total, batch.output_file_id) == ("failed", 0, None)
    assert batch.problems[0].code == code
    assert batch.problems[0].line == len(lines)


def test_a_batch_beyond_the_enqueued_room_fails_with_the_limit(
    local: LocalProvider, provider: OpenAIProvider, tmp_path: Path
) -> None:
    local.set_faults({"enqueued_tokens": 10})
    batch = run_to_end(provider, write(tmp_path / "in.jsonl", [line("a", chat_body())]))
    assert batch.problems[0].code == "token_limit_exceeded"
    assert "Limit: 10 enqueued tokens" in batch.problems[0].message


def test_the_oldest_upload_of_a_name_is_found(provider: OpenAIProvider, tmp_path: Path) -> None:
    path = write(tmp_path / "in.jsonl", [line("a", chat_body())])
    assert provider.find_upload("job.a1.jsonl") is None
    uploads = [provider.upload(path, "job.a1.jsonl") for _ in range(3)]
    found = provider.find_upload("job.a1.jsonl")
    assert found == min(uploads, key=lambda file: (file.created_at, file.file_id))
    assert found is not None
    assert found.bytes == path.stat().st_size
    for file in uploads:
        provider.delete_file(file.file_id)
        provider.delete_file(file.file_id)
    assert provider.find_upload("job.a1.jsonl") is None


def test_every_page_of_the_list_is_read(local: LocalProvider, provider: OpenAIProvider, tmp_path: Path) -> None:
    file = provider.upload(write(tmp_path / "in.jsonl", [line("a", chat_body())]), "in.jsonl")
    made = {provider.create_batch(file.file_id, CHAT, {"job": str(number)}).batch_id for number in range(205)}
    local.set_faults()
    listed = [batch.batch_id for batch in provider.list_batches()]
    assert len(listed) == len(set(listed))
    assert made <= set(listed)
    assert local.calls("GET /v1/batches") >= 3
    assert made <= {batch.batch_id for batch in provider.list_batches(file.created_at)}
    assert list(provider.list_batches(datetime.now(UTC) + timedelta(minutes=1))) == []


def test_a_batch_that_has_ended_is_not_cancelled_but_returned(provider: OpenAIProvider, tmp_path: Path) -> None:
    batch = run_to_end(provider, write(tmp_path / "in.jsonl", [line("a", chat_body())]))
    assert provider.cancel(batch.batch_id) == batch


def test_a_deleted_result_is_lost_and_an_unknown_batch_refused(provider: OpenAIProvider, tmp_path: Path) -> None:
    batch = run_to_end(provider, write(tmp_path / "in.jsonl", [line("a", chat_body())]))
    assert batch.output_file_id is not None
    provider.delete_file(batch.output_file_id)
    with pytest.raises(ResultLost, match=batch.output_file_id):
        provider.download(batch.output_file_id, tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()
    with pytest.raises(ProviderRefused) as refused:
        provider.check("batch_of_somebody_else")
    assert refused.value.status == 404


@pytest.mark.parametrize(
    ("metadata", "word"),
    [
        ({str(number): "x" for number in range(17)}, "17"),
        ({"k" * 65: "x"}, "64"),
        ({"k": "v" * 513}, "512"),
    ],
)
def test_metadata_beyond_the_limits_is_refused(
    http: httpx2.Client, provider: OpenAIProvider, tmp_path: Path, metadata: dict[str, str], word: str
) -> None:
    file = provider.upload(write(tmp_path / "in.jsonl", [line("a", chat_body())]), "in.jsonl")
    wish = {"input_file_id": file.file_id, "endpoint": CHAT, "completion_window": "24h", "metadata": metadata}
    refused = http.post("batches", json=wish)
    assert refused.status_code == 400
    assert word in refused.text


def test_a_file_that_is_not_jsonl_is_refused(provider: OpenAIProvider, tmp_path: Path) -> None:
    path = write(tmp_path / "in.jsonl", [line("a", chat_body())])
    with pytest.raises(ProviderRefused, match=r"Must be \.jsonl"):
        provider.upload(path, "in.txt")


def test_models_carry_their_shutdown_dates(provider: OpenAIProvider) -> None:
    models = provider.models()
    assert "gpt-5.4-mini" in models
    assert models["gpt-5.4-mini"] is None
    assert "gpt-4-turbo" not in models
    assert any(models.values())


def test_a_killed_server_goes_on_where_it_stood(tmp_path: Path) -> None:
    server = LocalProvider(tmp_path / "home").start(speed=600)
    client = OpenAIProvider("sk-test", server.base_url, timeout_seconds=5)
    try:
        lines = [line(f"r{number}", chat_body()) for number in range(40)]
        file = client.upload(write(tmp_path / "in.jsonl", lines), "in.jsonl")
        batch = client.create_batch(file.file_id, CHAT, {})
        deadline = time.monotonic() + 30
        while client.check(batch.batch_id).counts.completed < 5:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        server.kill()
        server.start(speed=1_000_000)
        while (batch := client.check(batch.batch_id)).status != "completed":
            assert time.monotonic() < deadline
            time.sleep(0.01)
        found = rows(client, batch.output_file_id, tmp_path / "out.jsonl")
        assert [row["custom_id"] for row in found] == [f"r{number}" for number in range(40)]
    finally:
        client.close()
        server.stop()
