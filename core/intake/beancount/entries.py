"""Entries of a ledger that bear on what is held. The others (notes, events, queries, ...) are passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from core.errors import UnreadableFile
from core.intake.beancount.amounts import Amount, CostSpec, NotUnderstood, PriceSpec, TokenReader, day_of
from core.intake.beancount.tokens import Line, Token, TokenKind, lines_of

_LONGEST_ACCOUNT = 300
_REACHING_OPTIONS = frozenset({"documents", "insert_pythonpath", "plugin", "plugin_processing_mode"})
_PASSED_OVER = frozenset({"close", "note", "document", "event", "query", "custom"})
_FLAGS = frozenset("*!&#?%")
_TAGS = frozenset({"pushtag", "poptag", "pushmeta", "popmeta"})


@dataclass(frozen=True, slots=True)
class Posting:
    """A line of a transaction; of `units`, number, currency or both may be left to be worked out."""

    row: int
    account: str
    units: Amount
    cost: CostSpec | None = None
    price: PriceSpec | None = None


@dataclass(frozen=True, slots=True)
class Transaction:
    """Postings that sum to nothing."""

    row: int
    day: date
    postings: tuple[Posting, ...]


@dataclass(frozen=True, slots=True)
class BalanceAssertion:
    """What an account, with those below it, holds of a currency when the day begins."""

    row: int
    day: date
    account: str
    units: Decimal
    tolerance: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True)
class Pad:
    """From here on, what the next balance of the account needs comes from the source."""

    row: int
    day: date
    account: str
    source: str


@dataclass(frozen=True, slots=True)
class Open:
    """An account, with the way in which its lots are chosen; "" for the ledger's own way."""

    row: int
    day: date
    account: str
    booking: str


Dated = Transaction | BalanceAssertion | Pad | Open


