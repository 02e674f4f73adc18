"""A portfolio as the register sees it: gaps filled, and every disagreement shown.

What the file says always stays. A line is filled in only where the register surely speaks of the same instrument: the
ISIN, else the CUSIP, else the symbol in its currency; and the name, where both have one, must resemble. Where they
disagree about which instrument it is, nothing is taken over and the disagreement is a `RegisterConflict`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from core.domain.instrument import NO_TERMS, InstrumentType, Liquidity, Terms
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.intake.register.instruments import SAMPLE, Instrument, Register, prefix_doubt
from core.intake.register.resemblance import resemble
from core.intake.register.terms import added


@dataclass(frozen=True, slots=True)
class RegisterConflict:
    """A line and the register disagree.

    Attributes:
        symbol: Of the line, as the file wrote it.
        field: What they disagree about: isin, currency, name, domicile, asset_class or country.
        stated: What the file says.
        known: What the register says.
        message: A sentence for people, with what was done.
    """

    symbol: str
    field: str
    stated: str
    known: str
    message: str


@dataclass(frozen=True, slots=True)
class Described:
    """A portfolio with gaps filled from the register, and where it and the register disagree."""

    portfolio: Portfolio
    conflicts: tuple[RegisterConflict, ...] = ()


_BY_CLASS = {
    AssetClass.CASH: Terms(instrument_type=InstrumentType.CASH, liquidity=Liquidity.HIGH),
    AssetClass.EQUITY: Terms(instrument_type=InstrumentType.SHARE),
    AssetClass.EQUITY_FUND: Terms(instrument_type=InstrumentType.FUND),
    AssetClass.BOND_FUND: Terms(instrument_type=InstrumentType.FUND),
    AssetClass.FUND: Terms(instrument_type=InstrumentType.FUND),
}
"""What follows from the asset class alone."""

_HUNDRED = 100
_NEARLY = Decimal("0.06")

_VAGUE = frozenset({AssetClass.OTHER, AssetClass.FUND})
"""Classes that readers give when a file does not say more."""


@dataclass(frozen=True, slots=True)
class _Match:
    """What the register says of lines that are alike.

    Attributes:
        row: None when it says nothing, or when it speaks of something else.
        asset_class: Of such a line, once described.
        terms: Of such a line that says nothing of its own.
    """

    row: Instrument | None
    conflicts: tuple[RegisterConflict, ...]
    asset_class: AssetClass
    terms: Terms


class Describer:
    """Describes portfolios with one register, and remembers lines that many portfolios hold."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._matches: dict[tuple[object, ...], _Match] = {}

    def describe(self, portfolio: Portfolio) -> Described:
        """The portfolio with what the register knows. The stored one stays as it is.

        Stand-ins that only our samples hold are not matched in other portfolios.
        """
        lines: list[Holding] = []
        conflicts: dict[RegisterConflict, None] = {}
        samples = portfolio.is_sample
        for line in portfolio.holdings:
            match = self._match(line, samples)
            if match.conflicts:
                conflicts.update(dict.fromkeys(match.conflicts))
            lines.append(_filled(line, match))
        return Described(replace(portfolio, holdings=tuple(lines)), tuple(conflicts))

    def _match(self, line: Holding, samples: bool) -> _Match:
        cusip = line.terms.cusip
        key = (line.symbol, line.isin, cusip, line.name, line.currency, line.asset_class, line.country, samples)
        known = self._matches.get(key)
        if known is None:
            row, conflicts = self._matched(line, samples=samples)
            kind = row.asset_class if row is not None and line.asset_class in _VAGUE else line.asset_class
            terms = added(row.terms if row is not None else NO_TERMS, _BY_CLASS.get(kind, NO_TERMS))
            known = self._matches[key] = _Match(row, conflicts, kind, terms)
        return known

    def _matched(self, line: Holding, *, samples: bool) -> tuple[Instrument | None, tuple[RegisterConflict, ...]]:
        if line.asset_class is AssetClass.CASH:
            return None, ()
        by_symbol = self._register.by_symbol(line.symbol, line.currency)
        row = self._register.by_isin(line.isin, line.symbol, line.currency) if line.isin else None
        cusip = line.terms.cusip or (line.isin[2:11] if line.isin[:2] in ("US", "CA") else "")
        by_code = row or (self._register.by_cusip(cusip) if cusip else None)
        row = by_code or by_symbol
        if row is None or (row.source == SAMPLE and not samples):
            return None, ()
        doubt = (
            _other_instrument(line, by_code, by_symbol)
            or (_symbol_doubt(line, row) if by_code is None else None)
            or _name_doubt(line, row)
        )
        if doubt is not None:
            return None, (doubt,)
        return row, _differences(line, row)


