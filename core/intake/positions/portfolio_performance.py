"""Portfolio Performance's XML file: depots, accounts, securities and their daily quotes.

A depot is a portfolio, together with the cash of its reference account and of accounts that bought for it. Units come
from the bookings through first-in-first-out lots; the value is the newest quote, with its day where that is older than
the file's. Quotes of all securities come along as price histories. Numbers are whole: amounts in hundredths, shares and
quotes in units that depend on the version of the file (`_SCALES`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal, localcontext

from core.domain.portfolio import AssetClass, DailyCloses, Flow, Holding
from core.errors import UnreadableFile
from core.intake.cells.asset_classes import class_from_name
from core.intake.cells.codes import currency_code, isin_fault
from core.intake.cells.dates import NotADate, parse_date
from core.intake.cells.names import one_line, portfolio_id_of
from core.intake.gathering import Case, Gathered
from core.intake.opening.limits import MAX_ELEMENTS
from core.intake.opening.source import SourceFile
from core.intake.opening.xml_tree import Element, root_tag, xml_root
from core.intake.positions.pp_bookings import Bookings, CashBooking
from core.intake.positions.xstream import References
from core.intake.transactions.entries import NOTHING, Entry, EntryKind, Security
from core.intake.transactions.positions import Positions, tidy

FAMILY = "portfolio_performance"
_SCALES = (
    # Up to this version: units of one share, units of one currency unit in quotes.
    (29, Decimal(10) ** 6, Decimal(10) ** 2),
    (48, Decimal(10) ** 6, Decimal(10) ** 4),
    (9_999, Decimal(10) ** 8, Decimal(10) ** 8),
)
_OLDEST = 29
"""Before it, amounts had no currency."""
_MAX_DEPTH = 400
_DIGITS = 60
_CENT = Decimal("0.01")
_STALE = timedelta(days=7)
_LOW, _HIGH = Decimal("0.1"), Decimal(10)
_CLASSES = {
    "CASH": AssetClass.CASH,
    "EQUITY": AssetClass.EQUITY,
    "DEBT": AssetClass.BOND,
    "REAL_ESTATE": AssetClass.REAL_ESTATE,
    "COMMODITY": AssetClass.COMMODITY,
}
_FUNDS = {AssetClass.EQUITY: AssetClass.EQUITY_FUND, AssetClass.BOND: AssetClass.BOND_FUND}


def detect(source: SourceFile) -> bool:
    """Whether XML is a client file."""
    return root_tag(source) == "client" and b"<securities" in source.data[:4_000].replace(b"\x00", b"")


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read all depots of the file.

    Raises:
        UnreadableFile: Not XML, not a client file, too old, references to nothing, unsafe or too large.
    """
    root = xml_root(source, max_depth=_MAX_DEPTH)
    version = root.said("version")
    if root.tag != "client" or not version.isdigit():
        raise UnreadableFile(f"'{source.name}' is XML but no file of Portfolio Performance: it states no version.")
    if int(version) < _OLDEST:
        raise UnreadableFile(
            f"'{source.name}' was written by an old Portfolio Performance (file version {version}). "
            "Open it in a current one, save it as XML, and import that."
        )
    with localcontext() as context:
        context.prec = _DIGITS
        return _Client(source.name, root, int(version), case).read()


@dataclass(slots=True)
class _Quoted:
    """A security with its quotes.

    Attributes:
        quotes: Oldest first.
    """

    security: Security
    currency: str
    quotes: list[tuple[date, Decimal]]


@dataclass(slots=True)
class _Depot:
    """A depot with the accounts that belong to it; `element` is None for an account that belongs to none."""

    element: Element | None
    name: str
    key: str
    accounts: list[Element] = field(default_factory=list)


