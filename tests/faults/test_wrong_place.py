"""A wrong address, a missing right, a server without batches: a verdict on the surroundings and on no request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.app import App, build
from core.domain.actor import LOCAL
from core.domain.alert import AlertKind
from core.domain.analysis import ResultStatus
from core.domain.job import JobState, ShardState
from core.domain.provider import normalised
from core.errors import ProviderError, ProviderRefused, ProviderUnfit
from core.providers.guarded import GuardedProvider
from core.providers.openai_provider import OpenAIProvider
from core.settings import load
from core.worker.context import Context
from core.worker.fitness import Fitness
from core.worker.worker import Worker
from tests.faults.staging import KEY, House, environment, until
from tests.local_provider import LocalProvider
from tests.odd_server import Ask, OddServer, Said, page, said

UPLOAD, CREATE, LIST = ("POST", "/v1/files"), ("POST", "/v1/batches"), ("GET", "/v1/batches")

ELSEWHERE: list[tuple[str, Said]] = [
    ("404-fastapi", said(404, {"detail": "Not Found"})),
    ("404-openai", said(404, {"error": {"message": "Invalid URL (POST /batches)", "type": "invalid_request_error"}})),
    ("404-go", said(404, b"404 page not found")),
    ("404-page", page(404, "Not Found")),
    ("404-empty", said(404, b"")),
    ("405", said(405, {"detail": "Method Not Allowed"})),
    ("501", said(501, {"error": {"message": "Batch is not implemented."}})),
]

SIGN_IN = Said(302, b"", {"location": "https://login.example/?next=secret"})


def oddly_placed(odd: OddServer, house: House, oddly: OpenAIProvider) -> Context:
    """A worker of the odd server, with everything that stands in front of a provider."""
    return house.context(provider=GuardedProvider(oddly, name=odd.base_url, first_open_seconds=0.01))


def answering(found: Said, *routes: tuple[str, str]) -> Callable[[Ask], Said | None]:
    return lambda ask: found if any(ask.of(*route) for route in routes) else None


@pytest.mark.parametrize("route", [UPLOAD, CREATE], ids=["upload", "create"])
@pytest.mark.parametrize("found", [pytest.param(found, id=name) for name, found in ELSEWHERE])
def test_a_place_that_is_none_is_named_and_nothing_is_in_doubt(
    local: LocalProvider, odd: OddServer, oddly: OpenAIProvider, tmp_path: Any, found: Said, route: tuple[str, str]
) -> None:
    odd.refuses = answering(found, route)
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"{}\n")
    calls: dict[tuple[str, str], Callable[[], object]] = {
        UPLOAD: lambda: oddly.upload(path, "in.jsonl"),
        CREATE: lambda: oddly.create_batch("file-1", "/v1/chat/completions", {}),
    }
    with pytest.raises(ProviderUnfit, match="has no /v1/") as unfit:
        calls[route]()
    assert unfit.value.needs_person
    assert not unfit.value.passing
    assert odd.calls(*route) == 1


@pytest.mark.parametrize(("route", "healed"), [(UPLOAD, 3), (CREATE, 3), (LIST, 3), (UPLOAD, 99), (CREATE, 99)])
@pytest.mark.parametrize("found", [ELSEWHERE[0][1], ELSEWHERE[3][1], ELSEWHERE[5][1]], ids=["404", "page", "405"])
def test_a_wrong_place_ends_no_request_and_all_goes_on_after_the_repair(
    house: House, odd: OddServer, oddly: OpenAIProvider, found: Said, route: tuple[str, str], healed: int
) -> None:
    odd.refuses = lambda ask: found if ask.of(*route) and odd.calls(*route) <= healed else None
    context = oddly_placed(odd, house, oddly)
    job_id = house.submit()
    state = house.run(job_id, context=context)
    if healed == 99:
        assert state is JobState.ATTENTION
        assert {item.status for item in house.items(job_id).values()} == {ResultStatus.PENDING}
        message = house.service().needs_attention(LOCAL, job_id)[0]
        assert f"has no {route[1]}" in message
        assert f"mosychlos portfolio batch retry {job_id}" in message
        odd.reset()
        assert house.service().send_again(LOCAL, job_id) == 1
        state = house.run(job_id, context=context)
    assert state is JobState.DONE
    house.check(job_id, batches=1)


def test_an_address_without_v1_is_called_so(house: House, local: LocalProvider, odd: OddServer) -> None:
    bare = OpenAIProvider(KEY, odd.root, timeout_seconds=2)
    with closing(bare), pytest.raises(ProviderUnfit, match=r"has no /batches.*OPENAI_BASE_URL lack /v1"):
        bare.probe()


def test_a_job_that_met_an_address_without_v1_goes_on_at_the_right_one(house: House, odd: OddServer) -> None:
    bare = OpenAIProvider(KEY, odd.root, timeout_seconds=2)
    job_id = house.submit()
    with closing(bare):
        for _ in range(3):
            house.round(house.context(provider=bare))
            house.clock.leap(house.shard(job_id).next_due_at)
    assert house.job(job_id).row.state is JobState.RUNNING
    assert "/v1" in house.shard(job_id).message
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)


def test_a_sign_in_page_in_between_is_called_so_without_what_its_address_carries(
    odd: OddServer, oddly: OpenAIProvider
) -> None:
    odd.refuses = answering(SIGN_IN, LIST)
    with pytest.raises(ProviderUnfit, match=r"login\.example") as unfit:
        oddly.probe()
    assert "secret" not in str(unfit.value)


def test_a_redirected_create_is_in_doubt(odd: OddServer, oddly: OpenAIProvider) -> None:
    odd.refuses = answering(SIGN_IN, CREATE)
    with pytest.raises(ProviderError) as doubt:
        oddly.create_batch("file-1", "/v1/chat/completions", {})
    assert not isinstance(doubt.value, ProviderRefused)


@pytest.mark.parametrize(
    "found", [page(200, "Welcome"), said(200, b"it works"), said(200, {"hello": "world"})], ids=["page", "text", "json"]
)
def test_a_server_of_another_kind_is_told_from_one_with_batches(
    odd: OddServer, oddly: OpenAIProvider, found: Said
) -> None:
    odd.refuses = lambda _ask: found
    with pytest.raises(ProviderUnfit, match="not as a Batch API does"):
        oddly.probe()


def test_a_server_without_a_list_of_models_makes_batches_all_the_same(odd: OddServer, oddly: OpenAIProvider) -> None:
    assert (oddly.probe() or 0) > 5
    odd.refuses = answering(said(404, {"detail": "Not Found"}), ("GET", "/v1/models"))
    assert oddly.probe() is None


def test_a_server_without_a_list_of_files_can_be_used(house: House, odd: OddServer, oddly: OpenAIProvider) -> None:
    odd.refuses = answering(said(405, {"detail": "Method Not Allowed"}), ("GET", "/v1/files"))
    job_id = house.submit()
    assert house.run(job_id, context=oddly_placed(odd, house, oddly)) is JobState.DONE
    house.check(job_id, batches=1)


def test_a_batch_that_is_unknown_at_a_wrong_address_is_not_given_up(
    house: House, odd: OddServer, oddly: OpenAIProvider
) -> None:
    job_id = house.submit()
    house.run(job_id, to=ShardState.RUNNING)
    odd.refuses = lambda ask: said(404, {"detail": "Not Found"})
    context = oddly_placed(odd, house, oddly)
    for _ in range(8):
        house.clock.leap(house.clock() + timedelta(hours=8))
        house.round(context)
    assert house.shard(job_id).state is ShardState.RUNNING
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)


@pytest.mark.parametrize("found", [ELSEWHERE[0][1], ELSEWHERE[3][1]], ids=["404", "page"])
def test_results_that_are_unknown_at_a_wrong_address_are_not_given_up(
    house: House, odd: OddServer, oddly: OpenAIProvider, found: Said
) -> None:
    context = oddly_placed(odd, house, oddly)
    job_id = house.submit()
    odd.refuses = lambda ask: found if house.shard(job_id).state is ShardState.COLLECTING else None
    for _ in range(60):
        house.round(context)
        house.clock.leap(house.shard(job_id).next_due_at)
    assert house.shard(job_id).state is ShardState.COLLECTING
    odd.reset()
    assert house.run(job_id, context=context) is JobState.DONE
    house.check(job_id, batches=1)


def test_what_was_refused_as_a_whole_can_be_asked_again_once_the_server_was_repaired(
    house: House, local: LocalProvider
) -> None:
    local.set_faults({"http": {"POST /v1/batches": {"*": "400"}}})
    job_id = house.submit()
    assert house.run(job_id) is JobState.FAILED
    plan = house.retry_service().plan(LOCAL, job_id)
    assert plan.requests == 3
    assert any("refused as a whole batch" in warning for warning in plan.warnings)
    local.set_faults()
    house.retry_service().retry(LOCAL, job_id)
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)


def test_a_batch_that_failed_validation_can_be_asked_again_once_the_server_was_repaired(
    house: House, local: LocalProvider
) -> None:
    local.set_faults({"batches": {"1": {"fail": "invalid_request"}}})
    job_id = house.submit()
    assert house.run(job_id) is JobState.FAILED
    house.retry_service().retry(LOCAL, job_id)
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=2)


def test_a_line_that_failed_for_good_is_asked_again_only_of_whoever_insists(house: House, local: LocalProvider) -> None:
    local.set_faults({"answers": {"bad_request_rows": 1.0}})
    job_id = house.submit(2)
    assert house.run(job_id) is JobState.FAILED
    local.set_faults()
    assert house.retry_service().plan(LOCAL, job_id, insists=True).requests == 2
    house.retry_service().retry(LOCAL, job_id, insists=True)
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=2)


class Beating:
    """Monotonic seconds that a test decides on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _unfit_alerts(house: House) -> set[str]:
    return house.store.alerts.subjects(AlertKind.UNFIT_PROVIDER)


