"""The price of a coin is what was paid before fees: inside amounts or on top, in money, in the coin or in another."""

from __future__ import annotations

from decimal import Decimal

import pytest

KRAKEN = '"txid","refid","time","type","subtype","aclass","asset","wallet","amount","fee","balance"\n'
CT = '"Type","Buy","Cur.","Sell","Cur.","Fee","Cur.","Exchange","Group","Comment","Date","Tx-ID"\n'
DELTA = (
    "Date,Way,Base amount,Base currency (name),Base type,Quote amount,Quote currency,Exchange,Sent/Received from,"
    "Sent to,Fee amount,Fee currency (name),Broker,Notes\n"
)
BINANCE = "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark\n"
CASH = "2026-01-01 08:00:00-04:00,DEPOSIT,5000,USD,FIAT,,,,,,,,,\n"


def lines(intake):
    assert not intake.problems, intake.problems
    return {line.symbol: line for portfolio in intake.portfolios for line in portfolio.holdings}


def d(text):
    return Decimal(text)


def ct(*rows):
    return CT + "".join(",".join(f'"{cell}"' for cell in (*row, "K", "", "", f"2026-0{at}-02 10:00:00", "")) + "\n"
                        for at, row in enumerate(rows, 1))  # fmt: skip


def test_cointrackings_amounts_hold_a_fee_in_money_and_the_price_does_not(read):
    held = lines(
        read(ct(("Deposit", "1000", "EUR", "", "", "0", ""), ("Trade", "0.01", "BTC", "605", "EUR", "5", "EUR")))
    )
    assert (held["BTC"].price, held["BTC"].cost, held["CASH_EUR"].market_value) == (60000, 605, 395)


def test_cointrackings_amounts_hold_a_fee_in_the_bought_coin(read):
    held = lines(
        read(ct(("Deposit", "1000", "EUR", "", "", "0", ""), ("Trade", "0.0099", "BTC", "600", "EUR", "0.0001", "BTC")))
    )
    assert (held["BTC"].quantity, held["BTC"].price, held["BTC"].cost) == (d("0.0099"), 60000, 600)


def test_cointrackings_fee_in_a_third_coin_is_a_row_of_its_own(read):
    held = lines(
        read(
            ct(
                ("Deposit", "1000", "EUR", "", "", "0", ""),
                ("Trade", "1", "BNB", "500", "EUR", "0", ""),
                ("Trade", "0.005", "BTC", "300", "EUR", "0.1", "BNB"),
                ("Other Fee", "", "", "0.1", "BNB", "0", ""),
            )
        )
    )
    assert (held["BTC"].price, held["BNB"].quantity) == (60000, d("0.9"))


def kraken(*rows):
    return KRAKEN + "".join(
        f'"L{at}","{ref}","2026-06-0{at} 08:00:00","{kind}","t","currency","{coin}","s",{amount},{fee},{balance}\n'
        for at, (ref, kind, coin, amount, fee, balance) in enumerate(rows, 1)
    )


def test_krakens_fees_come_on_top_in_money_or_in_the_coin(read):
    held = lines(
        read(
            kraken(
                ("D1", "deposit", "ZEUR", 1000, 0, 1000), ("T1", "trade", "ZEUR", -600, "1.5", "398.5"),
                ("T1", "trade", "XXBT", "0.01", 0, "0.01"),
            )
        )
    )  # fmt: skip
    assert (held["BTC"].price, held["BTC"].cost, held["CASH_EUR"].market_value) == (60000, d("601.5"), d("398.5"))
    held = lines(
        read(
            kraken(
                ("D1", "deposit", "ZEUR", 1000, 0, 1000), ("T1", "trade", "ZEUR", -600, 0, 400),
                ("T1", "trade", "XXBT", "0.01", "0.0001", "0.0099"),
            )
        )
    )  # fmt: skip
    assert (held["BTC"].quantity, held["BTC"].price, held["BTC"].cost) == (d("0.0099"), 60000, 600)


def test_a_sale_is_priced_before_its_fee(read):
    held = lines(
        read(
            kraken(
                ("D1", "deposit", "XXBT", "0.01", 0, "0.01"), ("T1", "trade", "XXBT", "-0.004", 0, "0.006"),
                ("T1", "trade", "ZEUR", "240", "0.6", "239.4"),
            )
        )
    )  # fmt: skip
    assert (held["BTC"].price, held["CASH_EUR"].market_value) == (60000, d("239.4"))


def test_an_exchange_hands_on_the_price_before_fees(read):
    held = lines(
        read(
            kraken(
                ("D1", "deposit", "ZEUR", 1000, 0, 1000), ("T1", "trade", "ZEUR", -600, 0, 400),
                ("T1", "trade", "XXBT", "0.01", 0, "0.01"), ("T2", "trade", "XXBT", "-0.005", 0, "0.005"),
                ("T2", "trade", "XETH", "0.1", "0.001", "0.099"),
            )
        )
    )  # fmt: skip
    assert (held["ETH"].quantity, held["ETH"].price) == (d("0.099"), 3000)


def test_binances_fee_in_money_is_no_withdrawal_and_in_no_price(read):
    intake = read(
        BINANCE
        + "1,2026-06-01 08:00:00,Spot,Deposit,EUR,2000,\n"
        + "1,2026-06-02 08:00:00,Spot,Transaction Spend,EUR,-1200,\n"
        + "1,2026-06-02 08:00:00,Spot,Transaction Buy,BTC,0.02,\n"
        + "1,2026-06-02 08:00:00,Spot,Fee,EUR,-1.2,\n"
    )
    held = lines(intake)
    assert (held["BTC"].price, held["CASH_EUR"].market_value) == (60000, d("798.8"))
    assert [flow.amount for flow in intake.portfolios[0].flows] == [2000]


