"""Which portfolios, jobs or requests a reader wants to see; what is left as it is narrows nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from core.domain.analysis import Kind, ResultStatus
from core.domain.job import JobState


@dataclass(frozen=True, slots=True)
class PortfolioFilter:
    """A choice of portfolios.

    Attributes:
        search: Words, each of them in the name, the account or the id.
        group: Name of a group.
        tag: A tag.
        region: The portfolios' own region, not the overlay they were asked with.
    """

    search: str = ""
    group: str = ""
    tag: str = ""
    region: str = ""

    @property
    def all(self) -> bool:
        """True when nothing is left out."""
        return self == EVERY_PORTFOLIO


@dataclass(frozen=True, slots=True)
class JobFilter:
    """A choice of jobs.

    Attributes:
        states: In one of these.
        model: The model that was asked for.
        since: Made then or later.
        search: Words, each of them in the id, the analysis, the model, the region or the name of who made it.
        set_id: Those of one set.
    """

    states: Collection[JobState] = ()
    kind: Kind | None = None
    model: str | None = None
    since: datetime | None = None
    search: str = ""
    set_id: str = ""

    @property
    def all(self) -> bool:
        """True when nothing is left out."""
        return self == EVERY_JOB


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """A choice among the requests of one job.

    Attributes:
        statuses: Ended as one of these.
        level: The grade of their answers.
        search: Words, each of them in the request's id or in the portfolio's name.
        only_mismatched: With a number that does not hold.
    """

    statuses: Collection[ResultStatus] = ()
    level: str | None = None
    search: str = ""
    only_mismatched: bool = False


EVERY_PORTFOLIO = PortfolioFilter()
EVERY_JOB = JobFilter()
EVERY_ITEM = ItemFilter()
