"""Swissquote's transactions: one running balance a currency, and each currency exchange as a debit and a credit.

Known habits: semicolons, kinds and headers in the language of the account, day first,
dividends with a quantity of 1, custody fees with their tax under "Costs".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.intake.cells.codes import currency_code
from core.intake.cells.numbers import EMPTY
from core.intake.findings import Findings
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile
from core.intake.transactions.entries import NOTHING, Entry, EntryKind, Money
from core.intake.transactions.ledger import ALL, Ledger
from core.intake.transactions.moments import DayOrder
from core.intake.transactions.table import BrokerLayout, Cells, open_table, read_rows
from core.intake.transactions.trades import settled

FAMILY = "swissquote"
LAYOUT = BrokerLayout(
    names={
        "date": ("date", "datum", "data"),
        "order": ("order_#", "auftrag_#", "ordre_#", "ordine_#"),
        "kind": ("transaction", "transactions", "transaktionen", "transaktion", "transazioni", "transazione"),
        "symbol": ("symbol", "symbole", "simbolo"),
        "name": ("name", "nom", "nome"),
        "isin": ("isin",),
        "quantity": ("quantity", "anzahl", "quantité", "quantità"),
        "price": ("unit_price", "stückpreis", "prix_unitaire", "prezzo_unitario"),
        "costs": ("costs", "kosten", "coûts", "costi"),
        "accrued": ("accrued_interest", "aufgelaufene_zinsen", "intérêts_courus", "interessi_maturati"),
        "amount": ("net_amount", "nettobetrag", "montant_net", "importo_netto"),
        "balance": ("balance", "saldo", "solde"),
        "currency": (
            "currency",
            "net_amount_currency",
            "währung",
            "währung_nettobetrag",
            "monnaie",
            "devise",
            "valuta",
        ),
    },
    needed=("date", "order", "kind", "symbol", "isin", "quantity", "price", "amount", "currency"),
    days=DayOrder.DAY_FIRST,
)
_KINDS = {
    "credit": EntryKind.DEPOSIT,
    "deposit": EntryKind.DEPOSIT,
    "payment": EntryKind.DEPOSIT,
    "debit": EntryKind.WITHDRAWAL,
    "withdrawal": EntryKind.WITHDRAWAL,
    "payout": EntryKind.WITHDRAWAL,
    "dividend": EntryKind.DIVIDEND,
    "distribution": EntryKind.DIVIDEND,
    "capital gain": EntryKind.DIVIDEND,
    "return of capital": EntryKind.DIVIDEND,
    "interests": EntryKind.INTEREST,
    "interest": EntryKind.INTEREST,
    "interest income": EntryKind.INTEREST,
    "custody fees": EntryKind.FEE,
    "fees": EntryKind.FEE,
    "fees tax statement": EntryKind.FEE,
    "withholding tax": EntryKind.TAX,
    "taxes": EntryKind.TAX,
    "forex credit": EntryKind.FOREX,
    "forex debit": EntryKind.FOREX,
    "fx spot credit": EntryKind.FOREX,
    "fx spot debit": EntryKind.FOREX,
    "correction": EntryKind.CORRECTION,
    "fx credit comp.": EntryKind.FOREX,
    "fx debit comp.": EntryKind.FOREX,
    # In German.
    "einzahlung": EntryKind.DEPOSIT,
    "zahlung": EntryKind.DEPOSIT,
    "vergütung": EntryKind.DEPOSIT,
    "gutschrift": EntryKind.DEPOSIT,
    "twint": EntryKind.DEPOSIT,
    "auszahlung": EntryKind.WITHDRAWAL,
    "belastung": EntryKind.WITHDRAWAL,
    "dividende": EntryKind.DIVIDEND,
    "ausschüttung": EntryKind.DIVIDEND,
    "kapitalgewinn": EntryKind.DIVIDEND,
    "kapitalrückzahlung": EntryKind.DIVIDEND,
    "coupon": EntryKind.INTEREST,
    "zins": EntryKind.INTEREST,
    "zinsen": EntryKind.INTEREST,
    "depotgebühren": EntryKind.FEE,
    "jahresgebühr": EntryKind.FEE,
    "gebühren": EntryKind.FEE,
    "spesen steuerauszug": EntryKind.FEE,
    "berichtigung börsengeb.": EntryKind.FEE,
    "verrechnungssteuer": EntryKind.TAX,
    "steuern": EntryKind.TAX,
    "forex-gutschrift": EntryKind.FOREX,
    "forex-belastung": EntryKind.FOREX,
    "fx-gutschrift comp.": EntryKind.FOREX,
    "fx-belastung comp.": EntryKind.FOREX,
    "korrektur": EntryKind.CORRECTION,
    # In French.
    "crédit": EntryKind.DEPOSIT,
    "versement": EntryKind.DEPOSIT,
    "débit": EntryKind.WITHDRAWAL,
    "retrait": EntryKind.WITHDRAWAL,
    "intérêts": EntryKind.INTEREST,
    "frais de garde": EntryKind.FEE,
    "droits de garde": EntryKind.FEE,
    "impôt anticipé": EntryKind.TAX,
    "crédit forex": EntryKind.FOREX,
    "débit forex": EntryKind.FOREX,
}
_BOUGHT = frozenset({"buy", "kauf", "achat", "acquisto"})
_SOLD = frozenset({"sell", "verkauf", "vente", "vendita"})


def detect(source: SourceFile) -> bool:
    """Whether a text has Swissquote's header among its first rows."""
    return LAYOUT.detects(source)


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the one account of the file.

    Raises:
        UnreadableFile: No header, or a table that cannot be split.
    """
    table, rows = open_table(source, case, LAYOUT, "Swissquote's list of transactions")
    ledger = Ledger(case, FAMILY, source.name)
    pairs = _Pairs()
    read_rows(table, rows, ledger, pairs.take)
    pairs.finish(case.findings)
    return ledger.finish(newest_first=True)


class _Pairs:
    """Reads rows and watches that both sides of each currency exchange are there."""

    def __init__(self) -> None:
        self._sides: dict[str, list[tuple[int | None, int]]] = {}

    def take(self, cells: Cells) -> Iterable[Entry]:
        """The entries of one row."""
        word = cells.text("kind").lower()
        written, stated = cells.text("currency"), cells.text("balance")
        if not written and currency_code(stated) is not None:
            # Lists in German leave the balance out, and the currency moves into its place.
            written, stated = stated, ""
        currency, _ = cells.currency("currency", written)
        cells.moved = currency or ALL
        amount = cells.needed("amount")
        after = cells.read_number("balance", stated) if stated not in EMPTY else None
        at = cells.moment("date")
        entry = Entry(
            cells.number,
            at,
            EntryKind.CORRECTION,
            cash=(Money(amount, currency),),
            balance=None if after is None else Money(after, currency),
            column=cells.label("quantity"),
        )
        if word in _BOUGHT or word in _SOLD:
            return _trade(cells, entry, bought=word in _BOUGHT)
        kind = _KINDS.get(word)
        if kind is None:
            if cells.text("symbol") or cells.text("isin"):
                cells.security(cells.text("symbol"), cells.text("isin"), cells.text("name"))
            cells.unknown_kind("kind", cells.text("kind"))
            return ()
        if kind is EntryKind.FOREX:
            sign = 1 if amount > 0 else -1
            self._sides.setdefault(f"{cells.text('order')} {cells.text('date')}", []).append((cells.number, sign))
        flow = None
        if kind in (EntryKind.DEPOSIT, EntryKind.WITHDRAWAL):
            # What the bank charges for a payment stays in the account's own result.
            flow = Money(amount + abs(cells.number_in("costs") or NOTHING), currency)
        return (replace(entry, kind=kind, flow=flow),)

    def finish(self, findings: Findings) -> None:
        """Say which exchanges lack a side."""
        for key, sides in self._sides.items():
            if sum(sign for _, sign in sides) != 0:
                findings.tally(
                    "Currency exchanges of which the file has one side only (export all currencies)",
                    f"row {sides[0][0]} order {key.split(' ')[0]}",
                )


def _trade(cells: Cells, entry: Entry, *, bought: bool) -> Iterable[Entry]:
    security = cells.security(cells.text("symbol"), cells.text("isin"), cells.text("name"))
    quantity, price = abs(cells.needed("quantity")), cells.needed("price")
    money = entry.cash[0]
    if not cells.good:
        return ()
    # Interest accrued by a bond is paid with it, but is no part of its price.
    accrued = abs(cells.number_in("accrued") or NOTHING)
    bare = Money(abs(money.amount) - accrued, money.currency)
    price, cost = settled(cells, quantity, price, money.currency, bare, None, bought=bought)
    return (entry.traded(security, quantity, price, money.currency, cost, bought=bought),)
