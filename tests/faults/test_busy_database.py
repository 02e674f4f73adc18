"""Another process holds the database: a step waits, or stops and is done again; nothing is lost. Row F1."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import event

from core.domain.job import JobState
from core.errors import StorageTrouble
from core.providers.openai_provider import OpenAIProvider
from core.storage.database import Database
from tests.faults.staging import House, Once, environment
from tests.local_provider import LocalProvider
from tests.postgres import Postgres

CROSSINGS = ("before_start", "before_intent", "after_intent", "after_create", "before_chunk", "before_settle")
MOMENT = 0.4


class Holder:
    """Somebody else's transaction, which keeps every writer waiting."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._held, self._let_go = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold, daemon=True)

    def take(self, seconds: float | None = None) -> None:
        """Hold it from now on; for so long, or until it is let go."""
        self._thread.start()
        assert self._held.wait(10)
        if seconds is not None:
            threading.Timer(seconds, self._let_go.set).start()

    def release(self) -> None:
        """Let go."""
        self._let_go.set()
        if self._thread.ident is not None:
            self._thread.join(10)

    def _hold(self) -> None:
        with closing(Database(self._url)) as database, database.write() as connection:
            if not database.is_sqlite:
                connection.exec_driver_sql("LOCK TABLE job, shard, event, result IN ACCESS EXCLUSIVE MODE")
            self._held.set()
            assert self._let_go.wait(30)


@pytest.mark.parametrize("crossing", CROSSINGS, ids=lambda one: f"F1-{one}")
def test_a_step_waits_while_another_process_holds_the_database_for_a_moment(
    house: House, local: LocalProvider, crossing: str
) -> None:
    job_id = house.submit(4)
    holder = Holder(house.store.database.url)
    meets = Once(crossing, lambda: holder.take(MOMENT))
    assert house.run(job_id, context=house.context(crossing=meets)) is JobState.DONE
    assert meets.reached
    holder.release()
    house.check(job_id, batches=1)


@pytest.fixture(scope="module")
def hasty(server: LocalProvider, client: OpenAIProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house whose patience with a locked database is a tenth of a second instead of thirty."""
    folder = tmp_path_factory.mktemp("hasty")
    opened = House.open(environment(folder, f"sqlite:///{folder / 'own.db'}", server.base_url), client)
    opened.store.database.close()
    event.listen(opened.store.database.engine, "connect", _shorten)
    yield opened
    opened.close()


def _shorten(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA busy_timeout=100")


@pytest.mark.parametrize("crossing", CROSSINGS, ids=lambda one: f"F1-{one}")
def test_a_step_that_cannot_wait_longer_says_that_the_database_is_busy_and_is_done_again(
    hasty: House, local: LocalProvider, crossing: str, caplog: pytest.LogCaptureFixture
) -> None:
    job_id = hasty.submit(4)
    holder = Holder(hasty.store.database.url)
    meets = Once(crossing, holder.take)
    with (
        caplog.at_level(logging.CRITICAL),
        pytest.raises(StorageTrouble, match="The database is busy: another process"),
    ):
        hasty.run(job_id, context=hasty.context(store=hasty.store, crossing=meets))
    assert meets.reached
    holder.release()
    assert hasty.run(job_id) is JobState.DONE
    assert local.calls("POST /v1/batches") == 1
    hasty.check(job_id, batches=1)


@pytest.mark.postgres
def test_of_two_who_wait_for_each_other_one_is_told_to_try_again(postgres: Postgres) -> None:
    with closing(Database(postgres.url())) as database:
        with database.write() as connection:
            connection.exec_driver_sql("CREATE TABLE thing (id INTEGER PRIMARY KEY)")
            connection.exec_driver_sql("INSERT INTO thing VALUES (1), (2)")
        meet, told = threading.Barrier(2, timeout=10), list[str]()

        def both(first: int, second: int) -> None:
            try:
                with database.write() as connection:
                    connection.exec_driver_sql(f"SELECT id FROM thing WHERE id = {first} FOR UPDATE")
                    meet.wait()
                    connection.exec_driver_sql(f"SELECT id FROM thing WHERE id = {second} FOR UPDATE")
            except StorageTrouble as trouble:
                told.append(str(trouble))

        others = [threading.Thread(target=both, args=pair) for pair in ((1, 2), (2, 1))]
        for other in others:
            other.start()
        for other in others:
            other.join(20)
        assert told == ["Somebody else changed the same at the same moment. Nothing was changed."]
