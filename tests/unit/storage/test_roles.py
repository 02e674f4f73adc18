"""On PostgreSQL the dashboard's user has no right on the engine's schema, and works all the same."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import make_url

from core.app import build
from core.domain.actor import LOCAL
from core.errors import StorageTrouble
from core.settings import load, without_keys
from core.storage.store import Store
from tests.postgres import Postgres

pytestmark = pytest.mark.postgres


@pytest.fixture
def given(postgres: Postgres, tmp_path) -> dict[str, str]:  # type: ignore[no-untyped-def]  # pytest's own
    url = make_url(postgres.url())
    name = url.database
    return {
        "MOSYCHLOS_HOME": str(tmp_path),
        "MOSYCHLOS_DATABASE_URL": url.render_as_string(hide_password=False),
        "MOSYCHLOS_DASHBOARD_DATABASE_URL": url.set(username=f"dash_{name}", password="a'b").render_as_string(False),
        "MOSYCHLOS_WORKER_DATABASE_URL": url.set(username=f"work_{name}", password="b").render_as_string(False),
    }


def test_the_dashboards_user_works_and_has_no_right_on_the_engines_tables(given: dict[str, str]) -> None:
    owner = build(load(given))
    owner.make_roles()
    owner.make_roles()
    assert not [one for one in owner.role_statements() if "a''b" in one]
    owner.close()
    around = without_keys(given)
    assert "work_" not in str(around)
    assert around["MOSYCHLOS_DATABASE_URL"] == given["MOSYCHLOS_DASHBOARD_DATABASE_URL"]
    app = build(load(around))
    try:
        app.portfolios.add_samples(LOCAL)
        assert app.health(LOCAL)
    finally:
        app.close()
    dsn = make_url(given["MOSYCHLOS_DASHBOARD_DATABASE_URL"]).set(drivername="postgresql").render_as_string(False)
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in (
            "SELECT * FROM dbos.workflow_status", "DELETE FROM dbos.workflow_status", "CREATE TABLE dbos.x (a int)",
            "UPDATE ledger SET cost_nano = 0", "DELETE FROM schema_migration", "INSERT INTO room VALUES ('m', 1, 1)",
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
    store = Store(given["MOSYCHLOS_DASHBOARD_DATABASE_URL"])
    with pytest.raises(StorageTrouble, match="mosychlos db upgrade"), store.database.write() as connection:
        connection.exec_driver_sql("SELECT 1 FROM dbos.workflow_status")
    store.close()
