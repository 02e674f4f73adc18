"""A database that has grown: one job that was really run, and copies of all of its rows, made by SQL."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.drafts.line_index import LineIndexWriter, index_path
from tests.bench.live import opened

_BATCH = 50_000
_OF_COPY = "~"
"""Between a name and the number of its copy."""


def grow(base: str, home: str, sizes: Sequence[int]) -> dict[str, Any]:
    """A data directory with jobs of so many times the base's requests; a size of 1 is the base's own job.

    Requests, results and answers are copied one by one under names of their own, with a portfolio for each.
    """
    source, place = Path(base), Path(home)
    place.mkdir(parents=True)
    shutil.copy(source / "mosychlos.db", place / "mosychlos.db")
    connection = sqlite3.connect(place / "mosychlos.db")
    connection.execute("pragma journal_mode = off")
    connection.execute("pragma synchronous = off")
    (job_id,) = connection.execute("select job_id from job").fetchone()
    jobs = {f"{job_id[:-6]}{number:06d}": size for number, size in enumerate(sizes, start=1) if size > 1}
    shutil.copytree(source / "jobs" / job_id, place / "jobs" / job_id)
    _copy(connection, "portfolio", {"portfolio_id": _numbered("portfolio_id"), "name": "name || ' ' || k"}, max(sizes))
    for number, (copy, size) in enumerate(jobs.items(), start=1):
        _job(connection, job_id, copy, size, number)
        facts = source / "jobs" / job_id / "facts.jsonl"
        (place / "jobs" / copy).mkdir()
        _facts(facts, place / "jobs" / copy / facts.name, size)
    connection.commit()
    (results,) = connection.execute("select count(*) from result").fetchone()
    connection.close()
    # Back to the journal that the program works with.
    opened(home).close()
    size_mb = (place / "mosychlos.db").stat().st_size / 1e6
    return {"seconds": 0.0, "results": results, "database_mb": size_mb, "jobs": {**jobs, job_id: 1}}


def _job(connection: sqlite3.Connection, job_id: str, copy: str, size: int, number: int) -> None:
    named, mine = {"job_id": f"'{copy}'"}, f"job_id = '{job_id}'"
    (base,) = connection.execute(f"select total from job where {mine}").fetchone()
    counted = {name: f"{name} * {size}" for name in ("total", "succeeded", "failed", "missing", "actual_nano")}
    earlier = {"created_at": f"created_at - {number * 60_000_000}", "nonce": f"'copy-{number}'"}
    _copy(connection, "job", {**named, **counted, **earlier}, 1, mine)
    _copy(connection, "rollup", {**named, "n": f"n * {size}"}, 1, mine)
    _copy(connection, "event", {**named, "event_id": "null"}, 1, mine)
    _copy(connection, "commitment", named, 1, mine)
    shards = max(1, size * base // _BATCH)
    shard = {"shard_id": _numbered(f"'{copy}.'"), "batch_id": _numbered(f"'batch_{number}_'"), "shard_index": "k"}
    _copy(connection, "shard", {**named, **shard}, shards, mine)
    _copy(connection, "ledger", {**named, "batch_id": shard["batch_id"], "shard_id": shard["shard_id"]}, shards, mine)
    one = {**named, "custom_id": _numbered("custom_id")}
    its = {**one, "portfolio_id": _numbered("portfolio_id")}
    _copy(connection, "request", its, size, mine)
    _copy(connection, "result", {**its, "portfolio_name": "portfolio_name || ' ' || k"}, size, mine)
    _copy(connection, "answer", one, size, mine)


def _numbered(name: str) -> str:
    return f"{name} || '{_OF_COPY}' || k"


def _copy(
    connection: sqlite3.Connection, table: str, changed: Mapping[str, str], times: int, where: str = "true"
) -> None:
    columns = [row[1] for row in connection.execute(f"pragma table_info({table})")]
    values = ", ".join(changed.get(column, column) for column in columns)
    counting = "with recursive copies(k) as (select 0 union all select k + 1 from copies where k + 1 < ?)"
    rows = f"select {values} from (select * from {table} where {where}) cross join copies"
    connection.execute(f"insert into {table} {counting} {rows}", (times,))


def _facts(source: Path, target: Path, size: int) -> None:
    lines = source.read_bytes().splitlines(keepends=True)
    index, place = LineIndexWriter(), 0
    with target.open("wb", buffering=1 << 20) as file:
        for line in lines:
            custom_id, tab, rest = line.partition(b"\t")
            for number in range(size):
                copy = custom_id + f"{_OF_COPY}{number}".encode()
                index.add(copy.decode(), place)
                place += file.write(copy + tab + rest)
    index.write(index_path(target), place)
