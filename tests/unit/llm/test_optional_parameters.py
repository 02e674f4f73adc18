"""Which refusals are about what a call can do without, however a server words them, and which are not."""

from __future__ import annotations

import json
from datetime import date

import pytest

from core.domain.records import ParameterRow
from core.llm.error_words import error_words
from core.llm.models import find
from core.llm.optional_parameters import OPTIONAL, left_away, refused_among, without
from core.llm.rebuild import rebuild

SENT = ("model", "messages", "temperature", "store", "stream", "stream_options", "metadata")
UPLOAD = ("expires_after",)
CREATE = ("metadata", "output_expires_after")

VERIFY = "Your organization must be verified to stream this model. If you just verified, it can take 15 minutes."


def named(document: object, sent: tuple[str, ...] = SENT, status: int = 400) -> list[str]:
    words = error_words(document)
    return refused_among(sent, status=status, param=words.param, message=words.message)


@pytest.mark.parametrize(
    ("document", "sent", "status", "found"),
    [
        ({"error": {"message": VERIFY, "param": "stream", "code": "unsupported_value"}}, SENT, 400, ["stream"]),
        ({"error": {"message": VERIFY, "param": None}}, SENT, 400, ["stream"]),
        ({"error": {"message": "Streaming is not supported for this model."}}, SENT, 400, ["stream"]),
        ({"error": "Unrecognized request argument supplied: stream_options"}, SENT, 400, ["stream_options"]),
        (
            {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted", "type": "x"}]},
            SENT,
            422,
            ["stream_options"],
        ),
        (
            {
                "detail": [
                    {"loc": ["body", n], "msg": "extra fields not permitted"} for n in ("stream_options", "metadata")
                ]
            },
            SENT,
            422,
            ["stream_options", "metadata"],
        ),
        ({"object": "error", "message": "extra fields not permitted: metadata"}, CREATE, 422, ["metadata"]),
        (
            {"error": {"message": "Unknown parameter: 'output_expires_after'.", "param": "output_expires_after"}},
            CREATE,
            400,
            ["output_expires_after"],
        ),
        ({"error": {"message": "No.", "param": "body.metadata.job_key"}}, CREATE, 400, ["metadata"]),
        ({"message": "Unknown field expires_after[anchor]"}, UPLOAD, 400, ["expires_after"]),
        ({"error": {"message": "Invalid.", "param": "expires_after[seconds]"}}, UPLOAD, 400, ["expires_after"]),
        ({"detail": "Additional properties are not allowed ('metadata' was unexpected)"}, CREATE, 400, ["metadata"]),
    ],
)
def test_a_refusal_that_names_an_optional_parameter_is_about_it(
    document: object, sent: tuple[str, ...], status: int, found: list[str]
) -> None:
    assert named(document, sent, status) == found


@pytest.mark.parametrize(
    ("document", "status"),
    [
        ({"error": {"message": "Unsupported value: 'temperature' does not stream.", "param": "temperature"}}, 400),
        ({"error": {"message": "Unknown parameter: 'store'.", "param": "store"}}, 400),
        ({"error": {"message": "The upstream is unavailable and does not answer."}}, 400),
        ({"error": {"message": "See the metadata of your organization."}}, 400),
        ({"error": {"message": VERIFY, "param": "stream"}}, 403),
        ({"error": {"message": VERIFY, "param": "stream"}}, 500),
        ({"error": {"message": "Unknown parameter: 'expires_after'.", "param": "expires_after"}}, 400),
    ],
)
def test_what_was_not_sent_or_may_not_be_left_away_is_no_reason_to_leave_anything_away(
    document: object, status: int
) -> None:
    assert named(document, status=status) == []


def test_nothing_is_optional_that_changes_an_answers_meaning_its_price_or_what_is_kept_of_it() -> None:
    decides = {
        *("model", "messages", "input", "instructions", "tools", "tool_choice", "response_format", "text", "seed", "n"),
        *("temperature", "top_p", "reasoning", "reasoning_effort", "verbosity", "max_tokens", "max_output_tokens"),
        *("max_completion_tokens", "service_tier", "prompt_cache_key", "store", "include", "endpoint", "input_file_id"),
        *("completion_window", "purpose", "stop", "logit_bias", "truncation", "background"),
    }
    assert not decides & OPTIONAL.keys()


def test_without_a_stream_its_options_mean_nothing() -> None:
    assert without({"stream"}) == {"stream", "stream_options"}
    assert without({"metadata"}) == {"metadata"}


def test_a_refused_parameter_is_left_away_until_it_was_taken_again_or_a_month_has_passed() -> None:
    def row(parameter: str, refused: int, refused_on: str, last_on: str) -> ParameterRow:
        return ParameterRow("m", "chat", parameter, "given", 9, 0, refused, "No.", refused_on, last_on, False)

    refused = row("stream", 1, "2026-11-01", "2026-11-01")
    assert left_away(refused, date(2026, 11, 30))
    assert not left_away(refused, date(2026, 12, 1))
    assert not left_away(row("metadata", 1, "2026-11-01", "2026-11-02"), date(2026, 11, 3))
    assert not left_away(row("stream", 0, "", "2026-11-01"), date(2026, 11, 3))
    assert not left_away(row("temperature", 1, "2026-11-01", "2026-11-01"), date(2026, 11, 3))


def test_a_request_is_asked_again_without_what_was_refused_and_only_that() -> None:
    body = {"model": "gpt-5.4-mini", "metadata": {"desk": "a"}, "max_completion_tokens": 900}
    sent = {"custom_id": "a", "url": "/v1/chat/completions", "body": {**body, "messages": [{"role": "user"}]}}
    line, model = json.dumps(sent).encode(), find("gpt-5.4-mini")
    again = rebuild(line, model, without={"metadata", "user"})
    assert again.changed
    assert "metadata" not in json.loads(again.line)["body"]
    assert json.loads(again.line)["body"]["max_completion_tokens"] == 900
    assert again.warnings == ("metadata is left out: the provider refuses it.",)
    assert not rebuild(line, model).changed
