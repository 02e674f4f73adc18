"""A list's word for an id is not enough to take a batch up or to cancel one."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from core.domain.batch import Batch
from core.errors import ProviderRefused, ProviderUnreadable
from core.providers import shapes
from core.worker.confirm import confirmed, is_as_listed

OURS = shapes.batch({"id": "batch_1", "input_file_id": "file-1", "metadata": {"job_key": "k"}, "created_at": 1})
THEIRS = replace(OURS, batch_id="batch_2", input_file_id="file-2", metadata={})


def provider(**shown: Batch) -> Any:
    """One that knows these batches by id."""

    def check(batch_id: str) -> Batch:
        if batch_id not in shown:
            raise ProviderRefused(f"No batch {batch_id}", status=404)
        return shown[batch_id]

    return SimpleNamespace(check=check)


def test_of_two_that_are_listed_the_one_that_exists_is_taken() -> None:
    ghost = replace(OURS, batch_id="batch_0")
    assert confirmed(provider(batch_1=OURS), [ghost, OURS]) == [OURS]


def test_somebody_elses_id_is_neither_taken_nor_cancelled() -> None:
    lent = replace(OURS, batch_id="batch_2")
    known = provider(batch_1=OURS, batch_2=THEIRS)
    assert is_as_listed(known, lent) is False
    assert confirmed(known, [lent, OURS]) == [OURS]
    with pytest.raises(ProviderUnreadable, match="batch_2"):
        confirmed(known, [lent])


def test_one_that_is_listed_before_it_can_be_asked_for_is_taken() -> None:
    late = replace(OURS, batch_id="batch_9")
    assert confirmed(provider(), [OURS, late]) == [OURS], "the first; nothing is known that could be cancelled"


def test_a_view_without_file_is_known_by_its_key() -> None:
    bare = replace(OURS, input_file_id="")
    assert is_as_listed(provider(batch_1=bare), OURS)
    assert is_as_listed(provider(batch_1=replace(bare, metadata={})), OURS)
    assert is_as_listed(provider(batch_1=replace(bare, metadata={"job_key": "other"})), OURS) is False


def test_a_look_that_is_refused_decides_nothing() -> None:
    def check(_: str) -> Batch:
        raise ProviderRefused("slow down", status=429)

    with pytest.raises(ProviderRefused, match="slow down"):
        confirmed(SimpleNamespace(check=check), [OURS])  # type: ignore[arg-type]  # it only looks
