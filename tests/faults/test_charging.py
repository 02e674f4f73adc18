"""Answers that do not say what they came to: never free, shared to the token, else unknown with what was reserved."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from core.desk.jobs import JobService
from core.domain.actor import LOCAL
from core.domain.alert import AlertKind
from core.domain.analysis import Usage, UsageFrom
from core.domain.job import JobState
from core.domain.provider import ProviderIdentity
from core.drafts.drafting import Drafter
from core.errors import OverBudget
from core.guard.budgets import Budgets
from core.llm.pricing import cost, price
from core.metrics.fx import EcbRates
from tests.faults.staging import MODEL, House
from tests.local_provider import LocalProvider


def whole(house: House, job_id: str) -> Usage:
    """What the provider counts for a job's first batch."""
    counted = house.provider.check(house.shard(job_id).batch_id or "").counted
    assert counted is not None
    return counted.usage


def priced(house: House, usage: Usage) -> Decimal:
    known = price(MODEL, batch=True, at=house.clock())
    assert known is not None
    return cost(known, usage)


def told(house: House, job_id: str) -> list[str]:
    return [alert.text for alert in house.store.alerts.of(job_id) if alert.kind is AlertKind.COST]


@pytest.mark.parametrize("fault", ["usage_missing", "usage_empty", "usage_zero", "usage_total"])
@pytest.mark.parametrize("share", [1.0, 0.5])
def test_what_lines_do_not_say_is_shared_from_what_the_provider_counts(
    house: House, local: LocalProvider, fault: str, share: float
) -> None:
    local.set_faults({"seed": 3, "answers": {fault: share}})
    job_id = house.submit(6)
    assert house.run(job_id) is JobState.DONE
    items = house.items(job_id).values()
    assert sum((item.usage for item in items), start=Usage()) == whole(house, job_id)
    assert UsageFrom.BATCH in {item.usage_from for item in items}
    assert all(item.cost_usd for item in items)
    paid = house.job(job_id).row.actual_usd
    assert paid == priced(house, whole(house, job_id))
    assert len(told(house, job_id)) == 1
    house.check(job_id, batches=1)


@pytest.mark.parametrize("fault", ["usage_float", "usage_text"])
def test_counts_in_another_form_are_the_same_counts(house: House, local: LocalProvider, fault: str) -> None:
    local.set_faults({"answers": {fault: 1.0}})
    job_id = house.submit(3)
    assert house.run(job_id) is JobState.DONE
    assert house.job(job_id).row.actual_usd == priced(house, whole(house, job_id))
    assert {item.usage_from for item in house.items(job_id).values()} == {UsageFrom.ANSWER}
    assert told(house, job_id) == []
    house.check(job_id, batches=1)


def test_where_nobody_says_anything_the_cost_is_unknown_and_what_was_reserved_stays(
    house: House, local: LocalProvider
) -> None:
    local.set_faults({"seed": 3, "answers": {"usage_missing": 0.5}, "batches": {"*": {"no_usage": True}}})
    job_id = house.submit(6)
    assert house.run(job_id) is JobState.DONE
    job, items = house.job(job_id), house.items(job_id).values()
    assert job.row.actual_usd is None
    unknown = [item for item in items if item.usage_from is UsageFrom.UNKNOWN]
    assert 0 < len(unknown) < 6
    assert [item.cost_usd for item in unknown] == [None] * len(unknown)
    (entry,) = house.app.oversight.ledger(LOCAL, job_id)
    assert entry.cost_usd is None
    assert house.store.retries.spent(job_id) == job.estimate.expected_usd
    parts = house.rows("SELECT settled, amount_nano FROM commitment WHERE job_id = :job", job=job_id)
    assert [(bool(part.settled), Decimal(part.amount_nano) / 10**9) for part in parts] == [
        (True, job.estimate.expected_usd)
    ]
    assert "not known" in " ".join(told(house, job_id))
    house.check(job_id, batches=1)


def test_a_contradiction_is_read_the_dearer_way_and_told_once(house: House, local: LocalProvider) -> None:
    local.set_faults({"answers": {"usage_contradicts": 1.0}})
    job_id = house.submit(6, per_shard=2)
    assert house.run(job_id) is JobState.DONE
    items = house.items(job_id).values()
    assert {item.usage.cached_tokens for item in items} == {0}
    sent = sum((item.usage for item in items), start=Usage())
    assert house.job(job_id).row.actual_usd == priced(house, sent)
    assert len(told(house, job_id)) == 1
    house.check(job_id, batches=3)


