"""What stands in a provider's lists beside our own: read leniently where nothing hangs on it, strictly where paid."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.domain.actor import LOCAL
from core.domain.batch import Batch
from core.domain.job import JobState
from core.errors import ProviderAmbiguous, ProviderUnreadable
from core.providers.guarded import GuardedProvider
from core.providers.openai_provider import OpenAIProvider
from core.worker.cancel_duplicates import cancel_duplicates
from core.worker.context import Context
from core.worker.reconcile_at_start import adopt_forgotten
from tests.batch_lines import chat_body, line, write
from tests.faults.staging import House
from tests.local_provider import LocalProvider
from tests.odd_server import Ask, OddServer, Said, said

BATCHES, FILES = "/v1/batches", "/v1/files"

FOREIGN: dict[str, Any] = {
    "id": "batch_foreign",
    "object": "batch",
    "endpoint": "/v1/embeddings",
    "status": "in_progress",
    "created_at": 1_790_000_000,
    "input_file_id": "file-foreign",
    "metadata": None,
    "filename": "theirs.jsonl",
    "bytes": 12,
    "purpose": "batch",
}

ODDITIES: list[tuple[str, object]] = [
    ("created-null", {**FOREIGN, "created_at": None}),
    ("created-text", {**FOREIGN, "created_at": "1790000000"}),
    ("created-iso", {**FOREIGN, "created_at": "2026-11-30T10:00:00Z"}),
    ("created-milliseconds", {**FOREIGN, "created_at": 1_790_000_000_123}),
    ("created-float", {**FOREIGN, "created_at": 1_790_000_000.5}),
    ("created-words", {**FOREIGN, "created_at": "yesterday"}),
    ("created-object", {**FOREIGN, "created_at": {"seconds": 3}}),
    ("created-huge", {**FOREIGN, "created_at": 1e300}),
    ("created-absent", {name: value for name, value in FOREIGN.items() if name != "created_at"}),
    ("id-number", {**FOREIGN, "id": 7}),
    ("id-null", {**FOREIGN, "id": None}),
    ("id-list", {**FOREIGN, "id": ["a"]}),
    ("id-dots", {**FOREIGN, "id": ".."}),
    ("id-absent", {name: value for name, value in FOREIGN.items() if name != "id"}),
    ("status-null", {**FOREIGN, "status": None}),
    ("status-number", {**FOREIGN, "status": 3}),
    ("status-unknown", {**FOREIGN, "status": "dreaming"}),
    ("metadata-list", {**FOREIGN, "metadata": ["a", {"b": None}]}),
    ("metadata-text", {**FOREIGN, "metadata": "not json"}),
    ("metadata-nested", {**FOREIGN, "metadata": {"a": {"b": [None]}}}),
    ("counts-null", {**FOREIGN, "request_counts": None}),
    ("counts-words", {**FOREIGN, "request_counts": {"total": "many", "completed": None, "failed": -3}}),
    ("errors-null", {**FOREIGN, "errors": {"object": "list", "data": [None, 3]}}),
    ("extra", {**FOREIGN, "tenant": {"deep": [[[{}]]]}}),
    ("bytes-text", {**FOREIGN, "bytes": "twelve", "filename": None}),
    ("an-item-null", None),
    ("an-item-text", "batch_foreign"),
    ("an-item-number", 12),
    ("an-item-list", [FOREIGN]),
    ("an-item-empty", {}),
]


def whole(odd: OddServer, house: House, oddly: OpenAIProvider) -> Context:
    """A worker of the odd server, with everything that stands in front of a provider."""
    return house.context(provider=GuardedProvider(oddly, name=odd.base_url))


def first(*items: object) -> Callable[[Ask, Any], object]:
    """Let items of somebody else stand at the top and the end of both lists."""

    def changed(ask: Ask, document: Any) -> object:
        if ask.method == "GET" and ask.path in {BATCHES, FILES} and "after" not in ask.query:
            return {**document, "data": [*items, *document["data"], *items]}
        return document

    return changed


@pytest.mark.parametrize("item", [pytest.param(item, id=name) for name, item in ODDITIES])
def test_an_odd_item_of_somebody_else_hides_no_other(odd: OddServer, oddly: OpenAIProvider, item: object) -> None:
    behind = {"object": "list", "data": [FOREIGN | {"id": "batch_2"}], "has_more": False}
    odd.answers = first(item)
    odd.refuses = lambda ask: said(200, odd.answers(ask, behind))
    guarded = GuardedProvider(oddly)
    for _ in range(7):
        assert "batch_2" in {batch.batch_id for batch in guarded.list_batches()}
        assert "batch_2" in {file.file_id for file in guarded.list_files("batch")}
        assert guarded.find_upload("no such name") is None


def test_odd_items_of_somebody_else_stop_nothing(house: House, odd: OddServer, oddly: OpenAIProvider) -> None:
    odd.answers = first(*(item for _, item in ODDITIES))
    context = whole(odd, house, oddly)
    adopt_forgotten(context)
    cancel_duplicates(context)
    job_id = house.submit()
    assert house.run(job_id, context=context) is JobState.DONE
    house.check(job_id, batches=1)


def test_a_lost_create_is_found_between_odd_items(
    house: House, local: LocalProvider, odd: OddServer, oddly: OpenAIProvider
) -> None:
    local.set_faults({"http": {"POST /v1/batches": {"1": "drop_after"}}})
    odd.answers = first(*(item for _, item in ODDITIES))
    job_id = house.submit()
    assert house.run(job_id, context=whole(odd, house, oddly)) is JobState.DONE
    assert "adopted" in [event.event for event in house.events(job_id)]
    assert local.calls("POST /v1/batches") == 1
    house.check(job_id, batches=1)


def test_an_item_that_cannot_be_read_is_told_once(
    odd: OddServer, oddly: OpenAIProvider, local: LocalProvider, caplog: pytest.LogCaptureFixture
) -> None:
    odd.answers = first({**FOREIGN, "id": None})
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            list(oddly.list_batches())
    assert [record.getMessage() for record in caplog.records if "left out" in record.getMessage()] == [
        "an item of the provider's list /batches cannot be read and is left out: 'id' is missing"
    ]


@pytest.mark.parametrize(
    "item",
    [
        {**FOREIGN, "id": None, "metadata": {"app": "mosychlos"}},
        {**FOREIGN, "id": None, "metadata": '{"app": "mosychlos"}'},
        {**FOREIGN, "id": None, "metadata": [{"key": "app", "value": "mosychlos"}]},
        {**FOREIGN, "id": {"value": 3}, "input_file_id": "file-ours"},
    ],
    ids=["marked", "marked-in-text", "marked-in-pairs", "of-our-file"],
)
def test_an_item_that_may_be_ours_and_cannot_be_read_leaves_the_list_unread_and_the_way_open(
    odd: OddServer, oddly: OpenAIProvider, local: LocalProvider, item: object
) -> None:
    odd.answers = first(item)
    guarded = GuardedProvider(oddly)
    for _ in range(7):
        with pytest.raises(ProviderUnreadable, match="may be ours"):
            list(guarded.list_batches(of_file="file-ours"))
    odd.reset()
    assert list(guarded.list_batches(of_file="file-ours")) is not None


def test_our_own_batch_is_known_by_whatever_form_its_metadata_has(
    house: House, local: LocalProvider, odd: OddServer, oddly: OpenAIProvider
) -> None:
    def changed(ask: Ask, document: Any) -> object:
        if ask.of("GET", BATCHES):
            return [
                {**one, "metadata": json.dumps(one["metadata"]), "created_at": None, "input_file_id": None}
                for one in document["data"]
            ]
        return document

    odd.answers = changed
    local.set_faults({"http": {"POST /v1/batches": {"1": "500_after"}}})
    job_id = house.submit()
    assert house.run(job_id, context=whole(odd, house, oddly)) is JobState.DONE
    assert local.calls("POST /v1/batches") == 1
    house.check(job_id, batches=1)


Shape = Callable[[dict[str, Any]], object]

CREATED: list[tuple[str, Shape]] = [
    ("id-alone", lambda one: {"id": one["id"]}),
    ("status-null", lambda one: {**one, "status": None}),
    ("created-null", lambda one: {**one, "created_at": None}),
    ("created-iso", lambda one: {**one, "created_at": "2026-11-30T10:00:00.000Z"}),
    ("wrapped", lambda one: {"data": one}),
    ("wrapped-batch", lambda one: {"batch": one, "ok": True}),
    ("in-a-string", json.dumps),
    ("metadata-list", lambda one: {**one, "metadata": []}),
    ("counts-text", lambda one: {**one, "request_counts": "0/3"}),
    ("status-shouted", lambda one: {**one, "status": f" {one['status'].upper()}"}),
    ("errors-odd", lambda one: {**one, "errors": [None]}),
    ("object-absent", lambda one: {**one, "object": None, "endpoint": 7, "expires_at": "soon"}),
]


@pytest.mark.parametrize("shape", [pytest.param(shape, id=name) for name, shape in CREATED])
def test_an_id_in_hand_is_a_batch_to_follow(
    client: OpenAIProvider, odd: OddServer, oddly: OpenAIProvider, tmp_path: Path, shape: Shape
) -> None:
    file = oddly.upload(write(tmp_path / "in.jsonl", [line("a", chat_body())]), "in.jsonl")
    odd.answers = lambda ask, document: shape(document) if ask.path.startswith(BATCHES) else document
    made = oddly.create_batch(file.file_id, "/v1/chat/completions", {"job": "odd"})
    assert made.batch_id in {batch.batch_id for batch in client.list_batches()}
    if shape is not CREATED[0][1]:
        assert oddly.check(made.batch_id).batch_id == made.batch_id


def test_a_batch_of_which_only_the_id_was_told_is_followed_to_its_end(
    house: House, local: LocalProvider, odd: OddServer, oddly: OpenAIProvider
) -> None:
    odd.answers = lambda ask, document: {"id": document["id"]} if ask.of("POST", BATCHES) else document
    job_id = house.submit()
    assert house.run(job_id, context=whole(odd, house, oddly)) is JobState.DONE
    assert "accepted" in [event.event for event in house.events(job_id)]
    house.check(job_id, batches=1)


def test_an_answer_that_holds_an_error_and_no_batch_is_in_doubt(
    local: LocalProvider, odd: OddServer, oddly: OpenAIProvider
) -> None:
    odd.refuses = lambda ask: said(200, {"id": "req_1", "error": {"message": "busy"}})
    with pytest.raises(ProviderAmbiguous):
        oddly.create_batch("file-x", "/v1/chat/completions", {})


def test_pages_have_at_most_a_hundred_items(house: House, odd: OddServer, oddly: OpenAIProvider) -> None:
    def strict(ask: Ask) -> Any:
        if ask.method == "GET" and ask.path in {BATCHES, FILES} and int(ask.query.get("limit", "20")) > 100:
            return said(422, {"detail": [{"loc": ["query", "limit"], "msg": "ensure this value is at most 100"}]})
        return None

    odd.refuses = strict
    job_id = house.submit()
    assert house.run(job_id, context=whole(odd, house, oddly)) is JobState.DONE
    house.check(job_id, batches=1)


@pytest.mark.parametrize("refused", [("limit",), ("limit", "purpose")])
def test_a_list_that_takes_no_limit_is_asked_for_without(
    local: LocalProvider, odd: OddServer, oddly: OpenAIProvider, refused: tuple[str, ...]
) -> None:
    odd.refuses = lambda ask: (
        said(400, {"detail": f"Unexpected query parameter {name}"})
        if (name := next((name for name in refused if name in ask.query), ""))
        else None
    )
    known = {file.file_id for file in oddly.list_files("batch")}
    asked = len(odd.asked)
    assert {file.file_id for file in oddly.list_files("batch")} == known
    assert all(not set(refused) & set(ask.query) for ask in odd.asked[asked:]), "what was refused once is remembered"


def _numbered(start: int, end: int) -> list[dict[str, Any]]:
    return [{**FOREIGN, "id": f"batch_{number}"} for number in range(start, end)]


def _served(pages: Callable[[str | None], object]) -> Callable[[Ask], Any]:
    return lambda ask: said(200, pages(ask.query.get("after"))) if ask.of("GET", BATCHES) else None


def _ids(batches: Iterator[Batch]) -> list[str]:
    return [batch.batch_id for batch in batches]


def test_a_list_without_has_more_is_read_until_nothing_new_comes(odd: OddServer, oddly: OpenAIProvider) -> None:
    def pages(after: str | None) -> object:
        start = 0 if after is None else int(after.removeprefix("batch_")) + 1
        return {"object": "list", "data": _numbered(start, min(start + 20, 50))}

    odd.refuses = _served(pages)
    assert _ids(oddly.list_batches()) == [f"batch_{number}" for number in range(50)]


@pytest.mark.parametrize("more", [True, None])
def test_a_list_that_goes_round_in_circles_ends_and_shows_each_batch_once(
    odd: OddServer, oddly: OpenAIProvider, more: bool | None
) -> None:
    circle = {None: _numbered(0, 3), "batch_2": _numbered(3, 6), "batch_5": _numbered(0, 3)}
    odd.refuses = _served(lambda after: {"data": circle[after], "has_more": more})
    assert _ids(oddly.list_batches()) == [f"batch_{number}" for number in range(6)]


def test_a_list_that_ignores_the_cursor_shows_each_batch_once(odd: OddServer, oddly: OpenAIProvider) -> None:
    odd.refuses = _served(lambda _after: {"data": _numbered(0, 3), "has_more": True})
    assert _ids(oddly.list_batches()) == ["batch_0", "batch_1", "batch_2"]


def test_a_page_that_ends_with_an_odd_item_is_not_the_last_one(odd: OddServer, oddly: OpenAIProvider) -> None:
    pages: dict[str | None, object] = {
        None: {"data": [*_numbered(0, 2), None], "has_more": True},
        "batch_1": {"data": _numbered(2, 4), "has_more": True, "last_id": "cursor-7"},
        "cursor-7": {"data": [*_numbered(4, 5), {"id": 17, "status": None}], "has_more": True},
        "17": {"data": _numbered(5, 6), "has_more": False},
    }
    odd.refuses = _served(lambda after: pages[after])
    assert _ids(oddly.list_batches()) == [*(f"batch_{number}" for number in range(5)), "17", "batch_5"]


@pytest.mark.parametrize("refused", [True, False], ids=["refused", "ignored"])
def test_a_list_whose_own_cursor_means_nothing_is_read_on_from_its_last_item(
    odd: OddServer, oddly: OpenAIProvider, refused: bool
) -> None:
    pages = {None: _numbered(0, 2), "batch_1": _numbered(2, 4), "batch_3": _numbered(4, 5)}

    def answer(ask: Ask) -> Said | None:
        after = ask.query.get("after")
        if after == "always" and refused:
            return said(400, {"error": {"message": "no object with id 'always'"}})
        data = pages[None if after == "always" else after]
        return said(200, {"data": data, "has_more": after != "batch_3", "last_id": "always"})

    odd.refuses = answer
    assert _ids(oddly.list_batches(whole=True)) == [f"batch_{number}" for number in range(5)]


@pytest.mark.parametrize("goes_on", [True, False], ids=["to-an-empty-page", "from-the-start"])
@pytest.mark.parametrize(("shown", "known"), [(0, False), (3, True), (99, True), (100, False)])
def test_nothing_is_concluded_from_a_list_that_keeps_back_what_it_says_it_has(
    odd: OddServer, oddly: OpenAIProvider, shown: int, known: bool, goes_on: bool
) -> None:
    odd.refuses = _served(lambda after: {"data": [] if after and goes_on else _numbered(0, shown), "has_more": True})
    assert len(_ids(oddly.list_batches())) == shown
    if known:
        assert len(_ids(oddly.list_batches(whole=True))) == shown
    else:
        with pytest.raises(ProviderUnreadable, match="does not show it"):
            _ids(oddly.list_batches(whole=True))


def test_a_lost_create_is_found_beside_a_batch_that_the_list_invents(
    house: House, local: LocalProvider, odd: OddServer, oddly: OpenAIProvider
) -> None:
    local.set_faults({"http": {"POST /v1/batches": {"1": "drop_after"}}})
    odd.answers = lambda ask, document: (
        {**document, "data": [{**one, "id": "batch_0"} for one in document["data"][:1]] + document["data"]}
        if ask.of("GET", BATCHES)
        else document
    )
    job_id = house.submit()
    assert house.run(job_id, context=whole(odd, house, oddly)) is JobState.DONE
    assert local.calls("POST /v1/batches/{id}/cancel") == 0
    house.check(job_id, batches=1)


def test_a_list_that_says_there_is_more_and_not_where_is_not_read_as_whole(
    odd: OddServer, oddly: OpenAIProvider
) -> None:
    odd.refuses = _served(lambda _after: {"data": [{"status": "completed"}], "has_more": True})
    with pytest.raises(ProviderAmbiguous, match="names nothing to go on from"):
        list(oddly.list_batches())


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ([{**FOREIGN}], 1),
        ([], 0),
        ({"object": "list"}, 0),
        ({"object": "list", "data": None}, 0),
        ({"batches": [{**FOREIGN}]}, 1),
        ({"items": [{**FOREIGN}], "has_more": False}, 1),
    ],
)
def test_a_list_is_read_in_whatever_it_is_wrapped(
    odd: OddServer, oddly: OpenAIProvider, document: object, found: int
) -> None:
    odd.refuses = _served(lambda _after: document)
    assert len(list(oddly.list_batches())) == found


@pytest.mark.parametrize("document", [{}, {"error": {"message": "no"}}, {"detail": "no"}, "gone", None, 3])
def test_what_is_no_list_is_not_taken_for_an_empty_one(odd: OddServer, oddly: OpenAIProvider, document: object) -> None:
    odd.refuses = _served(lambda _after: document)
    with pytest.raises(ProviderAmbiguous):
        list(oddly.list_batches())


@pytest.mark.parametrize(
    ("stated", "at"),
    [
        (1_790_000_000, datetime.fromtimestamp(1_790_000_000, UTC)),
        (1_790_000_000_500, datetime.fromtimestamp(1_790_000_000.5, UTC)),
        ("2026-09-21T15:33:20+02:00", datetime(2026, 9, 21, 13, 33, 20, tzinfo=UTC)),
        ("2026-09-21T13:33:20", datetime(2026, 9, 21, 13, 33, 20, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_any_usual_form(odd: OddServer, oddly: OpenAIProvider, stated: object, at: datetime) -> None:
    odd.refuses = _served(lambda _after: {"data": [{**FOREIGN, "created_at": stated}], "has_more": False})
    assert [batch.created_at for batch in oddly.list_batches()] == [at]


@pytest.mark.parametrize("status", [400, 422, 409])
def test_a_batch_that_has_ended_may_be_refused_a_cancellation_in_any_words(
    house: House, local: LocalProvider, odd: OddServer, oddly: OpenAIProvider, status: int
) -> None:
    job_id = house.submit()
    assert house.run(job_id) is JobState.DONE
    odd.refuses = lambda ask: said(status, {"detail": "already over"}) if ask.path.endswith("/cancel") else None
    assert oddly.cancel(house.shard(job_id).batch_id or "").status == "completed"


@pytest.mark.parametrize("document", [{}, {"cancelled": True}, "ok", None, {"id": None, "status": None}])
def test_a_cancellation_that_was_taken_is_one_whatever_is_said_of_it(
    house: House, local: LocalProvider, odd: OddServer, oddly: OpenAIProvider, document: object
) -> None:
    local.set_faults({"batches": {"*": {"stuck": True}}})
    job_id = house.submit()
    context = whole(odd, house, oddly)
    odd.answers = lambda ask, found: document if ask.path.endswith("/cancel") else found
    for _ in range(3):
        house.round(context)
    house.service().cancel(LOCAL, job_id)
    assert house.run(job_id, context=context) is JobState.CANCELLED
    assert local.calls("POST /v1/batches/{id}/cancel") == 1
    house.check(job_id, batches=1)
