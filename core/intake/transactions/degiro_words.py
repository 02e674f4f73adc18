"""What DEGIRO's descriptions mean: one free text a row, in the language of the user's screen.

Known are Dutch, German, French, English, Spanish, Italian and Portuguese, and the Scandinavian words for trades.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from core.intake.transactions.entries import EntryKind

_BUY = "koop|kauf|buy|achat|compra|acquisto|kob|køb|kjøp|köp"
_SELL = "verkoop|verkauf|sell|vente|venta|venda|vendita|salg|sälj"
# Verb, units, name and price, in this order, behind the name of a corporate action where it is one; some languages
# leave out the verb there, older exports the name.
_TRADE = re.compile(
    rf"(?:(?P<event>[^:@]{{2,60}}?)\s{{0,9}}+:\s*+)?(?:(?P<verb>{_BUY}|{_SELL})\s++)?(?P<quantity>[0-9][0-9.,']*+)"
    r"(?P<rest>.*?)(?<!\s)\s*+(?:@|\bzu je\b|\bà\b|\ba\b)\s*+(?P<price>[0-9][0-9.,' ]*+)"
    r"\s*+(?P<currency>[A-Za-z]{3})\b.*",
    re.IGNORECASE | re.DOTALL,
)
_THOUSANDS = re.compile(r"((?: [0-9]{3})+(?:[.,][0-9]+)?)(?=\s)")
_SELLS = re.compile(_SELL, re.IGNORECASE)

INTERNAL = "internal"
"""Money that moves between the account's own pockets and never leaves it."""

_MEANINGS: tuple[tuple[EntryKind | str, tuple[str, ...]], ...] = (
    # Sweeps to and from the customer's own account at flatexDEGIRO Bank; the balance column counts both as one.
    (
        INTERNAL,
        ("cash sweep", "geldrekening", "geldkonto", "compte especes", "cuenta de efectivo", "conto contanti",
         "conta caixa", "cash account"),
    ),
    (EntryKind.CORRECTION, ("geldmarkt", "money market", "monetair", "monetari", "monetaire", "monetario")),
    (
        EntryKind.TAX,
        ("(?:dividend|ausschuttung).{0,80}(?:belasting|tax|steuer|skat)", "impots? .{0,80}dividend",
         "reten.{0,80}dividend", "ritenuta", "imposto.{0,80}dividend", "quellensteuer", "withholding"),
    ),
    (
        EntryKind.FOREX,
        ("valuta (?:credit|debit)", "fx (?:credit|debit|withdraw)", "wahrungswechsel", "operation de change",
         r"\bdivisas?\b", "cambio valuta", "transaction devise", "valutakonverter"),
    ),
    (
        EntryKind.DIVIDEND,
        ("dividend", "fund distribution", "ausschuttung", "capital return", "kapitaalsuitkering",
         "kapitalruckzahlung", "remboursement de capital", "reembolso de capital"),
    ),
    (
        EntryKind.FEE,
        ("kosten", "gebuhr", "entgelt", r"\bfees?\b", "frais", "comision", "comiss", "commission", "costi", "coste",
         "custo", "handelsmodalitat"),
    ),
    (
        EntryKind.TAX,
        ("belasting", r"\btax\b", r"\bduty\b", "steuer", "impuesto", "imposta", "imposto", r"\btaxe", "beurstaks"),
    ),
    (EntryKind.INTEREST, ("interest", r"\brente", "zins", "interet", "intereses", "interessi", "juros")),
    (
        EntryKind.WITHDRAWAL,
        ("withdraw", "terugstort", "opname", "auszahlung", "retrait", "retirada", "prelievo", "levantamento",
         "reembolso"),
    ),
    (
        EntryKind.DEPOSIT,
        ("deposit", "storting", "einzahlung", "versement", "ingreso", "accredito", "ideal", "sofort",
         "transferencia"),
    ),
    (
        EntryKind.CORRECTION,
        ("correct", "korrektur", "rectif", "promotion", "kortingsactie", "compensat", "courtesy", "kulanz"),
    ),
)  # fmt: skip
_COMPILED = tuple((re.compile("|".join(words)), kind) for kind, words in _MEANINGS)


@dataclass(frozen=True, slots=True)
class DescribedTrade:
    """A trade as its description says it.

    Attributes:
        event: What stands before a colon ("AKTIENSPLIT"): a corporate action; "" for plain trades.
        sells: None where there is no verb and the sign of the amount has to decide.
        quantity: As written.
        longer: The quantity when the digits that follow belong to it ("1 500"); "" where none follow.
    """

    event: str
    sells: bool | None
    quantity: str
    longer: str
    price: str
    currency: str


@lru_cache(maxsize=4_096)
def trade_in(description: str) -> DescribedTrade | None:
    """The trade that a description states, or None."""
    found = _TRADE.fullmatch(description.strip())
    if found is None or not (found["event"] or found["verb"]) or is_money_fund(description):
        return None
    more = _THOUSANDS.match(found["rest"])
    verb = found["verb"]
    return DescribedTrade(
        event=(found["event"] or "").strip(),
        sells=None if verb is None else bool(_SELLS.fullmatch(verb)),
        quantity=found["quantity"],
        longer=found["quantity"] + more[1].replace(" ", "") if more else "",
        price=found["price"].rstrip(),
        currency=found["currency"],
    )


def is_money_fund(description: str) -> bool:
    """Whether units of the money market fund are meant, in which DEGIRO once kept its customers' cash."""
    return bool(_COMPILED[1][0].search(folded(description)))


@lru_cache(maxsize=4_096)
def meaning_of(description: str) -> EntryKind | str | None:
    """The kind of a row that is no trade, `INTERNAL`, or None where the words are not known."""
    plain = folded(description)
    return next((kind for pattern, kind in _COMPILED if pattern.search(plain)), None)


def folded(text: str) -> str:
    """Lower case without accents."""
    return "".join(
        character for character in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(character)
    )
