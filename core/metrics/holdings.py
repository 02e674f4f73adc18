"""What is held and how concentrated it is, as facts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import copysign, fsum

from core.domain.facts import AbsentFact, HoldingFact
from core.domain.instrument import InstrumentType, Liquidity
from core.domain.issuers import merged_names, normalised_name
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.domain.units import Badge
from core.metrics import concentration
from core.metrics.exposure import why_unknown
from core.metrics.metric_definitions import FAMILIES, LIQUIDITY_FAMILIES
from core.metrics.plans import why_uncovered
from core.metrics.rows import Rows, absent, state, state_family
from core.metrics.thresholds import LARGE_ISSUER, MIN_COVERAGE
from core.metrics.valuation import Valuation, slug

_LINES = "lines."
_ISSUER = "issuer."
_SHARES = ("hhi", "effective_n", "top1_weight", "top5_weight", "top10_weight")
_ISSUERS = ("issuer_hhi", "issuer_effective_n", "issuer_top1_weight")
_TOP = {"top1_weight": 1, "top5_weight": 5, "top10_weight": 10}

_FUNDS = frozenset({AssetClass.EQUITY_FUND, AssetClass.BOND_FUND, AssetClass.FUND})
_NO_ISSUER = frozenset({AssetClass.CASH, AssetClass.DERIVATIVE})


def whole_rows(portfolio: Portfolio, valuation: Valuation) -> Rows:
    """Total value, count and concentration."""
    period = f"as of {portfolio.as_of}"
    computed = _computed(portfolio)
    stated = Badge.SIMULATED if portfolio.is_sample else Badge.REAL
    note = valuation.rates_note
    count = len(portfolio.holdings)
    rows: Rows = ([], [])
    if valuation.total is None:
        state(rows, "total_value", valuation.why_no_total)
    else:
        # The value of a single line in base currency is the file's own number; anything else was added or converted.
        own = count == 1 and portfolio.holdings[0].currency == portfolio.base_currency
        badge = stated if own else computed
        state(rows, "total_value", valuation.total, period, badge, note, portfolio.base_currency)
    state(rows, "holdings_count", float(count), period, stated)
    without_cash = sum(holding.asset_class is not AssetClass.CASH for holding in portfolio.holdings)
    state(rows, "holdings_count_without_cash", float(without_cash), period, stated)
    figures: dict[str, float | str] = {**_positions(portfolio, valuation), **_issuers(portfolio, valuation)}
    for metric_id in (*_SHARES, *_ISSUERS):
        state(rows, metric_id, figures[metric_id], period, computed, note)
    return rows


def part_rows(portfolio: Portfolio, valuation: Valuation, lines: tuple[HoldingFact, ...]) -> Rows:
    """Weights by asset class, sector, country and currency, and of each line."""
    rows: Rows = ([], [])
    counts = Counter(line.asset_class for line in lines)
    if valuation.total is None or valuation.why_no_shares:
        rows = absent((family for family in FAMILIES if family != _LINES or not counts), valuation.why_no_shares)
        state_family(rows, _LINES, _counted(counts), f"as of {portfolio.as_of}", _computed(portfolio))
        return rows
    values: dict[str, Iterable[tuple[str, float]]] = {
        "asset_class.": _summed([line.asset_class for line in lines], lines),
        _LINES: _counted(counts),
        "sector.": _summed([slug(line.sector) for line in lines], lines),
        "country.": _summed([line.country for line in lines], lines),
        "currency.": _summed([line.currency for line in lines], lines),
        "weight.": [(line.holding_id, line.weight_pct) for line in lines],
    }
    for family in FAMILIES:
        if family == _ISSUER:
            _state_issuers(rows, portfolio, valuation, lines)
            continue
        note = "" if family == _LINES else valuation.rates_note
        state_family(rows, family, values[family], f"as of {portfolio.as_of}", _computed(portfolio), note)
    return rows


def _state_issuers(rows: Rows, portfolio: Portfolio, valuation: Valuation, lines: Sequence[HoldingFact]) -> None:
    """The weight of each large issuer, or why none is stated."""
    why = _issuers(portfolio, valuation)["issuer_top1_weight"]
    if isinstance(why, str):
        rows[1].append(AbsentFact(f"{_ISSUER}*", why))
        return
    of_issuer: defaultdict[str, list[HoldingFact]] = defaultdict(list)
    for holding, line, name in zip(portfolio.holdings, lines, issuer_names(portfolio), strict=True):
        if name and holding.asset_class not in _NO_ISSUER and not is_fund(holding):
            of_issuer[name].append(line)
    weights = [
        (max(held, key=lambda line: abs(line.weight_pct)).holding_id, fsum(line.weight_pct for line in held))
        for held in of_issuer.values()
    ]
    large = sorted((one for one in weights if abs(one[1]) >= LARGE_ISSUER), key=lambda one: -abs(one[1]))
    if not large:
        rows[1].append(AbsentFact(f"{_ISSUER}*", f"No issuer weighs {LARGE_ISSUER:g} % or more."))
    period = f"as of {portfolio.as_of}"
    state_family(rows, _ISSUER, large, period, _computed(portfolio), valuation.rates_note)


def _counted(counts: Counter[str]) -> list[tuple[str, float]]:
    return [(name, float(count)) for name, count in counts.most_common()]


def liquidity_rows(portfolio: Portfolio, valuation: Valuation, lines: tuple[HoldingFact, ...]) -> Rows:
    """Weights by how soon lines can be sold, where their sources say so."""
    if valuation.total is None or valuation.why_no_shares:
        return absent(LIQUIDITY_FAMILIES, valuation.why_no_shares)
    lines_but_cash = [holding for holding in portfolio.holdings if holding.asset_class is not AssetClass.CASH]
    if lines_but_cash and not any(holding.terms.liquidity for holding in lines_but_cash):
        return absent(LIQUIDITY_FAMILIES, "No line's source states how soon it can be sold.")
    buckets = _summed([_liquidity(holding) for holding in portfolio.holdings], lines)
    known = 100.0 - dict(buckets).get("unknown", 0.0)
    note = f"Known for lines of {known:.1f} % of total value."
    rows: Rows = ([], [])
    state_family(rows, "liquidity.", buckets, f"as of {portfolio.as_of}", _computed(portfolio), note)
    return rows


def _liquidity(holding: Holding) -> str:
    if holding.terms.liquidity is not None:
        return holding.terms.liquidity.value
    return Liquidity.HIGH.value if holding.asset_class is AssetClass.CASH else "unknown"


def _positions(portfolio: Portfolio, valuation: Valuation) -> dict[str, float | str]:
    """Concentration of what is not cash by exposure, lines of one instrument (same ISIN, else symbol) together."""
    if valuation.total is None or valuation.why_no_shares:
        return dict.fromkeys(_SHARES, valuation.why_no_shares)
    if unknown := why_unknown(portfolio.holdings, valuation.sizes):
        return dict.fromkeys(_SHARES, unknown)
    exposures: defaultdict[str, float] = defaultdict(float)
    for holding, value, size in zip(portfolio.holdings, valuation.values, valuation.sizes, strict=True):
        if holding.asset_class is not AssetClass.CASH:
            exposures[holding.isin or holding.symbol] += copysign(size, value)
    positions = list(exposures.values())
    number = concentration.effective_number(positions)
    if number is None:
        return dict.fromkeys(_SHARES, "There is no position besides cash.")
    shares = {
        metric_id: 100.0 * concentration.top_share(positions, valuation.total, largest)
        for metric_id, largest in _TOP.items()
    }
    return {"hhi": concentration.hhi(positions, valuation.total), "effective_n": number, **shares}


def _issuers(portfolio: Portfolio, valuation: Valuation) -> dict[str, float | str]:
    """Concentration of lines with one issuer behind them."""
    if valuation.total is None or valuation.why_no_shares:
        return dict.fromkeys(_ISSUERS, valuation.why_no_shares)
    values: defaultdict[str, float] = defaultdict(float)
    unknown: defaultdict[str, float] = defaultdict(float)
    gross = known = 0.0
    for holding, value, issuer in zip(portfolio.holdings, valuation.values, issuer_names(portfolio), strict=True):
        if holding.asset_class in _NO_ISSUER or is_fund(holding):
            continue
        gross += abs(value)
        if issuer:
            known += abs(value)
            values[issuer] += value
        else:
            unknown[holding.symbol] += abs(value)
    if not gross:
        return dict.fromkeys(_ISSUERS, "There is no line with one issuer behind it: only funds, cash or derivatives.")
    # One unknown line may be of the largest issuer, so a little may be missing and no more.
    if known < (MIN_COVERAGE - 1e-9) * gross:
        reason = why_uncovered(known / gross, unknown, what="A known issuer", lack="the issuer is not known")
        return dict.fromkeys(_ISSUERS, reason)
    sizes = list(values.values())
    number = concentration.effective_number(sizes)
    if number is None:
        return dict.fromkeys(_ISSUERS, "Long and short lines of every issuer cancel out.")
    return {
        "issuer_hhi": concentration.hhi(sizes, valuation.total),
        "issuer_effective_n": number,
        "issuer_top1_weight": 100.0 * concentration.top_share(sizes, valuation.total, 1),
    }


def issuer_names(portfolio: Portfolio) -> list[str]:
    """The issuer of each line, without case and legal form; names whose lines have one LEI are one name."""
    names = [normalised_name(holding.terms.issuer) if holding.terms.issuer else "" for holding in portfolio.holdings]
    leis = (holding.terms.lei for holding in portfolio.holdings)
    one_name = merged_names(zip(leis, names, strict=True))
    return [one_name.get(name, name) for name in names]


def is_fund(holding: Holding) -> bool:
    """True for units of a fund, whose risks are those of what it holds."""
    terms = holding.terms
    return holding.asset_class in _FUNDS or terms.instrument_type is InstrumentType.FUND or terms.fund_kind is not None


def _computed(portfolio: Portfolio) -> Badge:
    return Badge.SIMULATED if portfolio.is_sample else Badge.DERIVED


def _summed(keys: Iterable[str], lines: Iterable[HoldingFact]) -> list[tuple[str, float]]:
    """Weight by key, the heaviest first."""
    weights: defaultdict[str, list[float]] = defaultdict(list)
    for key, line in zip(keys, lines, strict=True):
        weights[key].append(line.weight_pct)
    return sorted(((key, fsum(parts)) for key, parts in weights.items()), key=lambda row: (-row[1], row[0]))
