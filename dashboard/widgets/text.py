"""Words and figures on their way to the screen: escaped, and formatted in one way everywhere."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal

from core.domain.readable_text import readable_line

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$^&:=\"'/])")
# Some conversions happen after backslashes are gone: shortcodes and icons (":material/check:"), bare links, addresses
# and arrows. A zero-width space inside breaks them and is not seen.
_SHORTCODE = re.compile(r":(?=[\w+\-/]+:)")
_BARE_LINK = re.compile(r"(?i)\b(https?|ftp|www|mailto)(?=\\?[:.])")
_ADDRESS = re.compile(r"(?<=\w)@(?=\w)")
_ARROW = re.compile(r"(<-|->|--|>=|<=|~=)")
_FROM_RIGHT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]").search
_ALONE = re.compile(r"(?<!\w)[-+−–(]?\d(?:[\d,.’\u00a0]*\d)?(?:[ \u00a0]?%)?\)?")
_GAP = "\u200b"

NONE = "–"
"""Shown where there is no value; never a zero."""


def escape(text: object) -> str:
    """Text from outside (a model, a broker file, an address) that Markdown will show as it is.

    No link, image, colour or formula comes of it, and nothing in it hides or turns what is read.

    Line breaks become spaces: whoever needs paragraphs escapes each one.
    """
    plain = readable_line(str(text))
    plain = _SHORTCODE.sub(":" + _GAP, plain)
    plain = _ADDRESS.sub("@" + _GAP, plain)
    plain = _BARE_LINK.sub(lambda found: found[1] + _GAP, plain)
    plain = _ARROW.sub(lambda found: found[1][0] + _GAP + found[1][1:], plain)
    return _SPECIAL.sub(r"\\\1", plain)


def code(words: object) -> str:
    """Text from outside that Markdown will show as code, as it is: between these signs no other one has a meaning."""
    return f"`{readable_line(str(words)).replace('`', 'ʼ')}`"


def isolated(readable: str) -> str:
    """A readable text as HTML; beside a script from right to left each number stands by itself and is not turned."""
    if _FROM_RIGHT(readable) is None:
        return html.escape(readable, quote=True)
    parts: list[str] = []
    at = 0
    for match in _ALONE.finditer(readable):
        parts += (html.escape(readable[at : match.start()], quote=True), f'<bdi dir="ltr">{match.group()}</bdi>')
        at = match.end()
    return "".join([*parts, html.escape(readable[at:], quote=True)])


def plain(text: object) -> str:
    """Text from outside for a place that knows no Markdown: an option of a list, a cell, a placeholder."""
    return readable_line(str(text))


def usd(amount: Decimal | None) -> str:
    """US dollars for a table or a plain label: cents from one dollar on, four digits below; "unknown" for None."""
    if amount is None:
        return "unknown"
    if amount and abs(amount) < 1:
        return f"${amount:,.4f}"
    return f"${amount:,.2f}"


def money(amount: Decimal | float | None, currency: str) -> str:
    """An amount in whole units of a currency, its code in front."""
    if amount is None or math.isnan(amount):
        return NONE
    return f"{currency} {amount:,.{0 if abs(float(amount)) >= 1000 else 2}f}"


def percent(fraction: float | None, digits: int = 1) -> str:
    """A fraction as a percentage."""
    return NONE if fraction is None else f"{fraction * 100:.{digits}f} %"


def shares(counts: Mapping[str, int], called: Mapping[str, str]) -> str:
    """Parts of a whole in words, in the order of their names: "inserted fact 60.0 % · opinion 40.0 %"; "" for none."""
    whole = sum(counts.values())
    return " · ".join(f"{name} {percent(counts[key] / whole)}" for key, name in called.items() if counts.get(key))


def count(number: int, one: str, many: str | None = None) -> str:
    """ "1 request", "12,000 requests"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(number: int) -> str:
    """Bytes in a unit that people read."""
    units = ("bytes", "kB", "MB", "GB")
    amount, place = float(number), 0
    while amount >= 1000 and place < len(units) - 1:
        amount, place = amount / 1000, place + 1
    return f"{amount:,.0f} {units[place]}" if place == 0 or amount >= 100 else f"{amount:,.1f} {units[place]}"


def duration(span: timedelta | None) -> str:
    """A span in its two largest units."""
    if span is None:
        return NONE
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds:02} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02} min"
    return f"{hours // 24} d {hours % 24} h"


def day(value: date) -> str:
    """A date with its month in letters, so that nobody reads it the other way round."""
    return f"{value.day} {value:%b %Y}"