def test_what_is_not_measured_teaches_no_estimate(house: House, local: LocalProvider) -> None:
    def learned() -> list[int]:
        return [
            row.answers
            for row in house.rows("SELECT answers FROM calibration WHERE shard_id LIKE :job", job=f"{job_id}%")
        ]

    local.set_faults({"seed": 3, "answers": {"usage_missing": 0.5}})
    job_id = house.submit(6)
    house.run(job_id)
    own = sum(item.usage_from is UsageFrom.ANSWER for item in house.items(job_id).values())
    assert learned() == [own]
    local.set_faults({"answers": {"usage_zero": 1.0}, "batches": {"*": {"no_usage": True}}})
    job_id = house.submit(3)
    house.run(job_id)
    assert learned() == []


@pytest.mark.parametrize(
    ("fault", "model", "tier"), [("served_priority", MODEL, "priority"), ("served_other", "gpt-5.4", "")]
)
def test_what_served_the_lines_of_a_batch_decides_their_price(
    house: House, local: LocalProvider, fault: str, model: str, tier: str
) -> None:
    local.set_faults({"answers": {fault: 1.0}})
    job_id = house.submit(3)
    assert house.run(job_id) is JobState.DONE
    known = price(model, batch=True, at=house.clock(), tier=tier)
    assert known is not None
    for item in house.items(job_id).values():
        assert item.cost_usd == cost(known, item.usage)
    assert len(told(house, job_id)) == 1
    house.check(job_id, batches=1)


def test_a_tier_without_a_price_leaves_the_cost_unknown_although_the_tokens_are_known(
    house: House, local: LocalProvider
) -> None:
    local.set_faults({"answers": {"served_scale": 1.0}})
    job_id = house.submit(2)
    assert house.run(job_id) is JobState.DONE
    assert {(item.cost_usd, item.usage_from) for item in house.items(job_id).values()} == {(None, UsageFrom.ANSWER)}
    assert house.job(job_id).row.actual_usd is None
    assert house.store.retries.spent(job_id) == house.job(job_id).estimate.expected_usd
    assert "An answer came from tier scale (2 times), whose price is not known" in told(house, job_id)[0]


def test_data_residency_is_in_the_estimate_the_ledger_and_the_limits(house: House) -> None:
    # A provider of its own, of which nothing was learned that would move one estimate and not the other.
    here = replace(house.app.identity, project="resident")

    def asked_of(identity: ProviderIdentity) -> JobService:
        drafter = Drafter(house.store, EcbRates(), house.app.library, identity=identity)
        home = house.app.settings.home
        return JobService(house.store, drafter, Budgets(), home, house.clock, identity=identity)

    identity = replace(here, region="eu")
    plain, service = asked_of(here).preview(LOCAL, house.request(2)).estimate, asked_of(identity)
    wish = house.request(2)
    resident = service.preview(LOCAL, wish).estimate
    assert plain.expected_usd is not None
    assert resident.expected_usd is not None
    assert resident.uplift_usd is not None
    # What was learned from earlier batches has no end of digits: money is kept to the billionth.
    assert abs(resident.expected_usd - plain.expected_usd * Decimal("1.1")) < Decimal("1e-8")
    assert abs(resident.uplift_usd - plain.expected_usd / 10) < Decimal("1e-8")
    with pytest.raises(OverBudget):
        service.submit(LOCAL, replace(wish, max_cost_usd=plain.expected_usd * Decimal("1.05")))
    job_id = service.submit(LOCAL, wish, again=True).row.job_id
    assert house.run(job_id, context=house.context(identity=identity)) is JobState.DONE
    known = price(MODEL, batch=True, at=house.clock(), region="eu")
    assert known is not None
    each = sum(cost(known, item.usage) or 0 for item in house.items(job_id).values())
    assert abs((house.job(job_id).row.actual_usd or 0) - each) <= Decimal("1e-9"), "the ledger keeps nine places"
    assert house.job(job_id).estimate.uplift_usd == resident.uplift_usd
