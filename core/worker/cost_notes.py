"""What a person should know of how a cost came about: said once for each job, or question asked at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from core.domain.alert import AlertKind
from core.storage.store import Store


def tell_cost(store: Store, subject: str, sentences: Iterable[str], *, at: datetime) -> None:
    """Raise an alert about a job's, or a try's, cost, unless one was raised before.

    Args:
        sentences: What is odd; nothing is said where there is none.
    """
    text = " ".join(sentence for sentence in sentences if sentence)
    if text and all(alert.kind is not AlertKind.COST for alert in store.alerts.of(subject)):
        store.alerts.raise_(AlertKind.COST, subject, text, at=at)
