"""What the provider's record of a batch says about the job it belongs to."""

from __future__ import annotations

from typing import Final

from core.domain.analysis import AnalysisRequest
from core.domain.batch import OWN_MARK
from core.errors import BadInput

MAX_VALUE_CHARACTERS: Final = 512
"""The provider takes 16 keys of 64 characters, with values of this length."""


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
    """The metadata of one batch: enough to find it again after a lost answer, and to know it at the provider's page.

    Args:
        job_key: Finds the shard's batches; unique to shard and specification.
        attempt: Counts the creates of this shard, from 1.
        spec_hash: What was approved.
        portfolios: Requests in the batch.

    Raises:
        BadInput: A value is longer than the provider takes.
    """
    values = {
        "app": OWN_MARK,
        "type": "portfolio_analysis",
        "analysis": request.kind.value,
        "model": request.model,
        "model_class": model_class,
        "prompt_version": prompt_version,
        "variant": request.variant.value,
        "region_mode": request.region_mode,
        "portfolio_count": str(portfolios),
        "job_key": job_key,
        "attempt": str(attempt),
        "spec_hash": spec_hash,
    }
    for key, value in values.items():
        if len(value) > MAX_VALUE_CHARACTERS:
            raise BadInput(
                f"The batch's {key} has {len(value):,} characters and the provider takes {MAX_VALUE_CHARACTERS}: "
                f"'{value[:40]}...'. Use a shorter one."
            )
    return values
