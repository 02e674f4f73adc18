"""Small portfolios and jobs to store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from core.domain.analysis import AnalysisRequest, Kind, Priority
from core.domain.batch import ShardFile
from core.domain.cost import Estimate
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.domain.provider import ProviderIdentity
from core.domain.queue import Decision
from core.domain.records import RequestRow, ShardClaim
from core.storage.jobs.jobs import NewJob
from core.storage.store import Store

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
STAND_IN = ProviderIdentity("http://127.0.0.1:8090/v1", simulated=True)
"""Whom these jobs go to."""


def portfolio(
    number: int, *, as_of: date = date(2026, 10, 30), value: str = "100", name: str = "", region: str = "US"
) -> Portfolio:
    """One line of stock on a day."""
    held = Holding("VOO", "", "S&P 500", AssetClass.EQUITY_FUND, Decimal(1), Decimal(value), "USD", Decimal(value))
    return Portfolio(
        portfolio_id=f"p{number:05d}",
        name=name or f"House {number:05d}",
        account=f"A-{number}",
        as_of=as_of,
        base_currency="USD",
        base_currency_given=True,
        region=region,
        holdings=(held,),
        source_format="canonical_csv",
    )


def draft(
    store: Store,
    requests: Sequence[int],
    *,
    job_id: str = "261124-120000-aaaaaaaaaaaa",
    nonce: str = "",
    created_at: datetime = NOW,
    created_by: str = "ada",
    model: str = "gpt-5.4-mini",
    expected_usd: Decimal | None = Decimal("0.5"),
    priority: Priority = Priority.NORMAL,
    identity: ProviderIdentity | None = STAND_IN,
    question: str = "",
) -> str:
    """A draft with so many requests in each shard; returns its id."""
    estimate = Estimate(
        requests=sum(requests), shards=len(requests), bytes=1, input_tokens=1, output_tokens=1, low_usd=expected_usd,
        expected_usd=expected_usd, high_usd=expected_usd, sync_usd=expected_usd, completion_time="2-8 h", model=model,
        model_class="standard", model_mix={model: sum(requests)}, price_source="test", warnings=("mind this",),
    )  # fmt: skip
    rows = [
        RequestRow(f"risk-{shard}-{number:05d}", shard, f"p{number:05d}", "2026-10-30", "US", 10, "hash", 0.5, 60.0)
        for shard, count in enumerate(requests)
        for number in range(count)
    ]
    store.jobs.add_requests(job_id, rows)
    wish = AnalysisRequest(
        Kind.RISK, ("p00000",), model, priority=priority, parameters={"temperature": 0.2}, max_cost_usd=Decimal("1.50")
    )
    new = NewJob(
        job_id, wish, estimate, "risk/v1", "spec", nonce or job_id, created_by=created_by,
        simulated=identity is None or identity.simulated,
        created_at=created_at, identity=identity, question=question,
    )  # fmt: skip
    files = [ShardFile(f"/nowhere/{index}", "sha", count, 10, 20) for index, count in enumerate(requests)]
    store.jobs.add_draft(new, files, lambda index: f"name-{index}")
    return job_id


def let_go(store: Store, now: datetime = NOW) -> None:
    """The plan of somebody without limits: whatever waits may go."""
    store.queue.plan(
        lambda seen: [Decision(one.shard_id, place) for place, one in enumerate(seen.waiting, start=1)],
        now=now,
        look_again=timedelta(seconds=1),
    )


def approved(store: Store, requests: Sequence[int], **more: object) -> list[ShardClaim]:
    """An approved job, every shard of it claimed."""
    job_id = draft(store, requests, **more)  # type: ignore[arg-type]  # the same keywords
    store.jobs.approve(job_id, "spec", lambda *_: None, actor="ada", at=NOW)
    let_go(store)
    return sorted(
        (
            claim
            for claim in store.shards.claim_due(owner="w", now=NOW, lease_seconds=60, limit=99)
            if claim.shard_id.startswith(job_id)
        ),
        key=lambda claim: claim.shard_id,
    )
