"""Whether a breach was traded into or drifted into."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from core.compliance.position import Book
from core.domain.compliance import BreachType, RuleStatus

_KEPT = frozenset({RuleStatus.PASS, RuleStatus.NEAR})


def breach_type(book: Book, holding_ids: Iterable[str], status_of: Callable[[Book], RuleStatus]) -> BreachType:
    """Active, passive or unknown.

    Active: some line behind the breach is new, or more of it is held than on the earlier day. Passive: none is, and the
    rule was kept on the earlier day, so that prices, flows or sales of other lines did it. Unknown: no earlier day, no
    quantities, or a breach that was there already.
    """
    earlier = book.earlier
    lines = list(holding_ids)
    if earlier is None or not lines:
        return BreachType.UNKNOWN
    now, before = _quantities(book), _quantities(earlier)
    instruments = {book.by_id[one].instrument for one in lines}
    if any(one not in before or _more(now[one], before[one]) for one in instruments):
        return BreachType.ACTIVE
    if any(now[one] is None or before[one] is None for one in instruments):
        return BreachType.UNKNOWN
    return BreachType.PASSIVE if status_of(earlier) in _KEPT else BreachType.UNKNOWN


def _more(now: Decimal | None, before: Decimal | None) -> bool:
    return now is not None and before is not None and now > before


def _quantities(book: Book) -> dict[str, Decimal | None]:
    """Units by instrument; None where a line of it has no quantity."""
    found: dict[str, Decimal | None] = {}
    for position in book.positions:
        so_far = found.get(position.instrument, Decimal(0))
        quantity = position.holding.quantity
        found[position.instrument] = None if so_far is None or quantity is None else so_far + quantity
    return found
