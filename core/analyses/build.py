"""From facts to the lines of a batch file: prompt, body, exact count, hash.

All requests of one job and one regional overlay share everything but the data: the instructions, the schema and the
parameters are written and counted once, and a request costs only its tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import orjson

from core.analyses import suspicious
from core.analyses.engine import Each, Engine
from core.analyses.engines import engine_for
from core.analyses.fact_selection import PERIODS
from core.analyses.tools.registry import GUIDANCE, specs
from core.analyses.trimming import fitted
from core.domain.analysis import AnalysisRequest, Endpoint, Kind
from core.domain.batch import BatchRequest
from core.domain.facts import FactSheet
from core.errors import BadInput
from core.llm import models
from core.llm.estimate import OutputSpread, assumed_output
from core.llm.models import Model
from core.llm.parameters import ParameterChange, clean
from core.llm.profiles import investment_profile
from core.llm.prompts import Prompt, PromptLibrary
from core.llm.tokens import counter, framing
from core.llm.tool_calls import ENCRYPTED
from core.metrics.definitions import MetricGroup

TEXT_CAP: Final = 6_000
"""Default cap on the answer's text. A long risk report has about 2,600 tokens, in French a quarter more. Only what is
written is billed, while a cut answer is billed and useless: so the cap leaves room."""

REASONING_CAP: Final = {
    "none": 0,
    "minimal": 2_000,
    "low": 6_000,
    "medium": 16_000,
    "high": 32_000,
    "xhigh": 48_000,
    "max": 80_000,
}
"""What is added to the default cap for reasoning, which counts against it, by effort."""

_CAP_NAMES = ("max_output_tokens", "max_completion_tokens", "max_tokens")
_MAX_ID_CHARACTERS = 64


def build_requests(
    request: AnalysisRequest, sheets: Iterable[FactSheet], library: PromptLibrary, *, today: date
) -> Iterator[BatchRequest]:
    """The requests of a job, one for each sheet and wished scenario or period, as they come.

    Raises:
        BadInput, ModelRefused: As `Builder` does.
    """
    builder = Builder(request, library, today=today)
    return (builder.build(view) for sheet in sheets for view in builder.views(sheet))


class DoesNotFit(BadInput):
    """A request is longer than its model takes. Fewer lines, another model or no request: a person decides."""


@dataclass(frozen=True, slots=True)
class _Overlay:
    """What all requests of one region share.

    Attributes:
        head: Their lines from after the custom_id to the user's text, as bytes.
        tokens: Input tokens of everything but the tables.
        cacheable: Those of them that stand in front of the tables.
    """

    prompt: Prompt
    head: bytes
    tokens: int
    cacheable: int


class Builder:
    """Builds the requests of one job.

    Args:
        request: What is asked.
        library: The prompts.
        today: Decides whether the model is still there.

    Attributes:
        model: The model asked.
        effort: Reasoning effort that is sent, or None.
        max_output_tokens: The cap that is sent with every request.
        params: What is sent beside the messages, by the endpoint's own names.
        changes: Wishes that are not sent as they were made.
        warnings: What was changed or should be known for the whole job, each once.
        groups: Groups of metrics that sheets must be made with.
        needs: What else they must hold.
        tools: Tools that are offered; those that the model cannot take are described in the instructions instead.
        windows: Periods of which each needs sheets of its own; empty for one sheet a portfolio.

    Raises:
        BadInput: The analysis has no engine, or the prompt does not exist.
        ModelRefused: The model was shut down; the message names the replacement.
    """

    def __init__(self, request: AnalysisRequest, library: PromptLibrary, *, today: date) -> None:
        self.model: Model = models.usable(models.find(request.model), today)
        self._request = request
        self._library = library
        self._engine = engine_for(request.kind)
        _check_wishes(request, self._engine)
        if request.profile:
            investment_profile(request.profile)
        self._slots = library.kind_file(request.kind.value, request.prompt_version).slots
        schema_format = {
            "type": "json_schema",
            "name": self._engine.schema_name,
            "strict": True,
            "schema": self._engine.schema(slots=self._slots),
        }
        wished, notes = _wished(request, self.model)
        wished |= _tools(request, self._engine, self.model)
        cleaned = clean(wished | {"response_format": schema_format}, self.model, request.endpoint)
        self._offered: list[dict[str, Any]] = cleaned.params.get("tools", [])
        self.tools: frozenset[str] = frozenset(map(_tool_name, self._offered))
        self.params: dict[str, Any] = cleaned.params
        self.changes: tuple[ParameterChange, ...] = cleaned.changes
        self._addition = "\n\n".join(part for part in (GUIDANCE if self.tools else "", cleaned.prompt_addition) if part)
        self.effort: str | None = _effort(cleaned.params)
        self.max_output_tokens: int = next(cleaned.params[name] for name in _CAP_NAMES if name in cleaned.params)
        self.groups: tuple[MetricGroup, ...] = self._engine.groups(request)
        self.needs = self._engine.needs
        self.windows: tuple[str, ...] = request.periods if self._engine.windowed else ()
        self.warnings = tuple(
            dict.fromkeys([*notes, *cleaned.warnings, *models.warnings(self.model, today), *self._batch_note()])
        )
        self._count = counter(self.model.encoding).count
        self._writer = self._engine.writer(self._count, slots=self._slots)
        self._overlays: dict[str | None, _Overlay] = {}

    def expected_output(self) -> OutputSpread:
        """Assumed output tokens of one answer, under the cap that is sent."""
        return assumed_output(
            self.model, self.effort, self.max_output_tokens, kind=self._request.kind, slots=self._slots
        )

    def views(self, sheet: FactSheet) -> Iterator[FactSheet]:
        """What a portfolio's requests show of it: one sheet each. Answers are checked against these.

        Raises:
            BadInput: The analysis lacks something that it cannot do without, or a scenario does not exist.
        """
        prompt = self._overlay(self._region(sheet)).prompt
        profile = sheet.evidence.profile
        if self._request.profile:
            # What an investor bears depends on where they are at home, whatever language the answer is wanted in.
            profile = investment_profile(self._request.profile, sheet.region.partition("_")[0])
        evidence = replace(
            sheet.evidence,
            decimal_mark=prompt.decimal_mark,
            language=prompt.language,
            profile=profile,
            caveat=prompt.caveat if prompt.slots else "",
            overlay=prompt.region if prompt.slots else "",
        )
        return self._engine.views(replace(sheet, evidence=evidence), self._request)

    def prompt(self, region: str | None) -> Prompt:
        """The composed prompt for a region, as its requests carry it."""
        return self._overlay(region).prompt

    def fit(self, sheet: FactSheet) -> tuple[BatchRequest, FactSheet]:
        """One request, and the sheet that it shows: the given one, or one folded until it fits, where that is wished.

        Args:
            sheet: One of `views`.

        Raises:
            DoesNotFit: It is too long and may not be folded, or folding does not help.
        """
        try:
            return self.build(sheet), sheet
        except DoesNotFit:
            trimmed = fitted(sheet, self._fits) if self._request.trim else None
            if trimmed is None:
                raise
        request = self.build(trimmed.sheet)
        return replace(request, warnings=(*request.warnings, trimmed.sentence)), trimmed.sheet

    def _fits(self, sheet: FactSheet) -> bool:
        overlay = self._overlay(self._region(sheet))
        tokens = overlay.tokens + self._writer.write(sheet, overlay.prompt.language)[1]
        return not self._over(tokens)

    def build(self, sheet: FactSheet) -> BatchRequest:
        """One request.

        Args:
            sheet: One of `views`.

        Raises:
            DoesNotFit: Its input does not fit into the model's context window.
        """
        request, given = self._request, sheet.evidence
        overlay = self._overlay(self._region(sheet))
        prompt = overlay.prompt
        blocks, tokens = self._writer.write(sheet, prompt.language)
        tokens += overlay.tokens
        user = prompt.render(blocks)
        self._check_room(sheet, tokens)
        scenario = given.scenarios[0] if given.scenarios else ""
        custom_id = custom_id_of(request.kind.value, sheet.portfolio_id, scenario or given.period)
        line = b'{"custom_id":%b%b%b}]}}' % (orjson.dumps(custom_id), overlay.head, orjson.dumps(user))
        return BatchRequest(
            custom_id=custom_id,
            portfolio_id=sheet.portfolio_id,
            line=line,
            input_tokens=tokens,
            max_output_tokens=self.max_output_tokens,
            prompt_version=prompt.version,
            prompt_hash=prompt.digest(user),
            region=prompt.region,
            warnings=(*prompt.warnings, *suspicious.warnings(sheet)),
            variant=prompt.variant,
            profile=prompt.profile,
            scenario=scenario,
            period=given.period,
            cacheable_tokens=overlay.cacheable,
        )

    def _region(self, sheet: FactSheet) -> str | None:
        return self._request.region or (sheet.region if self._request.regional else None)

    def _overlay(self, region: str | None) -> _Overlay:
        overlay = self._overlays.get(region)
        if overlay is None:
            request = self._request
            prompt = self._library.compose(
                request.kind.value,
                region,
                request.variant.value,
                request.prompt_version,
                profile=request.profile,
                definitions=self._engine.definitions(request),
            )
            prompt = prompt.with_addition(self._addition)
            tail = _tail_tokens(self._count, prompt.question)
            cacheable = self._static_tokens(prompt)
            overlay = self._overlays[region] = _Overlay(prompt, self._head(prompt), cacheable + tail, cacheable)
        return overlay

    def _head(self, prompt: Prompt) -> bytes:
        """A line from after the custom_id up to the user's text."""
        body = orjson.dumps({"model": self.model.model_id} | self.params)[:-1]
        system = orjson.dumps({"role": self.model.role, "content": prompt.system})
        messages = b"messages" if self._request.endpoint is Endpoint.CHAT else b"input"
        path = orjson.dumps(self._request.endpoint.path)
        return b',"method":"POST","url":%b,"body":%b,"%b":[%b,{"role":"user","content":' % (
            path,
            body,
            messages,
            system,
        )

    def _static_tokens(self, prompt: Prompt) -> int:
        """Instructions, schema and message framing: what comes before the first table."""
        count = self._count
        tokens = framing(2) + count(prompt.system)
        shape = self.params.get("response_format") or self.params.get("text", {}).get("format")
        if shape and shape["type"] == "json_schema":
            tokens += count(orjson.dumps(shape.get("schema") or shape["json_schema"]["schema"]).decode())
        if self._offered:
            tokens += count(orjson.dumps(self._offered).decode())
        return tokens

    def _check_room(self, sheet: FactSheet, tokens: int) -> None:
        over = self._over(tokens)
        if over:
            raise DoesNotFit(
                f"The request for portfolio '{sheet.portfolio_id}' {over}. Leave the portfolio out, split it, choose a "
                "model with a larger context window, or let its smallest holdings be shown as one line (--optimise)."
            )

    def _over(self, tokens: int) -> str:
        """How so many input tokens pass the model's limits; "" when they do not."""
        room, window = self.model.input_room, self.model.context_window
        if room is not None and tokens > room:
            limit, need = room, f"has {tokens:,} input tokens"
        elif window is not None and tokens + self.max_output_tokens > window:
            limit, need = window, f"has {tokens:,} input tokens and may answer with {self.max_output_tokens:,} more"
        else:
            return ""
        return f"{need}; model '{self.model.model_id}' takes {limit:,}"

    def _batch_note(self) -> tuple[str, ...]:
        if self.model.batch:
            return ()
        return (f"No batch processing is published for model '{self.model.model_id}': the provider may refuse it.",)


