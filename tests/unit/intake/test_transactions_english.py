"""Lists of transactions from British and American brokers and from portfolio programs."""

from __future__ import annotations

import io
import json
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from core.domain.portfolio import AssetClass, Flow
from core.errors import UnreadableFile


def lines(intake, place=0):
    return {line.symbol: line for line in intake.portfolios[place].holdings}


def notes(intake):
    return " ".join(intake.notes)


T212_OLD = (
    "Action,Time,ISIN,Ticker,Name,No. of shares,Price / share,Currency (Price / share),Exchange rate,Result,"
    "Currency (Result),Total,Currency (Total),Withholding tax,Currency (Withholding tax),Notes,ID,"
    "Currency conversion fee,Currency (Currency conversion fee)\n"
)
T212_NEW = (
    "Action,Time,ISIN,Ticker,Name,Notes,ID,No. of shares,Price / share,Currency (Price / share),Exchange rate,Result,"
    "Currency (Result),Total,Currency (Total)\n"
)


def test_trading_212_prices_in_dollars_and_pence_totals_in_euro(read):
    intake = read(
        T212_OLD
        + "Deposit,2026-03-01 11:45:06.326,,,,,,,,,,1000.00,EUR,,,,x,,\n"
        + "Market buy,2026-03-02 14:30:03.613,US0378331005,AAPL,Acme,2,60.00,USD,1.2,,EUR,100.50,EUR,,,,EOF1,0.50,EUR\n"
        + "Limit buy,2026-03-02 15:30:03.61,GB0002875804,BATS,Tobacco,10,2500.00,GBX,85,,EUR,294.12,EUR,,,,EOF2,,\n"
        + "Dividend (Dividend),2026-03-03 12:05:25,US0378331005,AAPL,A,2,0.23,USD,Not available,,,0.30,EUR,,,,,,\n"
        + "Withdrawal,2026-03-04 09:00:00,,,,,,,,,,5.00,EUR,,,,x,,\n"
    )
    assert (intake.format, intake.problems) == ("trading212_history", ())
    acme, bats = lines(intake)["AAPL"], lines(intake)["BATS"]
    assert (acme.quantity, acme.currency, acme.cost) == (2, "USD", Decimal("120.60"))
    assert (bats.price, bats.currency, bats.market_value, bats.cost) == (25, "GBP", 250, 250)
    cash = 1000 - Decimal("100.50") - Decimal("294.12") + Decimal("0.30") - 5
    assert lines(intake)["CASH_EUR"].market_value == cash
    assert intake.portfolios[0].flows == (
        Flow(date(2026, 3, 1), Decimal("1000.00"), "EUR"),
        Flow(date(2026, 3, 4), Decimal("-5.00"), "EUR"),
    )


def test_trading_212_columns_in_the_order_of_newer_years_splits_and_transfers(read):
    intake = read(
        T212_NEW
        + "Deposit,2026-03-01 11:45:06,,,,,x,,,,,,,1000.00,EUR\n"
        + "Market buy,2026-03-02 14:30:03,CA46500E8678,ISOU,IsoEnergy,,EOF1,28,2.00,EUR,1,,EUR,56.00,EUR\n"
        + "Stock split close,2026-03-03 07:24:24.095,CA46500E8678,ISOU,IsoEnergy,,EOF2,28,2.1,EUR,1,,EUR,58.8,EUR\n"
        + "Stock split open,2026-03-03 07:24:24.104,CA46500E8678,ISOU,IsoEnergy,,EOF3,7,8.4,EUR,1,,EUR,58.8,EUR\n"
        + "Transfer out,2026-03-04 08:25:01,CA46500E8678,ISOU,IsoEnergy,,EOF4,2,8.50,EUR,1,0,EUR,17.00,EUR\n"
        + "Stock distribution,2026-03-05 08:25:01,US9078181081,SPUN,Spun off,,EOF5,3,0.00,USD,,,EUR,0.00,EUR\n"
    )
    line = lines(intake)["ISOU"]
    assert (line.quantity, line.price, line.cost) == (5, 8, 40)
    assert intake.portfolios[0].flows[1] == Flow(date(2026, 3, 4), Decimal(-17), "EUR")
    (problem,) = intake.problems
    assert (problem.row, problem.value) == (7, "SPUN")
    assert "no price" in problem.message


