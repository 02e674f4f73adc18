"""How a model has done at an analysis so far: the numbers it stated, and how many of them held."""

from __future__ import annotations

from sqlalchemy import func, select

from core.domain.provider import ProviderIdentity, same_model
from core.domain.records import Track
from core.storage.database import Database
from core.storage.jobs.outcome_writer import MODEL
from core.storage.sql import table
from core.storage.tables import JobTable, RollupTable

_J, _ROLL = table(JobTable), table(RollupTable)


class TrackRecord:
    """Reads the roll-ups that are written with every answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, kind: str, model: str, *, identity: ProviderIdentity) -> Track:
        """What the jobs of an analysis that went to a model of this provider have come to."""
        mine = (
            (_J.c.kind == kind)
            & (_J.c.model == model)
            & (_J.c.provider_id == identity.fingerprint)
            & (_J.c.simulated == identity.simulated)  # not what a stand-in said in its place
        )
        answered = (
            select(_ROLL.c.job_id, _ROLL.c.value)
            .join(_J, _J.c.job_id == _ROLL.c.job_id)
            .where(mine, _ROLL.c.dimension == MODEL)
        )
        query = (
            select(_ROLL.c.dimension, _ROLL.c.value, func.sum(_ROLL.c.n).label("n"))
            .join(_J, _J.c.job_id == _ROLL.c.job_id)
            .where(mine, _ROLL.c.dimension.in_(["numbers", "answers"]))
            .group_by(_ROLL.c.dimension, _ROLL.c.value)
        )
        with self._database.read() as connection:
            # Jobs in which another model answered as well, told apart by no count.
            mixed = {row.job_id for row in connection.execute(answered) if not same_model(model, row.value)}
            if mixed:
                query = query.where(_ROLL.c.job_id.not_in(mixed))
            sums = {(row.dimension, row.value): int(row.n) for row in connection.execute(query)}
        return Track(
            answers=sum(n for (dimension, _), n in sums.items() if dimension == "answers"),
            verified=sums.get(("numbers", "verified"), 0),
            stated=sum(n for (dimension, _), n in sums.items() if dimension == "numbers"),
        )
