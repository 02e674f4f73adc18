"""Tools on the portfolio's own figures: its risk with other weights, and how its positions move together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from core.analyses.tools.tool import Arguments, Surroundings, Tool, ToolFindings
from core.domain.facts import Fact
from core.domain.units import Unit
from core.errors import BadInput
from core.metrics import tools
from core.metrics.definitions import MetricGroup

SOURCE: Final = "computed from the stored holdings and prices"

_STATED: Final = (
    "volatility", "annual_return", "sharpe", "max_drawdown", "var_95_1d", "cvar_95_1d", "hhi", "top1_weight",
)  # fmt: skip
_MOST_PAIRS: Final = 20


class Weight(BaseModel):
    """A proposed weight."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    holding_id: str = Field(description="As the HOLDINGS table has it.")
    weight_pct: float = Field(description="Percent of the portfolio's total value.")


class RiskArguments(Arguments):
    """Of `risk_calculator`."""

    weights: list[Weight] = Field(
        description="New weights of some holdings; the rest of the change goes to cash. Empty: as the portfolio is."
    )


class CorrelationArguments(Arguments):
    """Of `correlation_analyzer`."""

    holding_ids: list[str] = Field(description="Holdings to compare, as the HOLDINGS table has them. Empty: all.")
    pairs: int = Field(
        description=f"How many of the most and of the least correlated pairs to list, 1 to {_MOST_PAIRS}."
    )


def _risk(arguments: RiskArguments, around: Surroundings) -> ToolFindings:
    weights = {one.holding_id: one.weight_pct for one in arguments.weights}
    if len(weights) != len(arguments.weights):
        raise BadInput("A holding stands twice among the weights. Give one weight for each.")
    sheet = tools.risk_calculator(
        around.portfolio,
        around.rates,
        around.prices,
        weights,
        groups=(MetricGroup.HOLDINGS, MetricGroup.HISTORY),
    )
    known = sheet.by_id()
    facts = tuple(known[name] for name in _STATED if name in known)
    missing = {one.metric_id: one.reason for one in sheet.absent if one.metric_id in _STATED}
    if not facts:
        raise BadInput(f"Nothing can be computed: {next(iter(missing.values()), 'no metric is known')}")
    if weights:
        facts = tuple(replace(one, definition=f"{one.definition} With the weights given.") for one in facts)
    about = {"with": "the weights given" if weights else "the portfolio as it is", "absent": missing}
    return ToolFindings(facts, about, SOURCE)


def _correlations(arguments: CorrelationArguments, around: Surroundings) -> ToolFindings:
    if not 1 <= arguments.pairs <= _MOST_PAIRS:
        raise BadInput(f"pairs is {arguments.pairs}: give a number from 1 to {_MOST_PAIRS}.")
    matrix = tools.correlation_analyzer(around.portfolio, around.rates, around.prices, arguments.holding_ids)
    pairs = matrix.pairs()
    if not pairs:
        raise BadInput("There are fewer than two positions whose prices vary. Name at least two.")
    period = f"{matrix.first}..{matrix.last}"

    def fact(metric_id: str, value: float, definition: str) -> Fact:
        return Fact(metric_id, value, Unit.RATIO, None, period, definition, matrix.badge, 2)

    def stated() -> Iterator[tuple[Fact, tuple[str, str] | None]]:
        mean = sum(value for _, _, value in pairs) / len(pairs)
        yield fact("average", mean, f"Mean correlation of daily returns over {len(pairs)} pairs."), None
        count = arguments.pairs
        ends = pairs if len(pairs) <= 2 * count else [*pairs[:count], *pairs[-count:]]
        for place, (first, second, value) in enumerate(ends, start=1):
            what = f"Correlation of daily returns of {first} and {second} in base currency."
            yield fact(f"pair_{place}", value, what), (first, second)

    rows = list(stated())
    about = {
        "returns": matrix.count,
        "pairs": {one.metric_id: list(names) for one, names in rows if names is not None},
    }
    return ToolFindings(tuple(one for one, _ in rows), about, SOURCE)


RISK_CALCULATOR = Tool(
    name="risk_calculator",
    description=(
        "Computes volatility, value at risk, drawdown, Sharpe ratio and concentration of the portfolio as it is, or as "
        "it would be with other weights. Use it before proposing a change of weights."
    ),
    arguments=RiskArguments,
    run=_risk,
    per_request=6,
)

CORRELATION_ANALYZER = Tool(
    name="correlation_analyzer",
    description="Correlations of daily returns between the portfolio's positions: the strongest and the weakest pairs.",
    arguments=CorrelationArguments,
    run=_correlations,
    per_request=3,
)
