"""Room, drift and the past of breaches of stored portfolios."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from core.analyses.evidence_tables import evidence_tables
from core.analyses.fact_selection import rule_facts
from core.desk.rules import ComplianceService
from core.domain.actor import LOCAL
from core.domain.facts import FactSheet
from core.domain.instrument import InstrumentType, Terms
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.domain.units import Badge
from core.drafts.fact_store import dump, load
from core.drafts.rule_checks import rules_of
from core.metrics.fx import EcbRates
from core.metrics.prices import PriceSeries
from core.storage.portfolios.policies import PolicyScope
from core.storage.store import Store
from tests.made_tables import made_database

NOW = datetime(2026, 12, 1, tzinfo=UTC)
ENDS = [date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 30)]
ISSUER = "EU.UCITS.52.1-2"


def share(symbol: str, value: float, units: int = 10) -> Holding:
    said = Terms(InstrumentType.SHARE, issuer=symbol, issuer_group=symbol, listed=True)
    return Holding(symbol, "", "", AssetClass.EQUITY, Decimal(units), None, "EUR", Decimal(str(value)), terms=said)


def fund(weight: float, day: date, regimes: tuple[str, ...] = ("ucits",)) -> Portfolio:
    """One line of so many percent, others of 4 %, the rest in cash."""
    money = Holding("CASH_EUR", "", "", AssetClass.CASH, None, None, "EUR", Decimal(str(20 - weight)),
                    terms=Terms(counterparty="A bank", issuer_group="A bank"))  # fmt: skip
    lines = (share("XA", weight), *(share(f"X{n}", 4) for n in range(20)), money)
    return Portfolio("p1", "Fund", "", day, "EUR", True, "EU", lines, "test", regimes=regimes)


def series(symbol: str, growth: float) -> PriceSeries:
    days = np.array([day for day in np.arange("2026-06-01", "2026-10-31", dtype="datetime64[D]") if np.is_busday(day)])
    return PriceSeries(symbol, "EUR", Badge.REAL, days, 100 * np.exp(growth * np.arange(days.size)))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(made_database(tmp_path / "x.db"))
    yield opened
    opened.close()


def keep(store: Store, *portfolios: Portfolio) -> ComplianceService:
    store.portfolios.save(portfolios, lambda _one: None, actor="test", at=NOW)
    return ComplianceService(store, EcbRates(), lambda: NOW)


def test_a_breach_says_between_which_stored_days_it_began_and_earlier_ones_when_they_were_cured(store: Store) -> None:
    service = keep(store, *(fund(weight, day) for weight, day in zip((11, 9, 12, 13), ENDS, strict=True)))
    (now,) = [one for one in service.check(LOCAL, "p1").results if one.rule_id == ISSUER]
    assert (now.kept_before, now.breached_since) == (ENDS[1], ENDS[2])
    past = service.breaches(LOCAL, "p1")
    assert [(one.first_seen, one.last_seen, one.cured_by) for one in past.runs if one.rule_id == ISSUER] == [
        (ENDS[2], ENDS[3], None),
        (ENDS[0], ENDS[0], ENDS[1]),
    ]
    assert past.days == tuple(ENDS)
    # What is asked about an earlier day knows nothing of later ones.
    assert service.breaches(LOCAL, "p1", as_of=ENDS[1]).runs[0].is_open is False


def test_another_rule_set_and_a_younger_policy_are_said(store: Store) -> None:
    service = keep(store, fund(11, ENDS[2], regimes=("coll_ucits",)), fund(12, ENDS[3]))
    service.set_policy(LOCAL, "p1", "name: Own\nas_of: 2026-01-01\nmax_single_line: {max: 10, without: [deposits]}\n")
    past = service.breaches(LOCAL, "p1")
    assert "The rule sets changed after 2026-09-30: until then the portfolio named coll_ucits." in past.notes
    assert any(f"is of {NOW.date()}" in note for note in past.notes)
    assert any(one.rule_id.startswith("CLIENT.") and one.first_seen == ENDS[2] for one in past.runs)
    assert store.policies.current(PolicyScope.PORTFOLIO, "p1") is not None


def test_prompts_say_since_when_a_breach_is_there(store: Store) -> None:
    keep(store, *(fund(weight, day) for weight, day in zip((9, 12, 13), ENDS[1:], strict=True)))
    (results,) = rules_of(store, EcbRates(), store.portfolios.load(["p1"]))
    facts = {one.metric_id: one for one in rule_facts(results, f"as of {ENDS[3]}")}
    assert facts[f"rule.{ISSUER}.breached_days"].value == 30
    assert facts[f"rule.{ISSUER}.breached_days"].period == "2026-09-30..2026-10-30"
    sheet = FactSheet("p1", "Fund", ENDS[3], "EUR", "EU", (), (), (), rules=results)
    assert f"\n{ISSUER}|2026-09-30|2026-08-31\n" in evidence_tables(sheet)
    assert load(dump(sheet)).rules == results


def test_drift_is_that_of_the_lines_own_prices_and_says_that_it_is_no_promise(store: Store) -> None:
    service = keep(store, fund(9, ENDS[3]))
    history = [series("XA", 0.002), *(series(f"X{n}", 0.0) for n in range(20))]
    store.prices.save(history, source="test", actor="test", at=NOW)
    outlook = service.outlook(LOCAL, "p1")
    found = outlook.drift(ISSUER, "")
    assert found is not None
    assert found.days == 59
    assert outlook.next == found
    assert any("not what will happen" in note for note in outlook.notes)
    assert not any("simulated" in note for note in outlook.notes)
    room = outlook.room(ISSUER, "")
    assert room is not None
    assert (room.money, room.units) == (pytest.approx(1.0), pytest.approx(10 / 9))


def test_a_line_without_a_history_leaves_the_drift_unknown(store: Store) -> None:
    service = keep(store, fund(9, ENDS[3]))
    store.prices.save([series("XA", 0.002)], source="test", actor="test", at=NOW)
    outlook = service.outlook(LOCAL, "p1")
    assert outlook.next is None
    assert all("are not known of X0, X1, X2 and others" in one.why for one in outlook.drifts)