def test_a_worker_takes_nothing_up_until_the_provider_was_looked_at_or_is_slow_to_say(
    house: House, odd: OddServer, oddly: OpenAIProvider
) -> None:
    time_ = Beating()
    fitness = Fitness(oddly_placed(odd, house, oddly), time_)
    assert not fitness.allows
    time_.now = 11
    assert fitness.allows, "whoever does not answer keeps nobody from work"
    assert fitness.look()
    assert fitness.allows


@pytest.mark.parametrize(
    "found",
    [*(found for _, found in ELSEWHERE), SIGN_IN, said(401, {"error": {"message": "No."}}), page(403), page(200)],
)
def test_an_unfit_provider_is_told_until_it_is_repaired(
    house: House, odd: OddServer, oddly: OpenAIProvider, found: Said
) -> None:
    odd.refuses = answering(found, LIST)
    fitness = Fitness(oddly_placed(odd, house, oddly))
    assert not fitness.look()
    assert not fitness.allows
    assert fitness.again_after == 30
    assert _unfit_alerts(house) == {house.app.identity.fingerprint}
    assert "No work is taken up" in house.app.provider_trouble(LOCAL)
    assert ("provider", "error") in {(check.name, check.state) for check in house.app.health(LOCAL)}
    odd.reset()
    time.sleep(0.02)  # the circuit of a refused key
    assert fitness.look()
    assert fitness.allows
    assert not _unfit_alerts(house)
    assert house.app.provider_trouble(LOCAL) == ""


