"""Days and moments as people type them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from core.errors import BadInput


def day(text: str | None, option: str) -> date | None:
    """A day: "2026-10-30".

    Raises:
        BadInput: It is none.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{option} is '{text}': give a day such as 2026-10-30.") from None


def moment(text: str | None, option: str) -> datetime | None:
    """A moment: "2026-11-25T09:00" or with an offset; a bare day means its end. UTC unless said otherwise.

    Raises:
        BadInput: It is none.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(
            f"{option} is '{text}': give a day such as 2026-11-25 or a moment such as 2026-11-25T09:00 (UTC)."
        ) from None
    if len(text) <= len("2026-11-25"):
        found = datetime.combine(found.date(), time(23, 59))
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
