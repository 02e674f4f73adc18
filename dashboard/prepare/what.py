"""Which analyses, by which models, asked in which way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from core.analyses.engine import Each
from core.analyses.engines import engine_for
from core.analyses.fact_selection import PERIODS
from core.app import App, ModelRow
from core.desk.sets import SetWish
from core.domain.analysis import AnalysisRequest, Endpoint, Kind, Variant
from core.metrics.scenarios import scenarios
from dashboard.prepare.link import KINDS, MODELS
from dashboard.prepare.settings import PrepareSettings, settings
from dashboard.shell import queries
from dashboard.widgets import listings, text

DEFAULT_MODEL = "gpt-5.4-mini"

ENDPOINTS = {Endpoint.CHAT: "Chat Completions", Endpoint.RESPONSES: "Responses"}
_REGION_MODES = {"own": "Portfolio's own", "forced": "One for all", "global": "Global"}
_PERIODS = {"ytd": "Year to date", "si": "Since the start"}


def what(app: App, portfolio_ids: tuple[str, ...]) -> tuple[SetWish, datetime | None]:
    """Choose analyses, models and how they are asked; returns the wish, and when its answers are needed."""
    with st.container(border=True):
        st.subheader("Analyses and models", anchor=False)
        kinds = _kinds(app)
        models = _models(app)
        chosen_scenarios, periods = _asked_about(kinds)
        versions = _versions(app, kinds)
        left, right = st.columns(2)
        with left:
            variant = st.segmented_control(
                "Temper", list(Variant), default=Variant.DEFAULT, required=True, format_func=text.words,
                key="prepare_variant", help="How the prompt asks the model to weigh risk against reward.",
            )  # fmt: skip
        with right:
            endpoint = st.segmented_control(
                "Endpoint", list(Endpoint), default=Endpoint.CHAT, required=True, format_func=ENDPOINTS.__getitem__,
                key="prepare_endpoint",
            )  # fmt: skip
        profile = _profile(app)
        regional, region = _regions(app)
        found: PrepareSettings = settings(models, kinds, endpoint or Endpoint.CHAT)
    base = AnalysisRequest(
        kind=kinds[0] if kinds else Kind.RISK,
        portfolio_ids=portfolio_ids,
        model=models[0] if models else "",
        endpoint=endpoint or Endpoint.CHAT,
        variant=variant or Variant.DEFAULT,
        regional=regional,
        region=region,
        priority=found.priority,
        parameters=found.parameters,
        max_cost_usd=found.max_cost_usd,
        scenarios=chosen_scenarios,
        periods=periods,
        profile=profile,
        tools=found.tools,
        trim=found.trim,
    )
    return SetWish(kinds, models, base, versions), found.needed_by


def _kinds(app: App) -> tuple[Kind, ...]:
    st.session_state.setdefault(KINDS, [Kind.RISK])
    chosen = st.pills(
        "Analyses", app.kinds(), selection_mode="multi", format_func=text.words, key=KINDS,
        help="Several make one job each, submitted together.",
    )  # fmt: skip
    # In the order in which they are listed, whatever the order of the clicks.
    return tuple(kind for kind in app.kinds() if kind in chosen)


def _models(app: App) -> tuple[str, ...]:
    rows = queries.models(app)
    usable = [row.model.model_id for row in rows if not row.shut_down]
    prices = {row.model.model_id: _price(row) for row in rows}
    st.session_state.setdefault(MODELS, [DEFAULT_MODEL])
    wished = [one for one in st.session_state[MODELS] if one not in usable]
    chosen = st.multiselect(
        "Models", [*usable, *wished], key=MODELS, accept_new_options=True, select_all=False,
        format_func=lambda one: f"{one} · {prices[one]}" if one in prices else one, placeholder="Choose a model",
        help="Prices are per million tokens, in and out, in a batch. Two models make a comparison. Another name may be "
        "typed: it is sent with conservative parameters, after a question.",
    )  # fmt: skip
    gone = [row.model for row in rows if row.shut_down]
    if gone:
        with st.popover(f"{len(gone)} models are shut down", icon=":material/block:", type="tertiary"):
            listings.table(
                {
                    "Model": [one.model_id for one in gone],
                    "Since": [text.day(one.shutdown) if one.shutdown else "" for one in gone],
                    "Use instead": [one.replacement or text.NONE for one in gone],
                },
                alt="Models that were shut down, and their replacements",
            )
    return tuple(chosen)


def _price(row: ModelRow) -> str:
    return "price unknown" if row.batch is None else f"${row.batch.input:,.2f} / ${row.batch.output:,.2f}"


def _asked_about(kinds: Sequence[Kind]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Scenarios and periods, where a chosen analysis looks at some."""
    each = {engine_for(kind).each for kind in kinds}
    asked: tuple[str, ...] = ()
    periods: tuple[str, ...] = ()
    if Each.SCENARIO in each:
        names = {one.scenario_id: one.name for one in scenarios()}
        asked = tuple(
            st.multiselect(
                "Market scenarios",
                list(names),
                format_func=names.__getitem__,
                key="prepare_scenarios",
                placeholder="None: risk as it is",
                help="The risk analysis makes one request for each of them.",
            )
        )
    if Each.PERIOD in each:
        periods = tuple(
            st.pills(
                "Periods",
                PERIODS,
                selection_mode="multi",
                format_func=lambda one: _PERIODS.get(one, one),
                key="prepare_periods",
                help="One request for each of them; none means all in one request.",
            )
        )
    return asked, periods


def _versions(app: App, kinds: Sequence[Kind]) -> tuple[str, ...]:
    """Prompt versions to ask with, where there are several of the one analysis."""
    if len(kinds) != 1:
        return ()
    there = [f"v{file.text('version').removeprefix('v')}" for file in app.library.versions(kinds[0].value)]
    if len(there) < 2:
        return ()
    return tuple(
        st.pills(
            "Prompt versions",
            there,
            selection_mode="multi",
            key=f"prepare_versions_{kinds[0]}",
            help="None: the newest released one. Two make a comparison.",
            format_func=text.escape,
        )
    )


def _profile(app: App) -> str | None:
    files = app.library.profiles()
    names = {file.text("profile"): text.words(file.text("profile")) for file in files}
    return st.selectbox(
        "Investor", list(names), index=None, format_func=names.__getitem__, key="prepare_profile",
        placeholder="No profile: the portfolio speaks for itself",
    )  # fmt: skip


def _regions(app: App) -> tuple[bool, str | None]:
    mode = st.segmented_control(
        "Regional rules", list(_REGION_MODES), default="own", required=True, format_func=_REGION_MODES.__getitem__,
        key="prepare_region_mode", help="Rules and language that a prompt adds for the portfolio's home market.",
    )  # fmt: skip
    if mode != "forced":
        return mode == "own", None
    files = app.library.regions()
    names = {file.text("code"): file.text("name") for file in files}
    region = st.selectbox("Rules of", list(names), format_func=names.__getitem__, key="prepare_region", width=260)
    return False, region
