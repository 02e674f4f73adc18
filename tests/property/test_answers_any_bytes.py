"""Whatever a result file holds, reading a line of it gives a value and never an exception."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from core.domain.analysis import ResultStatus
from core.llm.answers import read_line

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def sometimes(**known: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """The documented object with any of its fields missing or replaced by anything."""
    return anything | st.fixed_dictionaries({}, optional={name: value | anything for name, value in known.items()})


details = sometimes(cached_tokens=st.integers(), reasoning_tokens=st.integers())
usage = sometimes(
    prompt_tokens=st.integers(), completion_tokens=st.integers(), input_tokens=st.integers(),
    output_tokens=st.integers(), prompt_tokens_details=details, output_tokens_details=details,
)  # fmt: skip
message = sometimes(content=st.text(), refusal=st.text())
choice = sometimes(message=message, finish_reason=st.sampled_from(["stop", "length", "content_filter", "tool_calls"]))
part = sometimes(type=st.sampled_from(["output_text", "refusal"]), text=st.text(), refusal=st.text())
item = sometimes(type=st.sampled_from(["message", "reasoning", "refusal"]), content=st.lists(part, max_size=2))
error = sometimes(code=st.text(), message=st.text(), type=st.text())
body = sometimes(
    choices=st.lists(choice, max_size=2), output=st.lists(item, max_size=2), error=error, usage=usage,
    status=st.sampled_from(["completed", "incomplete", "failed"]), object=st.just("response"),
    incomplete_details=sometimes(reason=st.sampled_from(["max_output_tokens", "content_filter"])),
)  # fmt: skip
response = sometimes(status_code=st.integers(-1, 600), body=body)
line = sometimes(custom_id=st.text(), response=response, error=error)


@given(st.binary())
def test_any_bytes_give_a_result(data: bytes) -> None:
    result = read_line(data)
    assert isinstance(result.raw, str)
    assert (result.text is not None) == (result.status is ResultStatus.SUCCEEDED)


@given(line)
def test_any_json_gives_a_result_that_is_whole(value: object) -> None:
    result = read_line(json.dumps(value).encode())
    assert result.status in {
        ResultStatus.SUCCEEDED, ResultStatus.FAILED, ResultStatus.INVALID, ResultStatus.REFUSED, ResultStatus.TRUNCATED,
    }  # fmt: skip
    assert (result.text is not None) == (result.status is ResultStatus.SUCCEEDED)
    assert (result.error is None) == (result.status is ResultStatus.SUCCEEDED)
    usage = result.usage
    if usage is None:
        assert result.status is not ResultStatus.FAILED
        return
    assert 0 <= usage.cached_tokens <= usage.input_tokens
    assert 0 <= usage.reasoning_tokens <= usage.output_tokens
    if result.status in {ResultStatus.SUCCEEDED, ResultStatus.TRUNCATED}:
        assert min(usage.input_tokens, usage.output_tokens) > 0, "an answer is never free"