def test_deltas_coin_for_a_coin_is_an_exchange_at_the_price_of_what_was_paid(read):
    held = lines(
        read(
            DELTA
            + CASH
            + "2026-02-01 08:00:00-04:00,BUY,0.1,BTC,CRYPTO,4000,USD,K,,,,,,\n"
            + "2026-03-01 08:00:00-04:00,BUY,1,ETH,CRYPTO,0.05,BTC,K,,,,,,\n"
            + "2026-04-01 08:00:00-04:00,SELL,0.5,ETH,CRYPTO,10,SOL (Solana),K,,,,,,\n"
        )
    )
    assert (held["BTC"].quantity, held["BTC"].price) == (d("0.05"), 40000)
    assert (held["ETH"].quantity, held["ETH"].price, held["ETH"].cost) == (d("0.5"), 2000, 1000)
    assert (held["SOL"].quantity, held["SOL"].price, held["SOL"].cost) == (10, 100, 1000)


@pytest.mark.parametrize(
    ("fee", "usd", "bnb"),
    [("2,USD", "2998", "1"), ("0.1,BNB", "3000", "0.9"), (",", "3000", "1")],
)  # fmt: skip
def test_deltas_fees_leave_in_what_they_are_paid_in(read, fee, usd, bnb):
    held = lines(
        read(
            DELTA
            + CASH
            + "2026-02-01 08:00:00-04:00,BUY,1,BNB,CRYPTO,1000,USD,K,,,,,,\n"
            + f"2026-03-01 08:00:00-04:00,BUY,0.025,BTC,CRYPTO,1000,USD,K,,,{fee},,\n"
        )
    )
    assert (held["BTC"].price, held["CASH_USD"].market_value, held["BNB"].quantity) == (40000, d(usd), d(bnb))


def test_deltas_dividend_is_less_its_fee_and_a_fee_in_other_money_is_a_fee(read):
    held = lines(
        read(
            DELTA
            + CASH
            + "2026-02-01 08:00:00-04:00,BUY,5,INVA,STOCK,1000,USD,N,,,,,,\n"
            + "2026-03-01 08:00:00-04:00,DIVIDEND,,INVA,STOCK,2.5,USD,N,,,0.5,USD,,\n"
        )
    )
    assert held["CASH_USD"].market_value == 4002
    held = lines(
        read(
            DELTA
            + CASH
            + "2026-01-02 08:00:00-04:00,DEPOSIT,10,EUR,FIAT,,,,,,,,,\n"
            + "2026-02-01 08:00:00-04:00,BUY,5,INVA,STOCK,1000,USD,N,,,3,EUR,,\n"
        )
    )
    assert (held["CASH_USD"].market_value, held["CASH_EUR"].market_value, held["INVA"].cost) == (4000, 7, 1000)


def test_deltas_withdrawal_of_a_coin_takes_its_fee_along(read):
    held = lines(
        read(
            DELTA
            + CASH
            + "2026-02-01 08:00:00-04:00,BUY,1,DOT (Polkadot),CRYPTO,1000,USD,K,,,,,,\n"
            + "2026-03-01 08:00:00-04:00,WITHDRAW,0.1,DOT (Polkadot),CRYPTO,,,,A,B,0.001,DOT (Polkadot),,\n"
        )
    )
    assert held["DOT"].quantity == d("0.899")


SWISSQUOTE_DE = (
    "Datum;Auftrag #;Transaktionen;Symbol;Name;ISIN;Anzahl;Stückpreis;Kosten;Aufgelaufene Zinsen;Nettobetrag;Saldo;"
    "Währung\n"
)


def test_swissquotes_lists_in_german_are_read_with_or_without_a_balance(read):
    held = lines(
        read(
            SWISSQUOTE_DE
            + "05-03-2026 10:00:00;0;Depotgebühren;;;;1.0;37.50;3.04;0.00;-40.54;CHF;\n"
            + "04-03-2026 10:00:00;9;Kauf;INVA;Invented AG;CH0012032048;10.0;98.50;5.00;0.00;-990.00;10.00;CHF\n"
            + "03-03-2026 08:00:00;0;Zahlung;;;;1.0;1000.00;0.00;0.00;1000.00;1000.00;CHF\n"
        )
    )
    assert (held["INVA"].price, held["INVA"].cost) == (d("98.5"), 990)
    assert held["CASH_CHF"].market_value == d("-30.54")


def test_a_list_whose_units_have_all_been_sold_says_so_and_what_to_do(read):
    intake = read(
        "Security / ISIN,Transaction Type,Quantity,Share Price,Total Trade Value,Trade Date/Time,Settlement Date,"
        "Broker\n"
        "Invented World / ISIN IE00INVENT12,Buy,2.5,£110.80,£277.00,23/06/26 15:18:12,25/06/26,None\n"
        "Invented World / ISIN IE00INVENT12,Sell,2.5,£116.00,£290.00,01/09/26 15:00:08,03/09/26,None\n"
    )
    (problem,) = intake.problems
    assert "All that came in has left again" in problem.message
    assert "2026-09-01" in problem.message
    assert "list of positions" in problem.message
