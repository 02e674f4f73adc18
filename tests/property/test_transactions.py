"""Whatever stands under a broker's header: rows come in or are named, and nothing that came in is not finite."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UnreadableFile
from core.intake.reading import read_bytes

TODAY = date(2026, 11, 24)

HEADERS = {
    "trading212_history": "Action,Time,ISIN,Ticker,Name,No. of shares,Price / share,Currency (Price / share),Total,"
    "Currency (Total),Currency conversion fee,Currency (Currency conversion fee)",
    "degiro_account": "Datum,Tijd,Valutadatum,Product,ISIN,Omschrijving,FX,Mutatie,,Saldo,,Order Id",
    "finpension_3a": "Date;Category;Asset Name;ISIN;Number of Shares;Asset Price in CHF;Cash Flow;Balance",
    "swissquote": "Date;Order #;Transaction;Symbol;Name;ISIN;Quantity;Unit price;Costs;Accrued Interest;Net Amount;"
    "Balance;Currency",
    "saxo": "Client ID,Trade Date,Type,Instrument,Instrument ISIN,Instrument currency,Instrument Symbol,Event,Amount,"
    "Conversion Rate",
    "traderepublic": "Datum;Transactietype;Waarde (netto);Opmerking;ISIN;Aantal;Kosten;Belasting",
    "freetrade": "Title,Type,Timestamp,Account Currency,Total Amount,Buy / Sell,Ticker,ISIN,Stamp Duty,Quantity,"
    "Instrument Currency,Price per Share,FX Fee Amount",
    "avanza": "Datum;Konto;Typ av transaktion;Värdepapper/beskrivning;Antal;Kurs;Belopp;Transaktionsvaluta;"
    "Courtage (SEK);Instrumentvaluta;ISIN",
    "hargreaves_lansdown": "Trade date,Settle date,Reference,Description,Unit cost (p),Quantity,Value (£),",
    "vanguard_uk": "Date,InvestmentName,TransactionDetails,Quantity,Price,Cost",
    "schwab_history": "Date,Action,Symbol,Description,Quantity,Price,Fees & Comm,Amount",
    "ibkr_trades": "Buy/Sell,TradeDate,ISIN,Quantity,TradePrice,TradeMoney,CurrencyPrimary,IBCommission,"
    "IBCommissionCurrency",
    "financetoolkit": "Date,Identifier,Currency,Volume,Price,Costs",
}
WORDS = {
    "trading212_history": ["Deposit", "Market buy", "Market sell", "Stock split close", "Stock split open",
                           "Transfer in", "Dividend (X)", "Currency conversion"],
    "degiro_account": ["Koop 1 @ 33,9 USD", "Verkoop 1 500 @ 1,5 EUR", "AKTIENSPLIT: 3 Acme zu je 2 EUR",
                       "iDEAL Deposit", "Dividend", "Valuta Debitering", "FUSIE: Koop 3 @ 2 EUR", "Transactiekosten"],
    "finpension_3a": ["Buy", "Sell", "Deposit", "Dividend", "Interests"],
    "swissquote": ["Buy", "Sell", "Forex credit", "Forex debit", "Credit", "Debit", "Dividend"],
    "saxo": ["Sell 3 @ 139.74 USD", "Koop 1,000 @ 1.5 EUR", "Deposit", "Dividend", "Custody Fee"],
    "traderepublic": ["Aankoop", "Verkoop", "Storting", "Dividend", "Umbuchung (Eingang)"],
    "freetrade": ["ORDER", "FREESHARE_ORDER", "TOP_UP", "BUY", "SELL", "MONTHLY_STATEMENT"],
    "avanza": ["Köp", "Sälj", "Insättning", "Övrigt", "Värdepappersöverföring", "Split"],
    "hargreaves_lansdown": ["B302", "S302", "FPC", "MANAGE FEE"],
    "vanguard_uk": ["Bought 1,550 Foo (FOO)", "Sold 1 Foo (FOO)", "Cost", "Foo (FOO)"],
    "schwab_history": ["Buy", "Sell", "Stock Split", "Reverse Split", "Spin-off", "Wire Sent", "Transactions Total"],
    "ibkr_trades": ["BUY", "SELL"],
    "financetoolkit": ["AAPL"],
}  # fmt: skip
COMMON = [
    "", "2026-03-02", "02/03/2026", "03-Mar-2026", "20260302", "2026-03-02T10:00:00Z", "10:00", "USD", "EUR", "GBX",
    "XXY",
    "US0378331005", "IE00B3RBWM25", "Acme", "AAPL", "1", "-3", "0", "12.5", "1,5", "1,234", "n/a", "$1,000.00", "1e9",
]  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_cells_under_a_brokers_header_come_in_or_are_named(name, data):
    header = HEADERS[name]
    delimiter = ";" if ";" in header else ","
    titles = header.split(delimiter)
    cell = st.one_of(st.sampled_from(COMMON + WORDS[name]), st.text(max_size=8))
    rows = data.draw(st.lists(st.lists(cell, min_size=len(titles), max_size=len(titles)), max_size=10))
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    if name == "vanguard_uk":
        writer.writerow(["Investment Transactions"])
    writer.writerows([titles, *rows])
    try:
        intake = read_bytes("file.csv", text.getvalue().encode("utf-8", "replace"), format=name, today=TODAY)
    except UnreadableFile:
        return
    judge(intake)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "type": st.sampled_from(["BUY", "SELL", "DIVIDEND", "NEW"]),
                "date": st.sampled_from(["2026-03-02T00:00:00.000Z", "2026-03-03", "2050-01-01", "?"]),
                "symbol": st.sampled_from(["AAPL", "", "X"]),
                "dataSource": st.just("YAHOO"),
                "quantity": st.one_of(st.integers(-5, 50), st.integers(-5, 10**9), st.text(max_size=5)),
                "unitPrice": st.one_of(st.floats(0, 10**9), st.integers(0, 9), st.lists(st.integers(), max_size=2)),
                "fee": st.integers(0, 5),
                "currency": st.sampled_from(["USD", "GBp", "??"]),
                "accountId": st.sampled_from(["a", None]),
            }
        ),
        max_size=8,
    )
)
def test_any_activities_come_in_or_are_named(activities):
    judge(read_bytes("file.json", json.dumps({"activities": activities}).encode(), format="ghostfolio", today=TODAY))


def judge(intake):
    for portfolio in intake.portfolios:
        assert portfolio.as_of <= TODAY.replace(day=25)
        for line in portfolio.holdings:
            assert line.symbol
            assert line.market_value.is_finite()
            assert line.cost is None or line.cost.is_finite()
            assert line.quantity is None or line.quantity > 0
            assert line.priced_on is None or line.priced_on < portfolio.as_of
    for problem in intake.problems:
        assert problem.message.endswith(".")
