"""What the ledger makes of transactions, and what it refuses to guess."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from core.domain.portfolio import AssetClass, Flow
from core.intake.findings import Findings
from core.intake.gathering import Case
from core.intake.transactions.entries import Entry, EntryKind, Money, Security
from core.intake.transactions.ledger import ALL, Ledger

TODAY = date(2026, 11, 24)
ACME = Security("ACME", "ACME", name="Acme Inc", asset_class=AssetClass.EQUITY)
BETA = Security("BETA", "BETA")


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 3, day, hour)  # noqa: DTZ001  entries carry no zone


def buy(day, quantity, price, *, security=ACME, cost=None, currency="USD", hour=0, row=2):
    paid = Decimal(quantity) * Decimal(price) if cost is None else Decimal(cost)
    return Entry(
        row, at(day, hour), EntryKind.BUY, "", security, Decimal(quantity), Decimal(price), currency, paid,
        (Money(-paid, currency),), column="Qty",
    )  # fmt: skip


def sell(day, quantity, price, *, security=ACME, hour=0, row=3):
    got = Decimal(quantity) * Decimal(price)
    return Entry(
        row, at(day, hour), EntryKind.SELL, "", security, Decimal(quantity), Decimal(price), "USD", None,
        (Money(got, "USD"),), column="Qty",
    )  # fmt: skip


def money(day, kind, amount, currency="USD", **more):
    return Entry(9, at(day), kind, cash=(Money(Decimal(amount), currency),), **more)


DEPOSIT = money(1, EntryKind.DEPOSIT, "100000")


class Run:
    def __init__(self, *entries, cash=True, doubts=(), **finish):
        self.findings = Findings("file.csv")
        ledger = Ledger(Case(self.findings, TODAY), "test", "file.csv", cash=cash)
        for entry in entries:
            ledger.add(entry)
        for doubt in doubts:
            ledger.doubt(*doubt)
        self.groups = ledger.finish(**{"newest_first": False, **finish})

    @property
    def lines(self):
        return {line.symbol: line for group in self.groups for line in group.holdings}

    @property
    def problems(self):
        return self.findings.problems

    @property
    def notes(self):
        return " ".join(self.findings.notes)


def test_first_in_is_first_out():
    run = Run(DEPOSIT, buy(2, 10, 100, cost="1001"), buy(3, 10, 120, cost="1201"), sell(4, 15, 130))
    line = run.lines["ACME"]
    assert (line.quantity, line.price, line.currency) == (5, 130, "USD")
    assert line.cost == Decimal("600.5")
    assert run.lines["CASH_USD"].market_value == 100000 - 1001 - 1201 + 15 * 130


def test_a_line_is_valued_at_its_last_trade_and_says_of_which_day():
    run = Run(DEPOSIT, buy(2, 10, 100), buy(20, 1, 5, security=BETA))
    assert run.groups[0].as_of == date(2026, 3, 20)
    assert run.lines["ACME"].priced_on == date(2026, 3, 2)
    assert run.lines["BETA"].priced_on is None
    assert "no market prices" in run.notes
    assert "ACME 100 USD on 2026-03-02" in run.notes


def test_selling_more_than_is_known_names_row_and_remedy_and_leaves_the_line_out():
    run = Run(DEPOSIT, buy(2, 10, 100), sell(3, 12, 100, row=7), buy(4, 5, 100), buy(4, 1, 5, security=BETA))
    # What was sold and never came in was bought before the file begins, so its cash is not all of it either.
    assert set(run.lines) == {"BETA"}
    (problem,) = run.problems
    assert (problem.row, problem.column, problem.value) == (7, "Qty", "12")
    assert "only 10 are known" in problem.message
    assert "Export the history since the account was opened" in problem.message


def test_a_purchase_later_in_the_day_does_not_cover_an_earlier_sale():
    assert Run(DEPOSIT, sell(2, 5, 100, hour=9), buy(2, 5, 100, hour=15)).problems
    assert not Run(DEPOSIT, sell(2, 5, 100), buy(2, 5, 100)).problems


def test_a_line_without_any_price_is_a_problem_not_a_zero():
    gift = Entry(5, at(2), EntryKind.DISTRIBUTION, "", ACME, Decimal(3), None, "USD", Decimal(0))
    run = Run(DEPOSIT, gift)
    assert "ACME" not in run.lines
    (problem,) = run.problems
    assert problem.row == 5
    assert "no price to value" in problem.message


def test_units_of_unknown_cost_leave_the_cost_of_the_line_unknown():
    gift = Entry(5, at(3), EntryKind.TRANSFER_IN, "", ACME, Decimal(3), None, "USD")
    run = Run(DEPOSIT, buy(2, 10, 100), gift)
    assert run.lines["ACME"].quantity == 13
    assert run.lines["ACME"].cost is None
    assert "without a value" in run.notes


def test_costs_in_two_currencies_are_not_added():
    run = Run(DEPOSIT, money(1, EntryKind.DEPOSIT, "5000", "EUR"), buy(2, 10, 90, currency="EUR"), buy(3, 10, 100))
    assert (run.lines["ACME"].cost, run.lines["ACME"].currency) == (None, "USD")


def test_a_split_multiplies_units_and_divides_the_price():
    split = Entry(4, at(3), EntryKind.SPLIT, "", ACME, Decimal(9))
    line = Run(DEPOSIT, buy(2, 1, 1680), split).lines["ACME"]
    assert (line.quantity, line.price, line.market_value, line.cost) == (10, 168, 1680, 1680)


def test_a_split_of_units_that_are_not_known_is_a_problem():
    split = Entry(4, at(3), EntryKind.SPLIT, "", ACME, Decimal(9), column="Qty")
    assert "0 are known by then" in Run(DEPOSIT, split).problems[0].message


def test_an_exchange_carries_cost_and_value_to_the_new_line():
    swap = Entry(4, at(3), EntryKind.EXCHANGE, "", ACME, Decimal(10), into=BETA, into_quantity=Decimal(5))
    run = Run(DEPOSIT, buy(2, 10, 100, cost="1010"), swap)
    line = run.lines["BETA"]
    assert "ACME" not in run.lines
    assert (line.quantity, line.price, line.cost, line.priced_on) == (5, 200, 1010, date(2026, 3, 2))


def test_what_an_unknown_line_was_exchanged_for_is_unknown_too():
    swap = Entry(4, at(3), EntryKind.EXCHANGE, "", ACME, Decimal(10), into=BETA, into_quantity=Decimal(5))
    run = Run(DEPOSIT, swap, buy(4, 1, 7, security=BETA))
    assert "BETA" not in run.lines
    assert len(run.problems) == 1


def test_an_option_contract_is_worth_its_price_times_a_hundred():
    option = Security("OPT", "OPT", asset_class=AssetClass.DERIVATIVE, multiplier=Decimal(100))
    assert Run(DEPOSIT, buy(2, 1, 5, security=option, cost=500)).lines["OPT"].market_value == 500


def test_cash_below_zero_proves_missing_rows_and_is_left_out():
    run = Run(money(1, EntryKind.DEPOSIT, "50"), buy(2, 1, 100), money(3, EntryKind.DIVIDEND, "500"))
    assert "CASH_USD" not in run.lines
    (problem,) = run.problems
    assert "-50.00 on 2026-03-02" in problem.message
    assert problem.value == "450.00 USD"


def test_the_balance_that_the_file_states_is_the_cash():
    stated = [
        money(2, EntryKind.DIVIDEND, "10", balance=Money(Decimal(110), "USD")),
        money(3, EntryKind.FEE, "-5", balance=Money(Decimal(105), "USD")),
    ]
    run = Run(*stated)
    assert run.lines["CASH_USD"].market_value == 105
    assert "starts from 100.00" in run.notes
    assert "does not follow" not in run.notes


def test_a_jump_in_the_running_balance_is_named():
    stated = [
        money(2, EntryKind.DEPOSIT, "10", balance=Money(Decimal(10), "USD")),
        money(3, EntryKind.FEE, "-5", balance=Money(Decimal(45), "USD")),
    ]
    run = Run(*stated)
    assert run.lines["CASH_USD"].market_value == 45
    assert "does not follow from the rows once (first in row 9: 45.00 stated, 5.00 expected" in run.notes


def test_a_row_that_did_not_come_in_leaves_what_it_moved_out():
    run = Run(DEPOSIT, buy(2, 10, 100), buy(2, 1, 5, security=BETA), doubts=[("", ACME, "USD")])
    assert set(run.lines) == {"BETA"}
    assert "did not come in" in run.notes
    assert set(Run(DEPOSIT, doubts=[("", None, ALL)]).lines) == set()


def test_lists_of_trades_alone_say_nothing_about_cash():
    run = Run(buy(2, 10, 100), cash=False)
    assert set(run.lines) == {"ACME"}
    assert not run.problems
    assert "cash is not known" in run.notes


def test_flows_are_deposits_withdrawals_and_transfers_of_known_value():
    transfer = Entry(
        5, at(4), EntryKind.TRANSFER_OUT, "", ACME, Decimal(1), Decimal(100), "USD", flow=Money(Decimal(-100), "USD")
    )
    run = Run(
        DEPOSIT, buy(2, 2, 100), money(3, EntryKind.DIVIDEND, "9"), transfer, money(5, EntryKind.WITHDRAWAL, "-50")
    )
    assert run.groups[0].flows == (
        Flow(date(2026, 3, 1), Decimal(100000), "USD"),
        Flow(date(2026, 3, 4), Decimal(-100), "USD"),
        Flow(date(2026, 3, 5), Decimal(-50), "USD"),
    )


@pytest.mark.parametrize("newest_first", [None, True])
def test_files_that_start_with_the_newest_row_are_read_from_below(newest_first):
    rows = [
        money(3, EntryKind.FEE, "-5", balance=Money(Decimal(5), "USD")),
        money(2, EntryKind.FEE, "-20", balance=Money(Decimal(10), "USD")),
        money(2, EntryKind.DEPOSIT, "30", balance=Money(Decimal(30), "USD")),
    ]
    run = Run(*rows, newest_first=newest_first)
    assert run.lines["CASH_USD"].market_value == 5
    assert not run.notes


def test_an_account_that_was_emptied_says_so():
    run = Run(DEPOSIT, money(2, EntryKind.WITHDRAWAL, "-100000"))
    assert not run.lines
    assert "hold nothing" in run.notes
