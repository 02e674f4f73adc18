"""Run: one job, failures first, then progress, results and everything behind them."""

import streamlit as st

from dashboard.run import (
    progress as run_progress,
)
from dashboard.run import (
    results as run_results,
)
from dashboard.run import (
    tabs as run_tabs,
)
from dashboard.run import (
    trouble as run_trouble,
)
from dashboard.run import (
    view as run_view,
)
from dashboard.shell import navigation, session

app, actor = session.current()
job_id = navigation.parameter("run")

if not job_id:
    run_view.none_chosen()
else:
    job = app.jobs.get(actor, job_id)
    run_view.header(app, actor, job)
    run_trouble.trouble(app, actor, job)
    run_trouble.alerts(app, actor, job)
    run_progress.progress(app, actor, job)
    run_view.siblings(app, actor, job)
    bodies = (
        run_results.results,
        run_results.summary,
        run_tabs.errors,
        run_tabs.costs,
        run_view.configuration,
        run_tabs.files,
        run_tabs.events,
    )
    tabs = st.tabs(run_view.TABS, key=run_trouble.TAB_KEY, on_change="rerun", bind="query-params")
    for tab, body in zip(tabs, bodies, strict=True):
        if tab.open:
            with tab:
                body(app, actor, job)
