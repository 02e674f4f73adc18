"""How a model has done at an analysis so far: the numbers it stated, and how many of them held."""

from __future__ import annotations

from sqlalchemy import func, select

from core.domain.records import Track
from core.storage.database import Database
from core.storage.sql import table
from core.storage.tables import JobTable, RollupTable

_J, _ROLL = table(JobTable), table(RollupTable)


class TrackRecord:
    """Reads the roll-ups that are written with every answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, kind: str, model: str, *, simulated: bool) -> Track:
        """What the jobs of an analysis that went to a model have come to."""
        query = (
            select(_ROLL.c.dimension, _ROLL.c.value, func.sum(_ROLL.c.n).label("n"))
            .join(_J, _J.c.job_id == _ROLL.c.job_id)
            .where(
                _J.c.kind == kind,
                _J.c.model == model,
                _J.c.simulated == simulated,
                _ROLL.c.dimension.in_(["numbers", "answers"]),
            )
            .group_by(_ROLL.c.dimension, _ROLL.c.value)
        )
        with self._database.read() as connection:
            sums = {(row.dimension, row.value): int(row.n) for row in connection.execute(query)}
        return Track(
            answers=sum(n for (dimension, _), n in sums.items() if dimension == "answers"),
            verified=sums.get(("numbers", "verified"), 0),
            stated=sum(n for (dimension, _), n in sums.items() if dimension == "numbers"),
        )
