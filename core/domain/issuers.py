"""Who issued a line, whatever a file calls it: by legal entity identifier where one is known, by name else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from core.domain.instrument import InstrumentType
from core.domain.portfolio import AssetClass, Holding, Portfolio

_NOT_ISSUED = frozenset(
    {AssetClass.CASH, AssetClass.DERIVATIVE, AssetClass.FUND, AssetClass.EQUITY_FUND, AssetClass.BOND_FUND}
)
_LEI = "lei:"
_NAME = "name:"
_LEI_CHARS = 20
_NAME_CHARS = 200

_LEGAL = frozenset(
    [
        "inc",
        "incorporated",
        "corp",
        "corporation",
        "co",
        "company",
        "plc",
        "ltd",
        "limited",
        "llc",
        "lp",
        "llp",
        "sa",
        "sas",
        "spa",
        "srl",
        "ag",
        "se",
        "nv",
        "bv",
        "ab",
        "asa",
        "as",
        "oyj",
        "oy",
        "gmbh",
        "kgaa",
        "kg",
        "kk",
        "sab",
        "cv",
        "bhd",
        "tbk",
        "pjsc",
        "jsc",
        "pt",
        "sca",
        "sarl",
        "aps",
        "the",
        "public",
        "aktiengesellschaft",
        "aktiebolag",
        "anonyme",
        "anonima",
        "societe",
        "sociedad",
        "societas",
        "europaea",
        "publ",
        "sanv",
        "naamloze",
        "vennootschap",
    ]
)
"""Words for a legal form, which say nothing about who it is."""
_LEADING = frozenset(["ab", "pt", "pjsc", "oao"])
"""Legal forms that stand before a name: "AB Volvo", "PT Astra"."""
_SHARE = frozenset(
    [
        "class",
        "cl",
        "ser",
        "series",
        "ord",
        "ordinary",
        "shs",
        "shares",
        "share",
        "stock",
        "common",
        "com",
        "cap",
        "adr",
        "ads",
        "gdr",
        "reg",
        "registered",
        "bearer",
        "npv",
        "pref",
        "preferred",
        "nvdr",
        "sponsored",
        "spon",
        "unsponsored",
        "rights",
        "warrants",
        "a",
        "b",
        "c",
    ]
)
"""Words for a kind of share behind a name."""
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
"""Letters that are no other letter with an accent, as files without them write them."""
_COUPON = re.compile(r"\d+[.,]\d+|\d+%|\d{1,2}/\d{1,2}/\d{2,4}|\d{4,}")
_DROPPED = re.compile(r"[.'’`/]")
_NOT_WORD = re.compile(r"[^\w%,]+")


@lru_cache(maxsize=65_536)
def normalised_name(name: str) -> str:
    """A name without case, accents, legal form, kind of share and terms of a bond: "APPLE INC. 3.25% 2029" is "apple".

    Never empty for a name with a letter: what consists of such words alone keeps them.
    """
    text = unicodedata.normalize("NFKD", name[:_NAME_CHARS].casefold().replace(".com", " com").replace("&", " and "))
    plain = "".join(one for one in text if not unicodedata.combining(one)).translate(_LETTERS)
    words = _NOT_WORD.sub(" ", _DROPPED.sub("", _without_coupon(plain))).replace(",", " ").replace("%", " ").split()
    kept = list(words)
    while len(kept) > 1 and kept[0] == "the":
        del kept[0]
    if len(kept) > 1 and kept[0] in _LEADING:
        del kept[0]
    while len(kept) > 1 and (kept[-1] in _LEGAL or kept[-1] in _SHARE):
        del kept[-1]
    return " ".join(kept)


def _without_coupon(text: str) -> str:
    words = text.split()
    end = next((place for place, word in enumerate(words) if place and _COUPON.match(word)), len(words))
    return " ".join(words[:end])


def is_lei(text: str) -> bool:
    """Whether a text is a legal entity identifier: twenty letters and digits with right check digits (ISO 17442)."""
    if len(text) != _LEI_CHARS or not text.isascii() or not text.isalnum() or text.upper() != text:
        return False
    return int("".join(str(int(one, 36)) for one in text)) % 97 == 1


@dataclass(frozen=True, slots=True)
class IssuerLinks:
    """What registers of legal entities say.

    Attributes:
        leis: Identifier of the issuer by ISIN.
        names: Legal name by identifier.
        parents: Identifier of the ultimate parent by identifier of the entity it consolidates.
    """

    leis: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)


NO_LINKS = IssuerLinks()


class Issuers:
    """Tells issuers apart. Everything is learned first and asked then, so that no order of lines matters.

    Lines with one identifier are of one issuer, however they spell it. A line without an identifier is of the issuer
    whose lines with one bear the same normalised name, if that is only one; else its normalised name is the issuer.
    """

    def __init__(self, links: IssuerLinks = NO_LINKS, parent: Issuers | None = None) -> None:
        self._links = links
        self._leis_of_name: dict[str, set[str]] = {}
        self._spellings: dict[str, set[str]] = {}
        self._parent = parent

    def more(self) -> Issuers:
        """One that knows all of this, and learns without this one learning it."""
        return Issuers(self._links, self)

    def learn(self, name: str, *, isin: str = "", lei: str = "") -> None:
        """Take note of a line's issuer."""
        lei = lei or self._links.leis.get(isin, "")
        plain = normalised_name(name) if name else ""
        if lei and plain:
            self._leis_of_name.setdefault(plain, set()).add(lei)
        key = _LEI + lei if lei else _NAME + plain if plain else ""
        if key and name:
            self._spellings.setdefault(key, set()).add(name)

    def key(self, name: str, *, isin: str = "", lei: str = "") -> str:
        """What is the same for every line of an issuer; "" where nothing is known."""
        lei = lei or self._links.leis.get(isin, "")
        if lei:
            return _LEI + lei
        plain = normalised_name(name) if name else ""
        if not plain:
            return ""
        known = self._known_leis(plain)
        return _LEI + known.pop() if len(known) == 1 else _NAME + plain

    def name(self, key: str) -> str:
        """How an issuer is called: its legal name, else the shortest of its spellings."""
        if key.startswith(_LEI) and (legal := self._links.names.get(key.removeprefix(_LEI))):
            return legal
        found = self._known_spellings(key)
        return min(found, key=lambda one: (len(one), one)) if found else key.partition(":")[2]

    def group(self, key: str) -> str:
        """The ultimate parent of an issuer, itself where no register names another."""
        parent = self._links.parents.get(key.removeprefix(_LEI)) if key.startswith(_LEI) else None
        return _LEI + parent if parent else key

    @property
    def knows_groups(self) -> bool:
        """Whether any relationship is known."""
        return bool(self._links.parents)

    def _known_leis(self, plain: str) -> set[str]:
        own = set(self._leis_of_name.get(plain, ()))
        return own | self._parent._known_leis(plain) if self._parent is not None else own

    def _known_spellings(self, key: str) -> set[str]:
        own = set(self._spellings.get(key, ()))
        return own | self._parent._known_spellings(key) if self._parent is not None else own


