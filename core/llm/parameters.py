"""Parameter cleaning: what may be sent to a model on an endpoint, and a sentence for everything that was changed.

Both endpoints' names are understood for the same wish (`max_output_tokens` and `max_completion_tokens`,
`reasoning_effort` and `reasoning.effort`, `response_format` and `text.format`, nested and flat tools); writing a wish
under the endpoint's own name is no change and needs no warning. What is returned may be cleaned again: nothing changes.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.domain.analysis import Endpoint
from core.llm.models import EFFORTS, Model
from core.llm.parameter_rules import (
    BOTH,
    CAPS,
    CHAT_STANDARD,
    NAMES,
    NOT_OURS,
    RESPONSES_ONLY,
    SAMPLING,
    Check,
    truth,
    whole,
)
from core.llm.shapes import (
    Shape,
    read_choice,
    read_format,
    read_tool,
    schema_as_text,
    tools_as_text,
    write_choice,
    write_format,
    write_tool,
)

__all__ = ["Cleaned", "ParameterChange", "clean", "tools_as_text"]

MIN_RESPONSES_CAP = 16
"""The Responses API rejects a smaller `max_output_tokens`."""


@dataclass(frozen=True, slots=True)
class ParameterChange:
    """One wish that is not sent as it was made.

    Attributes:
        parameter: The name it was wished under.
        wished: Its value as people wrote it.
        sent: What goes instead; "" where nothing does.
        reason: Why, without a full stop at the end.
    """

    parameter: str
    wished: str
    sent: str
    reason: str


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What may be sent.

    Attributes:
        params: The endpoint's own parameter names and shapes, ready to be put into the request's body.
        warnings: One sentence for each wish that was changed or left out.
        prompt_addition: Text to append to the instructions, because the model takes no tools or no schema; often "".
        changes: The same as the warnings, in parts, for a table.
    """

    params: dict[str, Any]
    warnings: tuple[str, ...] = ()
    prompt_addition: str = ""
    changes: tuple[ParameterChange, ...] = ()


def clean(params: Mapping[str, Any], model: Model, endpoint: Endpoint = Endpoint.CHAT) -> Cleaned:
    """Decide what of `params` may be sent to `model` on `endpoint`. Never fails; a null counts as not given."""
    work = _Work({name: value for name, value in params.items() if value is not None}, model, endpoint)
    work.unpack()
    tools = work.tools()
    effort = work.effort(bool(tools))
    if tools and not work.tools_may_stay(effort):
        tools = work.describe(tools, "takes function tools on Chat Completions only without reasoning")
    work.cap()
    work.sampling(effort)
    work.verbosity()
    work.answer_format()
    work.tool_use(tools)
    work.plain()
    work.rest()
    return Cleaned(work.sent, tuple(work.warnings), "\n\n".join(work.additions), tuple(work.changes))


