"""Roles on PostgreSQL: the dashboard and the workers each connect with what they need, and the owner only upgrades.

A hole in the dashboard, which holds no key, must not become one in the worker, which does: so the dashboard's role has
no right on the schema of the durable engine, and none to write what only workers write.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import sql
from sqlalchemy import make_url, text
from sqlmodel import SQLModel

from core.errors import BadSetting, Refused
from core.storage.database import Database
from core.storage.sql import table
from core.storage.tables import (
    CalibrationTable,
    CollectedTable,
    LedgerTable,
    ParameterTable,
    ProviderStateTable,
    RoomTable,
    SchemaMigration,
    StrayTable,
    WorkerTable,
)

_WORKERS_OWN = (
    CalibrationTable,
    CollectedTable,
    LedgerTable,
    ParameterTable,
    ProviderStateTable,
    RoomTable,
    StrayTable,
    WorkerTable,
)
"""Tables that only workers write; the dashboard reads them."""

_OWNERS = (SchemaMigration,)
"""Tables that only an upgrade writes."""


@dataclass(frozen=True, slots=True, repr=False)
class LoginRole:
    """A role that logs in, as an address names it."""

    name: str
    password: str | None

    @classmethod
    def of(cls, url: str, setting: str) -> LoginRole:
        """The role in an address.

        Raises:
            BadSetting: It names none.
        """
        parsed = make_url(url)
        if parsed.get_backend_name() != "postgresql" or not parsed.username:
            raise BadSetting(f"{setting} must name a user: postgresql+psycopg://user:password@host/name.")
        password = parsed.password
        return cls(parsed.username, None if password is None else str(password))


def statements(database: Database, dashboard: LoginRole | None, worker: LoginRole | None, *, shown: bool) -> list[str]:
    """What makes the roles and gives them their rights; the same again changes nothing.

    Args:
        database: The owner's connection; it is only asked for its name.
        dashboard: The dashboard's role, None for none.
        worker: The workers' role, None for none.
        shown: Leave passwords out, for a person to read.
    """
    name = make_url(database.url).database or ""
    found = ["REVOKE CREATE ON SCHEMA public FROM PUBLIC"]
    for role in (dashboard, worker):
        if role is not None:
            found += _login(role, name, shown=shown)
    if worker is not None:
        found += _rights(worker, _OWNERS)
    if dashboard is not None:
        found += _rights(dashboard, (*_OWNERS, *_WORKERS_OWN))
    return found


def _login(role: LoginRole, database: str, *, shown: bool) -> list[str]:
    name = sql.Identifier(role.name)
    secret = "..." if shown else role.password
    login = sql.SQL("LOGIN PASSWORD {}").format(sql.Literal(secret)) if secret else sql.SQL("LOGIN")
    make = sql.SQL(
        "DO $mosychlos$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {}) THEN CREATE ROLE {} {}; END IF; "
        "END $mosychlos$"
    ).format(sql.Literal(role.name), name, login)
    return [
        make.as_string(),
        _filled("GRANT CONNECT ON DATABASE {} TO {}", sql.Identifier(database), name),
        _filled("GRANT USAGE ON SCHEMA public TO {}", name),
    ]


def _rights(role: LoginRole, read_only: tuple[type[SQLModel], ...]) -> list[str]:
    name = sql.Identifier(role.name)
    tables: Any = sql.SQL(", ").join([sql.Identifier(str(table(one).name)) for one in read_only])
    return [
        _filled("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}", name),
        _filled("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}", name),
        _filled("REVOKE INSERT, UPDATE, DELETE ON {} FROM {}", tables, name),
    ]


def _filled(statement: str, *names: Any) -> str:
    return sql.SQL(statement).format(*names).as_string()


def grant(database: Database, dashboard: LoginRole | None, worker: LoginRole | None) -> list[str]:
    """Make the roles and give them their rights, in one transaction; returns their names.

    Raises:
        BadSetting: A role is the owner's own, or both are the same.
        Refused: The owner may not make roles.
    """
    owner = make_url(database.url).username
    names = [role.name for role in (dashboard, worker) if role is not None]
    if len({owner, *names}) <= len(names):
        raise BadSetting(
            "Dashboard, workers and the owner of the database must be three different users. Choose other names in "
            "MOSYCHLOS_DASHBOARD_DATABASE_URL and MOSYCHLOS_WORKER_DATABASE_URL."
        )
    with database.write() as connection:
        may = connection.execute(
            text("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
        ).scalar()
        there = connection.execute(text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:names)"), {"names": names})
        missing = sorted(set(names) - set(there.scalars()))
        if missing and not may:
            raise Refused(
                f"The user of MOSYCHLOS_DATABASE_URL may make no roles, and there is no {' and no '.join(missing)}. "
                "Ask the database's administrator to run what this prints: mosychlos db roles --sql"
            )
        for statement in statements(database, dashboard, worker, shown=False):
            # The driver itself, because nothing in these statements is a parameter.
            connection.connection.cursor().execute(statement)
    return names
