"""Being on this machine is not being this person: who has no address of ours reaches nothing, by HTTP or WebSocket."""

from __future__ import annotations

import stat
import subprocess
import sys
import time

import pytest
from websockets.exceptions import InvalidStatus

from core.guard.entrance import LIFETIME_SECONDS, Entrance, OneTimeTokens, opened, published
from tests.web.asking import ask, browser_of, run_of, stream
from tests.web.serving import Dashboard

pytestmark = pytest.mark.xdist_group("web-door")


def refused(dashboard: Dashboard, headers: dict[str, str], **more: object) -> bool:
    """Whether the WebSocket is refused before anything is said on it."""
    try:
        with stream(dashboard.url, headers, **more):
            return False
    except InvalidStatus as answer:
        return answer.response.status_code in {401, 403}


def test_the_address_stands_alone_on_its_line(dashboard: Dashboard) -> None:
    assert dashboard.out == f"Open: {dashboard.printed}\n"
    assert dashboard.printed.startswith(f"{dashboard.url}/?token=")
    assert dashboard.printed.partition("token=")[2] not in dashboard.log


@pytest.mark.parametrize("path", ["/", "/runs", "/run?run=1", "/portfolios/", "/favicon.png", "/_stcore/host-config"])
def test_without_a_cookie_nothing_is_shown_but_the_way_in(dashboard: Dashboard, path: str) -> None:
    answer = dashboard.ask(path)
    assert answer.status == 401
    assert answer.headers["cache-control"] == "no-store"
    if "favicon" not in path and "_stcore" not in path:
        assert "Open:" in answer.text
        assert "mosychlos open" in answer.text


def test_a_token_opens_once_and_leaves_the_rest_of_the_address(tmp_path: object, dashboard: Dashboard) -> None:
    entrance = published(dashboard.home, dashboard.port)
    token = entrance.fresh(time.time()).partition("token=")[2]
    assert dashboard.ask(f"/runs?runs_q=x%20y&token={token}", "HEAD").status == 401, "looking at it is not opening it"
    assert dashboard.ask(f"/?token={token}", sec_purpose="prefetch;prerender").status == 503
    first = dashboard.ask(f"/runs?runs_q=x%20y&token={token}")
    assert (first.status, first.headers["location"]) == (303, "/runs?runs_q=x+y")
    cookie = first.headers["set-cookie"]
    assert cookie.startswith(f"mosychlos_{dashboard.port}=")
    assert {part.strip() for part in cookie.split(";")[1:]} >= {"HttpOnly", "SameSite=strict", "Path=/"}
    again = dashboard.ask(f"/runs?token={token}")
    assert again.status == 401
    assert "used before" in again.text
    same_browser = dashboard.ask(f"/runs?token={token}", Cookie=cookie.partition(";")[0])
    assert (same_browser.status, same_browser.headers["location"]) == (303, "/runs")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "%FF", "x.9999999999.", f"x.{'9' * 30}.{'0' * 64}"])
def test_an_invented_token_opens_nothing(dashboard: Dashboard, token: str) -> None:
    assert dashboard.ask(f"/?token={token}").status == 401


def test_a_token_ends_and_another_secret_makes_none() -> None:
    entrance, other = opened("http://x", "127.0.0.1", 1), opened("http://x", "127.0.0.1", 1)
    now = time.time()
    token, foreign = (one.fresh(now).partition("token=")[2] for one in (entrance, other))
    assert not OneTimeTokens(entrance, lambda: now + LIFETIME_SECONDS + 1).redeem(token)
    assert not OneTimeTokens(entrance, lambda: now).redeem(foreign)
    tokens = OneTimeTokens(entrance, lambda: now)
    assert tokens.redeem(token)
    assert not tokens.redeem(token)
    assert "secret" not in repr(Entrance("u", "h", 1, b"secret"))


def test_the_file_behind_mosychlos_open_is_its_owners_alone(dashboard: Dashboard) -> None:
    file = dashboard.home / "dashboard" / f"{dashboard.port}.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(dashboard.home.stat().st_mode) == 0o700


