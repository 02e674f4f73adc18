"""A lost batch far down a list of several pages, which changes while it is read. Row C5 of the fault table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.job import JobState, ShardState
from core.providers.openai_provider import OpenAIProvider
from tests.faults.staging import KEY, House
from tests.local_provider import LocalProvider

CREATE, LIST = "POST /v1/batches", "GET /v1/batches"
SEEDED = 250
A_PAGE = 100


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalProvider]:
    """A server of its own, so that no other test reads long lists."""
    with LocalProvider(tmp_path_factory.mktemp("crowded")).start(speed=100_000) as running:
        yield running


@pytest.fixture(scope="module")
def beside(crowded: LocalProvider) -> Iterator[OpenAIProvider]:
    talking = OpenAIProvider(KEY, crowded.base_url, timeout_seconds=5)
    yield talking
    talking.close()


@pytest.fixture
def far(house: House, beside: OpenAIProvider, crowded: LocalProvider) -> Iterator[House]:
    """The shared house beside the crowded server."""
    yield replace(house, provider=beside)
    crowded.set_faults()


def _lost_below_others(far: House, crowded: LocalProvider, folder: Path) -> str:
    """A job whose create got no answer, and 250 newer batches of somebody else above its batch in the list."""
    crowded.set_faults({"http": {CREATE: {"1": "drop_after"}, LIST: {str(call): "500_before" for call in range(1, 5)}}})
    job_id = far.submit()
    far.run(job_id, to=ShardState.UNKNOWN)
    far.round(far.context())
    assert far.shard(job_id).state is ShardState.UNKNOWN
    somebodys = folder / "somebodys.jsonl"
    somebodys.write_bytes(Path(far.shard(job_id).path).read_bytes().splitlines(keepends=True)[0])
    remote = far.provider.upload(somebodys, "somebodys.jsonl")
    path = far.job(job_id).request.endpoint.path
    for number in range(SEEDED):
        far.provider.create_batch(remote.file_id, path, {"app": "another", "number": str(number)})
    return job_id


def test_c5_a_lost_batch_on_the_third_page_is_found_although_a_cursor_is_gone(
    far: House, crowded: LocalProvider, tmp_path: Path
) -> None:
    job_id = _lost_below_others(far, crowded, tmp_path)
    # The second page of the first look, and the third of the second one, begin after a batch that is no more.
    crowded.set_faults({"http": {LIST: {"2": "400", "5": "404"}}})
    assert far.run(job_id) is JobState.DONE
    assert "adopted" in [event.event for event in far.events(job_id)]
    assert crowded.calls(CREATE) == 0, "a look that broke off counted as one that found nothing"
    assert crowded.calls(LIST) >= 2 + 3 + 3
    assert far.shard(job_id).attempt == 1
    far.check(job_id, batches=1)
    before = crowded.calls(LIST)
    found = [batch.batch_id for batch in far.provider.list_batches()]
    assert len(found) == len(set(found)) > SEEDED, "every page is read, and no batch twice"
    assert crowded.calls(LIST) - before == -(-len(found) // A_PAGE)
