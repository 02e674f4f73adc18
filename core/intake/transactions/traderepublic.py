"""Trade Republic's account as CSV: signed net amounts in euro, headers and kinds of rows in the user's language.

Known habits: semicolons; decimal comma in most languages, decimal point in English, both in files put together from
several exports; no price, which is the amount before fees and taxes over the number of units; always euro.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile
from core.intake.transactions.entries import NOTHING, Entry, EntryKind, Money
from core.intake.transactions.ledger import Ledger
from core.intake.transactions.table import BrokerLayout, Cells, open_table, read_rows
from core.intake.transactions.trades import per_unit

FAMILY = "traderepublic"
_CURRENCY = "EUR"
LAYOUT = BrokerLayout(
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
    EntryKind.BUY: "buy aankoop kauf achat compra acquisto",
    EntryKind.SELL: "sell verkoop verkauf vente venta vendita",
    EntryKind.DEPOSIT: "deposit storting einlage einzahlung dépôt depósito deposito",
    EntryKind.WITHDRAWAL: "removal withdrawal onttrekking entnahme auszahlung retrait retirada prelievo",
    EntryKind.DIVIDEND: "dividend dividende dividendes dividendo dividendi",
    EntryKind.INTEREST: "interest rentebaten zinsen intérêts intereses interessi rentelasten zinsbelastung",
    EntryKind.FEE: "fees kosten gebühren frais comisiones commissioni gebührenerstattung kartengebühr",
    EntryKind.TAX: "taxes belastingen steuern steuerrückerstattung impuestos tasse",
    EntryKind.TRANSFER_IN: "transfer_in",
    EntryKind.TRANSFER_OUT: "transfer_out",
}
_PHRASES = {
    "fees refund": EntryKind.FEE,
    "terugbetaling van kosten": EntryKind.FEE,
    "remboursement de frais": EntryKind.FEE,
    "interest charge": EntryKind.INTEREST,
    "frais d'intérêts": EntryKind.INTEREST,
    "tax refund": EntryKind.TAX,
    "terugbetaling van belastingen": EntryKind.TAX,
    "impôts / taxes": EntryKind.TAX,
    "remboursement impôts / taxes": EntryKind.TAX,
    "transfer (inbound)": EntryKind.TRANSFER_IN,
    "transfer (outbound)": EntryKind.TRANSFER_OUT,
    "inkomende overboeking": EntryKind.TRANSFER_IN,
    "uitgaande overboeking": EntryKind.TRANSFER_OUT,
    "umbuchung (eingang)": EntryKind.TRANSFER_IN,
    "umbuchung (ausgang)": EntryKind.TRANSFER_OUT,
    "transfert (entrant)": EntryKind.TRANSFER_IN,
    "transfert (sortant)": EntryKind.TRANSFER_OUT,
    **{word: kind for kind, words in _WORDS.items() for word in words.split()},
}


def detect(source: SourceFile) -> bool:
    """Whether a text has Trade Republic's header, in a language that is known, among its first rows."""
    return LAYOUT.detects(source)


def read(source: SourceFile, case: Case) -> list[Gathered]:
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
    if kind not in (EntryKind.BUY, EntryKind.SELL, EntryKind.TRANSFER_IN, EntryKind.TRANSFER_OUT) or not cells.text(
        "isin"
    ):
        kind = {EntryKind.TRANSFER_IN: EntryKind.DEPOSIT, EntryKind.TRANSFER_OUT: EntryKind.WITHDRAWAL}.get(kind, kind)
        return (replace(entry, kind=kind, cash=(Money(cells.needed("amount"), _CURRENCY),)),)
    security = cells.security("", cells.text("isin"), cells.text("note"))
    quantity = abs(cells.needed("quantity"))
    amount = cells.number_in("amount") or NOTHING
    charged = abs(cells.number_in("fees") or NOTHING) + abs(cells.number_in("taxes") or NOTHING)
    bought = kind is EntryKind.BUY
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
