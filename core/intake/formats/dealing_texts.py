"""What dealings say inside a text: "OPEN BUY 4 @ 154.08", "Converted 0.005 BTC to 0.15 ETH"."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, NamedTuple

from core.intake.cells.asset_classes import folded
from core.intake.cells.numbers import NotANumber, parse_number

_TRADE: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)(?:/[0-9.]{1,20})? ?@ ?([0-9]{1,12}(?:\.[0-9]{1,12})?)")
_CONVERTED: Final = re.compile(
    r"Converted ([0-9][0-9.,]{0,30}) ([A-Z0-9]{2,10}) to ([0-9][0-9.,]{0,30}) ([A-Z0-9]{2,10})", re.IGNORECASE
)


_OFF_MARKET: Final = re.compile(
    r"\b(?:rights? (?:issue|offer\w*|subscription|exercise\w*)|subscription rights?|ipo|tender|takeover|spin ?-?off|"
    r"scrip|bonus (?:issue|shares?)|stock dividend|corporate action|(?:at|with) (?:a )?discount|discounted|espp|"
    r"bezugsrecht\w*|kapitalerhohung\w*|kapitalmassnahme\w*|gratisaktien|aktiendividende|abspaltung|ubernahmeangebot|"
    r"abfindung|mit abschlag|zeichnungsangebot|"
    r"droits? de souscription|augmentation de capital|attribution gratuite|actions gratuites|scission|"
    r"offre publique|opa|dividende en actions|decote|"
    r"aumento (?:di )?capitale|diritti? di opzione|assegnazione gratuita|scorporo|opv|"
    r"ampliacion de capital|derechos? de suscripcion|aumento de capital|direitos? de subscricao|bonificacao|"
    r"nyemission|teckningsratt\w*|foretradesemission|fondemission|emisjon|tegningsrett\w*|tegningsret\w*|"
    r"claimemissie|claimrecht\w*|keuzedividend|inschrijving\w*|stockdividend|"
    r"prawa poboru|oferta publiczna|wezwanie|upis akcii|bedelsiz|bedelli|ruchan)\b"
)
"""Words of dealings whose price was set by a company and not by a market."""


def is_off_market(text: str) -> bool:
    """Whether a dealing's words say that its price was none of the market: rights, new shares, takeovers."""
    return bool(_OFF_MARKET.search(folded(text)))


class Conversion(NamedTuple):
    """One coin that became another."""

    units: Decimal
    coin: str
    into_units: Decimal
    into: str


def trade_in(text: str) -> tuple[Decimal, Decimal] | None:
    """Units and price, or None where the text names none. A part of what was open ("3/10 @ 5") is the part."""
    found = _TRADE.search(text)
    return None if found is None else (Decimal(found[1]), Decimal(found[2]))


def conversion_in(text: str) -> Conversion | None:
    """What was converted into what, or None where the text does not say it."""
    found = _CONVERTED.search(text)
    if found is None:
        return None
    try:
        return Conversion(parse_number(found[1]), found[2].upper(), parse_number(found[3]), found[4].upper())
    except NotANumber:
        return None
