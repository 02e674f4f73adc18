"""50,000 lines of a provider's result file: read, parsed, verified against their facts, and stored."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import orjson
from pydantic import BaseModel, ConfigDict

from core.analyses.engines import engine_for
from core.analyses.risk import RiskAnswer
from core.domain.analysis import Kind
from core.domain.portfolio import Portfolio
from core.drafts.fact_store import sheet_index, sheet_path
from core.llm.jsonl import lines
from tests.bench import world
from tests.bench.bench_prepare import AT, asked
from tests.bench.measure import Figures, Watch, child, memory_mb
from tests.bench.report import Row, Target

if TYPE_CHECKING:
    from core.providers.openai_provider import OpenAIProvider

LINES = 50_000
NAIVE = 5_000
HELD = 5
"""Holdings a portfolio: answers of about 5 kB, which is what is read here."""

_ALIKE = 500
"""Portfolios with figures of their own; the others repeat them under other ids, so that answers are written quickly."""
_CHUNK = 1_000


def run(folder: Path, runs: int) -> tuple[list[Row], list[Target]]:
    """SQLite first, then PostgreSQL where one can be had; rows for the table and what was to be reached."""
    prepared = str(folder / "prepared")
    size = child("bench_ingest:prepare", home=prepared)["bytes"]
    rows, targets = _on("SQLite", folder, prepared, runs, None, size)
    from tests.postgres import NoPostgres, Postgres

    try:
        server = Postgres()
        server.start()
    except NoPostgres as error:
        return [*rows, Row(f"PostgreSQL: left out, {error}", Figures(0, 0, 0))], targets
    try:
        more, wanted = _on("PostgreSQL", folder, prepared, runs, server, size)
    finally:
        server.stop()
    return rows + more, targets + wanted


def _on(name: str, folder: Path, prepared: str, runs: int, server: Any, size: int) -> tuple[list[Row], list[Target]]:
    found: dict[str, list[Figures]] = {"ours": [], "naive": [], "floor": [], "parse": []}
    for number in range(runs):
        for way, count in (("ours", LINES), ("naive", NAIVE), ("floor", LINES), ("parse", LINES)):
            home = folder / f"{name}-{way}-{number}"
            url = server.url() if server else f"sqlite:///{home / 'bench.db'}"
            if way == "ours":
                child("bench_ingest:stage", home=str(home), url=url, prepared=prepared)
            found[way].append(child(f"bench_ingest:{way}", home=str(home), url=url, prepared=prepared, count=count))
            shutil.rmtree(home, ignore_errors=True)
    ours, naive, floor, parse = (sorted(each, key=lambda one: one.seconds)[len(each) // 2] for each in found.values())
    naive = naive.times(LINES / NAIVE)
    naive.more["insert_seconds"] *= LINES / NAIVE
    rows = [
        Row(f"{name}: ours, {LINES:,} lines, {size / 1e6:,.0f} MB, checked", ours, LINES),
        Row(f"{name}:   of which storing", _storing(ours), LINES),
        Row(f"{name}: naive pydantic, add_all ({NAIVE:,} run)", naive, LINES, of=ours),
        Row(f"{name}:   of which models, add_all and commit", _storing(naive), LINES, of=_storing(ours)),
        Row(f"{name}: floor: parse, bulk insert, nothing checked", floor, LINES, of=ours),
        Row(f"{name}: parse and check alone, nothing stored", parse, LINES, of=ours),
    ]
    stored = ours["stored"]
    return rows, [
        Target(f"{name}: answers stored", stored, LINES),
        Target(
            f"{name}: CPU of storing, times less than models and add_all", naive["insert_cpu"] / ours["insert_cpu"], 4
        ),
        Target(f"{name}: times less memory than naive", naive.peak_mb / ours.peak_mb, 6),
        Target(
            f"{name}: CPU, times parse, check and bulk insert", ours.cpu_seconds / _bound(floor, parse), 1.5, most=True
        ),
        Target(f"{name}: peak MB", ours.peak_mb, 200, most=True),
    ]


def _storing(figures: Figures) -> Figures:
    return Figures(figures["insert_seconds"], figures["insert_cpu"], figures.peak_mb, figures.more)


def _bound(floor: Figures, parse: Figures) -> float:
    """CPU seconds that the work itself takes: parse and check every answer, and the bare insert."""
    return parse.cpu_seconds + float(floor["insert_cpu"])


def prepare(home: str) -> dict[str, Any]:
    """A submitted job of 50,000 requests, and the result file that a provider would return."""
    from core.app import build
    from core.domain.actor import LOCAL
    from core.settings import load
    from core.simulator.replies import Responder, line

    app = build(load({"MOSYCHLOS_HOME": home, "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}))
    store = app._store  # the portfolios are written past the service, which would compute their totals
    coming = _portfolios()
    while chunk := list(islice(coming, _CHUNK)):
        store.portfolios.save(chunk, lambda _: None, actor="bench", at=AT)
    ids = tuple(store.portfolios.ids())
    job = app.jobs.submit(LOCAL, asked(ids), force=True)
    folder = Path(home) / "jobs" / job.row.job_id
    (folder / "results").mkdir()
    responder, bodies, size = Responder(), {}, 0
    for index, path in enumerate(sorted(folder.glob("input*.jsonl"))):
        with (folder / "results" / f"{index:04d}.output.jsonl").open("wb") as out:
            for raw in lines(path):
                request = orjson.loads(raw)
                number = int(request["custom_id"][-6:])
                alike = number % _ALIKE
                if alike not in bodies:
                    reply = responder.reply(
                        request["body"], request["url"], custom_id=request["custom_id"], fault=None, now=0.0,
                        today=AT.date(),
                    )  # fmt: skip
                    bodies[alike] = (number, line("@", "batch_bench", reply))
                first, text = bodies[alike]
                text = text.replace(b'"custom_id":"@"', b'"custom_id":"%b"' % request["custom_id"].encode())
                size += out.write(text.replace(b"client-%06d" % first, b"client-%06d" % number).rstrip(b"\n") + b"\n")
    app.close()
    (Path(home) / "job").write_text(job.row.job_id)
    return {"seconds": 0.0, "bytes": size}


def _portfolios() -> Iterator[Portfolio]:
    base = list(world.portfolios(_ALIKE, lines=HELD))
    for number in range(LINES):
        name = f"Client {number:06d}"
        yield replace(base[number % _ALIKE], portfolio_id=f"canonical-client-{number:06d}", name=name, account=name)


def stage(home: str, url: str, prepared: str) -> dict[str, Any]:
    """The same job in a database of its own, its batches ended and its files fetched."""
    from sqlalchemy import insert, select, update

    from core.storage.sql import table
    from core.storage.store import Store
    from core.storage.tables import JobTable, RequestTable, ShardTable

    job_id = (Path(prepared) / "job").read_text()
    Path(home).mkdir(parents=True)
    shutil.copytree(Path(prepared) / "jobs", Path(home) / "jobs", copy_function=_linked)
    source, target = Store(f"sqlite:///{Path(prepared) / 'mosychlos.db'}"), Store(url)
    target.upgrade()
    with source.database.read() as old, target.database.write() as new:
        for model in (JobTable, ShardTable, RequestTable):
            rows = [dict(row._mapping) for row in old.execute(select(table(model)))]
            for start in range(0, len(rows), _CHUNK):
                new.execute(insert(table(model)), rows[start : start + _CHUNK])
        new.execute(update(table(JobTable)).values(state="running"))
        shards = new.execute(select(table(ShardTable))).all()
        for shard in shards:
            new.execute(
                update(table(ShardTable))
                .where(table(ShardTable).c.shard_id == shard.shard_id)
                .values(
                    state="collecting", batch_id=f"batch_{shard.shard_index}", provider_status="completed",
                    provider_total=shard.requests, provider_completed=shard.requests, submitted_at=AT,
                    output_file_id=f"file-{shard.shard_index}", next_due_at=AT,
                )
            )  # fmt: skip
    source.close()
    target.close()
    return {"seconds": 0.0, "job": job_id}


def _linked(source: str, target: str) -> str:
    Path(target).hardlink_to(source)
    return target


class _Nobody:
    """A provider that must not be asked: everything has been fetched."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the provider was asked for {name}")