def test_trading_212_half_a_split_leaves_the_line_out(read):
    intake = read(
        T212_NEW
        + "Deposit,2026-03-01 11:45:06,,,,,x,,,,,,,1000.00,EUR\n"
        + "Market buy,2026-03-02 14:30:03,CA46500E8678,ISOU,IsoEnergy,,EOF1,28,2.00,EUR,1,,EUR,56.00,EUR\n"
        + "Stock split open,2026-03-03 07:24:24.104,CA46500E8678,ISOU,IsoEnergy,,EOF3,7,8.4,EUR,1,,EUR,58.8,EUR\n"
    )
    assert set(lines(intake)) == {"CASH_EUR"}
    assert intake.problems[0].row == 4
    assert "one of them is missing" in intake.problems[0].message


def test_trading_212_years_can_be_joined_when_each_keeps_its_header(read):
    intake = read(
        T212_OLD
        + "Deposit,2025-03-01 11:45:06.326,,,,,,,,,,1000.00,EUR,,,,x,,\n"
        + "Market buy,2025-03-02 14:30:03,CA46500E8678,ISOU,IsoEnergy,28,2.00,EUR,1,,EUR,56.00,EUR,,,,EOF1,,\n"
        + T212_NEW
        + "Market sell,2026-03-02 14:30:03,CA46500E8678,ISOU,IsoEnergy,,EOF2,8,3.00,EUR,1,,EUR,24.00,EUR\n"
    )
    assert not intake.problems
    assert (lines(intake)["ISOU"].quantity, lines(intake)["CASH_EUR"].market_value) == (20, 968)


@pytest.mark.parametrize(("unit", "code"), [("GBX", "GBP"), ("GBp", "GBP"), ("ZAc", "ZAR"), ("ILA", "ILS")])
def test_prices_in_hundredths_become_whole_units(read, unit, code):
    row = f"Market buy,2026-03-02 14:30:03,,SHARE,Share,,EOF1,10,1455,{unit},1,,,145.50,{code}\n"
    line = lines(read(T212_NEW + f"Deposit,2026-03-01 11:45:06,,,,,x,,,,,,,1000.00,{code}\n" + row))["SHARE"]
    assert (line.price, line.currency, line.market_value, line.cost) == (
        Decimal("14.55"),
        code,
        Decimal("145.5"),
        145.5,
    )


def test_the_caps_of_tables_hold_for_transactions(read):
    with pytest.raises(UnreadableFile, match="quotation mark"):
        read(T212_NEW + '"' + "x" * 140_000)
    with pytest.raises(UnreadableFile, match="201 columns"):
        read(T212_NEW + ",".join(["x"] * 201) + "\n")
    with pytest.raises(UnreadableFile, match="nested"):
        read('{"unitPrice": 1, "dataSource": 2, "activities": ' + "[" * 40 + "]" * 40 + "}", "deep.json")
    long = read(T212_NEW + f"Market buy,2026-03-02 14:30:03,,{'S' * 600},Share,,EOF1,{'9' * 19},1,EUR,1,,,1,EUR\n")
    assert "larger than any position" in long.problems[0].message


def test_trading_212_rows_pasted_under_the_header_of_another_year_are_refused(read):
    row = (
        "Transfer out,2026-03-04 08:25:01,CA46500E8678,ISOU,IsoEnergy,,EOF28806643918,2,8.50,EUR,1,,EUR,17.00,EUR,,,,\n"
    )
    intake = read(T212_OLD + row)
    assert "another order than the header" in intake.problems[0].message
    assert intake.problems[0].column == "Price / share"


