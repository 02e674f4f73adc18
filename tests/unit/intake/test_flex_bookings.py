"""Flex statements without positions: trades, cash transactions and corporate actions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.domain.instrument import InstrumentType
from core.domain.portfolio import Flow


def element(tag: str, **attributes: object) -> str:
    return f"<{tag} " + " ".join(f'{name}="{value}"' for name, value in attributes.items()) + "/>"


def trade(symbol="ABC", quantity=100, price="10", proceeds="-1000", commission="-1", **more):
    return element(
        "Trade", symbol=symbol, description=f"{symbol} INC", assetCategory="STK", currency="USD", quantity=quantity,
        tradePrice=price, proceeds=proceeds, taxes="0", ibCommission=commission, ibCommissionCurrency="USD",
        tradeDate="20260105", tradeTime="101500", levelOfDetail="EXECUTION", multiplier="1", **more,
    )  # fmt: skip


def cash(kind="Deposits/Withdrawals", amount="5000", day="2026-01-02", **more):
    return element("CashTransaction", type=kind, amount=amount, currency="USD", dateTime=day, **more)


def action(description, quantity, symbol="ABC", isin="", proceeds="0", day="2026-03-05, 19:45:00"):
    return element(
        "CorporateAction", symbol=symbol, isin=isin, description=description, assetCategory="STK", currency="USD",
        quantity=quantity, proceeds=proceeds, dateTime=day, multiplier="1",
    )  # fmt: skip


def statement(*records: str, information: str = '<AccountInformation accountId="U1" currency="USD"/>') -> str:
    return f"""<FlexQueryResponse queryName="q" type="AF"><FlexStatements count="1">
