"""From facts to a line of a batch file.

Everything that all requests of one overlay share (instructions, schema, parameters) is serialised, hashed and counted
once; only the user part is rendered, counted and encoded per request. The static part stands first in the body, which
is also what lets the provider bill it as cached input.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from core.analyses.engines import engine_for
from core.domain.analysis import AnalysisRequest, Endpoint
from core.domain.batch import BatchRequest
from core.domain.facts import FactSheet
from core.errors import BadInput
from core.llm.estimate import OutputSpread, assumed_output
from core.llm.models import Model, find, usable
from core.llm.parameters import Cleaned, clean
from core.llm.prompts import Prompt, PromptLibrary
from core.llm.tokens import counter, framing
from core.metrics.definitions import DEFINITIONS

OUTPUT_CAP = {"standard": 6_000, "reasoning": 24_000}
"""Longest answer allowed by default: a report takes about 1,500 tokens, and reasoning counts as output too."""

CUSTOM_ID_CHARACTERS = 64

_MARK_ID = "\u0001id\u0001"
_MARK_USER = "\u0001user\u0001"


@dataclass(frozen=True, slots=True)
class _Static:
    """What every request of one overlay shares: the line's bytes around the two parts that change."""

    prompt: Prompt
    before_id: bytes
    before_user: bytes
    after_user: bytes
    tokens: int


class Builder:
    """Builds the requests of one job.

    Args:
        request: What was asked for.
        library: The prompts.
        today: Day from which the model's shutdown is seen.

    Raises:
        BadInput: There is no such analysis.
        ModelRefused: The model was shut down; the message names its replacement.
    """

    def __init__(self, request: AnalysisRequest, library: PromptLibrary, *, today: date) -> None:
        self.request = request
        self.engine = engine_for(request.kind)
        self.model: Model = usable(find(request.model), today)
        self._library = library
        self._cleaned = self._clean()
        self._counter = counter(self.model.encoding)
        self._statics: dict[str | None, _Static] = {}

    @property
    def effort(self) -> str | None:
        """The reasoning effort that is sent, or None."""
        params = self._cleaned.params
        nested = params.get("reasoning")
        effort = params.get("reasoning_effort") or (nested.get("effort") if isinstance(nested, dict) else None)
        return effort if isinstance(effort, str) else None

    @property
    def output_cap(self) -> int:
        """The longest answer allowed, in tokens, reasoning included."""
        params = self._cleaned.params
        for name in ("max_completion_tokens", "max_output_tokens", "max_tokens"):
            if isinstance(params.get(name), int):
                return int(params[name])
        return self.model.max_output or OUTPUT_CAP["reasoning"]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was changed for all requests alike."""
        unknown = () if self.model.known else (_unknown(self.model),)
        return (*unknown, *self._cleaned.warnings)

    def expected_output(self) -> OutputSpread:
        """Output tokens of one answer: few, expected, many."""
        return assumed_output(self.model, self.effort, self.output_cap)

    def build(self, sheet: FactSheet) -> BatchRequest:
        """The request about one portfolio.

        Raises:
            BadInput: It is longer than the model takes; the message names the portfolio and both lengths.
        """
        static = self._static(self._region(sheet))
        prompt = static.prompt
        user = prompt.render(self.engine.blocks(sheet, prompt.language))
        tokens = static.tokens + self._counter.count(user)
        room = self.model.input_room
        if room is not None and tokens > room:
            raise BadInput(
                f"The request for portfolio '{sheet.portfolio_id}' has {tokens:,} tokens and {self.model.model_id} "
                f"takes {room:,}. Leave that portfolio out, or choose a model with more room."
            )
        custom_id = f"{self.request.kind}-{sheet.portfolio_id}"[:CUSTOM_ID_CHARACTERS]
        line = b"".join(
            (
                static.before_id,
                orjson.dumps(custom_id),
                static.before_user,
                orjson.dumps(user),
                static.after_user,
            )
        )
        return BatchRequest(
            custom_id=custom_id,
            portfolio_id=sheet.portfolio_id,
            line=line,
            input_tokens=tokens,
            max_output_tokens=self.output_cap,
            prompt_version=prompt.version,
            prompt_hash=prompt.digest(user),
            region=prompt.region,
            warnings=prompt.warnings,
        )

    def _region(self, sheet: FactSheet) -> str | None:
        if self.request.region:
            return self.request.region
        return sheet.region if self.request.regional else None

    def _clean(self) -> Cleaned:
        wishes: dict[str, Any] = {
            "max_output_tokens": OUTPUT_CAP[self._class()],
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": self.engine.schema_name,
                    "strict": True,
                    "schema": self.engine.schema(),
                },
            },
            **self.request.parameters,
        }
        return clean(wishes, self.model, self.request.endpoint)

    def _class(self) -> str:
        effort = self.request.parameters.get("reasoning_effort")
        return self.model.class_with(effort if isinstance(effort, str) else None)

    def _static(self, region: str | None) -> _Static:
        known = self._statics.get(region)
        if known is None:
            known = self._statics[region] = self._serialise(region)
        return known

    def _serialise(self, region: str | None) -> _Static:
        prompt = self._library.compose(
            self.request.kind.value, region, self.request.variant.value, definitions=definitions()
        ).with_addition(self._cleaned.prompt_addition)
        messages = [
            {"role": self.model.role, "content": prompt.system},
            {"role": "user", "content": _MARK_USER},
        ]
        key = "messages" if self.request.endpoint is Endpoint.CHAT else "input"
        body = {"model": self.model.model_id, **self._cleaned.params, key: messages}
        line = {"custom_id": _MARK_ID, "method": "POST", "url": self.request.endpoint.path, "body": body}
        before_id, rest = orjson.dumps(line).split(orjson.dumps(_MARK_ID))
        before_user, after_user = rest.split(orjson.dumps(_MARK_USER))
        count = self._counter.count
        schema = count(orjson.dumps(self.engine.schema()).decode()) if self.model.json_schema else 0
        return _Static(
            prompt=prompt,
            before_id=before_id,
            before_user=before_user,
            after_user=after_user,
            tokens=count(prompt.system) + schema + framing(len(messages)),
        )


def build_requests(
    request: AnalysisRequest, sheets: Iterable[FactSheet], library: PromptLibrary, *, today: date
) -> Iterator[BatchRequest]:
    """The requests of a job in the order of its portfolios."""
    builder = Builder(request, library, today=today)
    for sheet in sheets:
        yield builder.build(sheet)


def definitions() -> str:
    """Every metric's definition, one a line, for the static part of the prompt."""
    return "\n".join(
        f"{name}{'<...>' if name.endswith('.') else ''} [{one.unit}]: {one.text}" for name, one in DEFINITIONS.items()
    )


def _unknown(model: Model) -> str:
    return (
        f"The model '{model.model_id}' is not known: only parameters that every model takes are sent, "
        "and its limits and price are not known."
    )
