"""This process against others of the same user: its memory and environment hold keys."""

from __future__ import annotations

import sys

from core.intake.sandbox.linux import prctl

_PR_SET_DUMPABLE = 4


def hide_from_others() -> bool:
    """Keep memory and environment of this process from every other process of the same user; no core is dumped either.

    Returns:
        Whether that holds: on Linux only. Root reads everything all the same.
    """
    if sys.platform != "linux":
        return False
    try:
        prctl(_PR_SET_DUMPABLE, 0)
    except OSError:
        return False
    return True
