"""Which batches have result lines that were not understood."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select

from core.domain.analysis import ResultStatus
from core.storage.jobs.tool_calls import ASKED
from core.storage.sql import table
from core.storage.tables import (
    AttemptTable,
    RequestTable,
    ResultTable,
    SecondAnswerTable,
    ShardTable,
    StrayTable,
)

_S, _R = table(ShardTable), table(RequestTable)
_RES, _ATT, _AGAIN, _STRAY = table(ResultTable), table(AttemptTable), table(SecondAnswerTable), table(StrayTable)


def unread() -> ColumnElement[bool]:
    """Whether the batch of a query over shards has a line that was not understood and that nothing has replaced."""
    mine = (_R.c.job_id == _S.c.job_id) & (_R.c.shard_index == _S.c.shard_index)
    results = select(_RES.c.custom_id).join(_R, _same(_RES)).where(mine, *_invalid(_RES))
    replaced = exists(
        select(_RES.c.custom_id).where(
            _RES.c.job_id == _ATT.c.job_id,
            _RES.c.custom_id == _ATT.c.custom_id,
            _RES.c.status == ResultStatus.SUCCEEDED.value,
        )
    )
    moved = select(_ATT.c.custom_id).join(_R, _same(_ATT))
    moved = moved.where(
        _ATT.c.job_id == _S.c.job_id,
        _ATT.c.shard_index == _S.c.shard_index,
        # What was read again left its first reading behind as an attempt, and stands where it stood.
        _R.c.shard_index != _S.c.shard_index,
        *_invalid(_ATT),
        ~replaced,
    )
    second = select(_AGAIN.c.custom_id).where(
        _AGAIN.c.job_id == _S.c.job_id,
        _AGAIN.c.shard_index == _S.c.shard_index,
        _AGAIN.c.ended == ResultStatus.INVALID.value,
    )
    strays = select(_STRAY.c.shard_id).where(_STRAY.c.shard_id == _S.c.shard_id, _STRAY.c.custom_id == "")
    return or_(exists(results), exists(moved), exists(second), exists(strays))


def _invalid(endings: Any) -> tuple[ColumnElement[bool], ...]:
    """Endings whose line is here and gave no answer; one that called tools was understood."""
    return (
        endings.c.status == ResultStatus.INVALID.value,
        endings.c.raw_file.is_not(None),
        or_(endings.c.error_code.is_(None), endings.c.error_code.not_in([ASKED, "tool_rounds"])),
    )


def _same(endings: Any) -> ColumnElement[bool]:
    same: ColumnElement[bool] = (_R.c.job_id == endings.c.job_id) & (_R.c.custom_id == endings.c.custom_id)
    return same
