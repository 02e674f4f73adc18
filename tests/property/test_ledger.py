"""The ledger loses nothing: no unit, no cent of cost, no cash; and the order of a day's rows says nothing."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.intake.findings import Findings
from core.intake.gathering import Case
from core.intake.transactions.balances import balances_of
from core.intake.transactions.entries import Entry, EntryKind, Money, Security
from core.intake.transactions.ledger import Ledger
from core.intake.transactions.lots import Lot, Lots, NotEnough, merged, resized

TODAY = date(2026, 11, 24)
START = datetime(2025, 1, 1)  # noqa: DTZ001  entries carry no zone
SECURITIES = [Security(key, key) for key in ("AAA", "BBB", "CCC")]

quantities = st.decimals(min_value="0.000001", max_value=10**6, places=6)
costs = st.one_of(st.none(), st.decimals(min_value=0, max_value=10**9, places=2))
lots = st.lists(st.builds(Lot, quantities, costs, st.sampled_from(["USD", "EUR"])), min_size=1, max_size=8)


def price_of(security: Security, day: int) -> Decimal:
    """One price a security and day, so that which row of a day came last says nothing."""
    return Decimal(10 + day * 3 + SECURITIES.index(security)) / 4


@st.composite
def histories(draw):
    """Trades and payments of one account that hold together: nothing is sold that is not there."""
    held: dict[str, Decimal] = defaultdict(Decimal)
    cash = Decimal(10**12)
    entries = [Entry(1, START, EntryKind.DEPOSIT, cash=(Money(cash, "USD"),))]
    for row in range(draw(st.integers(1, 30))):
        day = draw(st.integers(0, 6))
        entries.append(_entry(draw, row + 2, day))
    entries.sort(key=lambda entry: entry.at)
    kept = []
    for day in sorted({entry.at for entry in entries}):
        today = [entry for entry in entries if entry.at == day]
        for entry in today:
            if entry.kind is EntryKind.BUY:
                held[entry.security.key] += entry.quantity
        for entry in today:
            if entry.kind is EntryKind.SELL:
                if held[entry.security.key] < entry.quantity:
                    continue
                held[entry.security.key] -= entry.quantity
            kept.append(entry)
    return kept


def _entry(draw, row: int, day: int) -> Entry:
    at = START + timedelta(days=day)
    kind = draw(
        st.sampled_from(
            [
                EntryKind.BUY,
                EntryKind.BUY,
                EntryKind.SELL,
                EntryKind.DIVIDEND,
                EntryKind.FEE,
                EntryKind.DEPOSIT,
                EntryKind.WITHDRAWAL,
            ]
        )
    )
    if kind in (EntryKind.BUY, EntryKind.SELL):
        security, quantity = draw(st.sampled_from(SECURITIES)), draw(quantities)
        price = price_of(security, day)
        paid = quantity * price
        signed = Money(-paid if kind is EntryKind.BUY else paid, "USD")
        return Entry(
            row, at, kind, "", security, quantity, price, "USD", paid if kind is EntryKind.BUY else None, (signed,)
        )
    amount = draw(st.decimals(min_value=0, max_value=1000, places=2))
    return Entry(
        row, at, kind, cash=(Money(-amount if kind in (EntryKind.FEE, EntryKind.WITHDRAWAL) else amount, "USD"),)
    )


def portfolio(entries):
    findings = Findings("file.csv")
    ledger = Ledger(Case(findings, TODAY), "test", "file.csv")
    for entry in entries:
        ledger.add(entry)
    gathered = ledger.finish(newest_first=False)
    assert not findings.problems
    return gathered[0]


@given(histories())
def test_what_came_in_is_what_left_and_what_is_held(entries):
    moved: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        if entry.kind in (EntryKind.BUY, EntryKind.SELL):
            moved[entry.security.key] += entry.quantity if entry.kind is EntryKind.BUY else -entry.quantity
    held = {line.symbol: line.quantity for line in portfolio(entries).holdings if line.quantity is not None}
    assert held == {key: quantity for key, quantity in moved.items() if quantity}


@given(histories())
def test_cash_is_every_movement_and_flows_are_those_from_outside(entries):
    group = portfolio(entries)
    cash = sum(line.market_value for line in group.holdings if line.symbol == "CASH_USD")
    assert cash == sum(money.amount for entry in entries for money in entry.cash)
    outside = [entry for entry in entries if entry.kind in (EntryKind.DEPOSIT, EntryKind.WITHDRAWAL)]
    assert sum(flow.amount for flow in group.flows) == sum(entry.cash[0].amount for entry in outside)
    assert list(group.flows) == sorted(group.flows, key=lambda flow: flow.day)


@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_rows_within_a_day_without_times_says_nothing(entries, random):
    shuffled = list(entries)
    random.shuffle(shuffled)
    shuffled.sort(key=lambda entry: entry.at)

    assert _rounded(portfolio(entries)) == _rounded(portfolio(shuffled))


def _rounded(group):
    """Costs are quotients of sums, whose last digit of sixty may depend on the order of the sum."""
    return sorted(
        (line.symbol, line.quantity or 0, line.price or 0, round(line.cost or 0, 6), line.market_value)
        for line in group.holdings
    )


@given(lots, st.data())
def test_a_sale_takes_exactly_its_units_and_their_cost(pieces, data):
    with localcontext() as context:
        context.prec = 60
        held = Lots(pieces)
        total = sum(lot.quantity for lot in pieces)
        wanted = data.draw(st.decimals(min_value="0.000001", max_value=total, places=6))
        taken = held.take(wanted)
        assert sum(lot.quantity for lot in taken) == wanted
        assert held.quantity == total - wanted
        left = held.take(held.quantity)
        assert sum((lot.cost or 0) for lot in taken + left) == sum((lot.cost or 0) for lot in pieces)


@given(lots, quantities)
def test_more_than_is_held_changes_nothing(pieces, more):
    held = Lots(pieces)
    total = held.quantity
    with pytest.raises(NotEnough) as caught:
        held.take(total + more)
    assert caught.value.known == total
    assert held.quantity == total


@given(lots, quantities)
def test_a_split_keeps_every_cost_and_gives_the_exact_new_quantity(pieces, after):
    with localcontext() as context:
        context.prec = 60
        changed = resized(pieces, after)
        assert sum(lot.quantity for lot in changed) == after
        assert [(lot.cost, lot.currency) for lot in changed] == [(lot.cost, lot.currency) for lot in pieces]


@given(st.decimals(min_value=1, max_value=1000, places=3), st.integers(2, 20), st.integers(1, 9999))
def test_a_split_keeps_value_and_cost_of_a_holding(quantity, ratio, cents):
    price = Decimal(cents) / 100
    buy = Entry(1, START, EntryKind.BUY, "", SECURITIES[0], quantity, price, "USD", quantity * price)
    split = Entry(2, START + timedelta(days=1), EntryKind.SPLIT, "", SECURITIES[0], quantity * (ratio - 1))
    before, after = portfolio([buy]).holdings[0], portfolio([buy, split]).holdings[0]
    assert after.quantity == before.quantity * ratio
    assert after.cost == before.cost
    # Prices are kept at eight decimals.
    assert abs(after.market_value - before.market_value) <= after.quantity * Decimal("0.00000001")


@given(lots)
def test_lots_of_one_moment_lose_nothing_when_they_become_one(pieces):
    one = merged(pieces)
    assert sum(lot.quantity for lot in one) == sum(lot.quantity for lot in pieces)
    for currency in ("USD", "EUR"):
        assert sum(lot.cost or 0 for lot in one if lot.currency == currency) == sum(
            lot.cost or 0 for lot in pieces if lot.currency == currency
        )


@given(
    st.lists(
        st.tuples(
            st.decimals(min_value=-(10**6), max_value=10**6, places=2),
            st.one_of(st.none(), st.decimals(min_value=-(10**6), max_value=10**6, places=2)),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_opening_and_rows_and_gaps_are_always_the_balance_stated_last(rows):
    entries = [
        Entry(
            number,
            START + timedelta(days=number),
            EntryKind.CORRECTION,
            cash=(Money(amount, "EUR"),),
            balance=None if stated is None else Money(stated, "EUR"),
        )
        for number, (amount, stated) in enumerate(rows)
    ]
    balance = balances_of(entries)["EUR"]
    assert balance.total == sum(amount for amount, _ in rows)
    if balance.closing is not None:
        assert balance.opening is not None
        assert balance.opening + balance.total + balance.gap == balance.closing
