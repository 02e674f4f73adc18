"""Asset classes: the words files use for them, and what a fund's name says about what it holds."""

from __future__ import annotations

import re

from core.domain.portfolio import AssetClass

_WORDS = {
    AssetClass.EQUITY: "equity equities stock stocks share shares common commonstock ordinary ordinaryshares adr gdr "
    "preferred preferredstock stk",
    AssetClass.EQUITY_FUND: "equityfund equityetf stockfund stocketf equitymutualfund",
    AssetClass.BOND: "bond bonds fixedincome note notes bill bills treasury gilt corporatebond governmentbond "
    "municipalbond",
    AssetClass.BOND_FUND: "bondfund bondetf fixedincomefund fixedincomeetf",
    AssetClass.FUND: "fund funds etf etfs mutualfund mutualfunds unittrust closedendfund etfsclosedendfunds "
    "multiassetfund balancedfund",
    AssetClass.REAL_ESTATE: "realestate reit reits realestatefund realestateetf property propertyfund",
    AssetClass.COMMODITY: "commodity commodities commodityetp commodityetf etc gold cmdty preciousmetal",
    AssetClass.CRYPTO: "crypto cryptocurrency cryptoetp digitalasset",
    AssetClass.PRIVATE: "private privateequity privatedebt unlisted hedgefund infrastructure loan alternative "
    "alternatives",
    AssetClass.DERIVATIVE: "derivative derivatives option options future futures warrant warrants cfd swap opt fut fop "
    "war",
    AssetClass.CASH: "cash moneymarket moneymarketfund cashandmoneymarket deposit cashequivalent sweep",
    AssetClass.OTHER: "other",
}
_BY_WORD = {word: kind for kind, words in _WORDS.items() for word in words.split()}

_FUND = re.compile(r"\b(?:ETF|ETFS|FUND|FUNDS|FDS|FD|INDEX|UCITS|ETP|PORTFOLIO|SICAV|OEIC)\b")
_BOND = re.compile(
    r"\b(?:BOND|BONDS|BD|TREAS|TREASURY|TREASURIES|GILT|GILTS|FIXED INCOME|MUNI|MUNICIPAL|TIPS|AGGREGATE|"
    r"HIGH YIELD)\b"
)
_STOCK = re.compile(
    r"\b(?:EQUITY|EQUITIES|STOCK|STK|STOCKS|S&P|NASDAQ|DOW JONES|RUSSELL|MSCI|FTSE|BROAD MARKET|TOTAL MARKET|DIVIDEND|"
    r"LARGE[- ]CAP|MID[- ]CAP|SMALL[- ]CAP|GROWTH|VALUE)\b"
)
_PROPERTY = re.compile(r"\b(?:REIT|REITS|REAL ESTATE|RL EST|PROPERTY)\b")
_METAL = re.compile(r"\b(?:GOLD SHARES|GOLD TRUST|SILVER TRUST|GOLD ETC|COMMODITY)\b")
_MONEY = re.compile(r"\b(?:MONEY MARKET|MONEY MKT|CASH RESERVES|GOVERNMENT CASH|CORE ACCOUNT)\b")
_COMPANY = re.compile(r"\b(?:INC|CORP|CORPORATION|COMPANY|CO|PLC|LTD|LIMITED|AG|SE|SA|NV|SPA|ADR|HOLDINGS|HLDGS|COM)\b")


def asset_class_of(word: str) -> AssetClass | None:
    """The class a file's own word means; None for a word that is not known."""
    return _BY_WORD.get(re.sub(r"[^a-z]", "", word.lower()))


def class_from_name(name: str, *, is_fund: bool = False) -> AssetClass:
    """What a description says a line is, where the file has no column for it.

    Careful on purpose: a fund whose name does not say what it holds stays FUND, and a name that says nothing is OTHER.

    Args:
        name: The description, in any case.
        is_fund: The file says it is a fund or ETF, so only what it holds is asked.
    """
    upper = name.upper()
    if _MONEY.search(upper):
        return AssetClass.CASH
    if _PROPERTY.search(upper):
        return AssetClass.REAL_ESTATE
    if _METAL.search(upper):
        return AssetClass.COMMODITY
    if is_fund or _FUND.search(upper):
        bonds, stocks = bool(_BOND.search(upper)), bool(_STOCK.search(upper))
        if bonds != stocks:
            return AssetClass.BOND_FUND if bonds else AssetClass.EQUITY_FUND
        return AssetClass.FUND
    return AssetClass.EQUITY if _COMPANY.search(upper) else AssetClass.OTHER
