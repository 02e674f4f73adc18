"""Migrates a database in processes that are killed at every statement in turn, and says how that went.

    python -m tests.faults.migrator <database address> <every>

A child upgrades and kills itself with SIGKILL at its n-th statement; the next child goes on with n + `every`. Once a
migration is through, n begins anew. One line comes out: {"kills": 204, "lost": [], "versions": 10}; `lost` names what
a killed migration left behind half done.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from contextlib import closing
from typing import Any

from sqlalchemy import event, inspect, text

from core.storage.database import Database
from core.storage.migrations import upgrade


def main(url: str, every: int) -> None:
    """Kill and repeat until every migration is through."""
    kills, lost, nth, seeded = 0, [], 1, False
    before = _state(url)
    while True:
        if _child(url, nth):
            break
        kills += 1
        after = _state(url)
        if after[0] == before[0]:
            if after != before:
                lost.append(f"after {before[0]} and statement {nth}: {sorted(set(after[1]) ^ set(before[1]))}")
            nth += every
            continue
        if not seeded:
            _seed(url)
            seeded = True
        before, nth = _state(url), 1
    print(json.dumps({"kills": kills, "lost": lost, "versions": len(_state(url)[0]), "seeded": seeded}))


def _child(url: str, nth: int) -> bool:
    """Upgrade in a process of its own, killed at its n-th statement; True when it came to the end."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            _upgrade(url, nth)
            code = 0
        finally:
            if code:
                traceback.print_exc()
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit(f"an upgrade failed at statement {nth}")
    return os.WIFEXITED(status)


def _upgrade(url: str, nth: int) -> None:
    database, left = Database(url), nth

    def count(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.engine, "before_cursor_execute", count)
    event.listen(database.engine, "commit", count)
    upgrade(database)


def _state(url: str) -> tuple[list[int], list[str]]:
    """Versions that are recorded, and every table with its columns and indexes."""
    with closing(Database(url)) as database, database.read() as connection:
        found = inspect(connection)
        tables = sorted(found.get_table_names())
        schema = [f"{one}({', '.join(column['name'] for column in found.get_columns(one))})" for one in tables]
        schema += [f"{one}.{index['name']}" for one in tables for index in found.get_indexes(one)]
        if "schema_migration" not in tables:
            return [], schema
        return sorted(connection.execute(text("SELECT version FROM schema_migration")).scalars()), schema


def _seed(url: str) -> None:
    """A row of the first schema, in a table which a later migration makes anew and copies."""
    with closing(Database(url)) as database, database.write() as connection:
        columns = [one["name"] for one in inspect(connection).get_columns("price_series")]
        values = {name: f"{name[:6]}" for name in columns} | {"body": b"kept"}
        connection.execute(
            text(f"INSERT INTO price_series ({', '.join(columns)}) VALUES ({', '.join(f':{one}' for one in columns)})"),
            values,
        )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
