"""Asking again what has no analysis: the price first, then a question, then a note of what was sent."""

from __future__ import annotations

from typing import Final, Literal

import streamlit as st

from core.app import App
from core.desk.corrections import ReaskPlan
from core.desk.retries import FEW, RetryPlan
from core.domain.actor import Actor
from core.domain.analysis import ResultStatus
from core.domain.job import JOB_ENDED
from core.domain.records import AskedAgain, Job
from core.errors import MosychlosError
from core.guard.access import Permission, may
from dashboard.run import queries as run_queries
from dashboard.shell import queries, session
from dashboard.widgets import states, text
from dashboard.widgets.pairs import pairs

EAGER: Final = 5_000
"""Requests of a run up to which a button shows its price; of a larger one its files are read only when asked for."""

_SAME = "The same model"
_CALLED = {
    ResultStatus.FAILED: "failed",
    ResultStatus.MISSING: "missing",
    ResultStatus.TRUNCATED: "cut-off",
    ResultStatus.INVALID: "invalid",
    ResultStatus.REFUSED: "refused",
}


def allowed(actor: Actor, job: Job) -> bool:
    """Whether this reader could ask anything of this run again now."""
    return job.row.state in JOB_ENDED and may(actor, Permission.JOB_SUBMIT)


def button(
    app: App, actor: Actor, job: Job, failed: int, *, key: str, only: tuple[ResultStatus, ...] = (), first: bool = False
) -> None:
    """The retry that fits, with its price; or why there is none, and another model instead.

    Args:
        failed: Requests that it is about.
        only: Endings to ask again; all when empty.
        first: It is the page's main button.
    """
    if not allowed(actor, job):
        return
    word = _CALLED[only[0]] if only else "failed" if job.row.counts.failed else "missing"
    if only == (ResultStatus.REFUSED,):
        if st.button("Ask another model …", icon=":material/alt_route:", key=key):
            ask(app, actor, job, only)
        return
    if job.row.counts.total > EAGER:
        if st.button(f"Retry the {word} {failed:,} …", icon=":material/replay:", key=key):
            ask(app, actor, job, only)
        return
    plan = run_queries.retry_plan(app, actor.subject, actor, job.row.job_id, version(job), only, None)
    if isinstance(plan, str):
        if st.button(
            "Ask another model …", icon=":material/alt_route:", key=key, help=text.escape(without_options(plan))
        ):
            ask(app, actor, job, only)
        return
    label = text.escape(f"Retry the {word} {plan.requests:,}: {text.usd(plan.expected_usd)}")
    left = " ".join(without_options(sentence) for sentence in plan.left_out)
    kind: Literal["primary", "secondary"] = "primary" if first else "secondary"
    if st.button(label, type=kind, icon=":material/replay:", key=key, help=text.escape(left) if left else None):
        ask(app, actor, job, only)


def second_asking(app: App, actor: Actor, job: Job, why: AskedAgain) -> ReaskPlan | None:
    """What asking once more with the errors named would cost; None where nobody may or nothing can be."""
    if not allowed(actor, job) or job.row.counts.total > EAGER:
        return None
    plan = run_queries.reask_plan(app, actor.subject, actor, job.row.job_id, version(job), why)
    return None if isinstance(plan, str) else plan


def reask_button(app: App, actor: Actor, job: Job, plan: ReaskPlan, why: AskedAgain, *, key: str) -> None:
    """Ask once more for answers that did not hold, naming what did not."""
    label = text.escape(f"Ask {plan.requests:,} with the errors named: {text.usd(plan.expected_usd)}")
    if st.button(label, icon=":material/rule:", key=key):
        ask_with_errors(app, actor, job, plan, why)


