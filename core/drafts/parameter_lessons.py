"""What a single question teaches about its model's parameters; batches teach when they are settled."""

from __future__ import annotations

from datetime import datetime

from core.domain.trial import Try
from core.llm.sent import blamed, sent_parameters
from core.storage.jobs.parameter_memory import WROTE
from core.storage.store import Store


def learn_from_try(store: Store, ended: Try, *, at: datetime) -> None:
    """Remember whether the parameters of a try were taken, or which one was refused and in which words.

    A try that was never sent, or broke off before the model wrote anything, teaches nothing.
    """
    if not ended.line:
        return
    sent = sent_parameters(ended.line.encode())
    words = ended.error.message if ended.error is not None else ""
    answered = ended.usage.output_tokens > 0 or ended.status in WROTE
    guilty = "" if answered else blamed(words, sent)
    if answered or guilty:
        store.parameters.record(
            ended.request.model,
            ended.request.endpoint,
            sent,
            accepted=int(answered),
            refused={guilty: 1} if guilty else {},
            words={guilty: words} if guilty else {},
            at=at,
            simulated=ended.simulated,
            provider_id=ended.provider_id,
        )
