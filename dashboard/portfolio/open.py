"""One portfolio on one day as the parts of its page share it: each asks for what its own tab shows, and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import plotly.graph_objects as go

from core.app import App
from core.desk.portfolio_figures import DayRow, FundsSeen, PortfolioPast, Together
from core.domain.actor import Actor
from core.domain.facts import FactSheet
from core.domain.portfolio import Portfolio
from core.drafts.rule_checks import RuleCheck
from core.drafts.rule_outlook import BreachPast, Outlook
from core.guard.access import Permission, may
from core.intake.register.describing import Described
from core.metrics.definitions import MetricGroup
from core.storage.portfolios.edits import Standing
from dashboard.shell import queries, session
from dashboard.widgets import show
from dashboard.widgets.charts import Palette


@dataclass(frozen=True, slots=True)
class OpenPortfolio:
    """A portfolio that is being looked at.

    Attributes:
        standing: The day as it stands, with the revision that edits must name.
        days: Every stored day, the oldest first.
        stamp: Changes when any figure may.
    """

    app: App
    actor: Actor
    standing: Standing
    days: tuple[date, ...]
    stamp: str

    @property
    def portfolio(self) -> Portfolio:
        """As it is stored."""
        return self.standing.portfolio

    @property
    def portfolio_id(self) -> str:
        """Its id."""
        return self.portfolio.portfolio_id

    @property
    def as_of(self) -> date:
        """The day that is looked at."""
        return self.portfolio.as_of

    @property
    def is_newest(self) -> bool:
        """Whether no later day is stored."""
        return self.as_of == self.days[-1]

    @property
    def may_edit(self) -> bool:
        """Whether to draw what edits it. The core refuses all the same."""
        return may(self.actor, Permission.PORTFOLIO_EDIT)

    def draw(self, key: str, alt: str, make: Callable[[Palette], go.Figure]) -> None:
        """Show a figure, made once for as long as nothing changes that it is made of.

        Args:
            key: Names it among the figures of a portfolio; one key is one figure of one day.
        """
        figure = queries.figure(
            key, self.actor.subject, self.portfolio_id, self.stamp, session.is_dark(), lambda: make(show.colours())
        )
        show.chart(figure, key=key, alt=alt)

    def sheet(self, *groups: MetricGroup) -> FactSheet:
        """Facts of some groups."""
        return queries.sheet(
            self.app, self.actor.subject, self.actor, self.portfolio_id, self.as_of, self.stamp, groups
        )

    def funds(self) -> FundsSeen | None:
        """How far its funds can be looked through; None where there are none to weigh."""
        return queries.funds(self.app, self.actor.subject, self.actor, self.portfolio_id, self.as_of, self.stamp)

    def past(self) -> PortfolioPast:
        """Daily returns of its holdings and its benchmark."""
        return queries.past(self.app, self.actor.subject, self.actor, self.portfolio_id, self.as_of, self.stamp)

    def together(self, holding_ids: tuple[str, ...]) -> Together:
        """How some positions move together."""
        return queries.together(
            self.app, self.actor.subject, self.actor, self.portfolio_id, self.as_of, self.stamp, holding_ids
        )

    def described(self) -> Described:
        """As the register describes it."""
        return queries.described(self.app, self.actor.subject, self.actor, self.portfolio_id, self.as_of, self.stamp)

    def stored_days(self) -> list[DayRow]:
        """Its stored days with their values."""
        return queries.stored_days(self.app, self.actor.subject, self.actor, self.portfolio_id, self.stamp)

    def check(self) -> RuleCheck:
        """Against its rule sets."""
        return queries.check(self.app, self.actor.subject, self.actor, self.portfolio_id, self.as_of, self.stamp)

    def outlook(self) -> Outlook:
        """What its rules leave, and where drift leads."""
        return queries.outlook(self.app, self.actor.subject, self.actor, self.portfolio_id, self.as_of, self.stamp)

    def breaches(self) -> BreachPast:
        """Breaches on its stored days."""
        return queries.breaches(self.app, self.actor.subject, self.actor, self.portfolio_id, self.as_of, self.stamp)


def open_portfolio(app: App, actor: Actor, portfolio_id: str, day: date | None, days: list[date]) -> OpenPortfolio:
    """Open a stored day, or the newest.

    Raises:
        NotFound: No such portfolio or day.
    """
    standing = app.editor.open(actor, portfolio_id, as_of=day)
    return OpenPortfolio(app, actor, standing, tuple(days), app.figures.stamp(actor, standing.portfolio))
