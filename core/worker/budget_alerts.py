"""Budget thresholds that have been reached, said once each: 50 %, 80 % and 100 % of a month's limit by default."""

from __future__ import annotations

from datetime import datetime

from core.domain.alert import AlertKind
from core.domain.records import Spend
from core.guard.budgets import Budgets, Threshold
from core.storage.store import Store


def tell_budgets(store: Store, budgets: Budgets, *, now: datetime) -> int:
    """Raise an alert for every threshold of a monthly limit that is reached; returns how many are news.

    What is committed counts, spent or reserved: by the time it is spent it is too late to act.
    """
    if not budgets.any_set:
        return 0
    month = f"{now:%Y-%m}"
    nobody = Spend.nothing()
    found: list[tuple[str, Threshold]] = [
        ("", one) for one in budgets.reached(store.jobs.spend(month)) if one.scope == "month"
    ]
    for desk in store.jobs.desks(month):
        spent = store.jobs.spend(month, desk=desk)
        found += [(desk, one) for one in budgets.reached(nobody, None, spent) if one.scope == "desk"]
    for person in store.jobs.people(month):
        spent = store.jobs.spend(month, person)
        found += [(person, one) for one in budgets.reached(nobody, spent) if one.scope == "person"]
    news = 0
    for who, threshold in found:
        subject = " ".join(part for part in (threshold.scope, who, month, f"{threshold.percent} %") if part)
        text = f"{f'{who}: ' if who else ''}{threshold.sentence}"
        news += store.alerts.raise_(AlertKind.BUDGET, subject, text, at=now)
    return news