def test_an_unknown_kind_of_transaction_is_kept_out_and_counted(read):
    intake = read(
        T212_NEW
        + "Market buy,2026-03-02 14:30:03,CA46500E8678,ISOU,IsoEnergy,,EOF1,28,2.00,EUR,1,,EUR,56.00,EUR\n"
        + "Magic,2026-03-03 14:30:03,CA46500E8678,ISOU,IsoEnergy,,EOF1,28,2.00,EUR,1,,EUR,56.00,EUR\n"
        + "Market buy,2026-03-04 14:30:03,US0378331005,AAPL,Acme,,EOF1,1,2.00,EUR,1,,EUR,2.00,EUR\n"
    )
    assert set(lines(intake)) == {"AAPL"}
    assert (intake.problems[0].row, intake.problems[0].column, intake.problems[0].value) == (3, "Action", "Magic")
    assert "kept out: 'Magic'" in notes(intake)


def test_an_unknown_currency_is_a_problem_of_its_row(read):
    intake = read(
        T212_NEW + "Market buy,2026-03-02 14:30:03,CA46500E8678,ISOU,Iso,,EOF1,28,2.00,XXY,1,,EUR,56.00,EUR\n"
    )
    assert not intake.portfolios
    assert (intake.problems[0].value, intake.problems[0].column) == ("XXY", "Currency (Price / share)")


FREETRADE = (
    "Title,Type,Timestamp,Account Currency,Total Amount,Buy / Sell,Ticker,ISIN,Price per Share in Account Currency,"
    "Stamp Duty,Quantity,Venue,Order ID,Order Type,Instrument Currency,Total Shares Amount,Price per Share,FX Rate,"
    "Base FX Rate,FX Fee (BPS),FX Fee Amount\n"
)


def test_freetrade_papers_free_shares_and_fees_in_pounds_on_a_dollar_line(read):
    intake = read(
        FREETRADE
        + "N,ORDER,2026-03-04T15:16:15.350Z,GBP,101.00,BUY,NVDA,US67066G1040,,0,2,X,A,M,USD,125,62.5,1.2,1.25,99,1.00\n"
        + "February Statement,MONTHLY_STATEMENT,2026-03-03T00:00:00.000Z,,,,,,,,,,,,,,,,,,\n"
        + "FTSE,FREESHARE_ORDER,2026-03-02T15:14:54.175Z,GBP,90.00,BUY,,IE00B3RBWM25,90,0.00,1,L,B,,GBP,0.00,90,,,0,\n"
        + "Trust,ORDER,2026-03-02T14:34:06.099Z,GBP,502.50,BUY,ATST,GB00B11V7W98,10,2.50,50,L,C,M,GBP,500,10,,,0,\n"
        + "Top up,TOP_UP,2026-03-01T00:35:22.634Z,GBP,1000.00,,,,,,,,,,,,,,,,\n"
    )
    assert (intake.format, intake.problems) == ("freetrade", ())
    held = lines(intake)
    assert (held["NVDA"].currency, held["NVDA"].price, held["NVDA"].cost) == ("USD", Decimal("62.5"), Decimal("126.25"))
    assert held["ATST"].cost == Decimal("502.50")
    free = held["IE00B3RBWM25"]
    assert (free.quantity, free.price, free.cost) == (1, 90, 0)
    assert held["CASH_GBP"].market_value == 1000 - 101 - Decimal("502.50")


HL = (
    "Transaction Summary, , , ,\nClient Name:,A Person, , ,\nClient Number:,7654321, , ,\n"
    "Valuation as at,09-03-2026 16:40, , ,\n\n"
    "Trade date,Settle date,Reference,Description,Unit cost (p),Quantity,Value (£),\n"
)


def test_hargreaves_lansdown_unit_cost_in_pence_beside_a_value_in_pounds(read):
    text = (
        HL
        + '"05/03/2026","07/03/2026","S302","World ETF 10 @  4500.00","4,500.00","10","438.05"\n'
        + '"04/03/2026","04/03/2026","MANAGE FEE","A/C","n/a","n/a","-4.05"\n'
        + '"02/03/2026","04/03/2026","B302","World ETF 30 @  4000.00","4,000.00","30","-1,211.95"\n'
        + '"01/03/2026","01/03/2026","FPC","Receipt Pay By Bank","n/a","n/a","5,000.00"\n'
    )
    intake = read(text.encode("latin-1"), "hl.csv")
    assert (intake.format, intake.problems) == ("hargreaves_lansdown", ())
    (portfolio,) = intake.portfolios
    assert (portfolio.account, portfolio.as_of, portfolio.base_currency) == ("7654321", date(2026, 3, 9), "GBP")
    line = lines(intake)["World ETF"]
    assert (line.quantity, line.price, line.market_value) == (20, 45, 900)
    assert line.cost == round(Decimal("1211.95") * 2 / 3, 8)
    assert line.priced_on == date(2026, 3, 5)
    assert lines(intake)["CASH_GBP"].market_value == Decimal("4222.05")
    assert any("Windows-1252" in note for note in intake.notes)


