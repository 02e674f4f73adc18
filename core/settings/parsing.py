"""What a setting's text may be, and the value that it stands for. Each raises ValueError with what is allowed."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from urllib.parse import urlsplit

from core.settings.addresses import LOOPBACK


def seconds(text: str) -> float:
    """A span in seconds."""
    value = float(text)
    if not 0 < value < 1e7:
        raise ValueError("must be a positive number of seconds")
    return value


def answer_seconds(text: str) -> float:
    """How long an answer may take, in seconds."""
    value = float(text)
    if not 0 < value <= 2400:
        raise ValueError("must be a number of seconds up to 2400")
    return value


def usd(text: str) -> Decimal:
    """An amount in USD."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError("must be an amount in USD such as 25 or 12.50") from None
    if not value.is_finite() or value < 0:
        raise ValueError("must be an amount in USD, 0 or more")
    return value


def percents(text: str) -> tuple[int, ...]:
    """Percents of a budget, ascending."""
    values = tuple(sorted({int(part) for part in text.split(",") if part.strip()}))
    if not all(0 < value <= 1000 for value in values):
        raise ValueError("must be whole percents such as 50,80,100")
    return values


def count(text: str) -> int:
    """How many, at least one."""
    value = int(text)
    if value < 1:
        raise ValueError("must be a whole number of at least 1")
    return value


def rounds(text: str) -> int:
    """How many rounds of tools."""
    value = int(text)
    if not 2 <= value <= 20:
        raise ValueError("must be a whole number from 2 to 20")
    return value


def none_or_more(text: str) -> int:
    """How many, or how many days; 0 for none."""
    value = int(text)
    if not 0 <= value <= 3650:
        raise ValueError("must be a whole number, 0 or more")
    return value


def hours(text: str) -> float:
    """A span in hours."""
    value = float(text)
    if not 0 < value < 1e5:
        raise ValueError("must be a positive number of hours")
    return value


def file_days(text: str) -> int:
    """Days that a remote file is kept."""
    value = int(text)
    if not 1 <= value <= 30:
        raise ValueError("must be a whole number of days from 1 to 30")
    return value


def tier(text: str) -> int:
    """The account's usage tier."""
    value = int(text)
    if not 1 <= value <= 5:
        raise ValueError("must be a tier from 1 to 5")
    return value


def rooms(text: str) -> dict[str, int]:
    """Tokens by model; "*" for all others."""
    found: dict[str, int] = {}
    for part in text.split(","):
        model, equals, amount = part.strip().rpartition("=")
        tokens = int(amount.replace("_", ""))
        if tokens < 1 or (equals and not model.strip()):
            raise ValueError("must be a number of tokens, or model=tokens pairs such as gpt-5.4-mini=2000000,*=100000")
        found[model.strip() or "*"] = tokens
    return found


def yes(text: str) -> bool:
    """Yes or no."""
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("must be yes or no")


def yes_or_auto(text: str) -> bool | None:
    """Yes, no, or None for whoever knows better."""
    return None if text.lower() == "auto" else yes(text)


def residency(text: str) -> str:
    """The region that keeps the data."""
    if not (len(text) == 2 and text.isascii() and text.isalpha()):
        raise ValueError("must be the two letters of a region such as eu")
    return text.lower()


def plain(text: str) -> str:
    """The text as it is."""
    return text


def sendable(text: str) -> str:
    """A text that a header can carry."""
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("holds characters that no request can carry; copy it again")
    return text


def public_url(text: str) -> str:
    """The address at which readers find the pages, without a slash at its end."""
    parts = urlsplit(text)
    if parts.username or parts.password or parts.query or parts.fragment or not parts.hostname or not text.isascii():
        raise ValueError("must be an address such as https://host or https://host/base")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError("must begin with https:// (plain http is for this machine only)")
    base = parts.path.rstrip("/")
    if not re.fullmatch(r"(/[A-Za-z0-9][A-Za-z0-9._~-]*)*", base):
        raise ValueError("has a path that is not made of plain names such as /mosychlos")
    # As browsers write an origin: a port that goes without saying is not said.
    port = "" if parts.port in {None, 443 if parts.scheme == "https" else 80} else f":{parts.port}"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}{base}"


def database_url(text: str) -> str:
    """A database, a file of SQLite by its whole path."""
    scheme, colon, rest = text.partition("://")
    if not colon or not scheme.isascii() or " " in text or not text.isprintable():
        raise ValueError("must be an address such as sqlite:////folder/file.db or postgresql+psycopg://user@host/name")
    host = rest.rpartition("@")[2].partition("/")[0].partition("?")[0]
    port = host.rpartition("]")[2].rpartition(":")
    if port[1] and port[2] and not (port[2].isascii() and port[2].isdigit() and int(port[2]) < 65536):
        raise ValueError("has no number where the port belongs; write special signs of a password like %40 for @")
    if scheme.startswith("sqlite") and rest.strip("/") and not rest.startswith(("//", "/:memory:")):
        # Whole from here on: the dashboard works in a folder of its own.
        return f"{scheme}:///{Path(rest.removeprefix('/')).absolute()}"
    return text


def name(text: str) -> str:
    """A short name."""
    if not text.isprintable() or not 0 < len(text.strip()) <= 80:
        raise ValueError("must be a short name such as desk gateway")
    return text.strip()


def desk(text: str) -> str:
    """A short name, or "" for none."""
    return name(text) if text.strip() else ""


def contact(text: str) -> str:
    """Whom a source may write to."""
    if not text.isascii() or not text.isprintable() or "@" not in text or len(text) > 200:
        raise ValueError("must be a name and an e-mail address, such as Acme Research ada@acme.example")
    return text
