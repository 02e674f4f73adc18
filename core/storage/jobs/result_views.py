"""Results of a job seen together: grades, worth, concentration, and what checking came to. All counted in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Float, cast, func, literal_column, select

from core.domain.analysis import ResultStatus, UsageFrom
from core.domain.filters import EVERY_PORTFOLIO, PortfolioFilter
from core.errors import NotFound
from core.storage.database import Database
from core.storage.jobs.outcome_writer import ANSWERED
from core.storage.jobs.quartiles import Quartiles, quartiles
from core.storage.money import from_nano
from core.storage.portfolios.portfolios import narrowed
from core.storage.sql import table
from core.storage.tables import (
    AnswerTable,
    JobTable,
    PortfolioTable,
    RequestTable,
    ResultTable,
    RollupTable,
    ShardTable,
)

_J, _R, _RES, _S = table(JobTable), table(RequestTable), table(ResultTable), table(ShardTable)
_ANS, _P, _ROLL = table(AnswerTable), table(PortfolioTable), table(RollupTable)
SUCCEEDED: Any = literal_column(f"'{ResultStatus.SUCCEEDED.value}'")
"""Spelled out in each query: an index of the succeeded results alone is not used for a value that comes later."""

NONE: Any = literal_column("0")


@dataclass(frozen=True, slots=True)
class BuiltRequest:
    """How one request was built.

    Attributes:
        as_of: Day of the portfolio's snapshot, ISO.
        prompt_hash: SHA-256 of instructions and data as they were sent.
        model: Which was asked last: a retry may ask another one than the job did.
    """

    as_of: str
    prompt_hash: str
    input_tokens: int
    model: str


@dataclass(frozen=True, slots=True)
class Worth:
    """Answers of one grade about portfolios of one base currency.

    Attributes:
        answers: How many; `unknown` of them are about portfolios without a known value.
        value: Sum of the known values, in the currency.
    """

    grade: str
    currency: str
    answers: int
    value: float
    unknown: int


@dataclass(frozen=True, slots=True)
class Point:
    """A portfolio's concentration and the grade it was given. `custom_id` is its request."""

    custom_id: str
    name: str
    hhi: float
    grade: str


@dataclass(frozen=True, slots=True)
class FlaggedAnswer:
    """An answer with numbers that do not hold."""

    custom_id: str
    name: str
    grade: str
    verified: int
    mismatched: int
    unsupported: int


@dataclass(frozen=True, slots=True)
class CheckTally:
    """What checking some answers came to, and what they cost.

    Attributes:
        wanted, covered, rules, rules_agreeing: As in `Verification`, summed.
        output_tokens: None when it is not known how long one answer was.
        cost_usd: None when the price of one answer is not known.
    """

    answers: int
    verified: int
    mismatched: int
    unsupported: int
    wanted: int
    covered: int
    rules: int
    rules_agreeing: int
    output_tokens: int | None
    cost_usd: Decimal | None

    @property
    def stated(self) -> int:
        """All stated numbers."""
        return self.verified + self.mismatched + self.unsupported


