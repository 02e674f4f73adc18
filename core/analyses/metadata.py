"""What a batch carries at the provider, so that it can be found again and told apart."""

from __future__ import annotations

from core.domain.analysis import AnalysisRequest

MAX_KEYS, MAX_KEY, MAX_VALUE = 16, 64, 512
"""The provider's limits: pairs, characters of a key, characters of a value."""


def batch_metadata(
    *,
    job_key: str,
    attempt: int,
    spec_hash: str,
    request: AnalysisRequest,
    prompt_version: str,
    model_class: str,
    portfolios: int,
) -> dict[str, str]:
    """Metadata of one batch: all values are text, and it holds no name of a person or a portfolio.

    Args:
        job_key: Finds the batch again after a lost answer.
        attempt: Which create this was, from 1.
        spec_hash: Binds it to the exact input that was approved.
        portfolios: Requests in this batch.
    """
    pairs = {
        "app": "mosychlos",
        "type": "portfolio_analysis",
        "analysis": request.kind.value,
        "model": request.model,
        "model_class": model_class,
        "prompt_version": prompt_version,
        "variant": request.variant.value,
        "region_mode": request.region_mode,
        "endpoint": request.endpoint.value,
        "priority": request.priority.value,
        "portfolio_count": str(portfolios),
        "job_key": job_key,
        "attempt": str(attempt),
        "spec_hash": spec_hash,
    }
    return {key: value[:MAX_VALUE] for key, value in pairs.items()}
