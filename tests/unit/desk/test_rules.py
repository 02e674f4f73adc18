"""Checking stored portfolios: register, policies, earlier days, permissions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from core.desk.rules import ComplianceService
from core.domain.actor import LOCAL, Actor, Role
from core.domain.compliance import BreachType, RuleResult, RuleStatus
from core.domain.instrument import InstrumentType, Terms
from core.domain.portfolio import AssetClass, Flow, Holding, Portfolio
from core.drafts.rule_checks import RuleCheck, checks_of, rules_of
from core.errors import BadInput, NotFound, NotPermitted
from core.metrics.fx import EcbRates
from core.storage.portfolios.policies import PolicyScope
from core.storage.store import Store
from tests.made_tables import made_database

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAY, BEFORE = date(2026, 10, 30), date(2026, 9, 30)
POLICY = "name: Own\nas_of: 2026-01-01\nranges: [{bucket: equity, max: 50}]\n"
RATES = EcbRates()


def share(symbol: str, value: str, quantity: str | None = None, currency: str = "EUR") -> Holding:
    units = None if quantity is None else Decimal(quantity)
    terms = Terms(InstrumentType.SHARE, issuer=symbol, listed=True)
    return Holding(symbol, "", "", AssetClass.EQUITY, units, None, currency, Decimal(value), terms=terms)


def money(value: str) -> Holding:
    return Holding("CASH_EUR", "", "", AssetClass.CASH, None, None, "EUR", Decimal(value))


def portfolio(*lines: Holding, as_of: date = DAY, regimes: tuple[str, ...] = ("ucits",)) -> Portfolio:
    return Portfolio("p1", "Fund", "", as_of, "EUR", True, "EU", lines, "test", regimes=regimes)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(made_database(tmp_path / "x.db"))
    yield opened
    opened.close()


@pytest.fixture
def service(store: Store) -> ComplianceService:
    return ComplianceService(store, RATES, lambda: NOW)


def keep(store: Store, *portfolios: Portfolio) -> None:
    store.portfolios.save(portfolios, lambda _one: None, actor="test", at=NOW)


def of(check: RuleCheck, rule_id: str) -> RuleResult:
    return next(one for one in check.results if one.rule_id == rule_id)


def test_a_stored_portfolio_is_checked_under_the_rule_sets_it_names(store: Store, service: ComplianceService) -> None:
    keep(store, portfolio(share("A", "11"), money("89")))
    done = service.check(LOCAL, "p1")
    assert done.regimes == ("ucits",)
    assert of(done, "EU.UCITS.52.1-2").status is RuleStatus.BREACH
    kept, assessed = done.kept
    assert assessed == kept + done.counts()[RuleStatus.BREACH]


def test_values_are_converted_at_the_portfolios_day(store: Store, service: ComplianceService) -> None:
    keep(store, portfolio(share("A", "11", currency="USD"), money("89")))
    factor = RATES.factor("USD", "EUR", DAY)
    assert factor is not None
    value = 11 * factor
    assert of(service.check(LOCAL, "p1"), "EU.UCITS.52.1-2").measured == pytest.approx(100 * value / (value + 89))


def test_a_currency_without_a_rate_leaves_every_share_open(store: Store, service: ComplianceService) -> None:
    keep(store, portfolio(share("A", "11", currency="XAU"), money("89")))
    found = of(service.check(LOCAL, "p1"), "EU.UCITS.52.1-2")
    assert found.status is RuleStatus.NOT_ASSESSABLE
    assert found.missing == ("value in EUR",)


def test_named_rule_sets_stand_in_for_the_portfolios_own(store: Store, service: ComplianceService) -> None:
    keep(store, portfolio(share("A", "12"), money("88")))
    done = service.check(LOCAL, "p1", regimes=["finsa_2025_2"])
    assert done.regimes == ("finsa_2025_2",)
    with pytest.raises(BadInput, match="no rule set 'nonsense'"):
        service.check(LOCAL, "p1", regimes=["nonsense"])


def test_a_rule_set_that_nobody_knows_never_hides_the_others(store: Store, service: ComplianceService) -> None:
    keep(store, portfolio(share("A", "12"), money("88"), regimes=("moon_law", "ucits")))
    done = service.check(LOCAL, "p1")
    assert done.regimes == ("ucits",)
    assert any("'moon_law', which is not known" in note for note in done.notes)


def test_a_breach_looks_at_the_day_before(store: Store, service: ComplianceService) -> None:
    keep(store, portfolio(share("A", "9", "100"), money("91"), as_of=BEFORE))
    keep(store, portfolio(share("A", "11", "100"), money("89")))
    assert of(service.check(LOCAL, "p1"), "EU.UCITS.52.1-2").breach_type is BreachType.PASSIVE
    keep(store, portfolio(share("A", "11", "150"), money("89")))
    assert of(service.check(LOCAL, "p1"), "EU.UCITS.52.1-2").breach_type is BreachType.ACTIVE
    earlier = service.check(LOCAL, "p1", as_of=BEFORE)
    assert of(earlier, "EU.UCITS.52.1-2").status is RuleStatus.NEAR


def test_own_and_group_policies_bind_both(store: Store, service: ComplianceService) -> None:
    keep(store, portfolio(share("A", "60"), money("40"), regimes=()))
    store.groups.change_group("Family", add=["p1"], actor="test", at=NOW)
    service.set_policy(LOCAL, "p1", POLICY)
    service.set_policy(LOCAL, "family", POLICY.replace("50", "70"), PolicyScope.GROUP)
    done = service.check(LOCAL, "p1")
    assert {one.rule_id: one.status for one in done.results} == {
        "CLIENT.IPS.range.equity.max": RuleStatus.BREACH,
        "CLIENT.IPS-2.range.equity.max": RuleStatus.PASS,
    }
    service.remove_policy(LOCAL, "p1")
    assert [one.status for one in service.check(LOCAL, "p1").results] == [RuleStatus.PASS]


def test_a_policy_can_be_tried_without_storing_it(store: Store, service: ComplianceService) -> None:
    keep(store, portfolio(share("A", "60"), money("40"), regimes=()))
    assert service.check(LOCAL, "p1", policy=POLICY).results[0].status is RuleStatus.BREACH
    assert service.policy(LOCAL, "p1") is None
    assert service.check(LOCAL, "p1").results == ()


@pytest.mark.parametrize(("scope", "target"), [(PolicyScope.PORTFOLIO, "gone"), (PolicyScope.GROUP, "nobody")])
def test_a_policy_needs_somebody_to_bind(service: ComplianceService, scope: PolicyScope, target: str) -> None:
    with pytest.raises(NotFound, match=target):
        service.set_policy(LOCAL, target, POLICY, scope)


def test_a_policy_that_cannot_be_read_is_not_stored(store: Store, service: ComplianceService) -> None:
    keep(store, portfolio(money("1")))
    with pytest.raises(BadInput, match="cannot be used"):
        service.set_policy(LOCAL, "p1", POLICY.replace("equity", "equities"))
    assert service.policy(LOCAL, "p1") is None


def test_a_viewer_checks_and_stores_no_policy(store: Store, service: ComplianceService) -> None:
    keep(store, portfolio(money("1")))
    viewer = Actor("v", "Vera", frozenset({Role.VIEWER}))
    assert service.check(viewer, "p1").regimes == ("ucits",)
    with pytest.raises(NotPermitted, match=r"portfolio\.edit"):
        service.set_policy(viewer, "p1", POLICY)


def test_an_administrator_reads_no_portfolio_through_its_rules(store: Store, service: ComplianceService) -> None:
    keep(store, portfolio(money("1")))
    with pytest.raises(NotPermitted):
        service.check(Actor("a", "Adam", frozenset({Role.ADMIN})), "p1")


def test_a_fall_of_ten_percent_in_the_quarter_is_told(store: Store, service: ComplianceService) -> None:
    flows = (Flow(date(2026, 1, 5), Decimal(100), "EUR"),)
    start = replace(portfolio(share("A", "100"), as_of=BEFORE, regimes=("mifid",)), flows=flows)
    keep(store, start, replace(start, as_of=DAY, holdings=(share("A", "90"),)))
    found = of(service.check(LOCAL, "p1"), "EU.MIFID.62.1")
    assert found.status is RuleStatus.BREACH
    assert found.measured == pytest.approx(10)


def test_a_fall_is_not_known_where_flows_are_not(store: Store, service: ComplianceService) -> None:
    start = portfolio(share("A", "100"), as_of=BEFORE, regimes=("mifid",))
    keep(store, start, replace(start, as_of=DAY, holdings=(share("A", "50"),)))
    found = of(service.check(LOCAL, "p1"), "EU.MIFID.62.1")
    assert found.status is RuleStatus.NOT_ASSESSABLE
    assert "must not read as a gain" in found.explanation


def test_the_same_results_go_to_fact_sheets(store: Store) -> None:
    portfolios = [portfolio(share("A", "11"), money("89")), portfolio(share("A", "9"), money("91"))]
    assert rules_of(store, RATES, portfolios) == [
        one.results for one in checks_of(store, RATES, portfolios, since=True)
    ]
