"""Price history in the database."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from core.metrics.prices import PriceHistory, PriceSeries
from core.storage.database import Database
from core.storage.sql import insert_or_replace, table
from core.storage.tables import PriceTable

_T = table(PriceTable)
CHUNK = 500


class Prices:
    """Reads and writes daily closing prices, one packed row a symbol."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, series: Iterable[PriceSeries]) -> int:
        """Store series, replacing those of the same symbol; returns how many."""
        rows = [
            {
                "symbol": one.symbol,
                "currency": one.currency,
                "badge": one.badge.value,
                "first_day": str(one.days[0]),
                "last_day": str(one.days[-1]),
                "body": PriceHistory.from_series([one]).to_bytes(),
            }
            for one in series
            if len(one.days)
        ]
        if rows:
            with self._database.write() as connection:
                connection.execute(insert_or_replace(connection, PriceTable, ["symbol"]), rows)
        return len(rows)

    def load(self, symbols: Iterable[str]) -> PriceHistory:
        """The history of those of `symbols` that have one."""
        wanted = sorted(set(symbols))
        found: list[PriceSeries] = []
        with self._database.read() as connection:
            for start in range(0, len(wanted), CHUNK):
                rows = connection.execute(select(_T.c.body).where(_T.c.symbol.in_(wanted[start : start + CHUNK])))
                found += [one for body in rows.scalars() for one in PriceHistory.from_bytes(bytes(body)).values()]
        return PriceHistory.from_series(found)
