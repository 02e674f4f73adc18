"""The database: one engine, short transactions, clear errors. SQLite in WAL by default, PostgreSQL by URL."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, OperationalError, ProgrammingError
from sqlmodel import create_engine

from core import private_files
from core.errors import BadSetting, StorageTrouble, ValueRefused
from core.redaction import masked_url, redacted

BUSY_TIMEOUT_MS = 30_000

_DAMAGED = (
    "The database file is damaged. Stop all processes and restore the last copy; the next worker finds the batches "
    "that were sent since at the provider."
)
_TROUBLE = {
    "database is locked": "The database is busy: another process held it for over 30 seconds. Try again.",
    "disk is full": "The disk that holds the database is full. Free some space; nothing stored was harmed.",
    "readonly database": "The database file cannot be written. Check the rights of the data directory.",
    "unable to open database": "The database file cannot be opened. Check that the data directory may be written.",
    "disk image is malformed": _DAMAGED,
    "file is not a database": _DAMAGED,
    "disk i/o error": "The disk reported an error while the database was written. Check the disk.",
}


_CROSSED = {"40001", "40P01"}
"""PostgreSQL's serialization failure and deadlock: the transaction was taken back and may be repeated."""


_FORBIDDEN = "42501"
"""PostgreSQL's insufficient privilege."""


class Database:
    """Connections to one database.

    Transactions are explicit: `read()` for a consistent look, `write()` for a change. On SQLite a write takes the
    write lock at once, so that a check and the change that follows from it cannot be separated by another writer.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError) as error:
            raise BadSetting(
                f"MOSYCHLOS_DATABASE_URL is '{masked_url(url)}', which is no database address: {redacted(str(error))}"
            ) from None
        self.url = url
        self._file: Path | None = None
        self.dialect = parsed.get_backend_name()
        if self.dialect not in {"sqlite", "postgresql"}:
            raise BadSetting(
                f"MOSYCHLOS_DATABASE_URL names '{self.dialect}'. Use sqlite:///file or postgresql+psycopg://host/name."
            )
        if self.dialect == "postgresql" and parsed.get_driver_name() != "psycopg":
            parsed = parsed.set(drivername="postgresql+psycopg")
        if self.dialect == "sqlite" and parsed.get_driver_name() != "pysqlite":
            parsed = parsed.set(drivername="sqlite")
        if self.dialect == "sqlite" and parsed.database:
            file = Path(parsed.database).absolute()
            self._file = file
            try:
                file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                # Made before the driver makes it, for its owner alone: the log beside it gets the same rights.
                private_files.create(file)
            except OSError as error:
                raise StorageTrouble(
                    f"The database file '{file}' cannot be made ({error.strerror}). Check the rights of its folder."
                ) from error
            private_files.tighten(self.files())
        arguments: dict[str, Any] = {"timeout": BUSY_TIMEOUT_MS / 1000} if self.dialect == "sqlite" else {}
        self.engine: Engine = create_engine(parsed, connect_args=arguments, pool_pre_ping=self.dialect == "postgresql")
        self._pid = os.getpid()
        if self.dialect == "sqlite":
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @property
    def stands(self) -> bool:
        """Whether its file lies where it was opened; true of databases that are no file."""
        return self._file is None or self._file.exists()

    @property
    def is_sqlite(self) -> bool:
        """True on SQLite."""
        return self.dialect == "sqlite"

    def files(self) -> list[Path]:
        """The files of a SQLite database that are there: itself and its logs."""
        if self._file is None:
            return []
        beside = (self._file, *(self._file.with_name(self._file.name + end) for end in ("-wal", "-shm", "-journal")))
        return [path for path in beside if path.exists()]

    def _connected(self) -> Connection:
        """A connection.

        Raises:
            BadSetting: The address has an option that the driver does not know.
        """
        try:
            return self.engine.connect()
        except (TypeError, ValueError, ProgrammingError) as error:
            said = redacted(str(getattr(error, "orig", None) or error)).strip().partition("\n")[0]
            raise BadSetting(
                f"MOSYCHLOS_DATABASE_URL is '{masked_url(self.url)}', which the database's driver does not take: {said}"
            ) from None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one moment of the database and changes nothing."""
        with clear_errors(), self._connected() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: committed when the block ends, rolled back when it raises."""
        with clear_errors(), self._connected() as connection:
            connection.info["immediate"] = True
            try:
                with connection.begin():
                    yield connection
            finally:
                connection.info.pop("immediate", None)

    @contextmanager
    def exclusively(self, number: int) -> Iterator[None]:
        """Keep every other process that asks for the same number waiting, for as long as the block runs.

        On SQLite there is only one worker, held by its file lock, so there is nobody to keep waiting.
        """
        if self.is_sqlite:
            yield
            return
        with clear_errors(), self._connected() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({int(number)})")
            connection.commit()
            try:
                yield
            finally:
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({int(number)})")
                connection.commit()

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions of its own: `_begin_sqlite` chooses which kind.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "cache_size=-32768",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.info.get("immediate") else "BEGIN")


@contextmanager
def clear_errors() -> Iterator[None]:
    """Let what is wrong with the database itself come out as a sentence.

    Raises:
        StorageTrouble: It is busy, full, damaged, or cannot be reached; all of these may pass.
        ValueRefused: It takes a value in no form.
    """
    try:
        yield
    except DBAPIError as error:
        text = str(error.orig).lower()
        for sign, sentence in _TROUBLE.items():
            if sign in text:
                raise StorageTrouble(sentence) from error
        if getattr(error.orig, "sqlstate", None) in _CROSSED:
            raise StorageTrouble("Somebody else changed the same at the same moment. Nothing was changed.") from error
        if getattr(error.orig, "sqlstate", None) == _FORBIDDEN:
            said = str(error.orig).strip().partition("\n")[0]
            raise StorageTrouble(
                f"The database does not let this user do that ({said}). Its owner has to run: mosychlos db upgrade"
            ) from error
        if _out_of_reach(error):
            raise StorageTrouble("The database server cannot be reached. Check that it runs and try again.") from error
        if isinstance(error, DataError):
            raise ValueRefused(f"The database refuses a value: {str(error.orig)[:200]}") from error
        raise


def _out_of_reach(error: DBAPIError) -> bool:
    """Whether a server ended the connection, takes none now, or has none left.

    The states are PostgreSQL's classes 08 (connection exception), 53 (insufficient resources) and 57P (operator
    intervention); a connection that was never made has no state. https://www.postgresql.org/docs/current/errcodes-appendix.html
    """
    if not isinstance(error, OperationalError) or isinstance(error.orig, sqlite3.Error):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or state is None or state.startswith(("08", "53", "57P"))
