"""What the account itself returned, from stored values and outside money, as facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import isfinite
from typing import Final

import numpy as np
import pyxirr

from core.domain.fx import Rates
from core.domain.portfolio import Portfolio
from core.domain.units import Badge
from core.metrics.metric_definitions import FLOW_METRICS
from core.metrics.periods import back
from core.metrics.rows import Rows, absent, state
from core.metrics.valuation import Valuation

Snapshots = Mapping[str, Sequence[tuple[date, float]]]
"""By portfolio id: days and total values in base currency, in any order."""


@dataclass(frozen=True, slots=True)
class Account:
    """Values and outside money of one account, in its base currency.

    Attributes:
        values: By day, oldest first, each after the flows of its day.
        flows: After the first value and up to the last, oldest first; positive came in.
    """

    values: tuple[tuple[date, float], ...]
    flows: tuple[tuple[date, float], ...]

    @property
    def first(self) -> date:
        """Day of the first value."""
        return self.values[0][0]

    @property
    def last(self) -> date:
        """Day of the last value."""
        return self.values[-1][0]


def flow_rows(portfolio: Portfolio, valuation: Valuation, snapshots: Snapshots, rates: Rates) -> Rows:
    """Time- and money-weighted returns of an account, or why they are not known."""
    account = account_of(portfolio, valuation, snapshots.get(portfolio.portfolio_id, ()), rates)
    if isinstance(account, str):
        return absent(FLOW_METRICS, account)
    period = f"{account.first}..{account.last}"
    badge = Badge.SIMULATED if portfolio.is_sample else Badge.DERIVED
    short = f"The stored values reach from {account.first} to {account.last}, less than a year: no yearly figure."
    whole_year = back(account.last, 12) >= account.first
    twr, dietz = time_weighted(account), modified_dietz(account)
    annual = twr
    if not isinstance(twr, str):
        annual = (1.0 + twr) ** (365.25 / (account.last - account.first).days) - 1.0 if whole_year else short
    found = {
        "twr.si": twr,
        "twr_annual.si": annual,
        "modified_dietz.si": dietz,
        "mwr.si": money_weighted(account) if whole_year else short,
    }
    note = f"From {len(account.values)} values and {len(account.flows)} flows."
    rows: Rows = ([], [])
    for metric_id, value in found.items():
        state(rows, metric_id, value if isinstance(value, str) else 100.0 * value, period, badge, note)
    return rows


def account_of(
    portfolio: Portfolio, valuation: Valuation, snapshots: Sequence[tuple[date, float]], rates: Rates
) -> Account | str:
    """The values and flows that a return can be measured with, or why it cannot."""
    if valuation.total is None:
        return valuation.why_no_total
    values = {day: value for day, value in snapshots if day < portfolio.as_of}
    if not values:
        return "No earlier snapshot of the portfolio is stored: there is no value to start from."
    if not portfolio.flows and not portfolio.no_flows:
        # An account without a known flow may have had many: a deposit would then read as a gain.
        return (
            "The source names no money that came in or went out, and a deposit must not read as a gain. Say "
            "`flows: []` where there was none."
        )
    values[portfolio.as_of] = valuation.total
    ordered = sorted(values.items())
    wrong = [day for day, value in ordered if not isfinite(value) or value < 0]
    if wrong:
        return f"The stored value on {wrong[0]} is below zero or no number."
    flows: list[tuple[date, float]] = []
    for flow in portfolio.flows:
        if not ordered[0][0] < flow.day <= portfolio.as_of:
            continue
        factor = rates.factor(flow.currency, portfolio.base_currency, flow.day)
        if factor is None:
            return (
                f"There is no exchange rate from {flow.currency} to {portfolio.base_currency} on or before {flow.day}, "
                "the day of a flow."
            )
        flows.append((flow.day, float(flow.amount) * factor))
    return Account(tuple(ordered), tuple(sorted(flows)))


LARGE_FLOW: Final = 0.10
"""Part of an account's value from which a flow needs a value of its own day."""

LONGEST_DIETZ: Final = 31
"""Days between two values over which flows may be weighted by time: GIPS wants a value every month at least."""


