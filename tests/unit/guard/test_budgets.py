"""Limits: each one holds, the tightest speaks, none set means none kept, unknown is never taken for free."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.records import Spend
from core.errors import OverBudget
from core.guard.budgets import Budgets, usd

USD = st.decimals(min_value=0, max_value=1000, places=4)
LIMIT = st.none() | USD


def spent(open_usd: Decimal = Decimal(0), settled_usd: Decimal = Decimal(0)) -> Spend:
    return Spend(settled_usd, open_usd, 1)


@given(LIMIT, LIMIT, LIMIT, LIMIT, USD, USD, USD)
def test_a_job_passes_exactly_when_it_fits_every_limit_that_is_set(
    job: Decimal | None,
    person: Decimal | None,
    month: Decimal | None,
    own: Decimal | None,
    expected: Decimal,
    by_person: Decimal,
    by_all: Decimal,
) -> None:
    fits = all(
        limit is None or (limit > 0 and before + expected <= limit)
        for limit, before in ((job, 0), (person, by_person), (month, by_all), (own, 0))
    )
    budgets = Budgets(job, person, month)
    try:
        budgets.check(expected, spent(by_all), spent(settled_usd=by_person), max_cost_usd=own)
    except OverBudget:
        assert not fits
    else:
        assert fits


def test_a_refusal_names_the_limit_the_figures_and_the_remedy() -> None:
    with pytest.raises(OverBudget) as refusal:
        Budgets(month_usd=Decimal(10)).check(Decimal("2.5"), spent(Decimal(8), Decimal(1)), spent())
    assert str(refusal.value) == (
        "The job is expected to cost $2.5000 on top of $9.0000 already committed; the limit this month "
        "(MOSYCHLOS_BUDGET_MONTH_USD) is $10.00, $1.5000 too little. Choose fewer portfolios or a cheaper model, "
        "or raise the limit."
    )
    assert refusal.value.exit_code == 3


def test_a_limit_of_nothing_refuses_even_what_costs_nothing() -> None:
    with pytest.raises(OverBudget):
        Budgets(job_usd=Decimal(0)).check(Decimal(0), spent(), spent())


def test_an_unknown_price_is_refused_under_any_limit_and_passes_without_one() -> None:
    Budgets().check(None, spent(), spent())
    for budgets, own in ((Budgets(person_usd=Decimal(1)), None), (Budgets(), Decimal(1))):
        with pytest.raises(OverBudget, match="price of this model is not known"):
            budgets.check(None, spent(), spent(), max_cost_usd=own)


@pytest.mark.parametrize(("used", "speaks"), [("4.99", False), ("5", True), ("10", True), ("12", True)])
def test_a_notice_is_given_from_the_first_threshold_on(used: str, speaks: bool) -> None:
    budgets = Budgets(person_usd=Decimal(10), thresholds=(50, 80, 100))
    notices = budgets.notices(spent(Decimal(99)), spent(Decimal(used)))
    assert bool(notices) is speaks
    assert all("of your monthly limit of $10.00 is committed" in notice for notice in notices)


def test_any_limit_counts_as_set() -> None:
    assert not Budgets().any_set
    assert Budgets(job_usd=Decimal(0)).any_set


@pytest.mark.parametrize(
    ("limit", "words"), [("10", "$10.00"), ("1234.5", "$1,234.50"), ("0.001", "$0.001"), ("1E+3", "$1,000.00")]
)
def test_a_limit_is_named_as_it_was_set(limit: str, words: str) -> None:
    assert usd(Decimal(limit)) == words