@st.dialog("Ask again?", icon=":material/replay:")
def ask(app: App, actor: Actor, job: Job, only: tuple[ResultStatus, ...]) -> None:
    """What would be asked again and what it costs; nothing is sent before somebody says yes."""
    job_id = job.row.job_id
    usable = [row.model.model_id for row in queries.models(app) if not row.shut_down]
    chosen = st.selectbox("Model", [_SAME, *usable], key="retry_model")
    model = None if chosen == _SAME else chosen
    plan = run_queries.retry_plan(app, actor.subject, actor, job_id, version(job), only, model)
    if isinstance(plan, str):
        st.warning(text.escape(without_options(plan)), icon=":material/block:")
        return
    _priced(plan)
    left = [without_options(sentence) for sentence in (*plan.left_out, *plan.warnings)]
    for sentence in (*left, *(one.sentence for one in plan.replaced)):
        st.caption(text.escape(sentence))
    if plan.requests <= FEW:
        st.caption(
            f"Answers at once, at the full price: {text.code(f'mosychlos portfolio batch retry {job_id} --sync')}",
            width="stretch",
        )
    _note_simulated(app)
    if _yes(f"Ask {plan.requests:,} again: {text.usd(plan.expected_usd)}", plan.over_budget):
        try:
            done = app.retries.retry(actor, job_id, only=only, model=model)
        except MosychlosError as error:
            st.error(text.escape(error), title="Nothing was sent", icon=":material/block:")
            return
        _sent(done)


@st.dialog("Ask with the errors named?", icon=":material/rule:")
def ask_with_errors(app: App, actor: Actor, job: Job, plan: ReaskPlan, why: AskedAgain) -> None:
    """Each answer is asked for once more, with the list of what did not hold in it; the better one stands."""
    st.markdown(
        "Each is asked once more, with the list of what did not hold. Both answers are kept, and the better one stands."
    )
    _priced(plan)
    for sentence in (*plan.left_out, *plan.warnings):
        st.caption(text.escape(without_options(sentence)))
    _note_simulated(app)
    if _yes(f"Ask {plan.requests:,} again: {text.usd(plan.expected_usd)}", plan.over_budget):
        try:
            done = app.reasks.reask(actor, job.row.job_id, only=(why,))
        except MosychlosError as error:
            st.error(text.escape(error), title="Nothing was sent", icon=":material/block:")
            return
        _sent(done)


def version(job: Job) -> str:
    """Changes whenever another answer comes in or a retry begins."""
    counts = job.row.counts
    return f"{job.row.state} {counts.succeeded} {counts.failed} {counts.missing} {job.row.actual_usd} {job.row.shards}"


def without_options(sentence: str) -> str:
    """A reason that names options of the command line, as it reads where there are fields instead."""
    sentence = sentence.partition(": mosychlos batch reread")[0]
    for option in (", or insist with --only refused", ", or insist with --anyway once the server has been repaired"):
        sentence = sentence.replace(option, "")
    return sentence.replace("another --model", "another model")


def _priced(plan: RetryPlan | ReaskPlan) -> None:
    kinds = plan.statuses if isinstance(plan, RetryPlan) else plan.why
    pairs(
        {
            "Requests": f"{plan.requests:,}: {', '.join(f'{n:,} {_word(status)}' for status, n in kinds.items())}",
            "Asked of": ", ".join(plan.models),
            "Expected cost": text.usd(plan.expected_usd),
            "Between": f"{text.usd(plan.low_usd)} and {text.usd(plan.high_usd)}",
        },
        alt="What would be asked again",
    )


def _word(status: str) -> str:
    return next((look.word for one, look in states.ITEM.items() if one.value == status), text.words(status).lower())


def _note_simulated(app: App) -> None:
    if app.simulated:
        st.caption("Simulated: it goes to the local stand-in and costs nothing.")


def _yes(label: str, over_budget: str) -> bool:
    if over_budget:
        st.error(text.escape(over_budget), title="Over budget", icon=":material/account_balance_wallet:")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Cancel", key="retry_no"):
            st.rerun()
        return st.button(text.escape(label), type="primary", key="retry_yes", disabled=bool(over_budget))


def _sent(plan: RetryPlan | ReaskPlan) -> None:
    session.flash(
        text.escape(f"{text.count(plan.requests, 'request')} asked again, for about {text.usd(plan.expected_usd)}."),
        ":material/replay:",
    )
    st.rerun()
