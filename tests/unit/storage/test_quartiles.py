"""Quartiles found in the database are those of Python's own statistics, on each engine."""

from __future__ import annotations

from itertools import count
from statistics import median, quantiles

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain.records import RequestRow
from core.storage.jobs.quartiles import Quartiles
from core.storage.store import Store

values = st.lists(st.floats(0, 1, allow_nan=False).map(lambda value: round(value, 3)), max_size=40)


_JOBS = count()


@given(values=values)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_index_gives_the_quartiles_that_python_gives(store: Store, values: list[float]) -> None:
    job_id = f"job-{next(_JOBS)}"
    rows = [
        RequestRow(f"r{number}", 0, f"p{number}", "2026-10-30", "US", 1, "hash", hhi, 60.0)
        for number, hhi in enumerate(values)
    ]
    store.jobs.add_requests(job_id, [*rows, RequestRow("none", 0, "p", "2026-10-30", "US", 1, "hash", None, None)])
    found = store.items.concentration(job_id)
    of_values = Quartiles.of(values)
    if not values:
        assert found is of_values is None
        return
    assert found is not None
    assert of_values is not None
    assert found.known == of_values.known == len(values)
    assert found.median == pytest.approx(median(values), abs=1e-12)
    assert of_values.median == pytest.approx(median(values), abs=1e-12)
    if len(values) < 4:
        assert found.fence is of_values.fence is None
        return
    lower, _, upper = quantiles(values, n=4, method="inclusive")
    assert (found.lower, found.upper) == pytest.approx((lower, upper), abs=1e-12)
    assert found.fence == pytest.approx(of_values.fence, abs=1e-12)
    beyond = sorted((value for value in values if value > found.fence), reverse=True)  # type: ignore[operator]  # four values have a fence
    assert [row[2] for row in store.items.beyond(job_id, found.fence)] == beyond  # type: ignore[arg-type]  # as above
    assert store.items.count_beyond(job_id, found.fence) == len(beyond)  # type: ignore[arg-type]  # as above
    assert [row[2] for row in store.items.beyond(job_id, found.fence, limit=2)] == beyond[:2]  # type: ignore[arg-type]  # as above


def test_the_fence_is_tukeys() -> None:
    # Quartiles 0.12 and 0.16, so the fence stands at 0.16 + 1.5 x 0.04.
    found = Quartiles.of([0.10, 0.11, 0.12, 0.13, 0.14, 0.15, 0.90, 0.16, 0.17])
    assert found is not None
    assert (found.median, found.fence) == (0.14, pytest.approx(0.22))
