"""Facts: the numbers that we computed and that a model may speak about, each with its definition and its badge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from core.domain.evidence import NO_EVIDENCE, Evidence
from core.domain.units import Badge, Unit

if TYPE_CHECKING:
    # Rules are stated in the units of facts.
    from core.domain.compliance import RuleResult


@dataclass(frozen=True, slots=True)
class Fact:
    """One computed number.

    Attributes:
        metric_id: Name that prompts, answers and findings use ("hhi", "weight.VOO", "sector.financials").
        value: In `unit`, at full precision.
        unit: How to read `value`.
        currency: ISO 4217 when the unit is ccy, else None.
        period: "as of 2026-10-30", or "2023-10-31..2026-10-30"; None where time plays no part.
        definition: One sentence with the formula, for the methodology and the hover text.
        badge: real, derived or simulated.
        decimals: Digits after the point at which it is shown to people and models.
        version: Version of the methodology's definition that it was computed under; 0 where none stands behind it
            (limits of rules and profiles, series, answers of tools).
    """

    metric_id: str
    value: float
    unit: Unit
    currency: str | None
    period: str | None
    definition: str
    badge: Badge
    decimals: int
    version: int = 0

    @property
    def shown(self) -> str:
        """The value as a plain decimal string at display precision, as the prompt states it."""
        return f"{self.value:.{self.decimals}f}"


@dataclass(frozen=True, slots=True)
class AbsentFact:
    """A number we could not compute, and why. Never replaced by a plausible one."""

    metric_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class HoldingFact:
    """A holding as the prompt's HOLDINGS table shows it.

    Attributes:
        holding_id: Unique in the portfolio; the symbol, with "#2" appended to a repeated one.
        weight_pct: Share of total value in percent; negative for short lines, NaN where shares have no meaning
            (a rate is missing, or the total is not above zero; the sheet's absent facts say which).
        value_base: Market value in the portfolio's base currency; NaN where its rate is missing.
        exposure: Currency or region that the line really carries where its source says so, else "".
        hedged_to: Currency a share class is hedged to, else "".
        rating: Long-term rating in S&P's letters, else "".
        duration_years: Modified duration of a bond or bond fund; None where it is not known.
    """

    holding_id: str
    symbol: str
    name: str
    asset_class: str
    sector: str
    country: str
    currency: str
    weight_pct: float
    value_base: float
    exposure: str = ""
    hedged_to: str = ""
    rating: str = ""
    duration_years: float | None = None


@dataclass(frozen=True, slots=True)
class FactSheet:
    """Everything a model is told about one portfolio.

    Attributes:
        rules: Evaluated rules; empty where the analysis does not speak of rules.
        evidence: Documents, profile, earlier analyses, and which scenario or period is asked about.
        benchmark: Members of the benchmark and their weights in percent; empty where none was named.
        benchmark_names: What its members are called, in their order, "" where nobody knows; empty in older sheets.
    """

    portfolio_id: str
    name: str
    as_of: date
    base_currency: str
    region: str
    facts: tuple[Fact, ...]
    absent: tuple[AbsentFact, ...]
    holdings: tuple[HoldingFact, ...]
    is_sample: bool = False
    rules: tuple[RuleResult, ...] = ()
    evidence: Evidence = NO_EVIDENCE
    benchmark: tuple[tuple[str, float], ...] = ()
    benchmark_names: tuple[str, ...] = ()

    @property
    def benchmark_name(self) -> str:
        """The benchmark by its members: "70 % GLB, 30 % BNDF"; "" where none was named."""
        if len(self.benchmark) == 1:
            return self.benchmark[0][0]
        return ", ".join(f"{weight:g} % {name}" for name, weight in self.benchmark)

    def by_id(self) -> dict[str, Fact]:
        """Facts by metric id."""
        return {fact.metric_id: fact for fact in self.facts}