def ours(home: str, url: str, prepared: str, count: int) -> dict[str, Any]:
    """What the worker does from ended batches to a settled job."""
    from sqlalchemy import func, select

    from core.domain.provider import ProviderIdentity
    from core.storage.sql import table
    from core.storage.store import Store
    from core.storage.tables import AnswerTable
    from core.worker.collect import collect
    from core.worker.context import Context, Pace

    store = Store(url)
    context = Context(
        store=store,
        provider=cast("OpenAIProvider", _Nobody()),
        identity=ProviderIdentity("http://127.0.0.1:1/v1", simulated=True),
        pace=Pace(poll=1, http_timeout=1, quarantine=1, lease=3600),
        home=Path(home),
        clock=lambda: AT + timedelta(hours=1),
    )
    watch, insert = Watch(), Watch()
    add = store.results.add

    def timed(*arguments: Any, **named: Any) -> None:
        with insert:
            add(*arguments, **named)

    store.results.add = timed  # type: ignore[method-assign]  # a stopwatch around it, nothing else
    claims = store.shards.claim_due(owner="bench", now=AT + timedelta(hours=1), lease_seconds=3600, limit=100)
    with watch:
        for claim in claims:
            collect(context, claim, store.shards.get(claim.shard_id))
    with store.database.read() as connection:
        stored = connection.execute(select(func.count()).select_from(table(AnswerTable))).scalar_one()
    store.close()
    return watch.figures(stored=int(stored), insert_seconds=insert.seconds, insert_cpu=insert.cpu_seconds)


