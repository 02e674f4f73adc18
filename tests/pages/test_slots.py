"""Answers with slots on their pages: finished sentences, what each rests on, and what does not hold."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.domain.actor import LOCAL
from core.domain.analysis import Kind
from tests.pages.conftest import Page
from tests.pages.kinds import Kinds, every_kind_run
from tests.pages.reading import column

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def with_slots(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kinds]:
    with every_kind_run(tmp_path_factory.mktemp("slots"), version="v3") as kinds:
        yield kinds


def test_every_true_answer_of_the_stand_in_holds(with_slots: Kinds) -> None:
    for kind, job_id in with_slots.true.items():
        for item in with_slots.world.app.jobs.items(LOCAL, job_id):
            assert item.analysis is not None, (kind, item.error)
            assert item.verification is not None
            assert item.verification.findings == (), kind
            assert "{{" not in item.headline
        assert sum(with_slots.world.app.jobs.summary(LOCAL, job_id).sentences.values()) > 0


def test_most_wrong_answers_are_found(with_slots: Kinds) -> None:
    flagged = [
        item.verification is None or bool(item.verification.findings)
        for job_id in with_slots.slipped.values()
        for item in with_slots.world.app.jobs.items(LOCAL, job_id)
    ]
    assert all(flagged)


@pytest.mark.parametrize("slipped", [False, True])
@pytest.mark.parametrize("kind", list(Kind))
def test_an_answers_page_says_what_each_part_rests_on(
    page: Page, with_slots: Kinds, kind: Kind, *, slipped: bool
) -> None:
    job_id, custom_id = with_slots.request(kind, slipped=slipped)
    test = page(with_slots.world, "run", run=job_id, item=custom_id)
    test.session_state["item_numbers"] = True
    test.run()
    assert not test.exception
    marks = column(test, "Mark")
    assert "inserted fact" in marks
    shown = str([block.proto.body for block in test.get("html")])
    assert "{{" not in shown
