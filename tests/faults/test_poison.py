"""Answers that end whoever reads them, or that a database would refuse: each is kept, and all others are read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from core.domain.actor import LOCAL
from core.domain.alert import AlertKind
from core.domain.analysis import ResultStatus
from core.domain.job import JobState
from core.drafts.job_files import job_folder
from core.providers.openai_provider import OpenAIProvider
from core.worker.in_hand import FATAL, SET_ASIDE, TOO_LONG
from core.worker.result_lines import MOST_LINE_BYTES
from tests.faults.staging import House, Meddler, environment
from tests.faults.test_killed import SIGKILL, Launcher
from tests.local_provider import LocalProvider

pytestmark = pytest.mark.xdist_group("killed")


@pytest.fixture(scope="module")
def settings(engine_url: str, server: LocalProvider, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Short waits: these workers live in real time."""
    return environment(
        tmp_path_factory.mktemp("poison"),
        engine_url,
        server.base_url,
        MOSYCHLOS_POLL_SECONDS="0.05",
        MOSYCHLOS_LEASE_SECONDS="0.8",
        MOSYCHLOS_HTTP_TIMEOUT_SECONDS="0.6",
    )


@pytest.fixture(scope="module")
def home(settings: dict[str, str], client: OpenAIProvider) -> Iterator[House]:
    """The house in which jobs are submitted and looked at."""
    opened = House.open(settings, client)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def launcher(home: House, settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    """Forks workers; warmed up with a first job."""
    process = Launcher(tmp_path_factory.mktemp("launcher") / "log")
    assert process.run(settings, home.submit(2), fork=False) == {"code": 0}
    yield process
    process.close()


@pytest.mark.parametrize("engine", [False, pytest.param(True, marks=pytest.mark.full)], ids=["steps", "worker"])
def test_an_answer_that_kills_the_worker_twice_is_set_aside_and_the_rest_is_read(
    engine: bool, home: House, settings: dict[str, str], local: LocalProvider, launcher: Launcher
) -> None:
    """The worker is killed for real, with the line in its hand; the third one finds the note and goes on behind it."""
    job_id = home.submit(5)
    for _ in range(FATAL):
        ended = launcher.run(settings, job_id, bomb="line_in_hand", engine=engine)
        assert ended.get("signal") == SIGKILL, f"{ended}\n{launcher.log}"
        assert home.job(job_id).row.state is JobState.RUNNING
    assert launcher.run(settings, job_id, engine=engine).get("code") == 0, launcher.log
    assert home.job(job_id).row.state is JobState.PARTIAL
    _only_the_first_is_set_aside(home, job_id)
    assert len(home.batches(job_id)) == 1, "nothing was paid twice"


def test_what_is_set_aside_is_the_line_in_hand_and_none_that_a_killed_worker_had_read_before(
    home: House, settings: dict[str, str], local: LocalProvider, launcher: Launcher
) -> None:
    """One kill is no verdict: whoever is killed once for another reason finds all its answers read in the end."""
    job_id = home.submit(5)
    for point in ("line_in_hand", "before_chunk", "after_chunk"):
        assert launcher.run(settings, job_id, bomb=point).get("signal") == SIGKILL
    assert launcher.run(settings, job_id).get("code") == 0, launcher.log
    assert {item.status for item in home.items(job_id).values()} == {ResultStatus.SUCCEEDED}
    home.check(job_id, batches=1)


def _only_the_first_is_set_aside(home: House, job_id: str) -> None:
    path = job_folder(home.app.settings.home, job_id) / "results" / "0000.output.jsonl"
    first = orjson.loads(path.read_bytes().split(b"\n")[0])
    items = {item.custom_id: item for item in home.items(job_id).values()}
    poison = items.pop(first["custom_id"])
    assert {item.status for item in items.values()} == {ResultStatus.SUCCEEDED}
    assert poison.status is ResultStatus.INVALID
    assert poison.error is not None
    assert poison.error.code == SET_ASIDE
    assert "ended the worker 2 times" in poison.error.message
    assert poison.cost_usd is None, "it was answered, so it was paid, and nobody has read what for"
    told = [alert for alert in home.store.alerts.standing() if alert.kind is AlertKind.SET_ASIDE]
    assert any(alert.subject.startswith(job_id) and poison.custom_id in alert.text for alert in told)
    raw = home.service().raw_answer(LOCAL, job_id, poison.custom_id)
    assert raw is not None
    assert first["custom_id"] in raw["not read"], "the provider's own line is kept"
    assert [one.name for one in path.parent.iterdir()] == [path.name], "the note is gone"


def _content(line: dict[str, Any]) -> str:
    return str(line["response"]["body"]["choices"][0]["message"]["content"])


def _with_message(line: dict[str, Any], changes: dict[str, Any]) -> bytes:
    line["response"]["body"]["choices"][0]["message"].update(changes)
    return orjson.dumps(line)


def _with_content(line: dict[str, Any], content: str) -> bytes:
    return _with_message(line, {"content": content})


def _with_model(line: dict[str, Any], model: str) -> bytes:
    line["response"]["body"]["model"] = model
    return orjson.dumps(line)


def _beside(line: dict[str, Any], before: bytes, more: bytes) -> bytes:
    """The line with something more in front of a key, as no writer of JSON would have it."""
    written = orjson.dumps(line)
    assert before in written
    return written.replace(before, more + before, 1)


NUL = "\x00"
DEEP = "[" * 100_000
LINES: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "nested a hundred thousand deep": lambda line: _with_content(line, DEEP),
    "a body nested deep": lambda line: _beside(line, b'"choices":[', b'"x":' + DEEP.encode() + b","),
    "an integer of a million digits": lambda line: _beside(line, b'"choices":[', b'"x":' + b"9" * 1_000_000 + b","),
    "a count that is no number": lambda line: _beside(line, b'"choices":[', b'"x":NaN,"y":-Infinity,'),
    "a value beyond all numbers": lambda line: _with_content(
        line, _content(line).replace('"value":', '"value":1e999,"value":', 1)
    ),
    "half of a surrogate pair": lambda line: orjson.dumps(line).replace(b'"content":"', b'"content":"\\ud83d', 1),
    "a NUL in the answer": lambda line: _with_content(line, NUL + _content(line)),
    "a NUL in an error": lambda line: orjson.dumps(
        {"custom_id": line["custom_id"], "error": {"code": "a" + NUL, "message": NUL + "b"}}
    ),
    "a NUL in a refusal": lambda line: _with_message(line, {"refusal": NUL + "no", "content": None}),
    "a NUL in the model's name": lambda line: _with_model(line, "m" + NUL),
    "twenty thousand empty parts": lambda line: _with_content(line, '{"claims":[' + "{}," * 19_990 + "{}]}"),
    "a million empty parts": lambda line: _with_content(line, '{"claims":[' + "{}," * 1_000_000 + "{}]}"),
    "a hundred thousand keys nobody asked for": lambda line: _with_content(
        line, "{" + ",".join(f'"k{number}":0' for number in range(100_000)) + "}"
    ),
    "half a million numbers in a sentence": lambda line: _with_content(
        line, _content(line).replace('"headline":"', '"headline":"' + "1.5 " * 200_000, 1)
    ),
    "a line beyond all lengths": lambda line: _with_content(line, "x" * (MOST_LINE_BYTES + 1)),
    "a custom id with a NUL": lambda line: orjson.dumps({**line, "custom_id": "x" + NUL}),
    "a custom id that is a list": lambda line: orjson.dumps({**line, "custom_id": [1]}),
    "a custom id without end": lambda line: orjson.dumps({**line, "custom_id": "x" * 100_000}),
}
"""What a provider's line may be, from that line as it should have been."""