VANGUARD = (
    "A Person's ISA,,,,,\n,,,,,\nCash Transactions,,,,,\n,,,,,\nDate,Details,Amount,Balance,,\n"
    "01/03/2026,Regular Deposit,20000,20000,,\n"
    '02/03/2026,"Bought 1,550 Foo ETF (FOO)",-15500,4500,,\n'
    "03/03/2026,DIV: FOO.XLON.GB @ GBP 0.1,155,4655,,\n"
    "04/03/2026,Sold 50 Foo ETF (FOO),550,5205,,\n"
    "Balance,5205,,,,\n,,,,,\n"
)
VANGUARD_TRADES = (
    "Investment Transactions,,,,,\n,,,,,\nDate,InvestmentName,TransactionDetails,Quantity,Price,Cost\n"
    '03/03/2026,Foo ETF – Distributing (FOO),"Bought 1,550 Foo ETF (FOO)",1550,10,15500\n'
    "05/03/2026,Foo ETF - Distributing (FOO),Sold 50 Foo ETF (FOO),50,11,550\nCost,14950,,,,\n"
)


def test_vanguard_uk_several_tables_in_one_file_agree(read):
    intake = read(VANGUARD + VANGUARD_TRADES)
    assert (intake.format, intake.problems) == ("vanguard_uk", ())
    line = lines(intake)["FOO"]
    assert (line.quantity, line.price, line.cost) == (1500, 11, 15000)
    assert lines(intake)["CASH_GBP"].market_value == 5205
    assert intake.portfolios[0].name == "A Person's ISA"
    assert not any(word in notes(intake) for word in ("difference", "does not follow", "differ"))
    assert "states a cost of 12,000.00" in notes(read(VANGUARD + VANGUARD_TRADES.replace("14950", "12000")))


def test_vanguard_uk_quantities_inside_the_text_do_where_the_second_table_is_missing(read):
    line = lines(read(VANGUARD))["FOO"]
    assert (line.quantity, line.price, line.cost) == (1500, 11, 15000)


def test_vanguard_uk_two_accounts_are_two_portfolios(read):
    intake = read(VANGUARD + VANGUARD_TRADES + (VANGUARD + VANGUARD_TRADES).replace("ISA", "Pension"))
    assert [portfolio.name for portfolio in intake.portfolios] == ["A Person's ISA", "A Person's Pension"]
    assert len({portfolio.portfolio_id for portfolio in intake.portfolios}) == 2


SCHWAB = "Date,Action,Symbol,Description,Quantity,Price,Fees & Comm,Amount\n"


def test_schwab_as_of_dates_dollar_signs_reinvestments_and_the_total(read):
    rows = (
        '"03/10/2026 as of 03/04/2026","Stock Split","AVGO","BROADCOM INC","9","$170.067","",""\n'
        "03/03/2026,Reinvest Shares,SPY,SPDR S&P 500 ETF,1.5,$400.00,,-$600.00\n"
        "03/03/2026,Reinvest Dividend,SPY,SPDR S&P 500 ETF,,,,$600.00\n"
        '"03/02/2026","Buy","AVGO","BROADCOM INC","1","$1,680.00","$4.95","-$1,684.95"\n'
        '03/01/2026,Wire Received,,FUNDS,,,,"$5,000.00"\n'
        'Transactions Total,,,,,,,"$3,315.05"\n'
    )
    intake = read(SCHWAB + rows)
    assert (intake.format, intake.problems) == ("schwab_history", ())
    avgo = lines(intake)["AVGO"]
    assert (avgo.quantity, avgo.price, avgo.cost) == (10, 168, Decimal("1684.95"))
    assert lines(intake)["SPY"].cost == 600
    assert lines(intake)["CASH_USD"].market_value == Decimal("3315.05")
    assert intake.portfolios[0].as_of == date(2026, 3, 4)
    assert "states a total" not in notes(intake)
    wrong = read(SCHWAB + rows.replace("$3,315.05", "$3,000.00"))
    assert "3,000.00 USD" in notes(wrong)
    assert "difference is -315.05" in notes(wrong)


