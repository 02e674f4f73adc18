"""Classes of lines that rules speak of. A line is one, is none, or lacks the field that would tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache

from core.compliance.position import Position
from core.domain.instrument import FundKind, InstrumentType, Liquidity
from core.domain.portfolio import AssetClass

T = InstrumentType
Types = frozenset[InstrumentType]

Member = bool | str
"""True or False, or the name of the field that is missing."""

Test = Callable[[Position], Member]

ALL: Types = frozenset(T)
BONDS: Types = frozenset(
    {T.GOVERNMENT_BOND, T.SUPRANATIONAL_BOND, T.CORPORATE_BOND, T.COVERED_BOND, T.SECURITISED, T.STRUCTURED}
) | {T.MONEY_MARKET}
GOVERNMENT: Types = frozenset({T.GOVERNMENT_BOND, T.SUPRANATIONAL_BOND})
SECURITIES: Types = BONDS | {T.SHARE, T.EXCHANGE_COMMODITY, T.PRIVATE_EQUITY}
DEPOSITS: Types = frozenset({T.CASH, T.DEPOSIT})
DERIVATIVES: Types = frozenset({T.OPTION, T.FUTURE, T.FORWARD, T.SWAP})
DEBT: Types = BONDS | DEPOSITS | {T.LOAN}
QUOTABLE: Types = SECURITIES | {T.FUND}
NEVER_QUOTED: Types = frozenset({T.LOAN, T.DIRECT_PROPERTY, T.PRIVATE_EQUITY, T.INFRASTRUCTURE})

# Where the legal kind is not known, the asset class leaves these open. REAL_ESTATE, for one, may be a fund, a house or
# the share of a property company.
_LEFT_OPEN: Mapping[AssetClass, Types] = {
    AssetClass.EQUITY: frozenset({T.SHARE}),
    AssetClass.EQUITY_FUND: frozenset({T.FUND}),
    AssetClass.BOND_FUND: frozenset({T.FUND}),
    AssetClass.FUND: frozenset({T.FUND}),
    AssetClass.BOND: BONDS,
    AssetClass.REAL_ESTATE: frozenset({T.FUND, T.SHARE, T.DIRECT_PROPERTY}),
    AssetClass.COMMODITY: frozenset({T.EXCHANGE_COMMODITY, T.FUND, T.FUTURE}),
    AssetClass.CRYPTO: frozenset({T.CRYPTO, T.EXCHANGE_COMMODITY, T.STRUCTURED, T.FUND}),
    AssetClass.PRIVATE: frozenset({T.PRIVATE_EQUITY, T.INFRASTRUCTURE, T.LOAN, T.FUND, T.SHARE, T.CORPORATE_BOND}),
    AssetClass.DERIVATIVE: DERIVATIVES,
    AssetClass.CASH: DEPOSITS,
    AssetClass.OTHER: ALL,
}

RATINGS = (
    *("AAA", "AA+", "AA", "AA-", "A+", "A", "A-", "BBB+", "BBB", "BBB-", "BB+", "BB", "BB-"),
    *("B+", "B", "B-", "CCC+", "CCC", "CCC-", "CC", "C", "D"),
)
"""Long-term ratings in S&P's letters, the best first."""


def types_of(position: Position) -> Types:
    """Legal kinds that a line may be: one where it is known."""
    known = position.terms.instrument_type
    return frozenset({known}) if known is not None else _LEFT_OPEN[position.holding.asset_class]


def _one_of(types: Types) -> Test:
    def test(position: Position) -> Member:
        possible = types_of(position)
        if possible <= types:
            return True
        return "instrument_type" if possible & types else False

    return test


def both(*tests: Test) -> Test:
    """All of them: one certain no is enough for no."""

    def test(position: Position) -> Member:
        answers = [one(position) for one in tests]
        if False in answers:
            return False
        return next((answer for answer in answers if answer is not True), True)

    return test


def either(*tests: Test) -> Test:
    """Any of them: one certain yes is enough for yes."""

    def test(position: Position) -> Member:
        answers = [one(position) for one in tests]
        if True in answers:
            return True
        return next((answer for answer in answers if answer is not False), False)

    return test


def _is_not(test: Test) -> Test:
    def negated(position: Position) -> Member:
        answer = test(position)
        return answer if isinstance(answer, str) else not answer

    return negated


def _asset_class(*classes: AssetClass) -> Test:
    def test(position: Position) -> Member:
        held = position.holding.asset_class
        if held in classes:
            return True
        if held is AssetClass.OTHER or (held is AssetClass.FUND and classes != (AssetClass.CASH,)):
            # What an unclassified line or a mixed fund holds, nobody has said.
            return "asset_class"
        return False

    return test


