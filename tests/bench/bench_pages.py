"""What one rerun of the Runs page costs the server while 10,000 jobs are stored, as a browser would ask for it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from core.guard.entrance import published
from tests.bench import world
from tests.bench.measure import ROOT, child, cpu_of, rounds
from tests.bench.report import Row, Target
from tests.web.asking import browser_of

MANY = 10_000
FEW = 25
"""As many as one page of the list shows: what the page costs without the database's size."""
RERUNS = 40
WARM_UP = 8


def run(folder: Path, runs: int) -> tuple[list[Row], list[Target]]:
    """Reruns with many and with few jobs; rows for the table and what was to be reached."""
    homes = {"many": folder / "many", "few": folder / "few"}
    for name, count in (("many", MANY), ("few", FEW)):
        child("bench_pages:store", home=str(homes[name]), count=count)
    found = rounds({name: ("bench_pages:rerun", {"home": str(home)}) for name, home in homes.items()}, runs)
    many, few = found["many"], found["few"]
    rows = [
        Row(f"one rerun with {FEW} jobs stored", few, 1, of=many),
        Row(f"one rerun with {MANY:,} jobs stored, {many['kb']:,.0f} kB sent", many, 1),
    ]
    return rows, [Target("CPU ms of the server a rerun", many.cpu_seconds * 1000, 50, most=True)]


def store(home: str, count: int) -> dict[str, Any]:
    """One job that was really submitted, and copies of it through all states."""
    from sqlalchemy import insert, select

    from core.app import build
    from core.domain.actor import LOCAL
    from core.domain.analysis import AnalysisRequest, Kind
    from core.settings import load
    from core.storage.sql import table
    from core.storage.store import Store
    from core.storage.tables import JobTable

    settings = load({"MOSYCHLOS_HOME": home, "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"})
    app = build(settings)
    kept = Store(settings.database_url)
    kept.portfolios.save(list(world.portfolios(1)), lambda _: None, actor="bench", at=datetime.now(UTC))
    app.jobs.submit(LOCAL, AnalysisRequest(Kind.RISK, tuple(app.portfolios.ids(LOCAL)), "gpt-5.4-mini"))
    job, states = table(JobTable), ("done", "done", "done", "partial", "failed", "cancelled", "done", "done")
    with kept.database.write() as connection:
        row = dict(connection.execute(select(job)).one()._mapping)
        copies = [
            {
                **row,
                "job_id": f"{row['job_id'][:14]}{number:012d}",
                "nonce": f"copy-{number}",
                "state": states[number % len(states)],
                "created_at": row["created_at"] - timedelta(minutes=number),
                "ended_at": row["created_at"],
            }
            for number in range(1, count)
        ]
        connection.execute(insert(job), copies)
    kept.close()
    app.close()
    return {"seconds": 0.0}


def rerun(home: str) -> dict[str, Any]:
    """Serve, connect as a browser does, and ask for the page again and again."""
    port = _free_port()
    environment = {**os.environ, "MOSYCHLOS_HOME": home, "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    command = [sys.executable, "-m", "dashboard.shell.server", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as server:
        try:
            _until_healthy(port)
            return _asked(port, server.pid, browser_of(published(Path(home), port).fresh(time.time())))
        finally:
            server.terminate()


def _asked(port: int, pid: int, browser_headers: dict[str, str]) -> dict[str, Any]:
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from websockets.sync.client import connect

    times: list[float] = []
    cpu: list[float] = []
    size = 0
    url = f"ws://127.0.0.1:{port}/_stcore/stream"
    with connect(
        url,
        subprotocols=["streamlit"],  # type: ignore[list-item]
        additional_headers=browser_headers,
        max_size=None,
        proxy=None,
    ) as browser:
        page = ""
        for number in range(WARM_UP + RERUNS):
            ask = BackMsg()
            ask.rerun_script.query_string = ""
            ask.rerun_script.page_script_hash = page
            ask.rerun_script.page_name = "" if page else "runs"
            before, started, size = cpu_of(pid), time.perf_counter(), 0
            browser.send(ask.SerializeToString())
            while True:
                data = browser.recv(timeout=60)
                size += len(data)
                answer = ForwardMsg.FromString(data if isinstance(data, bytes) else data.encode())
                if answer.HasField("navigation"):
                    page = answer.navigation.page_script_hash
                if answer.WhichOneof("type") == "script_finished":
                    break
            # Rubbish is collected after the answer is out; it is part of the price.
            time.sleep(0.05)
            if number >= WARM_UP:
                times.append(time.perf_counter() - started - 0.05)
                cpu.append(cpu_of(pid) - before)
    # The clock of the kernel ticks every 10 ms: only the mean over many reruns is exact.
    return {"seconds": median(times), "cpu_seconds": sum(cpu) / len(cpu), "kb": size / 1000}


def _until_healthy(port: int) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with opener.open(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the dashboard did not answer within 60 s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
