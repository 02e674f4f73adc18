"""Which parameter worked with which model: learned from every batch that came back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select

from core.domain.analysis import Endpoint, ResultStatus
from core.domain.records import ParameterRow
from core.llm.optional_parameters import ANY_MODEL
from core.llm.sent import blamed
from core.storage.database import Database
from core.storage.jobs.answered import stood_in
from core.storage.sql import insert_or_sum, table
from core.storage.tables import JobTable, ParameterTable, RequestTable, ResultTable

_P, _R, _RES, _J = table(ParameterTable), table(RequestTable), table(ResultTable), table(JobTable)

_KEY: Final = ("model", "endpoint", "parameter", "value", "simulated", "provider_id")
WROTE: Final = (ResultStatus.SUCCEEDED.value, ResultStatus.TRUNCATED.value, ResultStatus.REFUSED.value)
"""Endings that only a model that took its parameters can bring about."""

_MOST_WORDS: Final = 50
"""Different error texts of one batch that are read: one cause has few."""


class ParameterMemory:
    """Reads what is remembered."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, model: str, *, provider_id: str, endpoint: Endpoint | None = None) -> list[ParameterRow]:
        """Everything about a model, and what holds of any model: the refused first, then by name.

        Args:
            provider_id: What one server takes says nothing about another one's model of the same name.
        """
        query = select(_P).where(_P.c.model.in_([model, ANY_MODEL]), _P.c.provider_id == provider_id)
        if endpoint is not None:
            query = query.where(_P.c.endpoint == endpoint.value)
        query = query.order_by((_P.c.refused > 0).desc(), _P.c.parameter, _P.c.value, _P.c.endpoint)
        with self._database.read() as connection:
            return [_row(row) for row in connection.execute(query)]

    def record(
        self,
        model: str,
        endpoint: Endpoint,
        sent: Mapping[str, str],
        *,
        accepted: int,
        refused: Mapping[str, int],
        words: Mapping[str, str],
        at: datetime,
        simulated: bool,
        provider_id: str,
    ) -> None:
        """Add what single questions have shown (`learn` does it for batches).

        Args:
            sent: Parameters by name, with their values.
            accepted: Requests that were answered.
            refused: Requests that were refused, by the parameter that was at fault; `words`: what the server said.
        """
        with self._database.write() as connection:
            _add(
                connection,
                model,
                endpoint.value,
                sent,
                accepted,
                refused,
                words,
                at,
                simulated=simulated,
                provider_id=provider_id,
            )

    def refuse(
        self,
        model: str,
        endpoint: str,
        parameter: str,
        value: str,
        words: str,
        *,
        at: datetime,
        simulated: bool,
        provider_id: str,
    ) -> None:
        """Add one call that was refused because of one parameter, and was asked again without it.

        Args:
            model: "" where it is refused whatever the model.
            endpoint: "chat" or "responses", "files" or "batches".
        """
        with self._database.write() as connection:
            _add(
                connection,
                model,
                endpoint,
                {parameter: value},
                0,
                {parameter: 1},
                {parameter: words},
                at,
                simulated=simulated,
                provider_id=provider_id,
            )


def learn(connection: Connection, shard: Any, sent: Mapping[str, str], *, at: datetime) -> None:
    """Remember what a settled batch has shown, in the transaction that settles it.

    An answer of whatever quality means that the parameters were taken. A lasting error whose text names one of them
    counts against that one alone; other errors say nothing about parameters.
    """
    if not sent:
        return
    job = connection.execute(select(_J).where(_J.c.job_id == shard.job_id)).one()
    if stood_in(job):
        return
    rows = connection.execute(
        select(_RES.c.status, _RES.c.error_message, func.sum(_answered()).label("answered"), func.count().label("n"))
        .join(_R, (_R.c.job_id == _RES.c.job_id) & (_R.c.custom_id == _RES.c.custom_id))
        .where(
            _R.c.job_id == shard.job_id,
            _R.c.shard_index == shard.shard_index,
            _RES.c.reused_from.is_(None),
            _RES.c.error_transient.is_(False),
        )
        .group_by(_RES.c.status, _RES.c.error_message)
        .order_by(func.count().desc())
        .limit(_MOST_WORDS)
    ).all()
    accepted, refused, words = 0, Counter[str](), dict[str, str]()
    for row in rows:
        accepted += int(row.answered)
        if row.status == ResultStatus.FAILED.value and row.error_message:
            name = blamed(row.error_message, sent)
            if name:
                refused[name] += int(row.n)
                words.setdefault(name, row.error_message)
    who = {"simulated": job.simulated, "provider_id": job.provider_id}
    _add(connection, shard.model, job.endpoint, sent, accepted, refused, words, at, **who)


def _answered() -> Any:
    """1 for a result for which the model wrote something, whether or not it is known how much."""
    wrote = (_RES.c.output_tokens > 0) | _RES.c.status.in_(WROTE)
    return func.coalesce(wrote.cast(_RES.c.output_tokens.type), 0)


def _add(
    connection: Connection,
    model: str,
    endpoint: str,
    sent: Mapping[str, str],
    accepted: int,
    refused: Mapping[str, int],
    words: Mapping[str, str],
    at: datetime,
    *,
    simulated: bool,
    provider_id: str,
) -> None:
    day = f"{at:%Y-%m-%d}"
    rows = [
        {
            "model": model,
            "endpoint": endpoint,
            "parameter": name,
            "value": value[:200],
            "simulated": simulated,
            "provider_id": provider_id,
            "sent": accepted + sum(refused.values()),
            "accepted": accepted,
            "refused": refused.get(name, 0),
            "words": words.get(name, "")[:1000],
            "refused_on": day if refused.get(name) else "",
            "last_on": day,
        }
        for name, value in sorted(sent.items())
        if accepted or refused.get(name)
    ]
    if rows:
        statement = insert_or_sum(
            connection,
            ParameterTable,
            _KEY,
            ("sent", "accepted", "refused"),
            ("words", "refused_on", "last_on"),
        )
        connection.execute(statement, rows)


def _row(row: Any) -> ParameterRow:
    return ParameterRow(
        model=row.model,
        endpoint=row.endpoint,
        parameter=row.parameter,
        value=row.value,
        sent=int(row.sent),
        accepted=int(row.accepted),
        refused=int(row.refused),
        words=row.words,
        refused_on=row.refused_on,
        last_on=row.last_on,
        simulated=row.simulated,
    )
