"""Dashboard and workers of `compose.yaml` each have a user of the database of their own, and work under it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from sqlalchemy import make_url

from core.app import App, build
from core.domain.actor import LOCAL
from core.domain.analysis import AnalysisRequest, Kind
from core.domain.job import JOB_ENDED, JobState
from core.domain.trial import TRY_ENDED, TryState
from core.settings import load, without_keys
from dashboard.shell import navigation
from tests.faults.staging import until
from tests.local_provider import LocalProvider
from tests.postgres import Postgres
from tests.web.asking import run_of, stream
from tests.web.serving import Dashboard

ROOT = Path(__file__).resolve().parents[2]
MINUTES = 180.0


def given_to(service: str, postgres: Postgres | None = None, database: str = "mosychlos") -> dict[str, str]:
    """A service's environment as compose makes it: each password is its variable's name."""
    said = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"][service]["environment"]
    filled = {name: re.sub(r"\$\{(\w+)(?::[-?][^}]*)?\}", r"\1", str(value)) for name, value in said.items()}
    if postgres is not None:
        for name, value in filled.items():
            if name.endswith("DATABASE_URL"):
                url = make_url(value).set(host="127.0.0.1", port=postgres.port, database=database)
                owner = {"username": "postgres"} if url.username == "mosychlos" else {}
                filled[name] = url.set(**owner).render_as_string(hide_password=False)
    return filled


def test_no_service_of_compose_knows_the_password_of_another() -> None:
    users = {name: make_url(given_to(name)["MOSYCHLOS_DATABASE_URL"]) for name in ("upgrade", "worker", "dashboard")}
    assert len({url.username for url in users.values()}) == 3
    for service, own in (("worker", "POSTGRES_WORKER_PASSWORD"), ("dashboard", "POSTGRES_DASHBOARD_PASSWORD")):
        assert str(users[service].password) == own
        assert set(re.findall(r"POSTGRES_\w*PASSWORD", str(given_to(service)))) == {own}
    named = given_to("upgrade")
    for service, setting in (
        ("worker", "MOSYCHLOS_WORKER_DATABASE_URL"),
        ("dashboard", "MOSYCHLOS_DASHBOARD_DATABASE_URL"),
    ):
        assert make_url(named[setting]).set(host="x") == users[service].set(host="x")


@pytest.fixture
def installed(postgres: Postgres, tmp_path: Path) -> Iterator[dict[str, dict[str, str]]]:
    """Settings of each service on a new database, brought up to date as compose does it."""
    database = str(make_url(postgres.url()).database)
    with LocalProvider(tmp_path / "provider").start(speed=50_000) as provider:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MOSYCHLOS_", "OPENAI_"))}
        shared = {
            "MOSYCHLOS_HOME": str(tmp_path / "home"),
            "OPENAI_BASE_URL": provider.base_url,
            "MOSYCHLOS_POLL_SECONDS": "0.3",
            "MOSYCHLOS_PROVIDER_TIER": "5",
            "MOSYCHLOS_BUDGET_MONTH_USD": "",
            "MOSYCHLOS_WEBHOOK_SECRET": "",
            "MOSYCHLOS_PUBLIC_URL": "",
        }
        found = {
            service: {**kept, **given_to(service, postgres, database), **shared}
            for service in ("upgrade", "worker", "dashboard")
        }
        upgrade = [sys.executable, "-m", "core.cli.main", "db", "upgrade"]
        subprocess.run(upgrade, cwd=ROOT, env=found["upgrade"], check=True, capture_output=True)
        yield found


def wrong(dashboard: Dashboard, browser: dict[str, str], page: str, query: str = "") -> list[str]:
    """What a page says that it could not do."""
    said: list[str] = []
    with stream(dashboard.url, browser) as window:
        for message in run_of(window, page, query):
            element = message.delta.new_element
            if element.HasField("exception"):
                said.append(f"{page}: {element.exception.message}")
            elif element.HasField("alert") and element.alert.format == element.alert.ERROR:
                said.append(f"{page}: {element.alert.title} {element.alert.body}")
    return said


@pytest.mark.full
@pytest.mark.postgres
@pytest.mark.xdist_group("processes")
def test_pages_and_a_worker_do_their_work_each_under_its_own_user(
    installed: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "core.cli.main", "worker"]
        worker = subprocess.Popen(
            command, cwd=ROOT, env={**installed["worker"], "OPENAI_API_KEY": "sk-test"}, stdout=out, stderr=out
        )
    try:
        with closing(build(load(without_keys(installed["dashboard"])))) as app:
            risk = bought(app, log)
        with Dashboard(tmp_path, **installed["dashboard"]) as dashboard:
            browser = dashboard.browser()
            assert dashboard.ask("/readyz").status == 200
            pages = [(path.strip("/"), "") for path in navigation.PATHS]
            pages += [(page, f"run={risk}") for page in ("run", "explore")]
            pages += [
                ("portfolios", f"portfolio=sample-eu-ucits-balanced&portfolio_tab={tab}") for tab in ("Risk", "Rules")
            ]
            assert [fault for page, query in pages for fault in wrong(dashboard, browser, page, query)] == []
        assert "permission denied" not in dashboard.log + log.read_text("utf-8")
    finally:
        worker.terminate()
        worker.wait(60)


def bought(app: App, log: Path) -> str:
    """What a person does on pages, under the dashboard's user: samples, labels, an edit, a try, a job that ends."""
    app.portfolios.add_samples(LOCAL)
    ids = app.portfolios.ids(LOCAL)[:3]
    app.labels.change_group(LOCAL, "Pensions", add=ids)
    tried_now, *others = ids  # a batch does not ask again what a try is asking
    tried = app.tries.ask(LOCAL, AnalysisRequest(Kind.RISK, (tried_now,), "gpt-5.4-mini"), tried_now).try_id
    job = app.jobs.submit(LOCAL, AnalysisRequest(Kind.RISK, tuple(others), "gpt-5.4-mini")).row.job_id
    until(lambda: app.jobs.get(LOCAL, job).row.state in JOB_ENDED, f"the job ends\n{log.read_text()[-3000:]}", MINUTES)
    until(lambda: app.tries.get(LOCAL, tried).state in TRY_ENDED, f"the try ends\n{log.read_text()[-3000:]}", MINUTES)
    assert app.jobs.get(LOCAL, job).row.state is JobState.DONE
    assert app.tries.get(LOCAL, tried).state is TryState.DONE
    return job
