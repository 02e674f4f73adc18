"""What a file `*.toml` beside this module says about one format, checked when it is loaded.

name, title, family, kind, learnt, check, traps       see `Description`
[recognise] needed, without, marks                    which header, or which text, makes a file this format
[columns] field = ["Header", ...]                     spellings in every language the file is issued in
inside, plus, cash, off_market                        see `Description`
[beside] field = "other field"                        stands in the nameless column right of the other one
[fixed] field = "value"                               the same in every row
[habits] decimal, days, quote_days, ...               see `Habits`
[words] column.word = "meaning"                       asset classes, or kinds of dealings
[skip] field = ["words"]                              rows that are no lines
[empty] field = ["words"]                             cells that say nothing
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from core.domain.portfolio import AssetClass
from core.intake.cells.asset_classes import folded
from core.intake.cells.headers import normal
from core.intake.cells.numbers import NumberStyle
from core.intake.positions.canonical import COLUMNS
from core.intake.tables.choices import DATES, DECIMALS
from core.intake.tables.column_words import named
from core.intake.transactions.entries import EntryKind
from core.intake.transactions.moments import DayOrder

POSITIONS: Final = "positions"
DEALINGS: Final = "dealings"
COINS: Final = "coins"
REFUSED: Final = "refused"
IGNORED: Final = "ignored"
"""The meaning of a word whose rows move nothing."""
BY_SIGN: Final = "by sign"
"""The meaning of a word whose rows buy where the quantity is positive, and sell where it is not."""
UNKNOWN: Final = "unknown"
"""The meaning of a word, longer than one that is known, whose rows a description cannot tell."""

_FIELDS: Final = {
    POSITIONS: {*COLUMNS, "price_currency"},
    DEALINGS: {
        "date", "clock", "account", "action", "symbol", "isin", "name", "asset_class", "quantity", "price", "currency",
        "amount", "amount_currency", "fees", "more_fees", "taxes", "balance", "status", "detail", "net_quantity",
        "gross", "fees_currency", "into_symbol", "into_quantity",
    },
    COINS: {"date", "account", "action", "detail", "group", "symbol", "quantity", "fees", "balance", "id", "out_symbol",
            "out_quantity", "fee_symbol"},
    REFUSED: {*COLUMNS, "weight", "action", "amount"},
}  # fmt: skip


class BadDescription(ValueError):
    """A file of a format does not say what it must; the message names file and entry."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How a format writes what it writes.

    Attributes:
        decimal: Sign before decimals; None lets the file decide.
        days: Which of day and month stands first; UNKNOWN lets the file prove it.
        quote_days: The date column dates each line's price and not the list.
        code_first: Names begin with the code of the line ("7203 Toyota").
        words: How a word of `[words]` is found in its cell: "whole", or "start" for the beginning of a sentence.
        amount: What the amount of a dealing is: "net" with fees, "gross" without.
        signed: Whether amounts carry their sign; else the kind of the row says where money went.
        cash: Whether the rows tell of all money, so that cash can be their sum.
        cash_if_deposits: Only where deposits or withdrawals are among the rows.
        price_of_sales: Whether the amount of a sale is what was got for its units.
        option_sign: Symbols that begin so are options on 100 units.
        pair_sign: Parts a symbol from the currency behind it.
        coin_prefixes: Whether coins may be called XXBT and money ZEUR, as Kraken calls them.
        signed_costs: Fees and taxes carry their sign: what came back is positive.
        fees_inside: Amounts hold the fees in their own coin already; else these come on top.
        coins: Symbols may be currencies, whose quantity is then an amount of money.
        isin_in_name: Names hold the ISIN too.
        trade_in_detail: Units and price stand inside the detail ("OPEN BUY 4 @ 154.08").
        named_classes: What a line is, is read from its name, because no column says it.
        market: Kinds of dealings, beside purchases and sales, whose price is the market's of their day: an exchange
            states it beside the coins that it gives or moves; brokers write there what a transfer once cost.
    """

    decimal: NumberStyle | None = None
    days: DayOrder = DayOrder.UNKNOWN
    quote_days: bool = False
    code_first: bool = False
    words: str = "whole"
    amount: str = "net"
    signed: bool = True
    cash: bool = True
    cash_if_deposits: bool = False
    price_of_sales: bool = True
    option_sign: str = ""
    pair_sign: str = ""
    coin_prefixes: bool = False
    signed_costs: bool = False
    fees_inside: bool = False
    coins: bool = False
    isin_in_name: bool = False
    trade_in_detail: bool = False
    named_classes: bool = False
    market: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Description:
    """One format.

    Attributes:
        name: As `--format` takes it.
        title: For people choosing a file.
        kind: "positions", "dealings", "coins" for one row a coin that moves, or "refused" for a file without values.
        family: Formats of one family continue one another's portfolios.
        learnt: Where its shape was learnt, in general words.
        check: What of the file is held against what is read, for docs/import-checks.md.
        traps: What goes wrong when its columns are taken by their words.
        columns: For each of our fields the spellings of its header, normalised.
        needed: Fields that a header must have.
        without: Headers, normalised, that it must not have.
        marks: Texts of which one must stand in the head of the file; none where the header is enough.
        words: For each field, what a word in it means, in lower case without accents.
        skip: For each field, words whose rows are no lines.
        notes: Told with every import: what this format cannot know.
        remedy: For a refused format: what to send instead.
        inside: The field whose cells name the currency too ("EUR 564.19"), where no column does.
        plus: Headers, normalised, of more columns of units that belong to the line.
        cash: How names of lines begin that are money on the account.
        price_of: For a header, normalised, how many units a price is for in tables with it.
        asks: What the file does not say and a person has to: "currency".
        currencies: What the format calls a currency by a code of its own, and its ISO code.
        empty: For each field, words that stand for nothing.
        off_market: Words by which purchases and sales begin whose price is none of the market: rights, subscriptions,
            takeovers.
    """

    name: str
    title: str
    kind: str
    family: str
    learnt: str
    check: str
    traps: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    needed: tuple[str, ...]
    without: frozenset[str] = frozenset()
    marks: tuple[str, ...] = ()
    beside: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    habits: Habits = field(default_factory=Habits)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    skip: Mapping[str, frozenset[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    remedy: str = ""
    inside: str = ""
    plus: frozenset[str] = frozenset()
    cash: tuple[str, ...] = ()
    price_of: Mapping[str, int] = field(default_factory=dict)
    asks: tuple[str, ...] = ()
    currencies: Mapping[str, str] = field(default_factory=dict)
    empty: Mapping[str, frozenset[str]] = field(default_factory=dict)
    off_market: tuple[str, ...] = ()

    def row(self) -> str:
        """Its row in docs/import-checks.md."""
        return f"| `{self.name}` | {self.title} | {'; '.join(self.traps)} | {self.check} |"

    def places(self, header: Sequence[str]) -> dict[str, int]:
        """For each field that a header has, its column from 0."""
        found = {normal(cell): place for place, cell in reversed(list(enumerate(header))) if cell.strip()}
        places: dict[str, int] = {}
        for name, spellings in self.columns.items():
            spelling = next((one for one in spellings if one in found), None)
            if spelling is not None:
                places[name] = found[spelling]
        for name, beside in self.beside.items():
            step = -1 if beside.startswith("<") else 1
            place = places.get(beside.removeprefix("<"), -step) + step
            if place > 0 and (_may_be(name, header[place : place + 1]) or header.count(header[place]) > 1):
                places[name] = place
        return places

    def is_header(self, header: Sequence[str]) -> bool:
        """Whether a row is this format's header."""
        names = {normal(cell) for cell in header if cell.strip()}
        return self.fits(names)

    def fits(self, names: set[str] | frozenset[str]) -> bool:
        """Whether these normalised names of columns are its header's."""
        return not self.without & names and all(names.intersection(self.columns[one]) for one in self.needed)

    def meaning(self, name: str, cell: str) -> str | None:
        """What the word in a cell means; None where it is not known."""
        words = self.words.get(name)
        if not words:
            return None
        text = " ".join(folded(cell).split())
        known = words.get(text)
        if known is None and self.habits.words == "start":
            known = next((meant for word, meant in words.items() if text.startswith(word)), None)
        return known

    def is_named(self, name: str, cell: str) -> bool:
        """Whether a cell is one of the words that the description itself names, from its beginning to its end."""
        return " ".join(folded(cell).split()) in self.words.get(name, {})

    def skips(self, row: Sequence[str], places: Mapping[str, int]) -> bool:
        """Whether a row is no line of its own."""
        for name, words in self.skip.items():
            cells = row if name == "row" else row[places[name] :][:1] if name in places else ()
            if any(" ".join(folded(cell).split()) in words for cell in cells):
                return True
        return False


