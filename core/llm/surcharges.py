"""What a provider charges beside its table of prices by the token. Each is priced here, or named for a person.

Source: OpenAI's guide to data residency and its pricing page (read in November 2026). Prices of tiers and of long
inputs, tokens written to the cache and the fee of a web search stand in the price table itself (`core.llm.pricing`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final
from urllib.parse import urlsplit

from core.llm.models import released

UPLIFT: Final = Decimal("0.10")
"""On every rate of a model of `UPLIFT_FROM` or later, where data have to stay in a region."""

UPLIFT_FROM: Final = date(2026, 3, 5)

SEARCH_BLOCK: Final = {"gpt-4o-mini": 8_000, "gpt-4.1-mini": 8_000}
"""Input tokens that one web search is charged as, whatever it read, beside its fee. With all other models what it read
is input that the answer's usage counts."""

STANDARD_TIER: Final = (
    "The price is the standard tier's: a project that defaults to another tier is charged at that one's."
)
"""Of a question asked at once, without a wish for a tier."""

_AZURE: Final = (".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com")
_OWN: Final = ("api.openai.com", "localhost", "127.0.0.1", "::1")


def region_uplift(model_id: str, region: str) -> Decimal:
    """What data residency adds to each rate of a model, as a fraction. A model of unknown age is taken for a new one.

    Args:
        region: Where data have to stay ("eu"); "" for no such rule.
    """
    day = released(model_id)
    return UPLIFT if region and (day is None or day >= UPLIFT_FROM) else Decimal(0)


def not_in_the_price(model_id: str, *, region: str, address: str) -> Iterator[str]:
    """What may be charged otherwise than estimated, as sentences for a person.

    Args:
        region: Where data have to stay; "" for no such rule.
        address: Base URL of the provider; "" where it does not matter.
    """
    if region and released(model_id) is None:
        yield (
            f"It is not known when model '{model_id}' was released: the {UPLIFT:.0%} that data residency in "
            f"{region.upper()} adds for newer models is counted in."
        )
    host = (urlsplit(address).hostname or "").lower()
    if host.endswith(_AZURE):
        yield (
            "Prices are OpenAI's own. Azure charges by kind of deployment: data zones about 10 % above global ones, "
            "regional ones more. Compare with your deployment's price."
        )
    elif host and not (host in _OWN or host.endswith(".api.openai.com")):
        yield f"Prices are those that OpenAI publishes: what {host} charges may be another."