def custom_id_of(kind: str, portfolio_id: str, part: str = "") -> str:
    """The id that joins a result to its request: unique for each portfolio of a job, at most 64 characters.

    Args:
        part: Scenario or period, where a portfolio has several requests; "" for none.
    """
    custom_id = f"{kind}-{portfolio_id}@{part}" if part else f"{kind}-{portfolio_id}"
    if len(custom_id) <= _MAX_ID_CHARACTERS:
        return custom_id
    digest = hashlib.sha256(custom_id.encode("utf-8", "replace")).hexdigest()[:16]
    return f"{custom_id[: _MAX_ID_CHARACTERS - 17]}-{digest}"


def _check_wishes(request: AnalysisRequest, engine: Engine) -> None:
    """Scenarios and periods are only for the analyses that look at them."""
    if request.group and request.kind is not Kind.COMMITTEE_BRIEF:
        raise BadInput(
            f"The analysis '{request.kind.value}' is made of each portfolio. Only a committee brief takes a group."
        )
    if request.group and request.tools:
        raise BadInput("A brief about a group takes no --tool: tools look at one portfolio. Leave it out.")
    for wished, each, option in (
        (request.scenarios, Each.SCENARIO, "--scenario"),
        (request.periods, Each.PERIOD, "--period"),
    ):
        if wished and engine.each is not each:
            raise BadInput(f"The analysis '{request.kind.value}' takes no {option}. Leave it out.")
        if len(set(wished)) != len(wished):
            raise BadInput(f"{option} names something twice: {', '.join(wished)}. Name each once.")
    unknown = [period for period in request.periods if period not in PERIODS]
    if unknown:
        raise BadInput(f"There is no period '{unknown[0][:40]}'. Choose from: {', '.join(PERIODS)}.")


