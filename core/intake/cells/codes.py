"""Codes that files carry: ISIN, ISO 4217 currencies with their minor units, ISO 3166-1 countries."""

from __future__ import annotations

_CURRENCIES_TEXT = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
    CHF CLF CLP CNH CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ
    GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD
    LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP
    PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND
    TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CURRENCIES_TEXT.split())
"""ISO 4217 codes in use, and CNH, which brokers write for offshore yuan."""

MINOR_UNITS = {
    "GBX": "GBP",
    "GBp": "GBP",
    "GBPp": "GBP",
    "GBPX": "GBP",
    "ZAc": "ZAR",
    "ZAC": "ZAR",
    "ZARc": "ZAR",
    "ZAX": "ZAR",
    "ILA": "ILS",
    "ILa": "ILS",
    "ILX": "ILS",
}
"""Quote units of exchanges in London, Johannesburg and Tel Aviv: a hundredth of the currency beside them. "GBp" differs
from "GBP" by one letter and a factor of 100, so case matters here."""

_COUNTRIES_TEXT = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR
    IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK
    ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_COUNTRIES_TEXT.split())

_COUNTRY_NAMES = {
    "UK": "GB",
    "GREAT BRITAIN": "GB",
    "UNITED KINGDOM": "GB",
    "USA": "US",
    "UNITED STATES": "US",
    "UNITED STATES OF AMERICA": "US",
    "AUSTRALIA": "AU",
    "AUSTRIA": "AT",
    "BELGIUM": "BE",
    "BERMUDA": "BM",
    "BRAZIL": "BR",
    "CANADA": "CA",
    "CAYMAN ISLANDS": "KY",
    "CHINA": "CN",
    "DENMARK": "DK",
    "FINLAND": "FI",
    "FRANCE": "FR",
    "GERMANY": "DE",
    "HONG KONG": "HK",
    "INDIA": "IN",
    "IRELAND": "IE",
    "ISRAEL": "IL",
    "ITALY": "IT",
    "JAPAN": "JP",
    "JERSEY": "JE",
    "LUXEMBOURG": "LU",
    "MEXICO": "MX",
    "NETHERLANDS": "NL",
    "NEW ZEALAND": "NZ",
    "NORWAY": "NO",
    "PORTUGAL": "PT",
    "SINGAPORE": "SG",
    "SOUTH AFRICA": "ZA",
    "SOUTH KOREA": "KR",
    "SPAIN": "ES",
    "SWEDEN": "SE",
    "SWITZERLAND": "CH",
    "TAIWAN": "TW",
}


def country_code(text: str) -> str | None:
    """ISO 3166-1 alpha-2 for a code or a common English name; None when it is neither."""
    upper = text.strip().upper()
    if upper in COUNTRIES:
        return upper
    return _COUNTRY_NAMES.get(upper)


def currency_code(text: str) -> tuple[str, int] | None:
    """The ISO 4217 code and how many of the written unit make one of it: ("GBP", 100) for GBX; None when unknown."""
    text = text.strip()
    if text in MINOR_UNITS:
        return MINOR_UNITS[text], 100
    upper = text.upper()
    if upper in CURRENCIES:
        return upper, 1
    if upper in MINOR_UNITS:
        return MINOR_UNITS[upper], 100
    return None


def isin_fault(isin: str) -> str | None:
    """What is wrong with an ISIN, as the rest of a sentence; None when its shape and check digit are right."""
    if len(isin) != 12 or not isin.isascii() or not isin.isalnum() or isin.upper() != isin:
        return "is not an ISIN: two letters, nine letters or digits, one check digit; correct it or leave it empty"
    if not isin[:2].isalpha() or not isin[11].isdigit():
        return "is not an ISIN: it starts with two letters and ends in a digit; correct it or leave it empty"
    digits = "".join(str(int(character, 36)) for character in isin[:11])
    # Luhn, doubling every second digit from the right, the check digit itself left out.
    total = sum(
        sum(divmod(int(digit) * (2 if place % 2 == 0 else 1), 10)) for place, digit in enumerate(reversed(digits))
    )
    expected = -total % 10
    if int(isin[11]) != expected:
        return f"has the wrong check digit ({isin[11]}, it should be {expected}): copy it again or leave it empty"
    return None
