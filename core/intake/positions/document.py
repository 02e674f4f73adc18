"""The mosychlos portfolio document, as YAML or JSON; the samples beside this module are examples of it.

    as_of: 2026-10-30            needed, here or in each account
    base_currency: EUR           optional; also the currency of holdings that name none
    name: Family office          optional
    id: family-office            optional, a-z 0-9 "-"; otherwise derived from the account
    region: FR                   optional, one of core.intake.cells.region.REGIONS
    regimes: [ucits, priips]     optional, rule sets it is under
    benchmark: {VTI: 60, BND: 40}        optional, symbols and weights
    flows: [{date: 2026-01-05, amount: 100}]     optional, money from (or, negative, to) outside; []: none came
    description: Since 2019      optional, like `sample`: for the reader of the file, not kept
    accounts:                    or `holdings` directly, when the file is one portfolio
      - account: A-1             optional, like everything above
        holdings:
          - {symbol: MC.PA, isin: "", name: LVMH, asset_class: equity, quantity: 10, price: 600.5,
             currency: EUR, market_value: 6005, sector: Consumer Discretionary, country: FR, cost: 5000,
             terms: {issuer: LVMH, instrument_type: share, listed: yes}}

Holdings carry the columns of the canonical table, with the same needs, and `cost` (what was paid for the line) and
`terms` (the fields of `core.domain.instrument.Terms`). Values are read as text, so that `NO` stays
Norway and 0.1 stays exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from core.domain.instrument import NO_TERMS, Terms
from core.domain.portfolio import Flow
from core.errors import UnreadableFile
from core.intake.cells.codes import currency_code
from core.intake.cells.dates import NotADate, parse_date
from core.intake.cells.names import is_portfolio_id, one_line, portfolio_id_of, stem_of
from core.intake.cells.region import REGIONS, known_region
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile
from core.intake.positions.lines import FIELDS, LineReader, PositionCells
from core.intake.positions.mandate import read_benchmark, read_flows, read_regimes
from core.intake.positions.source_tree import Node, describe, plain_mapping
from core.intake.register.terms import read_terms

FAMILY = "mosychlos"
_HEAD_KEYS = frozenset(
    {
        "as_of", "base_currency", "name", "id", "region", "sample", "account", "accounts", "holdings", "description",
        "regimes", "benchmark", "flows",
    }
)  # fmt: skip


def _major_currency(text: str) -> str | None:
    known = currency_code(text)
    return known[0] if known is not None and known[1] == 1 else None


@dataclass(frozen=True, slots=True)
class _Head:
    """What a level of the document says about the accounts below it."""

    as_of: date | None
    base_currency: str | None
    region: str | None
    name: str
    own_id: str
    account: str
    regimes: tuple[str, ...] = ()
    benchmark: tuple[tuple[str, Decimal], ...] = ()
    flows: tuple[Flow, ...] = ()
    no_flows: bool = False


def read_document(source: SourceFile, tree: Node, case: Case) -> list[Gathered]:
    """Read a document that was parsed into a tree.

    Raises:
        UnreadableFile: It is not a mapping with `holdings` or `accounts`.
    """
    return _Document(source, case).read(tree)


class _Document:
    def __init__(self, source: SourceFile, case: Case) -> None:
        self._name = source.name
        self._case = case
        self._lines = LineReader(case.findings)
        self._gathered: dict[tuple[str, str], Gathered] = {}

    def read(self, tree: Node) -> list[Gathered]:
        top = plain_mapping(tree)
        if top is None or not ({"holdings", "accounts"} & set(top)):
            raise UnreadableFile(
                f"'{self._name}' is no portfolio document: "
                "it needs a mapping with 'as_of' and 'holdings' or 'accounts'."
            )
        head = self._head(top, "", _Head(None, None, None, "", "", ""))
        accounts = self._accounts(top.get("accounts"))
        several = len([account for account in accounts if "holdings" in account[1]]) + ("holdings" in top) > 1
        for path, account, _line in accounts:
            if "holdings" in account:
                self._holdings(account["holdings"], f"{path}.", self._head(account, f"{path}.", head), several)
        if "holdings" in top:
            self._holdings(top["holdings"], "", head, several)
        return list(self._gathered.values())

    def _accounts(self, node: Node | None) -> list[tuple[str, dict[str, Node], int | None]]:
        """The accounts as (path, mapping, line): a list of mappings, or a mapping from account to its contents."""
        if node is None or node.value == "":
            return []
        found: list[tuple[str, dict[str, Node], int | None]] = []
        if isinstance(node.value, dict):
            for account, content in node.value.items():
                inner = {"holdings": content} if isinstance(content.value, list) else plain_mapping(content)
                if inner is None:
                    self._problem(content, f"accounts.{account}", "An account is a mapping with 'holdings'.")
                    continue
                found.append((f"accounts.{account}", {"account": Node(account, content.line), **inner}, content.line))
            return found
        if not isinstance(node.value, list):
            self._problem(node, "accounts", "Accounts are a list of mappings, each with 'holdings'.")
            return []
        for place, content in enumerate(node.value):
            inner = plain_mapping(content)
            if inner is not None:
                found.append((f"accounts[{place}]", inner, content.line))
            elif not isinstance(content.value, str):
                self._problem(content, f"accounts[{place}]", "An account is a mapping with 'holdings'.")
        return found

    def _head(self, level: dict[str, Node], path: str, above: _Head) -> _Head:
        for key in level:
            if key not in _HEAD_KEYS:
                self._case.findings.tally("Keys that were not read", f"'{path}{key}'")
        base = self._said(level, path, "base_currency", "Use an ISO 4217 code such as EUR.", _major_currency)
        region = self._said(level, path, "region", f"Use one of {', '.join(sorted(REGIONS))}.", known_region)
        own_id = self._said(
            level, path, "id", 'Use 1 to 48 of a-z, 0-9 and "-".', lambda t: t if is_portfolio_id(t) else None
        )
        name, account = self._plain(level, path, "name"), self._plain(level, path, "account")
        return _Head(
            self._as_of(level, path) or above.as_of,
            base or above.base_currency,
            region or above.region,
            name or (account and (f"{above.name} {account}" if above.name else account)) or above.name,
            own_id or (f"{above.own_id}/{account or name}" if above.own_id and path else ""),
            account or (name if path else "") or above.account,
            self._regimes(level, path) if "regimes" in level else above.regimes,
            self._benchmark(level, path) if "benchmark" in level else above.benchmark,
            # Never inherited: the same money did not come into every account.
            self._flows(level, path, base or above.base_currency) if "flows" in level else (),
            "flows" in level and level["flows"].value == [],
        )

    def _regimes(self, level: dict[str, Node], path: str) -> tuple[str, ...]:
        return read_regimes(level["regimes"], f"{path}regimes", self._problem)

    def _benchmark(self, level: dict[str, Node], path: str) -> tuple[tuple[str, Decimal], ...]:
        return read_benchmark(level["benchmark"], f"{path}benchmark", self._problem)

    def _flows(self, level: dict[str, Node], path: str, base: str | None) -> tuple[Flow, ...]:
        return read_flows(level["flows"], f"{path}flows", self._case.today, base, self._problem)

    def _as_of(self, level: dict[str, Node], path: str) -> date | None:
        text = self._plain(level, path, "as_of")
        if not text:
            return None
        try:
            day = parse_date(text)
        except NotADate as error:
            self._problem(level["as_of"], f"{path}as_of", f"The date {error}.")
            return None
        if day > self._case.today + timedelta(days=1):
            message = f"The date lies in the future (today is {self._case.today}). Check day, month and year."
            self._problem(level["as_of"], f"{path}as_of", message)
            return None
        return day

    def _said(
        self, level: dict[str, Node], path: str, key: str, remedy: str, check: Callable[[str], str | None]
    ) -> str | None:
        text = self._plain(level, path, key)
        if not text:
            return None
        known = check(text)
        if known is None:
            self._problem(level[key], f"{path}{key}", f"'{key}' is not known. {remedy}")
        return known

    def _plain(self, level: dict[str, Node], path: str, key: str) -> str:
        node = level.get(key)
        if node is None:
            return ""
        if not isinstance(node.value, str):
            self._problem(node, f"{path}{key}", f"'{key}' must be a single value.")
            return ""
        return one_line(node.value)

    def _holdings(self, node: Node, path: str, head: _Head, several: bool) -> None:
        if head.as_of is None:
            self._problem(node, f"{path}as_of", "The day of the holdings is missing or wrong. Give as_of: 2026-10-30.")
        if not isinstance(node.value, list):
            self._problem(node, f"{path}holdings", "Holdings are a list of mappings.")
            return
        if not node.value:
            self._problem(node, f"{path}holdings", "There are no holdings. Give at least one, be it cash.")
        for place, item in enumerate(node.value):
            where = f"{path}holdings[{place}]"
            content = plain_mapping(item)
            if content is None:
                self._problem(
                    item, where, "A holding is a mapping such as {symbol: VOO, currency: USD, market_value: 1}."
                )
                continue
            self._holding(item, content, where, head, path, several)

    def _holding(self, item: Node, content: dict[str, Node], where: str, head: _Head, path: str, several: bool) -> None:
        cells: dict[str, str] = {}
        terms = NO_TERMS
        for key, value in content.items():
            if key == "terms":
                found = self._terms(value, f"{where}.terms")
                if found is None:
                    return
                terms = found
                continue
            if not isinstance(value.value, str):
                self._problem(value, f"{where}.{key}", f"'{key}' must be a single value.")
                return
            if key in FIELDS:
                cells[key] = value.value
            elif key != "account":
                self._case.findings.tally("Keys that were not read", f"'{where}.{key}'")
        cells.setdefault("currency", head.base_currency or "")
        self._lines.prefix = f"{where}."
        holding = self._lines.read(item.line, PositionCells(**{"symbol": "", **cells}), terms=terms)
        if holding is None or head.as_of is None:
            return
        own = one_line(str(content["account"].value)) if "account" in content else ""
        account = own or head.account
        key_of = (path, account)
        if key_of not in self._gathered:
            name = f"{head.name} {own}".strip() if own else head.name
            self._gathered[key_of] = Gathered(
                self._identity(head, account, own, several),
                name or account or stem_of(self._name),
                account,
                head.as_of,
                base_currency=head.base_currency,
                region=head.region,
                regimes=head.regimes,
                benchmark=head.benchmark,
                flows=() if own else head.flows,
                no_flows=not own and head.no_flows,
            )
        self._gathered[key_of].holdings.append(holding)

    def _terms(self, node: Node, where: str) -> Terms | None:
        """The terms of a holding; None when one of them is wrong, and then every wrong one is reported."""
        content = plain_mapping(node)
        if content is None:
            if node.value == "":
                return NO_TERMS
            self._problem(node, where, "Terms are a mapping such as {issuer: LVMH, listed: yes}.")
            return None
        texts: dict[str, str] = {}
        for key, value in content.items():
            parts = value.value if isinstance(value.value, list) else [value]
            words = [part.value for part in parts if isinstance(part.value, str)]
            if len(words) < len(parts):
                self._problem(value, f"{where}.{key}", f"'{key}' must be a single value.")
                return None
            texts[key] = " ".join(words)
        terms, faults = read_terms(texts)
        for fault in faults:
            self._problem(content[fault.field], f"{where}.{fault.field}", fault.message)
        return None if faults else terms

    def _identity(self, head: _Head, account: str, own: str, several: bool) -> str:
        if head.own_id and not own and is_portfolio_id(head.own_id):
            return head.own_id
        if head.own_id:
            return portfolio_id_of(FAMILY, f"{head.own_id}/{own}" if own else head.own_id)
        return portfolio_id_of(FAMILY, account or (not several and head.name) or stem_of(self._name))

    def _problem(self, node: Node, where: str, message: str) -> None:
        self._case.findings.problem(node.line, where, describe(node), message)
