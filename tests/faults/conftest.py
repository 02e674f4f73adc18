"""One provider process for all faults, and a house on each engine beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from core.providers.openai_provider import OpenAIProvider
from tests.faults.staging import KEY, House, environment
from tests.local_provider import LocalProvider
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


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database that the tests of this process share, once on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('database') / 'mosychlos.db'}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.url()


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
    """The shared house, with a provider without faults and nothing learned from it."""
    with shared_house.store.database.write() as connection:
        connection.execute(text("DELETE FROM room"))
    return shared_house
