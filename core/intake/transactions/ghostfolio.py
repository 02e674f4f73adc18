"""Ghostfolio's export: activities with prices, profiles of what they are about, and the balances of the accounts.

Known habits: an activity dated in the future is a draft; a symbol of one's own is a UUID whose name is in its profile;
activities do not move cash, the accounts state it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from core.domain.portfolio import AssetClass
from core.errors import UnreadableFile
from core.intake.cells.dates import NotADate
from core.intake.cells.numbers import NumberStyle
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import Container, SourceFile
from core.intake.positions.source_tree import Node, json_tree, plain_mapping
from core.intake.transactions.entries import NOTHING, Entry, EntryKind, Money, Security
from core.intake.transactions.ledger import Ledger
from core.intake.transactions.moments import DayOrder, parse_moment
from core.intake.transactions.table import BrokerLayout, Cells, HeadedTable, Numbers, settle

FAMILY = "ghostfolio"
_FIELDS = ("type", "date", "symbol", "dataSource", "quantity", "unitPrice", "fee", "currency", "accountId")
LAYOUT = BrokerLayout(names={field: (field.lower(),) for field in _FIELDS}, needed=_FIELDS)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TRADES = {"BUY": EntryKind.BUY, "SELL": EntryKind.SELL}
_WITHOUT_UNITS = frozenset({"DIVIDEND", "INTEREST", "FEE"})
_CLASSES = {
    ("EQUITY", "STOCK"): AssetClass.EQUITY,
    ("EQUITY", "ETF"): AssetClass.EQUITY_FUND,
    ("EQUITY", "MUTUALFUND"): AssetClass.EQUITY_FUND,
    ("EQUITY", "PRIVATE_EQUITY"): AssetClass.PRIVATE,
    ("FIXED_INCOME", "BOND"): AssetClass.BOND,
    ("FIXED_INCOME", "ETF"): AssetClass.BOND_FUND,
    ("FIXED_INCOME", "MUTUALFUND"): AssetClass.BOND_FUND,
    ("LIQUIDITY", "CRYPTOCURRENCY"): AssetClass.CRYPTO,
    ("LIQUIDITY", "CASH"): AssetClass.CASH,
    ("ALTERNATIVE_INVESTMENT", "CRYPTOCURRENCY"): AssetClass.CRYPTO,
    ("COMMODITY", "PRECIOUS_METAL"): AssetClass.COMMODITY,
}
_CLASSES_ALONE = {
    "EQUITY": AssetClass.EQUITY,
    "FIXED_INCOME": AssetClass.BOND,
    "COMMODITY": AssetClass.COMMODITY,
    "REAL_ESTATE": AssetClass.REAL_ESTATE,
}


def detect(source: SourceFile) -> bool:
    """Whether JSON has activities as Ghostfolio writes them."""
    text = source.text
    return source.container is Container.JSON and all(
        f'"{key}"' in text for key in ("activities", "unitPrice", "dataSource")
    )


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the accounts of the file; activities without one make a portfolio of their own.

    Raises:
        UnreadableFile: Not JSON, or no list of activities.
    """
    if source.container is not Container.JSON:
        raise UnreadableFile(f"'{source.name}' is {source.container.value}, not JSON. Leave the format to 'auto'.")
    top = plain_mapping(json_tree(source))
    activities = top.get("activities") if top is not None else None
    if top is None or activities is None or not isinstance(activities.value, list):
        raise UnreadableFile(f"'{source.name}' has no list of 'activities' as Ghostfolio exports them.")
    return _Export(source, case, top).read(activities.value)


@dataclass(frozen=True, slots=True)
class _Profile:
    name: str
    isin: str
    asset_class: AssetClass | None


