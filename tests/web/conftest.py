"""One dashboard that tests only ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web.serving import Dashboard


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """An empty installation, served."""
    with Dashboard(tmp_path_factory.mktemp("served")) as dashboard:
        yield dashboard


@pytest.fixture(scope="module")
def browser(dashboard: Dashboard) -> dict[str, str]:
    """Headers of a browser that was let in."""
    return dashboard.browser()