def describe(portfolio: Portfolio, register: Register) -> Described:
    """One portfolio; use a `Describer` for many."""
    return Describer(register).describe(portfolio)


def _filled(line: Holding, match: _Match) -> Holding:
    row = match.row
    terms = match.terms if line.terms is NO_TERMS else added(line.terms, match.terms)
    if row is None:
        return replace(line, terms=terms)
    return replace(
        line,
        isin=line.isin or row.isin,
        name=line.name or row.name,
        asset_class=match.asset_class,
        price=_unit_price(line, row),
        sector=line.sector or row.sector,
        country=line.country or row.country,
        terms=terms,
    )


def _unit_price(line: Holding, row: Instrument) -> Decimal | None:
    """The price of one unit: the value shows where a file quotes pence, or per 100 nominal, without saying so."""
    price, quantity = line.price, line.quantity
    per_hundred = row.quote_unit == _HUNDRED or row.asset_class is AssetClass.BOND
    if price is None or not quantity or not per_hundred or not line.market_value:
        return price
    ratio = quantity * price / line.market_value
    # Accrued interest moves a bond's value by a few percent, never by a factor of 100.
    return price / _HUNDRED if abs(ratio / _HUNDRED - 1) <= _NEARLY else price


def _other_instrument(
    line: Holding, by_code: Instrument | None, by_symbol: Instrument | None
) -> RegisterConflict | None:
    """The code is one instrument's and the symbol, as it is written, another's."""
    if by_code is None or by_symbol is None or by_code.symbol == by_symbol.symbol:
        return None
    if by_symbol.symbol != line.symbol.upper() or by_symbol.isin == by_code.isin or by_symbol.currency != line.currency:
        return None
    stated = line.isin or line.terms.cusip
    return RegisterConflict(
        line.symbol,
        "isin",
        stated,
        by_symbol.isin,
        f"{stated} is that of {by_code.name} and the symbol that of {by_symbol.name}. Nothing was taken from the "
        "register; correct one of them.",
    )


def _symbol_doubt(line: Holding, row: Instrument) -> RegisterConflict | None:
    """The symbol is known, but the rest of the line may mean something else."""
    if line.isin and row.isin and line.isin != row.isin:
        return RegisterConflict(
            line.symbol,
            "isin",
            line.isin,
            row.isin,
            f"{line.symbol} is {row.name} with ISIN {row.isin} in the register, and the line says {line.isin}. Nothing "
            "was taken from the register; correct the line, or add the other instrument.",
        )
    doubt = prefix_doubt(line.isin, row.domicile)
    if doubt:
        return RegisterConflict(
            line.symbol,
            "domicile",
            line.isin,
            row.domicile,
            f"{doubt} {line.symbol} is {row.name} in the register, from which nothing was taken; check the ISIN.",
        )
    if row.currency not in ("", line.currency):
        return RegisterConflict(
            line.symbol,
            "currency",
            line.currency,
            row.currency,
            f"{line.symbol} is {row.name} in {row.currency} in the register, and the line is in {line.currency}: it "
            "may be another listing or another instrument. Nothing was taken; an ISIN would settle it.",
        )
    return None


def _name_doubt(line: Holding, row: Instrument) -> RegisterConflict | None:
    if not line.name or resemble(line.name, row.name) or resemble(line.name, row.terms.issuer):
        return None
    return RegisterConflict(
        line.symbol,
        "name",
        line.name,
        row.name,
        f"{line.isin or line.symbol} is {row.name} in the register, and the line says {line.name}. Nothing was taken "
        "from the register; check the line.",
    )


def _differences(line: Holding, row: Instrument) -> tuple[RegisterConflict, ...]:
    """Words that differ about an instrument that is surely the same; the file's stay."""
    found: list[RegisterConflict] = []
    if line.asset_class not in _VAGUE and line.asset_class is not row.asset_class:
        found.append(_difference(line, "asset_class", line.asset_class.value, row.asset_class.value))
    if line.country and row.country and line.country != row.country:
        found.append(_difference(line, "country", line.country, row.country))
    return tuple(found)


def _difference(line: Holding, field: str, stated: str, known: str) -> RegisterConflict:
    message = f"The line says {field} {stated} and the register {known} for {line.symbol}; the line's word was kept."
    return RegisterConflict(line.symbol, field, stated, known, message)
