"""Price history in the database: real and simulated series of the same symbol stand side by side, never mixed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select

from core.domain.market import PriceRow
from core.domain.units import Badge
from core.metrics.prices import PriceHistory, PriceSeries
from core.storage.database import Database
from core.storage.sql import insert_or_replace, table
from core.storage.tables import PriceTable

_T = table(PriceTable)
CHUNK = 500


class Prices:
    """Reads and writes daily closing prices, one packed row a symbol and badge."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(
        self, series: Iterable[PriceSeries], *, source: str = "", at: datetime | None = None, actor: str = ""
    ) -> int:
        """Store series, replacing those of the same symbol and badge; returns how many."""
        rows = [
            {
                "symbol": one.symbol,
                "badge": one.badge.value,
                "currency": one.currency,
                "first_day": str(one.days[0]),
                "last_day": str(one.days[-1]),
                "closes": len(one.days),
                "source": source,
                "updated_at": at,
                "updated_by": actor,
                "body": PriceHistory.from_series([one]).to_bytes(),
            }
            for one in series
            if len(one.days)
        ]
        if rows:
            with self._database.write() as connection:
                connection.execute(insert_or_replace(connection, PriceTable, ["symbol", "badge"]), rows)
        return len(rows)

    def load(self, symbols: Iterable[str], *, simulated_first: bool = False) -> PriceHistory:
        """The history of those of `symbols` that have one.

        Args:
            symbols: As holdings write them.
            simulated_first: Where a symbol has both, take the simulated series (samples) instead of the real one.
        """
        wanted = sorted(set(symbols))
        found: dict[str, PriceSeries] = {}
        with self._database.read() as connection:
            for start in range(0, len(wanted), CHUNK):
                rows = connection.execute(select(_T.c.body).where(_T.c.symbol.in_(wanted[start : start + CHUNK])))
                for body in rows.scalars():
                    for one in PriceHistory.from_bytes(bytes(body)).values():
                        simulated = one.badge is Badge.SIMULATED
                        if one.symbol not in found or simulated is simulated_first:
                            found[one.symbol] = one
        return PriceHistory.from_series(found.values())

    def rows(self, *, search: str = "") -> list[PriceRow]:
        """What is stored, by symbol; only symbols that contain `search` in any case."""
        columns = [column for column in _T.columns if column.name != "body"]
        query = select(*columns).order_by(_T.c.symbol, _T.c.badge)
        if search:
            query = query.where(_T.c.symbol.icontains(search, autoescape=True))
        with self._database.read() as connection:
            return [
                PriceRow(
                    row.symbol,
                    row.currency,
                    Badge(row.badge),
                    date.fromisoformat(row.first_day),
                    date.fromisoformat(row.last_day),
                    row.closes,
                    row.source,
                    row.updated_at,
                )
                for row in connection.execute(query)
            ]

    def remove(self, symbol: str, badge: Badge) -> bool:
        """Forget one series; False when there was none."""
        with self._database.write() as connection:
            done = connection.execute(_T.delete().where(_T.c.symbol == symbol, _T.c.badge == badge.value))
        return done.rowcount > 0
