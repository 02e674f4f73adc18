"""The analyses that can be asked for today, by kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from core.analyses.risk import RiskEngine
from core.analyses.tables import TableWriter
from core.domain.analysis import Kind, Reading
from core.domain.facts import FactSheet
from core.errors import BadInput


class Engine(Protocol):
    """One analysis: what it tells the model, what it demands, and how it reads the answer.

    Attributes:
        kind: The analysis.
        schema_name: Name under which the schema is sent.
    """

    @property
    def kind(self) -> Kind: ...

    @property
    def schema_name(self) -> str: ...

    def schema(self) -> dict[str, Any]:
        """The strict JSON schema of the answer: constant, so that the provider compiles it once."""

    def blocks(self, sheet: FactSheet, language: str = "en") -> str:
        """The facts as delimited tables for the prompt; data in them cannot end a table."""

    def writer(self, count: Callable[[str], int]) -> TableWriter:
        """The same tables for many portfolios, their tokens counted on the way with `count`."""

    def read(self, text: str, sheet: FactSheet) -> Reading:
        """The analysis in an answer's text, verified against the facts, or why there is none. Never raises."""


_ENGINES: dict[Kind, Engine] = {Kind.RISK: RiskEngine()}


def available() -> tuple[Kind, ...]:
    """The analyses that have an engine, in the order people see them."""
    return tuple(_ENGINES)


def engine_for(kind: Kind | str) -> Engine:
    """The engine of an analysis.

    Raises:
        BadInput: There is no such analysis, or it has no engine yet; the message names those that can be asked for.
    """
    names = ", ".join(available())
    try:
        known = Kind(kind)
    except ValueError:
        raise BadInput(f"There is no analysis '{str(kind)[:60]}'. Available: {names}.") from None
    if known not in _ENGINES:
        raise BadInput(f"The analysis '{known}' is not available yet. Available: {names}.")
    return _ENGINES[known]
