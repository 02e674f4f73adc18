"""Which addresses are the dashboard's own once a proxy serves it at another name, below a path."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import BadSetting
from core.guard.refused_hosts import RefusedHosts
from core.settings import load
from dashboard.shell.addresses import addresses
from dashboard.shell.gate import Gate
from dashboard.shell.sessions import Sessions

PUBLIC = "https://example.com/mosychlos"


def test_a_public_address_adds_its_name_origin_and_path() -> None:
    own = addresses(PUBLIC, "127.0.0.1", 8501)
    assert own.secure
    assert (own.base, own.url) == ("/mosychlos", PUBLIC)
    assert "https://example.com" in own.origins
    assert "http://example.com" not in own.origins
    assert own.host_is_ours("example.com")
    assert own.host_is_ours("127.0.0.1:8501")
    assert not own.host_is_ours("www.example.com")


@pytest.mark.parametrize("path", ["/runs", "/", "/mosychlosx/runs", "/other/mosychlos/runs", "/static/js/x.js"])
def test_a_path_beside_the_base_is_nobodys(path: str) -> None:
    own = addresses(PUBLIC, "127.0.0.1", 8501)
    nobody = lambda *_: None  # noqa: E731
    gate = Gate(
        nobody,  # type: ignore[arg-type]
        own=nobody,  # type: ignore[arg-type]
        addresses=own, pages=frozenset({"/", "/runs"}), files=frozenset({"/static/js/x.js"}), sessions=Sessions(1),
        redeem=lambda _: False, refused=lambda _: None,
    )  # fmt: skip
    assert gate._kind(gate._path({"path": path})) is None
    assert gate._kind(gate._path({"path": "/mosychlos/runs"})) is not None


@pytest.mark.parametrize(
    "url",
    ["http://example.com", "example.com", "https://a:b@example.com", "https://example.com/?x=1",
     "https://example.com/a b",
     "https://example.com:x", "https://exämple.com", "https://", "*"],
)  # fmt: skip
def test_an_address_that_no_browser_names_like_this_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadSetting, match="MOSYCHLOS_PUBLIC_URL"):
        load({"MOSYCHLOS_HOME": str(tmp_path), "MOSYCHLOS_PUBLIC_URL": url})


def test_an_address_is_kept_as_browsers_name_it(tmp_path: Path) -> None:
    given = {"MOSYCHLOS_HOME": str(tmp_path), "MOSYCHLOS_PUBLIC_URL": "https://Example.COM:443/mosychlos/"}
    assert load(given).public_url == PUBLIC


def test_refused_hosts_are_named_cleaned_and_bounded(tmp_path: Path) -> None:
    at = datetime.now(UTC)
    counted = RefusedHosts(tmp_path)
    for number in range(100):
        counted.add(f"scan{number}\x1b[31m.example", at)
    counted.add("hooks.example.com", at)
    counted.save()
    said = RefusedHosts(tmp_path).notice(at)
    assert "MOSYCHLOS_PUBLIC_URL" in said
    assert "\x1b" not in said
    assert len(said) < 600
