"""The pages, their addresses, and the ways from one to another."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import streamlit as st
from streamlit.navigation.page import StreamlitPage

_PAGES = Path(__file__).resolve().parents[2] / "pages"

_TITLES = {
    "overview": ("Overview", ":material/space_dashboard:"),
    "portfolios": ("Portfolios", ":material/pie_chart:"),
    "data": ("Data", ":material/database:"),
    "prepare": ("Prepare", ":material/edit_note:"),
    "runs": ("Runs", ":material/table_rows:"),
    "run": ("Run", ":material/receipt_long:"),
    "explore": ("Explore", ":material/query_stats:"),
    "compare": ("Compare", ":material/compare_arrows:"),
    "brief": ("Brief", ":material/article:"),
}

PATHS = frozenset({"/", *(f"/{name}" for name in _TITLES if name != "overview")})
"""Addresses of pages, as deep links have them."""


def page(name: str) -> StreamlitPage:
    """A page by its name, for links and jumps."""
    title, icon = _TITLES[name]
    return st.Page(
        _PAGES / f"{name}.py",
        title=title,
        icon=icon,
        url_path=name,
        default=name == "overview",
        visibility="hidden" if name == "run" else "visible",
    )


def choose() -> StreamlitPage:
    """Draw the navigation and return the page that was asked for."""
    return st.navigation(
        {
            "": [page("overview")],
            "Analyse": [page("portfolios"), page("data"), page("prepare"), page("runs"), page("run")],
            "Decide": [page("explore"), page("compare"), page("brief")],
        },
        position="top",
    )


def open_run(job_id: str) -> NoReturn:
    """Go to a run."""
    st.switch_page(page("run"), query_params={"run": job_id})


def open_item(job_id: str, custom_id: str) -> NoReturn:
    """Go to one request of a run."""
    st.switch_page(page("run"), query_params={"run": job_id, "item": custom_id})


def open_portfolio(portfolio_id: str) -> NoReturn:
    """Go to a portfolio."""
    st.switch_page(page("portfolios"), query_params={"portfolio": portfolio_id})


def parameter(name: str) -> str:
    """A page's own query parameter, "" when it is not there."""
    return st.query_params.get(name, "")