def _country(code: str) -> Test:
    def test(position: Position) -> Member:
        return position.holding.country == code if position.holding.country else "country"

    return test


_US_GOVERNMENT = frozenset({"UST", "USGA", "USGSE"})
"""Treasury, agencies, sponsored enterprises: "Government securities" of the 1940 Act, s. 2(a)(16); no municipals."""


def _us_government(position: Position) -> Member:
    known = position.terms.issuer_category
    if known:
        return known in _US_GOVERNMENT and bool(types_of(position) & BONDS)
    government = both(_one_of(frozenset({T.GOVERNMENT_BOND})), _country("US"))(position)
    # A bond of an American public body may be the Treasury's or a school district's.
    return "issuer_category" if government is True else government


def _municipal(position: Position) -> Member:
    known = position.terms.issuer_category
    if known:
        return known == "MUN"
    return "issuer_category" if position.holding.country in {"", "US"} else False


def _fund_kind(*kinds: FundKind) -> Test:
    def test(position: Position) -> Member:
        return position.terms.fund_kind in kinds if position.terms.fund_kind is not None else "fund_kind"

    return both(_one_of(frozenset({T.FUND})), test)


def _unlisted(position: Position) -> Member:
    return "listed" if position.terms.listed is None else not position.terms.listed


def _illiquid(position: Position) -> Member:
    if position.terms.liquidity is not None:
        return position.terms.liquidity is Liquidity.ILLIQUID
    return False if types_of(position) <= DEPOSITS else "liquidity"


def _not_quoted(position: Position) -> Member:
    if position.terms.liquidity is not None:
        return position.terms.liquidity is Liquidity.ILLIQUID
    if types_of(position) <= NEVER_QUOTED:
        return True
    if types_of(position) <= DEPOSITS or position.terms.listed:
        return False
    # An open-ended fund is redeemed at its value without being listed: only its bucket tells.
    return True if position.terms.listed is False and types_of(position) <= SECURITIES else "liquidity"


def _related_party(position: Position) -> Member:
    if position.terms.related_party is not None:
        return position.terms.related_party
    return False if types_of(position) <= DEPOSITS else "related_party"


# GICS names that are, or are not, securities business for certain. A bank may or may not earn more than 15 % with it.
_SECURITIES_BUSINESS = frozenset({"capital markets", "investment banking & brokerage", "asset management", "brokerage"})
_FINANCE = ("financ", "bank", "insur")


def _securities_related(position: Position) -> Member:
    sector = position.holding.sector.strip().casefold()
    if not sector:
        return "sector"
    if sector in _SECURITIES_BUSINESS:
        return True
    return "share of revenue from securities-related business" if any(word in sector for word in _FINANCE) else False


def _unhedged(base_currency: str) -> Test:
    """In a foreign currency and not hedged into the base currency."""

    def test(position: Position) -> Member:
        holding, terms = position.holding, position.terms
        if terms.hedged_to:
            return terms.hedged_to != base_currency
        if terms.exposure:
            return terms.exposure not in {base_currency, _HOME.get(base_currency, "")}
        if holding.currency != base_currency:
            return True
        # The currency that a fund is quoted in does not say what it holds.
        return "exposure" if T.FUND in types_of(position) else False

    return test


_HOME = {
    "CHF": "CH", "USD": "US", "GBP": "GB", "JPY": "JP", "CAD": "CA", "AUD": "AU", "HKD": "HK", "SGD": "SG",
}  # fmt: skip


def _alternatives(position: Position) -> Member:
    if types_of(position) <= {T.INFRASTRUCTURE}:
        return False
    if types_of(position) <= {T.PRIVATE_EQUITY, T.CRYPTO, T.EXCHANGE_COMMODITY}:
        return True
    answer = _asset_class(AssetClass.COMMODITY, AssetClass.CRYPTO, AssetClass.PRIVATE)(position)
    return "instrument_type" if answer is True and T.INFRASTRUCTURE in types_of(position) else answer


_SHARES = _one_of(frozenset({T.SHARE}))
_FUNDS = _one_of(frozenset({T.FUND}))
_REAL_ESTATE = either(_asset_class(AssetClass.REAL_ESTATE), _one_of(frozenset({T.DIRECT_PROPERTY})))

