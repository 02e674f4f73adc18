"""From how much history, and of what quality, a figure is stated at all."""

from __future__ import annotations

from core.metrics.risk import DAYS_PER_YEAR

MIN_RETURNS = 60
"""A history with fewer daily returns gives no risk figures: its worst 5 % would be fewer than three days."""

MIN_FAR_TAIL_RETURNS = 300
"""Fewer daily returns give no 99 % tail, for the same reason: its worst 1 % would be fewer than three days."""

MIN_YEAR_RETURNS = DAYS_PER_YEAR
"""Yearly figures of a shorter history are not stated: a few good months are not a good year."""

MIN_COVERAGE = 0.95
"""Share of gross value that must be known (a price history, an issuer, a sensitivity) for figures of the whole."""

LARGE_ISSUER = 4.0
"""Weight in percent from which an issuer is named: the tightest usual limits begin at 5."""

MAX_STALE_DAYS = 10
"""A price history that ended longer ago than this does not describe the portfolio's day."""

MIN_RETURNS_A_YEAR = 180
"""Fewer days with prices in a year are no daily history: weekly closes taken for daily ones double every risk."""
