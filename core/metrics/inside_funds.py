"""What is inside a fund on a day: its lines, those of funds that it holds, and what of it is not known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from core.domain.fund import FundLine, FundReport, FundShelf
from core.domain.instrument import InstrumentType
from core.domain.portfolio import AssetClass
from core.metrics.thresholds import MAX_REPORT_AGE

FUND_CLASSES = frozenset({AssetClass.EQUITY_FUND, AssetClass.BOND_FUND, AssetClass.FUND})
_ROUNDING = Fraction(1, 10**9)
MAX_DEPTH = 5
"""Funds of funds of funds are looked through so deep; a circle of funds ends here too."""


@dataclass(frozen=True, slots=True)
class InnerLine:
    """One line inside a fund.

    Attributes:
        share: Of the fund's net assets; negative for short lines and liabilities.
    """

    line: FundLine
    share: Fraction


@dataclass(frozen=True, slots=True)
class Inside:
    """A fund taken apart: the shares of `lines` and of `unlisted`, and of the funds in `closed`, sum to 1.

    Attributes:
        report: What it is taken apart by; None where nothing usable is known.
        why_not: A sentence, where there is no report.
        lines: None of them a fund that could be looked through.
        closed: Funds inside that nothing is known of, with their shares.
        unlisted: What the reports leave out; negative where liabilities are.
        covered: Share of net assets that is looked through, from 0 to 1.
        days: Of every report that was used.
    """

    report: FundReport | None
    why_not: str = ""
    lines: tuple[InnerLine, ...] = ()
    closed: tuple[InnerLine, ...] = ()
    unlisted: Fraction = Fraction()
    covered: Fraction = Fraction()
    days: frozenset[date] = frozenset()


@dataclass(slots=True)
class _Gathering:
    lines: list[InnerLine] = field(default_factory=list)
    closed: list[InnerLine] = field(default_factory=list)
    unlisted: Fraction = Fraction()
    missing: Fraction = Fraction()
    days: set[date] = field(default_factory=set)


class FundInsides:
    """Takes funds apart, and remembers it: portfolios of a day share funds."""

    def __init__(self, shelf: FundShelf) -> None:
        self._shelf = shelf
        self._known: dict[tuple[str, date], Inside] = {}

    def of(self, *, isin: str, symbol: str, on: date) -> Inside:
        """The fund that a line is a share of, on a day."""
        fund_id = self._shelf.fund_of(isin=isin, symbol=symbol)
        key = (fund_id, on)
        if key not in self._known:
            self._known[key] = self._taken_apart(fund_id, on)
        return self._known[key]

    def fund_id(self, *, isin: str, symbol: str) -> str:
        """Under which id the fund of a line is kept; "" where it is not known."""
        return self._shelf.fund_of(isin=isin, symbol=symbol)

    def _taken_apart(self, fund_id: str, on: date) -> Inside:
        report = self._shelf.report(fund_id, on)
        if report is None:
            return Inside(None, "nothing is known of what it holds")
        age = abs((on - report.as_of).days)
        if age > MAX_REPORT_AGE:
            return Inside(None, f"its report of {report.as_of} is {age} days from {on}")
        found = _Gathering()
        self._gather(found, report, Fraction(1), on, (fund_id,))
        covered = max(Fraction(), Fraction(1) - found.missing)
        return Inside(
            report,
            "",
            tuple(found.lines),
            tuple(found.closed),
            found.unlisted,
            covered,
            frozenset(found.days),
        )

    def _gather(self, found: _Gathering, report: FundReport, share: Fraction, on: date, path: tuple[str, ...]) -> None:
        found.days.add(report.as_of)
        left = Fraction(1)
        for line in report.lines:
            part = Fraction(line.weight_pct) / 100
            left -= part
            if not is_fund_line(line):
                found.lines.append(InnerLine(line, share * part))
                continue
            inner = self._inner(line, on, path)
            if inner is None:
                found.closed.append(InnerLine(line, share * part))
                found.missing += abs(share * part)
            else:
                self._gather(found, inner, share * part, on, (*path, inner.fund_id))
        if abs(left) < _ROUNDING:
            return  # weights are kept to twelve digits
        found.unlisted += share * left
        # More than all is listed where liabilities are not: nothing is missing then.
        found.missing += abs(share) * max(left, Fraction())

    def _inner(self, line: FundLine, on: date, path: tuple[str, ...]) -> FundReport | None:
        fund_id = self._shelf.fund_of(isin=line.isin, symbol=line.symbol)
        if not fund_id or fund_id in path or len(path) >= MAX_DEPTH:
            return None
        report = self._shelf.report(fund_id, on)
        return report if report is not None and abs((on - report.as_of).days) <= MAX_REPORT_AGE else None

    def reports(self) -> Iterator[FundReport]:
        """Every report there is."""
        yield from self._shelf.reports()


def is_fund_line(line: FundLine) -> bool:
    """True for units of a fund inside a fund."""
    return line.asset_class in FUND_CLASSES or line.instrument_type is InstrumentType.FUND