def test_a_browser_that_was_let_in_sees_pages(dashboard: Dashboard, browser: dict[str, str]) -> None:
    assert dashboard.ask("/runs", **browser).status == 200
    with stream(dashboard.url, browser) as page:
        said = run_of(page, "runs")
    assert {message.WhichOneof("type") for message in said} >= {"new_session", "navigation", "delta"}


def test_a_websocket_without_a_cookie_is_refused(dashboard: Dashboard, browser: dict[str, str]) -> None:
    assert refused(dashboard, {})
    assert refused(dashboard, {"Origin": browser["Origin"]})
    assert refused(dashboard, {"Origin": browser["Origin"], "Cookie": f"mosychlos_{dashboard.port}=guessed"})
    assert refused(dashboard, {"Origin": browser["Origin"], "Cookie": "mosychlos_1=" + browser["Cookie"].split("=")[1]})
    assert not refused(dashboard, browser)


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "http://127.0.0.1:9999",
        "http://127.0.0.1",
        "https://127.0.0.1:{port}",
        "http://evil.example:{port}",
        "http://localhost.evil.example:{port}",
        "http://127.0.0.1:{port}.evil.example",
        "http://0.0.0.0:{port}",
        "chrome-extension://abcdefghijklmnop",
        "",
    ],
)
def test_a_websocket_that_another_page_opens_is_refused_whatever_cookie_comes_with_it(
    dashboard: Dashboard, browser: dict[str, str], origin: str | None
) -> None:
    headers = {"Cookie": browser["Cookie"]}
    if origin is not None:
        headers["Origin"] = origin.format(port=dashboard.port)
    assert refused(dashboard, headers)


def test_a_host_that_resolves_to_this_machine_is_not_ours(dashboard: Dashboard, browser: dict[str, str]) -> None:
    for host in (
        "rebound.example",
        f"rebound.example:{dashboard.port}",
        "localhost.evil.example",
        "",
        "127.0.0.1@evil",
    ):
        assert dashboard.ask("/", **{**browser, "Host": host}).status == 400, host
    for host in (f"localhost:{dashboard.port}", "127.0.0.1", f"[::1]:{dashboard.port}"):
        assert dashboard.ask("/", **{**browser, "Host": host}).status == 200, host


def test_another_page_changes_nothing_and_reads_nothing(dashboard: Dashboard, browser: dict[str, str]) -> None:
    upload = "/_stcore/upload_file/session/file"
    cookie = {"Cookie": browser["Cookie"]}
    for method in ("PUT", "DELETE", "POST"):
        assert dashboard.ask(upload, method, b"x", **cookie).status == 403, "no origin"
        assert dashboard.ask(upload, method, b"x", Origin="http://127.0.0.1:9999", **cookie).status == 403
        assert dashboard.ask(upload, method, b"x", Origin=browser["Origin"]).status == 401, "no cookie"
        assert dashboard.ask("/runs", method, b"x", **browser).status == 405
    other = {"sec_fetch_site": "same-site", "sec_fetch_mode": "no-cors", **cookie}
    assert dashboard.ask("/_stcore/host-config", **other).status == 403
    assert dashboard.ask("/runs", **{**other, "sec_fetch_mode": "navigate"}).status == 200, "a link may lead here"
    assert dashboard.ask("/runs", **browser).headers["cross-origin-resource-policy"] == "same-origin"


def test_a_link_from_another_site_is_asked_once_more_from_a_page_of_ours(dashboard: Dashboard) -> None:
    answer = dashboard.ask("/runs", sec_fetch_site="cross-site", sec_fetch_mode="navigate")
    assert answer.status == 401
    assert "location.replace" in answer.text
    assert "location.replace" not in dashboard.ask("/runs", sec_fetch_site="same-origin").text


@pytest.mark.full
def test_an_end_makes_every_cookie_and_address_worthless(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("twice")
    with Dashboard(folder) as first:
        unused, cookie = first.printed, browser_of(published(first.home, first.port).fresh(time.time()))["Cookie"]
    with Dashboard(folder, "--port", str(first.port)) as second:
        assert ask(f"{first.url}/", Cookie=cookie).status == 401
        assert ask(unused).status == 401
        assert second.process.pid != first.process.pid
    said = subprocess.run(
        [sys.executable, "-m", "core.cli.main", "open", "--port", str(first.port), "--home", str(first.home)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 2
    assert "No dashboard" in said.stderr
