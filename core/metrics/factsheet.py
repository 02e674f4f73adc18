"""Fact sheets: everything that is computed about portfolios before a model is asked, in one pass over all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import fsum, isnan

from core.domain.facts import AbsentFact, Badge, Fact, FactSheet, HoldingFact
from core.domain.fx import Rates
from core.domain.portfolio import AssetClass, Portfolio
from core.metrics import concentration, risk
from core.metrics.definitions import DEFINITIONS, FAMILIES, HISTORY_METRICS, MIN_YEAR_RETURNS
from core.metrics.prices import PriceHistory
from core.metrics.returns import NoSample, Sample, samples, worst_badge
from core.metrics.valuation import Valuation, Valuer, holding_facts, slug

_AT_ONCE = 512
"""Portfolios computed together: enough to share matrix work, few enough to bound memory."""

_SHARES = ("hhi", "effective_n", "top1_weight", "top5_weight", "top10_weight")
_TOP = {"top1_weight": 1, "top5_weight": 5, "top10_weight": 10}


def fact_sheets(portfolios: Sequence[Portfolio], rates: Rates, prices: PriceHistory | None) -> list[FactSheet]:
    """One sheet for each portfolio, in their order.

    Every metric of `core.metrics.definitions` is on the sheet exactly once: as a fact, or as an absent fact with the
    reason (a family of weights as "weight.*").

    Args:
        rates: For converting to each portfolio's base currency, on its own day and over the history.
        prices: Daily closes by symbol; None leaves all history metrics absent.
    """
    sheets: list[FactSheet] = []
    valuer = Valuer(rates)
    for start in range(0, len(portfolios), _AT_ONCE):
        batch = portfolios[start : start + _AT_ONCE]
        valuations = [valuer.value(portfolio) for portfolio in batch]
        histories = _histories(batch, valuations, rates, prices)
        sheets.extend(map(_sheet, batch, valuations, histories))
    return sheets


_Rows = tuple[list[Fact], list[AbsentFact]]


def _sheet(portfolio: Portfolio, valuation: Valuation, history: _Rows) -> FactSheet:
    lines = holding_facts(portfolio, valuation)
    whole = _of_whole(portfolio, valuation)
    parts = _of_parts(portfolio, valuation, lines)
    return FactSheet(
        portfolio_id=portfolio.portfolio_id,
        name=portfolio.name,
        as_of=portfolio.as_of,
        base_currency=portfolio.base_currency,
        region=portfolio.region,
        facts=(*whole[0], *history[0], *parts[0]),
        absent=(*whole[1], *history[1], *parts[1]),
        holdings=lines,
        is_sample=portfolio.is_sample,
    )


def _of_whole(portfolio: Portfolio, valuation: Valuation) -> _Rows:
    """Total value, count and concentration."""
    period = f"as of {portfolio.as_of}"
    computed = _computed(portfolio)
    stated = Badge.SIMULATED if portfolio.is_sample else Badge.REAL
    note = valuation.rates_note
    count = len(portfolio.holdings)
    facts: list[Fact] = []
    absent: list[AbsentFact] = []

    if valuation.total is None:
        absent.append(AbsentFact("total_value", valuation.why_no_total))
    else:
        # The value of a single line in base currency is the file's own number; anything else was added or converted.
        badge = stated if count == 1 and not note else computed
        facts.append(_fact("total_value", valuation.total, period, badge, note, portfolio.base_currency))
    facts.append(_fact("holdings_count", float(count), period, stated))

    if valuation.total is None or valuation.why_no_shares:
        absent.extend(AbsentFact(metric_id, valuation.why_no_shares) for metric_id in _SHARES)
        return facts, absent
    positions = _positions(portfolio, valuation)
    index = concentration.hhi(positions)
    if index is None:
        absent.extend(AbsentFact(metric_id, "There is no position besides cash.") for metric_id in _SHARES)
        return facts, absent
    facts.append(_fact("hhi", index, period, computed, note))
    facts.append(_fact("effective_n", 1.0 / index, period, computed, note))
    for metric_id, largest in _TOP.items():
        share = concentration.top_share(positions, valuation.total, largest)
        facts.append(_fact(metric_id, 100.0 * share, period, computed, note))
    return facts, absent


def _of_parts(portfolio: Portfolio, valuation: Valuation, lines: tuple[HoldingFact, ...]) -> _Rows:
    """Weights by asset class, sector, country and currency, and of each line."""
    if valuation.total is None or valuation.why_no_shares:
        return [], [AbsentFact(f"{family}*", valuation.why_no_shares) for family in FAMILIES]
    rows: dict[str, Iterable[tuple[str, float]]] = {
        "asset_class.": _summed([line.asset_class for line in lines], lines),
        "sector.": _summed([slug(line.sector) for line in lines], lines),
        "country.": _summed([line.country for line in lines], lines),
        "currency.": _summed([line.currency for line in lines], lines),
        "weight.": [(line.holding_id, line.weight_pct) for line in lines],
    }
    period, badge = f"as of {portfolio.as_of}", _computed(portfolio)
    facts: list[Fact] = []
    for family, definition in FAMILIES.items():
        unit, decimals = definition.unit, definition.decimals
        text = _noted(definition.text, valuation.rates_note)
        facts.extend(
            Fact(family + key, value, unit, None, period, text, badge, decimals) for key, value in rows[family]
        )
    return facts, []


def _computed(portfolio: Portfolio) -> Badge:
    return Badge.SIMULATED if portfolio.is_sample else Badge.DERIVED


def _positions(portfolio: Portfolio, valuation: Valuation) -> list[float]:
    """Base values of what is not cash, lines of one instrument (same ISIN, else same symbol) taken together."""
    values: defaultdict[str, float] = defaultdict(float)
    for holding, value in zip(portfolio.holdings, valuation.values, strict=True):
        if holding.asset_class is not AssetClass.CASH:
            values[holding.isin or holding.symbol] += value
    return list(values.values())


def _summed(keys: Iterable[str], lines: Iterable[HoldingFact]) -> list[tuple[str, float]]:
    """Weight by key, the heaviest first."""
    weights: defaultdict[str, list[float]] = defaultdict(list)
    for key, line in zip(keys, lines, strict=True):
        weights[key].append(line.weight_pct)
    return sorted(((key, fsum(parts)) for key, parts in weights.items()), key=lambda row: (-row[1], row[0]))


def _fact(metric_id: str, value: float, period: str, badge: Badge, note: str = "", currency: str | None = None) -> Fact:
    definition = DEFINITIONS[metric_id]
    text = _noted(definition.text, note)
    return Fact(metric_id, value, definition.unit, currency, period, text, badge, definition.decimals)


def _noted(text: str, note: str) -> str:
    return f"{text} {note}" if note else text


def _histories(
    portfolios: Sequence[Portfolio], valuations: Sequence[Valuation], rates: Rates, prices: PriceHistory | None
) -> list[_Rows]:
    """The history metrics of each portfolio, in their order."""
    if prices is None:
        return [_no_history("No price history was given.") for _ in portfolios]
    rows: dict[int, _Rows] = {}
    for outcome in samples(portfolios, valuations, rates, prices):
        if isinstance(outcome, NoSample):
            rows[outcome.member] = _no_history(outcome.reason)
        else:
            badges = [worst_badge(portfolios[member], prices) for member in outcome.members]
            rows.update(zip(outcome.members, _of_sample(outcome, badges), strict=True))
    return [rows[member] for member in range(len(portfolios))]


def _no_history(reason: str) -> _Rows:
    return [], [AbsentFact(metric_id, reason) for metric_id in HISTORY_METRICS]


def _of_sample(sample: Sample, badges: Sequence[Badge]) -> Iterable[_Rows]:
    returns = sample.returns
    count = returns.shape[0]
    period = f"{sample.first}..{sample.last}"
    note = f"Sample: {count} returns, on the days for which every line has a price."
    columns = {
        "volatility": 100.0 * risk.volatility(returns),
        "max_drawdown": 100.0 * risk.max_drawdown(returns),
        "var_95_1d": 100.0 * risk.historical_var(returns),
        "cvar_95_1d": 100.0 * risk.historical_cvar(returns),
    }
    short = ""
    if count >= MIN_YEAR_RETURNS:
        columns["sharpe"] = risk.sharpe(returns)
        columns["annual_return"] = 100.0 * risk.annual_return(returns)
    else:
        short = (
            f"The common history {period} has {count} returns; a yearly figure needs {MIN_YEAR_RETURNS} and a shorter "
            "one is not scaled up."
        )
    values = {metric_id: column.tolist() for metric_id, column in columns.items()}
    words = {metric_id: _noted(definition.text, note) for metric_id, definition in HISTORY_METRICS.items()}
    for place, badge in enumerate(badges):
        facts: list[Fact] = []
        absent: list[AbsentFact] = []
        for metric_id, definition in HISTORY_METRICS.items():
            value = values[metric_id][place] if metric_id in values else None
            if value is None:
                absent.append(AbsentFact(metric_id, short))
            elif isnan(value):
                absent.append(AbsentFact(metric_id, _MEANINGLESS[metric_id]))
            else:
                facts.append(
                    Fact(metric_id, value, definition.unit, None, period, words[metric_id], badge, definition.decimals)
                )
        yield facts, absent


_RUIN = "On a day of the sample the present holdings would have lost their whole value: there is no growth to measure."

_MEANINGLESS = {
    "sharpe": "Returns do not vary over the sample: return for a unit of risk has no meaning.",
    "max_drawdown": _RUIN,
    "annual_return": _RUIN,
}
"""Why a measure of `core.metrics.risk` came back as NaN."""
