"""Starts workers that can be killed: imports once, then forks one for each line that comes in.

Each line is a JSON order; each answer is one line: {"signal": 9, "seconds": 0.4} or {"code": 0, "seconds": 0.7}.

    settings  the worker's environment
    job       the job until whose end it works
    bomb      the crossing at which it kills itself with SIGKILL; null for none
    fork      false: work in this process, which also loads everything that the forked ones need
    engine    true: the real worker on the durable engine; false: the same steps, claimed and run one after the other
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import core.analyses.engines
import core.providers.openai_provider
import core.worker.worker
from core.app import build
from core.domain.job import JOB_ENDED, JobState
from core.settings import load
from core.storage.store import Store
from core.worker.steps import run_once
from core.worker.worker import Worker

LOADED = (core.analyses.engines, core.providers.openai_provider)
"""Imported before the first fork, so that no worker pays for it."""

SECONDS = 45.0
CHUNK = 2


def work(order: dict[str, Any]) -> None:
    """Be a worker until the job has ended."""
    settings = load(order["settings"])
    app, store = build(settings, migrate=False), Store(settings.database_url)
    provider = app.provider()

    def crossing(point: str) -> None:
        if point == order["bomb"]:
            os.kill(os.getpid(), signal.SIGKILL)

    context = replace(app.context(provider, crossing), chunk=CHUNK)
    deadline = time.monotonic() + SECONDS

    def ended() -> bool:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{order['job']} did not end: {store.shards.of_job(order['job'])}")
        return store.jobs.get(order["job"]).row.state in JOB_ENDED | {JobState.ATTENTION}

    if order["engine"]:
        threading.Thread(target=_leave, args=(ended,), daemon=True).start()
        worker = Worker(context, database_url=settings.database_url, threads=4)
        worker.run(threading.Event())
    while not ended():
        if not run_once(context, owner=str(os.getpid()), limit=4):
            time.sleep(0.01)
    for each in (provider, app, store):
        each.close()


def _leave(ended: Callable[[], bool]) -> None:
    """End the process once the job has ended; closing the engine in order would take longer than the job."""
    code = 1
    try:
        while not ended():
            time.sleep(0.02)
        code = 0
    finally:
        if code:
            traceback.print_exc()
        sys.stderr.flush()
        os._exit(code)


def serve() -> None:
    """Fork a worker an order, and say how it ended."""
    for line in sys.stdin:
        order = json.loads(line)
        started = time.monotonic()
        if not order["fork"]:
            work(order)
            print(json.dumps({"code": 0}), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                work(order)
                code = 0
            finally:
                if code:
                    traceback.print_exc()
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        how = {"signal": os.WTERMSIG(status)} if os.WIFSIGNALED(status) else {"code": os.WEXITSTATUS(status)}
        print(json.dumps({**how, "seconds": round(time.monotonic() - started, 3)}), flush=True)


if __name__ == "__main__":
    serve()