class _Client:
    """One file on its way to its portfolios."""

    def __init__(self, name: str, root: Element, version: int, case: Case) -> None:
        self._root = root
        self._case = case
        self._references = References(name, root)
        shares, quotes = next((shares, quotes) for newest, shares, quotes in _SCALES if version <= newest)
        self._quote_scale = quotes
        self._bookings = Bookings(self._references, case.findings, shares)
        self._latest = case.today + timedelta(days=1)
        self._quoted: dict[int, _Quoted] = {}
        self._home: dict[int, _Depot] = {}
        self._name = name
        self._read = 0

    def read(self) -> list[Gathered]:
        """The portfolios, each on the newest day that the file knows of it."""
        classes = self._classes()
        for element in self._list("securities"):
            quoted = self._security(element, classes.get(id(element)))
            if quoted is not None:
                self._quoted[id(element)] = quoted
        self._keep_prices()
        base = currency_code(self._references.said(self._root, "baseCurrency"))
        made: list[Gathered] = []
        for depot in self._depots():
            group = self._portfolio(depot)
            if group is not None:
                group.base_currency = base[0] if base is not None else None
                made.append(group)
        return made

    def _count(self) -> None:
        """Refuse a small file whose references let one long list be read over and over."""
        self._read += 1
        if self._read > MAX_ELEMENTS:
            raise UnreadableFile(
                f"'{self._name}' refers to more than {MAX_ELEMENTS:,} bookings and quotes. Save it again there."
            )

    def _list(self, *path: str) -> list[Element]:
        held = self._root.child(*path)
        return [self._references.real(child) for child in held.children] if held is not None else []

    def _security(self, element: Element, known: AssetClass | None) -> _Quoted | None:
        said = self._references.said
        currency = said(element, "currencyCode").upper()
        isin, name = said(element, "isin").upper(), one_line(said(element, "name"))
        symbol = one_line(said(element, "tickerSymbol") or isin or said(element, "wkn") or name)
        if not currency:
            # An index or an exchange rate: nobody holds it, and its points are no money.
            return None
        if currency_code(currency) is None or not symbol:
            message = "The security has no known currency or no name. Correct it in Portfolio Performance."
            self._case.findings.problem(element.row, "security", f"{symbol} {currency}", message)
            return None
        if isin and isin_fault(isin):
            self._case.findings.problem(element.row, "isin", isin, f"The ISIN {isin_fault(isin)}.")
            isin = ""
        guessed = class_from_name(name)
        is_fund = guessed in (AssetClass.FUND, AssetClass.EQUITY_FUND, AssetClass.BOND_FUND)
        if known is AssetClass.CASH and guessed is not AssetClass.CASH:
            # People file what they please under cash; a security is cash only where its name says so too.
            known = None
        kind = guessed if known is None else _FUNDS.get(known, known) if is_fund else known
        security = Security(isin or symbol, symbol, isin, name, kind)
        return _Quoted(security, currency, self._quotes(element))

    def _quotes(self, element: Element) -> list[tuple[date, Decimal]]:
        prices, latest = self._references.child(element, "prices"), element.child("latest")
        found: dict[date, Decimal] = {}
        for quote in (*(prices.children if prices is not None else ()), *((latest,) if latest is not None else ())):
            self._count()
            text, value = quote.attributes.get("t", ""), quote.attributes.get("v", "")
            try:
                day = parse_date(text)
            except NotADate:
                self._case.findings.tally("Quotes without a good day were left out", f"line {quote.row} '{text}'")
                continue
            if day > self._latest or not value.isascii() or not value.isdigit() or len(value) > 20 or not int(value):
                self._case.findings.tally("Quotes of zero, below, or in the future were left out", f"line {quote.row}")
                continue
            found[day] = Decimal(value) / self._quote_scale
        return sorted(found.items())

    def _keep_prices(self) -> None:
        seen: set[str] = set()
        for quoted in self._quoted.values():
            symbol = quoted.security.symbol
            if symbol in seen:
                self._case.findings.tally("Securities that share a symbol; the first one's quotes were kept", symbol)
            elif quoted.quotes:
                self._case.prices.append(DailyCloses(symbol, quoted.currency, tuple(quoted.quotes)))
            seen.add(symbol)

    def _classes(self) -> dict[int, AssetClass]:
        """What securities are by the file's own taxonomy of asset classes; mixed ones are left to their name."""
        found: dict[int, AssetClass] = {}
        for taxonomy in self._list("taxonomies"):
            if self._references.said(taxonomy, "id") != "assetclasses":
                continue
            for classification in taxonomy.every("classification"):
                kind = _CLASSES.get(self._references.said(classification, "id"))
                assignments = classification.child("assignments")
                for assignment in assignments.children if kind is not None and assignments is not None else ():
                    vehicle = self._references.child(assignment, "investmentVehicle")
                    if (
                        kind is not None
                        and vehicle is not None
                        and self._references.said(assignment, "weight") == "10000"
                    ):
                        found[id(vehicle)] = kind
        return found

    def _depots(self) -> list[_Depot]:
        """Depots with their accounts; an account that no depot uses is a portfolio of its own."""
        said = self._references.said
        depots = {
            id(element): _Depot(element, _shown(said(element, "name")), said(element, "uuid"))
            for element in self._list("portfolios")
        }
        homes: dict[int, _Depot] = {}
        for depot in depots.values():
            account = self._references.child(depot.element, "referenceAccount") if depot.element is not None else None
            if account is not None:
                homes.setdefault(id(account), depot)
        lone: list[_Depot] = []
        for account in self._list("accounts"):
            home = homes.get(id(account)) or self._bought_for(account, depots)
            if home is None and len(depots) == 1:
                home = next(iter(depots.values()))
            if home is None:
                home = _Depot(None, _shown(said(account, "name")), said(account, "uuid"))
                lone.append(home)
            home.accounts.append(account)
            self._home[id(account)] = home
        return [*depots.values(), *lone]

    def _bought_for(self, account: Element, depots: dict[int, _Depot]) -> _Depot | None:
        for booking in self._transactions(account):
            other = self._references.child(booking, "crossEntry")
            depot = self._references.child(other, "portfolio") if other is not None else None
            if depot is not None and id(depot) in depots:
                return depots[id(depot)]
        return None

    def _transactions(self, holder: Element) -> Iterator[Element]:
        held = self._references.child(holder, "transactions")
        for child in held.children if held is not None else ():
            self._count()
            yield self._references.real(child)

    def _portfolio(self, depot: _Depot) -> Gathered | None:
        entries = list(self._entries(depot.element)) if depot.element is not None else []
        cash = [
            booking
            for account in depot.accounts
            for element in self._transactions(account)
            if (booking := self._bookings.cash(element)) is not None
        ]
        if not entries and not cash:
            return None
        positions = Positions(self._case.findings)
        positions.run(sorted(entries, key=lambda entry: entry.at))
        days = [entry.at.date() for entry in entries] + [booking.at.date() for booking in cash]
        held = positions.holdings(max(days), lambda _position: None)
        quotes = {quoted.security.symbol: quoted for quoted in reversed(self._quoted.values())}
        days += [quotes[one.symbol].quotes[-1][0] for one in held if one.symbol in quotes and quotes[one.symbol].quotes]
        day = min(max(days), self._latest)
        group = Gathered(portfolio_id_of(FAMILY, depot.key or depot.name), depot.name, depot.name, day)
        group.holdings = [self._valued(one, quotes.get(one.symbol), day) for one in held]
        group.holdings += _cash_lines(cash)
        group.flows = tuple(self._flows(depot, entries, cash))
        return group

    def _entries(self, depot: Element) -> Iterator[Entry]:
        for booking in self._transactions(depot):
            security = self._references.child(booking, "security")
            quoted = self._quoted.get(id(security)) if security is not None else None
            if quoted is None:
                message = "The booking's security did not come in. Correct the security in Portfolio Performance."
                self._case.findings.problem(booking.row, "security", self._references.said(booking, "type"), message)
                continue
            entry = self._bookings.units(booking, quoted.security, quoted.currency)
            if entry is not None:
                yield entry

    def _valued(self, holding: Holding, quoted: _Quoted | None, day: date) -> Holding:
        """The line at its newest quote; without one it stays at the price of its last booking, marked with that day."""
        if quoted is None or not quoted.quotes or holding.quantity is None:
            heading = "Lines without a quote are valued at their last booking"
            self._case.findings.tally(heading, f"{holding.symbol} on {holding.priced_on or day}")
            return holding
        quoted_on, quote = quoted.quotes[-1]
        if holding.price and holding.currency == quoted.currency and not _LOW < quote / holding.price < _HIGH:
            heading = (
                "Quotes ten times above or below the price of the last booking, which look like another security's"
            )
            self._case.findings.tally(heading, f"{holding.symbol} {quote:,f} against {holding.price:,f}")
        if day - quoted_on > _STALE:
            heading = "Quotes more than a week older than the newest of the portfolio"
            self._case.findings.tally(heading, f"{holding.symbol} of {quoted_on}")
        return replace(
            holding,
            price=quote,
            currency=quoted.currency,
            market_value=holding.quantity * quote,
            cost=holding.cost if holding.currency == quoted.currency else None,
            priced_on=quoted_on if quoted_on < day else None,
        )

    def _flows(self, depot: _Depot, entries: list[Entry], cash: list[CashBooking]) -> Iterator[Flow]:
        """Deposits and removals, and transfers that crossed the border of the portfolio."""
        for booking in cash:
            if booking.kind not in (EntryKind.DEPOSIT, EntryKind.WITHDRAWAL):
                continue
            if not (booking.transfer and self._inside(depot, booking.element)):
                yield Flow(booking.at.date(), booking.money.amount, booking.money.currency)
        for entry in entries:
            if entry.kind in (EntryKind.TRANSFER_IN, EntryKind.TRANSFER_OUT) and entry.price is not None:
                sign = 1 if entry.kind is EntryKind.TRANSFER_IN else -1
                yield Flow(entry.at.date(), tidy(sign * entry.price * entry.quantity), entry.currency)

    def _inside(self, depot: _Depot, booking: Element) -> bool:
        """Whether both accounts of a transfer belong to the same portfolio."""
        cross = self._references.child(booking, "crossEntry")
        if cross is None:
            return False
        sides = [self._references.child(cross, side) for side in ("accountFrom", "accountTo")]
        return all(side is not None and self._home.get(id(side)) is depot for side in sides)


def _cash_lines(cash: list[CashBooking]) -> list[Holding]:
    totals: dict[str, Decimal] = {}
    for booking in cash:
        totals[booking.money.currency] = totals.get(booking.money.currency, NOTHING) + booking.money.amount
    return [
        Holding(f"CASH_{currency}", "", f"Cash {currency}", AssetClass.CASH, None, None, currency, total)
        for currency, total in sorted((currency, total.quantize(_CENT)) for currency, total in totals.items())
        if total
    ]


def _shown(name: str) -> str:
    """A name for people; files that come with the program keep keys such as "${Model_Depot}" in its place."""
    return one_line(name).removeprefix("${").removesuffix("}") or "Depot"
