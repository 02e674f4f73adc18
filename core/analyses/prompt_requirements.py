"""What the prompt library has to say for the analyses that there are."""

from __future__ import annotations

from core.analyses.engines import available, engine_for
from core.analyses.schema import Schema
from core.domain.analysis import AnalysisRequest, Kind
from core.llm.prompt_check import PromptFit

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


def _parts(schema: Schema) -> tuple[str, ...]:
    return tuple(name for name in schema["properties"] if name not in _SAME_FOR_ALL)