def test_schwab_a_name_change_finds_the_old_line_behind_its_cusip(read):
    intake = read(
        SCHWAB
        + '"03/10/2026","Name Change","NEWH","NEWHYDROGEN INC","1,000","","",""\n'
        + '"03/10/2026","Name Change","09070K200","BIOSOLAR INC XXXNAME CHANGE EFF: 03/10/26","-1,000","","",""\n'
        + '"03/02/2026","Buy","BSRC","BIOSOLAR INC","1,000","$0.05","","-$50.00"\n'
        + "03/01/2026,Wire Received,,FUNDS,,,,$50.00\n"
    )
    assert not intake.problems
    (line,) = intake.portfolios[0].holdings
    assert (line.symbol, line.quantity, line.cost, line.price) == ("NEWH", 1000, 50, Decimal("0.05"))


def test_schwab_an_option_contract_stands_for_a_hundred_shares(read):
    intake = read(
        SCHWAB
        + "03/02/2026,Buy to Open,AAPL 01/15/2027 150.00 C,CALL APPLE INC,2,$2.50,$1.30,-$501.30\n"
        + "03/01/2026,Wire Received,,FUNDS,,,,$1000.00\n"
    )
    line = lines(intake)["AAPL 01/15/2027 150.00 C"]
    assert (line.market_value, line.cost, line.asset_class) == (500, Decimal("501.30"), AssetClass.DERIVATIVE)


IBKR = (
    '"Buy/Sell","TradeDate","ISIN","Quantity","TradePrice","TradeMoney","CurrencyPrimary","IBCommission",'
    '"IBCommissionCurrency"\n'
)


def test_ibkr_trades_negative_sales_and_commissions_and_exchanges_without_isin(read):
    intake = read(
        IBKR
        + '"BUY","20260302","US9220427424","95","93.78","8909.1","USD","-1","USD"\n'
        + '"SELL","20260303","US9220427424","-45","95","-4275","USD","-1","USD"\n'
        + '"BUY","20260303","CH0111762537","7","282.7","1978.9","CHF","-5","EUR"\n'
        + '"SELL","20260304","","-8000","1.1173","-8938.4","USD","-1.8","CHF"\n'
    )
    assert (intake.format, intake.problems) == ("ibkr_trades", ())
    held = lines(intake)
    assert (held["US9220427424"].quantity, held["US9220427424"].cost) == (50, round(Decimal("8910.1") * 50 / 95, 8))
    assert held["CH0111762537"].cost is None
    assert "cash is not known" in notes(intake)
    assert "Currency exchanges were left out" in notes(intake)


def ghostfolio(activities, **more):
    return json.dumps({"meta": {"date": "2026-03-05T00:00:00.000Z"}, "activities": activities, **more})


def activity(kind, day, quantity, price, symbol="MSFT", account="a-1", **more):
    return {
        "accountId": account, "fee": 0, "quantity": quantity, "type": kind, "unitPrice": price, "currency": "USD",
        "dataSource": "YAHOO", "date": f"{day}T00:00:00.000Z", "symbol": symbol, "comment": None, **more,
    }  # fmt: skip


