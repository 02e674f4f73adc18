"""Lines that were not understood are kept, here and there, until a later reader understands them: paid once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.domain.actor import LOCAL
from core.domain.alert import AlertKind
from core.domain.analysis import ResultStatus, UsageFrom
from core.domain.job import JobState
from core.drafts.job_files import job_folder
from core.errors import Refused
from core.providers.openai_provider import OpenAIProvider
from core.worker.remote_files import catch_up, orphans, remove_files
from core.worker.rereading import read_wished
from tests.faults.staging import House
from tests.odd_server import OddServer


def first_line(change: Callable[[dict[str, Any]], bytes]) -> Callable[[bytes], bytes]:
    """Change the first line of every result file."""

    def changed(content: bytes) -> bytes:
        first, *others = content.splitlines(keepends=True)
        return change(json.loads(first)) + b"\n" + b"".join(others)

    return changed


def of_another_shape(line: dict[str, Any]) -> bytes:
    """An answer in a shape that nobody knows yet, with its usage where it always was."""
    body = line["response"]["body"]
    said = body.pop("output", None) or body.pop("choices")
    return json.dumps(
        {**line, "response": {**line["response"], "body": {**body, "object": "x", "said": said}}}
    ).encode()


def no_json(_line: dict[str, Any]) -> bytes:
    return b"<<this is no line>>"


def collected(house: House, odd: OddServer, oddly: OpenAIProvider, change: Callable[[dict[str, Any]], bytes]) -> str:
    """A job of three whose first answer was not understood."""
    odd.lines = first_line(change)
    job_id = house.submit(3)
    assert house.run(job_id, context=house.context(provider=oddly, keep_remote=False)) is JobState.PARTIAL
    return job_id


def understand(house: House, job_id: str) -> None:
    """Let today's reader understand what yesterday's did not: the stored lines are as the reader knows them."""
    file_id = house.shard(job_id).output_file_id or ""
    house.provider.download(file_id, job_folder(house.app.settings.home, job_id) / "results" / "0000.output.jsonl")


def ledger(house: House, job_id: str) -> list[int]:
    return [row.cost_nano for row in house.rows("SELECT cost_nano FROM ledger WHERE job_id = :job", job=job_id)]


def test_a_line_in_an_unknown_shape_keeps_its_file_and_is_read_again_at_no_cost(
    house: House, odd: OddServer, oddly: OpenAIProvider
) -> None:
    job_id = collected(house, odd, oddly, of_another_shape)
    tidy = house.context(keep_remote=False)
    (bad,) = [one for one in house.items(job_id).values() if one.status is ResultStatus.INVALID]
    spent, booked = house.job(job_id).row.actual_usd, ledger(house, job_id)
    assert spent is not None
    assert bad.cost_usd

    assert remove_files(tidy, house.shard(job_id))
    house.clock.leap(house.clock() + house.context().stuck)
    catch_up(tidy)
    kept = house.shard(job_id).output_file_id
    assert house.provider.check_file(kept or "").file_id == kept
    assert [one.keep for one in orphans(house.store, house.provider) if one.remote_id == kept] == [True]

    plan = house.retry_service().plan(LOCAL, job_id)
    assert any("paid twice" in warning and "mosychlos batch reread" in warning for warning in plan.warnings)

    same = house.app.read_again(LOCAL, job_id)
    assert (same.requests, same.understood, same.answered) == (1, 0, 0)
    assert house.items(job_id)[bad.portfolio_id].status is ResultStatus.INVALID

    understand(house, job_id)
    found = house.app.read_again(LOCAL, job_id)
    assert (found.requests, found.understood, found.answered) == (1, 1, 1)
    good = house.items(job_id)[bad.portfolio_id]
    assert (good.status, good.cost_usd, good.usage) == (ResultStatus.SUCCEEDED, bad.cost_usd, bad.usage)
    assert house.job(job_id).row.state is JobState.DONE
    assert (house.job(job_id).row.actual_usd, ledger(house, job_id)) == (spent, booked)
    house.check(job_id, batches=1)

    assert house.app.read_again(LOCAL, job_id).requests == 0
    assert (house.job(job_id).row.actual_usd, ledger(house, job_id)) == (spent, booked)
    assert remove_files(tidy, house.shard(job_id))
    assert house.shard(job_id).files_gone_at is not None


def test_a_line_that_named_nobody_is_read_again_for_the_request_that_missed_it(
    house: House, odd: OddServer, oddly: OpenAIProvider
) -> None:
    job_id = collected(house, odd, oddly, no_json)
    shard = house.shard(job_id)
    assert [stray.custom_id for stray in house.app.jobs.strays(LOCAL, job_id)] == [""]
    (lost,) = [one for one in house.items(job_id).values() if one.status is ResultStatus.MISSING]
    assert house.store.rereading.not_understood(shard.shard_id)
    spent = house.job(job_id).row.actual_usd
    understand(house, job_id)

    house.app.jobs.wish_reread(LOCAL, job_id)
    assert house.app.jobs.reread_is_wished(LOCAL, job_id)
    assert read_wished(house.context()) == 1
    assert not house.app.jobs.reread_is_wished(LOCAL, job_id)
    found = house.items(job_id)[lost.portfolio_id]
    assert (found.status, found.usage_from) == (ResultStatus.SUCCEEDED, UsageFrom.ANSWER)
    assert house.app.jobs.strays(LOCAL, job_id) == []
    standing = {one.kind for one in house.store.alerts.of(shard.shard_id) if one.cleared_at is None}
    assert AlertKind.STRAY not in standing
    assert not house.store.rereading.not_understood(shard.shard_id)
    assert house.job(job_id).row.actual_usd == spent, "the provider counted it all along"
    house.check(job_id, batches=1)


def test_reading_again_that_was_cut_off_is_finished_by_whoever_comes_next(
    house: House, odd: OddServer, oddly: OpenAIProvider
) -> None:
    job_id = collected(house, odd, oddly, of_another_shape)
    spent, booked = house.job(job_id).row.actual_usd, ledger(house, job_id)
    understand(house, job_id)

    class Cut(BaseException):
        """The process ends."""

    def crossing(point: str) -> None:
        if point == "after_chunk":
            raise Cut

    house.app.jobs.wish_reread(LOCAL, job_id)
    with pytest.raises(Cut):
        read_wished(house.context(crossing=crossing))
    assert read_wished(house.context()) == 1
    assert house.job(job_id).row.state is JobState.DONE
    assert (house.job(job_id).row.actual_usd, ledger(house, job_id)) == (spent, booked)
    house.check(job_id, batches=1)


def test_what_has_not_ended_is_not_read_again(house: House) -> None:
    job_id = house.submit(1)
    for ask in (house.app.read_again, house.app.jobs.wish_reread):
        with pytest.raises(Refused, match="once it has ended"):
            ask(LOCAL, job_id)
    assert house.run(job_id) is JobState.DONE


def test_without_its_files_a_job_is_left_as_it_is(house: House) -> None:
    job_id = house.submit(1)
    assert house.run(job_id) is JobState.DONE
    spent = house.job(job_id).row.actual_usd
    for path in (job_folder(house.app.settings.home, job_id) / "results").glob("*"):
        Path(path).unlink()
    found = house.app.read_again(LOCAL, job_id)
    assert (found.requests, found.left_out) == (0, (f"{job_id}.0 was left out: its result files are gone.",))
    assert house.job(job_id).row.actual_usd == spent
