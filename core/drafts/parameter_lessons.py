"""What single questions and refused calls teach about parameters; batches teach when they are settled."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from core.domain.provider import ProviderIdentity
from core.domain.trial import Try
from core.errors import StorageTrouble
from core.llm.optional_parameters import left_away
from core.llm.sent import blamed, sent_parameters
from core.storage.jobs.parameter_memory import WROTE
from core.storage.store import Store

logger = logging.getLogger(__name__)


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


class StoredRefusals:
    """Which optional parameters one provider refuses, kept with all that is known of its parameters."""

    def __init__(self, store: Store, identity: ProviderIdentity, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._identity = identity
        self._clock = clock

    def refused(self, model: str, endpoint: str) -> frozenset[str]:
        """Those that are not to be sent now."""
        today = self._clock().date()
        rows = self._store.parameters.of(model, provider_id=self._identity.fingerprint)
        return frozenset(row.parameter for row in rows if row.endpoint == endpoint and left_away(row, today))

    def refuse(self, model: str, endpoint: str, parameter: str, value: str, words: str) -> None:
        """Remember a refusal in the server's words."""
        try:
            self._store.parameters.refuse(
                model,
                endpoint,
                parameter,
                value,
                words,
                at=self._clock(),
                simulated=self._identity.simulated,
                provider_id=self._identity.fingerprint,
            )
        except StorageTrouble as error:
            # Then it is refused once more, for nothing.
            logger.warning("that '%s' is refused could not be stored: %s", parameter, error)
