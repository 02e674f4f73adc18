"""Asset classes: the words files use for them, and what a fund's name says about what it holds."""

from __future__ import annotations

import re
import unicodedata

from core.domain.portfolio import AssetClass

_WORDS = {
    AssetClass.EQUITY: "equity equities stock stocks share shares common commonstock ordinary ordinaryshares adr gdr "
    "preferred preferredstock stk aktie aktien vorzugsaktie stammaktie action actions azione azioni accion "
    "acciones acao acoes aandeel aandelen aktier osake osakkeet akcje aksje aksjer akcie akcia reszveny reszvenyek "
    "hisse hissesenedi hisseler actiune "
    "actiuni μετοχη μετοχες акция акции акція акції dionica dionice 株式 股票 個別株 주식",
    AssetClass.EQUITY_FUND: "equityfund equityetf stockfund stocketf equitymutualfund "
    "aktienfonds fondsactions aktiefond fondoazionario",
    AssetClass.BOND: "bond bonds fixedincome note notes bill bills treasury gilt corporatebond governmentbond "
    "municipalbond anleihe anleihen rente renten pfandbrief bundesanleihe staatsanleihe unternehmensanleihe "
    "obligation obligations obligationer obbligazione obbligazioni bono bonos obligacion obligaciones "
    "obligacja obligacje obligatie obligaties titulo titulos joukkovelkakirja joukkovelkakirjat joukkolaina "
    "joukkolainat velkakirja obrigacao obrigacoes obligasjon obligasjoner dluhopis dluhopisy dlhopis dlhopisy kotveny "
    "kotvenyek tahvil tahviller obligatiune obligatiuni titluridestat "
    "allamkotveny allampapir vallalatikotveny obveznica obveznice statnidluhopis devlettahvili "
    "hazinebonosu ομολογο ομολογα облигация облигации офз облігація облігації "
    "sukuk debenture debentures "
    "schuldverschreibung schuldverschreibungen oat btp gilts 債券 债券 채권 certificateofdeposit cd",
    AssetClass.BOND_FUND: "bondfund bondetf fixedincomefund fixedincomeetf rentenfonds fondsobligataire rantefond "
    "fondoobbligazionario",
    AssetClass.FUND: "fund funds etf etfs mutualfund mutualfunds unittrust closedendfund etfsclosedendfunds "
    "multiassetfund balancedfund fonds investmentfonds mischfonds opcvm sicav fondo fondi fondos fond fonder "
    "rahasto fundusz befektetesijegy "
    "befektetesialap podilovyfond podielovyfond fondy yatirimfonu "
    "fonddeinvestitii пиф фонд αμοιβαιοκεφαλαιο 펀드 投資信託 基金 openendfund etn",
    AssetClass.REAL_ESTATE: "realestate reit reits realestatefund realestateetf property propertyfund immobilien "
    "immobilienfonds immobilier scpi",
    AssetClass.COMMODITY: "commodity commodities commodityetp commodityetf etc gold cmdty preciousmetal "
    "preciousmetals rohstoff rohstoffe edelmetall edelmetalle matierespremieres",
    AssetClass.CRYPTO: "krypto kryptowahrung crypto cryptocurrency cryptoetp digitalasset",
    AssetClass.PRIVATE: "private privateequity privatedebt unlisted hedgefund infrastructure loan alternative "
    "alternatives",
    AssetClass.DERIVATIVE: "derivative derivatives option options future futures warrant warrants cfd swap opt fut fop "
    "war optionsschein optionsscheine derivate derivat produitderive equityandindexoptions opzione opciones",
    AssetClass.CASH: "cash moneymarket moneymarketfund cashandmoneymarket deposit cashequivalent sweep liquiditat "
    "liquidite liquidites bargeld barmittel geldmarkt geldmarktfonds especes liquidita likvidamedel efectivo 現金 现金",
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
    kept = "".join(
        character
        for character in unicodedata.normalize("NFKD", word.lower())
        if character.isalpha() and not unicodedata.combining(character)
    )
    return _BY_WORD.get(unicodedata.normalize("NFC", kept))


def class_of_words(text: str) -> AssetClass | None:
    """The class that a cell of classes means, by the whole of it or by the one word of it that is known.

    "Obligacje skarbowe" is a bond by its first word; "equity index" and "stock fund" have two meanings, or one as a
    whole. None where nothing is known, or two things.
    """
    whole = asset_class_of(text)
    if whole is not None:
        return whole
    known = {found for word in re.split(r"[^\w]+|_", text[:_NAME_CHARS]) if (found := asset_class_of(word)) is not None}
    known.discard(AssetClass.OTHER)
    return known.pop() if len(known) == 1 else None


_CASH_NAME = re.compile(
    r"(?:[a-z]{3}[ -])?(?:cash(?: account| balance| position| & cash fund| and cash fund| sweep)?|"
    r"verrechnungskonto|barmittel|"
    r"kontokorrent(?:konto)?|liquiditat|liquidites?|liquidita|likvida medel|settlement account|compte especes|"
    r"conto liquidita|cuenta efectivo|geldkonto|guthaben|kontoguthaben|uninvested cash|sweep account|kassa|"
    r"現金|现金|預り金)(?:[ :/-]{0,3}\(?[a-z]{3}\)?)?(?: [0-9 -]{1,20})?"
)
_BOND_NAME = re.compile(
    r"(?<![\w.,])\d{1,2}(?:[.,]\d{1,5})?\s?%.{0,40}?(?<!\d)(?:19|20)\d\d(?!\d)"
    r"|(?<![\w.,])\d{1,2}[.,]\d{2,5}\s?%?.{0,20}?(?<!\d)\d{1,2}/\d{1,2}/(?:\d{2}|\d{4})(?!\d)"
    # The day before the coupon, as in Italy: "BTP 01/03/2030 3,5%".
    r"|(?<!\d)(?:\d{1,2}[/.-]\d{1,2}[/.-])?(?:19|20)\d\d(?!\d).{0,20}?(?<![\w.,])\d{1,2}(?:[.,]\d{1,5})?\s?%"
    # Coupons in eighths: "UK Treasury 0 5/8% 07/06/25".
    r"|(?<![\w.,])\d{1,2} \d{1,2}/(?:2|4|8|16|32)\s?%?.{0,20}?(?<!\d)(?:\d{1,2}/\d{1,2}/\d{2}|(?:19|20)\d\d)(?!\d)"
)
_BOND_WORD = re.compile(
    r"\b(?:BTP|BOT|CCT|CTZ|OAT|BTF|BUND(?:ES(?:ANL|OBL|REP|SCH)\w*)?|BOBL|SCHATZ|GILT|T-?(?:BILL|BOND|NOTE)|"
    r"(?:US|UK|UNITED STATES) TREASURY|TREASURY (?:NOTE|BOND|BILL|STOCK|GILT)|(?:BONOS?|OBLIGACION\w*) DEL ESTADO|"
    r"LETRAS? DEL TESORO|ANL|ANLEIHEN?|PFANDBRIEFE?|PFBR|MTN|IHS|SCHULDV\w*|OBBLIGAZION\w*|DEBENTURES?|"
    r"(?:NOTES?|BONDS?) DUE)\b"
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|(?<!\d)\d{1,2}/\d{1,2}/\d{2}(?!\d)")
_GOVERNMENT = re.compile(r"US912|DE00010[0-3]|DE00011[0-4]|DE000BU|ES00000[0-2]|JP1")
"""ISINs that only debts of a state have: their first characters are those of its debt agency."""
_OPTION = re.compile(r"(?=.{15,21}$)[A-Z0-9.]{1,6} {0,5}\d{6}[CP]\d{8}")
_COUPON = re.compile(r"(?<![\w.,])\d{1,2}(?:[.,]\d{1,5})?\s?%")
_OPTION_NAME = re.compile(
    r"\b(?:call|put)s?\b\W{0,3}[$€£]?\d|(?<![A-Za-z])\d{1,6}(?:[.,]\d{1,4})?\s?(?:call|put)s?\b"
    # As brokers shorten it: -AAPL261218C200, "AAPL 18DEC26 200 C", "AAPL 12/18/2026 C200".
    r"|(?<![A-Za-z0-9])-?[A-Z]{1,6}\d{6}[CP]\d{1,6}(?:\.\d{1,3})?(?!\d)"
    r"|\d{1,2} ?[A-Z]{3} ?'?\d{2,4} \d{1,6}(?:\.\d{1,3})? [CP]\b|\d{1,2}/\d{1,2}/\d{2,4} [CP]\$?\d{1,6}\b",
    re.IGNORECASE,
)
_NAME_CHARS = 120


_LETTERS = str.maketrans({"ß": "ss", "ł": "l", "ø": "o", "æ": "ae", "đ": "d", "ı": "i"})
"""Letters that no decomposition takes apart."""


def folded(text: str) -> str:
    """Lower case without accents: "Liquidität" is "liquiditat"."""
    if text.isascii():
        return text[:_NAME_CHARS].lower()
    plain = unicodedata.normalize("NFKD", text[:_NAME_CHARS].lower().translate(_LETTERS))
    return unicodedata.normalize("NFC", "".join(one for one in plain if not unicodedata.combining(one)))


def is_cash_name(name: str) -> bool:
    """Whether a line's name says that it is money on an account: "Verrechnungskonto", "USD CASH", "現金"."""
    return bool(_CASH_NAME.fullmatch(" ".join(folded(name).split())))


def is_bond_name(name: str) -> bool:
    """Whether a name has a coupon and a year, or a word for a debt and one of them: "Alpha 3.25% 2030", "Bund v.23(33)"
    and "BTP 1ST30 2.45%"."""
    if _BOND_NAME.search(name[:_NAME_CHARS]):
        return True
    upper = name[:_NAME_CHARS].upper()
    dated = _YEAR.search(upper) or has_coupon(upper)
    return bool(_BOND_WORD.search(upper) and dated and not _FUND.search(upper))


def has_coupon(name: str) -> bool:
    """Whether a name holds a rate in percent: "Muster AG 4 %"."""
    return bool(_COUPON.search(name[:_NAME_CHARS]))


def is_option_name(name: str) -> bool:
    """Whether a name is an option with its strike: "AAPL Jan 16 2026 200 Call", "DAX Put 20000"."""
    return bool(_OPTION_NAME.search(name[:_NAME_CHARS]))


def is_debt_of_a_state(isin: str) -> bool:
    """Whether an ISIN is one that only a state's debts have."""
    return bool(_GOVERNMENT.match(isin))


def is_option_symbol(symbol: str) -> bool:
    """Whether a symbol is an option in the 21-character form of the OCC, with or without its blanks."""
    return bool(_OPTION.fullmatch(symbol.strip()))


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
    if not is_fund and is_bond_name(name):
        # A coupon and a year say more than the "CORP" of whoever owes it.
        return AssetClass.BOND
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