def _wished(request: AnalysisRequest, model: Model) -> tuple[dict[str, Any], list[str]]:
    """The parameters to ask for: the person's, our cap where there is none, and nothing about the answer's format."""
    wished = dict(request.parameters)
    notes: list[str] = []
    if isinstance(text := wished.get("text"), dict) and "format" in text:
        wished["text"] = {name: value for name, value in text.items() if name != "format"}
        notes.append("text.format was left out: the analysis sets the format of its answer.")
    if wished.pop("tools", None) is not None:
        notes.append("tools was left out: choose tools by name, so that their calls are answered.")
    if wished.pop("response_format", None) is not None:
        notes.append("response_format was left out: the analysis sets the format of its answer.")
    if not any(_is_cap(wished.get(name)) for name in _CAP_NAMES):
        wished["max_output_tokens"] = _default_cap(model, _effort(clean(wished, model, request.endpoint).params))
    if request.endpoint is Endpoint.RESPONSES:
        # The Responses API keeps what it answers for a month unless it is told not to.
        wished.setdefault("store", False)
    return wished, notes


def _tools(request: AnalysisRequest, engine: Engine, model: Model) -> dict[str, Any]:
    """What offering the wished tools adds to a request.

    Raises:
        BadInput: There is no such tool, or the analysis may not use it.
    """
    offered = specs(request.tools)
    barred = sorted(set(request.tools) - engine.tools)
    if barred:
        there = ", ".join(sorted(engine.tools)) or "none"
        raise BadInput(f"The analysis '{request.kind.value}' may not use {barred[0]}. It may use: {there}.")
    if not offered:
        return {}
    added: dict[str, Any] = {"tools": offered}
    if request.endpoint is Endpoint.RESPONSES and model.efforts:
        # Nothing is stored at the provider, so the reasoning of a round must come along to be sent back with the next.
        added["include"] = [ENCRYPTED]
    return added


def _tool_name(tool: Mapping[str, Any]) -> str:
    return str(tool.get("name") or tool.get("function", {}).get("name") or tool["type"])


def _is_cap(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _default_cap(model: Model, effort: str | None) -> int:
    thinking = effort or model.default_effort or ("medium" if model.model_class == "reasoning" else "none")
    # A quarter of the window at most: the oldest models' windows are hardly longer than a long answer.
    limits = (TEXT_CAP + REASONING_CAP[thinking], model.max_output, (model.context_window or 0) // 4)
    return min(limit for limit in limits if limit)


def _effort(params: dict[str, Any]) -> str | None:
    effort = params.get("reasoning_effort") or params.get("reasoning", {}).get("effort")
    return effort if isinstance(effort, str) else None


def _tail_tokens(count: Callable[[str], int], question: str) -> int:
    """Tokens that the empty line and the question add behind the tables, whose last ">" joins the line breaks."""
    return count(f">\n\n{question}") - count(">")
