"""The reallocation: trades that bring a portfolio nearer to what its profile wants, and what they cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from core.analyses.answer import Alternative, Answer, Claim, Metric, Part, Priority
from core.analyses.checks import Analysis, adds_up, known_targets, unlike
from core.analyses.engine import Engine, Need, Tags
from core.analyses.fact_selection import Family, Shown
from core.analyses.slots.forms import reallocation as slots_reallocation
from core.domain.analysis import Finding, FindingKind, Kind
from core.domain.facts import FactSheet

_FUNDS: Final = frozenset({"fund", "equity_fund", "bond_fund", "cash"})


_CONSTRAINS: Final = {
    "profile": "profile", "least": "profile", "most": "profile", "target": "profile", "rule": "rule",
    "liquidity": "liquidity",
}  # fmt: skip
"""Whose word a constraint is, by the families of the metrics that it cites."""


class Constraint(Part):
    """What a trade must respect, and the metrics that say so."""

    metrics: list[Metric]
    source: Literal["profile", "rule", "liquidity", "cost", "other"]
    text: str


class Trade(Part):
    """One line that is bought or sold."""

    target_id: Annotated[str, Field(description="holding_id from HOLDINGS; a bucket_id only for action open")]
    action: Literal["buy", "sell", "open", "close"]
    metrics: Annotated[list[Metric], Field(description="evidence first; weight.<holding_id> for a present holding")]
    from_weight_pct: Annotated[float, Field(description="present weight, 0 for a new line")]
    to_weight_pct: Annotated[float, Field(description="proposed weight")]
    rationale: str
    execution: str
    priority: Priority


class Effect(Part):
    """What the trades would change, in words: what is not computed has no number."""

    metrics: list[Metric]
    aspect: Literal["return", "risk", "concentration", "liquidity", "currency", "cost", "compliance"]
    direction: Literal["better", "worse", "unchanged", "unclear"]
    explanation: str


class ReallocationAnswer(Answer):
    """A whole reallocation as the model answers it."""

    analysis_type: Literal["reallocation"]
    constraints: list[Constraint]
    trades: list[Trade]
    turnover_pct: Annotated[float, Field(description="half the sum of all absolute changes of weight")]
    effects: list[Effect]
    do_nothing: list[Claim]
    alternatives: list[Alternative]
    recommendation: Literal["trade", "trade_in_steps", "wait", "no_trade"]


def _summarise(answer: ReallocationAnswer) -> tuple[str, Tags]:
    actions = dict.fromkeys(trade.action for trade in answer.trades)
    return answer.recommendation, (
        ("recommendation", answer.recommendation),
        *(("action", name) for name in actions),
    )


def turnover(analysis: Analysis) -> float:
    """Half the sum of all absolute changes of weight, in percent of the portfolio."""
    return float(sum(abs(trade["to_weight_pct"] - trade["from_weight_pct"]) for trade in analysis["trades"]) / 2)


def _trades(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """Each trade is about what is there, starts from its present weight, and goes the way it says, once."""
    facts, known = sheet.by_id(), known_targets(sheet)
    held = {line.holding_id: line for line in sheet.holdings}
    seen: set[str] = set()
    for place, trade in enumerate(analysis["trades"]):
        path, target = f"trades[{place}]", trade["target_id"]
        before, after, action = trade["from_weight_pct"], trade["to_weight_pct"], trade["action"]
        if target not in (known if action == "open" else held):
            yield unlike(f"{path}.target_id", "", target, None, FindingKind.UNSUPPORTED)
        fact = facts.get(f"weight.{target}")
        true = fact.value if fact is not None else 0.0
        if abs(before - true) > 0.05 + 1e-9:
            yield unlike(f"{path}.from_weight_pct", f"weight.{target}", before, round(true, 2), FindingKind.VALUE)
        if (
            (action in {"buy", "open"}) != (after > before)
            or (action == "close" and abs(after) > 0.005)
            or (action == "open" and abs(before) > 0.05)
        ):
            said = f"{action} from {before} to {after}"
            yield unlike(f"{path}.to_weight_pct", f"weight.{target}", said, None, FindingKind.DIRECTION)
        if target in seen:
            yield unlike(path, f"weight.{target}", f"{target} twice", None, FindingKind.SUM)
        seen.add(target)


def _weights(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """What is sold pays for what is bought: the weights after all trades sum to 100, as they do before."""
    before = [fact.value for fact in sheet.facts if fact.metric_id.startswith("weight.")]
    changes = [trade["to_weight_pct"] - trade["from_weight_pct"] for trade in analysis["trades"]]
    if before and changes:
        rounding = [0.0] * len(changes)  # each trade states two rounded weights
        yield from adds_up("trades", [sum(before), *changes, *rounding], 100.0)


def _limits(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """Turnover is what the trades come to and within the profile; so is every single line that is no fund."""
    true = turnover(analysis)
    if abs(analysis["turnover_pct"] - true) > 0.05 * max(1, len(analysis["trades"])):
        yield unlike("turnover_pct", "", analysis["turnover_pct"], true, FindingKind.SUM)
    profile = sheet.evidence.profile
    if profile is None:
        return
    if profile.max_turnover_pct is not None and true > profile.max_turnover_pct + 0.005:
        yield unlike("turnover_pct", "profile.max_turnover", true, profile.max_turnover_pct, FindingKind.POLICY)
    classes = {line.holding_id: (line.asset_class, line.sector) for line in sheet.holdings}
    for place, trade in enumerate(analysis["trades"]):
        asset_class, sector = classes.get(trade["target_id"], ("fund", ""))
        bought = trade["to_weight_pct"] > trade["from_weight_pct"]
        most = profile.max_position_pct
        if bought and most is not None and asset_class not in _FUNDS and trade["to_weight_pct"] > most + 0.005:
            path = f"trades[{place}].to_weight_pct"
            yield unlike(path, "profile.max_position", trade["to_weight_pct"], most, FindingKind.POLICY)
        names = {f"asset_class.{asset_class}", f"sector.{sector.lower().replace(' ', '_')}", trade["target_id"]}
        if bought and names & set(profile.excluded):
            path = f"trades[{place}].target_id"
            yield unlike(path, "", trade["target_id"], "excluded by the profile", FindingKind.POLICY)


def _recommended(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """Trading needs trades, and no trade has none; constraints name a source that was given."""
    recommendation, trades = analysis["recommendation"], analysis["trades"]
    if (recommendation in {"trade", "trade_in_steps"}) != bool(trades) and recommendation != "wait":
        yield unlike("recommendation", "", recommendation, f"{len(trades)} trades", FindingKind.DIRECTION)
    given = {"profile": sheet.evidence.profile is not None, "rule": bool(sheet.rules)}
    for place, one in enumerate(analysis["constraints"]):
        families = {metric["metric_id"].partition(".")[0] for metric in one["metrics"]}
        sources = {_CONSTRAINS.get(family, "") for family in families}
        path, source = f"constraints[{place}].source", one["source"]
        if not given.get(source, True):
            yield unlike(path, "", source, None, FindingKind.UNSUPPORTED)
        elif "" not in sources and sources and source not in sources:
            yield unlike(path, "", source, ", ".join(sorted(sources)), FindingKind.VALUE)


ENGINE = Engine(
    kind=Kind.REALLOCATION,
    answer=ReallocationAnswer,
    shown=Shown(
        ids=(
            "total_value", "hhi", "effective_n", "top1_weight", "top5_weight", "issuer_top1_weight", "volatility",
            "max_drawdown", "diversification_ratio", "effective_bets",
        ),
        families=(
            Family("asset_class."), Family("sector."), Family("currency."), Family("weight."), Family("liquidity."),
            Family("risk_share.", 12),
        ),
    ),
    slots=slots_reallocation.FORM,
    mandatory=("top1_weight", "hhi"),
    summarise=_summarise,
    needs=frozenset({Need.PROFILE, Need.RULES}),
    checks=(_trades, _weights, _limits, _recommended),
)  # fmt: skip