class _Envelope(BaseModel):
    model_config = ConfigDict(extra="allow")
    custom_id: str
    response: dict[str, Any]


def naive(home: str, url: str, prepared: str, count: int) -> dict[str, Any]:
    """What one would write first: the file in memory, a model a line, checked alike, all rows in one session."""
    from sqlmodel import Session

    from core.storage.store import Store
    from core.storage.tables import AnswerTable, ResultTable

    store = Store(url)
    store.upgrade()
    job_id = (Path(prepared) / "job").read_text()
    folder = Path(prepared) / "jobs" / job_id
    engine, watch, insert, base = engine_for(Kind.RISK), Watch(), Watch(), memory_mb()
    facts = sheet_path(folder)
    with sheet_index(facts, _names(facts)) as sheets, watch, Session(store.database.engine) as session:
        rows: list[Any] = []
        text = (folder / "results" / "0000.output.jsonl").read_bytes().decode()
        for line in text.split("\n")[:count]:
            envelope = _Envelope.model_validate_json(line)
            body = envelope.response["body"]
            reading = engine.read(body["choices"][0]["message"]["content"], sheets.get(envelope.custom_id))
            with insert:
                rows.append(
                    ResultTable(
                        job_id=job_id, custom_id=envelope.custom_id, portfolio_id=envelope.custom_id, error_code=None,
                        status=reading.status.value, level=reading.level, headline=reading.headline, verified=1,
                        mismatched=0, unsupported=0, input_tokens=1, cached_tokens=0, output_tokens=1,
                        reasoning_tokens=0,
                        cost_nano=1, error_transient=False, raw_file="", raw_offset=0, raw_length=0, reused_from=None,
                    )
                )  # fmt: skip
                analysis = orjson.dumps(reading.analysis).decode()
                rows.append(AnswerTable(job_id=job_id, custom_id=envelope.custom_id, analysis=analysis, findings="[]"))
        with insert:
            session.add_all(rows)
            session.commit()
    store.close()
    return watch.figures(base_mb=base, insert_seconds=insert.seconds, insert_cpu=insert.cpu_seconds * LINES / NAIVE)


_REST = (0, 0, 0, 0, 0, 0, 0, 0, None, None, False, "f", 0, 0, None, 0.5, "House")


def floor(home: str, url: str, prepared: str, count: int) -> dict[str, Any]:
    """Parse with the quickest validated way, insert with the quickest way of the driver, check nothing."""
    from core.storage.sql import bulk_insert
    from core.storage.store import Store
    from core.storage.tables import AnswerTable, ResultTable

    store = Store(url)
    store.upgrade()
    job_id = (Path(prepared) / "job").read_text()
    watch, insert = Watch(), Watch()
    for chunk in _chunks(prepared, job_id, count):
        results, answers = [], []
        with watch:
            for raw in chunk:
                envelope = orjson.loads(raw)
                text = envelope["response"]["body"]["choices"][0]["message"]["content"]
                answer = RiskAnswer.model_validate_json(text)
                name = envelope["custom_id"]
                head = (job_id, name, answer.portfolio_id, "succeeded", answer.overall_level, answer.headline[:300])
                results.append((*head, *_REST))
                answers.append((job_id, name, text, "[]", 1, 1, 0, 0))
        with watch, insert, store.database.write() as connection:
            bulk_insert(connection, ResultTable, results)
            bulk_insert(connection, AnswerTable, answers)
    store.close()
    return watch.figures(insert_seconds=insert.seconds, insert_cpu=insert.cpu_seconds)


def parse(home: str, url: str, prepared: str, count: int) -> dict[str, Any]:
    """Read, parse and check every answer with the product's own reader, store nothing."""
    job_id = (Path(prepared) / "job").read_text()
    engine, watch, good = engine_for(Kind.RISK), Watch(), 0
    facts = sheet_path(Path(prepared) / "jobs" / job_id)
    with sheet_index(facts, _names(facts)) as sheets:
        for chunk in _chunks(prepared, job_id, count):
            with watch:
                for raw in chunk:
                    envelope = orjson.loads(raw)
                    text = envelope["response"]["body"]["choices"][0]["message"]["content"]
                    reading = engine.read(text, sheets.get(envelope["custom_id"]))
                    good += reading.analysis is not None
    return watch.figures(good=good)


def _names(facts: Path) -> list[str]:
    """Every request that facts were stated in."""
    with facts.open("rb") as file:
        return [line.partition(b"\t")[0].decode() for line in file]


def _chunks(prepared: str, job_id: str, count: int) -> Iterator[list[bytes]]:
    coming = (
        line
        for path in sorted((Path(prepared) / "jobs" / job_id / "results").glob("*.output.jsonl"))
        for line in lines(path)
    )
    wanted = islice(coming, count)
    while chunk := list(islice(wanted, _CHUNK)):
        yield chunk