class ResultViews:
    """Reads results of one job, or of two side by side."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def asked(self, job_id: str, custom_id: str) -> BuiltRequest:
        """How a request was built.

        Raises:
            NotFound: No such request.
        """
        query = (
            select(
                _R.c.as_of, _R.c.prompt_hash, _R.c.input_tokens, func.coalesce(_S.c.model, _J.c.model).label("model")
            )
            .join(_J, _J.c.job_id == _R.c.job_id)
            .outerjoin(_S, (_S.c.job_id == _R.c.job_id) & (_S.c.shard_index == _R.c.shard_index))
            .where(_R.c.job_id == job_id, _R.c.custom_id == custom_id)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound(f"Job {job_id} has no request '{custom_id}'.")
        return BuiltRequest(row.as_of, row.prompt_hash, int(row.input_tokens), row.model)

    def grades(self, job_id: str, among: PortfolioFilter = EVERY_PORTFOLIO) -> dict[str, int]:
        """Answers by grade."""
        query = _answers(select(_RES.c.level, func.count().label("n")), job_id, among).group_by(_RES.c.level)
        with self._database.read() as connection:
            return {row.level: int(row.n) for row in connection.execute(query)}

    def worth(self, job_id: str, among: PortfolioFilter = EVERY_PORTFOLIO) -> list[Worth]:
        """Answers by grade and base currency, with what their portfolios are worth in their newest snapshot.

        A portfolio that was asked about several times (scenarios, periods) counts each time.
        """
        value = cast(_P.c.total_value, Float)
        query = _answers(
            select(
                _RES.c.level,
                _P.c.base_currency,
                func.count().label("n"),
                func.coalesce(func.sum(value), 0.0).label("value"),
                func.count(_P.c.total_value).label("known"),
            ),
            job_id,
            among,
        ).group_by(_RES.c.level, _P.c.base_currency)
        with self._database.read() as connection:
            return [
                Worth(row.level, row.base_currency or "", int(row.n), float(row.value), int(row.n) - int(row.known))
                for row in connection.execute(query)
            ]

    def points(self, job_id: str, among: PortfolioFilter = EVERY_PORTFOLIO, *, limit: int) -> list[Point]:
        """Concentration and grade of answered portfolios whose concentration is known, the most concentrated first."""
        query = (
            _answers(
                select(
                    _RES.c.custom_id,
                    func.coalesce(_P.c.name, _RES.c.portfolio_id).label("name"),
                    _RES.c.hhi,
                    _RES.c.level,
                ),
                job_id,
                among,
            )
            .where(_RES.c.hhi.is_not(None))
            .order_by(_RES.c.hhi.desc(), _RES.c.custom_id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [Point(row.custom_id, row.name, float(row.hhi), row.level) for row in connection.execute(query)]

    def concentration(self, job_id: str, among: PortfolioFilter = EVERY_PORTFOLIO) -> Quartiles | None:
        """How concentrated the answered portfolios are; None when that is known of none of them."""
        with self._database.read() as connection:
            if among.all:
                mine = (_RES.c.job_id == job_id, _RES.c.status == SUCCEEDED, _RES.c.hhi.is_not(None))
                return quartiles(connection, _RES.c.hhi, *mine)
            known = _answers(select(_RES.c.hhi), job_id, among).where(_RES.c.hhi.is_not(None))
            return Quartiles.of(list(connection.execute(known).scalars()))

    def beyond(self, job_id: str, hhi: float, among: PortfolioFilter = EVERY_PORTFOLIO) -> int:
        """How many answered portfolios have a higher concentration."""
        query = _answers(select(func.count()), job_id, among, named=False).where(_RES.c.hhi > hhi)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def flagged(self, job_id: str, among: PortfolioFilter = EVERY_PORTFOLIO, *, limit: int) -> list[FlaggedAnswer]:
        """Answers with numbers that do not hold, those with the most first."""
        off = _RES.c.mismatched + _RES.c.unsupported
        query = (
            _answers(
                select(
                    _RES.c.custom_id,
                    func.coalesce(_P.c.name, _RES.c.portfolio_id).label("name"),
                    _RES.c.level,
                    _RES.c.verified,
                    _RES.c.mismatched,
                    _RES.c.unsupported,
                ),
                job_id,
                among,
            )
            .where(off > NONE)
            .order_by(off.desc(), _RES.c.custom_id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [FlaggedAnswer(*row) for row in connection.execute(query)]

    def tally(self, job_id: str, among: PortfolioFilter = EVERY_PORTFOLIO) -> CheckTally:
        """Everything that checking a job's answers came to.

        From the roll-ups where nobody is left out.
        """
        with self._database.read() as connection:
            if among.all:
                return _rolled_tally(connection, job_id)
            return tally_of(connection.execute(_answers(sums(_RES), job_id, among, with_scores=True)).one())

    def custom_ids(
        self, job_id: str, among: PortfolioFilter = EVERY_PORTFOLIO, *, limit: int, offset: int = 0
    ) -> list[str]:
        """Answered requests by the name that their portfolio had then: one page of a matrix."""
        query = (
            _answers(select(_RES.c.custom_id), job_id, among, named=False)
            .order_by(*_BY_NAME, _RES.c.custom_id)
            .limit(limit)
            .offset(offset)
        )
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def largest(self, job_id: str, among: PortfolioFilter = EVERY_PORTFOLIO, *, limit: int) -> list[str]:
        """Answered requests about the portfolios that are worth most, as far as that can be told without rates."""
        query = (
            _answers(select(_RES.c.custom_id), job_id, among)
            .order_by(cast(_P.c.total_value, Float).desc().nulls_last(), _RES.c.custom_id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def answered(self, job_id: str, among: PortfolioFilter = EVERY_PORTFOLIO, *, limit: int) -> list[tuple[str, str]]:
        """(id, name) of portfolios with an answer, by the name that they had then."""
        query = _answers(select(*_BY_NAME).distinct(), job_id, among, named=False).order_by(*_BY_NAME).limit(limit)
        with self._database.read() as connection:
            return [(row.portfolio_id, row.portfolio_name) for row in connection.execute(query)]

    def of_portfolio(self, job_id: str, portfolio_id: str) -> list[str]:
        """Answered requests about one portfolio, the plain one before those of scenarios or periods."""
        query = (
            _answers(select(_RES.c.custom_id), job_id, EVERY_PORTFOLIO)
            .where(_RES.c.portfolio_id == portfolio_id)
            .order_by(func.length(_RES.c.custom_id), _RES.c.custom_id)
        )
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def earlier(self, job_id: str) -> str | None:
        """The newest job before this one that answered some of the same requests by the same means.

        "The same means": the stand-in's answers are never set beside a model's.
        """
        job = select(_J.c.kind, _J.c.created_at, _J.c.simulated).where(_J.c.job_id == job_id)
        one, other = _RES.alias("one"), _RES.alias("other")
        with self._database.read() as connection:
            this = connection.execute(job).one()
            before = (
                select(_J.c.job_id)
                .where(_J.c.kind == this.kind, _J.c.simulated == this.simulated, _J.c.succeeded > 0)
                .where(_J.c.created_at < this.created_at)
                .order_by(_J.c.created_at.desc())
                .limit(50)
            )
            for earlier in list(connection.execute(before).scalars()):
                shared = (
                    select(one.c.custom_id)
                    .join(other, (other.c.custom_id == one.c.custom_id) & (other.c.job_id == earlier))
                    .where(one.c.job_id == job_id, one.c.status == SUCCEEDED, other.c.status == SUCCEEDED)
                    .limit(1)
                )
                if connection.execute(shared).first() is not None:
                    return str(earlier)
        return None


def _answers(query: Any, job_id: str, among: PortfolioFilter, *, with_scores: bool = False, named: bool = True) -> Any:
    """Succeeded results of a job, and what else is asked for.

    Args:
        named: With their portfolios' rows; these are there anyway where they decide who is among the results.
    """
    source: Any = _RES
    if named or not among.all:
        source = source.outerjoin(_P, _P.c.portfolio_id == _RES.c.portfolio_id)
    if with_scores:
        source = source.outerjoin(_ANS, (_ANS.c.job_id == _RES.c.job_id) & (_ANS.c.custom_id == _RES.c.custom_id))
    query = query.select_from(source).where(_RES.c.job_id == job_id, _RES.c.status == SUCCEEDED)
    return narrowed(query, among)


_BY_NAME = (_RES.c.portfolio_name, _RES.c.portfolio_id)

_COUNTED = ("verified", "mismatched", "unsupported")
_SCORED = ("wanted", "covered", "rules", "rules_agreeing")


def sums(results: Any) -> Any:
    """Everything that a `CheckTally` is made of; the query has the answers' table."""
    added = [func.coalesce(func.sum(results.c[name]), 0).label(name) for name in (*_COUNTED, "output_tokens")]
    unsaid = results.c.usage_from == UsageFrom.UNKNOWN.value
    added.append(func.coalesce(func.sum(unsaid.cast(results.c.output_tokens.type)), 0).label("unsaid"))
    added += [func.coalesce(func.sum(_ANS.c[name]), 0).label(name) for name in _SCORED]
    return select(
        func.count().label("answers"),
        *added,
        func.sum(results.c.cost_nano).label("nano"),
        func.count(results.c.cost_nano).label("priced"),
    )