def time_weighted(account: Account) -> float | str:
    """Return of one unit of money that stayed in all the time, as a fraction: sub-periods compounded.

    0.10 reads: 10 % over the whole time, not a year. Each sub-period between two values is (V1 - F) / V0 - 1 with the
    flows F of the day of V1, at the end of their day. A sentence where a flow has no value of its day (what came in
    then is not known to have gained or lost: see `modified_dietz`), or where there is no money to measure.
    """
    for start, end, flows in _between(account):
        if flows:
            return (
                f"Money moved on {flows[0][0]} and no value of that day is stored, between {start} and {end}: import "
                "the portfolio as of that day for a time-weighted return."
            )
    return _compounded(account)


def modified_dietz(account: Account) -> float | str:
    """Approximation of the time-weighted return where flows have no value of their day, as a fraction.

    Each sub-period is (V1 - V0 - F) / (V0 + sum of f * share of the sub-period it was in). It is no better than the
    sub-periods are short and the flows small: a sentence where one is over a month or a flow over a tenth of the
    value, and where every flow has a value of its day, so that the return is exact.
    """
    between = [one for one in _between(account) if one[2]]
    if not between:
        return "Every flow has a value of its day: the time-weighted return is exact."
    values = dict(account.values)
    for start, end, flows in between:
        if (end - start).days > LONGEST_DIETZ:
            return (
                f"Money moved on {flows[0][0]}, between values of {start} and {end}, which are over a month apart: "
                "what it gained or lost is not known."
            )
        largest = max(flows, key=lambda flow: abs(flow[1]))
        if abs(largest[1]) > LARGE_FLOW * values[start]:
            return (
                f"Over a tenth of the value moved on {largest[0]} and no value of that day is stored, between {start} "
                f"and {end}: what it gained or lost is not known."
            )
    return _compounded(account)


def _between(account: Account) -> Iterator[tuple[date, date, list[tuple[date, float]]]]:
    """Each sub-period with its flows that are on no day of a value."""
    for (start, _), (end, _) in pairwise(account.values):
        yield start, end, [(day, amount) for day, amount in account.flows if start < day < end and amount]


def _compounded(account: Account) -> float | str:
    growth = 1.0
    for (start, before), (end, after) in pairwise(account.values):
        flows = [(day, amount) for day, amount in account.flows if start < day <= end]
        days = (end - start).days
        capital = before + sum(amount * (end - day).days / days for day, amount in flows)
        gain = after - before - sum(amount for _, amount in flows)
        if capital <= 0.0:
            return f"No money was invested on average from {start} to {end}: there is nothing to measure a return on."
        if gain / capital <= -1.0:
            return f"Everything was lost from {start} to {end}: there is no growth to measure."
        growth *= 1.0 + gain / capital
    return growth - 1.0


def money_weighted(account: Account) -> float | str:
    """Return per year of the money as it came and went, as a fraction: XIRR with days / 365.

    A sentence where no rate exists, or more than one does.
    """
    (first, start), (last, end) = account.values[0], account.values[-1]
    payments = [(first, -start), *((day, -amount) for day, amount in account.flows), (last, end)]
    amounts = [amount for _, amount in payments if amount]
    if not (min(amounts, default=0.0) < 0.0 < max(amounts, default=0.0)):
        return "All payments go the same way: no rate makes their sum zero."
    rate = pyxirr.xirr(payments, silent=True)
    if rate is None or not isfinite(rate) or rate <= -1.0:
        return "No rate was found at which the payments have a sum of zero."
    if _roots(payments) > 1:
        return "The payments change direction so that more than one rate fits: none of them is the return."
    return float(rate)


_RATES = np.concatenate([np.linspace(-0.99, 1.0, 400), np.geomspace(1.02, 1e3, 100)])


def _roots(payments: Sequence[tuple[date, float]]) -> int:
    """How often the sum of the discounted payments crosses zero over yearly rates from -99 % up."""
    years = np.array([(day - payments[0][0]).days for day, _ in payments]) / 365.0
    amounts = np.array([amount for _, amount in payments])
    sums = amounts @ (1.0 + _RATES) ** -years[:, None]
    signs = np.sign(sums)[sums != 0.0]
    return int(np.count_nonzero(signs[1:] != signs[:-1]))
