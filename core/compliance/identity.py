"""Which lines are of one issuer, one group, one body or one scheme, whatever a file calls it.

An issuer is joined by legal entity identifier first, then by CUSIP issuer number, then by normalised name. A name that
two identifiers bear tells nothing: a line without one of them is then of an unknown issuer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from core.compliance.kinds import DEPOSITS, DERIVATIVES, T, types_of
from core.domain.issuers import normalised_name

if TYPE_CHECKING:
    from core.compliance.position import RulePosition

_CUSIP_ISSUER = 6
_CUSIP_COUNTRIES = frozenset({"US", "CA"})
_CLASS_WORDS = frozenset(
    [
        "acc", "accumulation", "accumulating", "dist", "distribution", "distributing", "inc", "income", "cap",
        "capitalisation", "thes", "hedged", "unhedged", "class", "cl", "share", "shares", "units", "unit",
        "institutional", "institutionnel", "inst", "retail", "ret", "anteile", "anteil", "part", "parts", "usd",
        "eur", "gbp", "chf", "jpy", "hkd", "sgd", "cad", "aud", "sek", "nok", "dkk", "h", "i", "r", "p", "q",
        "x", "y", "z", "a", "b", "c", "d", "e", "f", "g", "s", "t", "w", "n", "ia", "ra", "ea", "a1", "a2", "b1",
        "b2",
    ]
)  # fmt: skip
"""Words at the end of a fund's name that tell share classes of one scheme apart."""
_MARKS = re.compile(r"[()\[\],.\-–/]+")

Key = tuple[str | None, str | None]
"""What a line is put together by for certain, and what it may be put together by at most; None where that is not
known."""


class _Unions:
    """Names for the same thing, as sets that have been joined."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def join(self, tokens: Sequence[str]) -> None:
        for one in tokens:
            self._parent.setdefault(one, one)
        for one in tokens[1:]:
            first, second = sorted((self.find(tokens[0]), self.find(one)))
            self._parent[second] = first

    def find(self, token: str) -> str:
        root = token
        while (parent := self._parent.get(root, root)) != root:
            root = parent
        return root


def cusip_issuer(position: RulePosition) -> str:
    """The issuer number of a line's CUSIP, or of the CUSIP within a North American ISIN; "" where there is none."""
    isin = position.holding.isin
    cusip = position.terms.cusip or (isin[2:11] if isin[:2] in _CUSIP_COUNTRIES else "")
    return cusip[:_CUSIP_ISSUER]


def scheme_stem(position: RulePosition) -> str:
    """A fund's name without what tells its share classes apart; "" where its name is only its symbol."""
    holding = position.holding
    name = holding.name.strip()
    if not name or name in {holding.symbol, holding.isin}:
        return ""
    words = _MARKS.sub(" ", name.casefold()).split()
    while len(words) > 1 and words[-1] in _CLASS_WORDS:
        del words[-1]
    return " ".join(words)


def _is_fund(position: RulePosition) -> bool:
    return types_of(position) <= {T.FUND}


def own_name(position: RulePosition) -> str:
    """Whom a line names as its issuer: for money at a bank, the bank."""
    terms = position.terms
    if types_of(position) <= DEPOSITS:
        return terms.counterparty or terms.issuer
    return terms.issuer


def body_name(position: RulePosition) -> str:
    """Whom a line is a claim on: the bank of a deposit, the counterparty of a derivative, the issuer of all else."""
    terms = position.terms
    if types_of(position) <= DERIVATIVES:
        return terms.counterparty
    return own_name(position)


