"""Names: what may be shown of a file's name, and the stable id of a portfolio."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import date

from core.domain.readable_text import readable
from core.intake.cells.dates import NotADate, parse_date

MAX_NAME_CHARS = 120
_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?")
_DATE_IN_NAME = re.compile(
    r"(?<![0-9])(?:(?:19|20)[0-9]{2}[-_.]?[0-9]{2}[-_.]?[0-9]{2}"
    r"|[A-Za-z]{3}-[0-9]{1,2}-(?:19|20)[0-9]{2}"
    r"|[0-9]{1,2}-[A-Za-z]{3}-(?:19|20)[0-9]{2})(?![0-9])"
)
_COPY_MARK = re.compile(r"(?<!\s)\s*+\([0-9]{1,3}\)$")
_TIME_AFTER_DATE = re.compile(r"[-_ T][0-9]{4,6}$")


def one_line(text: str) -> str:
    """The text on one line, as a person sees it (`core.domain.readable_text`)."""
    plain = readable(text)
    return plain.strip() if plain is text and text.isprintable() else " ".join(plain.split())


def display_name(name: str) -> str:
    """A file name that is safe to show and store: no folder, no control characters, at most 120 characters.

    It is never used as a path. The extension survives shortening.
    """
    # Wide slashes are slashes once they are cleaned.
    plain = one_line(one_line(name).replace("\\", "/").rsplit("/", 1)[-1]).strip(". ")
    if not plain:
        return "file"
    if len(plain) > MAX_NAME_CHARS:
        stem, dot, extension = plain.rpartition(".")
        if dot and 0 < len(extension) <= 10:
            return f"{stem[: MAX_NAME_CHARS - 2 - len(extension)]}….{extension}"
        return plain[: MAX_NAME_CHARS - 1] + "…"
    return plain


def stem_of(name: str) -> str:
    """What a file is called apart from its extension, its date and a browser's copy mark " (1)".

    Next month's export of the same portfolio therefore has the same stem.
    """
    stem = display_name(name)
    stem = stem.rsplit(".", 1)[0] if "." in stem else stem
    stem = _COPY_MARK.sub("", stem)
    without = _DATE_IN_NAME.split(stem, maxsplit=1)
    if len(without) == 2:
        stem = without[0] + _TIME_AFTER_DATE.sub("", without[1])
    return stem.strip(" -_.") or "portfolio"


def date_in_name(name: str) -> date | None:
    """The date a file name carries ("Portfolio_Positions_Nov-23-2026.csv", "positions-2026-10-30.csv"), or None."""
    for found in _DATE_IN_NAME.findall(display_name(name)):
        text = found.replace("_", "-").replace(".", "-") if found[:4].isdigit() else found
        try:
            return parse_date(text)
        except NotADate:
            continue
    return None


def portfolio_id_of(family: str, account_or_stem: str) -> str:
    """The id under which a portfolio's snapshots are kept, stable over re-imports.

    Args:
        family: Formats that continue one another share a family ("positions" for canonical CSV and XLSX).
        account_or_stem: The account in the file, or the file's stem where there is no account.

    Returns:
        A readable slug and ten hexadecimal digits, at most 48 characters of a-z, 0-9 and "-".
    """
    plain = unicodedata.normalize("NFKD", account_or_stem).encode("ascii", "ignore").decode("ascii").lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:37].strip("-") or "portfolio"
    digest = hashlib.sha256(f"{family}\0{account_or_stem}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"{slug}-{digest[:10]}"


def is_portfolio_id(text: str) -> bool:
    """Whether a file's own id may be used as it is: 1 to 48 of a-z, 0-9 and "-", a letter or digit at both ends."""
    return _ID.fullmatch(text) is not None