@pytest.mark.parametrize("kind", LINES)
def test_a_line_of_any_kind_ends_its_own_request_alone(kind: str, house: House, local: LocalProvider) -> None:
    job_id = house.submit(3)

    def download(file_id: str, to: Path) -> int:
        house.provider.download(file_id, to)
        first, *others = to.read_bytes().splitlines()
        to.write_bytes(b"\n".join([LINES[kind](orjson.loads(first)), *others, b""]))
        return to.stat().st_size

    begun = time.process_time()
    house.run(job_id, context=house.context(provider=Meddler(house.provider, download=download)))
    assert time.process_time() - begun < 30
    items = list(house.items(job_id).values())
    assert [item.status for item in items].count(ResultStatus.SUCCEEDED) >= 2
    assert all(item.status is not ResultStatus.PENDING for item in items)
    for item in items:
        if item.error is not None and item.error.code != "missing":
            assert house.service().raw_answer(LOCAL, job_id, item.custom_id) is not None
    assert house.service().strays(LOCAL, job_id) or all(item.status is not ResultStatus.MISSING for item in items)


def test_a_line_beyond_all_lengths_is_named_by_the_id_at_its_beginning(house: House, local: LocalProvider) -> None:
    job_id = house.submit(2)

    def download(file_id: str, to: Path) -> int:
        house.provider.download(file_id, to)
        first, *others = to.read_bytes().splitlines()
        to.write_bytes(b"\n".join([LINES["a line beyond all lengths"](orjson.loads(first)), *others, b""]))
        return to.stat().st_size

    context = house.context(provider=Meddler(house.provider, download=download))
    assert house.run(job_id, context=context) is JobState.PARTIAL
    codes = sorted(item.error.code if item.error else "" for item in house.items(job_id).values())
    assert codes == ["", TOO_LONG]


class _Failing:
    """A crossing at which something goes wrong, so often."""

    def __init__(self, point: str, error: type[Exception], *, times: int) -> None:
        self._point, self._error, self._left = point, error, times

    def __call__(self, point: str) -> None:
        if point == self._point and self._left:
            self._left -= 1
            raise self._error(point)


def test_an_error_that_nobody_expected_ends_one_line_and_not_the_queue(house: House, local: LocalProvider) -> None:
    """It is read once more; the second time the line is set aside. A database that fails is no fault of the line."""
    job_id = house.submit(3)
    context = house.context(crossing=_Failing("line_in_hand", LookupError, times=FATAL))
    for _ in range(FATAL):
        with pytest.raises(LookupError):
            house.run(job_id, context=context)
        house.clock.leap(house.clock() + timedelta(seconds=2))  # nobody let go of the shard: its lease runs out
    assert house.run(job_id, context=context) is JobState.PARTIAL
    _only_the_first_is_set_aside(house, job_id)


def test_a_database_that_fails_blames_no_line(house: House, local: LocalProvider) -> None:
    job_id = house.submit(3)
    context = house.context(crossing=_Failing("before_chunk", OSError, times=5))
    assert house.run(job_id, context=context) is JobState.DONE
    house.check(job_id, batches=1)
