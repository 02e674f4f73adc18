"""Who answered, as columns; and whether that is who was meant to."""

from __future__ import annotations

from typing import Any

import orjson

from core.domain.provider import AnsweredBy, ProviderIdentity, meant_simulated


def answered_row(answered: AnsweredBy) -> dict[str, str | bool]:
    """Who answered, as columns in the order that every table of endings has them in."""
    return {
        "answered_provider": answered.provider,
        "answered_model": answered.model,
        "answered_tier": answered.tier,
        "answered_endpoint": answered.endpoint,
        "answered_simulated": answered.simulated,
    }


def answered_of(row: Any) -> AnsweredBy:
    """Who answered, from the columns of a row; of a request that has no ending, nobody."""
    return AnsweredBy(
        provider=row.answered_provider or "",
        model=row.answered_model or "",
        tier=row.answered_tier or "",
        endpoint=row.answered_endpoint or "",
        simulated=bool(row.answered_simulated),
    )


def identity_of(job: Any) -> ProviderIdentity | None:
    """Whom a job was approved for, from column `provider` of its row; None where that was not kept."""
    return ProviderIdentity(**orjson.loads(job.provider)) if job.provider else None


def stood_in(job: Any) -> bool:
    """Whether a stand-in answered a job that was meant for a provider: its answers teach nothing of that provider.

    Args:
        job: Columns `simulated`, `provider_id` and `provider` of its row.
    """
    return bool(job.simulated) and not meant_simulated(identity_of(job), job.provider_id)
