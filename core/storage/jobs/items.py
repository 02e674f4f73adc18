"""Requests of a job and how they ended, as pages, the CLI and exports read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Connection, func, or_, select

from core.domain.analysis import Finding, FindingKind, ItemError, RawLine, ResultStatus, Usage, UsageFrom, Verification
from core.domain.filters import EVERY_ITEM, ItemFilter
from core.domain.records import Item
from core.storage.database import Database
from core.storage.jobs.answered import answered_of
from core.storage.jobs.correction_rows import second_askings, whole_sum
from core.storage.jobs.outcome_writer import SCORE, TOKENS
from core.storage.jobs.quartiles import Quartiles, quartiles
from core.storage.jobs.result_views import NONE, SUCCEEDED
from core.storage.jobs.results import Stray
from core.storage.money import from_nano
from core.storage.sql import table
from core.storage.tables import (
    AnswerTable,
    JobTable,
    LedgerTable,
    PortfolioTable,
    RequestTable,
    ResultTable,
    RollupTable,
    StrayTable,
)

_J, _R, _RES, _ANS = table(JobTable), table(RequestTable), table(ResultTable), table(AnswerTable)
_ROLL, _L, _STRAY, _P = table(RollupTable), table(LedgerTable), table(StrayTable), table(PortfolioTable)


_AT_ONCE = 400
"""Ids of one query."""


class Items:
    """Reads requests, results and their counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rollup(self, job_id: str) -> dict[str, dict[str, int]]:
        """Counts of a job by dimension and value."""
        with self._database.read() as connection:
            rows = connection.execute(select(_ROLL).where(_ROLL.c.job_id == job_id)).all()
        counts: dict[str, dict[str, int]] = {}
        for row in rows:
            counts.setdefault(row.dimension, {})[row.value] = int(row.n)
        return counts

    def concentration(self, job_id: str) -> Quartiles | None:
        """How concentrated a job's portfolios are, answered or not; None when that is known of none of them."""
        with self._database.read() as connection:
            return quartiles(connection, _R.c.hhi, *_concentrated(job_id))

    def count_beyond(self, job_id: str, hhi: float) -> int:
        """How many portfolios of a job have a higher concentration."""
        with self._database.read() as connection:
            query = select(func.count()).where(*_concentrated(job_id), _R.c.hhi > hhi)
            return int(connection.execute(query).scalar_one())

    def beyond(self, job_id: str, hhi: float, *, limit: int | None = None) -> list[tuple[str, str, float, float]]:
        """Portfolios of a job with a higher concentration, the highest first.

        Returns:
            (portfolio id, name, HHI, weight of the largest holding in percent) of each.
        """
        query = (
            select(_R.c.portfolio_id, _P.c.name, _R.c.hhi, _R.c.top1_pct)
            .outerjoin(_P, _P.c.portfolio_id == _R.c.portfolio_id)
            .where(*_concentrated(job_id), _R.c.hhi > hhi)
            .order_by(_R.c.hhi.desc(), _R.c.custom_id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [
                (row.portfolio_id, row.name or row.portfolio_id, float(row.hhi), float(row.top1_pct))
                for row in connection.execute(query)
            ]

    def usage(self, job_id: str) -> tuple[Usage, Decimal | None]:
        """Tokens and cost of a job from its ledger: what its settled batches came to."""
        query = select(
            *(func.coalesce(func.sum(_L.c[name]), 0).label(name) for name in TOKENS),
            whole_sum(_L.c.cost_nano).label("cost_nano"),
        ).where(_L.c.job_id == job_id)
        with self._database.read() as connection:
            row = connection.execute(query).one()
        usage = Usage(*(int(getattr(row, name)) for name in TOKENS))
        return usage, from_nano(None if row.cost_nano is None else int(row.cost_nano))

    def page(
        self,
        job_id: str,
        wanted: ItemFilter = EVERY_ITEM,
        *,
        with_analysis: bool = True,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Item]:
        """Requests of a job in the order they were built, ended or not."""
        # Whose page it is is found first: joined before it is sorted, a large job would be read whole for each page.
        shown = _narrowed(_R.c.custom_id, job_id, wanted)
        shown = shown.order_by(_R.c.shard_index, _R.c.custom_id).offset(offset).limit(limit)
        with self._database.read() as connection:
            custom_ids = list(connection.execute(shown).scalars())
            found = _some(connection, job_id, custom_ids, with_analysis=with_analysis)
        return [found[custom_id] for custom_id in custom_ids]

    def each(self, job_id: str, *, page: int = 1000) -> Iterator[Item]:
        """Every request of a job, a page at a time, for exports of any size."""
        last = ""
        while True:
            query = _items_query(job_id).where(_R.c.custom_id > last).order_by(_R.c.custom_id).limit(page)
            with self._database.read() as connection:
                items = _with_seconds(connection, job_id, [_to_item(row) for row in connection.execute(query)])
            if not items:
                return
            yield from items
            last = items[-1].custom_id

    def count(self, job_id: str, wanted: ItemFilter = EVERY_ITEM) -> int:
        """How many requests `page` would give without a limit."""
        query = _narrowed(func.count(), job_id, wanted)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def get(self, job_id: str, custom_id: str) -> Item | None:
        """One request of a job, or None."""
        with self._database.read() as connection:
            row = connection.execute(_items_query(job_id).where(_R.c.custom_id == custom_id)).first()
            return None if row is None else _with_seconds(connection, job_id, [_to_item(row)])[0]

    def some(self, job_id: str, custom_ids: Sequence[str]) -> dict[str, Item]:
        """Some requests of a job with their analyses, by custom id; those it does not have are left out."""
        with self._database.read() as connection:
            return _some(connection, job_id, custom_ids)

    def raw_line(self, job_id: str, custom_id: str) -> RawLine | None:
        """Where the provider's own line of a request stands on disk, or None."""
        query = select(_RES.c.raw_file, _RES.c.raw_offset, _RES.c.raw_length).where(
            _RES.c.job_id == job_id, _RES.c.custom_id == custom_id
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None or row.raw_file is None else RawLine(row.raw_file, row.raw_offset, row.raw_length)

    def strays(self, job_id: str, *, limit: int = 100) -> list[Stray]:
        """Result lines of a job that belong to no request."""
        with self._database.read() as connection:
            rows = connection.execute(select(_STRAY).where(_STRAY.c.job_id == job_id).limit(limit)).all()
        return [Stray(row.custom_id, row.reason, row.line) for row in rows]

    def of_portfolio(self, portfolio_id: str, *, limit: int = 20) -> list[tuple[str, Item]]:
        """The newest endings for a portfolio: (job id, item)."""
        query = (
            _items_query(None, with_analysis=False)
            .join(_J, _J.c.job_id == _R.c.job_id)
            .where(_RES.c.portfolio_id == portfolio_id)
            .order_by(_J.c.created_at.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [(row.job_id, _to_item(row)) for row in connection.execute(query)]


def _some(
    connection: Connection, job_id: str, custom_ids: Sequence[str], *, with_analysis: bool = True
) -> dict[str, Item]:
    query = _items_query(job_id, with_analysis=with_analysis)
    found: dict[str, Item] = {}
    for start in range(0, len(custom_ids), _AT_ONCE):
        rows = connection.execute(query.where(_R.c.custom_id.in_(custom_ids[start : start + _AT_ONCE])))
        found.update(
            (item.custom_id, item) for item in _with_seconds(connection, job_id, [_to_item(row) for row in rows])
        )
    return found


def _with_seconds(connection: Connection, job_id: str, items: list[Item]) -> list[Item]:
    """Items with what came of asking them once more."""
    found = second_askings(connection, job_id, [item.custom_id for item in items])
    return [replace(item, again=found.get(item.custom_id)) for item in items] if found else items


def _concentrated(job_id: str) -> tuple[Any, ...]:
    return _R.c.job_id == job_id, _R.c.hhi.is_not(None), _R.c.top1_pct.is_not(None)


_SAME = (_RES.c.job_id == _R.c.job_id) & (_RES.c.custom_id == _R.c.custom_id)


def _items_query(job_id: str | None, *, with_analysis: bool = True) -> Any:
    columns: list[Any] = [
        _R.c.job_id,
        _R.c.custom_id,
        _R.c.portfolio_id,
        _R.c.region,
        _P.c.name.label("portfolio_name"),
        *(column for column in _RES.c if column.name not in {"job_id", "custom_id", "portfolio_id"}),
    ]
    source: Any = _R.outerjoin(_RES, _SAME).outerjoin(_P, _P.c.portfolio_id == _R.c.portfolio_id)
    if with_analysis:
        columns += [column for column in _ANS.c if column.name not in {"job_id", "custom_id"}]
        source = source.outerjoin(_ANS, (_ANS.c.job_id == _R.c.job_id) & (_ANS.c.custom_id == _R.c.custom_id))
    query = select(*columns).select_from(source)
    return query if job_id is None else query.where(_R.c.job_id == job_id)


def _narrowed(what: Any, job_id: str, wanted: ItemFilter) -> Any:
    """Something of a job's requests that match; other tables are read only where they decide that."""
    words, pending = wanted.search.lower().split(), ResultStatus.PENDING in wanted.statuses
    conditions: list[Any] = []
    # Of these there are so few that their own small index is read first, whatever else is asked.
    few: list[Any] = []
    if wanted.statuses:
        ended = _RES.c.status.in_([status.value for status in wanted.statuses if status is not ResultStatus.PENDING])
        if pending:
            conditions.append(or_(ended, _RES.c.status.is_(None)))
        elif ResultStatus.SUCCEEDED in wanted.statuses:
            conditions.append(ended)
        else:
            few += [_RES.c.status != SUCCEEDED, ended]
    if wanted.level:
        conditions.append(_RES.c.level == wanted.level)
    if wanted.only_mismatched:
        # Only what succeeded has numbers.
        few += [_RES.c.status == SUCCEEDED, _RES.c.mismatched + _RES.c.unsupported > NONE]
    source: Any = _R.outerjoin(_RES, _SAME) if conditions else _R
    if words:
        source = source.outerjoin(_P, _P.c.portfolio_id == _R.c.portfolio_id)
    query = select(what).select_from(source).where(_R.c.job_id == job_id, *conditions)
    if few:
        query = query.where(_R.c.custom_id.in_(select(_RES.c.custom_id).where(_RES.c.job_id == job_id, *few)))
    for word in words:
        query = query.where(
            or_(
                _R.c.custom_id.contains(word, autoescape=True),
                func.lower(_P.c.name).contains(word, autoescape=True),
            )
        )
    return query


def _to_item(row: Any) -> Item:
    fields = row._mapping
    status = ResultStatus(fields["status"]) if fields["status"] else ResultStatus.PENDING
    analysis = fields.get("analysis")
    findings = orjson.loads(fields["findings"]) if fields.get("findings") else []
    return Item(
        custom_id=fields["custom_id"],
        portfolio_id=fields["portfolio_id"],
        portfolio_name=fields["portfolio_name"] or fields["portfolio_id"],
        region=fields["region"],
        status=status,
        level=fields["level"] or "",
        headline=fields["headline"] or "",
        analysis=orjson.loads(analysis) if analysis else None,
        verification=(
            Verification(
                fields["verified"],
                fields["mismatched"],
                fields["unsupported"],
                tuple(
                    Finding(one["path"], one["metric_id"], one["stated"], one["true"], FindingKind(one["kind"]))
                    for one in findings
                ),
                *(fields.get(name) or 0 for name in SCORE),
            )
            if status is ResultStatus.SUCCEEDED
            else None
        ),
        error=(
            ItemError(fields["error_code"], fields["error_message"] or "", bool(fields["error_transient"]))
            if fields["error_code"] is not None
            else None
        ),
        usage=Usage(*(fields[name] or 0 for name in TOKENS)),
        usage_from=UsageFrom(fields["usage_from"] or UsageFrom.ANSWER),
        cost_usd=from_nano(fields["cost_nano"]),
        reused_from=fields["reused_from"] or "",
        answered=answered_of(row),
    )
