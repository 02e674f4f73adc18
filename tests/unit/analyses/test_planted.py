"""The measurement of checking, in small: errors that a generator of its own planted are caught."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from core.analyses.engines import engine_for
from core.domain.analysis import Kind
from tests.bench import planted
from tests.bench.bench_verify import matrix, measure, said_of, withheld_caught


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_errors_are_caught_and_true_numbers_left_alone(seed: int) -> None:
    found, true, flagged, _ = measure(256, seed)
    missed = sum(count for (_, kind), count in found.items() if kind == "missed")
    assert sum(found.values()) == 256 * 7 // 8
    assert missed / sum(found.values()) <= 0.01
    assert flagged / true <= 0.005


def test_a_claim_about_a_withheld_fact_is_always_caught() -> None:
    assert withheld_caught(100) == 1.0


def test_every_slip_is_planted_in_every_place_and_the_answers_keep_to_the_schema() -> None:
    validator = Draft202012Validator(engine_for(Kind.RISK).schema())
    seen = set()
    for one in planted.answers(64):
        assert not list(validator.iter_errors(one.document))
        seen.add((one.place, one.slip))
    assert seen == {(place, slip) for place in planted.PLACES for slip in (*planted.SLIPS, "")}


def test_the_matrix_names_what_was_planted_and_what_was_found() -> None:
    found, *_ = measure(64)
    rows = matrix(found)
    assert [row.split()[0] for row in rows[1:]] == list(planted.SLIPS)
    assert max(map(len, rows)) <= 100


def test_wrong_words_are_caught_and_true_ones_left_alone_in_three_languages() -> None:
    words = said_of(6, seed=5).values()
    assert sum(one.caught for one in words) / sum(one.wrong for one in words) >= 0.95
    assert sum(one.flagged for one in words) / sum(one.right for one in words) <= 0.02