def _may_be(name: str, right: Sequence[str]) -> bool:
    """Whether the column beside another can be a field: it has no name there, or the field's own."""
    return not right or not right[0].strip() or named(right[0]).get(name, 0.0) >= 1


@lru_cache(maxsize=1)
def descriptions() -> tuple[Description, ...]:
    """Every format that is described, the one with the most particular header first.

    Raises:
        BadDescription: One of the files is not as it must be.
    """
    files = sorted(Path(__file__).parent.glob("*.toml"))
    made = [described(path.stem, tomllib.loads(path.read_text(encoding="utf-8"))) for path in files]
    return tuple(sorted(made, key=lambda one: (-len(one.needed) - len(one.marks), one.name)))


def described(stem: str, told: Mapping[str, Any]) -> Description:
    """A description from what its file says.

    Raises:
        BadDescription: Something is missing, or not known.
    """
    unknown = told.keys() - {*_ASKED, *_MORE, *_TABLES, "recognise", "columns"}
    missing = [name for name in (*_ASKED, "recognise", "columns") if not told.get(name)]
    if unknown or missing:
        raise BadDescription(f"{stem}.toml: not known {sorted(unknown)}, missing {missing}")
    recognise: Mapping[str, Any] = told["recognise"]
    made = Description(
        **{name: told[name] for name in _ASKED if name != "traps"},
        traps=tuple(told["traps"]),
        columns={name: tuple(map(normal, spellings)) for name, spellings in told["columns"].items()},
        needed=tuple(recognise["needed"]),
        without=frozenset(map(normal, recognise.get("without", ()))),
        marks=tuple(recognise.get("marks", ())),
        beside=told.get("beside", {}),
        fixed=told.get("fixed", {}),
        habits=_habits(told.get("habits", {})),
        words={name: _words(name, meanings) for name, meanings in told.get("words", {}).items()},
        skip={name: frozenset(map(folded, words)) for name, words in told.get("skip", {}).items()},
        notes=tuple(told.get("notes", ())),
        remedy=told.get("remedy", ""),
        inside=told.get("inside", ""),
        plus=frozenset(map(normal, told.get("plus", ()))),
        price_of={normal(header): units for header, units in told.get("price_of", {}).items()},
        currencies=told.get("currencies", {}),
        asks=tuple(told.get("asks", ())),
        cash=tuple(map(folded, told.get("cash", ()))),
        off_market=tuple(map(folded, told.get("off_market", ()))),
        empty={name: frozenset(map(folded, words)) for name, words in told.get("empty", {}).items()},
    )
    _check(stem, made)
    return made


