"""The few statements that SQLite and PostgreSQL spell differently, or that need speed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import orjson
from sqlalchemy import Connection, Table, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from core.redaction import redacted, without_known
from core.storage.tables import Answered, Foreign


def table(model: type[SQLModel]) -> Table:
    """The SQLAlchemy table behind a model."""
    return cast("Table", model.__table__)  # type: ignore[attr-defined]  # SQLModel sets it at class creation


def insert_or_replace(connection: Connection, model: type[SQLModel], key: Sequence[str]) -> Any:
    """An insert that takes over all columns of a row that is already there."""
    target = table(model)
    insert = _insert(connection, target)
    others = {column.name: insert.excluded[column.name] for column in target.columns if column.name not in key}
    return insert.on_conflict_do_update(index_elements=list(key), set_=others)


def insert_or_ignore(connection: Connection, model: type[SQLModel]) -> Any:
    """An insert that leaves a row that is already there as it is."""
    return _insert(connection, table(model)).on_conflict_do_nothing()


def insert_or_add(connection: Connection, model: type[SQLModel], key: Sequence[str], amount: str) -> Any:
    """An insert that adds `amount` to a row that is already there."""
    target = table(model)
    insert = _insert(connection, target)
    return insert.on_conflict_do_update(
        index_elements=list(key), set_={amount: target.columns[amount] + insert.excluded[amount]}
    )


def insert_or_sum(
    connection: Connection, model: type[SQLModel], key: Sequence[str], amounts: Sequence[str], newest: Sequence[str]
) -> Any:
    """An insert that adds `amounts` to a row that is there already, and takes over `newest` unless they are empty."""
    target = table(model)
    insert = _insert(connection, target)
    values: dict[str, Any] = {name: target.columns[name] + insert.excluded[name] for name in amounts}
    for name in newest:
        values[name] = func.coalesce(func.nullif(insert.excluded[name], ""), target.columns[name])
    return insert.on_conflict_do_update(index_elements=list(key), set_=values)


def _insert(connection: Connection, target: Table) -> Any:
    return postgresql.insert(target) if connection.dialect.name == "postgresql" else sqlite.insert(target)


def bulk_insert(connection: Connection, model: type[SQLModel], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert many rows given as tuples in the order of the table's columns, values as the database stores them.

    The quickest way each driver has: `executemany` on SQLite, `COPY` on PostgreSQL. A row that is already there is an
    error: callers have made sure, under their lease, that there is none.
    """
    if not rows:
        return
    target = table(model)
    rows = _cleaned(target, rows)
    names = ", ".join(f'"{column.name}"' for column in target.columns)
    if connection.dialect.name == "postgresql":
        cursor = connection.connection.cursor()
        try:
            with cursor.copy(f'COPY "{target.name}" ({names}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)
        finally:
            cursor.close()
    else:
        marks = ", ".join("?" * len(target.columns))
        # The names come from our own table, never from input.
        connection.exec_driver_sql(f'INSERT INTO "{target.name}" ({names}) VALUES ({marks})', list(rows))  # noqa: S608  # own names


def _cleaned(target: Table, rows: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
    """Rows as the columns' own types would clean them, which a bulk insert passes by."""
    clean: dict[type, Callable[[str], str]] = {Foreign: redacted, Answered: without_known}
    rules = [(place, clean[type(c.type)]) for place, c in enumerate(target.columns) if type(c.type) in clean]
    if not rules:
        return rows
    cleaned = []
    for row in rows:
        values = list(row)
        for place, rule in rules:
            if values[place]:
                values[place] = rule(values[place])
        cleaned.append(tuple(values))
    return cleaned


def dump(value: Any) -> str:
    """JSON text for a column."""
    return orjson.dumps(value, default=str).decode()
