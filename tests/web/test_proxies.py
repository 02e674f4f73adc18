"""The examples of deploy/ before a dashboard: HTTP, the way in, and the WebSocket, at a host and below a path."""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from core.guard.entrance import published
from tests.postgres import free_port
from tests.web.asking import Answer, run_of
from tests.web.serving import ROOT, Dashboard

pytestmark = [pytest.mark.full, pytest.mark.xdist_group("web-proxies")]

EXAMPLES = {
    "nginx.conf": "https://mosychlos.example.com",
    "Caddyfile": "https://mosychlos.example.com",
    "nginx-below-a-path.conf": "https://example.com/mosychlos",
    "Caddyfile-below-a-path": "https://example.com/mosychlos",
}


class Proxy:
    """An example as it is deployed, but for its port and its certificate."""

    def __init__(self, public: str, port: int, certificate: Path) -> None:
        parts = urlsplit(public)
        self.host, self.base, self.origin = str(parts.hostname), parts.path, f"https://{parts.hostname}"
        self._port = port
        self._tls = ssl.create_default_context(cafile=str(certificate))

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """One request over TLS, as if the name led here."""
        raw = socket.create_connection(("127.0.0.1", self._port), timeout=60)
        connection = http.client.HTTPConnection(self.host, 443)
        connection.sock = self._tls.wrap_socket(raw, server_hostname=self.host)
        try:
            connection.putrequest(method, path, skip_host=True)
            for name, value in {"Host": self.host, "Content-Length": str(len(body or b"")), **headers}.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def stream(self, cookie: str, origin: str) -> ClientConnection:
        """The WebSocket of a page."""
        return connect(
            f"wss://{self.host}{self.base}/_stcore/stream",
            sock=socket.create_connection(("127.0.0.1", self._port), timeout=60),
            ssl=self._tls,
            server_hostname=self.host,
            subprotocols=["streamlit"],  # type: ignore[list-item]
            additional_headers={"Cookie": cookie, "Origin": origin},
            max_size=None,
            proxy=None,
            open_timeout=60,
        )


def program(example: str) -> str:
    """The proxy of an example."""
    name = "nginx" if example.startswith("nginx") else "caddy"
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed: apt-get install {name}")
    return found


def certified(folder: Path, host: str) -> tuple[Path, Path]:
    """A certificate of our own for a host, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: apt-get install openssl")
    certificate, key = folder / "tls.pem", folder / "tls.key"
    subject = ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*made, "-out", str(certificate), "-keyout", str(key)], check=True, capture_output=True)
    return certificate, key


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    """The example with its own port and files; whatever is to be replaced stands in it."""
    for before, after in pairs:
        assert before in text, before
        text = text.replace(before, after)
    return text


def command_of(example: str, folder: Path, port: int, dashboard: int, certificate: Path, key: Path) -> list[str]:
    """Write the example for this machine, and return what serves it."""
    text = (ROOT / "deploy" / example).read_text("utf-8")
    own = folder / example
    if example.startswith("nginx"):
        own.write_text(
            replaced(
                text,
                ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl; access_log off;"),
                ("/etc/ssl/mosychlos.pem", str(certificate)),
                ("/etc/ssl/private/mosychlos.key", str(key)),
                ("127.0.0.1:8501", f"127.0.0.1:{dashboard}"),
            ),
            "utf-8",
        )
        away = f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;"
        return [program(example), "-p", str(folder), "-c", str(own), "-g", away]
    host = str(urlsplit(EXAMPLES[example]).hostname)
    served = f"{{\n\tadmin off\n\tauto_https disable_redirects\n}}\nhttps://{host}:{port} {{\n\ttls {certificate} {key}"
    own.write_text(
        replaced(text, (f"\n{host} {{", f"\n{served}"), ("127.0.0.1:8501", f"127.0.0.1:{dashboard}")), "utf-8"
    )
    return [program(example), "run", "--config", str(own), "--adapter", "caddyfile"]


@contextmanager
def standing_before(dashboard: Dashboard, example: str, folder: Path) -> Iterator[Proxy]:
    """The proxy of an example before a dashboard, as a process."""
    folder.mkdir()
    public, port = EXAMPLES[example], free_port()
    certificate, key = certified(folder, str(urlsplit(public).hostname))
    command = command_of(example, folder, port, dashboard.port, certificate, key)
    around = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "PATH": "/usr/sbin:/usr/bin:/bin"}
    with (folder / "proxy.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=around)
    try:
        deadline = time.monotonic() + 60
        while True:
            said = (folder / "proxy.log").read_text("utf-8", "replace")
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                break
        yield Proxy(public, port, certificate)
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def dashboards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Dashboard]]:
    """One dashboard for each public address."""
    at, below = sorted(set(EXAMPLES.values()), key=len, reverse=True)
    folder = tmp_path_factory.mktemp("proxied")
    with (
        Dashboard(folder / "at", MOSYCHLOS_PUBLIC_URL=at) as first,
        Dashboard(folder / "below", MOSYCHLOS_PUBLIC_URL=below) as second,
    ):
        yield {at: first, below: second}


def test_every_example_is_tried() -> None:
    assert {one.name for one in (ROOT / "deploy").iterdir()} == set(EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES)
def test_behind_a_proxy_the_address_opens_and_pages_are_drawn(
    example: str, dashboards: dict[str, Dashboard], tmp_path: Path
) -> None:
    program(example)
    dashboard = dashboards[EXAMPLES[example]]
    with standing_before(dashboard, example, tmp_path / "proxy") as proxy:
        assert proxy.ask(f"{proxy.base}/healthz").status == 200
        assert proxy.ask(f"{proxy.base}/readyz").status == 200
        assert proxy.ask(f"{proxy.base}/runs").status == 401
        with pytest.raises(InvalidStatus):
            proxy.stream("", proxy.origin)

        address = urlsplit(fresh(dashboard))
        assert (address.hostname, address.path.rstrip("/")) == (proxy.host, proxy.base)
        first = proxy.ask(f"{address.path}?{address.query}")
        assert first.status == 303
        assert "Secure" in first.headers["set-cookie"]
        cookie = first.headers["set-cookie"].partition(";")[0]

        page = proxy.ask(f"{proxy.base}/runs", Cookie=cookie)
        assert (page.status, "<title>" in page.text) == (200, True)
        # An import of 2 MB reaches the program, which knows no such session; a proxy at its defaults would answer 413.
        upload = proxy.ask(f"{proxy.base}/_stcore/upload_file/a/b", "PUT", b"x" * 2_000_000, Cookie=cookie)
        assert upload.status != 413
        with proxy.stream(cookie, proxy.origin) as window:
            drawn = run_of(window, "runs")
        assert not [one for one in drawn if one.delta.new_element.HasField("exception")]
        for origin in ("https://evil.example", f"http://{proxy.host}"):
            with pytest.raises(InvalidStatus):
                proxy.stream(cookie, origin)


def fresh(dashboard: Dashboard) -> str:
    """One more address that opens the dashboard."""
    return published(dashboard.home, dashboard.port).fresh(time.time())
