"""Fact sheets: everything that is computed about portfolios before a model is asked, in one pass over all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from core.domain.facts import AbsentFact, FactSheet
from core.domain.fx import Rates
from core.domain.portfolio import Portfolio
from core.domain.units import Badge
from core.metrics.attribution import Classified, attribution_rows
from core.metrics.benchmark import Benchmarks, benchmark_rows
from core.metrics.contributions import contribution_rows
from core.metrics.definitions import DEFAULT_GROUPS, MetricGroup, definitions_of
from core.metrics.doubts import DOUBT, Doubts
from core.metrics.flows import Snapshots, flow_rows
from core.metrics.history import history_rows
from core.metrics.holdings import liquidity_rows, part_rows, whole_rows
from core.metrics.intervals import interval_rows
from core.metrics.lookthrough import LookThrough, look_through_rows
from core.metrics.metric_definitions import BENCHMARK_METRICS
from core.metrics.periods import period_rows
from core.metrics.plans import NoSample, benchmark_symbols
from core.metrics.prices import PriceHistory
from core.metrics.returns import Sample, samples, weakest, worst_badge
from core.metrics.rows import Rows, absent, joined, noted
from core.metrics.short_rates import ShortRates, short_rate_rows
from core.metrics.stress import Stress
from core.metrics.valuation import Valuation, Valuer, holding_facts

_AT_ONCE = 512
"""Portfolios computed together: enough to share matrix work, few enough to bound memory."""

_OF_SAMPLES = (
    MetricGroup.HISTORY,
    MetricGroup.BENCHMARK,
    MetricGroup.PERIODS,
    MetricGroup.ATTRIBUTION,
    MetricGroup.CONTRIBUTIONS,
    MetricGroup.INTERVALS,
)
"""Groups that need daily returns, in the order they are stated."""

_WITH_BENCHMARK = frozenset(
    {MetricGroup.BENCHMARK, MetricGroup.PERIODS, MetricGroup.ATTRIBUTION, MetricGroup.INTERVALS}
)


def fact_sheets(
    portfolios: Sequence[Portfolio],
    rates: Rates,
    prices: PriceHistory | None,
    *,
    groups: Collection[MetricGroup] = DEFAULT_GROUPS,
    snapshots: Snapshots | None = None,
    members: Mapping[str, Classified] | None = None,
    attribution_period: str = "1y",
    look_through: LookThrough | None = None,
    short_rates: ShortRates | None = None,
) -> list[FactSheet]:
    """One sheet for each portfolio, in their order.

    Every metric of the groups asked for is on the sheet exactly once: as a fact, or as an absent fact with the reason
    (a family as "weight.*" where all of it is absent). What a sheet says of a portfolio does not depend on who else
    was asked for, nor on the other groups.

    Args:
        rates: For converting to each portfolio's base currency, on its own day and over the history.
        prices: Daily closes by symbol, those of benchmarks' members too; None leaves all history metrics absent.
        groups: What to state; see `core.metrics.definitions`.
        snapshots: Earlier total values by portfolio id, each a day and a value in base currency, for the flows group.
        members: Asset class and sector by symbol of what benchmarks hold, for the attribution group; a row of an
            instruments register will do.
        attribution_period: Over which of `metric_definitions.PERIODS` the difference to the benchmark is explained.
        look_through: What is known of funds, for the lookthrough group.
        short_rates: Series of short rates by currency, for the history group.
    """
    sheets: list[FactSheet] = []
    given = _Given(snapshots or {}, members or {}, attribution_period, look_through, short_rates or {})
    maker = _Maker(rates, prices, frozenset(groups), given)
    for start in range(0, len(portfolios), _AT_ONCE):
        sheets.extend(maker.sheets(portfolios[start : start + _AT_ONCE]))
    return sheets


_AGAINST = (*BENCHMARK_METRICS, "benchmark_return.", "excess_return.", "tracking_error.")
"""Beginnings of ids of figures that a benchmark's prices touch."""


@dataclass(frozen=True, slots=True)
class _Given:
    """What some groups need, as `fact_sheets` takes it."""

    snapshots: Snapshots
    members: Mapping[str, Classified]
    attribution_period: str
    look_through: LookThrough | None
    short_rates: ShortRates


