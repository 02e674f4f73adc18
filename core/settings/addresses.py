"""Addresses to which a key may be sent."""

from __future__ import annotations

from urllib.parse import urlsplit

from core import redaction
from core.errors import BadSetting

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def checked_base_url(url: str, *, allow_plain_http: bool = False, name: str = "OPENAI_BASE_URL") -> str:
    """An address, if it is safe to send a key there; `name` is the setting it stands in.

    Raises:
        BadSetting: Not http(s), or plain http beyond loopback without the explicit setting.
    """
    shown = redaction.masked_url(url)
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna")
        well_formed = parts.scheme in {"http", "https"} and host and parts.port != 0
    except ValueError:
        well_formed = False
    if not well_formed or not url.isprintable() or " " in url:
        raise BadSetting(f"{name} is '{shown}': it must be an https address such as https://host/v1.")
    if parts.username is not None or parts.password is not None:
        raise BadSetting(f"{name} must not carry a user name or password.")
    if (parts.query or parts.fragment) and name != "MOSYCHLOS_ECB_RATES":
        raise BadSetting(f"{name} is '{shown}': it must end before the question mark; a key has a setting of its own.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK and not allow_plain_http:
        raise BadSetting(
            f"{name} is '{shown}': plain http beyond this machine would send the key unencrypted. "
            "Use https, or set MOSYCHLOS_ALLOW_PLAIN_HTTP=yes if the network is trusted."
        )
    return url.rstrip("/")
