"""The database was restored from an older copy, or is damaged: what was sent since is never sent again. Row F4."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from core.app import build
from core.domain.actor import LOCAL
from core.domain.alert import AlertKind
from core.domain.job import JobState, ShardState
from core.errors import ProviderRefused, StorageTrouble
from core.providers.openai_provider import OpenAIProvider
from core.settings import load
from core.storage.store import Store
from core.worker.context import Context
from core.worker.reconcile_at_start import adopt_forgotten
from tests.faults.staging import House, Meddler, environment
from tests.local_provider import LocalProvider

CREATE = "POST /v1/batches"


class Copies:
    """A house that can be put back to an earlier moment: its database, but not the provider, its files or the clock."""

    def __init__(self, url: str, folder: Path, base_url: str, client: OpenAIProvider) -> None:
        self._folder, self._base_url = folder, base_url
        self.house = House.open(environment(folder / "home", url, base_url), client)
        self._number = 0

    def copy(self) -> str:
        """A copy of the database as it is now; its address."""
        self._number += 1
        url = make_url(self.house.store.database.url)
        self.house.close()
        if url.get_backend_name() == "sqlite":
            to = self._folder / f"copy{self._number}.db"
            with closing(sqlite3.connect(url.database or "")) as source, closing(sqlite3.connect(to)) as target:
                source.backup(target)
            return f"sqlite:///{to}"
        name = f"{url.database}_{self._number}"
        where = f"host={url.host} port={url.port} user={url.username} dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{url.database}"')
        return url.set(database=name).render_as_string(hide_password=False)

    def restore(self, url: str) -> House:
        """The house on a copy."""
        old = self.house
        settings = load(environment(self._folder / "home", url, self._base_url))
        self.house = House(build(settings, clock=old.clock), Store(url), old.provider, old.clock)
        old.close()
        return self.house


@pytest.fixture
def copies(
    database_url: str, tmp_path: Path, local: LocalProvider, server: LocalProvider, client: OpenAIProvider
) -> Iterator[Copies]:
    found = Copies(database_url, tmp_path, server.base_url, client)
    yield found
    found.house.close()


def _reach(state: ShardState) -> Callable[[House], str]:
    def reach(house: House) -> str:
        job_id = house.submit()
        if state is not ShardState.QUEUED:
            house.run(job_id, to=state)
        return job_id

    return reach


def _at_a_wrong_key(house: House) -> str:
    """A batch that waits for a person, because the key was wrong at first."""

    def refused(*_: object) -> None:
        raise ProviderRefused("wrong key", status=401)

    job_id = house.submit()
    house.run(job_id, context=house.context(provider=Meddler(house.provider, upload=refused)))
    assert house.shard(job_id).state is ShardState.ATTENTION
    return job_id


@pytest.mark.parametrize("looking", ["at-the-start", "before-each-create"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(_reach(ShardState.QUEUED), ShardState.RUNNING, id="F4-queued-then-running"),
        pytest.param(_reach(ShardState.QUEUED), ShardState.DONE, id="F4-queued-then-done"),
        pytest.param(_reach(ShardState.RUNNING), ShardState.DONE, id="F4-running-then-done"),
        pytest.param(_at_a_wrong_key, ShardState.DONE, id="F4-waiting-for-a-person-then-done"),
    ],
)
def test_a_restored_database_finds_what_was_sent_since_its_copy(
    copies: Copies, local: LocalProvider, before: Callable[[House], str], after: ShardState, looking: str
) -> None:
    job_id = before(copies.house)
    copy = copies.copy()
    if copies.house.shard(job_id).state is ShardState.ATTENTION:
        copies.house.service().send_again(LOCAL, job_id)
    copies.house.run(job_id, to=after)
    created = local.calls(CREATE)
    house = copies.restore(copy)
    assert house.shard(job_id).state is not after
    if looking == "at-the-start":
        adopted = adopt_forgotten(house.context())
        sent_here = house.shard(job_id).batch_id is not None
        assert (adopted.left, sent_here) == (0, True)
        assert adopt_forgotten(house.context()).adopted == 0
    elif house.shard(job_id).state is ShardState.ATTENTION:
        house.service().send_again(LOCAL, job_id)
    assert house.run(job_id, context=house.context(reconciled=lambda: looking == "at-the-start")) is JobState.DONE
    assert local.calls(CREATE) == created == 1
    house.check(job_id, batches=1)


def test_f4_batches_of_jobs_that_the_copy_does_not_hold_are_told_and_left_alone(
    copies: Copies, local: LocalProvider
) -> None:
    copy = copies.copy()
    local.set_faults({"batches": {"*": {"stuck": True}}})
    job_id = copies.house.submit()
    copies.house.run(job_id, to=ShardState.RUNNING)
    batch_id = copies.house.shard(job_id).batch_id or ""
    house = copies.restore(copy)
    assert adopt_forgotten(house.context()).unknown >= 1
    [alert] = [one for one in house.store.alerts.standing() if one.kind is AlertKind.UNKNOWN_BATCH]
    assert "belong to no job here" in alert.text
    assert "mosychlos portfolio batch orphans" in alert.text
    [notice] = [one for one in house.app.oversight.notices(LOCAL) if one.alert.kind is AlertKind.UNKNOWN_BATCH]
    assert (notice.job_id, notice.dismissible) == ("", True)
    assert house.provider.check(batch_id).status not in {"cancelling", "cancelled"}
    house.provider.cancel(batch_id)


def test_f4_a_list_that_breaks_off_counts_as_not_read(copies: Copies, local: LocalProvider) -> None:
    job_id = copies.house.submit()
    copy = copies.copy()
    copies.house.run(job_id)
    house = copies.restore(copy)
    local.set_faults({"http": {"GET /v1/batches": {"1": "404"}}})
    context: Context = house.context()
    with pytest.raises(ProviderRefused):
        adopt_forgotten(context)
    assert house.shard(job_id).state is ShardState.QUEUED
    assert house.run(job_id, context=house.context(reconciled=lambda: False)) is JobState.DONE
    assert local.calls(CREATE) == 0
    house.check(job_id, batches=1)


def test_f4_a_damaged_database_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "damaged.db"
    with closing(Store(f"sqlite:///{path}")) as store:
        store.upgrade()
    content = bytearray(path.read_bytes())
    content[4096 : len(content) // 2] = b"\x5a" * (len(content) // 2 - 4096)
    path.write_bytes(bytes(content))
    with closing(Store(f"sqlite:///{path}")) as store, pytest.raises(StorageTrouble, match="restore the last copy"):
        store.upgrade()
