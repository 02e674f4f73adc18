"""The schema that migrations make is the one the tables describe, on each engine."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from core.domain.analysis import ItemError, Outcome, Reading, ResultStatus, Usage, Verification
from core.errors import StorageTrouble
from core.storage import tables
from core.storage.store import Store
from tests.unit.storage.making import NOW, draft, portfolio


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


def test_results_of_an_older_program_are_brought_in_order_like_new_ones(store: Store) -> None:
    store.portfolios.save([portfolio(0, name="Maison")], lambda _: None, actor="ada", at=NOW)
    job_id = draft(store, [3])
    checked = Verification(3, 1, 0, ())
    good = Reading(ResultStatus.SUCCEEDED, {"headline": "It holds."}, checked, None, "low", (), "It holds.")
    bad = Reading(ResultStatus.FAILED, None, None, ItemError("gone", "It is gone.", transient=False))
    store.results.add_ahead(
        job_id,
        [
            Outcome("risk-0-00000", "p00000", good, Usage(1, 0, 7, 0), Decimal("0.01")),
            Outcome("risk-0-00001", "p00001", good, Usage(1, 0, 5, 0), None),
            Outcome("risk-0-00002", "p00002", bad, Usage(9, 0, 9, 0), Decimal(1)),
        ],
    )

    def kept() -> tuple[object, ...]:
        with store.database.read() as connection:
            rows = connection.execute(text("SELECT custom_id, hhi, portfolio_name FROM result ORDER BY custom_id"))
            return [tuple(row) for row in rows], store.items.rollup(job_id), store.views.tally(job_id)

    new = kept()
    assert new[0] == [("risk-0-00000", 0.5, "Maison"), ("risk-0-00001", 0.5, "p00001"), ("risk-0-00002", 0.5, "p00002")]
    with store.database.write() as connection:
        names = ("result_concentrated", "result_by_name", "result_flagged", "result_unanswered")
        for name in (*names, "request_concentrated", "request_in_order"):
            connection.execute(text(f"DROP INDEX ix_{name}"))
        for column in ("hhi", "portfolio_name"):
            connection.execute(text(f"ALTER TABLE result DROP COLUMN {column}"))
        connection.execute(text("DELETE FROM rollup WHERE dimension = 'answered'"))
        connection.execute(text("DELETE FROM schema_migration WHERE version = 11"))
    assert store.upgrade() == ["m0011_results_in_order"]
    assert kept() == new
