"""What the prompt library has to say for the analyses that there are."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from core.analyses.engines import available, engine_for
from core.analyses.schema import Schema
from core.domain.analysis import AnalysisRequest, Kind, Variant
from core.llm import models
from core.llm.estimate import assumed_output
from core.llm.prompt_check import PromptFit
from core.llm.prompt_files import PromptFile
from core.llm.prompts import PromptLibrary
from core.llm.tokens import counter

_SAME_FOR_ALL = frozenset({"schema_version", "analysis_type"})


def expected_prompts() -> tuple[PromptFit, ...]:
    """Schema, parts of the answer and metric definitions of every analysis, in the order people see them."""
    return tuple(map(_expected, available()))


def definitions_in_prompt(kind: Kind | str) -> str:
    """The metric definitions that stand in a kind's instructions when nothing in particular is asked for."""
    engine = engine_for(kind)
    return engine.definitions(AnalysisRequest(engine.kind, (), ""))


def _expected(kind: Kind) -> PromptFit:
    engine = engine_for(kind)
    with_slots = () if engine.slots is None else _parts(engine.schema(slots=True))
    return PromptFit(kind.value, engine.schema_name, _parts(engine.schema()), definitions_in_prompt(kind), with_slots)


@dataclass(frozen=True, slots=True)
class PromptSize:
    """What a request of a kind costs besides its data, in o200k tokens.

    Attributes:
        version: "risk/v3".
        input_tokens: Instructions (international, balanced) and schema.
        output_tokens: Expected of an answer's text, without reasoning.
    """

    version: str
    input_tokens: int
    output_tokens: int


def prompt_sizes(library: PromptLibrary) -> tuple[tuple[PromptSize, PromptSize], ...]:
    """Of each kind that can be asked with slots: its newest prompt that asks so, and the newest that does not."""
    found = []
    for kind in available():
        files = library.versions(kind.value)
        pair = [next((file for file in reversed(files) if file.slots is slots), None) for slots in (True, False)]
        if pair[0] is not None and pair[1] is not None:
            found.append((_size(library, kind, pair[0]), _size(library, kind, pair[1])))
    return tuple(found)


def _size(library: PromptLibrary, kind: Kind, file: PromptFile) -> PromptSize:
    count = counter("o200k_base").count
    prompt = library.compose(
        kind.value, None, Variant.DEFAULT.value, file.text("version"), definitions=definitions_in_prompt(kind)
    )
    schema = orjson.dumps(engine_for(kind).schema(slots=file.slots)).decode()
    expected = assumed_output(models.find("gpt-4.1"), "none", kind=kind, slots=file.slots).expected
    return PromptSize(prompt.version, count(prompt.system) + count(prompt.question) + count(schema), expected)


def _parts(schema: Schema) -> tuple[str, ...]:
    return tuple(name for name in schema["properties"] if name not in _SAME_FOR_ALL)
