"""Run: one job, failures first, then progress, results and everything behind them."""

import streamlit as st

from dashboard import navigation, run_results, run_view, session

app, actor = session.current()
job_id = navigation.parameter("run")

if not job_id:
    run_view.none_chosen()
else:
    job = app.jobs.get(actor, job_id)
    run_view.header(app, actor, job)
    run_view.trouble(app, actor, job)
    run_view.progress(app, actor, job)
    bodies = (run_results.results, run_results.summary, run_view.errors, run_view.configuration, run_view.events)
    tabs = st.tabs(run_view.TABS, key="run_tab", on_change="rerun", bind="query-params")
    for tab, body in zip(tabs, bodies, strict=True):
        if tab.open:
            with tab:
                body(app, actor, job)
