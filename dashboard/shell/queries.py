# ruff: noqa: ARG001  # arguments without an underscore are the key under which an answer is kept
"""Readers whose answers are kept between runs of a page. The actor is among the arguments of each, because what is
kept is shared by everybody in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import plotly.graph_objects as go
import streamlit as st

from core.app import App, ModelRow
from core.desk.comparisons import Comparison
from core.desk.job_summary import OUTLIERS, Summary
from core.desk.portfolio_figures import DayRow, FundsSeen, PortfolioPast, Together
from core.desk.portfolio_matrix import Matrix
from core.desk.results import Spread
from core.desk.sets import SetPreview, SetWish
from core.domain.actor import Actor
from core.domain.facts import FactSheet
from core.domain.filters import PortfolioFilter
from core.domain.records import ItemCounts
from core.drafts.rule_checks import RuleCheck
from core.drafts.rule_outlook import BreachPast, Outlook
from core.intake.register.describing import Described
from core.metrics.definitions import MetricGroup
from core.storage.jobs.result_views import CheckTally, FlaggedAnswer, Point

_WHILE = timedelta(minutes=10)
"""How long an answer is kept at most, whatever its stamp says: exchange rates are renewed behind it."""


@st.cache_data(ttl=timedelta(minutes=10), max_entries=64, show_spinner=False)
def preview(
    _app: App, subject: str, _actor: Actor, wish: str, version: str, fallback: bool, _wish: SetWish
) -> SetPreview:
    """What a wish would cost.

    Args:
        wish: The wish as text: the key under which the answer is kept.
        version: Changes when portfolios come in or jobs move.
        fallback: Take the stand-in of a model that cannot be asked.
    """
    return _app.sets.preview(_actor, _wish, fallback=fallback)


@st.cache_data(ttl=_WHILE, max_entries=256, show_spinner=False)
def sheet(
    _app: App, subject: str, _actor: Actor, portfolio_id: str, as_of: date, stamp: str, groups: tuple[MetricGroup, ...]
) -> FactSheet:
    """Some groups of a portfolio's facts; `stamp` changes when they may (`PortfolioFigures.stamp`)."""
    return _app.figures.sheet(_actor, portfolio_id, groups=groups, as_of=as_of)


@st.cache_data(ttl=_WHILE, max_entries=64, show_spinner=False)
def funds(_app: App, subject: str, _actor: Actor, portfolio_id: str, as_of: date, stamp: str) -> FundsSeen | None:
    """How far a portfolio's funds can be looked through, fund by fund."""
    return _app.figures.funds(_actor, portfolio_id, as_of=as_of)


@st.cache_data(ttl=_WHILE, max_entries=64, show_spinner=False)
def past(_app: App, subject: str, _actor: Actor, portfolio_id: str, as_of: date, stamp: str) -> PortfolioPast:
    """Daily returns of a portfolio's holdings and of its benchmark."""
    return _app.figures.past(_actor, portfolio_id, as_of=as_of)


@st.cache_data(ttl=_WHILE, max_entries=64, show_spinner=False)
def together(
    _app: App, subject: str, _actor: Actor, portfolio_id: str, as_of: date, stamp: str, holding_ids: tuple[str, ...]
) -> Together:
    """How some of a portfolio's positions move together."""
    return _app.figures.together(_actor, portfolio_id, holding_ids=holding_ids, as_of=as_of)


@st.cache_data(ttl=_WHILE, max_entries=64, show_spinner=False)
def described(_app: App, subject: str, _actor: Actor, portfolio_id: str, as_of: date, stamp: str) -> Described:
    """A portfolio as the register describes it, and where they disagree."""
    return _app.register.describe(_actor, portfolio_id, as_of=as_of)


@st.cache_data(ttl=_WHILE, max_entries=64, show_spinner=False)
def stored_days(_app: App, subject: str, _actor: Actor, portfolio_id: str, stamp: str) -> list[DayRow]:
    """Every stored day of a portfolio with its value."""
    return _app.figures.days(_actor, portfolio_id)


@st.cache_data(ttl=_WHILE, max_entries=64, show_spinner=False)
def check(_app: App, subject: str, _actor: Actor, portfolio_id: str, as_of: date, stamp: str) -> RuleCheck:
    """A portfolio against its rule sets."""
    return _app.compliance.check(_actor, portfolio_id, as_of=as_of)


@st.cache_data(ttl=_WHILE, max_entries=64, show_spinner=False)
def outlook(_app: App, subject: str, _actor: Actor, portfolio_id: str, as_of: date, stamp: str) -> Outlook:
    """What the rules of a portfolio leave, and where drift leads."""
    return _app.compliance.outlook(_actor, portfolio_id, as_of=as_of)


