"""What a fact is about, read from its id: which quantity, of whom, over which period."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from core.analyses.fact_selection import PERIODS

MEMBERS: Final = frozenset({"sector", "currency", "country", "asset_class"})
"""Families whose members are named by words of their own."""

_OF_LINES: Final = frozenset({"weight", "risk_share", "contribution"})
_OF_NOBODY: Final = frozenset(
    {
        "stress", "indicator", "attribution", "liquidity", "profile", "least", "most", "target", "asset_group", "group",
        "rating", "maturity", "scenario", "articles",
    }
)  # fmt: skip
"""Families whose members are no holdings."""

_TAIL: Final = re.compile(r"c?var_\d+_\d+d(?:_[a-z_]+)?$")
_ATTRIBUTES: Final = {
    "volatility": "volatility", "max_drawdown": "drawdown", "sharpe": "sharpe", "sortino": "sortino", "beta": "beta",
    "benchmark_correlation": "correlation", "tracking_error": "tracking_error",
    "information_ratio": "information_ratio", "downside_deviation": "downside", "hhi": "hhi", "issuer_hhi": "hhi",
    "effective_n": "effective_n", "holdings_count": "count", "total_value": "total", "top1_weight": "top1",
    "issuer_top1_weight": "top1", "top5_weight": "top5", "top10_weight": "top10", "return": "return", "twr": "return",
    "twr_annual": "return", "mwr": "return", "modified_dietz": "return", "annual_return": "return",
    "benchmark_return": "return", "excess_return": "excess", "weight": "weight", "risk_share": "risk_share",
    "contribution": "contribution",
}  # fmt: skip
_OF_PORTFOLIO: Final = frozenset({"volatility", "drawdown", "sharpe", "sortino", "downside", "var", "cvar", "return"})
"""Attributes that the benchmark has too, so that it matters whose they are."""


class Aspect(NamedTuple):
    """What a fact is about.

    Attributes:
        family: First part of the id.
        attribute: What is measured, as the lexicons call it; "" where they have no word for it.
        subject: "holding:MSFT", "sector.energy", or "" for the whole.
        owner: "portfolio" or "benchmark" where both have it, else "".
        period: "1y" where the id names one, else "".
        rule: Key of the rule whose number it is, else "".
    """

    family: str
    attribute: str
    subject: str
    owner: str
    period: str
    rule: str

    @property
    def dimension(self) -> str:
        """What kind of thing the subject is: "holding", "sector" ...; "" for the whole."""
        return self.subject.partition(":" if ":" in self.subject else ".")[0]


@lru_cache(maxsize=50_000)
def aspect_of(metric_id: str) -> Aspect:
    """What an id says. In a brief about a group ids begin with the portfolio's: "acme:return.1y"."""
    family, _, rest = metric_id.rpartition(":")[2].partition(".")
    if family == "rule":
        key, _, part = rest.rpartition(".")
        return Aspect(family, {"measured": "weight"}.get(part, part), "", "", "", key)
    attribute = _ATTRIBUTES.get(family, "")
    if _TAIL.match(family):
        attribute = "cvar" if family[0] == "c" else "var"
    owner = ""
    if attribute in _OF_PORTFOLIO:
        owner = "benchmark" if family.startswith("benchmark_") else "portfolio"
    if family in MEMBERS:
        return Aspect(family, "weight", f"{family}.{rest}", "", "", "")
    period = rest if rest in PERIODS else ""
    lines = family in _OF_LINES or (not attribute and family not in _OF_NOBODY)
    subject = f"holding:{rest}" if rest and not period and lines else ""
    return Aspect(family, attribute, subject, owner, period, "")
