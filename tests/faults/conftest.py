"""One provider process for all faults, and a house on each engine beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from core.providers.openai_provider import OpenAIProvider
from tests.faults.staging import KEY, ROWS, House, environment, rows_named, tally
from tests.local_provider import LocalProvider
from tests.made_tables import made_database
from tests.odd_server import OddServer
from tests.postgres import Postgres


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalProvider]:
    """A server that works off a small batch in a few hundredths of a second."""
    with LocalProvider(tmp_path_factory.mktemp("provider")).start(speed=100_000) as running:
        yield running


@pytest.fixture(scope="session")
def client(server: LocalProvider) -> Iterator[OpenAIProvider]:
    """One client, as a worker keeps it."""
    talking = OpenAIProvider(KEY, server.base_url, timeout_seconds=2)
    yield talking
    talking.close()


@pytest.fixture
def local(server: LocalProvider) -> Iterator[LocalProvider]:
    """The server, without faults before and after."""
    server.set_faults()
    yield server
    server.set_faults()


@pytest.fixture(scope="session")
def odd_server(server: LocalProvider) -> Iterator[OddServer]:
    """The same server behind one that speaks a dialect."""
    with OddServer(server.base_url) as standing:
        yield standing


@pytest.fixture
def odd(odd_server: OddServer) -> Iterator[OddServer]:
    """That one without any oddity before and after."""
    odd_server.reset()
    yield odd_server
    odd_server.reset()


@pytest.fixture
def oddly(odd: OddServer) -> Iterator[OpenAIProvider]:
    """A client of the odd server, as a worker has just started with it."""
    talking = OpenAIProvider(KEY, odd.base_url, timeout_seconds=2)
    yield talking
    talking.close()


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database that the tests of this process share, once on each engine."""
    if request.param == "sqlite":
        return made_database(tmp_path_factory.mktemp("database") / "mosychlos.db")
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.made_url()


@pytest.fixture(scope="session")
def shared_house(
    engine_url: str, server: LocalProvider, client: OpenAIProvider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """A house with portfolios; tests leave behind only jobs that have ended."""
    opened = House.open(environment(tmp_path_factory.mktemp("home"), engine_url, server.base_url), client)
    yield opened
    opened.close()


@pytest.fixture
def house(shared_house: House, local: LocalProvider) -> House:
    """The shared house, with a provider without faults, nothing learned from it, and no question asked before."""
    with shared_house.store.database.write() as connection:
        connection.execute(text("DELETE FROM room"))
        # What an earlier test left open or answered would be left out of this one's retries, or used again.
        connection.execute(text("UPDATE request SET body_hash = '' WHERE body_hash <> ''"))
        connection.execute(text("UPDATE job SET question = '' WHERE question <> ''"))
    return shared_house


ON_BOTH = frozenset({"test_busy_database", "test_restored", "test_submissions", "test_submit_faults", "test_workers"})
"""Modules whose cases run on PostgreSQL in `make test` too; of the others only those in which several act at once."""

OF_EACH_TEST = {"sqlite": 1, "postgresql": 1}
"""How many cases of one test run in `make test` on each database, save those in which several act at once."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to `make faults` what is one more of a kind, on the second database most of all."""
    seen: Counter[tuple[str, str]] = Counter()
    for item in items:
        if "tests/faults/" not in item.nodeid or "at_once" in item.name:
            continue
        test = item.nodeid.partition("[")[0]
        module = test.partition("::")[0].rpartition("/")[2].removesuffix(".py")
        engine = "postgresql" if "postgresql" in item.nodeid else "sqlite"
        seen[test, engine] += 1
        second = engine == "postgresql" and module not in ON_BOTH
        if second or seen[test, engine] > OF_EACH_TEST[engine]:
            item.add_marker(pytest.mark.full)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand this process's figures to the one that prints them."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["faults"] = [tally.jobs, tally.batches, tally.duplicates, tally.lost]


class _Sum:
    """Adds up the figures of all processes."""

    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """A process of pytest-xdist has ended."""
        figures = getattr(node, "workeroutput", {}).get("faults", [0, 0, 0, 0])
        tally.jobs, tally.batches, tally.duplicates, tally.lost = (
            mine + its
            for mine, its in zip((tally.jobs, tally.batches, tally.duplicates, tally.lost), figures, strict=True)
        )


def pytest_configure(config: pytest.Config) -> None:
    """Listen to the other processes, where there are any."""
    if config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(_Sum())


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What the faults came to, and which rows of the table a test names."""
    if not tally.jobs:
        return
    ids = [
        report.nodeid
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        if "tests/faults/" in report.nodeid and report.when == "call"
    ]
    named = rows_named(ids)
    missing = [row for row in ROWS if row not in named]
    terminalreporter.write_sep("=", "faults")
    terminalreporter.write_line(
        f"cases {len(ids)} · jobs checked {tally.jobs} · batches created {tally.batches} · "
        f"duplicates {tally.duplicates} · lost results {tally.lost}"
    )
    terminalreporter.write_line(f"rows of the table named by a test: {len(ROWS) - len(missing)} of {len(ROWS)}")
    if missing:
        terminalreporter.write_line(f"rows not named: {' '.join(missing)}")
