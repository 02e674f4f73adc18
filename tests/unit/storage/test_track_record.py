"""How a model's answers have held so far: read from the roll-ups, never from other models or the stand-in."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from core.domain.analysis import Outcome, Reading, ResultStatus, Usage, Verification
from core.domain.records import Track
from core.storage.store import Store
from tests.unit.storage.making import STAND_IN, approved


def _answer(custom_id: str, verified: int, mismatched: int) -> Outcome:
    checked = Verification(verified, mismatched, 0)
    return Outcome(custom_id, "p00001", Reading(ResultStatus.SUCCEEDED, {}, checked, None), Usage(), Decimal(0))


def test_numbers_of_all_jobs_of_a_model_add_up(store: Store) -> None:
    [claim] = approved(store, [2])
    store.results.add(claim, [_answer("risk-0-00000", 9, 0), _answer("risk-0-00001", 8, 3)])
    found = store.track.of("risk", "gpt-5.4-mini", identity=STAND_IN)
    assert found == Track(answers=2, verified=17, stated=20)
    assert found.share == 0.85


def test_what_nobody_has_seen_has_no_share(store: Store) -> None:
    [claim] = approved(store, [1])
    store.results.add(claim, [_answer("risk-0-00000", 9, 0)])
    for kind, model, identity in (
        ("compliance", "gpt-5.4-mini", STAND_IN),
        ("risk", "gpt-6-luna", STAND_IN),
        ("risk", "gpt-5.4-mini", replace(STAND_IN, address="http://127.0.0.1:8091/v1")),
        ("risk", "gpt-5.4-mini", replace(STAND_IN, project="other")),
    ):
        found = store.track.of(kind, model, identity=identity)
        assert found == Track(0, 0, 0)
        assert found.share is None
