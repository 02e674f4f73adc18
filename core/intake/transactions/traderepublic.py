"""Trade Republic's account as CSV: signed net amounts in euro, headers and kinds of rows in the user's language.

Known habits: semicolons; decimal comma in most languages, decimal point in English, both in files put together from
several exports; no price, which is the amount before fees and taxes over the number of units; always euro.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.intake.gathering import Case, Gathered
from core.intake.opening.source import Source
from core.intake.transactions.entries import NOTHING, Entry, Kind, Money
from core.intake.transactions.ledger import Ledger
from core.intake.transactions.table import Cells, Layout, open_table, read_rows
from core.intake.transactions.trades import per_unit

FAMILY = "traderepublic"
_CURRENCY = "EUR"
LAYOUT = Layout(
    names={
        "date": ("datum", "date", "fecha", "data"),
        "type": ("transactietype", "typ", "type", "tipo"),
        "amount": ("waarde_(netto)", "waarde", "wert", "value", "valeur", "valor", "valore"),
        "note": ("opmerking", "notiz", "note", "nota"),
        "isin": ("isin",),
        "quantity": ("aantal", "stück", "shares", "parts", "actions", "acciones", "titoli", "azioni"),
        "fees": ("kosten", "gebühren", "fees", "frais", "comisiones", "tarifas", "commissioni"),
        "taxes": ("belasting", "belastingen", "steuern", "taxes", "impôts_/_taxes", "impôts", "impuestos", "tasse"),
    },
    needed=("date", "type", "amount", "note", "isin", "quantity", "fees", "taxes"),
    style=None,
    numeric=("amount", "quantity", "fees", "taxes"),
)
_WORDS = {
    Kind.BUY: "buy aankoop kauf achat compra acquisto",
    Kind.SELL: "sell verkoop verkauf vente venta vendita",
    Kind.DEPOSIT: "deposit storting einlage einzahlung dépôt depósito deposito",
    Kind.WITHDRAWAL: "removal withdrawal onttrekking entnahme auszahlung retrait retirada prelievo",
    Kind.DIVIDEND: "dividend dividende dividendes dividendo dividendi",
    Kind.INTEREST: "interest rentebaten zinsen intérêts intereses interessi rentelasten zinsbelastung",
    Kind.FEE: "fees kosten gebühren frais comisiones commissioni gebührenerstattung kartengebühr",
    Kind.TAX: "taxes belastingen steuern steuerrückerstattung impuestos tasse",
    Kind.TRANSFER_IN: "transfer_in",
    Kind.TRANSFER_OUT: "transfer_out",
}
_PHRASES = {
    "fees refund": Kind.FEE,
    "terugbetaling van kosten": Kind.FEE,
    "remboursement de frais": Kind.FEE,
    "interest charge": Kind.INTEREST,
    "frais d'intérêts": Kind.INTEREST,
    "tax refund": Kind.TAX,
    "terugbetaling van belastingen": Kind.TAX,
    "impôts / taxes": Kind.TAX,
    "remboursement impôts / taxes": Kind.TAX,
    "transfer (inbound)": Kind.TRANSFER_IN,
    "transfer (outbound)": Kind.TRANSFER_OUT,
    "inkomende overboeking": Kind.TRANSFER_IN,
    "uitgaande overboeking": Kind.TRANSFER_OUT,
    "umbuchung (eingang)": Kind.TRANSFER_IN,
    "umbuchung (ausgang)": Kind.TRANSFER_OUT,
    "transfert (entrant)": Kind.TRANSFER_IN,
    "transfert (sortant)": Kind.TRANSFER_OUT,
    **{word: kind for kind, words in _WORDS.items() for word in words.split()},
}


def detect(source: Source) -> bool:
    """Whether a text has Trade Republic's header, in a language that is known, among its first rows."""
    return LAYOUT.detects(source)


def read(source: Source, case: Case) -> list[Gathered]:
    """Read the one account of the file.

    Raises:
        UnreadableFile: No header, or a table that cannot be split.
    """
    table, rows = open_table(source, case, LAYOUT, "Trade Republic's list of transactions")
    ledger = Ledger(case, FAMILY, source.name)
    case.findings.note("Trade Republic's list names no currency; its accounts are in euro.")
    read_rows(table, rows, ledger, _take)
    return ledger.finish()


def _take(cells: Cells) -> Iterable[Entry]:
    cells.moved = _CURRENCY
    kind = _PHRASES.get(cells.text("type").lower())
    if kind is None:
        if cells.text("quantity"):
            cells.security("", cells.text("isin"), cells.text("note"))
        cells.unknown_kind("type", cells.text("type"))
        return ()
    at = cells.moment("date")
    entry = Entry(cells.number, at, kind, column=cells.label("quantity"))
    if kind not in (Kind.BUY, Kind.SELL, Kind.TRANSFER_IN, Kind.TRANSFER_OUT) or not cells.text("isin"):
        kind = {Kind.TRANSFER_IN: Kind.DEPOSIT, Kind.TRANSFER_OUT: Kind.WITHDRAWAL}.get(kind, kind)
        return (replace(entry, kind=kind, cash=(Money(cells.needed("amount"), _CURRENCY),)),)
    security = cells.security("", cells.text("isin"), cells.text("note"))
    quantity = abs(cells.needed("quantity"))
    amount = cells.number_in("amount") or NOTHING
    charged = abs(cells.number_in("fees") or NOTHING) + abs(cells.number_in("taxes") or NOTHING)
    bought = kind is Kind.BUY
    gross = abs(amount) - charged if bought else abs(amount) + charged
    moved = () if not amount else (Money(amount, _CURRENCY),)
    return (
        replace(
            entry,
            security=security,
            quantity=quantity,
            price=per_unit(gross, quantity) or None,
            currency=_CURRENCY,
            cost=abs(amount) if bought else None,
            cash=moved,
        ),
    )
