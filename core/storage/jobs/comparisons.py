"""Two jobs side by side, request by request: what they have in common, where their grades part, what each came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, case, cast, func, select

from core.domain.filters import EVERY_PORTFOLIO, PortfolioFilter
from core.storage.database import Database
from core.storage.jobs.result_views import SUCCEEDED, CheckTally, sums, tally_of
from core.storage.portfolios.portfolios import narrowed
from core.storage.sql import table
from core.storage.tables import AnswerTable, PortfolioTable, RequestTable, ResultTable

_R, _RES, _ANS, _P = table(RequestTable), table(ResultTable), table(AnswerTable), table(PortfolioTable)


@dataclass(frozen=True, slots=True)
class JobOverlap:
    """Requests of two jobs: those of both, of which `answered` have two answers, and those of one alone."""

    both: int
    answered: int
    only_base: int
    only_new: int


@dataclass(frozen=True, slots=True)
class Changed:
    """A request to which two jobs gave different grades."""

    custom_id: str
    portfolio_id: str
    name: str
    base: str
    new: str
    base_headline: str
    new_headline: str


class Comparisons:
    """Reads pairs of jobs. Requests are paired by their custom id: the analysis, the portfolio, and what was varied."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def overlap(self, base: str, new: str, among: PortfolioFilter = EVERY_PORTFOLIO) -> JobOverlap:
        """How many requests two jobs have in common."""
        one, other = _R.alias("one"), _R.alias("other")

        def shared(first: str, second: str) -> Any:
            query = (
                select(func.count().label("n"), func.count(other.c.custom_id).label("both"))
                .select_from(one)
                .outerjoin(other, (other.c.custom_id == one.c.custom_id) & (other.c.job_id == second))
                .outerjoin(_P, _P.c.portfolio_id == one.c.portfolio_id)
                .where(one.c.job_id == first)
            )
            return narrowed(query, among)

        a, b = _RES.alias("a"), _RES.alias("b")
        answered = narrowed(_pair(select(func.count().label("n")), a, b, base, new), among)
        with self._database.read() as connection:
            first = connection.execute(shared(base, new)).one()
            second = connection.execute(shared(new, base)).one()
            return JobOverlap(
                both=int(first.both),
                answered=int(connection.execute(answered).scalar_one()),
                only_base=int(first.n) - int(first.both),
                only_new=int(second.n) - int(second.both),
            )

    def transitions(self, base: str, new: str, among: PortfolioFilter = EVERY_PORTFOLIO) -> dict[tuple[str, str], int]:
        """Requests that both jobs answered, by (grade in base, grade in new)."""
        a, b = _RES.alias("a"), _RES.alias("b")
        query = _pair(select(a.c.level.label("base"), b.c.level.label("new"), func.count().label("n")), a, b, base, new)
        query = narrowed(query, among).group_by(a.c.level, b.c.level)
        with self._database.read() as connection:
            return {(row.base, row.new): int(row.n) for row in connection.execute(query)}

    def tallies(self, base: str, new: str, among: PortfolioFilter = EVERY_PORTFOLIO) -> tuple[CheckTally, CheckTally]:
        """What checking came to on each side, over the requests that both answered."""
        a, b = _RES.alias("a"), _RES.alias("b")
        found = []
        with self._database.read() as connection:
            for side in (a, b):
                query = narrowed(_pair(sums(side), a, b, base, new, scores_of=side), among)
                found.append(tally_of(connection.execute(query).one()))
        return found[0], found[1]

    def changes(
        self,
        base: str,
        new: str,
        ranks: Mapping[str, int],
        among: PortfolioFilter = EVERY_PORTFOLIO,
        *,
        limit: int,
        offset: int = 0,
    ) -> list[Changed]:
        """Requests whose grade differs, the widest step first.

        Args:
            ranks: Place of each grade in its order; a step to or from a grade without one counts as none.
        """
        a, b = _RES.alias("a"), _RES.alias("b")
        query = _pair(
            select(
                a.c.custom_id,
                a.c.portfolio_id,
                func.coalesce(_P.c.name, a.c.portfolio_id).label("name"),
                a.c.level.label("base"),
                b.c.level.label("new"),
                a.c.headline.label("base_headline"),
                b.c.headline.label("new_headline"),
            ),
            a, b, base, new,
        )  # fmt: skip
        query = narrowed(query, among).where(a.c.level != b.c.level)
        if ranks:
            # CAST, because PostgreSQL takes a CASE of parameters for text.
            first, second = (cast(case(dict(ranks), value=side.c.level, else_=None), Integer) for side in (a, b))
            query = query.order_by(func.coalesce(func.abs(second - first), 0).desc())
        query = query.order_by(a.c.custom_id).limit(limit).offset(offset)
        with self._database.read() as connection:
            return [Changed(*row) for row in connection.execute(query)]


def _pair(query: Any, a: Any, b: Any, base: str, new: str, *, scores_of: Any = None) -> Any:
    """Requests that both jobs answered, with the answers' table of one side where its scores are wanted."""
    source = a.join(b, (b.c.custom_id == a.c.custom_id) & (b.c.job_id == new)).outerjoin(
        _P, _P.c.portfolio_id == a.c.portfolio_id
    )
    if scores_of is not None:
        source = source.outerjoin(
            _ANS, (_ANS.c.job_id == scores_of.c.job_id) & (_ANS.c.custom_id == scores_of.c.custom_id)
        )
    return query.select_from(source).where(a.c.job_id == base, a.c.status == SUCCEEDED, b.c.status == SUCCEEDED)
