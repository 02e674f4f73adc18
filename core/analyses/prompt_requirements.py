"""What the prompt library has to say for the analyses that there are."""

from __future__ import annotations

from core.analyses.engines import available, engine_for
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
    names = [name for name in engine.schema()["properties"] if name not in _SAME_FOR_ALL]
    return PromptFit(kind.value, engine.schema_name, tuple(names), definitions_in_prompt(kind))