_PLAIN: Mapping[str, Test] = {
    "all": lambda _position: True,
    "securities": _one_of(SECURITIES),
    "shares": _SHARES,
    "bonds": _one_of(BONDS),
    "debt": _one_of(DEBT),
    "government": _one_of(GOVERNMENT),
    "us_government": _us_government,
    "municipal": both(_one_of(frozenset({T.GOVERNMENT_BOND})), _municipal),
    "swiss_government": both(_one_of(frozenset({T.GOVERNMENT_BOND})), _country("CH")),
    "covered_bonds": _one_of(frozenset({T.COVERED_BOND})),
    "swiss_covered_bonds": both(_one_of(frozenset({T.COVERED_BOND})), _country("CH")),
    "listed_funds": both(_FUNDS, _is_not(_unlisted)),
    "mortgages": either(
        both(_one_of(frozenset({T.COVERED_BOND})), _country("CH")),
        # A loan may be secured by property or not: no field says so.
        both(_one_of(frozenset({T.LOAN})), lambda _position: "mortgage flag"),
    ),
    "deposits": _one_of(DEPOSITS),
    "funds": _FUNDS,
    "ucits_funds": _fund_kind(FundKind.UCITS),
    "non_ucits_funds": _fund_kind(FundKind.RIC, FundKind.OTHER),
    "ric_funds": _fund_kind(FundKind.RIC),
    "derivatives": _one_of(DERIVATIVES),
    "otc_derivatives": either(
        _one_of(frozenset({T.FORWARD, T.SWAP})), both(_one_of(frozenset({T.OPTION})), _unlisted)
    ),
    "crypto": _asset_class(AssetClass.CRYPTO),
    "direct_property": _one_of(frozenset({T.DIRECT_PROPERTY})),
    "gold": both(_one_of(frozenset({T.EXCHANGE_COMMODITY})), _asset_class(AssetClass.COMMODITY)),
    "unlisted_securities": both(_one_of(SECURITIES), _unlisted),
    "unlisted_swiss": both(_one_of(QUOTABLE), _unlisted, _country("CH")),
    "unapproved": both(_one_of(QUOTABLE | {T.DIRECT_PROPERTY}), either(_unlisted, _one_of(NEVER_QUOTED))),
    "illiquid": _illiquid,
    "not_quoted": _not_quoted,
    "related_party": _related_party,
    "securities_related": both(_one_of(SECURITIES - GOVERNMENT - {T.SECURITISED}), _securities_related),
    "equity": _asset_class(AssetClass.EQUITY, AssetClass.EQUITY_FUND),
    "fixed_income": _asset_class(AssetClass.BOND, AssetClass.BOND_FUND),
    "real_estate": _REAL_ESTATE,
    "real_estate_abroad": both(_REAL_ESTATE, _is_not(_country("CH"))),
    "infrastructure": _one_of(frozenset({T.INFRASTRUCTURE})),
    "alternatives": _alternatives,
    "cash": _asset_class(AssetClass.CASH),
}  # fmt: skip

PLAIN_NAMES: frozenset[str] = frozenset(_PLAIN) | {"unhedged_currency"}
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


def _text(read: Callable[[Position], str], wanted: str, field: str) -> Test:
    def test(position: Position) -> Member:
        found = read(position).strip().casefold()
        return found == wanted.strip().casefold() if found else field

    return test


def _esg(flag: str) -> Test:
    def test(position: Position) -> Member:
        if flag in position.terms.esg_flags:
            return True
        if position.terms.esg_flags or types_of(position) <= DEPOSITS | GOVERNMENT | DERIVATIVES:
            return False
        return "esg_flags"

    return test


def _rated_below(floor: str) -> Test:
    def test(position: Position) -> Member:
        rating = position.terms.rating
        if rating in {"", "NR"}:
            return "rating" if not rating else False
        return RATINGS.index(rating) > RATINGS.index(floor) if rating in RATINGS else "rating"

    return both(_one_of(BONDS), test)


def _unrated(position: Position) -> Member:
    return position.terms.rating == "NR" if position.terms.rating else "rating"


def _parametric(kind: str, wanted: str) -> Test:
    match kind:
        case "asset_class":
            return _asset_class(AssetClass(wanted))
        case "instrument_type":
            return _one_of(frozenset({T(wanted)}))
        case "esg":
            return _esg(wanted)
        case "rated_below":
            return _rated_below(wanted)
        case "unrated":
            return both(_one_of(BONDS), _unrated)
        case "country":
            return _text(lambda position: position.holding.country, wanted, "country")
        case "currency":
            return _text(lambda position: position.holding.currency, wanted, "currency")
        case "sector":
            return either(
                both(_one_of(DEPOSITS), _text(lambda _position: "cash", wanted, "sector")),
                both(_one_of(ALL - DEPOSITS), _text(lambda position: position.holding.sector, wanted, "sector")),
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
        return _unhedged(base_currency)
    kind, colon, wanted = name.partition(":")
    return _parametric(kind, wanted) if colon else _PLAIN[name]


def membership(position: Position, of: Iterable[str], without: Iterable[str], base_currency: str) -> Member:
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