<FlexStatement accountId="U1" fromDate="20260101" toDate="20261030">{information}
{"".join(records)}</FlexStatement></FlexStatements></FlexQueryResponse>"""


def lines(intake):
    return {holding.symbol: holding for holding in intake.portfolios[0].holdings}


def test_trades_and_cash_make_an_account_with_costs_and_flows(read):
    intake = read(statement(cash(), trade(), trade(quantity=-40, price="12", proceeds="480")), "f.xml")
    book = intake.portfolios[0]
    assert (book.account, book.as_of, book.base_currency) == ("U1", date(2026, 10, 30), "USD")
    abc = lines(intake)["ABC"]
    assert (abc.quantity, abc.price, abc.cost) == (60, 12, Decimal("600.6"))
    assert abc.priced_on == date(2026, 1, 5)
    assert lines(intake)["CASH_USD"].market_value == 5000 - 1001 + 479
    assert book.flows == (Flow(date(2026, 1, 2), Decimal(5000), "USD"),)
    assert any("has no open positions; they were derived from 3 trades" in note for note in intake.notes)
    assert not intake.problems


def test_a_statement_continues_the_account_of_one_with_positions(read):
    position = element(
        "OpenPosition", accountId="U1", symbol="ABC", position="60", markPrice="12", positionValue="720",
        percentOfNAV="100", costBasisMoney="600.6", currency="USD", assetCategory="OPT", multiplier="1",
        cusip="000000001", reportDate="20261030", fxRateToBase="1",
    )  # fmt: skip
    derived, stated = read(statement(cash(), trade()), "f.xml"), read(statement(cash(), position), "f.xml")
    assert derived.portfolios[0].portfolio_id == stated.portfolios[0].portfolio_id
    assert stated.portfolios[0].flows == derived.portfolios[0].flows
    line = stated.portfolios[0].holdings[0]
    assert (line.cost, line.terms.cusip, line.terms.instrument_type) == (
        Decimal("600.6"), "000000001", InstrumentType.OPTION,
    )  # fmt: skip
    wrong = read(statement(position.replace('percentOfNAV="100"', 'percentOfNAV="40"')), "f.xml")
    assert any("ABC: 100.00 %, stated 40.00 %" in note for note in wrong.notes)


def test_what_deposits_do_not_cover_is_a_problem(read):
    intake = read(statement(trade()), "f.xml")
    assert [problem.column for problem in intake.problems] == ["cash"]
    assert "CASH_USD" not in lines(intake)


def test_an_exchange_of_currencies_moves_both(read):
    forex = trade("EUR.USD", 1000, "1.1", "-1100", "-2").replace('assetCategory="STK"', 'assetCategory="CASH"')
    found = lines(read(statement(cash(), forex), "f.xml"))
    assert (found["CASH_EUR"].market_value, found["CASH_USD"].market_value) == (1000, 5000 - 1102)


def test_a_commission_in_another_currency_leaves_the_cost_open(read):
    records = (cash(), cash(amount="10").replace("USD", "CHF"),
               trade().replace('ibCommissionCurrency="USD"', 'ibCommissionCurrency="CHF"'))  # fmt: skip
    found = lines(read(statement(*records), "f.xml"))
    assert found["ABC"].cost is None
    assert (found["CASH_USD"].market_value, found["CASH_CHF"].market_value) == (4000, 9)


def test_a_reverse_split_by_two_records_keeps_the_cost(read):
    head = "ABC(US0000000001) SPLIT 1 FOR 25"
    out = action(f"{head} (ABC.OLD, ABC HOLDINGS, US0378331005)", -100, "ABC.OLD", "US0378331005")
    into = action(f"{head} (ABC, ABC HOLDINGS, US5949181045)", 4, "ABC", "US5949181045")
    records = (cash(), trade(isin="US0378331005"), out, into)
    found = lines(read(statement(*records), "f.xml"))
    assert (found["ABC"].quantity, found["ABC"].price, found["ABC"].cost) == (4, 250, 1001)
    assert (found["ABC"].isin, found["ABC"].name) == ("US5949181045", "ABC HOLDINGS")


def test_a_split_by_one_record_puts_units_on_top(read):
    split = action("ABC(X) SPLIT 2 FOR 1 (ABC, ABC INC, X)", 100)
    assert lines(read(statement(cash(), trade(), split), "f.xml"))["ABC"].quantity == 200


def test_a_line_bought_out_for_cash_is_gone(read):
    merger = action("ABC(X) MERGED FOR USD 15 PER SHARE (ABC, ABC INC, X)", -100, proceeds="1500")
    found = lines(read(statement(cash(), trade(), merger), "f.xml"))
    assert set(found) == {"CASH_USD"}
    assert found["CASH_USD"].market_value == 5000 - 1001 + 1500


def test_an_action_nobody_understands_is_a_problem_and_leaves_its_lines_out(read):
    head = "ABC(X) SPUN OFF AND MERGED"
    records = [action(f"{head} ({one}, N, X)", quantity, one) for one, quantity in
               (("ABC", -100), ("DEF", 10), ("GHI", 5))]  # fmt: skip
    intake = read(statement(cash(), trade(), trade("XYZ", 1, "5", "-5"), *records), "f.xml")
    assert len(intake.problems) == 3
    assert set(lines(intake)) == {"XYZ"}


@pytest.mark.parametrize(
    ("record", "column"),
    [
        (trade(quantity=""), "quantity"),
        (trade().replace("20260105", "soon"), "tradeDate"),
        (cash(amount="much"), "amount"),
        (cash(day="soon"), "dateTime"),
    ],
)
def test_a_record_that_cannot_be_read_is_a_problem_with_its_line(read, record, column):
    intake = read(statement(cash(), trade("XYZ", 1, "5", "-5"), record), "f.xml")
    assert [(problem.column, problem.row) for problem in intake.problems] == [(column, 3)]
    assert "XYZ" in lines(intake)


def test_information_in_elements_of_its_own_is_read_as_until_2013(read):
    old = "<AccountInformation><accountId>U1</accountId><currency>CHF</currency></AccountInformation>"
    assert read(statement(cash(), trade(), information=old), "f.xml").portfolios[0].base_currency == "CHF"


def test_sums_beside_executions_are_not_counted_twice(read):
    total = trade().replace("EXECUTION", "ORDER")
    detail, summary = cash(levelOfDetail="DETAIL"), cash(levelOfDetail="SUMMARY")
    found = lines(read(statement(detail, summary, trade(), total), "f.xml"))
    assert (found["ABC"].quantity, found["CASH_USD"].market_value) == (100, 3999)
