"""In what a figure is measured, and where it comes from."""

from __future__ import annotations

from enum import StrEnum


class Unit(StrEnum):
    """How to read a value. pct: 12.4 means 12.4 %. ccy: whole units of the fact's currency."""

    PCT = "pct"
    PP = "pp"
    BPS = "bps"
    RATIO = "ratio"
    X = "x"
    CCY = "ccy"
    COUNT = "count"
    DAYS = "days"
    YEARS = "years"
    SCORE = "score"


class Badge(StrEnum):
    """Where a number comes from, shown beside it everywhere."""

    REAL = "real"
    DERIVED = "derived"
    SIMULATED = "simulated"
