"""The models that the local server offers, and which parameters each refuses, in the API's own words.

Kept apart from the registry that prepares requests, on purpose: were both to read one table, a mistake in it would
never be noticed. Sources: the API's published list of models and its recorded refusals, November 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")

ALWAYS, NEVER, WITHOUT_EFFORT = "always", "never", "without effort"
_LMH = ("low", "medium", "high")
_MIN = ("minimal", *_LMH)
_51 = ("none", *_LMH)
_52 = (*_51, "xhigh")
_56 = (*_52, "max")
_6 = (*_LMH, "xhigh", "max")


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """One model.

    Attributes:
        shutdown: Day from which it is refused; None when none is announced.
        sampling: When temperature and top_p other than 1 are taken.
        efforts: Values of reasoning_effort; empty for models that do not reason.
        default_effort: What holds when none is given.
        strict_schema: Takes a json_schema format.
        max_output: Largest cap on output tokens.
    """

    name: str
    shutdown: date | None
    sampling: str
    efforts: tuple[str, ...] = ()
    default_effort: str = ""
    strict_schema: bool = True
    tools: bool = True
    parallel_tools: bool = True
    verbosity: bool = False
    max_output: int = 128_000

    def effort(self, given: str | None) -> str:
        """The effort that holds for a request; "none" for models that do not reason."""
        return (given or self.default_effort) if self.efforts else "none"


def _reasoning(
    name: str, shutdown: date | None, sampling: str, efforts: tuple[str, ...], default: str = "medium"
) -> ModelOffer:
    return ModelOffer(name, shutdown, sampling, efforts, default, verbosity=True)


_JAN, _DEC, _OCT, _APR = date(2027, 1, 14), date(2026, 12, 11), date(2026, 10, 23), date(2027, 4, 1)

OFFERS: tuple[ModelOffer, ...] = (
    ModelOffer("gpt-4-turbo", _OCT, ALWAYS, strict_schema=False, max_output=4_096),
    ModelOffer("gpt-4o", _JAN, ALWAYS, max_output=16_384),
    ModelOffer("gpt-4o-mini", _JAN, ALWAYS, max_output=16_384),
    ModelOffer("gpt-4.1", _JAN, ALWAYS, max_output=32_768),
    ModelOffer("gpt-4.1-mini", _JAN, ALWAYS, max_output=32_768),
    ModelOffer("gpt-4.1-nano", _OCT, ALWAYS, max_output=32_768),
    ModelOffer("o1-preview", date(2025, 7, 28), NEVER, _LMH, "medium", strict_schema=False, tools=False),
    ModelOffer("o1-mini", date(2025, 10, 27), NEVER, _LMH, "medium", strict_schema=False, tools=False),
    ModelOffer("o1", _OCT, NEVER, _LMH, "medium", parallel_tools=False, max_output=100_000),
    ModelOffer("o3", _DEC, NEVER, _LMH, "medium", parallel_tools=False, max_output=100_000),
    ModelOffer("o3-mini", _OCT, NEVER, _LMH, "medium", parallel_tools=False, max_output=100_000),
    ModelOffer("o4-mini", _OCT, NEVER, _LMH, "medium", parallel_tools=False, max_output=100_000),
    _reasoning("gpt-5", _DEC, NEVER, _MIN),
    _reasoning("gpt-5-mini", _DEC, NEVER, _MIN),
    _reasoning("gpt-5-nano", _DEC, NEVER, _MIN),
    _reasoning("gpt-5.1", _APR, WITHOUT_EFFORT, _51, "none"),
    _reasoning("gpt-5.2", None, WITHOUT_EFFORT, _52, "none"),
    _reasoning("gpt-5.4", None, WITHOUT_EFFORT, _52, "none"),
    _reasoning("gpt-5.4-mini", None, WITHOUT_EFFORT, _52, "none"),
    _reasoning("gpt-5.4-nano", _APR, WITHOUT_EFFORT, _52, "none"),
    _reasoning("gpt-5.5", None, WITHOUT_EFFORT, _52),
    _reasoning("gpt-5.6-sol", None, WITHOUT_EFFORT, _56),
    _reasoning("gpt-5.6-terra", None, WITHOUT_EFFORT, _56),
    _reasoning("gpt-5.6-luna", None, WITHOUT_EFFORT, _56),
    _reasoning("gpt-6-astra", None, NEVER, _6),
    _reasoning("gpt-6-sol", None, WITHOUT_EFFORT, _56),
    _reasoning("gpt-6-luna", None, WITHOUT_EFFORT, _56),
    _reasoning("gpt-6.1-sol", None, NEVER, _6),
    _reasoning("gpt-6.1-terra", None, WITHOUT_EFFORT, _56),
    # Of these two only the names are published; what they take is taken from their predecessors, their cap is open.
    replace(_reasoning("gpt-6.2-sol", None, NEVER, _6), max_output=1_050_000),
    replace(_reasoning("gpt-6.2-astra", None, NEVER, _6), max_output=1_050_000),
)

_BY_NAME = {offer.name: offer for offer in OFFERS}


def offer(model: object, today: date) -> ModelOffer | None:
    """The model of this id or dated snapshot, unless it is unknown or shut down."""
    if not isinstance(model, str):
        return None
    found = _BY_NAME.get(model) or _BY_NAME.get(_SNAPSHOT.sub("", model))
    return None if found is None or (found.shutdown is not None and found.shutdown <= today) else found


def is_shut_down(model: object, today: date) -> bool:
    """True for a model that was offered once and no longer is."""
    return isinstance(model, str) and model in _BY_NAME and offer(model, today) is None


def listing(today: date) -> dict[str, Any]:
    """The answer of GET /v1/models."""
    return {
        "object": "list",
        "data": [
            {
                "id": each.name,
                "object": "model",
                "created": 1_700_000_000,
                "owned_by": "system",
                "shutdown_date": each.shutdown.isoformat() if each.shutdown else None,
            }
            for each in OFFERS
            if each.shutdown is None or each.shutdown > today
        ],
    }


@dataclass(frozen=True, slots=True)
class Refusal:
    """A 400 or 404 as the API words it."""

    status: int
    message: str
    param: str | None
    code: str | None

    def body(self) -> dict[str, Any]:
        """The error document."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}