def tally_of(row: Any) -> CheckTally:
    """A row of `sums`."""
    priced = row.nano is not None and row.priced == row.answers
    return CheckTally(
        answers=int(row.answers),
        **{name: int(getattr(row, name)) for name in (*_COUNTED, *_SCORED)},
        output_tokens=None if row.unsaid else int(row.output_tokens),
        cost_usd=from_nano(int(row.nano)) if priced else None,
    )


_ROLLED = {
    **{name: ("numbers", name) for name in _COUNTED},
    "wanted": ("coverage", "wanted"),
    "covered": ("coverage", "covered"),
    "rules": ("rules", "named"),
    "rules_agreeing": ("rules", "agreeing"),
}
"""Where the roll-ups have what."""


def _rolled_tally(connection: Connection, job_id: str) -> CheckTally:
    rows = connection.execute(select(_ROLL.c.dimension, _ROLL.c.value, _ROLL.c.n).where(_ROLL.c.job_id == job_id))
    counts = {(row.dimension, row.value): int(row.n) for row in rows}
    answers = counts.get(("status", ResultStatus.SUCCEEDED.value), 0)
    priced = answers and counts.get((ANSWERED, "priced"), 0) == answers
    return CheckTally(
        answers=answers,
        **{name: counts.get(place, 0) for name, place in _ROLLED.items()},
        output_tokens=None if counts.get((ANSWERED, "unsaid")) else counts.get((ANSWERED, "output_tokens"), 0),
        cost_usd=from_nano(counts.get((ANSWERED, "cost_nano"), 0)) if priced else None,
    )
