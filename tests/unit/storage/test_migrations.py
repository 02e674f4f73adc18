"""The schema that migrations make is the one the tables describe, on each engine."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from core.errors import StorageTrouble
from core.storage import tables
from core.storage.store import Store


def test_migrations_make_exactly_the_tables_that_the_models_describe(store: Store) -> None:
    found = inspect(store.database.engine)
    described = {
        model.__tablename__: model
        for model in vars(tables).values()
        if isinstance(model, type) and issubclass(model, SQLModel) and hasattr(model, "__table__")
    }
    assert set(found.get_table_names()) - {"sqlite_sequence"} == set(described)
    for name, model in described.items():
        columns = {column["name"]: column for column in found.get_columns(name)}
        wanted = {column.name: column for column in model.__table__.columns}
        assert list(columns) == list(wanted), f"columns of {name}, in order"
        for column, meant in wanted.items():
            if not meant.primary_key:
                assert columns[column]["nullable"] == meant.nullable, f"{name}.{column}"
        assert found.get_pk_constraint(name)["constrained_columns"] == [c.name for c in model.__table__.primary_key]


def test_a_second_upgrade_changes_nothing(store: Store) -> None:
    assert store.upgrade() == []


def test_a_database_of_a_newer_program_is_refused_and_left_alone(store: Store) -> None:
    with store.database.write() as connection:
        connection.execute(text("INSERT INTO schema_migration VALUES (9999, 'm9999_future', 0)"))
    with pytest.raises(StorageTrouble, match="schema 9999"):
        store.upgrade()
