"""Before a trade: what it does to a portfolio on paper, which rules move, and how much room is left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from core.desk.rules import ComplianceService
from core.desk.trade_checks import Move, TradeCheck
from core.domain.actor import LOCAL
from core.domain.compliance import RuleStatus
from core.domain.instrument import InstrumentType, Terms
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.drafts.trades import read_trade
from core.errors import BadInput
from core.metrics.fx import EcbRates
from core.storage.store import Store
from tests.made_tables import made_database

NOW, DAY = datetime(2026, 12, 1, tzinfo=UTC), date(2026, 10, 30)
ISIN = "NL0010273215"
S = RuleStatus


def share(symbol: str, value: int, quantity: int | None = None, isin: str = "", **terms: object) -> Holding:
    said = Terms(InstrumentType.SHARE, issuer=symbol, issuer_group=symbol, listed=True, **terms)  # type: ignore[arg-type]
    units = None if quantity is None else Decimal(quantity)
    return Holding(symbol, isin, "", AssetClass.EQUITY, units, None, "EUR", Decimal(value), terms=said)


def money(value: int, currency: str = "EUR") -> Holding:
    return Holding(f"CASH_{currency}", "", "", AssetClass.CASH, None, None, currency, Decimal(value),
                   terms=Terms(counterparty="A bank", issuer_group="A bank"))  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder: Path = tmp_path_factory.mktemp("trades")
    opened = Store(made_database(folder / "x.db"))
    lines = [share("XASML", 11_000, 100, ISIN, votes_pct=2.0), share("XNOQ", 4_000), money(5_000)]
    lines += [share(f"X{n}", 4_000, 10) for n in range(20)]
    portfolio = Portfolio("p1", "Fund", "", DAY, "EUR", True, "EU", tuple(lines), "test", regimes=("ucits",))
    opened.portfolios.save([portfolio], lambda _one: None, actor="test", at=NOW)
    yield opened
    opened.close()


def asked(store: Store, *trades: str) -> TradeCheck:
    return ComplianceService(store, EcbRates(), lambda: NOW).check_trades(LOCAL, "p1", trades)


def move(done: TradeCheck, rule_id: str) -> Move:
    return next(one for one in done.moves if one.rule_id == rule_id)


@pytest.mark.parametrize("code", ["XASML", "xasml", ISIN])
def test_a_sale_cures_a_breach_and_says_how_much_room_there_is_before_and_after(store: Store, code: str) -> None:
    done = asked(store, f"SELL 20 {code}")
    one = move(done, "EU.UCITS.52.1-2")
    assert one.cures
    assert (one.before.status, one.after.status) == (S.BREACH, S.PASS)
    assert (one.before.measured, one.after.measured) == (pytest.approx(11), pytest.approx(8.8))
    assert one.before.headroom_money == pytest.approx(-1_000)
    assert one.before.headroom_units[code] == pytest.approx(-1_000 / 110)
    assert one.after.headroom_money == pytest.approx(1_200)
    assert one.after.headroom_units[code] == pytest.approx(1_200 / 110)


def test_a_purchase_breaks_a_rule_and_is_paid_from_cash(store: Store) -> None:
    done = asked(store, "BUY 20000 EUR X3")
    assert move(done, "EU.UCITS.52.1-2").after.measured == pytest.approx(24)
    borrowing = move(done, "EU.UCITS.83")
    assert borrowing.breaks
    assert borrowing.after.measured == pytest.approx(15)
    assert done.moves[0].breaks


def test_money_and_units_are_the_same_trade(store: Store) -> None:
    assert asked(store, "SELL 10 XASML").moves == asked(store, "SELL 1100 EUR XASML").moves


def test_trades_are_done_one_after_the_other(store: Store) -> None:
    done = asked(store, "SELL 20 XASML", "BUY 20 XASML")
    assert done.moves == ()
    assert [one.money for one in done.trades] == [-2200, 2200]


def test_more_is_sold_than_is_held_and_that_is_a_short_sale(store: Store) -> None:
    assert move(asked(store, "SELL 150 XASML"), "EU.UCITS.89").breaks


def test_nothing_is_stored(store: Store) -> None:
    asked(store, "SELL 100 XASML")
    (kept,) = store.portfolios.load(["p1"])
    assert kept.holdings[0].quantity == 100


def test_what_is_in_the_register_can_be_bought_for_money(store: Store) -> None:
    done = asked(store, "BUY 12000 EUR SAP.DE")
    assert move(done, "EU.UCITS.52.1-2").after.measured == pytest.approx(12)


@pytest.mark.parametrize(
    ("trade", "said"),
    [
        ("HOLD 10 XASML", "is no trade"),
        ("SELL XASML", "is no trade"),
        ("", "is no trade"),
        ("SELL ten XASML", "The amount 'ten'"),
        ("SELL -5 XASML", "not above zero"),
        ("SELL 5 euro XASML", "is no currency"),
        ("SELL 5 NOWHERE", "neither held nor in the instruments register"),
        ("SELL 5 XNOQ", "No price of 'XNOQ'"),
        ("SELL 5 XXX XASML", "No rate from XXX to EUR"),
    ],
)
def test_a_trade_that_cannot_be_done_on_paper_says_why(store: Store, trade: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        asked(store, trade)


def test_a_trade_is_written_as_it_was_read() -> None:
    assert read_trade("sell 1,000 ASML.AS").text == "SELL 1000 ASML.AS"
    assert read_trade("BUY 50000 eur X").text == "BUY 50000 EUR X"
