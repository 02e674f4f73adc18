"""What checking found of an answer is kept with it, and added up over its job."""

from __future__ import annotations

from decimal import Decimal

from core.domain.analysis import Outcome, Reading, ResultStatus, Usage, Verification
from core.domain.job import ShardEvent, ShardState
from core.storage.store import Store
from tests.unit.storage.making import NOW, approved


def test_coverage_and_agreement_come_back_with_the_answer_and_are_added_up(store: Store) -> None:
    (claim,) = approved(store, [3])
    for number, (state, event) in enumerate(
        (
            (ShardState.QUEUED, ShardEvent.START),
            (ShardState.UPLOADING, ShardEvent.SEND),
            (ShardState.SUBMITTING, ShardEvent.ACCEPTED),
            (ShardState.RUNNING, ShardEvent.ENDED),
        )
    ):
        store.shards.move(claim, state, event, at=NOW, batch_id="batch_1" if number >= 2 else None)
    job_id = claim.shard_id.rpartition(".")[0]
    asked = sorted(store.results.expected(job_id, 0))
    scores = (Verification(5, 1, 0, (), 6, 4, 3, 3), Verification(2, 0, 0), None)
    store.results.add(
        claim,
        [
            Outcome(
                custom_id,
                "p00001",
                Reading(ResultStatus.SUCCEEDED, {"summary": "x"}, score, None),
                Usage(),
                Decimal(0),
            )
            for custom_id, score in zip(asked, scores, strict=True)
        ],
    )
    kept = [item.verification for item in store.items.page(job_id)]
    assert kept[:2] == list(scores[:2])
    rollup = store.items.rollup(job_id)
    assert rollup["coverage"] == {"wanted": 6, "covered": 4}
    assert rollup["rules"] == {"named": 3, "agreeing": 3}
