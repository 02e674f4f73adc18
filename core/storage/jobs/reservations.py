"""What jobs have committed of the month's money: reserved before the call, settled for what it cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, case, func, select, update

from core.domain.analysis import IN_DOUBT
from core.domain.records import Spend
from core.storage.money import from_nano
from core.storage.sql import table
from core.storage.tables import AskingTable, CommitmentTable, LedgerTable, RequestTable, ResultTable, ShardTable

_S = table(ShardTable)
_R = table(RequestTable)
_C = table(CommitmentTable)
_ASK, _L = table(AskingTable), table(LedgerTable)
_RES = table(ResultTable)

BudgetCheck = Callable[[Spend, Spend, Spend], None]
"""Given the month's commitments of everybody, of the person and of the desk, raises `OverBudget` or returns."""

_MONEY_LOCK = 7_402_118_530_467
"""PostgreSQL advisory lock under which money is reserved: two approvals must not both see the last dollar."""


def lock_money(connection: Connection) -> None:
    """Hold the purse until the transaction ends. On SQLite the write transaction itself does."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MONEY_LOCK})")


def reserve(connection: Connection, row: Any, amount_nano: int, check: BudgetCheck, *, actor: str, at: datetime) -> int:
    """Commit an amount for a job, unless a limit speaks against it. The caller holds `lock_money`.

    Args:
        row: The job's.
        check: Sees what is committed already; raises `OverBudget` to refuse.

    Returns:
        The number of this part among the job's.
    """
    month = f"{at:%Y-%m}"
    check(
        spend_of(connection, month, None),
        spend_of(connection, month, actor),
        spend_of(connection, month, None, row.desk),
    )
    part = int(connection.execute(select(func.count()).select_from(_C).where(_C.c.job_id == row.job_id)).scalar_one())
    connection.execute(
        _C.insert().values(
            job_id=row.job_id,
            part=part,
            person=actor,
            desk=row.desk,
            month=month,
            amount_nano=amount_nano,
            settled=False,
            lost=False,
        )
    )
    return part


def spent_so_far(connection: Connection, row: Any) -> Decimal:
    """What a job has cost so far. Where a part of that is not known, what was reserved for it stands for it.

    Never 0 for want of a figure: limits are checked against it.
    """
    if row.actual_nano is not None:
        return from_nano(row.actual_nano) or Decimal(0)
    paid = select(func.coalesce(func.sum(_L.c.cost_nano), 0)).where(_L.c.job_id == row.job_id)
    known = int(connection.execute(paid).scalar_one())
    unknown = sum(one.stands_for_nano for one in _reservations(connection, row.job_id))
    return from_nano(known + unknown) or Decimal(0)


@dataclass(frozen=True, slots=True)
class _Reservation:
    """One part of what a job has reserved, with the batches that it was for.

    Attributes:
        known_nano: What those of its batches cost of which that is known.
        unknown: Share of its requests, a fraction, in batches that were paid and of which it is not.
    """

    part: int
    amount_nano: int
    settled: bool
    known_nano: int
    unknown: float

    @property
    def stands_for_nano(self) -> int:
        """How much of it stands for what is not known."""
        if not self.unknown:
            return 0
        return max(0, self.amount_nano - self.known_nano) if self.settled else int(self.amount_nano * self.unknown)


def _reservations(connection: Connection, job_id: str) -> list[_Reservation]:
    counted = (_C.c.job_id == job_id) & _C.c.lost.is_(False)
    parts = connection.execute(select(_C).where(counted).order_by(_C.c.part)).all()
    batches = connection.execute(
        select(_S.c.part, _S.c.requests, _S.c.shard_index, _L.c.batch_id, _L.c.cost_nano)
        # By the batch: synchronous answers stand in the ledger under a shard, too, and have a part of their own.
        .outerjoin(_L, _L.c.batch_id == _S.c.batch_id)
        .where(_S.c.job_id == job_id)
    ).all()
    doubted = _called_off_in_doubt(connection, job_id)
    found: list[_Reservation] = []
    for part in parts:
        mine = [one for one in batches if one.part == part.part]
        unknown = sum(
            one.requests
            for one in mine
            if (one.cost_nano is None if one.batch_id is not None else one.shard_index in doubted)
        )
        requests = sum(one.requests for one in mine)
        found.append(
            _Reservation(
                part.part,
                part.amount_nano,
                bool(part.settled),
                sum(int(one.cost_nano) for one in mine if one.cost_nano is not None),
                unknown / requests if requests else 0.0,
            )
        )
    return found


def _called_off_in_doubt(connection: Connection, job_id: str) -> set[int]:
    """Shards that were called off while nobody knew whether there was a batch of them."""
    query = (
        select(_R.c.shard_index)
        .join(_RES, (_RES.c.job_id == _R.c.job_id) & (_RES.c.custom_id == _R.c.custom_id))
        .where(_R.c.job_id == job_id, _RES.c.error_code == IN_DOUBT, _RES.c.raw_file.is_(None))
        .distinct()
    )
    return set(connection.execute(query).scalars())


def lose_part(connection: Connection, job_id: str, part: int) -> None:
    """A call was made and no answer came: its reservation stands for good for what it may have cost."""
    mine = (_C.c.job_id == job_id) & (_C.c.part == part)
    connection.execute(update(_C).where(mine).values(settled=True, lost=True))


def settle_part(connection: Connection, job_id: str, part: int, spent_nano: int | None) -> None:
    """One reservation becomes what was spent of it; None, where nobody knows the price, leaves it as it is.

    Where the job has ended meanwhile, it was settled with everything that had been spent until then: this is more.
    """
    spent: dict[str, Any] = {}
    if spent_nano is not None:
        spent["amount_nano"] = case((_C.c.settled, _C.c.amount_nano + spent_nano), else_=spent_nano)
    connection.execute(update(_C).where(_C.c.job_id == job_id, _C.c.part == part).values(settled=True, **spent))


def settle_job(connection: Connection, row: Any, *, at: datetime) -> None:
    """Reservations become what was really spent: all of it on the newest open one, less what older ones settled for.

    What is spent once all are settled, such as on an answer that came late, is added to the newest. Those of
    synchronous calls that are under way stay as they are. Where it is not known what some of its batches cost, each
    reservation becomes what is known of its batches, and stands on for the others.
    """
    asking = select(_ASK.c.part).where(_ASK.c.job_id == row.job_id, _ASK.c.until > at)
    under_way = set(connection.execute(asking).scalars())
    every = _reservations(connection, row.job_id)
    parts = [part for part in every if part.settled or part.part not in under_way]
    if row.actual_nano is None:
        for part in parts:
            if not part.settled:
                _settle(connection, row.job_id, part.part, part.known_nano + part.stands_for_nano)
        return
    left = row.actual_nano - sum(part.amount_nano for part in parts if part.settled)
    for part in reversed([part for part in parts if not part.settled]):
        _settle(connection, row.job_id, part.part, left)
        left = 0
    if left and parts:
        newest = (_C.c.job_id == row.job_id) & (_C.c.part == parts[-1].part)
        connection.execute(update(_C).where(newest).values(amount_nano=_C.c.amount_nano + left))


def _settle(connection: Connection, job_id: str, part: int, amount_nano: int) -> None:
    mine = (_C.c.job_id == job_id) & (_C.c.part == part)
    connection.execute(update(_C).where(mine).values(settled=True, amount_nano=amount_nano))


def spend_of(connection: Connection, month: str, person: str | None, desk: str | None = None) -> Spend:
    """What a calendar month ("2026-11", UTC) has committed, by everybody, by one person or by one desk."""
    query = select(_C.c.settled, func.sum(_C.c.amount_nano).label("nano"), func.count().label("n")).where(
        _C.c.month == month
    )
    if person is not None:
        query = query.where(_C.c.person == person)
    if desk is not None:
        query = query.where(_C.c.desk == desk)
    sums = {row.settled: row for row in connection.execute(query.group_by(_C.c.settled))}
    return Spend(
        settled_usd=from_nano(int(sums[True].nano)) or Decimal(0) if True in sums else Decimal(0),
        open_usd=from_nano(int(sums[False].nano)) or Decimal(0) if False in sums else Decimal(0),
        jobs=sum(int(row.n) for row in sums.values()),
    )
