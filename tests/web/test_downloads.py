"""Downloads in the open: without the browser that was offered them, their addresses are worth nothing."""

from __future__ import annotations

import base64
import hashlib

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.web.asking import run_of, stream
from tests.web.serving import Dashboard

pytestmark = pytest.mark.xdist_group("web-downloads")


def offered(dashboard: Dashboard, browser: dict[str, str], label: str) -> str:
    """The address of a link on the import form."""
    with stream(dashboard.url, browser) as page:
        said: list[ForwardMsg] = run_of(page, "portfolios", "portfolios_tab=Import")
    links = [one.delta.new_element.link_button for one in said if one.HasField("delta")]
    return next(link.url for link in links if link.label == label)


@pytest.fixture
def link(dashboard: Dashboard, browser: dict[str, str]) -> str:
    """Of the template for positions."""
    return offered(dashboard, browser, "Download the template")


def test_a_download_is_named_by_its_content_and_kept_by_nobody(
    dashboard: Dashboard, browser: dict[str, str], link: str
) -> None:
    first = dashboard.ask(link, Cookie=browser["Cookie"])
    assert (first.status, first.headers["cache-control"]) == (303, "no-store")
    file = dashboard.ask(first.headers["location"], Cookie=browser["Cookie"])
    assert (file.status, file.headers["cache-control"]) == (200, "no-store")
    digest = hashlib.sha256(file.body).digest()
    assert f'filename="positions-template.{digest.hex()[:12]}.csv"' in file.headers["content-disposition"]
    assert file.headers["repr-digest"] == f"sha-256=:{base64.b64encode(digest).decode()}:"
    assert int(file.headers["content-length"]) == len(file.body)
    assert file.headers["x-content-type-options"] == "nosniff"
    assert f'"sha256":"{digest.hex()}"' in dashboard.log
    assert '"actor":"Local user"' in dashboard.log


def test_its_address_works_once_and_for_nobody_else(dashboard: Dashboard, browser: dict[str, str], link: str) -> None:
    other = dashboard.browser()
    assert dashboard.ask(link).status == 401
    assert dashboard.ask(link, Cookie=other["Cookie"]).status == 404
    ticket = dashboard.ask(link, Cookie=browser["Cookie"]).headers["location"]
    assert dashboard.ask(ticket).status == 401
    assert dashboard.ask(ticket, Cookie=other["Cookie"]).status == 404
    assert dashboard.ask(ticket, "HEAD", Cookie=browser["Cookie"]).status == 405
    assert dashboard.ask(ticket, Cookie=browser["Cookie"]).status == 200
    assert dashboard.ask(ticket, Cookie=browser["Cookie"]).status == 404
    assert dashboard.ask(link, Cookie=browser["Cookie"]).headers["location"] != ticket


def test_another_program_s_page_cannot_fetch_it(dashboard: Dashboard, browser: dict[str, str], link: str) -> None:
    foreign = {"Cookie": browser["Cookie"], "sec_fetch_site": "same-site", "sec_fetch_mode": "no-cors"}
    assert dashboard.ask(link, **foreign).status == 403
    assert dashboard.ask(link, Cookie=browser["Cookie"], Origin="http://127.0.0.1:9999").status == 403


def test_streamlits_media_which_need_no_session_are_closed_and_no_page_needs_them(
    dashboard: Dashboard, browser: dict[str, str]
) -> None:
    with stream(dashboard.url, browser) as page:
        said = b"".join(one.SerializeToString() for one in run_of(page, "runs"))
    assert b"/media/" not in said
    for ending in ("csv", "json", "xlsx", "html", "bin", "pdf", "svg", "png"):
        assert dashboard.ask(f"/media/{'0' * 32}.{ending}", Cookie=browser["Cookie"]).status == 404
