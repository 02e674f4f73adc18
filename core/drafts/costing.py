"""Estimates that learn: by what earlier batches came to where there were enough, else by assumption."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from core.domain.analysis import AnalysisRequest
from core.domain.cost import Estimate
from core.llm.calibration import calibrate
from core.llm.estimate import OutputSpread, TokenCounts, assumption, estimate
from core.llm.models import Model
from core.storage.store import Store


def priced(
    store: Store,
    request: AnalysisRequest,
    provider_id: str,
    model: Model,
    effort: str | None,
    counts: TokenCounts,
    assumed: OutputSpread,
    *,
    at: datetime,
    shards: int,
    size_bytes: int,
    cap: int | None = None,
    notes: Iterable[str] = (),
) -> Estimate:
    """What requests of one model will probably cost.

    Args:
        request: Says which analysis, and of which endpoint.
        provider_id: Whom it goes to: how long answers of another one's model of the same name are teaches nothing.
        effort: Reasoning effort that is sent: history is kept apart by it.
        assumed: Output tokens of one answer for as long as there is no history.
        cap: Most output tokens of one answer; nothing is expected to exceed it.
    """
    past = store.history.batches(
        request.kind.value,
        model.model_id,
        effort or "",
        provider_id=provider_id,
        endpoint=request.endpoint.value,
    )
    known = calibrate(past, counts.requests)
    if known is None:
        found = estimate(
            counts, assumed, model, at=at, shards=shards, size_bytes=size_bytes, effort=effort, notes=notes
        )
        return replace(found, assumption=assumption(assumed))
    spread = known.spread
    if cap is not None:
        spread = OutputSpread(min(spread.low, cap), min(spread.expected, cap), min(spread.high, cap))
    found = estimate(
        counts,
        spread,
        model,
        at=at,
        shards=shards,
        size_bytes=size_bytes,
        effort=effort,
        notes=notes,
        input_factor=known.input_factor,
        input_range=known.input_range,
        cached_share=known.cached_share,
        cached_range=known.cached_range,
    )
    batches = f"{known.batches} earlier batch{'es' if known.batches != 1 else ''}"
    return replace(found, basis=f"{known.answers:,} answers of {batches}")
