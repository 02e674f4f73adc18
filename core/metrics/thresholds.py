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

MIN_LOOKED_THROUGH = 80.0
"""Percent of the funds' value that must be looked through: of less, the largest issuer may be one that is not seen."""

MIN_CLASSIFIED = 80.0
"""Percent of what the funds hold of which sector, country or currency must be known to share the whole out by it."""

MAX_REPORT_AGE = 180
"""Days between a fund's report and the portfolio's day: two quarters, because filings come out two months late."""

ISSUERS_NAMED = 25
"""So many issuers, the largest, are named of those that are seen in funds and beside them."""

MIN_CHANGES = 0.5
"""Share of its days on which a daily price changes at least: appraisals written on every day stand still on most."""

INTERVAL_LEVEL = 0.90
"""How often an interval should hold the figure of the process that the sample is of."""

RESAMPLES = 1_000
"""Resamples of a bootstrap: the ends of a 90 % interval then rest on the 50 lowest and highest."""
