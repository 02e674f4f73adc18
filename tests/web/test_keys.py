"""No key of a paid service is in the dashboard's memory, whatever is asked of it: not from its environment, no file."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.asking import run_of, stream
from tests.web.serving import Dashboard

pytestmark = [
    pytest.mark.xdist_group("web-keys"),
    pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="only Linux shows a process's memory"),
]

SETTINGS = ("OPENAI_API_KEY", "MOSYCHLOS_FMP_API_KEY", "MOSYCHLOS_FRED_API_KEY")
PAGES = ("", "portfolios", "data", "prepare", "runs", "run", "explore", "compare", "brief")
ROUTES = (
    ("GET", "/healthz"), ("GET", "/readyz"), ("POST", "/webhooks/openai"), ("GET", "/"), ("GET", "/runs"),
    ("GET", "/_stcore/health"), ("GET", "/_stcore/host-config"), ("GET", "/_stcore/metrics"), ("GET", "/download/x"),
    ("PUT", "/_stcore/upload_file/a/b"), ("GET", "/no/such"),
)  # fmt: skip


def readable(pid: int) -> Iterator[bytes]:
    """Everything in a process's memory, its first environment included."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
            if not found or line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                continue
            start, end = (int(word, 16) for word in found.groups())
            try:
                memory.seek(start)
                yield memory.read(end - start)
            except OSError:
                continue


def found(pid: int, words: list[bytes]) -> set[bytes]:
    return {word for piece in readable(pid) for word in words if word in piece}


@pytest.mark.parametrize(
    "way", ["mosychlos serve", pytest.param("python -m dashboard.shell.server", marks=pytest.mark.full)]
)
def test_no_route_and_no_page_brings_a_key_into_the_process(tmp_path: Path, way: str) -> None:
    in_environment = {name: f"env-{secrets.token_hex(16)}" for name in SETTINGS}
    in_file = {name: f"file-{secrets.token_hex(16)}" for name in SETTINGS}
    kept = f"desk-{secrets.token_hex(16)}"
    lines = [f'{name} = "{value}"' for name, value in {**in_file, "MOSYCHLOS_DESK": kept}.items()]
    file = tmp_path / "settings.toml"
    file.write_text("\n".join(lines), "utf-8")
    file.chmod(0o600)
    module = ("core.cli.main", "serve") if way == "mosychlos serve" else ("dashboard.shell.server",)
    with Dashboard(tmp_path, module=module, MOSYCHLOS_CONFIG=str(file), **in_environment) as dashboard:
        browser = dashboard.browser()
        for method, path in ROUTES:
            for _ in range(2):
                dashboard.ask(path, method, b"{}" if method != "GET" else None, **browser)
        with stream(dashboard.url, browser) as page:
            for name in PAGES:
                run_of(page, name)
        words = [word.encode() for word in (*in_environment.values(), *in_file.values())]
        assert found(dashboard.process.pid, [kept.encode()]), "the look finds what is there"
        assert found(dashboard.process.pid, words) == set()
