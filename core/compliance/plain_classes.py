"""Classes of lines without a parameter. A line is one, is none, or lacks the field that would tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.compliance.derivative_classes import on_equity, on_exempt_canadian, on_government, single_name
from core.compliance.kinds import (
    BONDS,
    DEBT,
    DEPOSITS,
    DERIVATIVES,
    GOVERNMENT,
    NEVER_QUOTED,
    QUOTABLE,
    SECURITIES,
    T,
    Types,
    types_of,
)
from core.compliance.position import RulePosition
from core.compliance.public_issuers import (
    OECD,
    STATE_CATEGORIES,
    is_canadian_province,
    is_local_authority,
    is_supranational,
    may_be_treasury,
    state_of,
)
from core.domain.instrument import FundKind, Liquidity
from core.domain.portfolio import AssetClass

Member = bool | str
"""True or False, or the name of the field that is missing."""

Test = Callable[[RulePosition], Member]


def one_of(types: Types) -> Test:
    """Of one of these legal kinds."""

    def test(position: RulePosition) -> Member:
        possible = types_of(position)
        if possible <= types:
            return True
        return "instrument_type" if possible & types else False

    return test


def both(*tests: Test) -> Test:
    """All of them: one certain no is enough for no."""

    def test(position: RulePosition) -> Member:
        answers = [one(position) for one in tests]
        if False in answers:
            return False
        return next((answer for answer in answers if answer is not True), True)

    return test


def either(*tests: Test) -> Test:
    """Any of them: one certain yes is enough for yes."""

    def test(position: RulePosition) -> Member:
        answers = [one(position) for one in tests]
        if True in answers:
            return True
        return next((answer for answer in answers if answer is not False), False)

    return test


def _is_not(test: Test) -> Test:
    def negated(position: RulePosition) -> Member:
        answer = test(position)
        return answer if isinstance(answer, str) else not answer

    return negated


def of_asset_class(*classes: AssetClass) -> Test:
    """Of one of these asset classes."""

    def test(position: RulePosition) -> Member:
        held = position.holding.asset_class
        if held in classes:
            return True
        if held is AssetClass.OTHER or (held is AssetClass.FUND and classes != (AssetClass.CASH,)):
            # What an unclassified line or a mixed fund holds, nobody has said.
            return "asset_class"
        return False

    return test


def _country(code: str) -> Test:
    def test(position: RulePosition) -> Member:
        return position.holding.country == code if position.holding.country else "country"

    return test


_US_GOVERNMENT = frozenset({"UST", "USGA", "USGSE"})
"""Treasury, agencies, sponsored enterprises: "Government securities" of the 1940 Act, s. 2(a)(16); no municipals."""


def _government(position: RulePosition) -> Member:
    """Issued or guaranteed by a state, its local authorities, or a public international body; bills as bonds."""
    known = one_of(GOVERNMENT)(position)
    if known is True or not types_of(position) <= BONDS:
        return known
    terms = position.terms
    if terms.issuer_category and types_of(position) <= {T.MONEY_MARKET, T.CORPORATE_BOND}:
        return terms.issuer_category in STATE_CATEGORIES
    if not types_of(position) <= {T.MONEY_MARKET}:
        return known
    if state_of(terms.issuer) or is_supranational(terms.issuer):
        return True
    if may_be_treasury(terms.issuer):
        return "issuer_category"
    if sector := position.holding.sector.strip().casefold():
        return sector in _STATE_SECTORS
    return False if terms.issuer and not is_local_authority(terms.issuer) else "issuer_category"


_STATE_SECTORS = frozenset({"government", "sovereign", "public sector", "governments", "treasury"})


def _of_state(code: str, *categories: str) -> Test:
    """A bond or bill of one state itself, by its category or its name; "issuer_category" where that cannot be told."""

    def test(position: RulePosition) -> Member:
        terms = position.terms
        if not types_of(position) & (GOVERNMENT | {T.MONEY_MARKET}):
            return False
        if terms.issuer_category and categories:
            return terms.issuer_category in categories and bool(types_of(position) & BONDS)
        state = state_of(terms.issuer)
        if state:
            return state == code if types_of(position) <= BONDS else "instrument_type"
        if is_local_authority(terms.issuer) or is_supranational(terms.issuer):
            return False
        public = both(_government, _country(code))(position)
        # A bond of a public body may be the state's or a town's.
        return "issuer_category" if public is True else public

    return test


def _us_government(position: RulePosition) -> Member:
    known = position.terms.issuer_category
    if known:
        return known in _US_GOVERNMENT and bool(types_of(position) & BONDS)
    return _of_state("US", *_US_GOVERNMENT)(position)


def _canadian_exempt(position: RulePosition) -> Member:
    """NI 81-102, s. 1.1: issued or fully guaranteed by Canada, a province or territory, or the United States."""
    issuer = position.terms.issuer
    if (is_canadian_province(issuer) and types_of(position) <= BONDS) or on_exempt_canadian(position):
        return True
    return either(_of_state("CA"), _of_state("US", "UST", "USGA"))(position)


def _oecd_government(position: RulePosition) -> Member:
    """KKV art. 83: a state of the OECD or its public bodies, or an international body."""
    public = _government(position)
    if public is False or is_supranational(position.terms.issuer) or types_of(position) <= {T.SUPRANATIONAL_BOND}:
        return public
    country = state_of(position.terms.issuer) or position.holding.country
    if not country:
        return "country"
    return public if country in OECD else False


_PFANDBRIEF = ("pfandbriefbank", "pfandbriefzentrale", "lettres de gage", "obbligazioni fondiarie", "lettere di pegno")


def _swiss_mortgage_institute(position: RulePosition) -> Member:
    """BVV 2 art. 54(2)(b): the two Swiss mortgage bond institutes, and no other covered bond."""
    issuer = position.terms.issuer.casefold()
    if not issuer:
        return "issuer"
    return any(word in issuer for word in _PFANDBRIEF)


def _hong_kong_unauthorised(position: RulePosition) -> Member:
    """SFC UT Code 7.11: a scheme that is neither eligible nor authorised. A fund of Hong Kong may be authorised."""
    kind = position.terms.fund_kind
    if kind is FundKind.UCITS:
        return False
    home = position.terms.domicile or position.holding.country
    if kind is None:
        return "fund_kind"
    return "authorisation by the SFC" if home in {"HK", ""} else True


def _insurer(position: RulePosition) -> Member:
    sector = position.holding.sector.strip().casefold()
    if not sector:
        return "sector"
    if "insur" in sector:
        return True
    return "sector" if "financ" in sector else False


def _municipal(position: RulePosition) -> Member:
    known = position.terms.issuer_category
    if known:
        return known == "MUN"
    if state_of(position.terms.issuer) == "US":
        return False
    return "issuer_category" if position.holding.country in {"", "US"} else False


def _fund_kind(*kinds: FundKind) -> Test:
    def test(position: RulePosition) -> Member:
        return position.terms.fund_kind in kinds if position.terms.fund_kind is not None else "fund_kind"

    return both(one_of(frozenset({T.FUND})), test)


def _unlisted(position: RulePosition) -> Member:
    return "listed" if position.terms.listed is None else not position.terms.listed


def _illiquid(position: RulePosition) -> Member:
    if position.terms.liquidity is not None:
        return position.terms.liquidity is Liquidity.ILLIQUID
    return False if types_of(position) <= DEPOSITS else "liquidity"


def _not_quoted(position: RulePosition) -> Member:
    if position.terms.liquidity is not None:
        return position.terms.liquidity is Liquidity.ILLIQUID
    if types_of(position) <= NEVER_QUOTED:
        return True
    if types_of(position) <= DEPOSITS:
        return False
    if position.terms.listed:
        # "Listed" may have been said of what is then found to be a loan: only its kind tells.
        return "instrument_type" if types_of(position) & NEVER_QUOTED else False
    # An open-ended fund is redeemed at its value without being listed: only its bucket tells.
    return True if position.terms.listed is False and types_of(position) <= SECURITIES else "liquidity"


def _related_party(position: RulePosition) -> Member:
    if position.terms.related_party is not None:
        return position.terms.related_party
    return False if types_of(position) <= DEPOSITS else "related_party"


# GICS names that are, or are not, securities business for certain. A bank may or may not earn more than 15 % with it.
_SECURITIES_BUSINESS = frozenset({"capital markets", "investment banking & brokerage", "asset management", "brokerage"})
_FINANCE = ("financ", "bank", "insur")


def _securities_related(position: RulePosition) -> Member:
    sector = position.holding.sector.strip().casefold()
    if not sector:
        return "sector"
    if sector in _SECURITIES_BUSINESS:
        return True
    return "share of revenue from securities-related business" if any(word in sector for word in _FINANCE) else False


def unhedged(base_currency: str) -> Test:
    """In a foreign currency and not hedged into the base currency."""

    def test(position: RulePosition) -> Member:
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


def _alternatives(position: RulePosition) -> Member:
    if types_of(position) <= {T.INFRASTRUCTURE}:
        return False
    # BVV 2 art. 53(3): securitised claims are alternative, whoever owes what is in them.
    if types_of(position) <= {T.PRIVATE_EQUITY, T.CRYPTO, T.EXCHANGE_COMMODITY, T.SECURITISED}:
        return True
    if types_of(position) <= {T.LOAN}:
        # A mortgage is none; a senior secured loan is.
        return "mortgage flag"
    answer = of_asset_class(AssetClass.COMMODITY, AssetClass.CRYPTO, AssetClass.PRIVATE)(position)
    return "instrument_type" if answer is True and T.INFRASTRUCTURE in types_of(position) else answer


_SHARES = one_of(frozenset({T.SHARE}))
_FUNDS = one_of(frozenset({T.FUND}))
_REAL_ESTATE = either(of_asset_class(AssetClass.REAL_ESTATE), one_of(frozenset({T.DIRECT_PROPERTY})))

PLAIN: Mapping[str, Test] = {
    "all": lambda _position: True,
    "securities": one_of(SECURITIES),
    "shares": _SHARES,
    "bonds": one_of(BONDS),
    "debt": one_of(DEBT),
    "government": _government,
    "oecd_government": _oecd_government,
    "canadian_exempt_government": _canadian_exempt,
    "us_government": _us_government,
    "municipal": both(one_of(frozenset({T.GOVERNMENT_BOND})), _municipal),
    "swiss_government": _of_state("CH"),
    "covered_bonds": one_of(frozenset({T.COVERED_BOND})),
    "swiss_covered_bonds": both(
        one_of(frozenset({T.COVERED_BOND})), _country("CH"), _swiss_mortgage_institute
    ),
    "listed_funds": both(_FUNDS, _is_not(_unlisted)),
    "mortgages": either(
        both(one_of(frozenset({T.COVERED_BOND})), _country("CH")),
        # A loan may be secured by property or not: no field says so.
        both(one_of(frozenset({T.LOAN})), lambda _position: "mortgage flag"),
    ),
    "deposits": one_of(DEPOSITS),
    "funds": _FUNDS,
    "ucits_funds": _fund_kind(FundKind.UCITS),
    "non_ucits_funds": _fund_kind(FundKind.RIC, FundKind.OTHER),
    "ric_funds": _fund_kind(FundKind.RIC),
    "investment_companies": _fund_kind(FundKind.RIC, FundKind.UCITS),
    "derivatives": one_of(DERIVATIVES),
    "single_name_derivatives": single_name,
    "government_derivatives": on_government,
    "equity_derivatives": on_equity,
    "hong_kong_unauthorised_funds": both(_FUNDS, _hong_kong_unauthorised),
    "insurance_shares": both(_SHARES, _insurer),
    "otc_derivatives": either(
        one_of(frozenset({T.FORWARD, T.SWAP})), both(one_of(frozenset({T.OPTION})), _unlisted)
    ),
    "crypto": of_asset_class(AssetClass.CRYPTO),
    "direct_property": one_of(frozenset({T.DIRECT_PROPERTY})),
    "gold": both(one_of(frozenset({T.EXCHANGE_COMMODITY})), of_asset_class(AssetClass.COMMODITY)),
    "unlisted_securities": both(one_of(SECURITIES), _unlisted),
    "unlisted_swiss": both(one_of(QUOTABLE), _unlisted, _country("CH")),
    "unapproved": both(one_of(QUOTABLE | {T.DIRECT_PROPERTY}), either(_unlisted, one_of(NEVER_QUOTED))),
    "illiquid": _illiquid,
    "not_quoted": _not_quoted,
    "related_party": _related_party,
    "securities_related": both(one_of(SECURITIES - GOVERNMENT - {T.SECURITISED}), _securities_related),
    "equity": of_asset_class(AssetClass.EQUITY, AssetClass.EQUITY_FUND),
    "fixed_income": of_asset_class(AssetClass.BOND, AssetClass.BOND_FUND),
    "real_estate": _REAL_ESTATE,
    "real_estate_abroad": both(_REAL_ESTATE, _is_not(_country("CH"))),
    "infrastructure": one_of(frozenset({T.INFRASTRUCTURE})),
    "alternatives": _alternatives,
    "cash": of_asset_class(AssetClass.CASH),
}  # fmt: skip
