"""Results in chunks: counts that are written with them equal a recount, and pages show each request once."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal

import pytest

from core.domain.analysis import (
    Finding,
    FindingKind,
    ItemError,
    Outcome,
    RawLine,
    Reading,
    ResultStatus,
    Usage,
    Verification,
)
from core.domain.filters import ItemFilter
from core.domain.job import JobState, ShardEvent, ShardState
from core.domain.records import RequestRow, ShardClaim
from core.errors import StaleMove
from core.storage.jobs.results import Stray
from core.storage.store import Store
from tests.unit.storage.making import NOW, approved, portfolio

LEVELS = ("low", "moderate", "high")


def outcome(custom_id: str, luck: random.Random) -> Outcome:
    """Some ending."""
    status = luck.choice(
        [ResultStatus.SUCCEEDED] * 4 + [ResultStatus.FAILED, ResultStatus.INVALID, ResultStatus.MISSING]
    )
    usage = Usage(luck.randrange(5000), luck.randrange(100), luck.randrange(900), luck.randrange(50))
    cost = Decimal(luck.randrange(10**9)) / 10**9
    if status is not ResultStatus.SUCCEEDED:
        error = ItemError(luck.choice(["bad", "worse"]), "words", transient=luck.random() < 0.5)
        return Outcome(custom_id, "p00001", Reading(status, None, None, error), usage, cost)
    wrong = luck.randrange(2)
    finding = Finding("summary", "hhi", "0.3", "0.2", FindingKind.VALUE)
    checked = Verification(luck.randrange(9), wrong, luck.randrange(2), (finding,) * wrong)
    tags = tuple(("risk_type", kind) for kind in luck.sample(["rates", "credit", "fx"], luck.randrange(3)))
    reading = Reading(status, {"summary": "simulated"}, checked, None, luck.choice(LEVELS), tags, "headline")
    return Outcome(custom_id, "p00001", reading, usage, cost, RawLine("results/0000.output.jsonl", 10, 20))


def collecting(store: Store, requests: list[int]) -> list[ShardClaim]:
    """Shards of an approved job, ready for results."""
    claims = approved(store, requests)
    for number, claim in enumerate(claims):
        for state, event in (
            (ShardState.QUEUED, ShardEvent.START),
            (ShardState.UPLOADING, ShardEvent.SEND),
            (ShardState.SUBMITTING, ShardEvent.ACCEPTED),
            (ShardState.RUNNING, ShardEvent.ENDED),
        ):
            store.shards.move(claim, state, event, at=NOW, batch_id=f"batch_{number}")
    return claims


def fill(store: Store, requests: list[int], *, seed: int, chunk: int) -> tuple[str, list[Outcome]]:
    """A job whose results were stored in chunks and settled."""
    luck = random.Random(seed)
    claims = collecting(store, requests)
    job_id = claims[0].shard_id.rpartition(".")[0]
    everything: list[Outcome] = []
    for index, claim in enumerate(claims):
        outcomes = [outcome(one, luck) for one in store.results.expected(job_id, index)]
        luck.shuffle(outcomes)
        for start in range(0, len(outcomes), chunk):
            store.results.add(claim, outcomes[start : start + chunk], file="f", read_to=start)
        store.results.settle(claim, ShardEvent.COLLECTED_SOME, kind="risk", effort="", at=NOW, message="")
        everything += outcomes
    return job_id, everything


@pytest.mark.parametrize(("requests", "chunk"), [([40, 25], 7), ([300], 1000)])
def test_counts_written_with_the_results_equal_a_recount(store: Store, requests: list[int], chunk: int) -> None:
    job_id, outcomes = fill(store, requests, seed=sum(requests), chunk=chunk)
    recount: Counter[tuple[str, str]] = Counter()
    for one in outcomes:
        reading = one.reading
        recount["status", reading.status.value] += 1
        if reading.status is ResultStatus.SUCCEEDED:
            recount["answered", "output_tokens"] += one.usage.output_tokens
            recount["answered", "cost_nano"] += int((one.cost_usd or 0) * 10**9)
            recount["answered", "priced"] += one.cost_usd is not None
        recount.update(reading.tags)
        if reading.level:
            recount["level", reading.level] += 1
        if reading.error:
            recount["error", reading.error.code] += 1
        if reading.verification:
            recount["numbers", "verified"] += reading.verification.verified
            recount["numbers", "mismatched"] += reading.verification.mismatched
            recount["numbers", "unsupported"] += reading.verification.unsupported
            clean = not reading.verification.mismatched and not reading.verification.unsupported
            recount["answers", "clean" if clean else "flagged"] += 1
    found = {(dim, value): n for dim, values in store.items.rollup(job_id).items() for value, n in values.items() if n}
    assert found == {key: n for key, n in recount.items() if n}
    job = store.jobs.get(job_id)
    statuses = Counter(one.reading.status for one in outcomes)
    assert job.row.counts.succeeded == statuses[ResultStatus.SUCCEEDED]
    assert job.row.counts.missing == statuses[ResultStatus.MISSING]
    assert job.row.counts.pending == 0
    total = sum((one.cost_usd or Decimal(0) for one in outcomes), Decimal(0))
    usage, spent = store.items.usage(job_id)
    assert total == spent == job.row.actual_usd == store.jobs.spend("2026-11").settled_usd
    assert usage == sum((one.usage for one in outcomes), Usage())
    assert job.row.state is JobState.PARTIAL


def test_a_page_shows_each_request_once_and_filters_agree_with_counts(store: Store) -> None:
    store.portfolios.save([portfolio(1, name="Maison 100%")], lambda _: None, actor="ada", at=NOW)
    job_id, outcomes = fill(store, [60], seed=5, chunk=13)
    whole = store.items.page(job_id)
    pages = [item for start in range(0, 60, 7) for item in store.items.page(job_id, limit=7, offset=start)]
    assert pages == whole
    assert [item.custom_id for item in whole] == sorted(one.custom_id for one in outcomes)
    assert sorted(store.items.each(job_id, page=9), key=lambda item: item.custom_id) == whole
    by_id = {one.custom_id: one for one in outcomes}
    for item in whole:
        meant = by_id[item.custom_id]
        assert (item.status, item.error) == (meant.reading.status, meant.reading.error)
        assert (item.analysis, item.verification) == (meant.reading.analysis, meant.reading.verification)
        assert (item.usage, item.cost_usd, item.level) == (meant.usage, meant.cost_usd, meant.reading.level)
        assert store.items.get(job_id, item.custom_id) == item
        assert store.items.raw_line(job_id, item.custom_id) == meant.raw
    for wanted in (
        ItemFilter(statuses=[ResultStatus.FAILED, ResultStatus.MISSING]),
        ItemFilter(level="high"),
        ItemFilter(only_mismatched=True),
        ItemFilter(search="00013"),
        ItemFilter(search="maison 100%"),
        ItemFilter(search="risk-0 maison"),
        ItemFilter(statuses=[ResultStatus.PENDING]),
    ):
        assert store.items.count(job_id, wanted) == len(store.items.page(job_id, wanted))
    assert len(store.items.page(job_id, ItemFilter(level="high"))) == sum(
        one.reading.level == "high" for one in outcomes
    )
    assert len(store.items.page(job_id, ItemFilter(search="maison 100%"))) == 1
    causes = store.job_views.causes(job_id)
    assert sum(cause.requests for cause in causes) == sum(one.reading.error is not None for one in outcomes)


def test_portfolios_beyond_a_concentration_come_with_the_highest_first(store: Store) -> None:
    rows = [
        RequestRow(f"r{number}", 0, f"p{number:05d}", "2026-10-30", "US", 1, "hash", hhi, 60.0)
        for number, hhi in enumerate([0.2, 0.3, None, 0.9, 0.1])
    ]
    store.jobs.add_requests("one", rows)
    store.portfolios.save([portfolio(3, name="Maison")], lambda _: None, actor="ada", at=NOW)
    assert store.items.beyond("one", 0.2) == [("p00003", "Maison", 0.9, 60.0), ("p00001", "p00001", 0.3, 60.0)]
    assert store.items.beyond("another", 0.0) == []


def test_requests_without_an_ending_are_shown_as_pending(store: Store) -> None:
    (claim,) = collecting(store, [5])
    store.results.add(claim, [outcome("risk-0-00001", random.Random(1))])
    job_id = claim.shard_id.rpartition(".")[0]
    pending = store.items.page(job_id, ItemFilter(statuses=[ResultStatus.PENDING]))
    assert len(pending) == store.jobs.get(job_id).row.counts.pending == 4
    assert all(item.analysis is None and item.error is None and item.cost_usd is None for item in pending)


def test_a_batch_is_entered_in_the_ledger_once(store: Store) -> None:
    (claim,) = collecting(store, [3])
    job_id = claim.shard_id.rpartition(".")[0]
    store.results.add(claim, [outcome(one, random.Random(2)) for one in store.results.expected(job_id, 0)])
    store.results.settle(claim, ShardEvent.COLLECTED_SOME, kind="risk", effort="", at=NOW, message="")
    before = store.items.usage(job_id)
    with pytest.raises(StaleMove):
        store.results.settle(claim, ShardEvent.COLLECTED_SOME, kind="risk", effort="", at=NOW, message="")
    assert store.items.usage(job_id) == before


def test_lines_of_nobody_are_kept_and_shortened(store: Store) -> None:
    (claim,) = collecting(store, [1])
    store.results.add(claim, [], [Stray("x" * 999, "no request has this custom_id", "y" * 9999)], file="f", read_to=3)
    (stray,) = store.items.strays(claim.shard_id.rpartition(".")[0])
    assert (len(stray.custom_id), len(stray.line)) == (200, 2000)
    assert store.results.read_to(claim.shard_id, "f") == 3
