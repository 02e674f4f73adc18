"""Which regional overlay fits a portfolio, when neither a person nor the file said so.

The rule: each line speaks for the region of its listing currency (USD for US, GBP for UK, CHF for CH, ...). The euro
has no single home, so a line in euro speaks for its issuer's country when that is France, Germany or the Netherlands;
where the country is not given, the first two letters of the ISIN stand in. Cash speaks like any line, save in euro,
where it is silent. The region that more than half of the value speaks for wins; without such a majority it is GLOBAL.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.portfolio import Holding

GLOBAL = "GLOBAL"
REGIONS = frozenset({"US", "UK", "FR", "DE", "NL", "CH", "JP", "SG", "HK", "AU", "CA", GLOBAL})
"""Codes a portfolio may carry. Prompts fall back to GLOBAL, with a warning, for those without an overlay."""

_BY_CURRENCY = {
    "USD": "US",
    "GBP": "UK",
    "CHF": "CH",
    "JPY": "JP",
    "SGD": "SG",
    "HKD": "HK",
    "AUD": "AU",
    "CAD": "CA",
}
_EURO_COUNTRIES = frozenset({"FR", "DE", "NL"})


def derived_region(holdings: Sequence[Holding], sizes: Sequence[float]) -> str:
    """The region most of the portfolio speaks for, else GLOBAL.

    Args:
        holdings: At least one.
        sizes: How much each weighs (`core.intake.cells.weights`), all at or above 0.
    """
    votes: dict[str, float] = {}
    for holding, size in zip(holdings, sizes, strict=True):
        region = _BY_CURRENCY.get(holding.currency)
        if region is None and holding.currency == "EUR":
            country = holding.country or holding.isin[:2]
            region = country if country in _EURO_COUNTRIES else None
        if region is not None:
            votes[region] = votes.get(region, 0.0) + size
    if not votes:
        return GLOBAL
    winner = max(sorted(votes), key=lambda region: votes[region])
    return winner if votes[winner] * 2 > sum(sizes) else GLOBAL


def known_region(text: str) -> str | None:
    """The region code a text means (GB and UK are the same place); None when it is not one of ours."""
    upper = text.strip().upper()
    upper = "UK" if upper == "GB" else upper
    return upper if upper in REGIONS else None
