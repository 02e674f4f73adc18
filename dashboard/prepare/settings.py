"""How a model is asked: its parameters, tools, the place in the queue, and limits of cost and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import streamlit as st

from core.analyses.engines import engine_for
from core.domain.analysis import Endpoint, Kind, Priority
from core.llm.models import EFFORTS, find
from dashboard.shell import session
from dashboard.widgets import text


@dataclass(frozen=True, slots=True)
class PrepareSettings:
    """What was set."""

    parameters: dict[str, Any]
    tools: tuple[str, ...]
    priority: Priority
    needed_by: datetime | None
    max_cost_usd: Decimal | None
    trim: bool


def settings(models: Sequence[str], kinds: Sequence[Kind], endpoint: Endpoint) -> PrepareSettings:
    """Draw the inputs, folded away: everything has a sensible default."""
    with st.expander("Model settings, tools and queue", icon=":material/tune:"):
        parameters = _parameters(models, endpoint)
        tools = _tools(kinds)
        left, middle, right = st.columns(3)
        with left:
            priority = st.segmented_control(
                "Place in the queue", list(Priority), default=Priority.NORMAL, required=True, format_func=text.words,
                key="prepare_priority",
            )  # fmt: skip
        with middle:
            needed = st.datetime_input(
                "Needed by", value=None, key="prepare_needed_by",
                help="The queue goes by it. The provider promises an answer within 24 hours and no sooner.",
            )  # fmt: skip
        with right:
            most = st.number_input(
                "Refuse above, USD", min_value=0.0, value=None, step=1.0, key="prepare_most", placeholder="no limit",
                help="Of everything that is submitted together.",
            )  # fmt: skip
        trim = st.toggle(
            "Fold the smallest holdings where a portfolio does not fit", key="prepare_trim",
            help="They become one line with their sum, and the request says so. Otherwise such a portfolio is refused.",
        )  # fmt: skip
        st.caption("What a model does not take is left out or changed, and said under Check.")
    zone = session.timezone()
    return PrepareSettings(
        parameters=parameters,
        tools=tools,
        priority=priority or Priority.NORMAL,
        needed_by=None if needed is None else needed.replace(tzinfo=needed.tzinfo or zone),
        max_cost_usd=None if most is None else Decimal(str(most)),
        trim=trim,
    )


def _parameters(models: Sequence[str], endpoint: Endpoint) -> dict[str, Any]:
    known = [find(model) for model in models]
    own = {model.default_effort for model in known if model.default_effort}
    longest = min((model.max_output for model in known if model.max_output), default=None)
    left, middle, right = st.columns(3)
    with left:
        effort = st.selectbox(
            "Reasoning effort", EFFORTS, index=None, key="prepare_effort",
            placeholder=f"model's own ({own.pop()})" if len(own) == 1 else "model's own",
            help="More effort, more tokens that are paid and not seen.",
        )  # fmt: skip
        top_p = st.number_input(
            "Top p", min_value=0.0, max_value=1.0, value=None, step=0.05, placeholder="model's own", key="prepare_top_p"
        )
    with middle:
        temperature = st.number_input(
            "Temperature", min_value=0.0, max_value=2.0, value=None, step=0.1, placeholder="model's own",
            key="prepare_temperature",
        )  # fmt: skip
        verbosity = st.selectbox(
            "Verbosity", ["low", "medium", "high"], index=None, placeholder="model's own", key="prepare_verbosity"
        )
    with right:
        cap = st.number_input(
            "Longest answer, tokens", min_value=1, max_value=longest, value=None, step=500, placeholder="by analysis",
            key="prepare_cap", help="Reasoning counts against it. A cut answer is paid and cannot be read.",
        )  # fmt: skip
        seed = None
        if endpoint is Endpoint.CHAT:
            seed = st.number_input("Seed", value=None, step=1, placeholder="none", key="prepare_seed")
    wishes: dict[str, Any] = {
        "reasoning_effort": effort,
        "temperature": temperature,
        "top_p": top_p,
        "verbosity": verbosity,
        "max_output_tokens": cap,
        "seed": seed,
    }
    return {name: value for name, value in wishes.items() if value is not None}


def _tools(kinds: Sequence[Kind]) -> tuple[str, ...]:
    offered = sorted({name for kind in kinds for name in engine_for(kind).tools})
    if not offered:
        return ()
    return tuple(
        st.multiselect(
            "Tools",
            offered,
            format_func=text.words,
            key="prepare_tools",
            placeholder="None",
            help="The model may call them before it answers. Each round of calls is a batch of its own and is paid.",
        )
    )
