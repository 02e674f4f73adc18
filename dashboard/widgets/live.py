"""Parts of a page that follow a running job by themselves, and stop when it has ended."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

EVERY_SECONDS = 2.0


def follow(draw: Callable[[], bool], *, active: bool) -> None:
    """Draw a part, and again every two seconds while something is active.

    Args:
        draw: Draws it and says whether it is still active. When it no longer is, the whole page is drawn anew, so
            that results appear beside it.
        active: Whether it is now; without it no timer runs.
    """

    @st.fragment(run_every=EVERY_SECONDS if active else None)
    def part() -> None:
        still = draw()
        if active and not still:
            st.rerun()

    part()
