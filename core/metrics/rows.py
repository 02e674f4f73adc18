"""Facts and absent facts on their way to a sheet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from core.domain.facts import AbsentFact, Fact
from core.domain.units import Badge, Unit
from core.metrics.definitions import ALL_DEFINITIONS, family_of
from core.metrics.restatements import VERSIONS

Rows = tuple[list[Fact], list[AbsentFact]]
"""What is stated, and what is not and why."""


def state(
    rows: Rows,
    metric_id: str,
    value: float | str,
    period: str | None = None,
    badge: Badge = Badge.DERIVED,
    note: str = "",
    currency: str | None = None,
) -> None:
    """Add a fact, or, where the value is a sentence, an absent fact with that reason.

    Raises:
        KeyError: The id is not one of `core.metrics.definitions`.
    """
    if isinstance(value, str):
        rows[1].append(AbsentFact(metric_id, value))
        return
    unit, decimals, text, version = _words(family_of(metric_id) or metric_id, note)
    rows[0].append(Fact(metric_id, value, unit, currency, period, text, badge, decimals, version))


def state_family(
    rows: Rows, family: str, values: Iterable[tuple[str, float]], period: str | None, badge: Badge, note: str = ""
) -> None:
    """Add a fact for each key of a family."""
    unit, decimals, text, version = _words(family, note)
    rows[0].extend(
        Fact(family + key, value, unit, None, period, text, badge, decimals, version) for key, value in values
    )


def absent(metric_ids: Iterable[str], reason: str) -> Rows:
    """Every id, or family of ids, with one reason."""
    return [], [AbsentFact(f"{one}*" if one.endswith(".") else one, reason) for one in metric_ids]


def noted(rows: Rows, said: str, beginnings: tuple[str, ...] = ("",)) -> Rows:
    """The same with a sentence behind the definition of each fact whose id begins so; as they are for no sentence."""
    said = said.strip()
    if not said:
        return rows
    facts = [
        replace(fact, definition=f"{fact.definition} {said}") if fact.metric_id.startswith(beginnings) else fact
        for fact in rows[0]
    ]
    return facts, rows[1]


def joined(parts: Iterable[Rows]) -> Rows:
    """One after the other."""
    whole: Rows = ([], [])
    for facts, reasons in parts:
        whole[0].extend(facts)
        whole[1].extend(reasons)
    return whole


@lru_cache(maxsize=4096)
def _words(key: str, note: str) -> tuple[Unit, int, str, int]:
    definition = ALL_DEFINITIONS[key]
    text = f"{definition.text} {note}" if note else definition.text
    return definition.unit, definition.decimals, text, VERSIONS[key]
