"""Words for what is known of funds, the same on every page."""

from __future__ import annotations

from collections.abc import Sequence

_SOURCES = {
    "sec_nport": "SEC N-PORT",
    "ishares_holdings": "iShares",
    "ssga_holdings": "SSGA",
    "vanguard_fund_holdings": "Vanguard",
}


def source(name: str) -> str:
    """A kind of report for people."""
    return _SOURCES.get(name, name)


def known_as(fund_id: str, codes: Sequence[str]) -> str:
    """By what holdings name a fund; a series of the SEC is named by no holding."""
    return " ".join(code for code in codes if code != fund_id) or "nothing: no holding is of it"