def period(words: str | None) -> str:
    """A fact's period for people: "2025-10-30..2026-10-30" is "30 Oct 2025 to 30 Oct 2026"; others stay as they are."""
    first, dots, last = (words or "").partition("..")
    if not dots:
        return words or ""
    try:
        return f"{day(date.fromisoformat(first))} to {day(date.fromisoformat(last))}"
    except ValueError:
        return words or ""


def large(amount: float, currency: str) -> str:
    """An amount that fits on a card: millions and billions to three digits, smaller ones whole."""
    for size_, word in ((1e9, "bn"), (1e6, "m")):
        if abs(amount) >= size_:
            return f"{currency} {amount / size_:,.{_digits(amount / size_)}f} {word}"
    return money(amount, currency)


def _digits(amount: float) -> int:
    """After the point, for three digits in all."""
    return 2 if abs(amount) < 10 else 1 if abs(amount) < 100 else 0


def moment(value: datetime, zone: tzinfo = UTC) -> str:
    """A moment on the reader's clock, to the minute."""
    local = value.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M}"


def clock(value: datetime, zone: tzinfo = UTC) -> str:
    """The time of day on the reader's clock, to the second."""
    return f"{value.astimezone(zone):%H:%M:%S}"


_FACTS = {
    "hhi": "Concentration (HHI)",
    "issuer_hhi": "Issuers (HHI)",
    "issuer_effective_n": "Effective issuers",
    "issuer_top1_weight": "Largest issuer",
    "effective_n": "Effective positions",
    "top1_weight": "Largest position",
    "top5_weight": "Five largest",
    "top10_weight": "Ten largest",
    "holdings_count": "Holdings",
    "max_drawdown": "Largest drawdown",
    "drawdown_days": "Days from peak to low",
    "recovery_days": "Days from low to recovery",
    "var_95_1d": "Value at risk, 95 %, 1 day",
    "cvar_95_1d": "Expected shortfall, 95 %, 1 day",
    "var_99_1d": "Value at risk, 99 %, 1 day",
    "cvar_99_1d": "Expected shortfall, 99 %, 1 day",
    "var_95_1d_normal": "Value at risk, normal, 95 %",
    "cvar_95_1d_normal": "Expected shortfall, normal, 95 %",
    "sharpe": "Sharpe ratio",
    "sortino": "Sortino ratio",
    "sharpe_over_short_rate": "Sharpe ratio over the short rate",
    "sortino_over_short_rate": "Sortino ratio over the short rate",
    "var_95_1d.low": "Value at risk, 95 %, 1 day: low end",
    "var_95_1d.high": "Value at risk, 95 %, 1 day: high end",
    "var_99_1d.low": "Value at risk, 99 %, 1 day: low end",
    "var_99_1d.high": "Value at risk, 99 %, 1 day: high end",
    "sharpe.low": "Sharpe ratio: low end",
    "sharpe.high": "Sharpe ratio: high end",
    "tracking_error.low": "Tracking error: low end",
    "tracking_error.high": "Tracking error: high end",
    "benchmark_correlation": "Correlation with the benchmark",
    "twr.si": "Time-weighted return since the start",
    "twr_annual.si": "Time-weighted return, a year",
    "modified_dietz.si": "Modified Dietz return since the start",
    "mwr.si": "Money-weighted return, a year",
    "attribution.active_return": "Active return",
    "annual_return": "Return a year",
}


def fact(metric_id: str) -> str:
    """What people call a fact."""
    known = _FACTS.get(metric_id)
    if known is not None:
        return known
    family, _, member = metric_id.partition(".")
    if not member:
        return words(metric_id)
    if family in _OF:
        return f"{_OF[family]} {'all' if member == '*' else member}"
    if member == "*":
        return f"{words(family)}, all"
    return f"{words(family)} {member.replace('_', ' ').replace('.', ', ')}"


def meaning(definition: str, version: int) -> str:
    """How a fact is computed, and by which version of the methodology; "" for a fact that has no definition."""
    return f"{definition} Methodology: version {version}." if definition and version else definition


_OF = {"weight": "Weight of", "risk_share": "Share of risk of", "contribution": "Contribution of"}
"""Families whose members are holdings: their ids stay as they are written."""


def short(sentence: str, longest: int) -> str:
    """A sentence, cut behind a word if it is longer than that."""
    if len(sentence) <= longest:
        return sentence
    return sentence[:longest].rsplit(" ", 1)[0] + " …"


def words(name: str) -> str:
    """An identifier as people say it: "interest_rate" is "Interest rate"."""
    plain = name.replace("_", " ").strip()
    return plain[:1].upper() + plain[1:]
