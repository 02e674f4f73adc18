"""Yardsticks: the overall level of a portfolio and the severity of each risk, from facts alone.

They are the house's own round figures and no standard; docs/methodology.md shows them and each grade says its own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from core.analyses.slots.derived import Known
from core.analyses.slots.form import Grade
from core.domain.facts import Fact, FactSheet, HoldingFact

LEVELS: Final = ("very_low", "low", "moderate", "elevated", "high", "very_high")
SEVERITIES: Final = ("none", "low", "moderate", "high", "critical")

VOLATILITY: Final = (3.0, 8.0, 13.0, 18.0, 28.0)
"""Volatility a year in percent from which the next level begins."""

RISKY_WEIGHT: Final = (10.0, 30.0, 60.0, 90.0)
"""Weight in percent of all that is not cash, bonds or bond funds, where no volatility is known."""

LARGE_ISSUER: Final = 20.0
DOMINANT_ISSUER: Final = 40.0
MUCH_CRYPTO: Final = 25.0
"""A single issuer above the first raises the level by one, above the second by two; so does much crypto."""

_SAFE: Final = ("asset_class.cash", "asset_class.bond", "asset_class.bond_fund")
_NO_ISSUER: Final = frozenset({"fund", "equity_fund", "bond_fund", "cash", "derivative", ""})
_JUNK: Final = frozenset({"BB", "B", "CCC", "CC", "C", "D"})


class Yardstick(NamedTuple):
    """Facts that are added up, and from which values on a risk is low, moderate, high and critical."""

    fact_ids: tuple[str, ...]
    steps: tuple[float, float, float, float]


YARDSTICKS: Final[Mapping[str, tuple[Yardstick, ...]]] = {
    "concentration": (
        Yardstick(("hhi",), (0.05, 0.10, 0.18, 0.40)),
        Yardstick(("top1_weight",), (5, 10, 25, 50)),
        Yardstick(("top5_weight",), (25, 50, 75, 95)),
    ),
    "market": (
        Yardstick(("volatility",), (5, 12, 20, 35)),
        Yardstick(("asset_class.equity", "asset_class.equity_fund", "asset_class.fund"), (20, 60, 95, 130)),
        Yardstick(("asset_class.crypto",), (0.5, 3, 10, 30)),
    ),
    "tail": (
        Yardstick(("var_95_1d",), (0.5, 1.2, 2.0, 3.5)),
        Yardstick(("cvar_95_1d",), (0.8, 1.8, 3.0, 5.0)),
        Yardstick(("max_drawdown",), (5, 15, 30, 50)),
    ),
    "interest_rate": (Yardstick(("asset_class.bond", "asset_class.bond_fund"), (15, 40, 75, 130)),),
    "liquidity": (
        Yardstick(("asset_class.real_estate", "asset_class.private"), (5, 15, 35, 70)),
        Yardstick(("liquidity.less_liquid", "liquidity.illiquid"), (5, 15, 35, 70)),
    ),
    "leverage": (Yardstick(("asset_class.derivative",), (1, 5, 15, 40)),),
    "inflation": (Yardstick(("asset_class.cash",), (15, 35, 70, 130)),),
}
"""By kind of risk; the gravest of its yardsticks counts. Values are taken without their sign."""

SECTOR: Final = (15.0, 25.0, 40.0, 70.0)
COUNTRY: Final = (40.0, 65.0, 85.0, 130.0)
FOREIGN: Final = (10.0, 30.0, 60.0, 90.0)
JUNK: Final = (5.0, 15.0, 35.0, 70.0)
"""The largest sector, country and foreign currency, and bonds rated below investment grade, in percent."""


def level(sheet: FactSheet, known: Known) -> Iterator[Grade]:
    """The overall level; none where neither volatility nor asset classes are known."""
    base = _base(known)
    if base is None:
        return
    place, because, ids = base
    steps, why, name = _raised(sheet, known)
    place = min(len(LEVELS) - 1, place + steps)
    if steps:
        because, ids = f"{because}; {why}", (*ids, name)
    yield Grade("overall_level", LEVELS[place], because, ids)


def _base(known: Known) -> tuple[int, str, tuple[str, ...]] | None:
    volatility = known.fact("volatility")
    if volatility is not None:
        place = sum(volatility.value >= step for step in VOLATILITY)
        return place, f"volatility {volatility.shown}, {_range(place, VOLATILITY)}", ("volatility",)
    classes = known.family("asset_class.")
    if not classes:
        return None
    risky = 100.0 - sum(fact.value for fact in classes if fact.metric_id in _SAFE)
    place = sum(risky >= step for step in RISKY_WEIGHT)
    said = f"{risky:.2f} in neither cash nor bonds, {_range(place, RISKY_WEIGHT)}"
    return place, said, tuple(fact.metric_id for fact in classes[:3])


def _range(place: int, steps: tuple[float, ...]) -> str:
    if place == 0:
        return f"under {steps[0]:g}"
    return f"from {steps[place - 1]:g}" + (f" to {steps[place]:g}" if place < len(steps) else "")


def largest_issuer(sheet: FactSheet, known: Known) -> Fact | None:
    """The weight of the heaviest line with one issuer behind it."""
    lines = {line.holding_id: line for line in sheet.holdings}
    single = [
        fact
        for fact in known.family("weight.")
        if (line := lines.get(fact.metric_id.removeprefix("weight."))) and line.asset_class not in _NO_ISSUER
    ]
    return max(single, key=lambda fact: fact.value, default=None)


def _raised(sheet: FactSheet, known: Known) -> tuple[int, str, str]:
    """By how many levels one issuer or crypto raises it, why, and the fact."""
    largest = largest_issuer(sheet, known)
    if largest is not None and largest.value > LARGE_ISSUER:
        steps = 2 if largest.value > DOMINANT_ISSUER else 1
        return steps, f"one issuer above {DOMINANT_ISSUER if steps > 1 else LARGE_ISSUER:g}", largest.metric_id
    crypto = known.fact("asset_class.crypto")
    if crypto is not None and crypto.value > MUCH_CRYPTO:
        return 2, f"crypto above {MUCH_CRYPTO:g}", crypto.metric_id
    return 0, "", ""


def severities(sheet: FactSheet, known: Known) -> Iterator[Grade]:
    """The severity of each risk that the facts can measure."""
    for kind, yardsticks in YARDSTICKS.items():
        found = [one for yardstick in yardsticks if (one := _measured(known, yardstick)) is not None]
        if found:
            place, facts, yardstick = max(found, key=lambda one: one[0])
            said = " + ".join([f"{fact.metric_id} {fact.shown}" for fact in facts])
            ids = tuple([fact.metric_id for fact in facts])
            yield _graded(kind, (place, f"{said}, {_range(place, yardstick.steps)}", ids))
    for kind, family, steps, own in (
        ("factor", "sector.", SECTOR, "sector.cash"),
        ("geopolitical", "country.", COUNTRY, "country.unclassified"),
        ("currency", "currency.", FOREIGN, f"currency.{sheet.base_currency}"),
    ):
        largest = _largest(known.family(family), own)
        if largest is not None:
            place = _place(largest.value, steps)
            said = f"{largest.metric_id} {largest.shown}, {_range(place, steps)}"
            yield _graded(kind, (place, said, (largest.metric_id,)))
    junk = _junk(sheet.holdings)
    if junk is not None:
        place = _place(junk, JUNK)
        said = f"{junk:.2f} rated below investment grade, {_range(place, JUNK)}"
        yield _graded("credit", (place, said, ()))


def _graded(kind: str, found: tuple[int, str, tuple[str, ...]]) -> Grade:
    place, because, ids = found
    return Grade(f"severity.{kind}", SEVERITIES[place], because, ids)


def _measured(known: Known, one: Yardstick) -> tuple[int, list[Fact], Yardstick] | None:
    facts = [known.facts[name] for name in one.fact_ids if name in known.facts]
    if not facts:
        return None
    return _place(sum([fact.value for fact in facts]), one.steps), facts, one


def _place(value: float, steps: tuple[float, ...]) -> int:
    return bisect_right(steps, abs(value))


def _largest(facts: list[Fact], but: str) -> Fact | None:
    return max((fact for fact in facts if fact.metric_id != but), key=lambda fact: fact.value, default=None)


def _junk(holdings: tuple[HoldingFact, ...]) -> float | None:
    """Weight of rated lines below investment grade in percent; None where nothing is rated."""
    rated = [line for line in holdings if line.rating and line.rating != "NR"]
    if not rated:
        return None
    return sum(line.weight_pct for line in rated if line.rating.rstrip("+-") in _JUNK)
