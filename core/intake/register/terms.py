"""The terms of an instrument as text: columns of the register, `terms` of a holding in a document, fields of a form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import Enum
from typing import Any

from core.domain.instrument import NO_TERMS, FundKind, InstrumentType, Liquidity, Terms
from core.intake.cells.codes import COUNTRIES
from core.intake.cells.names import one_line
from core.intake.cells.numbers import NotANumber, parse_number
from core.intake.findings import shortened
from core.intake.opening.limits import MAX_CELL_CHARS

TERM_FIELDS: tuple[str, ...] = tuple(field.name for field in fields(Terms))
"""Names that `read_terms` understands, as `core.domain.instrument.Terms` spells them."""

_TRUTH = {"yes": True, "true": True, "no": False, "false": False}
_CUSIP = re.compile(r"[0-9A-Z*@#]{9}")
_LEI = re.compile(r"[0-9A-Z]{18}[0-9]{2}")
_FLAG = re.compile(r"[a-z][a-z0-9_]{0,39}")


class BadTerm(ValueError):
    """A term cannot be understood; the text is the rest of a sentence that starts with the field's name."""


@dataclass(frozen=True, slots=True)
class TermFault:
    """One term that was not understood."""

    field: str
    value: str
    message: str


def read_terms(cells: Mapping[str, str]) -> tuple[Terms, tuple[TermFault, ...]]:
    """Terms from text by field name; "" means not known. What is wrong is left out of the terms and listed.

    `listed`, `related_party` and `index_tracker` are yes or no; `esg_flags` are words with commas or spaces between.
    """
    known: dict[str, Any] = {}
    faults: list[TermFault] = []
    for name, text in cells.items():
        plain = one_line(text)
        if not plain:
            continue
        try:
            known[name] = _read(name, plain)
        except BadTerm as error:
            faults.append(TermFault(name, shortened(plain), f"'{name}' {error}."))
    return (Terms(**known) if known else NO_TERMS), tuple(faults)


def written_terms(terms: Terms) -> dict[str, str]:
    """The inverse of `read_terms`: text by field, without what is not known."""
    texts: dict[str, str] = {}
    for name in TERM_FIELDS:
        value = getattr(terms, name)
        if value == getattr(NO_TERMS, name):
            continue
        if isinstance(value, bool):
            texts[name] = "yes" if value else "no"
        elif isinstance(value, tuple):
            texts[name] = " ".join(value)
        elif isinstance(value, Enum):
            texts[name] = str(value.value)
        else:
            texts[name] = str(value)
    return texts


def added(own: Terms, more: Terms) -> Terms:
    """`own` with its gaps filled from `more`; what `own` says always stays."""
    if own == NO_TERMS:
        return more
    return Terms(
        **{
            name: value if (value := getattr(own, name)) != getattr(NO_TERMS, name) else getattr(more, name)
            for name in TERM_FIELDS
        }
    )


def _read(name: str, text: str) -> Any:
    read = _READERS.get(name)
    if read is None:
        raise BadTerm(f"is no term. Use one of: {', '.join(TERM_FIELDS)}")
    if len(text) > MAX_CELL_CHARS:
        raise BadTerm(f"has {len(text):,} characters and at most {MAX_CELL_CHARS} are kept; shorten it")
    return read(text)


def _word(kind: type[Enum]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return kind(text.lower().replace(" ", "_"))
        except ValueError:
            raise BadTerm(f"is not known. Use one of: {', '.join(str(one.value) for one in kind)}") from None

    return read


def _truth(text: str) -> bool:
    if text.lower() not in _TRUTH:
        raise BadTerm("is neither yes nor no; leave it out where it is not known")
    return _TRUTH[text.lower()]


def _number(text: str) -> Decimal:
    try:
        return parse_number(text)
    except NotANumber as error:
        raise BadTerm(str(error)) from None


def _amount(text: str) -> Decimal:
    value = _number(text)
    if value < 0:
        raise BadTerm("is negative; a notional is an absolute amount, and the sign is that of the quantity or value")
    return value


def _percent(text: str) -> float:
    value = _number(text.removesuffix("%"))
    if not 0 <= value <= 100:
        raise BadTerm("is not between 0 and 100 percent")
    return float(value)


def _years(text: str) -> float:
    value = _number(text)
    if not -50 <= value <= 100:
        raise BadTerm("is no duration in years: it lies outside -50 to 100")
    return float(value)


def _factor(text: str) -> float:
    value = _number(text.lower().removesuffix("x").strip())
    if not value or not -10 <= value <= 10:
        raise BadTerm("is no leverage factor: 3 stands for three times the index each day, -1 for its opposite")
    return float(value)


def _country(text: str) -> str:
    if text.upper() not in COUNTRIES:
        raise BadTerm("is no ISO 3166-1 code of two letters")
    return text.upper()


def _cusip(text: str) -> str:
    if not _CUSIP.fullmatch(text.upper()):
        raise BadTerm("is no CUSIP of nine letters and digits")
    return text.upper()


def _lei(text: str) -> str:
    if not _LEI.fullmatch(text.upper()):
        raise BadTerm("is no LEI of twenty letters and digits")
    return text.upper()


def _level(text: str) -> int:
    if text not in ("1", "2", "3"):
        raise BadTerm("is no fair-value level; it is 1, 2 or 3")
    return int(text)


def _flags(text: str) -> tuple[str, ...]:
    flags = tuple(sorted({flag for flag in re.split(r"[\s,;]+", text.lower()) if flag}))
    wrong = next((flag for flag in flags if not _FLAG.fullmatch(flag)), None)
    if wrong is not None:
        raise BadTerm(f"has '{shortened(wrong, 40)}'; flags are words such as tobacco or coal")
    return flags


_READERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("issuer", "issuer_group", "counterparty", "exposure"), str),
    "instrument_type": _word(InstrumentType),
    "fund_kind": _word(FundKind),
    "liquidity": _word(Liquidity),
    **dict.fromkeys(("listed", "related_party", "index_tracker"), _truth),
    **dict.fromkeys(("rating", "hedged_to"), str.upper),
    "notional": _amount,
    "leverage": _factor,
    "votes_pct": _percent,
    "duration_years": _years,
    "domicile": _country,
    "cusip": _cusip,
    "esg_flags": _flags,
    "lei": _lei,
    "issuer_category": str.upper,
    "fair_value_level": _level,
}
