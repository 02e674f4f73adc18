"""Second askings as rows: what one has of an answer, of money, and of the request that it corrects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, case, func, null, select, update

from core.domain.analysis import (
    IN_DOUBT,
    Finding,
    FindingKind,
    ItemError,
    Outcome,
    RawLine,
    Reading,
    ResultStatus,
    Usage,
    UsageFrom,
    Verification,
)
from core.domain.provider import NOBODY, AnsweredBy
from core.domain.records import AskedAgain, SecondAsking
from core.storage.jobs.answered import answered_of, answered_row
from core.storage.jobs.outcome_writer import SCORE, TOKENS
from core.storage.money import from_nano, to_nano
from core.storage.sql import dump, table
from core.storage.tables import SecondAnswerTable

_AGAIN = table(SecondAnswerTable)

Tags = tuple[tuple[str, str], ...]
"""What an analysis counts as in its job's summary: (dimension, value)."""

_NOTHING: Final = Reading(ResultStatus.PENDING, None, None, None)
_AT_ONCE: Final = 400


def waiting_row(shard_index: int, actor: str, at: datetime) -> dict[str, Any]:
    """A second asking that has no ending yet, without the request it belongs to."""
    return {
        "shard_index": shard_index,
        "at": at,
        "actor": actor,
        "stands": False,
        "ended": "",
        **dict.fromkeys(TOKENS, 0),
        "usage_from": UsageFrom.ANSWER.value,
        "cost_nano": None,
        **answer_row(_NOTHING, None, NOBODY),
    }


def asking_row(outcome: Outcome) -> dict[str, Any]:
    """How a second asking ended, and what it cost."""
    return {
        "ended": outcome.reading.status.value,
        **{name: getattr(outcome.usage, name) for name in TOKENS},
        "usage_from": outcome.usage_from.value,
        "cost_nano": to_nano(outcome.cost_usd),
    }


def answer_row(reading: Reading, raw: RawLine | None, answered: AnsweredBy) -> dict[str, Any]:
    """The answer that does not stand."""
    checked, error = reading.verification, reading.error
    return {
        "status": reading.status.value,
        "level": reading.level,
        "headline": reading.headline[:300],
        "verified": checked.verified if checked else 0,
        "mismatched": checked.mismatched if checked else 0,
        "unsupported": checked.unsupported if checked else 0,
        "error_code": error.code if error else None,
        "error_message": error.message[:4000] if error else None,
        "error_transient": error.transient if error else False,
        "raw_file": raw.file if raw else None,
        "raw_offset": raw.offset if raw else None,
        "raw_length": raw.length if raw else None,
        "analysis": None if reading.analysis is None else dump(reading.analysis),
        "findings": dump([asdict(finding) for finding in checked.findings] if checked else []),
        **{name: getattr(checked, name) if checked else 0 for name in SCORE},
        **answered_row(answered),
    }


def checked_of(row: Any) -> Verification | None:
    """What checking an answer found, from the columns of its row; None where it has no analysis."""
    if row.status != ResultStatus.SUCCEEDED.value:
        return None
    findings = tuple(
        Finding(one["path"], one["metric_id"], one["stated"], one["true"], FindingKind(one["kind"]))
        for one in orjson.loads(row.findings or "[]")
    )
    score = (getattr(row, name) or 0 for name in SCORE)
    return Verification(row.verified, row.mismatched, row.unsupported, findings, *score)


def reading_of(row: Any, tags: Callable[[Mapping[str, Any]], Tags]) -> Reading:
    """A stored answer as it was counted when it came.

    Args:
        row: Columns of an ending and of its answer; without "analysis" there is none in the reading.
        tags: What an analysis counts as.
    """
    text = getattr(row, "analysis", None)
    analysis = None if text is None else orjson.loads(text)
    return Reading(
        status=ResultStatus(row.status),
        analysis=analysis,
        verification=checked_of(row),
        error=_error(row),
        level=row.level,
        tags=() if analysis is None else tags(analysis),
        headline=row.headline,
    )


def stored_usage(row: Any) -> Usage:
    """Tokens in a row."""
    return Usage(*(int(getattr(row, name) or 0) for name in TOKENS))


def close_seconds(connection: Connection, job_id: str, shard_index: int, error: ItemError) -> None:
    """End what still waits in a shard that never became a batch, in a transaction of the caller's.

    Nothing was paid, save where the error says that nobody knows.
    """
    cost = None if error.code == IN_DOUBT else 0
    failed = Reading(ResultStatus.FAILED, None, None, error)
    connection.execute(
        update(_AGAIN)
        .where(_AGAIN.c.job_id == job_id, _AGAIN.c.shard_index == shard_index, _AGAIN.c.ended == "")
        .values(ended=ResultStatus.FAILED.value, cost_nano=cost, **answer_row(failed, None, NOBODY))
    )


def whole_sum(column: Any) -> Any:
    """A sum in SQL that is NULL where a part of it is: of such money nobody knows how much it is."""
    return case((func.count() == func.count(column), func.sum(column)), else_=null())


def sums_of_seconds(connection: Connection, job_id: str, shard_index: int) -> Row[Any] | None:
    """Tokens and cost of a shard of second askings, for the ledger; None for a shard of first ones."""
    row = connection.execute(
        select(
            func.count().label("n"),
            *(func.coalesce(func.sum(_AGAIN.c[name]), 0).label(name) for name in TOKENS),
            whole_sum(_AGAIN.c.cost_nano).label("cost_nano"),
        ).where(_AGAIN.c.job_id == job_id, _AGAIN.c.shard_index == shard_index)
    ).one()
    return row if row.n else None


def second_askings(connection: Connection, job_id: str, custom_ids: Iterable[str]) -> dict[str, SecondAsking]:
    """Second askings of these requests, by the request."""
    wanted, found = list(custom_ids), dict[str, SecondAsking]()
    for start in range(0, len(wanted), _AT_ONCE):
        ids = wanted[start : start + _AT_ONCE]
        query = select(_AGAIN).where(_AGAIN.c.job_id == job_id, _AGAIN.c.custom_id.in_(ids))
        found.update((row.custom_id, _second(row)) for row in connection.execute(query))
    return found


def _second(row: Any) -> SecondAsking:
    return SecondAsking(
        custom_id=row.again_id,
        at=row.at,
        actor=row.actor,
        why=AskedAgain(row.why),
        ended=ResultStatus(row.ended) if row.ended else ResultStatus.PENDING,
        stands=bool(row.stands),
        status=ResultStatus(row.status),
        level=row.level,
        headline=row.headline,
        analysis=None if row.analysis is None else orjson.loads(row.analysis),
        verification=checked_of(row),
        error=_error(row),
        raw=raw_of(row),
        usage=stored_usage(row),
        cost_usd=from_nano(row.cost_nano),
        answered=answered_of(row),
        usage_from=UsageFrom(row.usage_from),
    )


def raw_of(row: Any) -> RawLine | None:
    """Where the provider's line of an answer stands; None where it has none."""
    return None if row.raw_file is None else RawLine(row.raw_file, int(row.raw_offset), int(row.raw_length))


def _error(row: Any) -> ItemError | None:
    if row.error_code is None:
        return None
    return ItemError(row.error_code, row.error_message or "", bool(row.error_transient))
