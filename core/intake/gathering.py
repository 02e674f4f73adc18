"""Lines gathered by account and day, and the portfolios they make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from core.domain.fx import Rates
from core.domain.portfolio import DailyCloses, Flow, Holding, Portfolio
from core.intake.cells.base_currency import derived_base_currency
from core.intake.cells.numbers import MAX_MAGNITUDE
from core.intake.cells.region import derived_region
from core.intake.cells.weights import Weigher
from core.intake.findings import Findings
from core.intake.tables.choices import NOTHING_SAID, TableChoices
from core.intake.tables.column_mapping import ColumnMapping


def nothing_remembered(_fingerprint: str) -> ColumnMapping | None:
    """The memory of an installation that was never told a mapping."""
    return None


@dataclass(frozen=True, slots=True)
class Case:
    """What a reader needs to know beside the file.

    Attributes:
        findings: Where problems and notes go.
        today: The day that counts as today: dates after tomorrow are refused.
        base_currency: ISO 4217 asked for by a person; None leaves it to the file or the rule.
        region: Region asked for by a person; None leaves it to the file or the rule.
        rates: Exchange rates for the rules; None where there are none.
        mapping: Which column is which, said by a person for this file.
        remembered: The mapping that is kept under a header's fingerprint, or None.
        prices: Where price histories of the file go.
        choices: How a table is to be read, as far as a person said it.
    """

    findings: Findings
    today: date
    base_currency: str | None = None
    region: str | None = None
    rates: Rates | None = None
    mapping: ColumnMapping | None = None
    remembered: Callable[[str], ColumnMapping | None] = nothing_remembered
    prices: list[DailyCloses] = field(default_factory=list)
    choices: TableChoices = NOTHING_SAID


@dataclass(slots=True)
class Gathered:
    """The lines of one account on one day, before they are a portfolio.

    Attributes:
        base_currency: What the file says, or None.
        region: What the file says, or None.
        regimes: Rule sets that the file names.
        benchmark: Symbols and weights that the file names; they sum to 1.
        flows: Outside money that the file tells of, in any order.
        no_flows: True when the file says that there was none.
    """

    portfolio_id: str
    name: str
    account: str
    as_of: date
    holdings: list[Holding] = field(default_factory=list)
    base_currency: str | None = None
    region: str | None = None
    regimes: tuple[str, ...] = ()
    benchmark: tuple[tuple[str, Decimal], ...] = ()
    flows: tuple[Flow, ...] = ()
    no_flows: bool = False


def merged(groups: Iterable[Gathered]) -> list[Gathered]:
    """Groups with one portfolio's id and day as one: parts of an account from several tables of a file."""
    found: dict[tuple[str, date], Gathered] = {}
    for group in groups:
        known = found.setdefault((group.portfolio_id, group.as_of), group)
        if known is not group:
            known.holdings.extend(group.holdings)
    return list(found.values())


def _beyond_measure(holdings: Iterable[Holding]) -> Decimal | None:
    """The first number that no position has: readers work some out, as sums of a ledger or quantity times price."""
    numbers = (number for line in holdings for number in (line.market_value, line.quantity) if number is not None)
    return next((number for number in numbers if abs(number) >= MAX_MAGNITUDE), None)


def portfolios_of(gathered: Iterable[Gathered], source_format: str, case: Case) -> tuple[Portfolio, ...]:
    """The portfolios, in the order they were met. Groups without a good line are left out.

    The base currency and region are, in this order: asked for, said by the file, derived; notes say what was derived.
    A second group with the same id and day is refused as a problem, and so is one with a value beyond measure.
    """
    weigher = Weigher(case.rates)
    currencies: Counter[str] = Counter()
    regions: Counter[str] = Counter()
    seen: set[tuple[str, date]] = set()
    made: list[Portfolio] = []
    for group in gathered:
        if not group.holdings:
            continue
        key = (group.portfolio_id, group.as_of)
        if key in seen:
            message = f"The file holds it twice for {group.as_of}. Give the accounts different names or ids."
            case.findings.problem(None, "account", group.account or group.name, message)
            continue
        seen.add(key)
        if (beyond := _beyond_measure(group.holdings)) is not None:
            message = f"{group.account or group.name} has a number larger than any position can be (10 to the 18th)."
            case.findings.problem(None, "", f"{beyond:.6g}", f"{message} Correct it and import again.")
            continue
        given = case.base_currency or group.base_currency
        region = case.region or group.region
        base = given
        if base is None or region is None:
            sizes, by_value = weigher.weigh(group.holdings, group.as_of)
            if not by_value:
                heading = "Without exchange rates, lines were counted instead of valued to derive currency and region"
                case.findings.tally(heading, group.name)
            if base is None:
                base = derived_base_currency(group.holdings, sizes)
                currencies[base] += 1
            if region is None:
                region = derived_region(group.holdings, sizes)
                regions[region] += 1
        symbols = {holding.symbol for holding in group.holdings}
        if len(symbols) < len(group.holdings) and len(set(group.holdings)) < len(group.holdings):
            case.findings.tally("Some lines appear twice, alike in every column; both were kept", group.name)
        made.append(
            Portfolio(
                group.portfolio_id,
                group.name,
                group.account,
                group.as_of,
                base,
                given is not None,
                region,
                tuple(group.holdings),
                source_format,
                regimes=group.regimes,
                benchmark=group.benchmark,
                flows=tuple(sorted(group.flows, key=lambda flow: flow.day)),
                no_flows=group.no_flows and not group.flows,
            )
        )
    _note_derived(case.findings, "Base currency", "the one that holds the most value", currencies)
    _note_derived(case.findings, "Region", "by the listing currency and country of most holdings", regions)
    return tuple(made)


def _note_derived(findings: Findings, what: str, how: str, counted: Counter[str]) -> None:
    if not counted:
        return
    if sum(counted.values()) == 1:
        findings.note(f"{what} {next(iter(counted))} was derived ({how}).")
        return
    shares = ", ".join(f"{code} for {count:,}" for code, count in counted.most_common())
    findings.note(f"{what} was derived ({how}) for {sum(counted.values()):,} portfolios: {shares}.")