@st.cache_data(ttl=_WHILE, max_entries=64, show_spinner=False)
def breaches(_app: App, subject: str, _actor: Actor, portfolio_id: str, as_of: date, stamp: str) -> BreachPast:
    """Breaches on the stored days of a portfolio."""
    return _app.compliance.breaches(_actor, portfolio_id, as_of=as_of)


@st.cache_resource(ttl=_WHILE, max_entries=256, show_spinner=False)
def figure(
    name: str, subject: str, portfolio_id: str, stamp: str, dark: bool, _make: Callable[[], go.Figure]
) -> go.Figure:
    """A figure of a portfolio: making one costs more than all else on a warm page. Nobody may change it."""
    return _make()


@st.cache_data(show_spinner=False)
def rule_sets(_app: App, subject: str, _actor: Actor) -> Mapping[str, str]:
    """Titles of all rule sets by id; they are files of the program."""
    return {name: found.title for name, found in _app.compliance.rule_sets(_actor).items()}


@st.cache_data(ttl=timedelta(minutes=30), max_entries=128, show_spinner=False)
def summary(_app: App, subject: str, _actor: Actor, job_id: str, version: str) -> Summary:
    """A run taken together; `version` changes with its counts."""
    return _app.jobs.summary(_actor, job_id, outliers=OUTLIERS)


@st.cache_data(ttl=_WHILE, max_entries=128, show_spinner=False)
def grades(
    _app: App, subject: str, _actor: Actor, job_id: str, among: PortfolioFilter, version: str
) -> Mapping[str, int]:
    """A run's answers by grade; `version` of these readers changes with the run's counts."""
    return _app.results.grades(_actor, job_id, among)


@st.cache_data(ttl=_WHILE, max_entries=128, show_spinner=False)
def tally(_app: App, subject: str, _actor: Actor, job_id: str, among: PortfolioFilter, version: str) -> CheckTally:
    """What checking a run's answers came to."""
    return _app.results.tally(_actor, job_id, among)


@st.cache_data(ttl=_WHILE, max_entries=128, show_spinner=False)
def spread(_app: App, subject: str, _actor: Actor, job_id: str, among: PortfolioFilter, version: str) -> Spread:
    """How concentrated a run's portfolios are."""
    return _app.results.spread(_actor, job_id, among)


@st.cache_data(ttl=_WHILE, max_entries=64, show_spinner=False)
def points(
    _app: App, subject: str, _actor: Actor, job_id: str, among: PortfolioFilter, version: str, limit: int
) -> list[Point]:
    """Concentration and grade of a run's portfolios."""
    return _app.results.points(_actor, job_id, among, limit=limit)


@st.cache_data(ttl=_WHILE, max_entries=64, show_spinner=False)
def flagged(
    _app: App, subject: str, _actor: Actor, job_id: str, among: PortfolioFilter, version: str, limit: int
) -> list[FlaggedAnswer]:
    """A run's answers with numbers that do not hold."""
    return _app.results.flagged(_actor, job_id, among, limit=limit)


@st.cache_data(ttl=_WHILE, max_entries=64, show_spinner=False)
def matrix(
    _app: App, subject: str, _actor: Actor, job_id: str, among: PortfolioFilter, version: str, limit: int, offset: int
) -> Matrix:
    """One page of a run's portfolios beside each other."""
    return _app.results.matrix(_actor, job_id, among, limit=limit, offset=offset)


@st.cache_data(ttl=_WHILE, max_entries=32, show_spinner=False)
def comparison(
    _app: App, subject: str, _actor: Actor, base: str, new: str, among: PortfolioFilter, version: str
) -> Comparison:
    """Two runs side by side; `version` changes with the counts of either."""
    return _app.comparing.compare(_actor, base, new, among)


@st.cache_data(ttl=timedelta(seconds=10), max_entries=32, show_spinner=False)
def totals(_app: App, subject: str, _actor: Actor, days: int) -> ItemCounts:
    """The requests of the last days' runs, by how they stand: a sum over all of them, and no matter if seconds old."""
    return _app.jobs.totals(_actor, since=_app.now() - timedelta(days=days))


@st.cache_data(ttl=timedelta(minutes=5), max_entries=32, show_spinner=False)
def portfolio_ids(_app: App, subject: str, _actor: Actor, region: str | None, total: int) -> tuple[str, ...]:
    """Every portfolio's id, or those of one region; `total` changes when portfolios come in."""
    if region is None:
        return tuple(_app.portfolios.ids(_actor))
    return tuple(row.portfolio_id for row in _app.portfolios.page(_actor, PortfolioFilter(region=region)))


@st.cache_data(ttl=timedelta(minutes=5), max_entries=4, show_spinner=False)
def models(_app: App) -> list[ModelRow]:
    """Every known model with its prices today."""
    return _app.models()