class _Maker:
    """Makes sheets, a batch of portfolios at a time."""

    def __init__(
        self, rates: Rates, prices: PriceHistory | None, groups: frozenset[MetricGroup], given: _Given
    ) -> None:
        self._rates = rates
        self._prices = prices
        self._groups = groups
        self._given = given
        self._valuer = Valuer(rates)
        self._doubts = Doubts(prices) if prices is not None else None
        self._stress = Stress(rates, prices)

    def sheets(self, portfolios: Sequence[Portfolio]) -> Iterator[FactSheet]:
        """Of these portfolios, in their order."""
        valuations = [self._valued(portfolio) for portfolio in portfolios]
        of_samples = self._of_samples(portfolios, valuations)
        return map(self._sheet, portfolios, valuations, of_samples)

    def _valued(self, portfolio: Portfolio) -> Valuation:
        """With what must be said of its prices beside every figure that values make."""
        found = self._valuer.value(portfolio)
        far = self._doubts.far(portfolio) if self._doubts is not None else ()
        return replace(found, rates_note=" ".join(filter(None, (found.rates_note, *far)))) if far else found

    def _sheet(self, portfolio: Portfolio, valuation: Valuation, of_samples: Mapping[MetricGroup, Rows]) -> FactSheet:
        lines = holding_facts(portfolio, valuation)
        asked = self._groups
        parts: list[Rows] = []
        if MetricGroup.HOLDINGS in asked:
            parts.append(whole_rows(portfolio, valuation))
        parts.extend(of_samples[group] for group in _OF_SAMPLES if group in of_samples)
        if MetricGroup.FLOWS in asked:
            parts.append(flow_rows(portfolio, valuation, self._given.snapshots, self._rates))
        if MetricGroup.STRESS in asked:
            parts.append(self._stress.rows(portfolio, valuation))
        if MetricGroup.LIQUIDITY in asked:
            parts.append(liquidity_rows(portfolio, valuation, lines))
        if MetricGroup.HOLDINGS in asked:
            parts.append(part_rows(portfolio, valuation, lines))
        if MetricGroup.LOOKTHROUGH in asked:
            parts.append(look_through_rows(portfolio, valuation, lines, self._given.look_through))
        facts, reasons = joined(parts)
        return FactSheet(
            portfolio_id=portfolio.portfolio_id,
            name=portfolio.name,
            as_of=portfolio.as_of,
            base_currency=portfolio.base_currency,
            region=portfolio.region,
            facts=tuple(facts),
            absent=(*reasons, *self._doubted(portfolio)),
            holdings=lines,
            is_sample=portfolio.is_sample,
            benchmark=tuple((symbol, float(100 * weight)) for symbol, weight in portfolio.benchmark),
        )

    def _doubted(self, portfolio: Portfolio) -> Iterator[AbsentFact]:
        if self._doubts is not None:
            for symbol, said in self._doubts.of(portfolio).items():
                yield AbsentFact(f"{DOUBT}{symbol}", f"{symbol} {said}")

    def _of_samples(
        self, portfolios: Sequence[Portfolio], valuations: Sequence[Valuation]
    ) -> list[dict[MetricGroup, Rows]]:
        """What needs daily returns, of each portfolio in their order."""
        wanted = [group for group in _OF_SAMPLES if group in self._groups]
        rows: list[dict[MetricGroup, Rows]] = [{} for _ in portfolios]
        if not wanted:
            return rows
        if self._prices is None:
            for one in rows:
                one.update(_none(wanted, "No price history was given."))
            return rows
        compare = not _WITH_BENCHMARK.isdisjoint(wanted)
        for outcome in samples(portfolios, valuations, self._rates, self._prices, benchmarks=compare):
            if isinstance(outcome, NoSample):
                rows[outcome.member] = _none(wanted, outcome.reason)
                continue
            for group, parts in self._stated(wanted, outcome, portfolios):
                for member, part in zip(outcome.members, parts, strict=True):
                    rows[member][group] = part
        return rows

    def _stated(
        self, groups: Sequence[MetricGroup], sample: Sample, portfolios: Sequence[Portfolio]
    ) -> Iterator[tuple[MetricGroup, Iterator[Rows]]]:
        """Each group with the rows of the sample's portfolios, in their order."""
        prices = self._prices if self._prices is not None else PriceHistory({})
        own = [portfolios[member] for member in sample.members]
        badges = [worst_badge(portfolio, prices) for portfolio in own]
        named = [benchmark_symbols(portfolio, prices) for portfolio in own]
        both = [
            Badge.SIMULATED if Badge.SIMULATED in (badge, weakest(weights, prices)) else Badge.DERIVED
            for badge, weights in zip(badges, named, strict=True)
        ]
        benchmarks = Benchmarks(sample)
        doubts = Doubts(prices)
        doubted = [" ".join(doubts.between(weights, sample.first, sample.last)) for weights in named]
        for group, parts in self._parts(groups, sample, portfolios, benchmarks, named, badges, both):
            if group is MetricGroup.ATTRIBUTION:
                yield group, map(noted, parts, map(" ".join, zip(sample.notes, doubted, strict=True)))
            elif group in _WITH_BENCHMARK:
                yield group, (noted(rows, said, _AGAINST) for rows, said in zip(parts, doubted, strict=True))
            else:
                yield group, parts

    def _parts(
        self,
        groups: Sequence[MetricGroup],
        sample: Sample,
        portfolios: Sequence[Portfolio],
        benchmarks: Benchmarks,
        named: Sequence[Mapping[str, float]],
        badges: Sequence[Badge],
        both: Sequence[Badge],
    ) -> Iterator[tuple[MetricGroup, Iterator[Rows]]]:
        """Each group with the rows of the sample's portfolios, before what must be said of their benchmarks."""
        for group in groups:
            match group:
                case MetricGroup.HISTORY:
                    over = short_rate_rows(sample, badges, self._given.short_rates)
                    yield group, map(joined, zip(history_rows(sample, badges), over, strict=True))
                case MetricGroup.CONTRIBUTIONS:
                    yield group, contribution_rows(sample, portfolios, badges)
                case MetricGroup.BENCHMARK:
                    yield group, benchmark_rows(sample, benchmarks, named, both)
                case MetricGroup.PERIODS:
                    yield group, period_rows(sample, benchmarks, named, badges, both)
                case MetricGroup.INTERVALS:
                    yield group, interval_rows(sample, benchmarks, named, badges, both)
                case _:
                    period, members = self._given.attribution_period, self._given.members
                    yield group, attribution_rows(sample, portfolios, benchmarks, named, members, both, period)


def _none(groups: Sequence[MetricGroup], reason: str) -> dict[MetricGroup, Rows]:
    return {group: absent(definitions_of([group]), reason) for group in groups}
