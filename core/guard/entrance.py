"""The way into a dashboard in local mode: addresses that open it once, made with a secret of one OS user.

A network position proves nobody: on a shared machine every user, and every page in every browser, reaches 127.0.0.1.
Who can read the data directory can make an address, and has the data anyway.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import NotFound, StorageTrouble

LIFETIME_SECONDS = 12 * 3600
"""An address that nobody opened is worthless after a working day."""

FOLDER = "dashboard"
"""Below the data directory: one file for each port that is served."""


@dataclass(frozen=True, slots=True, repr=False)
class Entrance:
    """Where one running dashboard is entered, and what its addresses are made with.

    Attributes:
        url: Without a token and without a slash at its end: http://127.0.0.1:8501.
        host: Where the process itself listens; behind a proxy not what `url` names.
    """

    url: str
    host: str
    port: int
    secret: bytes

    def __repr__(self) -> str:
        return f"Entrance({self.url!r})"

    def fresh(self, now: float) -> str:
        """An address that opens the dashboard once, until `LIFETIME_SECONDS` after `now` (seconds since the epoch)."""
        claim = f"{secrets.token_urlsafe(18)}.{int(now) + LIFETIME_SECONDS}"
        return f"{self.url}/?token={claim}.{self._seal(claim)}"

    def ends_at(self, token: str) -> int:
        """When a token of ours ends, in seconds since the epoch; 0 for one that is not ours."""
        claim, _, seal = token.rpartition(".")
        if not token.isascii() or not hmac.compare_digest(seal, self._seal(claim)):
            return 0
        return int(claim.rpartition(".")[2])

    def _seal(self, claim: str) -> str:
        return hmac.new(self.secret, claim.encode("ascii", "replace"), hashlib.sha256).hexdigest()


class OneTimeTokens:
    """Takes each token of an entrance once."""

    def __init__(self, entrance: Entrance, clock: Callable[[], float]) -> None:
        self._entrance = entrance
        self._clock = clock
        self._used: dict[str, int] = {}

    def redeem(self, token: str) -> bool:
        """True the first time that a genuine token comes before its end."""
        now = self._clock()
        self._used = {used: end for used, end in self._used.items() if end > now}
        end = self._entrance.ends_at(token)
        if end <= now or token in self._used:
            return False
        self._used[token] = end
        return True


def opened(url: str, host: str, port: int) -> Entrance:
    """The entrance of a dashboard that starts now; addresses of earlier ones open it no more."""
    return Entrance(url, host, port, secrets.token_bytes(32))


def publish(entrance: Entrance, home: Path) -> None:
    """Let `mosychlos open` of the same OS user make addresses: a file of mode 0600 in the data directory.

    Raises:
        StorageTrouble: It cannot be written.
    """
    path = _path(home, entrance.port)
    told = {"url": entrance.url, "host": entrance.host, "port": entrance.port, "secret": entrance.secret.hex()}
    draft = path.with_suffix(f".{os.getpid()}")
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            json.dump(told, file)
        draft.replace(path)
    except OSError as error:
        raise StorageTrouble(f"'{path}' cannot be written ({error.strerror}).") from error


def withdraw(entrance: Entrance, home: Path) -> None:
    """Remove the file again, unless a later dashboard on this port has written its own."""
    try:
        if published(home, entrance.port).secret == entrance.secret:
            _path(home, entrance.port).unlink(missing_ok=True)
    except (NotFound, OSError):
        return


def published(home: Path, port: int) -> Entrance:
    """The entrance that was last published for a port.

    Raises:
        NotFound: There is none.
    """
    try:
        told = json.loads(_path(home, port).read_text("ascii"))
        return Entrance(str(told["url"]), str(told["host"]), int(told["port"]), bytes.fromhex(told["secret"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise NotFound(
            f"No dashboard was started on port {port} with the data directory '{home}'. Start it: mosychlos serve"
        ) from None


def _path(home: Path, port: int) -> Path:
    return home / FOLDER / f"{port}.json"
