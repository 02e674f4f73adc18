"""Legal kinds of instruments, and which of them a line may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from core.domain.instrument import InstrumentType
from core.domain.portfolio import AssetClass

if TYPE_CHECKING:
    from core.compliance.position import RulePosition

T = InstrumentType
Types = frozenset[InstrumentType]

ALL: Types = frozenset(T)
BONDS: Types = frozenset(
    {T.GOVERNMENT_BOND, T.SUPRANATIONAL_BOND, T.CORPORATE_BOND, T.COVERED_BOND, T.SECURITISED, T.STRUCTURED}
) | {T.MONEY_MARKET}
GOVERNMENT: Types = frozenset({T.GOVERNMENT_BOND, T.SUPRANATIONAL_BOND})
SECURITIES: Types = BONDS | {T.SHARE, T.EXCHANGE_COMMODITY, T.PRIVATE_EQUITY}
DEPOSITS: Types = frozenset({T.CASH, T.DEPOSIT})
DERIVATIVES: Types = frozenset({T.OPTION, T.FUTURE, T.FORWARD, T.SWAP})
DEBT: Types = BONDS | DEPOSITS | {T.LOAN}
QUOTABLE: Types = SECURITIES | {T.FUND}
NEVER_QUOTED: Types = frozenset({T.LOAN, T.DIRECT_PROPERTY, T.PRIVATE_EQUITY, T.INFRASTRUCTURE})

# Where the legal kind is not known, the asset class leaves these open. REAL_ESTATE, for one, may be a fund, a house or
# the share of a property company.
_LEFT_OPEN: Mapping[AssetClass, Types] = {
    AssetClass.EQUITY: frozenset({T.SHARE}),
    AssetClass.EQUITY_FUND: frozenset({T.FUND}),
    AssetClass.BOND_FUND: frozenset({T.FUND}),
    AssetClass.FUND: frozenset({T.FUND}),
    AssetClass.BOND: BONDS,
    AssetClass.REAL_ESTATE: frozenset({T.FUND, T.SHARE, T.DIRECT_PROPERTY}),
    AssetClass.COMMODITY: frozenset({T.EXCHANGE_COMMODITY, T.FUND, T.FUTURE}),
    AssetClass.CRYPTO: frozenset({T.CRYPTO, T.EXCHANGE_COMMODITY, T.STRUCTURED, T.FUND}),
    AssetClass.PRIVATE: frozenset({T.PRIVATE_EQUITY, T.INFRASTRUCTURE, T.LOAN, T.FUND, T.SHARE, T.CORPORATE_BOND}),
    AssetClass.DERIVATIVE: DERIVATIVES,
    AssetClass.CASH: DEPOSITS,
    AssetClass.OTHER: ALL,
}


def types_of(position: RulePosition) -> Types:
    """Legal kinds that a line may be: one where it is known."""
    known = position.terms.instrument_type
    return frozenset({known}) if known is not None else _LEFT_OPEN[position.holding.asset_class]


def is_short_derivative(position: RulePosition) -> bool:
    """Whether a derivative was sold: what it is worth to its underlying may net with what is held of it."""
    quantity = position.holding.quantity
    return types_of(position) <= DERIVATIVES and quantity is not None and quantity < 0