def test_a_worker_of_another_provider_ends_no_alert_but_its_own(
    house: House, odd: OddServer, oddly: OpenAIProvider
) -> None:
    mine = oddly_placed(odd, house, oddly)
    other = replace(mine, identity=replace(mine.identity, project="another project at the same address"))
    odd.refuses = answering(page(200), LIST)
    for context in (mine, other):
        assert not Fitness(context).look()
    assert _unfit_alerts(house) == {mine.identity.fingerprint, other.identity.fingerprint}
    odd.reset()
    assert Fitness(other).look()
    assert _unfit_alerts(house) == {mine.identity.fingerprint}
    assert "No work is taken up" in house.app.provider_trouble(LOCAL)
    assert Fitness(mine).look()
    assert not _unfit_alerts(house)


def test_a_provider_that_cannot_be_reached_is_no_unfit_one(house: House) -> None:
    nobody = OpenAIProvider(KEY, "http://127.0.0.1:9/v1", timeout_seconds=1)
    with closing(nobody):
        assert Fitness(house.context(provider=nobody)).look()
    assert not _unfit_alerts(house)


def test_a_step_that_meets_a_wrong_place_makes_the_worker_look_before_it_takes_more(
    house: House, odd: OddServer, oddly: OpenAIProvider
) -> None:
    fitness = Fitness(oddly_placed(odd, house, oddly))
    fitness.look()
    odd.refuses = answering(said(404, {"detail": "Not Found"}), UPLOAD, LIST)
    job_id = house.submit()
    house.round(house.context(provider=oddly, unfit=fitness.doubt))
    assert (fitness.allows, fitness.again_after) == (False, 0)
    assert not fitness.look()
    odd.reset()
    assert fitness.look()
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)


@contextmanager
def working(app: App) -> Iterator[None]:
    """The real worker, in a thread."""
    stop, provider = threading.Event(), app.provider()
    worker = Worker(app.context(provider), database_url=app.settings.database_url, threads=2)
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
        provider.close()


def test_a_worker_at_a_wrong_address_leaves_the_queue_alone_and_one_at_the_right_one_empties_it(
    local: LocalProvider, odd: OddServer, tmp_path: Any
) -> None:
    settings = environment(tmp_path, f"sqlite:///{tmp_path / 'mosychlos.db'}", odd.root)
    talking = OpenAIProvider(KEY, odd.base_url, timeout_seconds=2)
    house = House.open(settings, talking)
    job_id = house.submit()
    with working(house.app):
        until(lambda: bool(_unfit_alerts(house)), "the worker says that the address is wrong")
        time.sleep(1)
        assert house.job(job_id).row.state is JobState.QUEUED
        assert not odd.calls("POST", "/files")
    corrected = build(load({**settings, "OPENAI_BASE_URL": odd.base_url}))
    assert corrected.identity == house.app.identity
    with working(corrected):
        until(lambda: house.job(job_id).row.state is JobState.DONE, "the corrected worker empties the queue")
    assert not _unfit_alerts(house)
    house.check(job_id, batches=1)
    corrected.close()
    house.close()
    talking.close()


@pytest.mark.parametrize(("one", "other"), [("https://gw.example/v1", "https://gw.example"), ("/v1/", "")])
def test_an_address_is_the_same_provider_with_its_version_and_without(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)