def refusal(body: Mapping[str, Any], path: str, today: date) -> Refusal | None:
    """Why this request would be refused, or None. The first reason only, as the API does it."""
    model = body.get("model")
    found = offer(model, today)
    if found is None:
        gone = "has been deprecated, learn more here: https://platform.openai.com/docs/deprecations"
        missing = "does not exist or you do not have access to it."
        why = gone if is_shut_down(model, today) else missing
        return Refusal(404, f"The model `{model}` {why}", None, "model_not_found")
    checks = _responses_refusals if path == "/v1/responses" else _chat_refusals
    return next(checks(body, found), None)


def _chat_refusals(body: Mapping[str, Any], found: ModelOffer) -> Iterator[Refusal]:
    if not isinstance(body.get("messages"), list) or not body["messages"]:
        yield Refusal(400, "Missing required parameter: 'messages'.", "messages", "missing_required_parameter")
        return
    if "max_tokens" in body and found.efforts:
        yield _unsupported_parameter("max_tokens", " Use 'max_completion_tokens' instead.")
    for name in ("text", "input", "max_output_tokens"):
        if name in body:
            yield Refusal(400, f"Unrecognized request argument supplied: {name}", None, None)
    effort = body.get("reasoning_effort")
    yield from _effort_refusals(effort, found, "reasoning_effort", chat=True)
    if body.get("tools") and found.efforts[-1:] == ("max",) and found.effort(effort) != "none":
        yield Refusal(
            400,
            f"Function tools with reasoning_effort are not supported for {found.name} in /v1/chat/completions. To use "
            "function tools, use /v1/responses or set reasoning_effort to 'none'.",
            "reasoning_effort",
            None,
        )
    response_format = body.get("response_format")
    wants_schema = isinstance(response_format, Mapping) and response_format.get("type") == "json_schema"
    yield from _common_refusals(body, found, effort, wants_schema, "max_completion_tokens")
    if "verbosity" in body and not found.verbosity:
        yield _unsupported_parameter("verbosity", "")


