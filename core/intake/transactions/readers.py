"""The lists of transactions that are understood, in the order they are tried: the most particular header first."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile
from core.intake.transactions import (
    avanza,
    degiro,
    financetoolkit,
    finpension,
    freetrade,
    ghostfolio,
    hargreaves,
    ibkr_trades,
    investimental,
    saxo,
    schwab_awards,
    schwab_history,
    swissquote,
    traderepublic,
    trading212,
    vanguard_uk,
)


class TransactionReader(NamedTuple):
    """A format's name, its description for people choosing a file, its detection and its reader."""

    name: str
    description: str
    detect: Callable[[SourceFile], bool]
    read: Callable[[SourceFile, Case], list[Gathered]]


READERS = (
    TransactionReader("trading212_history", "Trading 212 history (CSV)", trading212.detect, trading212.read),
    TransactionReader("degiro_account", "DEGIRO Account.csv, in any language", degiro.detect, degiro.read),
    TransactionReader("finpension_3a", "finpension 3a transactions (CSV)", finpension.detect, finpension.read),
    TransactionReader("swissquote", "Swissquote transactions (CSV)", swissquote.detect, swissquote.read),
    TransactionReader("saxo", "Saxo transactions (CSV)", saxo.detect, saxo.read),
    TransactionReader("traderepublic", "Trade Republic transactions (CSV)", traderepublic.detect, traderepublic.read),
    TransactionReader("freetrade", "Freetrade activity feed (CSV)", freetrade.detect, freetrade.read),
    TransactionReader("avanza", "Avanza transactions (CSV)", avanza.detect, avanza.read),
    TransactionReader(
        "hargreaves_lansdown", "Hargreaves Lansdown transaction summary (CSV)", hargreaves.detect, hargreaves.read
    ),
    TransactionReader(
        "vanguard_uk", "Vanguard UK cash and investment report (CSV)", vanguard_uk.detect, vanguard_uk.read
    ),
    TransactionReader("schwab_awards", "Schwab Equity Award Center (CSV)", schwab_awards.detect, schwab_awards.read),
    TransactionReader("schwab_history", "Schwab transaction history (CSV)", schwab_history.detect, schwab_history.read),
    TransactionReader("ibkr_trades", "Interactive Brokers trades (Flex CSV)", ibkr_trades.detect, ibkr_trades.read),
    TransactionReader("investimental", "Investimental orders (CSV)", investimental.detect, investimental.read),
    TransactionReader("ghostfolio", "Ghostfolio export (JSON)", ghostfolio.detect, ghostfolio.read),
    TransactionReader(
        "financetoolkit", "Finance Toolkit portfolio (Excel or CSV)", financetoolkit.detect, financetoolkit.read
    ),
)
