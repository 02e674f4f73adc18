"""What the rules are given: a portfolio valued exactly, and measures that holdings do not show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from core.compliance.position import NO_MEASURES, Book, Measures, RulePosition
from core.compliance.vev import LEAST_YEARS, var_equivalent_volatility
from core.domain.fx import Rates
from core.domain.portfolio import Portfolio
from core.domain.units import Badge
from core.metrics.flows import Account, account_of, modified_dietz, time_weighted
from core.metrics.prices import PriceHistory
from core.metrics.returns import Sample, samples
from core.metrics.valuation import Valuer, holding_ids

NO_VAR = "Value at risk with derivatives takes their revaluation, which is not done here."


def book_of(portfolio: Portfolio, rates: Rates, measures: Measures = NO_MEASURES) -> Book:
    """A described portfolio ready to be checked: exact values in base currency, at the last rates on or before its day.

    Args:
        portfolio: As the instruments register describes it: terms of its lines are taken as they are.
    """
    factors: dict[str, Decimal | None] = {portfolio.base_currency: Decimal(1)}
    for currency in {line.currency for line in portfolio.holdings} - factors.keys():
        factor = rates.factor(currency, portfolio.base_currency, portfolio.as_of)
        factors[currency] = None if factor is None else Decimal(repr(factor))
    positions = tuple(
        RulePosition(
            holding_id,
            line,
            line.terms,
            _times(line.market_value, factors[line.currency]),
            _times(line.terms.notional, factors[line.currency]),
        )
        for holding_id, line in zip(holding_ids(portfolio.holdings), portfolio.holdings, strict=True)
    )
    return Book(portfolio.as_of, portfolio.base_currency, positions, measures)


def measures_of(
    portfolio: Portfolio, rates: Rates, prices: PriceHistory, earlier: Sequence[tuple[date, float]]
) -> tuple[Measures, tuple[str, ...]]:
    """Measures of a portfolio, and notes on where they come from.

    Args:
        earlier: Days and total values of its snapshots, in any order.
    """
    valuation = Valuer(rates).value(portfolio)
    why: list[tuple[str, str]] = [("absolute_var", NO_VAR), ("relative_var", NO_VAR)]
    notes: list[str] = []
    start = _quarter_start(portfolio.as_of)
    before = [pair for pair in earlier if pair[0] <= start]
    since = [max(before), *(pair for pair in earlier if pair[0] > start)] if before else []
    fall: float | None = None
    if not since:
        why.append(("value_fall", f"No snapshot is stored of {start}, the start of the quarter, or before."))
    else:
        account = account_of(portfolio, valuation, since, rates)
        grown = account if isinstance(account, str) else _growth(account)
        if isinstance(grown, str):
            why.append(("value_fall", grown))
        else:
            fall = max(0.0, -grown)
            notes.append(
                f"The fall of value is that since {since[0][0]}, without flows; reporting is taken as quarterly."
            )
    vev: float | None = None
    found = next(iter(samples([portfolio], [valuation], rates, prices)), None)
    if isinstance(found, Sample):
        vev = var_equivalent_volatility([float(one) for one in found.by_portfolio[0]])
        if vev is None:
            why.append(("vev", f"The common price history is shorter than {LEAST_YEARS} years."))
        elif any(prices[line.symbol].badge is Badge.SIMULATED for line in portfolio.holdings if line.symbol in prices):
            notes.append("The market risk class comes from simulated prices.")
    else:
        why.append(("vev", found.reason if found is not None else "There is no price history."))
    return Measures(value_fall=fall, vev=vev, why_unknown=tuple(why)), tuple(notes)


def _growth(account: Account) -> float | str:
    """The return of an account: exact where it can be, else near, else why not."""
    exact = time_weighted(account)
    if not isinstance(exact, str):
        return exact
    near = modified_dietz(account)
    return exact if isinstance(near, str) else near


def snapshot_days(days: Sequence[date], as_of: date) -> list[date]:
    """Of a portfolio's days those that tell how its value moved since the start of the quarter of `as_of`."""
    start = _quarter_start(as_of)
    before = [day for day in days if day <= start]
    return [*before[-1:], *(day for day in days if start < day < as_of)] if before else []


def _times(amount: Decimal | None, factor: Decimal | None) -> Decimal | None:
    return None if amount is None or factor is None else amount * factor


def _quarter_start(day: date) -> date:
    """The last day before the quarter of a day: the value it started with."""
    first = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    return date.fromordinal(first.toordinal() - 1)
