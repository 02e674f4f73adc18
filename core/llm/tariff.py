"""What answers to one model's requests are charged at: by whom, how and when they were asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.domain.batch import Counted, ResultLine
from core.domain.cost import Price
from core.llm import pricing


@dataclass(frozen=True, slots=True)
class Tariff:
    """The terms of one way of asking.

    Attributes:
        model: As it was asked for.
        batch: Batch processing, else synchronous.
        at: When it was asked, by our own clock: prices change by UTC day.
    """

    model: str
    batch: bool
    at: datetime

    @property
    def known(self) -> bool:
        """Whether what was asked for has a price."""
        return self._price() is not None

    @property
    def long_above(self) -> int | None:
        """Input tokens above which a request is charged at dearer rates; None where length does not matter."""
        price = self._price()
        return None if price is None or price.long_input is None else price.long_input.above_tokens

    def cost(self, line: ResultLine) -> Decimal | None:
        """What one answer cost; None where its usage or its price is not known."""
        if line.usage is None:
            return None
        return self.cost_of(Counted(line.usage, line.cache_write_tokens))

    def cost_of(self, part: Counted, *, long: bool | None = None) -> Decimal | None:
        """What these tokens cost as one request.

        Args:
            long: Whether they are charged as a long one; None leaves that to their number.
        """
        price = self._price()
        if price is None:
            return None
        return pricing.cost(price, part.usage, cache_write_tokens=part.cache_write_tokens, long=long)

    def _price(self) -> Price | None:
        return pricing.price(self.model, batch=self.batch, at=self.at)
