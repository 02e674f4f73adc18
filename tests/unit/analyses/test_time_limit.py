"""The checks of one answer end: their work grows with the answer, and beyond a limit it is not called checked."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any

import orjson
import pytest

from core.analyses.companies import named
from core.analyses.engine import NOT_CHECKED
from core.analyses.engines import engine_for
from core.analyses.numbers import numbers
from core.analyses.time_limit import CHECK_SECONDS, TookTooLong, limited, tick
from core.analyses.verify import verify
from core.domain.analysis import Kind, Reading, ResultStatus
from tests.linear.adversary import Recipe
from tests.linear.effort import TOO_MUCH, growth
from tests.unit.analyses.whole import answer, view

UNITS = (
    "1.5 ", "1.5,", "1", "1,", "1/", "1/1.", "60/40 ", "-1.5% ", "4.82 rose ", "fell 4.82%", "12.3 m", "Apple ",
    "Rio Tinto ", "AB.T ", "US0378331005 ", "(1.5", "«aaaaaaaaaaaa ", '"', "“", "about 1.5 ", "VaR 95% ", "S&P 500 ",
    "1 000 ", "$1.5bn ",
)  # fmt: skip
"""What a sentence may say over and over."""


_known = cache(answer)
_shown = cache(view)


def _sentence(kind: Kind, text: str) -> dict[str, Any]:
    return {**_known(kind), "summary": text}


def _proposals(text: str) -> dict[str, Any]:
    (first, *_) = _known(Kind.ALLOCATION)["proposals"]
    return {**_known(Kind.ALLOCATION), "proposals": [{**first, "rationale": text[:5]} for _ in range(len(text) // 20)]}


def _claim(text: str) -> dict[str, Any]:
    (first, *_) = _known(Kind.MARKET_RESEARCH)["claims"]
    return {**_known(Kind.MARKET_RESEARCH), "claims": [{**first, "text": text}]}


def _check(kind: Kind, document: dict[str, Any]) -> None:
    for check in engine_for(kind).checks:
        for _ in check(document, _shown(kind)):
            pass


_calls = count()


def _anew(text: str) -> str:
    """The text behind a word that was never there: what was found in a text is remembered, and would cost nothing."""
    return f"{str(next(_calls)).translate(_LETTERS)} {text}"


_LETTERS = str.maketrans("0123456789", "abcdefghij")

WORK: dict[str, Callable[[str], object]] = {
    "numbers": numbers,
    "companies": lambda text: list(named(text)),
    "a summary": lambda text: verify(_sentence(Kind.RISK, text), _shown(Kind.RISK)),
    "quotations in a claim": lambda text: _check(Kind.MARKET_RESEARCH, _claim(text)),
}
"""What is done with a text that a model wrote."""


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("work", WORK)
def test_the_work_of_checking_grows_with_the_answer_and_no_faster(work: str, unit: str) -> None:
    assert growth(lambda text: WORK[work](_anew(text)), Recipe("", (unit,)), size=1_000, longest=3) <= TOO_MUCH


def test_the_work_of_checking_proposals_grows_with_them_and_no_faster() -> None:
    assert growth(lambda text: _check(Kind.ALLOCATION, _proposals(text)), Recipe("", ("1.5 ",)), longest=3) <= TOO_MUCH
    assert (
        growth(lambda text: verify(_proposals(text), _shown(Kind.ALLOCATION)), Recipe("", ("1.5 ",)), longest=3)
        <= TOO_MUCH
    )


def _read(kind: Kind, document: dict[str, Any], *, seconds: float = CHECK_SECONDS) -> Reading:
    return engine_for(kind).read(orjson.dumps(document).decode(), view(kind), seconds=seconds)


@pytest.mark.parametrize("kind", list(Kind))
def test_an_answer_whose_checks_take_too_long_is_not_called_checked(kind: Kind) -> None:
    found = _read(kind, _sentence(kind, "1.5 % " * 20_000), seconds=0.01)
    assert found.status is ResultStatus.INVALID
    assert found.error is not None
    assert found.error.code == NOT_CHECKED
    assert "took longer than 0.01 s" in found.error.message
    assert found.verification is None
    assert found.analysis is None
    assert not found.error.transient
    assert _read(kind, answer(kind)).status is ResultStatus.SUCCEEDED, "the next one has its own time"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('{"claims":[' + "{}," * 330_000 + "{}]}", "330,003 parts", id="empty-objects"),
        pytest.param("[" * 999_999, "999,999 parts", id="brackets"),
        pytest.param("x" * 1_000_001, "1,000,001 characters", id="long"),
        pytest.param('{"claims":[' + "{}," * 19_990 + "{}]}", "schema_version", id="many-broken-objects"),
        pytest.param('{"caveats":[' + "1," * 400_000 + "1]}", "schema_version", id="many-broken-items"),
    ],
)
def test_an_answer_of_any_size_is_told_from_an_analysis_in_little_time(text: str, said: str) -> None:
    begun = time.thread_time()
    found = engine_for(Kind.RISK).read(text, view(Kind.RISK))
    assert time.thread_time() - begun < 2
    assert found.status is ResultStatus.INVALID
    assert found.error is not None
    assert said in found.error.message
    assert len(found.error.message) < 600


def test_the_longest_answer_that_is_read_takes_no_longer_than_the_limit_allows() -> None:
    begun = time.thread_time()
    found = _read(Kind.RISK, _sentence(Kind.RISK, "rose 1.5 % to Apple, " * 45_000), seconds=1)
    assert time.thread_time() - begun < 4
    assert found.error is not None
    assert found.error.code == NOT_CHECKED


def _without_end() -> None:
    while True:
        tick()


def test_the_limit_counts_work_and_not_waiting() -> None:
    with limited(0.05):
        time.sleep(0.2)
        for _ in range(100):
            tick()
        with pytest.raises(TookTooLong):
            _without_end()
    for _ in range(100):
        tick()
