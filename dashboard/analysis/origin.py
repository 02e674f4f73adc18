"""Where an answer is from: how it was asked, the tools that were called, the pages it cites, and the raw lines."""

from __future__ import annotations

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.domain.analysis import ResultStatus, UsageFrom
from core.domain.provider import NOBODY, same_model
from core.domain.records import AskedAgain, Item, Job
from dashboard.widgets import listings, show, states, text
from dashboard.widgets.pairs import pairs

_LONGEST = 2000


def draw(app: App, actor: Actor, job: Job, item: Item) -> None:
    """Everything behind an answer, each part one click away."""
    _asked(app, actor, job, item)
    _second(item)
    _tools(app, actor, job.row.job_id, item.custom_id)
    _raw(app, actor, job.row.job_id, item.custom_id)


def _asked(app: App, actor: Actor, job: Job, item: Item) -> None:
    part = st.expander("How it was asked", icon=":material/tune:", key="item_asked", on_change="rerun")
    if not part.open:
        return
    row, request = job.row, job.request
    asked = app.results.asked(actor, row.job_id, item.custom_id)
    sheet = app.jobs.facts(actor, row.job_id, item.custom_id)
    evidence = sheet.evidence if sheet else None
    with part:
        pairs(
            {
                "Model": f"{row.model} ({row.model_class})",
                "Prompt": row.prompt_version,
                "Prompt hash": asked.prompt_hash,
                "Overlay": item.region,
                "Variant": row.variant,
                "Profile": request.profile or "none",
                "Scenario": ", ".join(evidence.scenarios) if evidence and evidence.scenarios else "none",
                "Period": (evidence.period if evidence else "") or "all",
                "Portfolio as of": asked.as_of,
                "Request": item.custom_id,
                "Tokens": _tokens(item),
                "Cost": text.usd(item.cost_usd),
                "Answer taken from": item.reused_from or "the model",
                **answered_by(item),
            },
            alt="How this answer was asked for",
        )
        if not same_model(asked.model, item.answered.model):
            st.warning(
                text.escape(f"{asked.model} was asked, and {item.answered.model} answered."),
                icon=":material/swap_horiz:",
            )


def answered_by(item: Item) -> dict[str, str]:
    """Who gave the answer, as it says itself; "not said" where it does not."""
    who = item.answered
    if who == NOBODY:
        return {"Answered by": text.NONE}
    return {
        "Answered by": who.model or "not said",
        "Service tier": who.tier or "not said",
        "Endpoint of the answer": who.endpoint or "not said",
        "Provider": who.provider or "not written down",
    }


def _tokens(item: Item) -> str:
    if item.usage_from is UsageFrom.UNKNOWN:
        return "not known: neither the answer nor its batch says"
    usage = item.usage
    share = " (its share of what the provider counts for the batch)" if item.usage_from is UsageFrom.BATCH else ""
    return (
        f"{usage.input_tokens:,} in ({usage.cached_tokens:,} cached), {usage.output_tokens:,} out "
        f"({usage.reasoning_tokens:,} for reasoning){share}"
    )


_WHY = {
    AskedAgain.INVALID: "because the first answer did not match its schema",
    AskedAgain.FLAGGED: "because of what did not hold in the first answer",
}


def _second(item: Item) -> None:
    """The second asking, where there was one: why, which of the two answers is shown above, and the other one."""
    again = item.again
    if again is None:
        return
    with st.expander("Asked once more", icon=":material/replay:", key="item_again"):
        standing = (
            "The second answer holds better and is the one above."
            if again.stands
            else (
                "The second answer is on its way."
                if again.ended is ResultStatus.PENDING
                else "The first answer stands."
            )
        )
        st.markdown(f"Asked again by {text.escape(again.actor)} {_WHY[again.why]}. {standing}")
        other = "First answer" if again.stands else "Second answer"
        checked, error = again.verification, again.error
        shown = {
            other: states.ITEM[again.status].word,
            "Its headline": again.headline or text.NONE,
            "Its numbers": listings.checks(checked) or text.NONE,
            "Price of the second asking": text.usd(again.cost_usd),
        }
        if error is not None:
            shown["Why there is none"] = error.message
        pairs(shown, alt="The answer that does not stand")


def _tools(app: App, actor: Actor, job_id: str, custom_id: str) -> None:
    calls = app.tools.tool_calls(actor, job_id, custom_id)
    cited = app.tools.citations(actor, job_id, custom_id)
    if calls:
        label = text.count(len(calls), "call of a tool", "calls of tools")
        with st.expander(label, icon=":material/construction:", key="item_tools"):
            for use in calls:
                said = f"{use.number}. {use.call.name} · round {use.round} · {use.took_ms:,} ms · {use.source}"
                st.markdown(f"**{text.escape(said)}**")
                show.code(text.short(use.call.arguments, _LONGEST))
                show.code(text.short(use.error or use.result, _LONGEST))
    if cited:
        label = text.count(len(cited), "web page cited", "web pages cited")
        with st.expander(label, icon=":material/link:", key="item_citations"):
            # Addresses are shown and never links: a model chose them.
            listings.table(
                {"Title": [one.title for one in cited], "Address": [one.url for one in cited]},
                alt="Web pages that the answer cites",
            )


def _raw(app: App, actor: Actor, job_id: str, custom_id: str) -> None:
    asked = st.expander("Raw request", icon=":material/upload:", key="item_request", on_change="rerun")
    if asked.open:
        with asked:
            request = app.jobs.raw_request(actor, job_id, custom_id)
            if request is None:
                st.caption("The input file is no longer there.")
            else:
                show.document(request)
    answered = st.expander("Raw answer", icon=":material/download:", key="item_answer", on_change="rerun")
    if answered.open:
        with answered:
            answer = app.jobs.raw_answer(actor, job_id, custom_id)
            if answer is None:
                st.caption("No line of the provider is stored for this request.")
            else:
                show.document(answer)