class _Export:
    """One file."""

    def __init__(self, source: SourceFile, case: Case, top: dict[str, Node]) -> None:
        self._case = case
        self._ledger = Ledger(case, FAMILY, source.name)
        self._profiles = {key: profile for node in _items(top, "assetProfiles") for key, profile in _profile(node)}
        self._accounts = {_text(node, "id"): node for node in _items(top, "accounts")}
        meta = plain_mapping(top["meta"]) if "meta" in top else None
        self._exported = self._day(_text(meta or {}, "date"))

    def read(self, activities: list[Node]) -> list[Gathered]:
        """The portfolios."""
        table = HeadedTable(self._case, LAYOUT, list(_FIELDS), Numbers(NumberStyle.POINT))
        last = self._exported
        for place, node in enumerate(activities):
            fields = plain_mapping(node) or {}
            cells = table.cells(None, [_text(fields, field) for field in _FIELDS])
            table.columns.labels = {field: f"activities[{place}].{field}" for field in _FIELDS}
            if self._draft(cells):
                self._case.findings.tally("Drafts, which are dated in the future, were left out", cells.text("symbol"))
                continue
            entries = list(self._activity(cells))
            settle(cells, entries, self._ledger)
            last = max([entry.at.date() for entry in entries] + ([last] if last else []), default=None)
        last = self._balances(last)
        names = {key: _text(node, "name") for key, node in self._accounts.items()}
        return self._ledger.finish(as_of=last, names=names)

    def _draft(self, cells: Cells) -> bool:
        try:
            at = parse_moment(cells.text("date"), DayOrder.UNKNOWN)
        except NotADate:
            return False
        return at.date() > self._case.today + timedelta(days=1)

    def _activity(self, cells: Cells) -> Iterable[Entry]:
        cells.account = cells.text("accountId")
        cells.moved = ""
        word = cells.text("type").upper()
        if word in _WITHOUT_UNITS:
            return ()
        security = self._security(cells)
        kind = _TRADES.get(word)
        if kind is None:
            cells.unknown_kind("type", cells.text("type"))
            return ()
        currency, units = cells.currency("currency")
        quantity, price = cells.needed("quantity"), cells.needed("unitPrice") / units
        if quantity < 0 or price < 0:
            cells.problem(
                "quantity", cells.text("quantity"), "A sale is of type SELL, with positive numbers. Correct it."
            )
        fee = (cells.number_in("fee") or NOTHING) / units
        return (
            Entry(
                None,
                cells.moment("date"),
                kind,
                cells.account,
                security,
                quantity,
                price,
                currency,
                quantity * price + fee if kind is EntryKind.BUY else None,
                column=cells.label("quantity"),
            ),
        )

    def _security(self, cells: Cells) -> Security:
        symbol, source = cells.text("symbol"), cells.text("dataSource").upper()
        profile = self._profiles.get(symbol, _Profile("", "", None))
        kind = profile.asset_class or (AssetClass.CRYPTO if source == "COINGECKO" else None)
        shown = profile.name if _UUID.fullmatch(symbol) and profile.name else symbol
        return cells.security(shown, profile.isin, profile.name, kind=kind)

    def _balances(self, last: date | None) -> date | None:
        """What the accounts state as their cash becomes their last balance; returns the last day there is."""
        for identity, node in self._accounts.items():
            stated = _balance(node)
            if stated is None:
                continue
            day_text, value = stated
            day = self._day(day_text) or last or self._case.today
            last = max(day, last) if last else day
            cells_currency = _text(node, "currency").upper()
            if not cells_currency:
                continue
            at = parse_moment(day.isoformat(), DayOrder.UNKNOWN)
            balance = Money(value, cells_currency)
            self._ledger.add(Entry(None, at, EntryKind.CORRECTION, identity, cash=(balance,), balance=balance))
        return last

    def _day(self, text: str) -> date | None:
        try:
            day = parse_moment(text, DayOrder.UNKNOWN).date()
        except NotADate:
            return None
        return day if day <= self._case.today + timedelta(days=1) else None


def _items(top: dict[str, Node], key: str) -> list[dict[str, Node]]:
    node = top.get(key)
    items = node.value if node is not None and isinstance(node.value, list) else []
    return [found for item in items if (found := plain_mapping(item)) is not None]


def _text(fields: dict[str, Node], key: str) -> str:
    node = fields.get(key)
    return node.value if node is not None and isinstance(node.value, str) else ""


def _profile(fields: dict[str, Node]) -> list[tuple[str, _Profile]]:
    whole = (_text(fields, "assetClass").upper(), _text(fields, "assetSubClass").upper())
    kind = _CLASSES.get(whole) or _CLASSES_ALONE.get(whole[0])
    return [(_text(fields, "symbol"), _Profile(_text(fields, "name"), _text(fields, "isin"), kind))]


def _balance(fields: dict[str, Node]) -> tuple[str, Decimal] | None:
    """The account's newest stated cash with its day ("" where it has none)."""
    stated = [(_text(item, "date"), _text(item, "value")) for item in _items(fields, "balances")]
    if _text(fields, "balance"):
        stated = stated or [("", _text(fields, "balance"))]
    if not stated:
        return None
    day, text = max(stated)
    try:
        return day, Numbers(NumberStyle.POINT).read(text)
    except ValueError:
        return None
