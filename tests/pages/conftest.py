"""Pages run in this process against a data directory of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from dashboard.shell import session
from tests.local_provider import LocalProvider
from tests.pages.kinds import Kinds, every_kind_run
from tests.pages.world import World, opened

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "http://127.0.0.1:9/v1"
Page = Callable[..., AppTest]


@pytest.fixture(autouse=True, scope="session")
def _scanned_once() -> Iterator[None]:
    """Every run of a page test would look through all installed distributions for components; they stay as they are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An empty installation."""
    with opened(tmp_path / "home", NOWHERE) as world:
        yield world


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Samples, a run without failures, one with failing rows, and one that waits for a person. Not to be changed."""
    with (
        LocalProvider(tmp_path_factory.mktemp("provider")) as provider,
        opened(tmp_path_factory.mktemp("lived-in"), provider.base_url, provider) as world,
    ):
        world.app.portfolios.add_samples(session.LOCAL)
        world.submit()
        world.work()
        world.submit()
        world.work({"seed": 3, "answers": {"wrong_number": 0.5, "refused": 0.2, "bad_request_rows": 0.2}})
        world.submit(tuple(world.app.portfolios.ids(session.LOCAL)[:3]))
        world.work({"http": {"POST /v1/batches": {"*": "quota"}}})
        yield world


@pytest.fixture(scope="session")
def every_kind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kinds]:
    """Each analysis of three funds, run truly and with slips. Not to be changed."""
    with every_kind_run(tmp_path_factory.mktemp("kinds")) as kinds:
        yield kinds


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """Opens a page of an installation: `page(world, "runs", run="...")`."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-must-not-be-read")

    def open_page(world: World, name: str = "overview", **query: str) -> AppTest:
        st.cache_resource.clear()
        st.cache_data.clear()
        monkeypatch.setenv("MOSYCHLOS_HOME", str(world.home))
        monkeypatch.setenv("OPENAI_BASE_URL", world.app.settings.base_url)
        test = AppTest.from_file(ROOT / "dashboard" / "app.py", default_timeout=30)
        for key, value in query.items():
            test.query_params[key] = value
        if name != "overview":
            test.switch_page(f"../pages/{name}.py")
        return test.run()

    yield open_page
    try:
        session.current()[0].close()
    finally:
        st.cache_resource.clear()
