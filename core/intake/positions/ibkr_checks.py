"""What a Flex statement states about itself, held against its lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.intake.findings import Findings
from core.intake.positions.broker_tables import amount
from core.intake.positions.flex_xml import FlexElement

_ZERO = Decimal(0)
_ROUNDING = Decimal("0.02")


@dataclass(frozen=True, slots=True)
class Share:
    """A line's value in base currency and the percentage that the statement gives for it."""

    symbol: str
    day: date
    value: Decimal
    stated_pct: Decimal


def compare_nav(findings: Findings, account: str, summary: FlexElement, found: Decimal, currency: str) -> None:
    """Compare positions with the net asset value that the statement gives for the day, in base currency.

    Args:
        found: What the positions add up to.
    """
    get = summary.attributes.get
    total, cash = amount(get("total", "")), amount(get("cash", "")) or _ZERO
    if total is None:
        return
    accruals = sum((amount(get(name, "")) or _ZERO for name in ("dividendAccruals", "interestAccruals")), _ZERO)
    if accruals:
        findings.note(
            f"Accrued dividends and interest of {accruals:,.2f} {currency} in '{account}' are part "
            f"of its net asset value ({total:,.2f}) but no holdings; they were left out."
        )
    expected = total - cash - accruals
    if abs(expected - found) > max(Decimal(1), abs(total) * Decimal("0.001")):
        findings.note(
            f"The net asset value of '{account}' says positions of {expected:,.2f} {currency}, but "
            f"the file's positions add up to {found:,.2f}: the difference is {abs(expected - found):,.2f}. "
            "The query probably leaves out some of them; include all asset classes to be sure."
        )


def compare_shares(findings: Findings, account: str, shares: Iterable[Share]) -> None:
    """Compare each line with its percentage of the day's long or short positions, which is what "percentOfNAV" is."""
    sides: dict[tuple[date, bool], list[Share]] = {}
    for share in shares:
        sides.setdefault((share.day, share.value >= 0), []).append(share)
    for (day, is_long), lines in sorted(sides.items()):
        total = sum((line.value for line in lines), _ZERO)
        wrong = [line for line in lines if total and abs(line.value / total * 100 - line.stated_pct) > _ROUNDING]
        if wrong:
            first = wrong[0]
            findings.note(
                f"Of the {'long' if is_long else 'short'} positions of '{account}' on {day}, {len(wrong)} have another "
                f"percentage than stated ({first.symbol}: {first.value / total * 100:.2f} %, stated "
                f"{first.stated_pct:.2f} %). The query probably leaves out some positions; include all asset classes."
            )
