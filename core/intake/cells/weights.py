"""How much each line weighs against the others before a base currency is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from core.domain.fx import Rates
from core.domain.portfolio import Holding

PIVOT = "EUR"


class Weigher:
    """Sizes of lines in one unit, for comparing only.

    Args:
        rates: Exchange rates; None weighs lines of a portfolio in several currencies as one each.
    """

    def __init__(self, rates: Rates | None) -> None:
        self._rates = rates
        self._factors: dict[tuple[str, date], float | None] = {}

    def weigh(self, holdings: Sequence[Holding], as_of: date) -> tuple[list[float], bool]:
        """Absolute sizes in the order of the holdings, and whether they are values (True) or counts of one a line.

        Values are compared as they stand when all share one currency, else through the last known rates; when one
        rate is missing, all lines count as one, because leaving lines out would tilt the answer.
        """
        currencies = {holding.currency for holding in holdings}
        factors: dict[str, float] = {}
        if len(currencies) == 1:
            factors = dict.fromkeys(currencies, 1.0)
        else:
            for currency in currencies:
                factor = self._factor(currency, as_of)
                if factor is None:
                    return [1.0] * len(holdings), False
                factors[currency] = factor
        return [abs(float(holding.market_value)) * factors[holding.currency] for holding in holdings], True

    def _factor(self, currency: str, on: date) -> float | None:
        if self._rates is None:
            return None
        key = (currency, on)
        if key not in self._factors:
            self._factors[key] = self._rates.factor(currency, PIVOT, on)
        return self._factors[key]
