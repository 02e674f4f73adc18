"""A server that refuses a convenience is asked without it, and one that answers whole is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import OptionalRefused, ProviderAmbiguous, ProviderRefused
from core.providers.openai_provider import OpenAIProvider
from core.providers.optional_parameters import ForgetfulMemory
from tests.batch_lines import chat_body
from tests.odd_server import Ask, OddServer, Said, said

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
COMPLETION = {
    "id": "c1",
    "object": "chat.completion",
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "An answer."}}],
    "usage": USAGE,
}
RESPONSE = {
    "id": "r1",
    "object": "response",
    "status": "completed",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "An answer."}]}],
    "usage": {"input_tokens": 5, "output_tokens": 2},
    "error": None,
}
CHUNK = {"id": "c1", "object": "chat.completion.chunk", "model": "m"}
CHUNKS = [
    {**CHUNK, "choices": [{"index": 0, "delta": {"content": "An "}, "finish_reason": None}]},
    {**CHUNK, "choices": [{"index": 0, "delta": {"content": "answer."}, "finish_reason": "stop"}]},
    {**CHUNK, "choices": [], "usage": USAGE},
]
BATCH = {"id": "batch_1", "object": "batch", "status": "validating", "created_at": 1, "endpoint": CHAT}


@pytest.fixture(scope="module")
def standing() -> Iterator[OddServer]:
    with OddServer("http://127.0.0.1:9/v1") as server:
        yield server


@pytest.fixture
def odd(standing: OddServer) -> OddServer:
    standing.reset()
    return standing


@pytest.fixture(scope="module")
def talking(standing: OddServer) -> Iterator[tuple[OpenAIProvider, ForgetfulMemory]]:
    memory = ForgetfulMemory()
    provider = OpenAIProvider("sk-test-0123456789", standing.base_url, 5, file_lifetime_seconds=86_400, memory=memory)
    yield provider, memory
    provider.close()


@pytest.fixture
def memory(talking: tuple[OpenAIProvider, ForgetfulMemory]) -> ForgetfulMemory:
    talking[1].forget()
    return talking[1]


@pytest.fixture
def provider(
    talking: tuple[OpenAIProvider, ForgetfulMemory],
    odd: OddServer,  # as it is before each test
    memory: ForgetfulMemory,
) -> OpenAIProvider:
    return talking[0]


def no(name: str) -> Said:
    return said(
        400, {"error": {"message": f"Unknown parameter: '{name}'.", "param": name, "code": "unknown_parameter"}}
    )


def events(*documents: object) -> Said:
    body = "".join(f"data: {json.dumps(one)}\n\n" for one in documents) + "data: [DONE]\n\n"
    return Said(200, body.encode(), {"content-type": "text/event-stream"})


def refusing(*names: str, otherwise: Callable[[Ask], Said]) -> Callable[[Ask], Said]:
    """A server that takes none of these, one refusal at a time."""

    def answer(ask: Ask) -> Said:
        form = ask.body.decode(errors="replace")
        found = next((name for name in names if name in ask.json or f'name="{name}[' in form), None)
        return no(found) if found else otherwise(ask)

    return answer


def read(provider: OpenAIProvider, endpoint: str, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    pieces, stream = list[str](), provider.stream(endpoint, body)
    while True:
        try:
            pieces.append(next(stream))
        except StopIteration as end:
            return "".join(pieces), end.value


@pytest.mark.parametrize(("endpoint", "answer"), [(CHAT, COMPLETION), (RESPONSES, RESPONSE)])
def test_an_answer_that_may_not_be_streamed_is_asked_for_whole_and_never_streamed_again(
    odd: OddServer, provider: OpenAIProvider, endpoint: str, answer: dict[str, Any]
) -> None:
    odd.refuses = refusing("stream", otherwise=lambda _ask: said(200, answer))
    for _ in range(2):
        assert read(provider, endpoint, {"model": "m"}) == ("An answer.", answer)
    assert [sorted(ask.json) for ask in odd.asked[1:]] == [["model"], ["model"]]
    assert odd.calls("POST", endpoint) == 3
    other = {"model": "another"}
    read(provider, endpoint, other)
    assert "stream" in odd.asked[3].json, "what one model refuses says nothing of another"


def test_options_of_the_stream_are_left_away_by_themselves(odd: OddServer, provider: OpenAIProvider) -> None:
    odd.refuses = refusing("stream_options", "metadata", otherwise=lambda _ask: events(*CHUNKS[:2]))
    text, body = read(provider, CHAT, {"model": "m", "metadata": {"a": "b"}, "temperature": 0.5})
    assert (text, body["usage"]) == ("An answer.", None)
    assert odd.asked[-1].json == {"model": "m", "temperature": 0.5, "stream": True}


def test_what_decides_the_answer_is_never_left_away(odd: OddServer, provider: OpenAIProvider) -> None:
    odd.refuses = refusing("temperature", otherwise=lambda _ask: events(*CHUNKS))
    with pytest.raises(ProviderRefused, match="temperature"):
        read(provider, CHAT, {"model": "m", "temperature": 0.5})
    assert len(odd.asked) == 1


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream", "text/plain"])
@pytest.mark.parametrize(
    ("endpoint", "answer", "final"),
    [
        pytest.param(CHAT, json.dumps(COMPLETION), COMPLETION, id="chat"),
        pytest.param(RESPONSES, "\n " + json.dumps(RESPONSE, indent=2), RESPONSE, id="responses"),
        pytest.param(CHAT, json.dumps(json.dumps(COMPLETION)), COMPLETION, id="text in text"),
        pytest.param(CHAT, json.dumps(CHUNKS), None, id="its events in a list"),
    ],
)
def test_json_that_comes_where_a_stream_was_asked_for_is_the_answer(
    odd: OddServer, provider: OpenAIProvider, kind: str, endpoint: str, answer: str, final: dict[str, Any] | None
) -> None:
    odd.refuses = lambda _ask: Said(200, answer.encode(), {"content-type": kind})
    text, body = read(provider, endpoint, {"model": "m"})
    assert text == "An answer."
    assert body["usage"] == (RESPONSE if endpoint == RESPONSES else COMPLETION)["usage"]
    assert final is None or body == final
    assert len(odd.asked) == 1


@pytest.mark.parametrize("answer", [b'{"error": {"message": "Overloaded."}}', b"{}", b"[]", b'{"choices', b"null", b""])
def test_json_that_is_no_answer_leaves_it_open_whether_it_was_paid(
    odd: OddServer, provider: OpenAIProvider, answer: bytes
) -> None:
    odd.refuses = lambda _ask: Said(200, answer, {"content-type": "application/json"})
    with pytest.raises(ProviderAmbiguous):
        read(provider, CHAT, {"model": "m"})
    assert len(odd.asked) == 1


def test_an_upload_goes_up_without_a_lifetime_where_none_is_taken(
    odd: OddServer, provider: OpenAIProvider, tmp_path: Path
) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text(json.dumps(chat_body()) + "\n")
    odd.refuses = refusing("expires_after", otherwise=lambda _ask: said(200, {"id": "file_1", "object": "file"}))
    for _ in range(2):
        assert provider.upload(file, "in.jsonl").file_id == "file_1"
    assert [b"expires_after" in ask.body for ask in odd.asked] == [True, False, False]


def test_a_create_is_one_request_and_the_next_goes_without_what_was_refused(
    odd: OddServer, provider: OpenAIProvider, memory: ForgetfulMemory
) -> None:
    odd.refuses = refusing("output_expires_after", "metadata", otherwise=lambda _ask: said(200, BATCH))
    for so_far, name in enumerate(("output_expires_after", "metadata"), start=1):
        with pytest.raises(OptionalRefused, match=name) as refused:
            provider.create_batch("file_1", CHAT, {"job_key": "k"})
        assert (refused.value.passing, refused.value.retry_after_seconds) == (True, 0)
        assert len(odd.asked) == so_far
    assert provider.create_batch("file_1", CHAT, {"job_key": "k"}).batch_id == "batch_1"
    assert odd.asked[-1].json == {"input_file_id": "file_1", "endpoint": CHAT, "completion_window": "24h"}
    assert memory.refused("", "batches") == {"output_expires_after", "metadata"}
