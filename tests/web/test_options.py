"""Streamlit's options are the program's, wherever it is started from, a wheel included; and nobody outside is asked."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit import config

from core.errors import BadSetting
from dashboard.shell import options
from tests.web.asking import run_of, stream
from tests.web.serving import ROOT, Dashboard

pytestmark = pytest.mark.xdist_group("web-options")

HOSTILE = """
[browser]
gatherUsageStats = true
[client]
disableDataExport = false
toolbarMode = "developer"
showErrorDetails = "full"
[server]
enableAgentApi = true
enableCORS = false
enableXsrfProtection = false
address = "0.0.0.0"
maxUploadSize = 999
[theme]
base = "{outside}/theme.toml"
font = "Own:{outside}/font.css"
primaryColor = "#ff0000"
"""


class Outside:
    """Stands for the internet: counts who comes."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.visits = 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                visitor, _ = self._socket.accept()
            except OSError:
                return
            self.visits += 1
            visitor.close()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    place = Outside()
    yield place
    place.close()


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it is built, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, unpacked: Path, outside: Outside) -> Iterator[Dashboard]:
    """The wheel's dashboard, in a folder and for a person with options of their own for Streamlit."""
    folder = tmp_path_factory.mktemp("elsewhere")
    for place in (folder, folder / "person"):
        (place / ".streamlit").mkdir(parents=True)
        (place / ".streamlit" / "config.toml").write_text(HOSTILE.format(outside=outside.url), "utf-8")
        (place / ".streamlit" / "secrets.toml").write_text('OPENAI_API_KEY = "sk-from-secrets"\n', "utf-8")
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), outside.url)
    with Dashboard(
        folder,
        root=unpacked,
        HOME=str(folder / "person"),
        STREAMLIT_SERVER_ADDRESS="0.0.0.0",
        STREAMLIT_SERVER_ENABLE_AGENT_API="true",
        STREAMLIT_BROWSER_GATHER_USAGE_STATS="true",
        **proxies,
    ) as dashboard:
        yield dashboard


def test_a_wheel_in_a_hostile_folder_is_served_with_the_programs_options(installed: Dashboard, unpacked: Path) -> None:
    with stream(installed.url, installed.browser()) as page:
        said = run_of(page)
    session = next(one.new_session for one in said if one.HasField("new_session"))
    assert session.main_script_path.startswith(str(unpacked))
    assert not session.config.gather_usage_stats
    assert session.config.disable_data_export
    assert session.config.toolbar_mode == session.config.ToolbarMode.Value("MINIMAL")
    theme = session.custom_theme
    assert theme.light.primary_color == options.OPTIONS["theme.light.primaryColor"]
    assert theme.dark.background_color == options.OPTIONS["theme.dark.backgroundColor"]
    assert not theme.primary_color
    assert not theme.body_font
    assert not theme.font_sources
    assert "Simulated" in b"".join(one.SerializeToString() for one in said).decode("utf-8", "replace")
    assert "sk-from-secrets" not in Path(f"/proc/{installed.process.pid}/environ").read_text()


def test_a_wheel_brings_everything_that_pages_and_prompts_read(unpacked: Path) -> None:
    here = {
        str(path.relative_to(ROOT))
        for room in ("core", "dashboard", "pages", "prompts")
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    there = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    assert here <= there


def test_it_listens_on_this_machine_only(installed: Dashboard) -> None:
    port = f"{installed.port:04X}"
    listening = [
        line.split()[1]
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{port}")
    ]
    assert listening == [f"0100007F:{port}"]


def test_nobody_outside_is_ever_asked(installed: Dashboard, outside: Outside) -> None:
    browser = installed.browser()
    for origin in ("http://evil.example", "http://192.0.2.1:9", "null"):
        for headers in ({"Origin": origin}, {"Origin": origin, "Cookie": browser["Cookie"]}):
            with pytest.raises(Exception, match="rejected"):
                stream(installed.url, headers).close()
    with stream(installed.url, {**browser, "Origin": f"http://[::1]:{installed.port}"}) as page:
        run_of(page, "runs")
    assert outside.visits == 0


def test_other_options_are_refused_by_name() -> None:
    plan = options.planned(server__port=8599)
    before = {name: config.get_option(name) for name in plan}
    try:
        for name, value in plan.items():
            config.set_option(name, value)
        options.insist(plan)
        config.set_option("server.enableAgentApi", True)
        with pytest.raises(BadSetting, match=r"server\.enableAgentApi"):
            options.insist(plan)
        config.set_option("server.enableAgentApi", False)
        config.set_option("theme.font", "x:https://fonts.example/x.css", "~/.streamlit/config.toml")
        with pytest.raises(BadSetting, match=r"theme\.font \(~/.streamlit/config.toml\)"):
            options.insist(plan)
    finally:
        config.set_option("theme.font", None, "<default>")
        for name, value in before.items():
            config.set_option(name, value, "<default>")