@dataclass
class _Work:
    """One cleaning: wishes move from `left` to `sent`, or into a warning."""

    left: dict[str, Any]
    model: Model
    endpoint: Endpoint
    sent: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    additions: list[str] = field(default_factory=list)
    changes: list[ParameterChange] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.model.model_id

    @property
    def sure(self) -> bool:
        return self.model.known and not self.model.assumed

    @property
    def refusal(self) -> str:
        return f"{self.name} {'does not take it' if self.sure else 'is not known to take it'}"

    def drop(self, name: str, value: object, reason: str) -> None:
        self.warnings.append(f"{name} {_shown(value)} was left out: {reason}{'' if reason.endswith('?') else '.'}")
        self.changes.append(ParameterChange(name, _shown(value), "", reason))

    def change(self, name: str, value: object, now: str, reason: str) -> None:
        self.warnings.append(f"{name} {_shown(value)} was changed to {now}: {reason}.")
        self.changes.append(ParameterChange(name, _shown(value), now, reason))

    def unpack(self) -> None:
        """Responses nests three wishes; bring them to the names that Chat Completions has for them."""
        for outer, names in (
            ("reasoning", {"effort": "reasoning_effort"}),
            ("text", {"verbosity": "verbosity", "format": "response_format"}),
        ):
            nest = self.left.pop(outer, None)
            if nest is None:
                continue
            if not isinstance(nest, Mapping):
                self.drop(outer, nest, "it must be an object")
                continue
            for key, value in nest.items():
                if value is None:
                    continue
                flat = names.get(key)
                if flat is None:
                    self.drop(f"{outer}.{key}", value, "it is not used here")
                elif flat in self.left:
                    self.drop(f"{outer}.{key}", value, f"{flat} is given as well and comes first")
                else:
                    self.left[flat] = value

    def tools(self) -> list[Shape]:
        wished = self.left.pop("tools", None)
        if not wished:
            return []
        if not isinstance(wished, list | tuple):
            self.drop("tools", wished, "it must be a list")
            return []
        tools: list[Shape] = []
        for value in wished:
            tool = read_tool(value)
            if tool is None:
                self.drop("tools", value, "a tool needs a type, and a function a name and an object of parameters")
            elif tool["type"] != "function" and self.endpoint is Endpoint.CHAT:
                self.drop("tools", tool["type"], "Chat Completions takes functions only; use the Responses API")
            else:
                tools.append(tool)
        if tools and not self.model.tools:
            return self.describe(tools, "takes none" if self.sure else "may take none")
        return tools

    def describe(self, tools: list[Shape], reason: str) -> list[Shape]:
        names = ", ".join(str(tool.get("name", tool["type"])) for tool in tools)
        self.warnings.append(
            f"tools ({names}) are described in the prompt instead of being offered: {self.name} {reason}."
        )
        self.changes.append(ParameterChange("tools", names, "described in the prompt", f"{self.name} {reason}"))
        self.additions.append(tools_as_text(tools))
        return []

    def effort(self, with_tools: bool) -> str | None:
        """The effort that is sent, or None when none is."""
        wished = self.left.pop("reasoning_effort", None)
        effort = None if wished is None else self._supported_effort(wished)
        if with_tools and not self.tools_may_stay(effort) and "none" in self.model.efforts:
            self.change(
                "reasoning_effort",
                effort or self.model.default_effort,
                "'none'",
                f"{self.name} takes function tools on Chat Completions only without reasoning; "
                "the Responses API takes both",
            )
            effort = "none"
        if effort is not None:
            if self.endpoint is Endpoint.CHAT:
                self.sent["reasoning_effort"] = effort
            else:
                self.sent["reasoning"] = {"effort": effort}
        return effort

    def tools_may_stay(self, effort: str | None) -> bool:
        if self.endpoint is Endpoint.RESPONSES or self.model.chat_tools_with_reasoning:
            return True
        return (effort or self.model.default_effort) == "none"

    def _supported_effort(self, wished: object) -> str | None:
        name = "reasoning_effort"
        if not isinstance(wished, str) or wished not in EFFORTS:
            self.drop(name, wished, f"it must be one of {', '.join(EFFORTS)}")
            return None
        taken = self.model.efforts
        if not taken:
            self.drop(name, wished, self.refusal)
            return None
        reason = f"{self.name} takes {', '.join(taken)}"
        if self.endpoint is Endpoint.CHAT and "max" in taken:
            taken = tuple(effort for effort in taken if effort != "max")
            reason = f"Chat Completions takes {', '.join(taken)} for {self.name}, and only the Responses API takes max"
        if wished in taken:
            return wished
        # Asked to think a little, a model should not be told to stop thinking: none only stands for none.
        choice = [effort for effort in taken if effort != "none"]
        nearest = min(choice, key=lambda effort: abs(EFFORTS.index(effort) - EFFORTS.index(wished)))
        self.change(name, wished, f"'{nearest}'", reason)
        return nearest

    def cap(self) -> None:
        """The cap on output tokens, which includes the tokens a model spends on reasoning."""
        target = "max_completion_tokens" if self.endpoint is Endpoint.CHAT else "max_output_tokens"
        given: dict[str, int] = {}
        for name in CAPS:
            value = self.left.pop(name, None)
            if value is None:
                continue
            if not whole(1, 10**9)(value):
                self.drop(name, value, "it must be a whole number above 0")
            else:
                given[name] = value
        if not given:
            return
        name, cap = min(given.items(), key=lambda item: item[1])
        for other, value in given.items():
            if value != cap:
                self.drop(other, value, f"{name} {cap} is given as well, and the smaller cap counts")
        if "max_tokens" in given:
            why = "the older name is deprecated" if self.model.max_tokens_ok else f"{self.name} takes the newer name"
            self.warnings.append(f"max_tokens {given['max_tokens']} is sent as {target} {cap}: {why}.")
            self.changes.append(ParameterChange("max_tokens", str(given["max_tokens"]), f"{target} {cap}", why))
        if self.model.max_output is not None and cap > self.model.max_output:
            self.change(name, cap, str(self.model.max_output), f"{self.name} writes no more in one answer")
            cap = self.model.max_output
        if self.endpoint is Endpoint.RESPONSES and cap < MIN_RESPONSES_CAP:
            self.change(name, cap, str(MIN_RESPONSES_CAP), "the Responses API takes no less")
            cap = MIN_RESPONSES_CAP
        self.sent[target] = cap

    def sampling(self, effort: str | None) -> None:
        rule = self.model.sampling
        allowed = (
            rule == "always"
            or (rule == "default_none" and effort in (None, "none"))
            or (rule == "explicit_none" and effort == "none")
        )
        reason = {
            "never": f"{self.name} takes only its default" if self.sure else self.refusal,
            "default_none": f"{self.name} takes it only without reasoning, and reasoning_effort is '{effort}'",
            "explicit_none": f"{self.name} takes it only with reasoning_effort 'none'",
        }.get(rule, "")
        self._take(SAMPLING, allowed, reason)

    def verbosity(self) -> None:
        value = self.left.pop("verbosity", None)
        if value is None:
            return
        if value not in ("low", "medium", "high"):
            self.drop("verbosity", value, "it must be low, medium or high")
        elif not self.model.verbosity:
            self.drop("verbosity", value, self.refusal)
        elif self.endpoint is Endpoint.CHAT:
            self.sent["verbosity"] = value
        else:
            self.sent["text"] = {"verbosity": value}

    def answer_format(self) -> None:
        value = self.left.pop("response_format", None)
        if value is None:
            return
        wished = read_format(value)
        if wished is None:
            self.drop("response_format", value, "it must be text, json_object, or json_schema with a name and a schema")
            return
        possible = wished
        if wished["type"] == "json_schema" and not self.model.json_schema:
            possible = {"type": "json_object"}
        if possible["type"] == "json_object" and not self.model.json_object:
            possible = {"type": "text"}
        if possible != wished:
            self.change(
                "response_format",
                wished["type"],
                f"'{possible['type']}' with the format described in the prompt",
                self.refusal,
            )
            self.additions.append(schema_as_text(wished))
        if self.endpoint is Endpoint.CHAT:
            self.sent["response_format"] = write_format(possible, self.endpoint)
        else:
            self.sent.setdefault("text", {})["format"] = write_format(possible, self.endpoint)

    def tool_use(self, tools: list[Shape]) -> None:
        choice, parallel = self.left.pop("tool_choice", None), self.left.pop("parallel_tool_calls", None)
        if tools:
            self.sent["tools"] = [write_tool(tool, self.endpoint) for tool in tools]
        if choice is not None:
            word = read_choice(choice)
            if word is None or (word.startswith("=") and word[1:] not in {tool.get("name") for tool in tools}):
                self.drop("tool_choice", choice, "it must be auto, none, required or one of the functions offered")
            elif not tools:
                self.drop("tool_choice", choice, "no tools are offered")
            else:
                self.sent["tool_choice"] = write_choice(word, self.endpoint)
        if parallel is not None:
            if not truth(parallel):
                self.drop("parallel_tool_calls", parallel, "it must be true or false")
            elif not tools:
                self.drop("parallel_tool_calls", parallel, "no tools are offered")
            elif not self.model.parallel_tool_calls:
                self.drop("parallel_tool_calls", parallel, self.refusal)
            else:
                self.sent["parallel_tool_calls"] = parallel

    def plain(self) -> None:
        on_chat = self.endpoint is Endpoint.CHAT
        if self.left.get("n", 1) != 1 and whole(1, 128)(self.left["n"]):
            self.drop("n", self.left.pop("n"), "one answer a request is read, and the others would be paid for unread")
        free = self.model.sampling == "always"
        reason = self.refusal if on_chat else "the Responses API has no such parameter"
        self._take(CHAT_STANDARD, on_chat and free, reason)
        if "top_logprobs" in self.sent and self.sent.get("logprobs") is not True:
            self.drop("top_logprobs", self.sent.pop("top_logprobs"), "it needs logprobs true")
        self._take(BOTH, True, "")
        self._take(RESPONSES_ONLY, not on_chat, "only the Responses API takes it")

    def _take(self, checks: dict[str, tuple[Check, str]], allowed: bool, reason: str) -> None:
        for name, (check, expected) in checks.items():
            value = self.left.pop(name, None)
            if value is None:
                continue
            if not check(value):
                self.drop(name, value, f"it must be {expected}")
            elif not allowed:
                self.drop(name, value, reason)
            else:
                self.sent[name] = value

    def rest(self) -> None:
        for name, value in self.left.items():
            if name in NOT_OURS:
                # "Do not stream" is what happens anyway.
                if value is not False:
                    self.drop(name, value, NOT_OURS[name])
                continue
            near = difflib.get_close_matches(str(name), NAMES, 1)
            self.drop(str(name), value, "no parameter has that name" + (f"; did you mean {near[0]}?" if near else ""))


def _shown(value: object) -> str:
    """A value as people wrote it, short enough for a sentence."""
    text = json.dumps(value, ensure_ascii=False, default=repr) if not isinstance(value, str) else f"'{value}'"
    return text if len(text) <= 60 else text[:57] + "..."
