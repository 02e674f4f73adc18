"""Answers with slots on their pages, and those of older prompts beside them: what each part rests on, what fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.domain.actor import LOCAL
from core.domain.analysis import Kind
from tests.pages.conftest import Page
from tests.pages.kinds import Kinds, every_kind_run
from tests.pages.reading import column, written

TYPED = ("typed and matched", "derived from facts", "stands in a cited source")


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kinds]:
    """The same jobs as an older version of each prompt asks."""
    with every_kind_run(tmp_path_factory.mktemp("typed"), version="v1") as kinds:
        yield kinds


def test_every_true_answer_of_the_stand_in_holds(every_kind: Kinds) -> None:
    for kind, job_id in every_kind.true.items():
        for item in every_kind.world.app.jobs.items(LOCAL, job_id):
            assert item.analysis is not None, (kind, item.error)
            assert item.verification is not None
            assert item.verification.findings == (), kind
            assert item.verification.verified > 0, kind
            assert "{{" not in item.headline
        assert sum(every_kind.world.app.jobs.summary(LOCAL, job_id).sentences.values()) > 0


def test_every_wrong_answer_is_found(every_kind: Kinds) -> None:
    flagged = [
        item.verification is None or bool(item.verification.findings)
        for job_id in every_kind.slipped.values()
        for item in every_kind.world.app.jobs.items(LOCAL, job_id)
    ]
    assert all(flagged)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_slipped_answers_page_says_what_each_part_rests_on(page: Page, every_kind: Kinds, kind: Kind) -> None:
    job_id, custom_id = every_kind.request(kind, slipped=True)
    test = page(every_kind.world, "run", run=job_id, item=custom_id)
    test.session_state["item_numbers"] = True
    test.run()
    assert not test.exception
    assert "inserted fact" in column(test, "Mark")
    assert "{{" not in str([block.proto.body for block in test.get("html")])


@pytest.mark.full
@pytest.mark.parametrize("kind", list(Kind))
def test_an_answer_of_an_older_prompt_reads_as_it_did(page: Page, typed: Kinds, kind: Kind) -> None:
    job_id, custom_id = typed.request(kind)
    test = page(typed.world, "run", run=job_id, item=custom_id)
    test.session_state["item_numbers"] = True
    test.run()
    assert not test.exception
    assert "(typed and matched)" in written(test)
    checked = typed.world.app.jobs.item(LOCAL, job_id, custom_id).verification
    assert checked is not None
    assert checked.findings == ()
    assert sum(mark in TYPED for mark in column(test, "Mark")) == checked.verified