class Identities:
    """Issuers, groups and schemes of a book. Everything is learned first, so that no order of lines matters."""

    def __init__(self, positions: Iterable[RulePosition]) -> None:
        lines = tuple(positions)
        self._leis = _leis_by_name(lines)
        self._leis_by_cusip = _leis_by_cusip(lines)
        self._issuers, self._groups, self._schemes, self._wide = _Unions(), _Unions(), _Unions(), _Unions()
        for one in lines:
            self._issuers.join(self._issuer_tokens(one))
        for one in lines:
            self._groups.join(self._group_tokens(one))
            if _is_fund(one):
                fine, wide = self._scheme_tokens(one)
                self._schemes.join(fine)
                self._wide.join([*fine, *wide])
        self._fine_of_wide: dict[str, set[str]] = {}
        for one in lines:
            if _is_fund(one):
                token = self._scheme_tokens(one)[0][0]
                self._fine_of_wide.setdefault(self._wide.find(token), set()).add(self._schemes.find(token))
        self._in_group = {self._groups.find(one) for line in lines for one in _stated_group(line)}

    def issuer(self, position: RulePosition) -> Key:
        """The issuer of a line; of a fund, the scheme."""
        if _is_fund(position):
            return self.scheme(position)
        key = self._of_name(own_name(position), position)
        return key, key

    def body(self, position: RulePosition) -> Key:
        """Whom a line is a claim on."""
        key = self._of_name(body_name(position), position, is_issuer=not types_of(position) <= DERIVATIVES)
        return key, key

    def counterparty(self, position: RulePosition) -> Key:
        """The counterparty of a derivative, the bank of a deposit."""
        name = position.terms.counterparty or (position.terms.issuer if types_of(position) <= DEPOSITS else "")
        key = self._of_name(name, position, is_issuer=types_of(position) <= DEPOSITS)
        return key, key

    def group(self, position: RulePosition) -> Key:
        """The group of a line's issuer; None where nobody has said which."""
        return self._grouped(self.issuer(position)[0], position, own=True)

    def body_group(self, position: RulePosition) -> Key:
        """The group of whom a line is a claim on: one body to most limits."""
        own = not types_of(position) <= DERIVATIVES or not position.terms.issuer
        return self._grouped(self.body(position)[0], position, own=own)

    def counterparty_group(self, position: RulePosition) -> Key:
        """The group of a counterparty or bank."""
        own = not types_of(position) <= DERIVATIVES or not position.terms.issuer
        return self._grouped(self.counterparty(position)[0], position, own=own)

    def scheme(self, position: RulePosition) -> Key:
        """The fund of which a line is a share class: by its identifier, its name without the class, or its issuer."""
        fine, wide = self._scheme_tokens(position)
        certain = self._schemes.find(fine[0])
        if not wide and not position.terms.lei and not scheme_stem(position):
            return certain, None
        widest = self._wide.find(fine[0])
        return certain, certain if len(self._fine_of_wide.get(widest, ())) <= 1 else widest

    def _of_name(self, name: str, position: RulePosition, *, is_issuer: bool = True) -> str | None:
        tokens = self._issuer_tokens(position) if is_issuer else self._name_tokens(name)
        known = [one for one in tokens if not one.startswith("~cusip:")]
        if known:
            return self._issuers.find(known[0])
        # A CUSIP alone says who it is only where another line of the same issuer does.
        root = self._issuers.find(tokens[0]) if tokens else ""
        return root if root.startswith(("lei:", "name:")) else None

    def _issuer_tokens(self, position: RulePosition) -> list[str]:
        terms = position.terms
        tokens = [f"lei:{terms.lei}"] if terms.lei else []
        if not _is_fund(position) and not types_of(position) & (DERIVATIVES | DEPOSITS):
            number = cusip_issuer(position)
            if number and len(self._leis_by_cusip.get(number, ())) <= 1:
                tokens.append(f"~cusip:{number}")
        return [*tokens, *self._name_tokens(own_name(position))]

    def _name_tokens(self, name: str) -> list[str]:
        plain = normalised_name(name) if name else ""
        leis = self._leis.get(plain, frozenset())
        if not plain or len(leis) > 1:
            return []
        return [*(f"lei:{one}" for one in leis), f"name:{plain}"]

    def _group_tokens(self, position: RulePosition) -> list[str]:
        issuer = self._of_name(own_name(position), position)
        return [*([issuer] if issuer else []), *_stated_group(position)]

    def _grouped(self, key: str | None, position: RulePosition, *, own: bool) -> Key:
        stated = _stated_group(position) if own else []
        if stated:
            group = self._groups.find(stated[0])
            return group, group
        root = self._groups.find(key) if key else None
        return root, root if root in self._in_group else None

    def _scheme_tokens(self, position: RulePosition) -> tuple[list[str], list[str]]:
        terms, stem = position.terms, scheme_stem(position)
        issuer = normalised_name(terms.issuer) if terms.issuer else ""
        fine = [f"instrument:{position.instrument}"]
        if terms.lei:
            return [*fine, f"lei:{terms.lei}"], []
        if stem:
            fine.append(f"stem:{stem}")
        elif issuer:
            fine.append(f"issuer:{issuer}")
        return fine, [f"issuer:{issuer}"] if issuer else []


def body_field(position: RulePosition) -> str:
    """The field that says whom a line is a claim on."""
    return "counterparty" if types_of(position) <= DERIVATIVES | DEPOSITS else "issuer"


def _stated_group(position: RulePosition) -> list[str]:
    group = position.terms.issuer_group
    return [f"name:{normalised_name(group)}"] if group else []


def _leis_by_name(lines: Sequence[RulePosition]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for one in lines:
        if one.terms.lei and own_name(one):
            found.setdefault(normalised_name(own_name(one)), set()).add(one.terms.lei)
    return {name: frozenset(leis) for name, leis in found.items()}


def _leis_by_cusip(lines: Sequence[RulePosition]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for one in lines:
        if one.terms.lei and cusip_issuer(one):
            found.setdefault(cusip_issuer(one), set()).add(one.terms.lei)
    return {number: frozenset(leis) for number, leis in found.items()}