@dataclass(slots=True)
class Entries:
    """Everything of a ledger that bears on what is held.

    Attributes:
        options: The first value of each.
        prices: Day, commodity, number, currency.
        problems: Row, the part it is about, and the rest of a sentence that starts with the entry.
        passed_over: Lines that are no entries.
    """

    options: dict[str, str] = field(default_factory=dict)
    dated: list[Dated] = field(default_factory=list)
    prices: list[tuple[date, str, Decimal, str]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    problems: list[tuple[int, str, str]] = field(default_factory=list)
    passed_over: list[int] = field(default_factory=list)


def read_entries(name: str, text: str) -> Entries:
    """The entries of a ledger.

    Raises:
        UnreadableFile: It would make Beancount run code or read other files, or a quotation mark is never closed.
    """
    return _Reading(name).read(lines_of(name, text))


class _Reading:
    def __init__(self, name: str) -> None:
        self._name = name
        self._found = Entries()
        self._kinds: dict[str, Callable[[Line, date, TokenReader, list[Line]], None]] = {
            "open": self._open,
            "commodity": self._commodity,
            "price": self._price,
            "balance": self._balance,
            "pad": self._pad,
            "txn": self._transaction,
        }

    def read(self, lines: Iterable[Line]) -> Entries:
        """All entries, in the order of the file."""
        for head, below in _grouped(lines):
            try:
                self._entry(head, below)
            except NotUnderstood as error:
                self._found.problems.append((head.row, error.text, str(error)))
        return self._found

    def _entry(self, head: Line, below: list[Line]) -> None:
        reader = TokenReader(head.tokens)
        written = reader.take(TokenKind.DATE)
        if written is None:
            self._undated(head, reader)
            return
        day = day_of(written)
        kind = reader.take(TokenKind.WORD)
        if kind is None:
            # A flag: "*", "!" and their like, or a capital letter.
            flag = reader.take(TokenKind.SIGN, TokenKind.CURRENCY)
            kind = "txn" if flag is not None and (flag in _FLAGS or len(flag) == 1) else None
        if kind in _PASSED_OVER:
            return
        if kind not in self._kinds:
            raise NotUnderstood("is of no kind that is known", kind or "")
        self._kinds[kind](head, day, reader, below)

    def _undated(self, head: Line, reader: TokenReader) -> None:
        word = reader.take(TokenKind.WORD)
        if word in ("include", "plugin"):
            self._refuse(head, word)
        if word == "option":
            option, value = reader.needed(TokenKind.STRING, "name"), reader.needed(TokenKind.STRING, "value")
            if option in _REACHING_OPTIONS:
                self._refuse(head, f'option "{option}"')
            self._found.options.setdefault(option, value)
        elif word not in _TAGS:
            if head.tokens[0].kind is TokenKind.NUMBER:
                raise NotUnderstood("starts with a number that is no day", head.tokens[0].text)
            self._found.passed_over.append(head.row)

    def _refuse(self, head: Line, what: str) -> None:
        raise UnreadableFile(
            f"'{self._name}' has '{what}' in line {head.row}, which makes Beancount read other files or run code: that "
            "is not done here, and without it the ledger is not whole. Import a ledger in one file without it."
        )

    def _open(self, head: Line, day: date, reader: TokenReader, _below: list[Line]) -> None:
        account = _account(reader)
        while reader.take(TokenKind.CURRENCY) is not None:
            reader.take_sign(",")
        booking = reader.take(TokenKind.STRING) or ""
        reader.end()
        self._found.dated.append(Open(head.row, day, account, booking))

    def _commodity(self, _head: Line, _day: date, reader: TokenReader, below: list[Line]) -> None:
        symbol = reader.needed(TokenKind.CURRENCY, "commodity")
        for line in below:
            if line.tokens[0] == Token(TokenKind.KEY, "name") and len(line.tokens) > 1:
                self._found.names[symbol] = line.tokens[1].text

    def _price(self, _head: Line, day: date, reader: TokenReader, _below: list[Line]) -> None:
        symbol = reader.needed(TokenKind.CURRENCY, "commodity")
        number, currency = _whole(reader.amount())
        reader.end()
        self._found.prices.append((day, symbol, number, currency))

    def _balance(self, head: Line, day: date, reader: TokenReader, _below: list[Line]) -> None:
        account, number, tolerance = _account(reader), reader.number(), None
        if reader.take_sign("~"):
            tolerance = reader.number()
        number, currency = _whole(Amount(number, reader.take(TokenKind.CURRENCY)))
        reader.end()
        self._found.dated.append(BalanceAssertion(head.row, day, account, number, tolerance, currency))

    def _pad(self, head: Line, day: date, reader: TokenReader, _below: list[Line]) -> None:
        account, source = _account(reader), _account(reader)
        reader.end()
        self._found.dated.append(Pad(head.row, day, account, source))

    def _transaction(self, head: Line, day: date, _reader: TokenReader, below: list[Line]) -> None:
        postings: list[Posting] = []
        for line in below:
            if line.tokens[0].kind in (TokenKind.KEY, TokenKind.LABEL):
                continue
            try:
                postings.append(_posting(line))
            except NotUnderstood as error:
                # Told with its own row; without the line the rest would mean something else.
                self._found.problems.append((line.row, error.text, str(error)))
                return
        self._found.dated.append(Transaction(head.row, day, tuple(postings)))


def _grouped(lines: Iterable[Line]) -> Iterator[tuple[Line, list[Line]]]:
    """Lines at the margin, each with the indented ones below it."""
    head: Line | None = None
    below: list[Line] = []
    for line in lines:
        if line.indented:
            below.append(line)
            continue
        if head is not None:
            yield head, below
        head, below = line, []
    if head is not None:
        yield head, below


def _posting(line: Line) -> Posting:
    reader = TokenReader(line.tokens)
    if reader.next is not None and reader.next.kind is TokenKind.SIGN:
        reader.take_sign(*_FLAGS)
    elif reader.next is not None and reader.next.kind is TokenKind.CURRENCY and len(reader.next.text) == 1:
        reader.take(TokenKind.CURRENCY)
    account = _account(reader)
    posting = Posting(line.row, account, reader.amount(), reader.cost(), reader.price())
    reader.end()
    return posting


def _account(reader: TokenReader) -> str:
    account = reader.needed(TokenKind.ACCOUNT, "account where one must be")
    if len(account) > _LONGEST_ACCOUNT:
        raise NotUnderstood(f"has an account of {len(account):,} characters", account)
    return account


def _whole(amount: Amount) -> tuple[Decimal, str]:
    if amount.number is None or amount.currency is None:
        raise NotUnderstood("has no amount with its currency", amount.currency or "")
    return amount.number, amount.currency
