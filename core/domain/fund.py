"""What funds hold, as their own reports state it, and which report tells of a fund on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.domain.instrument import InstrumentType
from core.domain.portfolio import AssetClass, Problem

WHOLE = Decimal(100)


@dataclass(frozen=True, slots=True)
class FundLine:
    """One line inside a fund. "" and None mean: not known.

    Attributes:
        name: As the report writes it.
        issuer: Who issued it, by name; "" for cash and derivatives.
        asset_class: What it is; a fund inside a fund is one of the fund classes.
        weight_pct: Value in percent of the fund's net assets; negative for short lines and liabilities.
        isin, cusip, symbol, lei: Of the line and of its issuer, or "".
        sector: Industry name, or "".
        country: ISO 3166-1 alpha-2 of the issuer, or "".
        currency: ISO 4217 that the line is in, or "".
        instrument_type: Legal kind, or None.
        issuer_category: Kind of issuer in the words of form N-PORT ("CORP", "UST"), or "".
        notional_pct: Absolute notional of a derivative in percent of net assets. It is no value, and in no weight.
    """

    name: str
    issuer: str
    asset_class: AssetClass
    weight_pct: Decimal
    isin: str = ""
    cusip: str = ""
    symbol: str = ""
    lei: str = ""
    sector: str = ""
    country: str = ""
    currency: str = ""
    instrument_type: InstrumentType | None = None
    issuer_category: str = ""
    notional_pct: Decimal | None = None


@dataclass(frozen=True, slots=True)
class FundCodes:
    """By what a fund is known. Every share class of a fund has an ISIN and a symbol of its own, and holds the same.

    Attributes:
        isins: Each with a right check digit.
        symbols: As holdings write them.
        series_id: Of the SEC ("S000030880"), or "".
    """

    isins: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    series_id: str = ""

    def all(self) -> tuple[str, ...]:
        """Every code, the surest first."""
        return tuple(dict.fromkeys(code for code in (*self.isins, self.series_id, *self.symbols) if code))


@dataclass(frozen=True, slots=True)
class FundReport:
    """What a fund held on one day, by one report.

    Attributes:
        fund_id: Under which its days are kept; "" before it is stored.
        source: The kind of report: "sec_nport", or the name of an issuer's list ("ishares_holdings").
        file: Name of the file it came in.
        currency: ISO 4217 of `net_assets`, or "".
        net_assets: None where the report does not state them.
        lines: At least one.
    """

    fund_id: str
    name: str
    as_of: date
    source: str
    file: str
    currency: str
    net_assets: Decimal | None
    lines: tuple[FundLine, ...]

    @property
    def stated_pct(self) -> Decimal:
        """What the lines add up to, in percent of net assets: above 100 where there are liabilities beside them."""
        return sum((line.weight_pct for line in self.lines), Decimal(0))

    @property
    def coverage_pct(self) -> Decimal:
        """Share of net assets that the lines account for, from 0 to 100."""
        return min(WHOLE, max(Decimal(0), self.stated_pct))


@dataclass(frozen=True, slots=True)
class FundReading:
    """What was read from one file.

    Attributes:
        codes: What the file itself says that the fund is known by.
        report: None where the file has no usable fund; `problems` then say why.
    """

    file: str
    codes: FundCodes = FundCodes()
    report: FundReport | None = None
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


class FundShelf:
    """Reports of many funds, found by what a holding is known by and by the day.

    Args:
        reports: In any order.
        codes: Fund id by ISIN, symbol or series id.
    """

    def __init__(self, reports: Iterable[FundReport] = (), codes: Mapping[str, str] | None = None) -> None:
        self._codes = dict(codes or {})
        found: dict[str, list[FundReport]] = {}
        for report in reports:
            found.setdefault(report.fund_id, []).append(report)
        self._reports: dict[str, Sequence[FundReport]] = {
            fund_id: sorted(days, key=lambda one: one.as_of) for fund_id, days in found.items()
        }

    def fund_of(self, *, isin: str = "", symbol: str = "") -> str:
        """The fund a line is a share of: by its ISIN, and by its symbol only where it has none; "" where unknown."""
        return self._codes.get(isin, "") if isin else self._codes.get(symbol, "")

    def report(self, fund_id: str, on: date) -> FundReport | None:
        """The newest report of a day up to `on`, else the first after it; None where there is none."""
        days = self._reports.get(fund_id, ())
        before = [one for one in days if one.as_of <= on]
        return before[-1] if before else days[0] if days else None

    def reports(self) -> Iterable[FundReport]:
        """All of them."""
        return (report for days in self._reports.values() for report in days)
