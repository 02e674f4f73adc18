"""Estimates that learn: the mean is met, the interval holds nine times in ten, and little history claims little."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from core.llm.calibration import BatchHistory, calibrate


def batch(answers: list[int], *, counted: int = 1000, charged: int = 1000, cached: int = 0) -> BatchHistory:
    n = len(answers)
    return BatchHistory(n, counted * n, charged * n, cached * n, sum(answers), float(sum(one * one for one in answers)))


def lengths(luck: random.Random, n: int, mean: float, spread: float) -> list[int]:
    return [max(1, round(luck.gauss(mean, spread))) for _ in range(n)]


@pytest.mark.parametrize("batches", [3, 5, 12])
@pytest.mark.parametrize("shift", [0.0, 0.08], ids=["alike", "batches-differ"])
def test_the_interval_holds_nine_times_in_ten(batches: int, shift: float) -> None:
    luck = random.Random(7)
    held = tried = 0
    for _ in range(600):
        world = luck.uniform(500, 4_000)

        def one(n: int, world: float = world) -> list[int]:
            return lengths(luck, n, world * (1 + luck.gauss(0, shift)), world * 0.4)

        past = [batch(one(luck.randint(20, 200))) for _ in range(batches)]
        following = one(luck.randint(20, 200))
        known = calibrate(past, len(following))
        assert known is not None
        mean = sum(following) / len(following)
        held += known.spread.low <= mean <= known.spread.high
        tried += 1
    assert held / tried >= 0.88, f"{held} of {tried}"


def test_the_expected_answer_is_the_mean_of_all_answers_seen() -> None:
    known = calibrate([batch([100] * 10), batch([200] * 30)], 50)
    assert known is not None
    assert known.spread.expected == 175
    assert (known.batches, known.answers) == (2, 40)


def test_more_history_makes_a_narrower_interval() -> None:
    luck = random.Random(1)
    past = [batch(lengths(luck, 100, 1_500, 400)) for _ in range(30)]
    widths = []
    for n in (3, 10, 30):
        known = calibrate(past[:n], 1_000)
        assert known is not None
        widths.append(known.spread.high - known.spread.low)
    assert all(later < earlier for earlier, later in pairwise(widths))


@pytest.mark.parametrize(
    ("past", "known"),
    [([], False), ([batch([100] * 29)], False), ([batch([100] * 30)], True), ([batch([100])] * 2, False),
     ([batch([100])] * 3, True), ([BatchHistory(0, 0, 0, 0, 0, 0.0)] * 9, False)],
)  # fmt: skip
def test_too_little_history_says_nothing(past: list[BatchHistory], known: bool) -> None:
    assert (calibrate(past, 10) is not None) is known


def test_one_batch_alone_leaves_room_for_the_next_to_be_another() -> None:
    known = calibrate([batch([1_000] * 500)], 500)
    assert known is not None
    assert known.spread.low <= 900 <= 1_100 <= known.spread.high


def test_what_the_provider_charges_and_caches_is_learned_too() -> None:
    known = calibrate([batch([100] * 40, counted=1_000, charged=1_050, cached=420)], 10)
    assert known is not None
    assert known.input_factor == pytest.approx(1.05)
    assert known.cached_share == pytest.approx(0.4)


def test_how_the_provider_counts_input_is_known_as_well_as_it_was_seen_to_vary() -> None:
    alike = calibrate([batch([100] * 40, charged=1_050)] * 3, 10)
    apart = calibrate([batch([100] * 40, charged=charged) for charged in (1_000, 1_050, 1_100)], 10)
    alone = calibrate([batch([100] * 40, charged=1_050)], 10)
    assert alike is not None
    assert apart is not None
    assert alone is not None
    assert {round(known.input_factor, 9) for known in (alike, apart, alone)} == {1.05}
    assert alike.input_range == pytest.approx((1.05, 1.05))
    # A prediction interval of 90 % of three batches: 2.92 standard deviations of 0.05, times sqrt(1 + 1/3).
    assert apart.input_range == pytest.approx((1.05 - 0.16858, 1.05 + 0.16858), abs=1e-5)
    assert alone.input_range == pytest.approx((0.945, 1.155))
