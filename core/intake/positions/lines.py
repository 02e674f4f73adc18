"""One row of any source becomes one Holding, or the list of everything wrong with it.

All readers end here, so that a number, a currency or an ISIN is judged alike in every format.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from core.domain.instrument import NO_TERMS, InstrumentType, Terms
from core.domain.portfolio import AssetClass, Holding
from core.intake.cells.asset_classes import (
    class_of_words,
    has_coupon,
    is_bond_name,
    is_cash_name,
    is_debt_of_a_state,
    is_option_name,
    is_option_symbol,
)
from core.intake.cells.codes import country_code, currency_code, isin_fault
from core.intake.cells.money_marks import currency_named, marks_of, without_hundredths
from core.intake.cells.names import one_line
from core.intake.cells.numbers import EMPTY, NotANumber, NumberStyle, parse_number, unguarded
from core.intake.findings import Findings
from core.intake.opening.limits import MAX_CELL_CHARS

ONE = Decimal(1)
HUNDRED = Decimal(100)
_NOTHING = Decimal(0)
_TOLERANCE = Decimal("0.001")
_ACCRUED = Decimal("0.06")
"""A bond's stated value may include interest that its price does not; 100 times as much it never is."""

_PER_UNIT = Decimal("2.5")
"""A bond's price up to here is a fraction of nominal (1.02 means par and 2 %); above, it is per 100."""

_REPEATED = frozenset({"quantity", "price"})
_MOST_NUMBERS = 50_000
_UNITS_OF_PRICE = "units of a price"

BONDS = frozenset(
    {
        InstrumentType.GOVERNMENT_BOND,
        InstrumentType.SUPRANATIONAL_BOND,
        InstrumentType.CORPORATE_BOND,
        InstrumentType.COVERED_BOND,
        InstrumentType.SECURITISED,
    }
)
"""Kinds that markets quote per 100 of nominal."""


_LIKE_PERCENT = (Decimal(50), Decimal(160))
"""Prices that may be percent of nominal."""


class PositionCells(NamedTuple):
    """The cells of one position as text, "" where the source has none."""

    symbol: str
    isin: str = ""
    name: str = ""
    asset_class: str = ""
    quantity: str = ""
    price: str = ""
    currency: str = ""
    market_value: str = ""
    sector: str = ""
    country: str = ""
    cost: str = ""


FIELDS = PositionCells._fields