def test_ghostfolio_activities_profiles_drafts_and_stated_cash(read):
    own = "7e91b7d4-1430-4212-8380-289a06c9bbc1"
    intake = read(
        ghostfolio(
            [
                activity("BUY", "2026-03-02", 5, 298.58, fee=19),
                activity("SELL", "2026-03-03", 2, 300),
                activity("DIVIDEND", "2026-03-03", 5, 0.62),
                activity("FEE", "2026-03-03", 0, 0, fee=49),
                activity("BUY", "2050-06-06", 1, 1),
                activity("BUY", "2026-03-02", 100, 250, symbol="AZN.L", currency="GBp"),
                activity("BUY", "2026-03-04", 1, 500000, symbol=own, account=None, dataSource="MANUAL"),
            ],
            accounts=[
                {
                    "id": "a-1", "name": "Trading", "currency": "USD",
                    "balances": [{"date": "2025-12-31", "value": 1000}, {"date": "2026-03-04", "value": 2000}],
                }
            ],
            assetProfiles=[
                {"symbol": own, "name": "Penthouse", "assetClass": "REAL_ESTATE", "assetSubClass": None, "isin": None},
                {"symbol": "MSFT", "name": "Microsoft", "assetClass": "EQUITY", "assetSubClass": "STOCK",
                 "isin": "US5949181045"},
            ],
        ),
        "export.json",
    )  # fmt: skip
    assert (intake.format, intake.problems) == ("ghostfolio", ())
    assert [portfolio.name for portfolio in intake.portfolios] == ["Trading", "export"]
    microsoft = lines(intake)["MSFT"]
    assert (microsoft.quantity, microsoft.price, microsoft.isin) == (3, 300, "US5949181045")
    assert microsoft.cost == round(Decimal("1511.9") * 3 / 5, 8)
    assert microsoft.asset_class is AssetClass.EQUITY
    assert (lines(intake)["AZN.L"].price, lines(intake)["AZN.L"].currency) == (Decimal("2.5"), "GBP")
    assert lines(intake)["CASH_USD"].market_value == 2000
    home = lines(intake, 1)["Penthouse"]
    assert (home.asset_class, home.market_value) == (AssetClass.REAL_ESTATE, 500000)
    assert "Drafts" in notes(intake)
    assert {portfolio.as_of for portfolio in intake.portfolios} == {date(2026, 3, 5)}


def test_ghostfolio_problems_name_the_activity(read):
    intake = read(ghostfolio([activity("BUY", "2026-03-02", "many", 2), activity("LIABILITY", "2026-03-02", 1, 9)]))
    assert [problem.column for problem in intake.problems] == ["activities[0].quantity", "activities[1].type"]


@pytest.mark.parametrize("container", ["xlsx", "csv"])
def test_the_finance_toolkits_negative_volumes_are_sales_and_its_costs_are_negative(read, container):
    rows = [
        ["Date", "Identifier", "Currency", "Volume", "Price", "Costs"],
        ["2026-03-02", "AMZN", "USD", 12, 180.5, -3],
        ["2026-03-03", "AMZN", "USD", -2, 190, -1],
    ]
    if container == "csv":
        data = "\n".join(",".join(map(str, row)) for row in rows).encode()
    else:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append([date.fromisoformat(row[0]) if row[0] != "Date" else row[0], *row[1:]])
        raw = io.BytesIO()
        book.save(raw)
        data = raw.getvalue()
    intake = read(data, f"portfolio.{container}")
    assert (intake.format, intake.problems) == ("financetoolkit", ())
    line = lines(intake)["AMZN"]
    assert (line.quantity, line.price, line.cost) == (10, 190, Decimal("1807.5"))


def test_values_that_contain_the_separator_are_named(read):
    intake = read(SCHWAB + "03/02/2026,Buy,AVGO,BROADCOM, INC,1,$10.00,,-$10.00\n")
    assert "9 cells and the header names 8" in intake.problems[0].message


def test_a_date_that_cannot_be_is_a_problem_of_its_row_and_leaves_its_line_out(read):
    intake = read(
        SCHWAB + "03/02/2026,Buy,AVGO,BROADCOM,1,$10.00,,-$10.00\n" + "31/31/2026,Buy,AVGO,BROADCOM,1,$10.00,,-$10.00\n"
    )
    assert (intake.problems[0].row, intake.problems[0].column) == (3, "Date")
    assert not intake.portfolios
