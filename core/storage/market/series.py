"""Economic series in the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

import orjson
from sqlalchemy import select

from core.domain.market import EconomicSeries, SeriesRow
from core.domain.units import Badge
from core.errors import NotFound
from core.storage.database import Database
from core.storage.sql import insert_or_replace, table
from core.storage.tables import EconomicSeriesTable

_T = table(EconomicSeriesTable)


class SeriesRepository:
    """Reads and writes economic series, one row each with its observations inside."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, series: Iterable[EconomicSeries], *, actor: str, at: datetime) -> int:
        """Store series, replacing those of the same id; returns how many."""
        rows = [
            {
                "series_id": one.series_id,
                "title": one.title,
                "unit": one.unit,
                "frequency": one.frequency,
                "publisher": one.publisher,
                "licence": one.licence,
                "url": one.url,
                "source_id": one.source_id,
                "badge": one.badge.value,
                "may_prompt": one.may_prompt,
                "first_day": one.days[0].isoformat(),
                "last_day": one.days[-1].isoformat(),
                "observations": len(one.days),
                "fetched_at": at,
                "fetched_by": actor,
                "body": orjson.dumps(list(zip(one.days, one.values, strict=True))).decode(),
            }
            for one in series
            if one.days
        ]
        if rows:
            with self._database.write() as connection:
                connection.execute(insert_or_replace(connection, EconomicSeriesTable, ["series_id"]), rows)
        return len(rows)

    def load(self, series_ids: Sequence[str] | None = None) -> dict[str, EconomicSeries]:
        """Series by id: those asked for that there are, or all of them."""
        query = select(_T).order_by(_T.c.series_id)
        if series_ids is not None:
            query = query.where(_T.c.series_id.in_(list(series_ids)))
        found: dict[str, EconomicSeries] = {}
        with self._database.read() as connection:
            for row in connection.execute(query):
                pairs = orjson.loads(row.body)
                found[row.series_id] = EconomicSeries(
                    series_id=row.series_id,
                    title=row.title,
                    unit=row.unit,
                    frequency=row.frequency,
                    publisher=row.publisher,
                    licence=row.licence,
                    url=row.url,
                    source_id=row.source_id,
                    badge=Badge(row.badge),
                    may_prompt=bool(row.may_prompt),
                    days=tuple(date.fromisoformat(day) for day, _ in pairs),
                    values=tuple(float(value) for _, value in pairs),
                )
        return found

    def get(self, series_id: str) -> EconomicSeries:
        """One series.

        Raises:
            NotFound: No such series.
        """
        found = self.load([series_id])
        if series_id not in found:
            raise NotFound(f"There is no series '{series_id}'. See what there is with: mosychlos series list")
        return found[series_id]

    def rows(self) -> list[SeriesRow]:
        """What is stored, by id."""
        columns = [column for column in _T.columns if column.name != "body"]
        with self._database.read() as connection:
            return [
                SeriesRow(
                    row.series_id,
                    row.title,
                    row.unit,
                    row.frequency,
                    row.publisher,
                    row.licence,
                    row.source_id,
                    Badge(row.badge),
                    bool(row.may_prompt),
                    date.fromisoformat(row.first_day),
                    date.fromisoformat(row.last_day),
                    row.observations,
                    row.fetched_at,
                )
                for row in connection.execute(select(*columns).order_by(_T.c.series_id))
            ]
