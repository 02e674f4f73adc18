"""Money in the database: whole billionths of a dollar, so that sums are exact on every engine."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

_NANO = Decimal(1_000_000_000)


def to_nano(usd: Decimal | None) -> int | None:
    """USD to whole billionths, half to even; None (unknown) stays None."""
    return None if usd is None else int((usd * _NANO).to_integral_value(ROUND_HALF_EVEN))


def from_nano(nano: int | None) -> Decimal | None:
    """Whole billionths back to USD."""
    return None if nano is None else Decimal(nano) / _NANO
