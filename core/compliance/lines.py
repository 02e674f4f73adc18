"""Classes of lines by the names that rules and policies use, with a parameter or without."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache

from core.compliance.kinds import ALL, BONDS, DEPOSITS, DERIVATIVES, GOVERNMENT, T, types_of
from core.compliance.plain_classes import PLAIN, Member, Test, both, either, of_asset_class, one_of, unhedged
from core.compliance.position import RulePosition
from core.domain.instrument import InstrumentType
from core.domain.portfolio import AssetClass

RATINGS = (
    *("AAA", "AA+", "AA", "AA-", "A+", "A", "A-", "BBB+", "BBB", "BBB-", "BB+", "BB", "BB-"),
    *("B+", "B", "B-", "CCC+", "CCC", "CCC-", "CC", "C", "D"),
)
"""Long-term ratings in S&P's letters, the best first."""


PLAIN_NAMES: frozenset[str] = frozenset(PLAIN) | {"unhedged_currency"}
"""Classes by their bare name."""

PARAMETRIC: Mapping[str, str] = {
    "asset_class": "as in the canonical file: asset_class:equity_fund",
    "instrument_type": "legal kind: instrument_type:covered_bond",
    "country": "issuer's domicile: country:RU",
    "currency": "currency of the line: currency:USD",
    "sector": "sector's name, in any case: sector:Tobacco",
    "issuer": "issuer's name: issuer:Acme SA",
    "symbol": "one line: symbol:BTC_ETP",
    "isin": "one instrument: isin:US0378331005",
    "esg": "an activity: esg:tobacco",
    "rated_below": "bonds rated lower than this: rated_below:BBB-",
    "unrated": "bonds without a rating: unrated:bonds",
}
"""Classes with a parameter behind a colon, and what they mean."""


def _text(read: Callable[[RulePosition], str], wanted: str, field: str) -> Test:
    def test(position: RulePosition) -> Member:
        found = read(position).strip().casefold()
        return found == wanted.strip().casefold() if found else field

    return test


def _esg(flag: str) -> Test:
    def test(position: RulePosition) -> Member:
        if flag in position.terms.esg_flags:
            return True
        if position.terms.esg_flags or types_of(position) <= DEPOSITS | GOVERNMENT | DERIVATIVES:
            return False
        return "esg_flags"

    return test


def _rated_below(floor: str) -> Test:
    def test(position: RulePosition) -> Member:
        rating = position.terms.rating
        if rating in {"", "NR"}:
            return "rating" if not rating else False
        return RATINGS.index(rating) > RATINGS.index(floor) if rating in RATINGS else "rating"

    return both(one_of(BONDS), test)


def _unrated(position: RulePosition) -> Member:
    return position.terms.rating == "NR" if position.terms.rating else "rating"


def _parametric(kind: str, wanted: str) -> Test:  # noqa: C901  # a table of cases
    match kind:
        case "asset_class":
            return of_asset_class(AssetClass(wanted))
        case "instrument_type":
            return one_of(frozenset({T(wanted)}))
        case "esg":
            return _esg(wanted)
        case "rated_below":
            return _rated_below(wanted)
        case "unrated":
            return both(one_of(BONDS), _unrated)
        case "country":
            return _text(lambda position: position.holding.country, wanted, "country")
        case "currency":
            return _text(lambda position: position.holding.currency, wanted, "currency")
        case "sector":
            return either(
                both(one_of(DEPOSITS), _text(lambda _position: "cash", wanted, "sector")),
                both(one_of(ALL - DEPOSITS), _text(lambda position: position.holding.sector, wanted, "sector")),
            )
        case "issuer":
            return _text(lambda position: position.terms.issuer, wanted, "issuer")
        case "symbol":
            return _text(lambda position: position.holding.symbol, wanted, "symbol")
        case _:
            return _text(lambda position: position.holding.isin, wanted, "isin")


def why_no_class(name: str) -> str:
    """What is wrong with a class's name, as the end of a sentence; "" when it can be used."""
    kind, colon, wanted = name.partition(":")
    if not colon:
        return "" if name in PLAIN_NAMES else f"is no class of lines; use one of: {', '.join(sorted(PLAIN_NAMES))}"
    if kind not in PARAMETRIC or not wanted.strip():
        return f"is no class of lines; with a colon use one of: {'; '.join(PARAMETRIC.values())}"
    known: Mapping[str, Iterable[str]] = {
        "asset_class": list(AssetClass),
        "instrument_type": list(InstrumentType),
        "rated_below": RATINGS,
        "unrated": ("bonds",),
    }
    if kind in known and wanted not in known[kind]:
        return f"names no {kind.replace('_', ' ')}; use one of: {', '.join(known[kind])}"
    return ""


@cache
def _test(name: str, base_currency: str) -> Test:
    if name == "unhedged_currency":
        return unhedged(base_currency)
    kind, colon, wanted = name.partition(":")
    return _parametric(kind, wanted) if colon else PLAIN[name]


def membership(position: RulePosition, of: Iterable[str], without: Iterable[str], base_currency: str) -> Member:
    """Whether a line is in one of the classes `of` and in none of `without`.

    Names are those that `why_no_class` has nothing against.
    """
    inside = either(*(_test(name, base_currency) for name in of))(position)
    if inside is False:
        return False
    outside = either(*(_test(name, base_currency) for name in without))(position)
    if outside is True:
        return False
    return outside if isinstance(outside, str) else inside
