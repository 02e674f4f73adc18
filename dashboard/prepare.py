"""Parts of the Prepare page: who, what, the price, the first request, and the last question before money moves."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import streamlit as st

from core.app import App, ModelRow
from core.domain.actor import Actor
from core.domain.analysis import AnalysisRequest, Endpoint, Kind, Priority, Variant
from core.errors import MosychlosError
from core.jobs.service import Preview
from core.llm.models import find
from dashboard import listings, navigation, queries, session, show, text

DEFAULT_MODEL = "gpt-5.4-mini"
_WHICH = ("All", "One region", "Chosen")
_CHOICES = 500
"""Portfolios that the chooser offers at once; beyond that a search narrows them down."""
_ENDPOINTS = {Endpoint.CHAT: "Chat Completions", Endpoint.RESPONSES: "Responses"}
_REGION_MODES = {"own": "Portfolio's own", "forced": "One for all", "global": "Global"}


def nothing_to_send() -> None:
    """The page while there is no portfolio."""
    with show.empty("No portfolio yet", "An analysis needs at least one. Import a file, or load the samples."):
        if st.button("Go to Portfolios", type="primary", icon=":material/pie_chart:"):
            st.switch_page(navigation.page("portfolios"))


def who(app: App, actor: Actor) -> tuple[str, ...]:
    """Choose portfolios; returns their ids."""
    linked = navigation.parameter("portfolio")
    total = app.portfolios.count(actor)
    with st.container(border=True):
        st.subheader("Portfolios", anchor=False)
        if linked:
            st.session_state.setdefault("prepare_which", "Chosen")
            st.session_state.setdefault("prepare_chosen", [linked])
        which = st.segmented_control(
            "Which", _WHICH, default=None if linked else "All", required=True, key="prepare_which"
        )
        if which == "One region":
            chosen = _of_region(app, actor, total)
        elif which == "Chosen":
            chosen = _by_hand(app, actor, total)
        else:
            chosen = queries.portfolio_ids(app, actor.subject, actor, None, total)
        st.caption(f"{text.count(len(chosen), 'portfolio')} of {total:,}, one request each")
    return chosen


def _of_region(app: App, actor: Actor, total: int) -> tuple[str, ...]:
    regions = app.portfolios.count_by_region(actor)
    region = st.pills(
        "Region", list(regions), default=next(iter(regions)), required=True, key="prepare_of_region",
        format_func=lambda code: f"{code} ({regions[code]:,})",
    )  # fmt: skip
    return queries.portfolio_ids(app, actor.subject, actor, region, total)


def _by_hand(app: App, actor: Actor, total: int) -> tuple[str, ...]:
    search = ""
    if total > _CHOICES:
        search = st.text_input(
            "Search", type="search", key="prepare_search", placeholder="Name or account",
            help=f"The list below offers the first {_CHOICES} that match.",
        ) or ""  # fmt: skip
    rows = app.portfolios.page(actor, search=search, limit=_CHOICES)
    names = {row.portfolio_id: f"{row.name} · {row.region}" for row in rows}
    kept = st.session_state.get("prepare_chosen", [])
    options = [*names, *(one for one in kept if one not in names)]
    chosen = st.multiselect(
        "Portfolios",
        options,
        key="prepare_chosen",
        format_func=lambda one: names.get(one, one),
        placeholder="Choose portfolios",
    )
    return tuple(chosen)


def what(app: App, portfolio_ids: tuple[str, ...]) -> AnalysisRequest:
    """Choose the analysis, the model and how it is asked."""
    with st.container(border=True):
        st.subheader("Analysis and model", anchor=False)
        left, right = st.columns(2)
        with left:
            kind = st.selectbox("Analysis", app.kinds(), format_func=text.words, key="prepare_kind")
        with right:
            model = _model(app)
        left, right = st.columns(2)
        with left:
            variant = st.segmented_control(
                "Temper", list(Variant), default=Variant.DEFAULT, required=True, format_func=text.words,
                key="prepare_variant", help="How the prompt asks the model to weigh risk against reward.",
            )  # fmt: skip
        with right:
            endpoint = st.segmented_control(
                "Endpoint", list(Endpoint), default=Endpoint.CHAT, required=True, format_func=_ENDPOINTS.__getitem__,
                key="prepare_endpoint",
            )  # fmt: skip
        regional, region = _regions(app)
        parameters, priority = _settings(model)
    return AnalysisRequest(
        kind=kind or Kind.RISK,
        portfolio_ids=portfolio_ids,
        model=model,
        endpoint=endpoint or Endpoint.CHAT,
        variant=variant or Variant.DEFAULT,
        regional=regional,
        region=region,
        priority=priority,
        parameters=parameters,
    )


def _model(app: App) -> str:
    rows = queries.models(app)
    usable = [row.model.model_id for row in rows if not row.shut_down]
    prices = {row.model.model_id: _price(row) for row in rows}
    chosen = st.selectbox(
        "Model",
        usable,
        index=usable.index(DEFAULT_MODEL) if DEFAULT_MODEL in usable else 0,
        format_func=lambda one: f"{one} · {prices[one]}" if one in prices else one,
        key="prepare_model",
        accept_new_options=True,
        help="Prices are per million tokens, in and out, in a batch. Another name may be typed: it is sent with "
        "conservative parameters, after a question.",
    )
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
    return chosen or DEFAULT_MODEL


def _price(row: ModelRow) -> str:
    return "price unknown" if row.batch is None else f"${row.batch.input:,.2f} / ${row.batch.output:,.2f}"


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


def _settings(model_id: str) -> tuple[dict[str, Any], Priority]:
    model = find(model_id)
    with st.expander("Model settings", icon=":material/tune:"):
        left, middle, right = st.columns(3)
        with left:
            effort = st.selectbox(
                "Reasoning effort", ["none", "minimal", "low", "medium", "high", "xhigh", "max"], index=None,
                placeholder=f"model's own ({model.default_effort})" if model.default_effort else "model's own",
                key="prepare_effort",
            )  # fmt: skip
        with middle:
            temperature = st.number_input(
                "Temperature", min_value=0.0, max_value=2.0, value=None, step=0.1, placeholder="model's own",
                key="prepare_temperature",
            )  # fmt: skip
        with right:
            cap = st.number_input(
                "Longest answer, tokens", min_value=1, max_value=model.max_output, value=None, step=500,
                placeholder="model's own", key="prepare_cap",
            )  # fmt: skip
        priority = st.segmented_control(
            "Place in the queue", list(Priority), default=Priority.NORMAL, required=True, format_func=text.words,
            key="prepare_priority",
        )  # fmt: skip
        st.caption("What a model does not take is left out or changed, and said under Check.")
    wishes: dict[str, Any] = {"reasoning_effort": effort, "temperature": temperature, "max_output_tokens": cap}
    given = {name: value for name, value in wishes.items() if value is not None}
    return given, priority or Priority.NORMAL


def price(app: App, actor: Actor, request: AnalysisRequest) -> Preview | None:
    """What it costs and what stands against it, with the button that asks once more."""
    with st.container(border=True):
        st.subheader("Check", anchor=False)
        if not request.portfolio_ids:
            st.caption("Choose at least one portfolio to see the price.")
            return None
        try:
            with st.spinner("Counting every request …"):
                found = queries.preview(
                    app, actor.subject, actor, repr(request), str(app.portfolios.count(actor)), request
                )
        except MosychlosError as error:
            st.error(text.escape(error), title="This cannot be sent", icon=":material/block:")
            return None
        _estimate(found)
        _warnings(found)
        force = _blockers(found)
        stopped = bool(found.over_budget) or (bool(found.blockers or not find(request.model).known) and not force)
        if st.button(
            "Review and submit",
            type="primary",
            icon=":material/send:",
            width="stretch",
            disabled=stopped,
            key="prepare_review",
        ):
            confirm(app, actor, request, found, force, secrets.token_hex(16))
    return found


def _estimate(found: Preview) -> None:
    one = found.estimate
    if one.expected_usd is None:
        st.metric("Expected cost", "unknown")
    else:
        saving = one.savings_usd
        st.metric(
            "Expected cost",
            text.escape(text.usd(one.expected_usd)),
            delta=text.escape(f"{text.usd(saving)} less than one by one") if saving is not None else None,
            delta_color="green" if saving is not None and saving > 0 else "off",
            delta_arrow="down" if saving is not None and saving > 0 else "off",
        )
        st.caption(text.escape(f"between {text.usd(one.low_usd)} and {text.usd(one.high_usd)}, by length of answers"))
    shown = {
        "Requests": f"{one.requests:,}",
        "Tokens in, counted": f"{one.input_tokens:,}",
        "Tokens out, expected": f"{one.output_tokens:,}",
        "Back within": one.completion_time,
        "Provider batches": f"{one.shards:,}, {text.size(one.bytes)}",
        "Models": ", ".join(f"{name}: {number:,}" for name, number in one.model_mix.items()),
        "Regional rules": ", ".join(f"{name}: {number:,}" for name, number in sorted(found.regions.items())),
        "Prompt": found.prompt_version,
        "Prices from": one.price_source,
    }
    pairs(shown, alt="The estimate in figures")


def pairs(shown: Mapping[str, str], *, alt: str) -> None:
    """A short list of names and values."""
    st.table(
        {text.escape(name): text.escape(value) for name, value in shown.items()},
        border="horizontal",
        hide_header=True,
        alt=alt,
    )


def _warnings(found: Preview) -> None:
    if found.over_budget:
        st.error(text.escape(found.over_budget), title="Over budget", icon=":material/account_balance_wallet:")
    sentences = found.estimate.warnings
    if len(sentences) == 1:
        st.warning(text.escape(sentences[0]), icon=":material/warning:")
    elif sentences:
        st.warning(
            "\n".join(f"- {text.escape(sentence)}" for sentence in sentences),
            title=text.count(len(sentences), "warning"),
            icon=":material/warning:",
        )


def _blockers(found: Preview) -> bool:
    unknown = not find(found.estimate.model).known
    sentences = [*found.blockers]
    if unknown:
        sentences.append(f"The model '{found.estimate.model}' is not known here; check its spelling.")
    if not sentences:
        return False
    for sentence in sentences:
        st.error(text.escape(sentence), icon=":material/block:")
    return st.checkbox("Send it all the same", key="prepare_force")


@st.dialog("Send this to the provider?", icon=":material/send:")
def confirm(app: App, actor: Actor, request: AnalysisRequest, found: Preview, force: bool, nonce: str) -> None:
    """The last question before money moves. One opening of the dialog submits at most once."""
    one = found.estimate
    pairs(
        {
            "Requests": f"{one.requests:,}, one a portfolio",
            "Analysis": f"{text.words(request.kind)} ({found.prompt_version}, {request.variant})",
            "Model": f"{request.model}, {_ENDPOINTS[request.endpoint]}",
            "Expected cost": text.usd(one.expected_usd),
            "Between": f"{text.usd(one.low_usd)} and {text.usd(one.high_usd)}",
            "Back within": one.completion_time,
        },
        alt="What will be sent",
    )
    if app.simulated:
        st.caption("Simulated: it goes to the local stand-in and costs nothing.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Cancel", key="prepare_cancel"):
            st.rerun()
        if st.button(f"Submit {text.count(one.requests, 'request')}", type="primary", key="prepare_submit"):
            _submit(app, actor, request, nonce, force=force)


def _submit(app: App, actor: Actor, request: AnalysisRequest, nonce: str, *, force: bool) -> None:
    done: dict[str, str] = st.session_state.setdefault("submitted", {})
    if nonce not in done:
        try:
            done[nonce] = app.jobs.submit(actor, request, nonce=nonce, force=force).row.job_id
        except MosychlosError as error:
            st.error(text.escape(error), title="Nothing was sent", icon=":material/block:")
            return
    session.flash(f"{text.count(len(request.portfolio_ids), 'request')} submitted.")
    navigation.open_run(done[nonce])


def first_request(found: Preview | None) -> None:
    """The first line of the batch exactly as it will be sent."""
    if found is None or not found.first_line:
        return
    line = json.loads(found.first_line)
    with st.container(border=True):
        st.subheader("First request, exactly as it will be sent", anchor=False)
        st.caption(text.escape(f"{line.get('method', '')} {line.get('url', '')} · {line.get('custom_id', '')}"))
        readable, raw = st.tabs(("Readable", "JSON"), key="prepare_request_tab", on_change="rerun")
        if readable.open:
            with readable:
                for role, words in spoken(line.get("body", {})):
                    with st.expander(text.words(role), expanded=role == "user"):
                        st.code(words, language=None, wrap_lines=True, height=380)
        if raw.open:
            with raw:
                st.json(line, expanded=2)


def spoken(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(role, text) of what a request says to the model, for either endpoint."""
    if body.get("instructions"):
        yield "system", str(body["instructions"])
    turns: str | Sequence[Mapping[str, Any]] = body.get("messages") or body.get("input") or []
    if isinstance(turns, str):
        yield "user", turns
        return
    for turn in turns:
        content = turn.get("content", "")
        if not isinstance(content, str):
            content = "\n\n".join(str(part.get("text", "")) for part in content)
        yield str(turn.get("role", "")), content
