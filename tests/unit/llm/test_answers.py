"""Every documented shape of a result line, and the broken ones seen in practice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.domain.analysis import ResultStatus, Usage
from core.domain.provider import NOBODY, SIMULATED_MARK, AnsweredBy
from core.llm.answers import read_line

CHAT_USAGE = {
    "prompt_tokens": 1200,
    "completion_tokens": 400,
    "total_tokens": 1600,
    "prompt_tokens_details": {"cached_tokens": 1024},
    "completion_tokens_details": {"reasoning_tokens": 64},
}
RESPONSES_USAGE = {
    "input_tokens": 1200,
    "input_tokens_details": {"cached_tokens": 1024},
    "output_tokens": 400,
    "output_tokens_details": {"reasoning_tokens": 64},
    "total_tokens": 1600,
}


def envelope(body: Any, status: Any = 200, error: Any = None, custom_id: Any = "risk-a") -> bytes:
    response = None if body is None else {"status_code": status, "request_id": "r", "body": body}
    return json.dumps({"id": "batch_req_1", "custom_id": custom_id, "response": response, "error": error}).encode()


def chat(content: Any, finish: str = "stop", refusal: str | None = None, usage: Any = CHAT_USAGE) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, "refusal": refusal}
    return {"object": "chat.completion", "choices": [{"message": message, "finish_reason": finish}], "usage": usage}


def responses(output: list[Any], status: str = "completed", **more: Any) -> dict[str, Any]:
    return {"object": "response", "status": status, "error": None, "output": output, "usage": RESPONSES_USAGE} | more


def message(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": list(parts)}


def http_error(message: str, code: str | None, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def test_the_recorded_chat_line_opens(shared_data: Path) -> None:
    line = (shared_data / "batch-samples" / "output-v1-chat-completion-single.jsonl").read_bytes().split(b"\n")[0]
    result = read_line(line)
    assert result.custom_id == "79b70f3f-aeef-4d07-8d88-7e70eb86ed98"
    assert result.status is ResultStatus.SUCCEEDED
    assert result.text is not None
    assert result.text.startswith("The Pythagorean theorem")
    assert result.usage == Usage(26, 0, 170, 0)
    assert result.raw == line.decode()


def test_the_recorded_responses_line_opens(shared_data: Path) -> None:
    line = (shared_data / "batch-samples" / "output-v1-responses-single.jsonl").read_bytes().split(b"\n")[0]
    result = read_line(line)
    assert result.status is ResultStatus.SUCCEEDED
    assert result.text is not None
    assert json.loads(result.text)["rating"] == 4.5
    assert result.usage == Usage(243, 0, 114, 0)


def test_the_documented_expired_line_may_be_asked_again(shared_data: Path) -> None:
    lines = (shared_data / "batch-samples" / "error-batch-expired-from-docs.jsonl").read_bytes().split(b"\n")
    results = [read_line(line) for line in lines if line.strip()]
    assert [result.custom_id for result in results] == ["request-3", "request-7"]
    for result in results:
        assert result.status is ResultStatus.FAILED
        assert result.error is not None
        assert result.error.code == "batch_expired"
        assert result.error.transient
        assert "completion window expired" in result.error.message


def test_every_recorded_output_file_opens_without_a_bad_line(shared_data: Path) -> None:
    seen = 0
    for path in sorted((shared_data / "batch-samples").glob("recorded-http-*.jsonl")):
        for exchange in map(json.loads, path.read_bytes().strip().split(b"\n")):
            if not exchange["uri"].endswith("/content"):
                continue
            for line in exchange["body"].encode().split(b"\n"):
                if line.strip():
                    seen += 1
                    result = read_line(line)
                    assert result.custom_id
                    assert result.status is not ResultStatus.INVALID
    assert seen > 0


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (CHAT_USAGE, Usage(1200, 1024, 400, 64)),
        (RESPONSES_USAGE, Usage(1200, 1024, 400, 64)),
        (None, None),
        ({}, None),
        ({"prompt_tokens": 10, "completion_tokens": 5}, Usage(10, 0, 5, 0)),
        ({"prompt_tokens": 10, "completion_tokens": 0}, None),
        ({"prompt_tokens": 0, "completion_tokens": 5}, None),
        ({"prompt_tokens": -1, "completion_tokens": "many"}, None),
        ({"input_tokens": 10, "input_tokens_details": {"cached_tokens": 99}, "output_tokens": 5}, Usage(10, 0, 5, 0)),
        ({"input_tokens": 10**15, "output_tokens": 1.5}, None),
    ],
)
def test_tokens_are_read_from_either_shape_and_an_answer_is_never_free(usage: Any, expected: Usage | None) -> None:
    assert read_line(envelope(chat("{}", usage=usage))).usage == expected


@pytest.mark.parametrize(
    ("written", "expected"), [(100, 100), (176, 176), ("176.0", 176), (-1, 0), ("many", 0), (None, 0)]
)
def test_tokens_written_to_the_cache_are_part_of_the_uncached_input(written: Any, expected: int) -> None:
    for usage, details in ((CHAT_USAGE, "prompt_tokens_details"), (RESPONSES_USAGE, "input_tokens_details")):
        found = read_line(
            envelope(chat("{}", usage={**usage, details: {"cached_tokens": 1024, "cache_write_tokens": written}}))
        )
        assert (found.usage, found.cache_write_tokens) == (Usage(1200, 1024, 400, 64), expected)


@pytest.mark.parametrize(
    ("status", "body", "code", "transient"),
    [
        (400, http_error("Unsupported value: 'temperature'", "unsupported_value"), "unsupported_value", False),
        (400, http_error("no", None), "invalid_request_error", False),
        (404, http_error("The model `x` has been deprecated", "model_not_found"), "model_not_found", False),
        (429, http_error("Rate limit reached", "rate_limit_exceeded"), "rate_limit_exceeded", True),
        (429, http_error("You exceeded your current quota", "insufficient_quota"), "insufficient_quota", False),
        (500, http_error("The server had an error", None, "server_error"), "server_error", True),
        (503, "<html>Service Unavailable</html>", "http_503", True),
        (400, {"message": "flat"}, "http_400", False),
        (400, None, "http_400", False),
        (0, {}, "http_0", True),
    ],
)
def test_an_http_failure_keeps_the_servers_words_although_error_is_null(
    status: int, body: Any, code: str, transient: bool
) -> None:
    line = json.dumps({"custom_id": "a", "response": {"status_code": status, "body": body}, "error": None}).encode()
    result = read_line(line)
    assert result.status is ResultStatus.FAILED
    assert result.text is None
    assert result.error is not None
    assert (result.error.code, result.error.transient) == (code, transient)
    words = body["error"]["message"] if isinstance(body, dict) and "error" in body else ""
    assert words in result.error.message
    assert result.error.message


@pytest.mark.parametrize(
    ("code", "transient"),
    [("batch_expired", True), ("batch_cancelled", True), ("server_error", True), ("never_seen", False)],
)
def test_a_failure_that_was_no_http_answer_is_judged_by_its_code(code: str, transient: bool) -> None:
    result = read_line(envelope(None, error={"code": code, "message": "words"}))
    assert result.status is ResultStatus.FAILED
    assert result.error is not None
    assert (result.error.code, result.error.message, result.error.transient) == (code, "words", transient)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (chat(None, refusal="I cannot help with that."), "refusal"),
        (chat(None, finish="content_filter"), "content_filter"),
        (responses([message({"type": "refusal", "refusal": "I cannot help with that."})]), "refusal"),
        (responses([{"type": "refusal", "refusal": "I cannot help with that."}]), "refusal"),
        (responses([], "incomplete", incomplete_details={"reason": "content_filter"}), "content_filter"),
    ],
)
def test_a_refusal_is_its_own_outcome(body: Any, code: str) -> None:
    result = read_line(envelope(body))
    assert result.status is ResultStatus.REFUSED
    assert result.text is None
    assert result.error is not None
    assert result.error.code == code
    assert not result.error.transient
    if code == "refusal":
        assert result.error.message == "I cannot help with that."
    assert result.usage == Usage(1200, 1024, 400, 64)


BUDGET_GONE = {"prompt_tokens": 9, "completion_tokens": 50, "completion_tokens_details": {"reasoning_tokens": 50}}


@pytest.mark.parametrize(
    "body",
    [
        chat('{"cut', finish="length"),
        chat(None, finish="length"),
        chat(None, usage=BUDGET_GONE),
        chat("", usage=BUDGET_GONE),
        responses([message({"type": "output_text", "text": '{"cut'})], "incomplete"),
        responses([{"type": "reasoning"}], "incomplete", incomplete_details={"reason": "max_output_tokens"}),
    ],
)
def test_an_answer_cut_at_the_limit_is_truncated_and_names_the_remedy(body: Any) -> None:
    result = read_line(envelope(body))
    assert result.status is ResultStatus.TRUNCATED
    assert result.text is None
    assert result.error is not None
    assert "max_output_tokens" in result.error.message


def test_a_response_that_failed_inside_a_200_is_a_failure() -> None:
    error = {"code": "server_error", "message": "The model had a hiccup."}
    result = read_line(envelope(responses([], "failed") | {"error": error}))
    assert result.status is ResultStatus.FAILED
    assert result.error is not None
    assert (result.error.code, result.error.transient) == ("server_error", True)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"usage": CHAT_USAGE},
        [],
        "text",
        {"choices": []},
        {"choices": [None]},
        {"choices": [{}]},
        {"choices": "none"},
        {"output": []},
        {"object": "response", "output": None},
        {"output": [None, {"type": "message", "content": "x"}]},
        chat(None),
        chat("  "),
    ],
)
def test_a_200_without_an_answer_is_invalid(body: Any) -> None:
    result = read_line(envelope(body))
    assert result.status is ResultStatus.INVALID
    assert result.error is not None
    assert result.custom_id == "risk-a"


def test_a_line_with_neither_response_nor_error_is_invalid_but_keeps_its_id() -> None:
    result = read_line(b'{"custom_id": "a", "response": null, "error": null}')
    assert (result.custom_id, result.status) == ("a", ResultStatus.INVALID)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"   ",
        b"not json",
        b"[]",
        b"null",
        b'"text"',
        b'{"custom_id": "a", "response": {"status_co',
        b'\x00{"custom_id": "a"}',
        b'{"custom_id": "a\x00"}',
        b'{"custom_id": "\xff\xfe"}',
        b"[" * 100_000,
        b'{"a": "\\ud83d", ' + b'"b": ' + b"[" * 100_000,
        b"\\u",
    ],
)
def test_what_is_not_a_json_object_is_set_aside_without_an_id(line: bytes) -> None:
    result = read_line(line)
    assert result.custom_id == ""
    assert result.status is ResultStatus.INVALID
    assert result.error is not None
    assert "\x00" not in result.raw


@pytest.mark.parametrize("custom_id", [None, 7, ["a"], {}])
def test_an_id_that_is_not_text_is_no_id(custom_id: Any) -> None:
    result = read_line(envelope(chat("{}"), custom_id=custom_id))
    assert result.custom_id == ""
    assert result.text == "{}"


def test_a_byte_order_mark_does_not_cost_the_answer_behind_it() -> None:
    result = read_line(b"\xef\xbb\xbf" + envelope(chat("{}")) + b"\r\n")
    assert (result.custom_id, result.text) == ("risk-a", "{}")


def test_half_a_surrogate_pair_does_not_cost_the_answer_around_it() -> None:
    line = envelope(chat("SMILE")).replace(b"SMILE", b"before \\ud83d after")
    result = read_line(line)
    assert result.custom_id == "risk-a"
    assert result.text == "before ? after"


def test_unicode_line_breaks_inside_an_answer_stay_inside() -> None:
    text = '{"a": "one\u2028two\u0085three"}'
    line = json.dumps({"custom_id": "a", "response": {"status_code": 200, "body": chat(text)}}, ensure_ascii=False)
    assert read_line(line.encode()).text == text


def test_answers_in_parts_are_joined() -> None:
    parts = ({"type": "output_text", "text": '{"a":'}, {"type": "output_text", "text": "1}"})
    assert read_line(envelope(responses([{"type": "reasoning"}, message(*parts)]))).text == '{"a":1}'
    assert read_line(envelope(chat([{"type": "text", "text": '{"a":'}, {"text": "1}"}]))).text == '{"a":1}'


def test_a_status_code_in_quotes_is_understood() -> None:
    assert read_line(envelope(chat("{}"), status="200")).status is ResultStatus.SUCCEEDED


def test_an_answer_says_which_model_tier_and_endpoint_gave_it() -> None:
    body = chat("{}") | {"model": "gpt-5.4-mini-2026-03-17", "service_tier": "priority"}
    assert read_line(envelope(body)).answered == AnsweredBy("", "gpt-5.4-mini-2026-03-17", "priority", "chat")
    output = [message({"type": "output_text", "text": "{}"})]
    body = responses(output, model="gpt-5.4-mini", service_tier="flex")
    assert read_line(envelope(body)).answered == AnsweredBy("", "gpt-5.4-mini", "flex", "responses")


@pytest.mark.parametrize("odd", [7, None, ["a"], {"a": 1}, "\u202e\x1b[2J"])
def test_a_model_or_tier_of_another_shape_is_not_known(odd: Any) -> None:
    answered = read_line(envelope(chat("{}") | {"model": odd, "service_tier": odd})).answered
    assert answered in {AnsweredBy(endpoint="chat"), AnsweredBy(model="[2J", tier="[2J", endpoint="chat")}


def test_an_error_was_answered_by_nobody() -> None:
    assert read_line(envelope({"error": {"message": "no"}}, status=400)).answered == NOBODY


@pytest.mark.parametrize("body", [chat("{}"), responses([])])
def test_the_mark_of_the_stand_in_survives_its_envelope(body: dict[str, Any]) -> None:
    assert read_line(envelope(body | {"system_fingerprint": SIMULATED_MARK})).answered.simulated
    assert not read_line(envelope(body | {"system_fingerprint": "fp_44709d6fcb"})).answered.simulated


@pytest.mark.parametrize("folds", [1, 2])
def test_a_body_that_is_a_string_of_json_is_read_as_what_it_says(folds: int) -> None:
    body: Any = chat('{"a": 1}')
    line = (
        envelope(json.dumps(body))
        if folds == 1
        else json.dumps(
            {
                "custom_id": "risk-a",
                "response": json.dumps({"status_code": "200", "body": json.dumps(body)}),
                "error": None,
            }
        ).encode()
    )
    result = read_line(line)
    assert (result.status, result.text, result.custom_id) == (ResultStatus.SUCCEEDED, '{"a": 1}', "risk-a")
    assert result.usage == read_line(envelope(body)).usage


def test_an_answer_without_a_status_code_is_an_answer() -> None:
    assert read_line(envelope(chat("{}"), status=None)).status is ResultStatus.SUCCEEDED
    assert read_line(envelope({"detail": "no"}, status=None)).status is ResultStatus.FAILED


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"detail": "Not allowed"}, "Not allowed"),
        ({"detail": [{"loc": ["body", "n"], "msg": "Too many", "type": "value_error"}]}, "n: Too many"),
        ({"error": "just words"}, "just words"),
        (json.dumps({"error": {"message": "in a string"}}), "in a string"),
    ],
)
def test_the_words_of_a_refused_line_are_read_in_whatever_shape_they_have(body: Any, words: str) -> None:
    error = read_line(envelope(body, status=422)).error
    assert error is not None
    assert error.message == words


def test_an_error_that_is_plain_text_is_said() -> None:
    error = read_line(envelope(None, error="the worker died")).error
    assert error is not None
    assert error.message == "the worker died"
