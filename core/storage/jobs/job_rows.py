"""Jobs as they are read from their rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson

from core.domain.analysis import AnalysisRequest, Endpoint, Kind, Priority, Variant
from core.domain.cost import Estimate
from core.domain.job import JobState
from core.domain.records import ItemCounts, JobRow
from core.storage.jobs.answered import identity_of
from core.storage.money import from_nano


def to_row(row: Any, answered: int) -> JobRow:
    """A row of the job table as a value.

    Args:
        answered: Requests that the provider says it has finished in batches that are not settled yet. Of settled ones
            the endings are counted: what is asked again has none, although the provider finished it once.
    """
    counts = ItemCounts(row.total, row.succeeded, row.failed, row.missing)
    return JobRow(
        job_id=row.job_id,
        kind=Kind(row.kind),
        model=row.model,
        model_class=row.model_class,
        endpoint=row.endpoint,
        variant=row.variant,
        region_mode=row.region_mode,
        prompt_version=row.prompt_version,
        priority=Priority(row.priority),
        state=JobState(row.state),
        created_at=row.created_at,
        created_by=row.created_by,
        approved_at=row.approved_at,
        ended_at=row.ended_at,
        counts=counts,
        provider_done=min(counts.total, counts.total - counts.pending + answered),
        shards=row.shards,
        expected_usd=from_nano(row.expected_nano),
        actual_usd=from_nano(row.actual_nano),
        message=row.message,
        simulated=row.simulated,
        needed_by=row.needed_by,
        desk=row.desk,
        set_id=row.set_id,
        fallback=row.fallback,
        provider_id=row.provider_id,
        provider=identity_of(row),
    )


def to_request(text: str) -> AnalysisRequest:
    """A wish as it was stored."""
    fields = orjson.loads(text)
    fields["kind"] = Kind(fields["kind"])
    fields["endpoint"] = Endpoint(fields["endpoint"])
    fields["variant"] = Variant(fields["variant"])
    fields["priority"] = Priority(fields["priority"])
    for name in ("portfolio_ids", "scenarios", "periods", "tools"):
        fields[name] = tuple(fields.get(name, ()))
    if fields["max_cost_usd"] is not None:
        fields["max_cost_usd"] = Decimal(fields["max_cost_usd"])
    return AnalysisRequest(**fields)


def to_estimate(text: str) -> Estimate:
    """The estimate that a job was approved with."""
    fields = orjson.loads(text)
    for name in ("low_usd", "expected_usd", "high_usd", "sync_usd", "uplift_usd"):
        value = fields.get(name)
        fields[name] = None if value is None else Decimal(value)
    fields["warnings"] = tuple(fields["warnings"])
    return Estimate(**fields)
