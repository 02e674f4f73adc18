"""Trades that somebody thinks of: read from a line of text, and done to a portfolio on paper."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from core.domain.fx import Rates
from core.domain.instrument import Terms
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.errors import BadInput
from core.intake.cells.numbers import NotANumber, parse_number
from core.intake.register.instruments import Instrument

_FORM = 'Write "SELL 1000 ASML.AS" for units, or "BUY 50000 EUR ASML.AS" for money; the code is a symbol or an ISIN.'
_CURRENCY = re.compile(r"[A-Z]{3}")
_MOST = 40
"""Characters of a code or amount that are read."""

Find = Callable[[str], Instrument | None]


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade on paper.

    Attributes:
        sign: 1 to buy, -1 to sell.
        amount: Units, or money in `currency`; above zero.
        currency: ISO 4217 of the money; "" where `amount` is units.
        code: Symbol or ISIN.
    """

    sign: int
    amount: Decimal
    currency: str
    code: str

    @property
    def text(self) -> str:
        """As it is written."""
        words = ["BUY" if self.sign > 0 else "SELL", f"{self.amount:f}", self.currency, self.code]
        return " ".join(word for word in words if word)


@dataclass(frozen=True, slots=True)
class Traded:
    """What a trade did.

    Attributes:
        holding_symbol: The line it moved.
        units: Signed change of units; None where no price of one unit is known.
        money: Signed change of the line's value, in `currency`.
        unit_price: Of one unit in `currency`, or None.
    """

    trade: Trade
    holding_symbol: str
    units: Decimal | None
    money: Decimal
    currency: str
    unit_price: Decimal | None


def read_trade(text: str) -> Trade:
    """A trade from "SELL 1000 ASML.AS" or "BUY 50000 EUR US0378331005".

    Raises:
        BadInput: It reads otherwise; the message says how to write one.
    """
    words = text.split()
    verb = words[0].upper() if words else ""
    if len(words) not in (3, 4) or verb not in ("BUY", "SELL") or max(map(len, words)) > _MOST:
        raise BadInput(f"'{text[:80]}' is no trade. {_FORM}")
    money = words[2].upper() if len(words) == 4 else ""  # verb, amount, currency, code
    if money and not _CURRENCY.fullmatch(money):
        raise BadInput(f"'{words[2]}' in '{text[:80]}' is no currency. {_FORM}")
    try:
        amount = parse_number(words[1])
    except NotANumber as error:
        raise BadInput(f"The amount '{words[1]}' {error}. {_FORM}") from error
    if amount <= 0:
        raise BadInput(f"The amount of '{text[:80]}' is not above zero; BUY or SELL says which way. {_FORM}")
    return Trade(1 if verb == "BUY" else -1, amount, money, words[-1])


def traded(portfolio: Portfolio, trade: Trade, rates: Rates, find: Find) -> tuple[Portfolio, Traded]:
    """A portfolio after a trade at its own prices, without costs; money comes from, and goes to, its largest cash line.

    Args:
        portfolio: As the register describes it.
        find: A row of the register by symbol or ISIN, for what is not held yet.

    Raises:
        BadInput: What is meant, its price or a rate is not known.
    """
    lines = list(portfolio.holdings)
    place = _held(lines, trade.code)
    if place is None:
        place = len(lines)
        lines.append(_new(trade, find))
    line = lines[place]
    price = line.market_value / line.quantity if line.quantity else line.price
    money = _money(trade, line, price, portfolio, rates)
    units = money / price if price else None
    lines[place] = _moved(line, money, units)
    _settle(lines, -money, line.currency, portfolio, rates)
    kept = tuple(one for one in lines if one.market_value or one.terms.notional)
    if not kept:
        raise BadInput(f"'{trade.text}' would leave nothing in the portfolio.")
    return replace(portfolio, holdings=kept), Traded(trade, line.symbol, units, money, line.currency, price)


def _held(lines: list[Holding], code: str) -> int | None:
    wanted = code.casefold()
    found = [
        place
        for place, line in enumerate(lines)
        if wanted in {line.symbol.casefold(), line.isin.casefold()} and line.asset_class is not AssetClass.CASH
    ]
    return max(found, key=lambda place: abs(lines[place].market_value)) if found else None


def _new(trade: Trade, find: Find) -> Holding:
    row = find(trade.code)
    if row is None:
        raise BadInput(
            f"'{trade.code}' is neither held nor in the instruments register. Check the code, or add it there first."
        )
    currency = row.currency or trade.currency
    if not currency:
        raise BadInput(f"The currency of '{trade.code}' is not known: give the trade in money, with its currency.")
    return Holding(
        row.symbol, row.isin, row.name, row.asset_class, None, None, currency, Decimal(0), row.sector, row.country,
        terms=row.terms,
    )  # fmt: skip


def _money(trade: Trade, line: Holding, price: Decimal | None, portfolio: Portfolio, rates: Rates) -> Decimal:
    """The signed change of the line's value in its own currency."""
    if not trade.currency:
        if not price:
            raise BadInput(f"No price of '{trade.code}' is known here: give the trade in money, as in BUY 50000 EUR …")
        return trade.sign * trade.amount * price
    return trade.sign * trade.amount * _factor(trade.currency, line.currency, portfolio, rates)


def _moved(line: Holding, money: Decimal, units: Decimal | None) -> Holding:
    value = line.market_value + money
    # What grows with the line grows with its units.
    scale = value / line.market_value if line.market_value else Decimal(1)
    quantity = (line.quantity or Decimal(0)) + units if units is not None and (line.quantity or not scale) else None
    return replace(line, quantity=quantity, market_value=value, cost=None, terms=_scaled(line.terms, abs(scale)))


def _scaled(terms: Terms, scale: Decimal) -> Terms:
    return replace(
        terms,
        notional=None if terms.notional is None else terms.notional * scale,
        votes_pct=None if terms.votes_pct is None else terms.votes_pct * float(scale),
    )


def _settle(lines: list[Holding], money: Decimal, currency: str, portfolio: Portfolio, rates: Rates) -> None:
    """Put money into the cash line of its currency, else into the largest, else into a new one in base currency."""
    cash = [place for place, line in enumerate(lines) if line.asset_class is AssetClass.CASH]
    cash.sort(key=lambda place: (lines[place].currency != currency, -lines[place].market_value))
    if not cash:
        lines.append(_purse(portfolio.base_currency))
        cash = [len(lines) - 1]
    line = lines[cash[0]]
    added = money * _factor(currency, line.currency, portfolio, rates)
    value = line.market_value + added
    lines[cash[0]] = replace(line, market_value=value, quantity=None if line.quantity is None else value, cost=None)


def _purse(currency: str) -> Holding:
    return Holding(f"CASH_{currency}", "", "", AssetClass.CASH, None, None, currency, Decimal(0))


def _factor(source: str, target: str, portfolio: Portfolio, rates: Rates) -> Decimal:
    factor = rates.factor(source, target, portfolio.as_of)
    if factor is None:
        raise BadInput(f"No rate from {source} to {target} is known on {portfolio.as_of}: give the trade in {target}.")
    return Decimal(repr(factor))