_ASKED: Final = ("name", "title", "kind", "family", "learnt", "check", "traps")
_MORE: Final = ("notes", "remedy", "inside", "plus", "cash", "asks", "off_market")
_TABLES: Final = ("beside", "fixed", "habits", "words", "skip", "empty", "price_of", "currencies")


def _habits(told: Mapping[str, Any]) -> Habits:
    more = {name: value for name, value in told.items() if name not in ("decimal", "days", "market")}
    market = tuple(told.get("market", ()))
    if wrong := set(market) - {one.value for one in EntryKind}:
        raise BadDescription(f"[habits] market means {sorted(wrong)}, which are no kinds of dealings")
    return Habits(
        decimal=DECIMALS[told["decimal"]] if "decimal" in told else None,
        days=DATES[told["days"]] if "days" in told else DayOrder.UNKNOWN,
        market=market,
        **more,
    )


def _words(field_name: str, meanings: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Each word with what it means, longer ones first, so that "buy to cover" is not "buy"."""
    allowed = {one.value for one in (EntryKind if field_name == "action" else AssetClass)} | {IGNORED, BY_SIGN, UNKNOWN}
    if wrong := meanings.keys() - allowed:
        raise BadDescription(f"[words] means {sorted(wrong)}; known are {sorted(allowed)}")
    pairs = [(" ".join(folded(word).split()), meant) for meant, words in meanings.items() for word in words]
    return dict(sorted(pairs, key=lambda pair: -len(pair[0])))


def _check(stem: str, made: Description) -> None:
    known = _FIELDS.get(made.kind)
    if made.name != stem or known is None:
        raise BadDescription(f"{stem}.toml: its name is '{made.name}' and its kind '{made.kind}'")
    named = {*made.columns, *made.beside, *made.fixed, *made.skip} - {"row"}
    if wrong := named - known - {name for name in made.skip if name in made.columns}:
        raise BadDescription(f"{stem}.toml: {sorted(wrong)} are no fields of {made.kind}")
    if lost := [name for name in made.needed if name not in made.columns]:
        raise BadDescription(f"{stem}.toml: needed {lost} have no column")
