"""A real, headless Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.installation import Installation

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_MS = 30_000
"""How long an expectation is retried: two busy cores draw slowly."""

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Visitor:
    """A browser window that notes what went wrong in it."""

    page: Page
    home: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open a page of the dashboard and wait until it is drawn."""
        self.page.goto(self.home + path)
        self.settled()

    def settled(self) -> None:
        """Wait until the running script has ended."""
        expect(self.page.locator("[data-testid=stApp][data-test-connection-state=CONNECTED]")).to_be_visible()
        expect(self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_visible()

    def click(self, role: str, name: str) -> None:
        """Click what a screen reader calls by this name."""
        self.settled()
        self.page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]

    def sees(self, words: str) -> None:
        """Expect words on the page."""
        expect(self.page.get_by_text(words).locator("visible=true").first).to_be_visible()

    def opens_row(self, number: int, table: int = 0) -> None:
        """Click the first cell of a table's row: tables are drawn on a canvas, so by place."""
        self.settled()
        canvas = self.page.get_by_test_id("stDataFrame").nth(table)
        canvas.scroll_into_view_if_needed()
        canvas.click(position={"x": 60, "y": 35 * number + 18})


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The installed browser."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.fail("No Chromium is installed. Install it with: apt-get install --yes chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visitor(chromium: Browser) -> Callable[..., AbstractContextManager[Visitor]]:
    """Opens windows: `visitor(installation, width=400, dark=True)`; a window that complained fails on leaving."""

    @contextmanager
    def open_window(installation: Installation, *, width: int = 1440, dark: bool = False) -> Iterator[Visitor]:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        )
        page = context.new_page()
        found = Visitor(page, installation.url)
        page.on("console", lambda message: _note(found, message.type, message.text, message.location["url"]))
        page.on("pageerror", lambda error: found.complaints.append(f"page error: {error}"))
        page.on("request", lambda request: _note_request(found, request.url))
        context.request.get(installation.entrance, max_redirects=0)
        try:
            yield found
        finally:
            context.close()
        assert not found.complaints

    return open_window


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., AbstractContextManager[Installation]]:
    """Makes installations, each in a directory of its own."""

    @contextmanager
    def make(**options: float | bool) -> Iterator[Installation]:
        with Installation(tmp_path_factory.mktemp("home"), **options) as installation:  # type: ignore[arg-type]
            yield installation

    return make


def _note(visitor: Visitor, kind: str, words: str, url: str) -> None:
    # A page opened by its own address first looks for the server below that address; the answer 404 is expected.
    if kind in {"error", "warning"} and "/_stcore/" not in url:
        visitor.complaints.append(f"{kind}: {words} ({url})")


def _note_request(visitor: Visitor, url: str) -> None:
    if not url.startswith((visitor.home, "data:", "blob:")):
        visitor.complaints.append(f"asked {url}")


FIXTURES = Path(__file__).resolve().parent / "files"
