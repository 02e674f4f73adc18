"""Which names, origins and paths are this dashboard's own: on this machine, and at the address that a proxy serves."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from core.settings import LOOPBACK


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where this dashboard is reached.

    Attributes:
        hosts: Names that a request may ask for, without port.
        origins: As browsers write them: scheme, name, and the port where it is not the scheme's own.
        base: Path below which everything is served: "" or "/mosychlos".
        url: The address to print, without a slash at its end.
    """

    hosts: frozenset[str]
    origins: frozenset[str]
    base: str
    url: str

    @property
    def secure(self) -> bool:
        """True when browsers reach it over https, so that cookies must never travel otherwise."""
        return self.url.startswith("https://")

    def host_is_ours(self, header: str) -> bool:
        """Whether a Host header names this dashboard. Which port it names does not matter: a name cannot be forged
        together with the address it resolves to, which is what rebinding a name would need."""
        name = header.rsplit(":", 1)[0] if not header.endswith("]") else header
        return name.strip("[]").lower() in self.hosts

    def below_base(self, path: str) -> str | None:
        """A path without the base; None for one that lies elsewhere."""
        if path == self.base:
            return "/"
        return path.removeprefix(self.base) if path.startswith(f"{self.base}/") else None


def addresses(public_url: str, listening: str, port: int) -> Addresses:
    """This dashboard's addresses; `public_url` is the checked MOSYCHLOS_PUBLIC_URL or ""."""
    shown = "[::1]" if listening == "::1" else listening
    local = {f"http://{'[::1]' if name == '::1' else name}:{port}".removesuffix(":80") for name in LOOPBACK}
    if not public_url:
        return Addresses(LOOPBACK, frozenset(local), "", f"http://{shown}:{port}".removesuffix(":80"))
    parts = urlsplit(public_url)
    origin = f"{parts.scheme}://{parts.netloc}"
    return Addresses(LOOPBACK | {parts.hostname or ""}, frozenset({*local, origin}), parts.path, public_url)