def has_lei(key: str) -> bool:
    """Whether a key of an issuer is an identifier and not a name."""
    return key.startswith(_LEI)


def merged_names(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names that are of one entity by their identifiers: each in lower case, with the one that stands for all of them.

    Names of one identifier only, or of none, are left out: they stand for themselves.

    Args:
        pairs: Identifier and name of lines; "" where one is not known.
    """
    names_of: dict[str, set[str]] = {}
    for lei, name in pairs:
        plain = name.strip().casefold()
        if lei and plain:
            names_of.setdefault(lei, set()).add(plain)
    groups: list[set[str]] = []
    for names in names_of.values():
        apart = [one for one in groups if not one & names]
        joined = set(names).union(*(one for one in groups if one & names))
        groups = [*apart, joined]
    return {name: min(names) for names in groups if len(names) > 1 for name in names}


def with_entities(portfolio: Portfolio, links: IssuerLinks) -> Portfolio:
    """A portfolio whose lines know their legal entities, where a register does; what lines say themselves stays.

    Blanks are filled: the identifier by ISIN, the issuer by its legal name, the group by its ultimate parent. That an
    entity is its own parent is known only where it is one of others'.
    """
    if not (links.leis or links.names or links.parents):
        return portfolio
    heads = set(links.parents.values())
    holdings = tuple(_with_entity(holding, links, heads) for holding in portfolio.holdings)
    return portfolio if holdings == portfolio.holdings else replace(portfolio, holdings=holdings)


def _with_entity(holding: Holding, links: IssuerLinks, heads: set[str]) -> Holding:
    terms = holding.terms
    lei = terms.lei or links.leis.get(holding.isin, "")
    # A fund's identifier is the fund's own, and no issuer of securities.
    is_fund = terms.fund_kind is not None or terms.instrument_type is InstrumentType.FUND
    if not lei or is_fund or holding.asset_class in _NOT_ISSUED:
        return holding
    head = links.parents.get(lei) or (lei if lei in heads else "")
    filled = replace(
        terms,
        lei=lei,
        issuer=terms.issuer or links.names.get(lei, lei),
        issuer_group=terms.issuer_group or (links.names.get(head, head) if head else ""),
    )
    return holding if filled == terms else replace(holding, terms=filled)
