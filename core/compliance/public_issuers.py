"""States and public bodies by their names, where no category of issuer is stated."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

OECD = frozenset(
    [
        "AU", "AT", "BE", "CA", "CL", "CO", "CR", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IS", "IE", "IL",
        "IT", "JP", "KR", "LV", "LT", "LU", "MX", "NL", "NZ", "NO", "PL", "PT", "SK", "SI", "ES", "SE", "CH", "TR",
        "GB", "US",
    ]
)  # fmt: skip
"""Member states of the OECD, 2026."""

_STATES: Mapping[str, str] = {
    "AU": "commonwealth of australia|australia|australian government",
    "AT": "republic of austria|republik osterreich|osterreich|austria",
    "BE": "kingdom of belgium|royaume de belgique|koninkrijk belgie|belgium",
    "CA": "government of canada|canada|gouvernement du canada|canada government",
    "CL": "republic of chile|chile",
    "CZ": "czech republic|ceska republika|czechia",
    "DK": "kingdom of denmark|denmark|danmark",
    "FI": "republic of finland|finland|suomi",
    "FR": "french republic|republique francaise|france|france tresor|agence france tresor",
    "DE": "federal republic of germany|bundesrepublik deutschland|germany|deutschland|bund|german government"
    "|bundesrepublik deutschland finanzagentur",
    "GR": "hellenic republic|greece",
    "HU": "hungary",
    "IE": "ireland|republic of ireland",
    "IL": "state of israel|israel",
    "IT": "republic of italy|italian republic|repubblica italiana|italy|italia",
    "JP": "japan|government of japan",
    "KR": "republic of korea|korea|south korea",
    "LU": "grand duchy of luxembourg|luxembourg",
    "MX": "united mexican states|mexico",
    "NL": "kingdom of the netherlands|state of the netherlands|netherlands|staat der nederlanden"
    "|koninkrijk der nederlanden",
    "NZ": "new zealand|new zealand government",
    "NO": "kingdom of norway|norway|norge",
    "PL": "republic of poland|poland|polska",
    "PT": "portuguese republic|republica portuguesa|portugal",
    "SK": "slovak republic|slovakia",
    "SI": "republic of slovenia|slovenia",
    "ES": "kingdom of spain|reino de espana|spain|espana",
    "SE": "kingdom of sweden|sweden|sverige",
    "CH": "swiss confederation|schweizerische eidgenossenschaft|eidgenossenschaft|confederation suisse"
    "|confederazione svizzera|switzerland|schweiz|swiss government|bund schweiz",
    "TR": "republic of turkiye|republic of turkey|turkiye|turkey",
    "GB": "united kingdom|united kingdom of great britain and northern ireland|hm treasury|uk|uk government|uk treasury"
    "|his majestys treasury|great britain|uk debt management office",
    "US": "united states|united states of america|united states treasury|us treasury|treasury|us government|usa"
    "|us department of the treasury|united states department of the treasury|us treasury bill|us treasury note",
    "CN": "peoples republic of china|china",
    "IN": "republic of india|india",
    "BR": "federative republic of brazil|brazil",
    "SG": "republic of singapore|singapore|government of singapore",
    "HK": "government of the hong kong special administrative region|hong kong|hksar government",
    "RU": "russian federation|russia",
    "ZA": "republic of south africa|south africa",
    "AR": "argentine republic|argentina",
    "EG": "arab republic of egypt|egypt",
    "ID": "republic of indonesia|indonesia",
}
_OFFICES: Mapping[str, str] = {
    "FR": "agence france tresor|tresor francais|tresor public",
    "ES": "tesoro publico|spanish treasury",
    "IT": "ministero delleconomia e delle finanze|tesoro italiano|italian treasury",
    "JP": "japan treasury|ministry of finance japan|japanese government",
    "DE": "bundesrepublik deutschland finanzagentur gmbh|german treasury",
    "NL": "dutch state treasury|dutch state treasury agency",
    "HK": "hong kong monetary authority|hkma",
    "SG": "monetary authority of singapore",
    "IE": "irish national treasury management agency|national treasury management agency",
    "BE": "belgian debt agency",
    "CH": "eidgenossische finanzverwaltung",
}
"""Offices that borrow in their state's name, and whose bills files put under them."""

_CODES = {name: code for by in (_STATES, _OFFICES) for code, names in by.items() for name in names.split("|")}

_SUPRANATIONAL = frozenset(
    [
        "european union", "eu", "european investment bank", "eib", "european stability mechanism", "esm", "efsf",
        "world bank", "ibrd", "european financial stability facility",
        "international bank for reconstruction and development",
        "european bank for reconstruction and development", "ebrd", "asian development bank",
        "african development bank", "inter american development bank", "council of europe development bank",
        "international finance corporation", "nordic investment bank", "asian infrastructure investment bank",
        "international monetary fund",
    ]
)  # fmt: skip

_PROVINCES = frozenset(
    [
        "ontario", "quebec", "british columbia", "alberta", "manitoba", "saskatchewan", "nova scotia",
        "new brunswick", "newfoundland and labrador", "prince edward island", "yukon", "northwest territories",
        "nunavut", "newfoundland",
    ]
)  # fmt: skip
_LOCAL = re.compile(
    r"\b(kanton|kantons|canton|cantone|stadt|ville|citta|city|gemeinde|commune|comune|municipality|county|province"
    r"|land|lander|freistaat|freie hansestadt|bundesland|region|regione|comunidad|departement|prefecture|state of"
    r"|kt|etat de|town|district|borough|metropole)\b"
)

_TREASURY = re.compile(
    r"\b(treasury|tresor|tesoro|schatz|schatzamt|ministry of finance|ministero|ministere|ministerio|bundesministerium"
    r"|debt (management|agency)|public debt|finanzagentur|monetary authority|central bank"
    r"|bank of (japan|england|canada)|bundesbank|national bank of|banque nationale|nationalbank|exchange fund)\b"
)

STATE_CATEGORIES = frozenset({"UST", "USGA", "NUSS", "MUN"})
"""Categories of form N-PORT of states, agencies that they guarantee, and local authorities; no sponsored ones."""


def plain_name(name: str) -> str:
    """A public body's name without case, accents and marks."""
    text = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(one for one in text if not unicodedata.combining(one)).replace("'", "").replace("’", "")
    return " ".join(re.sub(r"[^\w]+", " ", bare.replace(".", "")).split())


def state_of(name: str) -> str:
    """The country code of the state that a name is the name of; "" for everything else, its cantons and towns too."""
    plain = plain_name(name)
    return _CODES.get(plain) or _CODES.get(plain.removeprefix("the "), "")


def may_be_treasury(name: str) -> bool:
    """Whether a name reads like that of an office that borrows for a state: a treasury, a ministry, a debt agency."""
    return bool(_TREASURY.search(plain_name(name)))


def is_supranational(name: str) -> bool:
    """Whether a name is that of a public international body."""
    return plain_name(name) in _SUPRANATIONAL


def is_local_authority(name: str) -> bool:
    """Whether a name reads like that of a canton, a province, a town or another body below the state."""
    return bool(_LOCAL.search(plain_name(name)))


def is_canadian_province(name: str) -> bool:
    """Whether a name is that of a province or territory of Canada."""
    words = plain_name(name)
    for lead in ("province of ", "government of ", "territory of ", "province de ", "gouvernement du "):
        words = words.removeprefix(lead)
    return words in _PROVINCES
