"""What a tool is: a name, a description, arguments that are checked, and a function of its surroundings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import NoneType, UnionType
from typing import Any, Literal, Protocol, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict

from core.domain.facts import Fact
from core.domain.fx import Rates
from core.domain.market import EconomicSeries, Filing, ReportedFact, SourceTerms
from core.domain.portfolio import DailyCloses, Portfolio
from core.metrics.prices import PriceHistory


class Arguments(BaseModel):
    """Arguments of a tool. Every field is required; what may be left open is null."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Surroundings(Protocol):
    """What tools may look at. What a source's terms forbid is refused by the tool, with the reason."""

    @property
    def portfolio(self) -> Portfolio:
        """The portfolio that the request is about, on the day that it is about."""

    @property
    def rates(self) -> Rates:
        """Exchange rates."""

    @property
    def prices(self) -> PriceHistory:
        """Stored prices of what the portfolio holds."""

    def terms(self, source_id: str) -> SourceTerms:
        """What the owner of a source allows.

        Raises:
            Refused: The source is off; the message says how to switch it on.
        """

    def closes(self, source_id: str, symbol: str, first: date, last: date) -> DailyCloses:
        """Daily closes from a source, not kept.

        Raises:
            MosychlosError: The source is off or failed.
        """

    def stored_series(self, series_id: str) -> EconomicSeries | None:
        """An economic series that somebody imported, or None."""

    def series(self, source_id: str, series_id: str, first: date, last: date) -> EconomicSeries:
        """An economic series from a source, not kept.

        Raises:
            MosychlosError: The source is off or failed.
        """

    def filings(self, company: str) -> list[Filing]:
        """The newest filings of a company.

        Raises:
            MosychlosError: The source is off or failed.
        """

    def reported(self, company: str) -> list[ReportedFact]:
        """What a company reported in XBRL.

        Raises:
            MosychlosError: The source is off or failed.
        """


@dataclass(frozen=True, slots=True)
class ToolFindings:
    """What a tool found.

    Attributes:
        facts: Numbers that an answer may state, under short ids ("volatility"); shown to the model as a table.
        about: What else the model is told, by name.
        source: Where it comes from.
    """

    facts: tuple[Fact, ...]
    about: Mapping[str, Any]
    source: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool.

    Attributes:
        description: What a model reads when it decides whether to call it.
        run: Gets the checked arguments and the surroundings; what it raises as `MosychlosError` is told to the model.
        per_request: Calls that one request may make.
        per_job: Calls that all requests of a job may make together; None for no limit of its own.
    """

    name: str
    description: str
    arguments: type[Arguments]
    run: Callable[[Any, Surroundings], ToolFindings]
    per_request: int
    per_job: int | None = None

    def spec(self) -> dict[str, Any]:
        """The tool in the flat shape of the Responses API; Chat Completions nests the same below "function"."""
        return {
            "type": "function",
            "name": self.name,
            "description": self.description,
            "parameters": strict_schema(self.arguments),
            "strict": True,
        }


def strict_schema(arguments: type[BaseModel]) -> dict[str, Any]:
    """The strict JSON schema of arguments: every property required, nothing additional, no defaults.

    Raises:
        TypeError: The model says something that strict mode cannot.
    """
    properties: dict[str, Any] = {}
    for name, field in arguments.model_fields.items():
        if not field.is_required():
            raise TypeError(f"{arguments.__name__}.{name} has a default: a strict schema has none.")
        properties[name] = _schema(field.annotation)
        if field.description:
            properties[name] = properties[name] | {"description": field.description}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_SCALARS = {str: "string", float: "number", int: "integer", bool: "boolean"}


def _schema(kind: Any) -> dict[str, Any]:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in _SCALARS:
        return {"type": _SCALARS[kind]}
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin is list:
        return {"type": "array", "items": _schema(arguments[0])}
    if origin in (Union, UnionType) and len(arguments) == 2 and arguments[1] is NoneType:
        inner = _schema(arguments[0])
        return inner | {"type": [inner["type"], "null"]}
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return strict_schema(kind)
    raise TypeError(f"{kind} has no place in a strict schema.")


def whole_table(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    """Facts as a model is told them: the id to state them by, the value as shown, how to read it, and what it means."""
    return [
        {
            "metric_id": fact.metric_id,
            "value": float(fact.shown) if fact.decimals else int(float(fact.shown)),
            "unit": fact.unit.value,
            "currency": fact.currency,
            "period": fact.period,
            "definition": fact.definition,
        }
        for fact in facts
    ]
