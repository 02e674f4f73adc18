"""Lines and books for tests: everything known about a line unless a test says otherwise."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from core.compliance.evaluate import RuleSetting, evaluate
from core.compliance.library import rule_sets
from core.compliance.position import NO_MEASURES, Book, Measures, RulePosition
from core.compliance.rule import Rule
from core.domain.compliance import RuleResult
from core.domain.instrument import InstrumentType, Liquidity, Terms
from core.domain.portfolio import AssetClass, Holding

DAY = date(2026, 10, 30)
SETTING = RuleSetting("test", "EU")


def line(
    symbol: str,
    weight: Decimal | str | int,
    kind: InstrumentType | None = InstrumentType.SHARE,
    *,
    asset_class: AssetClass = AssetClass.EQUITY,
    currency: str = "EUR",
    country: str = "DE",
    sector: str = "Energy",
    quantity: Decimal | None = None,
    isin: str = "",
    notional: Decimal | str | int | None = None,
    **terms: Any,
) -> RulePosition:
    """A line worth `weight` in base currency; issuer and group are the symbol where nothing else is said."""
    value = Decimal(weight)
    said = {
        "issuer": symbol,
        "issuer_group": symbol,
        "listed": True,
        "liquidity": Liquidity.HIGH,
        "related_party": False,
        **terms,
    }
    full = Terms(instrument_type=kind, **said)
    holding = Holding(symbol, isin, symbol, asset_class, quantity, None, currency, value, sector, country, terms=full)
    return RulePosition(symbol, holding, full, value, None if notional is None else Decimal(notional))


def cash(weight: Decimal | str | int, bank: str = "A bank", symbol: str = "CASH_EUR") -> RulePosition:
    """Money at a bank."""
    return line(
        symbol, weight, InstrumentType.CASH, asset_class=AssetClass.CASH, issuer="", issuer_group="", counterparty=bank,
        country="", sector="",
    )  # fmt: skip


def unknown(symbol: str, weight: Decimal | str | int) -> RulePosition:
    """A line of which nothing but its value is known."""
    value = Decimal(weight)
    holding = Holding(symbol, "", symbol, AssetClass.OTHER, None, None, "EUR", value)
    return RulePosition(symbol, holding, Terms(), value)


def book(
    *positions: RulePosition,
    currency: str = "EUR",
    measures: Measures = NO_MEASURES,
    earlier: Book | None = None,
    as_of: date = DAY,
) -> Book:
    """A book of these lines."""
    return Book(as_of, currency, positions, measures, earlier)


def rule(rule_id: str) -> Rule:
    """A rule of the files, by id."""
    return next(one for rule_set in rule_sets().values() for one in rule_set.rules if one.id == rule_id)


def result(rule_id: str, of: Book) -> RuleResult:
    """The only result of a rule of the files."""
    (found,) = evaluate(rule(rule_id), SETTING, of)
    return found
