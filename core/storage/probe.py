"""Whether the database answers, takes writes, and has this program's schema."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.errors import StorageTrouble
from core.storage.database import Database
from core.storage.migrations import MIGRATIONS, version_of


def schema_version(database: Database) -> int:
    """The schema that the database has, asked in a transaction that could change it.

    Raises:
        StorageTrouble: It does not answer, or takes no writes.
    """
    if not database.stands:
        raise StorageTrouble("The database's file is gone; connections that are open write into one that nobody finds.")
    try:
        with database.write() as connection:
            # Changes no row, and is refused all the same where nothing may be changed. Of a table that every user of
            # the database may write: only the owner writes which migrations there are.
            connection.execute(text("UPDATE portfolio SET portfolio_id = portfolio_id WHERE 1 = 0"))
            return int(connection.execute(text("SELECT max(version) FROM schema_migration")).scalar_one())
    except DBAPIError as error:
        raise StorageTrouble(f"The database refuses a write: {error.orig}") from error


NEWEST = version_of(MIGRATIONS[-1])
"""The schema that this program works with."""
