"""What a person may ask about a job's results taken together: grades, worth, outliers, the matrix of portfolios."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from core.desk.portfolio_matrix import SUBJECTS, Matrix, matrix
from core.domain.actor import Actor
from core.domain.facts import FactSheet
from core.domain.filters import EVERY_PORTFOLIO, PortfolioFilter
from core.domain.fx import Rates
from core.domain.records import Item
from core.drafts.fact_store import first_sheet, sheet_index, sheet_path
from core.drafts.job_files import job_folder
from core.guard.access import Permission, require
from core.metrics.restatements import Versioned, key_of, versioned
from core.storage.jobs.result_views import BuiltRequest, CheckTally, FlaggedAnswer, Point, Worth
from core.storage.store import Store


@dataclass(frozen=True, slots=True)
class GradeWorth:
    """Answers of one grade, and what their portfolios are worth together.

    Attributes:
        value: In one currency for all grades; `unknown` answers are about portfolios without a value or a rate.
    """

    grade: str
    answers: int
    value: float
    unknown: int


@dataclass(frozen=True, slots=True)
class ByValue:
    """Grades by the worth of their portfolios.

    Attributes:
        currency: The one that holds most of the value; "" when no value is known.
        on: Day of the exchange rates.
    """

    currency: str
    on: date
    grades: tuple[GradeWorth, ...]

    @property
    def total(self) -> float:
        """All known values together."""
        return sum(one.value for one in self.grades)


@dataclass(frozen=True, slots=True)
class Spread:
    """How concentrated the answered portfolios are.

    Attributes:
        known: Of how many the concentration is known.
        fence: Upper quartile plus 1.5 interquartile ranges (Tukey 1977); None under four portfolios.
        beyond: How many are more concentrated than that.
    """

    known: int
    median: float | None
    fence: float | None
    beyond: int


class ResultService:
    """Results for an actor."""

    def __init__(self, store: Store, rates: Rates, home: Path, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._rates = rates
        self._home = home
        self._clock = clock

    def asked(self, actor: Actor, job_id: str, custom_id: str) -> BuiltRequest:
        """How a request was built.

        Raises:
            NotFound: No such request.
        """
        require(actor, Permission.JOB_READ)
        return self._store.views.asked(job_id, custom_id)

    def grades(self, actor: Actor, job_id: str, among: PortfolioFilter = EVERY_PORTFOLIO) -> dict[str, int]:
        """Answers by grade; from the roll-ups where nobody is left out."""
        require(actor, Permission.JOB_READ)
        if among.all:
            return self._store.items.rollup(job_id).get("level", {})
        return self._store.views.grades(job_id, among)

    def tally(self, actor: Actor, job_id: str, among: PortfolioFilter = EVERY_PORTFOLIO) -> CheckTally:
        """What checking the answers came to."""
        require(actor, Permission.JOB_READ)
        return self._store.views.tally(job_id, among)

    def by_value(self, actor: Actor, job_id: str, among: PortfolioFilter = EVERY_PORTFOLIO) -> ByValue:
        """Grades by the worth of their portfolios, in one currency at today's last known rates."""
        require(actor, Permission.JOB_READ)
        on = self._clock().date()
        rows = self._store.views.worth(job_id, among)
        currency = self._main_currency(rows, on)
        found: dict[str, GradeWorth] = {}
        for row in rows:
            factor = self._rates.factor(row.currency, currency, on) if row.currency and currency else None
            value = 0.0 if factor is None else row.value * factor
            unknown = row.answers if factor is None else row.unknown
            before = found.get(row.grade, GradeWorth(row.grade, 0, 0.0, 0))
            found[row.grade] = GradeWorth(
                row.grade, before.answers + row.answers, before.value + value, before.unknown + unknown
            )
        return ByValue(currency, on, tuple(found.values()))

    def _main_currency(self, rows: Sequence[Worth], on: date) -> str:
        sums: dict[str, float] = {}
        for row in rows:
            factor = self._rates.factor(row.currency, "EUR", on) if row.currency else None
            if factor is not None and row.value:
                sums[row.currency] = sums.get(row.currency, 0.0) + row.value * factor
        return max(sums, key=lambda currency: sums[currency], default="")

    def spread(self, actor: Actor, job_id: str, among: PortfolioFilter = EVERY_PORTFOLIO) -> Spread:
        """How concentrated the answered portfolios are, and from where on one stands out."""
        require(actor, Permission.JOB_READ)
        found = self._store.views.concentration(job_id, among)
        if found is None:
            return Spread(0, None, None, 0)
        beyond = 0 if found.fence is None else self._store.views.beyond(job_id, found.fence, among)
        return Spread(found.known, found.median, found.fence, beyond)

    def points(self, actor: Actor, job_id: str, among: PortfolioFilter = EVERY_PORTFOLIO, *, limit: int) -> list[Point]:
        """Concentration and grade of answered portfolios, the most concentrated first."""
        require(actor, Permission.JOB_READ)
        return self._store.views.points(job_id, among, limit=limit)

    def flagged(
        self, actor: Actor, job_id: str, among: PortfolioFilter = EVERY_PORTFOLIO, *, limit: int
    ) -> list[FlaggedAnswer]:
        """Answers with numbers that do not hold, those with the most first."""
        require(actor, Permission.JOB_READ)
        return self._store.views.flagged(job_id, among, limit=limit)

    def answered(
        self, actor: Actor, job_id: str, among: PortfolioFilter = EVERY_PORTFOLIO, *, limit: int
    ) -> list[tuple[str, str]]:
        """(id, name) of portfolios with an answer, by name."""
        require(actor, Permission.JOB_READ)
        return self._store.views.answered(job_id, among, limit=limit)

    def about(self, actor: Actor, job_id: str, portfolio_id: str) -> list[str]:
        """Answered requests about one portfolio, by custom id."""
        require(actor, Permission.JOB_READ)
        return self._store.views.of_portfolio(job_id, portfolio_id)

    def matrix(
        self, actor: Actor, job_id: str, among: PortfolioFilter = EVERY_PORTFOLIO, *, limit: int, offset: int = 0
    ) -> Matrix:
        """One page of answers beside each other, by portfolio name.

        Raises:
            NotFound: No such job.
        """
        require(actor, Permission.JOB_READ)
        kind = self._store.jobs.get(job_id).row.kind
        ids = self._store.views.custom_ids(job_id, among, limit=limit, offset=offset)
        sheets = self.sheets(actor, job_id, ids) if SUBJECTS[kind].needs_facts else {}
        return matrix(kind, self.read(actor, job_id, ids), sheets)

    def read(self, actor: Actor, job_id: str, custom_ids: Sequence[str]) -> list[Item]:
        """Some answered requests with their analyses, in the order asked for."""
        require(actor, Permission.JOB_READ)
        found = self._store.items.some(job_id, custom_ids)
        return [found[custom_id] for custom_id in custom_ids if custom_id in found]

    def sheets(self, actor: Actor, job_id: str, custom_ids: Sequence[str]) -> dict[str, FactSheet]:
        """The facts that some requests stated, by custom id; those whose facts are gone are left out."""
        require(actor, Permission.JOB_READ)
        path = sheet_path(job_folder(self._home, job_id))
        found: dict[str, FactSheet] = {}
        if not path.exists() or not custom_ids:
            return found
        with sheet_index(path, custom_ids) as sheets:
            for custom_id in custom_ids:
                try:
                    found[custom_id] = sheets.get(custom_id)
                except KeyError:
                    continue
        return found

    def methodology(self, actor: Actor, job_id: str) -> list[Versioned]:
        """Versions of the definitions that a job's facts were computed under; none where its facts are gone.

        All sheets of a job are made in one pass, so that the first one speaks for them.
        """
        require(actor, Permission.JOB_READ)
        path = sheet_path(job_folder(self._home, job_id))
        sheet = first_sheet(path) if path.exists() else None
        facts = sheet.facts if sheet is not None else ()
        known = {(key_of(fact.metric_id), fact.version) for fact in facts if fact.version}
        return [versioned(*one) for one in sorted(known)]
