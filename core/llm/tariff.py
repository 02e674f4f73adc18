"""What answers to one model's requests are charged at: how and when they were asked, and who served them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from core.domain.analysis import Usage
from core.domain.batch import Counted, ResultLine
from core.domain.cost import Price
from core.domain.provider import NOBODY, AnsweredBy
from core.llm import pricing
from core.llm.surcharges import SEARCH_BLOCK

_DATE: Final = re.compile(r"-\d{4}-\d{2}-\d{2}|-\d{4}$")
_NOTHING: Final = Counted(Usage())
_USUAL: Final = frozenset({"", "default", "auto", "standard"})


@dataclass(frozen=True, slots=True)
class Tariff:
    """The terms of one way of asking. What was served decides the price, not what was asked for.

    Attributes:
        model: As it was asked for.
        batch: Batch processing, else synchronous.
        at: When it was asked, by our own clock: prices change by UTC day.
        region: Where data have to stay; "" for no such rule.
    """

    model: str
    batch: bool
    at: datetime
    region: str

    @property
    def known(self) -> bool:
        """Whether what was asked for has a price."""
        return self.price() is not None

    @property
    def long_above(self) -> int | None:
        """Input tokens above which a request is charged at dearer rates; None where length does not matter."""
        price = self.price()
        return None if price is None or price.long_input is None else price.long_input.above_tokens

    def price(self, answered: AnsweredBy = NOBODY) -> Price | None:
        """Rates of what was served; of what was asked for where the answer does not say."""
        return pricing.price(
            self._served(answered), batch=self.batch, at=self.at, region=self.region, tier=answered.tier.lower()
        )

    def cost(self, line: ResultLine) -> Decimal | None:
        """What one answer cost; None where its usage or its price is not known."""
        if line.usage is None:
            return None
        return self.cost_of(Counted(line.usage, line.cache_write_tokens), line.answered)

    def cost_of(self, part: Counted, answered: AnsweredBy = NOBODY, *, long: bool | None = None) -> Decimal | None:
        """What these tokens cost as one request.

        Args:
            long: Whether they are charged as a long one; None leaves that to their number.
        """
        if part == _NOTHING:
            return Decimal(0) if self.known else None
        price = self.price(answered)
        above = self.long_above
        if price is None or (price.long_input is None and above is not None and _too_long(part, long, above)):
            return None  # tiers that are not offered for long inputs have no price for them
        return pricing.cost(price, part.usage, cache_write_tokens=part.cache_write_tokens, long=long)

    def search_cost(self) -> Decimal | None:
        """What one web search costs beside the answer's own tokens; None where that is not known."""
        fee, price = pricing.search_price(self.model, at=self.at), self.price()
        block = SEARCH_BLOCK.get(_family(self.model), 0)
        if fee is None or not block:
            return fee
        return None if price is None else fee + block * price.input / 1_000_000

    def unusual(self, answered: AnsweredBy) -> str:
        """Who served an answer where it was not the model or the tier that was asked for; "" where it was."""
        model, tier = self._served(answered), answered.tier.lower()
        expected = _USUAL | ({"batch"} if self.batch else set())
        parts = [f"model {model}"] if _family(model) != _family(self.model) else []
        parts += [f"tier {tier}"] if tier not in expected else []
        return " with ".join(parts)

    def _served(self, answered: AnsweredBy) -> str:
        """The model to price: gateways put their own name in front of it, and a snapshot without a price has that of
        the model.
        """
        name = answered.model.rpartition("/")[2]
        if not name:
            return self.model
        unpriced = "/" in self.model or pricing.price(name, batch=False, at=self.at) is None
        return self.model if unpriced and _family(name) == _family(self.model) else name


def _too_long(part: Counted, long: bool | None, above: int) -> bool:
    return part.usage.input_tokens > above if long is None else long


def _family(model: str) -> str:
    """A model without a gateway's name in front and the date of a snapshot."""
    return _DATE.sub("", model.rpartition("/")[2]).lower()
