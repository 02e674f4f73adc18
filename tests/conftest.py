"""What every test may ask for."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from core.storage.store import Store
from tests.made_tables import made_database, made_file
from tests.postgres import NoPostgres, Postgres

# Children of tests compile our modules once instead of once each, whatever this shell says.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A disk that waits on each commit makes the suite twice as long and proves nothing that a kill does not.
_MEMORY, _ROOM = Path("/dev/shm"), 6 << 30  # pytest makes a folder of its own in it, for this user
if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))

# How long an example takes depends on what else the machine does: speed is measured by `make bench`.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real files that do not belong to the project: broker exports and recorded API traffic."""
    data = SHARED / "data"
    if not data.is_dir():
        pytest.skip("the folder of real files (../shared/data) is not beside this checkout")
    return data


@pytest.fixture(scope="session")
def shared_facts() -> Path:
    """Published tables that do not belong to the project: the model table and the analyses' schemas."""
    facts = SHARED / "facts"
    if not facts.is_dir():
        pytest.skip("the folder of published tables (../shared/facts) is not beside this checkout")
    return facts


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of this test process. Where none can be had, those tests say so and skip; never in CI."""
    try:
        server = Postgres()
        server.start()
    except NoPostgres as reason:
        if os.environ.get("CI"):
            pytest.fail(f"PostgreSQL is needed in CI: {reason}")
        pytest.skip(f"no PostgreSQL: {reason}")
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new database with its tables and nothing in them: every test that asks runs once on each engine."""
    if request.param == "sqlite":
        yield made_database(tmp_path / "mosychlos.db")
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.made_url()
    yield url
    server.drop(url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def bare_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new database without a table, once on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'mosychlos.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.url()
    yield url
    server.drop(url)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An empty store with its tables, on each engine."""
    opened = Store(database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Path]]:
    """A store on SQLite and the file it stands in: statements are made ready once only."""
    file = tmp_path_factory.mktemp("sqlite") / "mosychlos.db"
    opened = Store(made_database(file))
    yield opened, file
    opened.close()


@pytest.fixture
def sqlite_store(shared_sqlite: tuple[Store, Path]) -> Store:
    """An empty store on SQLite, for claims that are about rules and not about engines. One at a time."""
    store, file = shared_sqlite
    store.close()  # its connections end, and what was written ahead goes into the file
    shutil.copy(made_file(), file)
    return store