class LineReader:
    """Turns rows into holdings. One reader a file, because it remembers what it has seen.

    Args:
        findings: Where problems and notes go.
        style: Decimal style of the file.
        columns: What the file calls each field, for problems; a field that is not there is called by our name.
        typed: A person types the line and can correct an ISIN at once; a wrong one of a file is left empty and told.
        price_of: Units that a price is for, where it is more than one.

    Attributes:
        prefix: Put before the column in problems; documents set it to the path of the holding.
    """

    def __init__(
        self,
        findings: Findings,
        style: NumberStyle = NumberStyle.POINT,
        columns: dict[str, str] | None = None,
        *,
        typed: bool = False,
        price_of: Decimal = ONE,
    ) -> None:
        self._findings = findings
        self._typed = typed
        self._price_of = price_of
        self._style = style
        self.prefix = ""
        self._columns = {name: (columns or {}).get(name, name) for name in FIELDS}
        # A large file repeats its symbols, names and codes: each distinct text is judged and kept in memory once.
        self._texts: dict[str, str] = {}
        self._isins: dict[str, str | None] = {}
        self._numbers: dict[str, Decimal] = {}
        self._currencies: dict[str, tuple[str, int] | None] = {}
        self._classes: dict[str, AssetClass] = {}
        self._countries: dict[str, str] = {}
        self._named_classes: dict[str, AssetClass] = {}

    def read(
        self,
        row: int | None,
        raw: PositionCells,
        *,
        known_class: AssetClass | None = None,
        multiplier: Decimal = ONE,
        terms: Terms = NO_TERMS,
    ) -> Holding | None:
        """The holding of a row; None when it has a problem, and then every problem of the row is recorded.

        Args:
            row: Row as a spreadsheet counts, for problems.
            raw: The cells.
            known_class: What the reader of a broker's format knows already; else the cell's word decides.
            multiplier: Units of the underlying in one contract; 1 for everything but derivatives.
            terms: What the source says about the instrument.
        """
        good = True
        symbol = self._text(raw.symbol)
        if symbol in ("", "--"):
            self._problem(row, "symbol", raw.symbol, "The symbol is missing. Give the ticker or any name of the line.")
            good = False
        currency = self._currency(row, raw.currency)
        isin = self._isin(row, raw.isin)
        kind = known_class if known_class is not None else self._class(raw.asset_class, symbol, raw.name, isin or "")
        if known_class is None and multiplier == ONE and kind is AssetClass.DERIVATIVE and is_option_symbol(symbol):
            multiplier = HUNDRED
            heading = "Options were read as contracts on 100 units, by their symbols"
            self._findings.tally(heading, _at(row, symbol), _UNITS_OF_PRICE)
        if max(len(raw.symbol), len(raw.name), len(raw.sector)) > MAX_CELL_CHARS:
            self._too_long(row, raw)
            good = False
        quantity, quantity_good = self._number(row, "quantity", raw.quantity)
        price, price_good = self._number(row, "price", raw.price)
        value, value_good = self._number(row, "market_value", raw.market_value)
        cost, cost_good = self._number(row, "cost", raw.cost)
        if price is not None and self._price_of != ONE:
            price = price / self._price_of
        price, value, cost = self._whole(row, raw, currency, price, value, cost)
        if price is not None and price < 0:
            self._problem(
                row, "price", raw.price, "The price is negative. A short line has a negative quantity instead."
            )
            good = False
        if not (good and quantity_good and price_good and value_good and cost_good) or currency is None or isin is None:
            return None
        code, units = currency
        if not (
            self._marks_agree(row, raw, code)
            and (multiplier != ONE or self._unit_known(row, raw, kind, quantity, price, value))
        ):
            return None
        if price is None and quantity is not None and value is None and kind is AssetClass.CASH:
            price = Decimal(units)
        per_hundred = kind is AssetClass.BOND or terms.instrument_type in BONDS
        valued = self._valued(row, raw, symbol, kind, quantity, price, value, units, multiplier, per_hundred)
        if valued is None:
            return None
        price, value = valued
        return Holding(
            symbol, isin, self._text(raw.name), kind, quantity, price, code, value, self._text(raw.sector),
            self._country(row, raw.country), None if cost is None else cost / units, terms,
        )  # fmt: skip

    def _valued(
        self,
        row: int | None,
        raw: PositionCells,
        symbol: str,
        kind: AssetClass,
        quantity: Decimal | None,
        price: Decimal | None,
        value: Decimal | None,
        units: int,
        multiplier: Decimal,
        per_hundred: bool,
    ) -> tuple[Decimal | None, Decimal] | None:
        """Price and value in whole currency units; None when there is no value to be had."""
        if quantity is None or price is None:
            if value is None:
                message = "The value is missing. Give market_value, or both quantity and price."
                self._problem(row, "market_value", raw.market_value, message)
                return None
            if units != 1:
                self._findings.tally(
                    f"Values in {raw.currency.strip()} were divided by {units}", _at(row, symbol), _UNITS_OF_PRICE
                )
                return (price / units if price is not None else None), value / units
            return price, value
        product = quantity * price if multiplier == ONE else quantity * price * multiplier
        if value is None:
            if per_hundred and price > _PER_UNIT:
                # Nominal times 98.4 would be a hundred times too much: markets quote bonds per 100 of nominal.
                heading = "Bonds without a stated value were valued per 100 of nominal, as markets quote them"
                self._findings.tally(
                    f"{heading}; state the value where prices are of one unit", _at(row, symbol), _UNITS_OF_PRICE
                )
                return price / HUNDRED / units, product / HUNDRED / units
            if units == 1:
                return price, product
            return price / units, product / units
        if value * quantity < 0 and kind is not AssetClass.DERIVATIVE:
            message = "The value and the quantity have different signs. A short line is negative in both."
            self._problem(row, "market_value", raw.market_value, message)
            return None
        if units == 1 and abs(product - value) <= abs(value) * _TOLERANCE:
            return price, value
        return self._reconciled(row, raw, symbol, quantity, price, value, product, units, per_hundred)

    def _reconciled(
        self,
        row: int | None,
        raw: PositionCells,
        symbol: str,
        quantity: Decimal,
        price: Decimal,
        value: Decimal,
        product: Decimal,
        units: int,
        per_hundred: bool,
    ) -> tuple[Decimal, Decimal]:
        """Where quantity × price and the stated value differ: pence, per 100 nominal, rounding, or a disagreement."""
        rounding = (abs(quantity) * _half_step(price) + abs(price) * _half_step(quantity)) + _half_step(value)
        in_major = abs(product / HUNDRED - value) <= max(abs(value) * Decimal("0.01"), rounding / HUNDRED)
        if per_hundred and value and abs(product / HUNDRED / units - value / units) <= abs(value / units) * _ACCRUED:
            heading = "Bond prices are per 100 nominal; they were divided by 100 and the stated values kept"
            self._findings.tally(heading, _at(row, symbol), _UNITS_OF_PRICE)
            return price / HUNDRED / units, value / units
        if units != 1:
            if value and in_major:
                self._findings.tally(
                    f"Prices in {raw.currency.strip()} stand beside values in whole units, which were kept",
                    _at(row, symbol),
                    _UNITS_OF_PRICE,
                )
                return price / units, value
            price, value, product = price / units, value / units, product / units
        elif value and in_major and raw.currency.strip().upper() in ("GBP", "ZAR", "ILS"):
            heading = "Prices in hundredths stand beside values in whole units; the price was divided by 100"
            self._findings.tally(heading, _at(row, symbol), _UNITS_OF_PRICE)
            return price / HUNDRED, value
        if abs(product - value) > max(rounding, abs(value) * _TOLERANCE):
            self._findings.tally(
                "The stated value was kept where quantity × price says otherwise",
                f"{_at(row, symbol)}, {product:,.2f} against {value:,.2f} stated",
                "value",
            )
        return price, value

    def _whole(
        self, row: int | None, raw: PositionCells, currency: tuple[str, int] | None, *amounts: Decimal | None
    ) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
        """Price, value and cost; those whose cells say pence in the row's currency, where the row does not say it."""
        made = list(amounts)
        if currency is not None and currency[1] == 1:
            for place, text in enumerate((raw.price, raw.market_value, raw.cost)):
                amount = made[place]
                if amount is not None and without_hundredths(text)[1]:
                    made[place] = amount / HUNDRED
                    heading = "Amounts with a mark of hundredths (72p) were divided by 100"
                    self._findings.tally(heading, _at(row, text.strip()[:20]), _UNITS_OF_PRICE)
        return made[0], made[1], made[2]

    def _marks_agree(self, row: int | None, raw: PositionCells, code: str) -> bool:
        """Whether no amount names another currency than the row does."""
        good = True
        for field, text in (("price", raw.price), ("market_value", raw.market_value), ("cost", raw.cost)):
            if not text or (text[-1].isdigit() and text[0].isdigit()):
                continue
            named = marks_of(text)
            if named is not None and code not in named:
                says = " or ".join(sorted(named, key=lambda one: (one != "USD", one))[:3]) or "two currencies"
                message = f"The amount says {says} and the row says {code}. Correct the one that is wrong."
                self._problem(row, field, text, message)
                good = False
        return good

    def _unit_known(
        self,
        row: int | None,
        raw: PositionCells,
        kind: AssetClass,
        quantity: Decimal | None,
        price: Decimal | None,
        value: Decimal | None,
    ) -> bool:
        """Whether it is known what the price is for: one unit, 100 of nominal, or a contract of some units."""
        if value is not None or quantity is None or price is None:
            return True
        words = f"{raw.symbol}\n{raw.name}"
        if is_option_name(words) and not is_option_symbol(raw.symbol.strip()):
            message = (
                "An option's price is of one unit, and the row does not say how many units a contract is. "
                "Give market_value, or the symbol as the OCC writes it (AAPL260116C00200000), which is 100."
            )
            self._problem(row, "market_value", raw.market_value, message)
            return False
        if kind is not AssetClass.OTHER or quantity % 1000 or not _LIKE_PERCENT[0] <= price <= _LIKE_PERCENT[1]:
            return True
        word = "" if raw.asset_class in EMPTY else raw.asset_class.strip()
        if not (has_coupon(words) if not word else class_of_words(word) is None):
            return True
        why = f"'{word[:40]}' is no class that is known" if word else "The name has a coupon"
        message = (
            f"{why}, and {quantity:,f} at {price:,f} may be nominal priced per 100 or units priced each. Give "
            "market_value, or a class such as bond or equity."
        )
        self._problem(row, "market_value", raw.market_value, message)
        return False

    def _problem(self, row: int | None, field: str, value: str, message: str) -> None:
        self._findings.problem(row, self.prefix + self._columns[field], value, message)

    def _too_long(self, row: int | None, raw: PositionCells) -> None:
        for field, text in (("symbol", raw.symbol), ("name", raw.name), ("sector", raw.sector)):
            if len(text) > MAX_CELL_CHARS:
                message = f"The text has {len(text):,} characters and at most {MAX_CELL_CHARS} are kept. Shorten it."
                self._problem(row, field, text, message)

    def _text(self, text: str) -> str:
        known = self._texts.get(text)
        if known is None:
            known = self._texts[text] = one_line(unguarded(text))
        return known

    def _number(self, row: int | None, field: str, text: str) -> tuple[Decimal | None, bool]:
        if text in EMPTY:
            return None, True
        known = self._numbers.get(text)
        if known is not None:
            return known, True
        try:
            known = parse_number(without_hundredths(text)[0], self._style)
        except NotANumber as error:
            if text.strip() in EMPTY:
                return None, True
            self._problem(row, field, text, f"'{self._columns[field]}' {error}.")
            return None, False
        # Units and prices repeat from line to line; values, which do not, would only fill the memory.
        if field in _REPEATED and len(self._numbers) < _MOST_NUMBERS:
            self._numbers[text] = known
        return known, True

    def _currency(self, row: int | None, text: str) -> tuple[str, int] | None:
        if text not in self._currencies:
            plain = unguarded(text)
            self._currencies[text] = currency_code(plain) or currency_code(currency_named(plain) or "")
        known = self._currencies[text]
        if known is None:
            message = (
                "The currency is not known. Use an ISO 4217 code such as USD, or GBX for pence."
                if text.strip()
                else "The currency is missing. Give an ISO 4217 code such as USD, or GBX for pence."
            )
            self._problem(row, "currency", text, message)
        return known

    def _isin(self, row: int | None, text: str) -> str | None:
        if text in EMPTY:
            return ""
        if text not in self._isins:
            isin = unguarded(text).strip().replace(" ", "").upper()
            self._isins[text] = isin if not isin or isin in EMPTY or isin_fault(isin) is None else None
        known = self._isins[text]
        if known is None:
            if self._typed:
                self._problem(row, "isin", text, f"The ISIN {isin_fault(text.strip().replace(' ', '').upper())}.")
                return None
            heading = "ISINs that are none were left empty, their lines kept"
            self._findings.tally(heading, f"row {row} '{text.strip()}'", "isin")
            return ""
        return "" if known in EMPTY else known

    def _class(self, word: str, symbol: str, name: str, isin: str) -> AssetClass:
        if not word or word in EMPTY:
            known = self._class_of_words(symbol, name)
            return AssetClass.BOND if known is AssetClass.OTHER and is_debt_of_a_state(isin) else known
        known_word = self._classes.get(word)
        if known_word is None:
            found = class_of_words(word)
            if found is None:
                self._findings.tally(
                    "Asset classes that are not known were read as 'other'", f"'{word.strip()}'", "asset_class"
                )
            known_word = self._classes[word] = found or AssetClass.OTHER
        return known_word

    def _class_of_words(self, symbol: str, name: str) -> AssetClass:
        """What symbol and name say where no cell does: money, an option, or a bond by coupon and year."""
        words = f"{symbol}\n{name}"
        known = self._named_classes.get(words)
        if known is None:
            if is_cash_symbol(symbol) or is_cash_name(name or symbol):
                known = AssetClass.CASH
            elif is_option_symbol(symbol):
                known = AssetClass.DERIVATIVE
            elif is_bond_name(name) or is_bond_name(symbol):
                known = AssetClass.BOND
            else:
                known = AssetClass.OTHER
            self._named_classes[words] = known
        return known

    def _country(self, row: int | None, text: str) -> str:
        if text not in self._countries:
            code = country_code(text) if text.strip() and text.strip() not in ("--", "-") else ""
            if code is None:
                self._findings.tally(
                    "Countries that are no ISO 3166 code were left empty", f"row {row} '{text.strip()}'"
                )
            self._countries[text] = code or ""
        return self._countries[text]


def is_cash_symbol(symbol: str) -> bool:
    """Whether a symbol stands for money: CASH, $CASH, CASH_EUR, CASH.USD, "CASH EUR"."""
    upper = symbol.upper().lstrip("$")
    return upper == "CASH" or (upper.startswith("CASH") and upper[4:5] in ("_", ".", "-", " ") and len(upper) == 8)


def _at(row: int | None, symbol: str) -> str:
    return symbol if row is None else f"row {row} {symbol}"


def _half_step(number: Decimal) -> Decimal:
    """Half of the last decimal shown: how far rounding may have moved a number."""
    exponent = number.as_tuple().exponent
    return Decimal(5).scaleb(min(int(exponent), 0) - 1)
