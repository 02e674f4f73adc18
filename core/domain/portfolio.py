"""Portfolios as they come in: holdings, snapshots, and the problems of a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from core.domain.instrument import NO_TERMS, Terms
from core.domain.table_read import TableRead


class AssetClass(StrEnum):
    """What a holding is. Funds are named by what they hold, because that is what carries the risk."""

    EQUITY = "equity"
    EQUITY_FUND = "equity_fund"
    BOND = "bond"
    BOND_FUND = "bond_fund"
    FUND = "fund"
    REAL_ESTATE = "real_estate"
    COMMODITY = "commodity"
    CRYPTO = "crypto"
    PRIVATE = "private"
    DERIVATIVE = "derivative"
    CASH = "cash"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Holding:
    """One line of a portfolio.

    Attributes:
        symbol: As the source wrote it ("VOO", "AZN.L", "CASH_EUR"); never empty.
        isin: Twelve characters with a right check digit, or "" when it is not known. Never invented.
        name: Human name, or "".
        asset_class: What it is; OTHER when the source does not say.
        quantity: Units held; None where the source gives only a value.
        price: Price of one unit in `currency` (already out of pence or cents); None where unknown.
        currency: ISO 4217 of `price` and `market_value`.
        market_value: Value of the line in `currency`; negative for a short line or an overdraft.
        sector: Industry name or "".
        country: ISO 3166-1 alpha-2 of the issuer's domicile, or "".
        cost: What was paid for the line in `currency`, fees included; None where unknown.
        terms: What the source itself says beyond that; the instruments register adds to it and never overrides it.
        priced_on: The day of `price` where it is older than the portfolio's day, as the last trade in a list of
            transactions is; None: the portfolio's day.
    """

    symbol: str
    isin: str
    name: str
    asset_class: AssetClass
    quantity: Decimal | None
    price: Decimal | None
    currency: str
    market_value: Decimal
    sector: str = ""
    country: str = ""
    cost: Decimal | None = None
    terms: Terms = NO_TERMS
    priced_on: date | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """Money that came into a portfolio from outside (positive) or left it (negative): no dividend, no trade.

    Attributes:
        day: When it happened.
        amount: In `currency`, signed.
    """

    day: date
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The holdings of one account on one day.

    Attributes:
        portfolio_id: Stable over re-imports: derived from the source format and account (`portfolio_id_of`).
        name: What people call it.
        account: Account number or name in the source; "" where a file is one portfolio.
        as_of: The day the holdings were true.
        base_currency: ISO 4217 that values and weights are expressed in.
        base_currency_given: True when a person or the file said so, False when it was derived.
        region: Overlay code (US, UK, FR, ...) or "GLOBAL".
        holdings: At least one.
        source_format: Reader that produced it ("canonical_csv", "fidelity_positions", ...).
        is_sample: True for the demo's own portfolios.
        regimes: Rule sets it is under ("ucits", "ric", "bvv2"; ids of `core.compliance`); empty when none was named.
        benchmark: Symbols and their weights as fractions that sum to 1; empty when none was named.
        flows: Outside money up to `as_of`, oldest first, as far as the source tells; empty when it does not.
        no_flows: True when the source says that there was none.
    """

    portfolio_id: str
    name: str
    account: str
    as_of: date
    base_currency: str
    base_currency_given: bool
    region: str
    holdings: tuple[Holding, ...]
    source_format: str
    is_sample: bool = False
    regimes: tuple[str, ...] = ()
    benchmark: tuple[tuple[str, Decimal], ...] = ()
    flows: tuple[Flow, ...] = ()
    no_flows: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a file: a value, not an exception, so that a file shows all its problems at once.

    Attributes:
        file: Name of the file as given, without its folder.
        row: 1-based row as a spreadsheet counts it (the header is a row); None when the whole file is meant.
        column: Column name as in the file, or "".
        value: The offending text, shortened to 80 characters.
        message: What is wrong and what to do.
    """

    file: str
    row: int | None
    column: str
    value: str
    message: str


@dataclass(frozen=True, slots=True)
class DailyCloses:
    """Daily closing prices of one symbol, as a file of the user states them.

    Attributes:
        symbol: As the file's holdings write it.
        currency: ISO 4217 of the closes, in whole units (pounds, not pence).
        closes: Day and price above zero, oldest first, each day once.
    """

    symbol: str
    currency: str
    closes: tuple[tuple[date, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Intake:
    """What a reader made of one file.

    Attributes:
        prices: Price histories that the file brings along; empty for most formats.
        tables: How each of its tables was read, with the evidence.
    """

    file: str
    format: str
    portfolios: tuple[Portfolio, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = field(default=())
    prices: tuple[DailyCloses, ...] = ()
    tables: tuple[TableRead, ...] = ()


@dataclass(frozen=True, slots=True)
class PortfolioRow:
    """A portfolio in a list: what a table shows without reading holdings.

    Attributes:
        total_value: Sum of market values in `base_currency`; None when a rate was missing.
        snapshots: How many days are stored.
        tags: In alphabetical order.
        groups: Names of the groups it belongs to, in alphabetical order.
    """

    portfolio_id: str
    name: str
    account: str
    region: str
    base_currency: str
    as_of: date
    holdings: int
    total_value: Decimal | None
    source_format: str
    is_sample: bool
    snapshots: int
    tags: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