def _responses_refusals(body: Mapping[str, Any], found: ModelOffer) -> Iterator[Refusal]:
    if not body.get("input"):
        yield Refusal(400, "Missing required parameter: 'input'.", "input", "missing_required_parameter")
    if "response_format" in body:
        yield Refusal(
            400,
            "Unsupported parameter: 'response_format'. In the Responses API, this parameter has moved to "
            "'text.format'. Try again with the new parameter.",
            "response_format",
            "unsupported_parameter",
        )
    for name, instead in (("max_tokens", "max_output_tokens"), ("max_completion_tokens", "max_output_tokens")):
        if name in body:
            yield Refusal(
                400,
                f"Unsupported parameter: '{name}'. In the Responses API, this parameter has moved to '{instead}'. "
                "Try again with the new parameter.",
                name,
                "unsupported_parameter",
            )
    if "messages" in body:
        yield Refusal(400, "Unknown parameter: 'messages'.", "messages", "unknown_parameter")
    cap = body.get("max_output_tokens")
    if isinstance(cap, int) and cap < 16:
        yield Refusal(
            400,
            f"Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got {cap} instead.",
            "max_output_tokens",
            "integer_below_min_value",
        )
    reasoning = body.get("reasoning")
    effort = reasoning.get("effort") if isinstance(reasoning, Mapping) else None
    yield from _effort_refusals(effort, found, "reasoning.effort", chat=False)
    text = body.get("text")
    wanted = text.get("format") if isinstance(text, Mapping) else None
    wants_schema = isinstance(wanted, Mapping) and wanted.get("type") == "json_schema"
    yield from _common_refusals(body, found, effort, wants_schema, "max_output_tokens")


def _effort_refusals(effort: object, found: ModelOffer, param: str, *, chat: bool) -> Iterator[Refusal]:
    if effort is None:
        return
    if not found.efforts:
        yield _unsupported_parameter(param, "")
        return
    allowed = [each for each in found.efforts if not (chat and each == "max")]
    if effort not in allowed:
        listed = ", ".join(f"'{each}'" for each in allowed[:-1]) + f", and '{allowed[-1]}'"
        yield Refusal(
            400,
            f"Unsupported value: '{effort}' is not supported with the '{found.name}' model. "
            f"Supported values are: {listed}.",
            param,
            "unsupported_value",
        )


def _common_refusals(  # noqa: C901  # a list of refusals
    body: Mapping[str, Any], found: ModelOffer, effort: Any, wants_schema: bool, cap_name: str
) -> Iterator[Refusal]:
    if found.sampling == NEVER or (found.sampling == WITHOUT_EFFORT and found.effort(effort) != "none"):
        for name in ("temperature", "top_p"):
            if body.get(name) not in (None, 1, 1.0):
                yield Refusal(
                    400,
                    f"Unsupported value: '{name}' does not support {body[name]} with this model. "
                    "Only the default (1) value is supported.",
                    name,
                    "unsupported_value",
                )
    if found.efforts:
        for name in ("presence_penalty", "frequency_penalty", "stop", "logit_bias", "logprobs"):
            if body.get(name):
                yield _unsupported_parameter(name, "")
    if wants_schema and not found.strict_schema:
        yield Refusal(
            400,
            "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
            "response_format",
            None,
        )
    if body.get("tools") and not found.tools:
        yield _unsupported_parameter("tools", "")
    if "parallel_tool_calls" in body and not found.parallel_tools:
        yield _unsupported_parameter("parallel_tool_calls", "")
    cap = body.get(cap_name)
    if isinstance(cap, int) and cap > found.max_output:
        yield Refusal(
            400,
            f"{cap_name} is too large: {cap}. This model supports at most {found.max_output} completion tokens, "
            f"whereas you provided {cap}.",
            cap_name,
            "invalid_value",
        )


def _unsupported_parameter(name: str, remedy: str) -> Refusal:
    message = f"Unsupported parameter: '{name}' is not supported with this model.{remedy}"
    return Refusal(400, message, name, "unsupported_parameter")
