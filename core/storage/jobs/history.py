"""What earlier batches teach: how long answers are, and answers to the very same question."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, func, select

from core.domain.analysis import ResultStatus, UsageFrom
from core.domain.provider import AnsweredBy, ProviderIdentity, same_model
from core.llm.calibration import BatchHistory
from core.storage.database import Database
from core.storage.jobs.answered import answered_of, stood_in
from core.storage.sql import insert_or_ignore, table
from core.storage.tables import (
    AnswerTable,
    CalibrationTable,
    JobTable,
    RequestTable,
    ResultTable,
)

_CAL, _J, _R = table(CalibrationTable), table(JobTable), table(RequestTable)
_RES, _ANS = table(ResultTable), table(AnswerTable)

BATCHES = 30
"""So many of the newest batches are looked back at: answers change with models and prompts."""

_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer to a question that was asked before, word for word."""

    job_id: str
    custom_id: str
    analysis: dict[str, Any]
    answered: AnsweredBy


class History:
    """Reads what earlier batches came to."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def batches(self, kind: str, model: str, effort: str, *, provider_id: str, endpoint: str) -> list[BatchHistory]:
        """The newest batches of an analysis, a model and a reasoning effort: names of models mean something else at
        another provider."""
        query = (
            select(_CAL)
            .where(
                _CAL.c.kind == kind,
                _CAL.c.model == model,
                _CAL.c.effort == effort,
                _CAL.c.provider_id == provider_id,
                _CAL.c.endpoint == endpoint,
            )
            .order_by(_CAL.c.at.desc())
            .limit(BATCHES)
        )
        with self._database.read() as connection:
            return [
                BatchHistory(
                    row.answers,
                    int(row.counted_tokens),
                    int(row.input_tokens),
                    int(row.cached_tokens),
                    int(row.output_tokens),
                    float(row.output_squares),
                )
                for row in connection.execute(query)
            ]

    def answers(
        self, hashes: Iterable[str], *, since: datetime, identity: ProviderIdentity, prompt_version: str
    ) -> dict[str, StoredAnswer]:
        """Succeeded answers to questions of these body hashes, by hash; the newest of each.

        Args:
            identity: Who must have answered: what another server says under the same model's name is another answer.
            prompt_version: Only answers that were read under the same schema.
        """
        wanted, answered = list(hashes), [column for column in _RES.c if column.name.startswith("answered_")]
        found: dict[str, StoredAnswer] = {}
        with self._database.read() as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                query = (
                    select(_R.c.body_hash, _R.c.job_id, _R.c.custom_id, _ANS.c.analysis, *answered)
                    .join(_J, _J.c.job_id == _R.c.job_id)
                    .join(_RES, (_RES.c.job_id == _R.c.job_id) & (_RES.c.custom_id == _R.c.custom_id))
                    .join(_ANS, (_ANS.c.job_id == _R.c.job_id) & (_ANS.c.custom_id == _R.c.custom_id))
                    .where(
                        _R.c.body_hash.in_(wanted[start : start + _AT_ONCE]),
                        _R.c.body_hash != "",
                        _RES.c.status == ResultStatus.SUCCEEDED.value,
                        _RES.c.reused_from.is_(None),  # the window counts from when the provider was asked
                        _J.c.created_at >= since,
                        _J.c.provider_id == identity.fingerprint,
                        _J.c.simulated
                        == identity.simulated,  # a stand-in may have answered a job that was not meant for it
                        _J.c.prompt_version == prompt_version,
                    )
                    .order_by(_J.c.created_at)
                )
                for row in connection.execute(query):
                    found[row.body_hash] = StoredAnswer(
                        row.job_id, row.custom_id, orjson.loads(row.analysis), answered_of(row)
                    )
        return found


def remember(connection: Connection, shard: Any, *, kind: str, effort: str, at: datetime) -> None:
    """Keep the sums of a settled batch, in the transaction that settles it. A second time changes nothing."""
    job = connection.execute(
        select(_J.c.endpoint, _J.c.provider_id, _J.c.provider, _J.c.simulated).where(_J.c.job_id == shard.job_id)
    ).one()
    if stood_in(job):
        return
    mine = (_R.c.job_id == shard.job_id) & (_R.c.shard_index == shard.shard_index) & (_RES.c.output_tokens > 0)
    mine &= _RES.c.usage_from == UsageFrom.ANSWER.value  # shares of a sum say nothing about single answers
    others = _other_models(connection, mine, shard.model)
    if others:
        mine &= _RES.c.answered_model.not_in(others)
    output = _RES.c.output_tokens
    sums = connection.execute(
        select(
            func.count().label("answers"),
            func.coalesce(func.sum(_R.c.input_tokens), 0).label("counted"),
            func.coalesce(func.sum(_RES.c.input_tokens), 0).label("charged"),
            func.coalesce(func.sum(_RES.c.cached_tokens), 0).label("cached"),
            func.coalesce(func.sum(output), 0).label("written"),
            # A float factor: squares of many answers leave the range of 32-bit integers.
            func.coalesce(func.sum(1.0 * output * output), 0.0).label("squares"),
        )
        .join(_RES, (_RES.c.job_id == _R.c.job_id) & (_RES.c.custom_id == _R.c.custom_id))
        .where(mine)
    ).one()
    if sums.answers == 0:
        return
    connection.execute(
        insert_or_ignore(connection, CalibrationTable),
        {
            "shard_id": shard.shard_id,
            "kind": kind,
            "model": shard.model,
            "effort": effort,
            "at": at,
            "answers": int(sums.answers),
            "counted_tokens": int(sums.counted),
            "input_tokens": int(sums.charged),
            "cached_tokens": int(sums.cached),
            "output_tokens": int(sums.written),
            "output_squares": float(sums.squares),
            "provider_id": job.provider_id,
            "endpoint": job.endpoint,
        },
    )


def _other_models(connection: Connection, mine: Any, asked: str) -> list[str]:
    """Models that answered in place of the one that was asked: how long their answers are says nothing about it."""
    names = (
        select(_RES.c.answered_model)
        .distinct()
        .select_from(_R.join(_RES, (_RES.c.job_id == _R.c.job_id) & (_RES.c.custom_id == _R.c.custom_id)))
    )
    return [name for name in connection.execute(names.where(mine)).scalars() if not same_model(asked, name)]
