"""Guesses which column of a table is which, from what headers say and from what stands below them.

Neither is trusted alone: a header "Valor" is a security number in Zurich and a value in Madrid, and only its cells
tell. What is certain by itself, such as an ISIN with a right check digit, needs no header.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations

from core.intake.cells.asset_classes import asset_class_of
from core.intake.cells.codes import country_code, currency_code, isin_fault
from core.intake.cells.dates import NotADate
from core.intake.cells.money_marks import MARK, without_hundredths
from core.intake.cells.numbers import EMPTY, NotANumber, NumberStyle, choose_style, parse_number
from core.intake.tables.column_words import is_paid, is_result, named
from core.intake.tables.currency_columns import beside
from core.intake.tables.dated_columns import older_columns
from core.intake.transactions.moments import DayOrder, parse_moment

NUMERIC = ("quantity", "price", "market_value", "cost")
MAPPABLE = (
    "symbol", "isin", "name", "asset_class", "quantity", "price", "currency", "market_value", "cost", "date", "account",
    "sector", "country",
)  # fmt: skip
"""Fields that a column may be mapped to."""

LEAST = 0.35
"""A guess below this confidence is not made."""

BY_PRODUCT = "quantity times price gives the value in nearly every row"
"""Why columns are what the arithmetic of the rows says."""
_BY_LOOKS = "its cells are short and all different"
_SAMPLE = 200
_MAX_NUMERIC = 12


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column probably is.

    Attributes:
        field: One of `MAPPABLE`, or "" for a column that is not needed.
        confidence: From 0 to 1; 0 where there is no guess.
        reason: Why, in a few words for a person.
    """

    field: str
    confidence: float
    reason: str


NO_GUESS = Guess("", 0.0, "")


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What the cells of one column are, as shares of those that are filled."""

    filled: int
    isin: float
    currency: float
    date: float
    number: float
    country: float
    asset_class: float
    short: float
    wordy: float
    repeated: float
    constant: bool
    numbers: tuple[Decimal | None, ...]
    texts: tuple[str, ...] = ()


def guess_columns(header: Sequence[str], rows: Sequence[Sequence[str]], delimiter: str) -> list[Guess]:
    """One guess a column, every field at most once. Never raises, whatever the cells are.

    Args:
        header: The header row.
        rows: Rows below it; the first 200 are looked at.
        delimiter: Sign between columns, "" for a workbook: it helps to tell a decimal comma.
    """
    width = len(header)
    columns = [[row[place].strip() if place < len(row) else "" for row in rows[:_SAMPLE]] for place in range(width)]
    choice = choose_style((cell for column in columns for cell in column if _figure_like(cell)), delimiter)
    # Where "50.255" may be two numbers, the style in which the rows multiply is the one they are written in.
    styles = [choice.style, *(style for style in NumberStyle if choice.unsure and style is not choice.style)]
    looked = [[_evidence(column, style) for column in columns] for style in styles]
    scored = [_by_product(header, evidence) for evidence in looked]
    at = max(range(len(styles)), key=lambda place: (scored[place][0], -place))
    evidence, proven = looked[at], scored[at][1]
    scores: dict[tuple[int, str], Guess] = {}
    older = older_columns(header)
    for place in range(width):
        meant = {} if place in older else named(header[place])
        for field in MAPPABLE:
            guess = _score(field, meant.get(field, 0.0), evidence[place])
            if guess.confidence >= LEAST:
                scores[place, field] = guess
    for place in proven:
        scores = {key: guess for key, guess in scores.items() if key[0] != place or key[1] not in NUMERIC}
    scores = {key: guess for key, guess in scores.items() if key[1] not in {one.field for one in proven.values()}} | {
        (place, guess.field): guess for place, guess in proven.items()
    }
    chosen = _with_the_value_s_currency(_assigned(width, scores), columns, evidence[:width], proven=bool(proven))
    if {"name", "isin"} & {guess.field for guess in chosen}:
        # Codes of markets, kinds and states look like symbols; what names the lines already needs no guess of another.
        chosen = [NO_GUESS if guess.reason == _BY_LOOKS else guess for guess in chosen]
    return chosen


def _with_the_value_s_currency(
    chosen: list[Guess], columns: Sequence[Sequence[str]], evidence: Sequence[_Evidence], *, proven: bool
) -> list[Guess]:
    """The guesses with the currency beside the value, where several columns hold currencies that differ."""
    at = {guess.field: place for place, guess in enumerate(chosen) if guess.field}
    money = {place: columns[place] for place, seen in enumerate(evidence) if seen.currency >= 0.8}
    found = beside(at.get("market_value"), at.get("price"), money)
    if proven and found.place is None and "price" in at:
        # The value is the product of this price, so it is in the currency of this price.
        found = beside(at["price"], None, money)
    if found.place is None:
        return chosen
    changed = [NO_GUESS if guess.field == "currency" else guess for guess in chosen]
    changed[found.place] = Guess("currency", 1.0, "it stands beside the value")
    if found.foreign_price and not proven:
        changed[at["price"]] = NO_GUESS
    return changed


def _figure_like(cell: str) -> bool:
    return any(character.isdigit() for character in cell) and len(cell) <= 40


def _share(cells: Sequence[str], is_so: Callable[[str], bool]) -> float:
    return sum(is_so(cell) for cell in cells) / len(cells) if cells else 0.0


def _evidence(column: Sequence[str], style: NumberStyle) -> _Evidence:
    cells = [cell for cell in column if cell not in EMPTY]
    numbers = tuple(_number(cell, style) for cell in column)
    return _Evidence(
        filled=len(cells),
        isin=_share(cells, lambda cell: isin_fault(cell.replace(" ", "").upper()) is None),
        currency=_share(cells, _is_currency),
        date=_share(cells, _is_date),
        number=sum(number is not None for number in numbers) / len(cells) if cells else 0.0,
        country=_share(cells, lambda cell: len(cell) <= 40 and bool(country_code(cell))),
        asset_class=_share(cells, _is_class),
        short=_share(cells, lambda cell: len(cell) <= 15 and " " not in cell),
        wordy=_share(cells, lambda cell: " " in cell and any(character.isalpha() for character in cell)),
        repeated=1 - len(set(cells)) / len(cells) if cells else 0.0,
        constant=len(set(cells)) == 1,
        numbers=numbers,
        texts=tuple(column),
    )


def _is_currency(cell: str) -> bool:
    """Whether a cell is a code or a sign of a currency and nothing else: "EUR", "€", "kr"."""
    if len(cell) > 5:
        return False
    return currency_code(cell) is not None or (MARK.fullmatch(cell) is not None and not any(map(str.isdigit, cell)))


def _is_class(cell: str) -> bool:
    # "FUND1" is somebody's name for a fund.
    return len(cell) <= 40 and not any(map(str.isdigit, cell)) and asset_class_of(cell) is not None


def _number(cell: str, style: NumberStyle) -> Decimal | None:
    if cell in EMPTY:
        return None
    text, hundredths = without_hundredths(cell)
    try:
        number = parse_number(text, style)
    except NotANumber:
        return None
    return number / 100 if hundredths else number


def _is_date(cell: str) -> bool:
    if not 6 <= len(cell) <= 40:
        return False
    for order in (DayOrder.DAY_FIRST, DayOrder.MONTH_FIRST):
        try:
            # Eight digits are a number as well as a day; only days of this and the last century count.
            return parse_moment(cell, order).year < 2100
        except NotADate:
            continue
    return False


def _score(field: str, header: float, seen: _Evidence) -> Guess:
    """How likely a column is a field, given what its header says of that field (0 to 1)."""
    if not seen.filled:
        # An empty column is what its header says, and harmless.
        return Guess(field, 0.8, "by its header, all cells are empty") if header >= 1 else NO_GUESS
    confidence, reason = _SCORES[field](header, seen)
    return Guess(field, confidence, reason)


def _of_numbers(header: float, seen: _Evidence) -> tuple[float, str]:
    if seen.number < 0.6 or seen.date > 0.9 > header:
        return 0.0, ""
    return header * (0.5 + 0.5 * seen.number), "by its header, and its cells are numbers"


def _of_isin(header: float, seen: _Evidence) -> tuple[float, str]:
    if seen.isin >= 0.5:
        return max(0.9 * seen.isin, header), "its cells are ISINs with right check digits"
    return header * 0.5, "by its header, though few cells are ISINs"


def _of_currency(header: float, seen: _Evidence) -> tuple[float, str]:
    if seen.currency >= 0.8:
        return max(0.75 * seen.currency, header), "its cells are currency codes"
    return header * 0.4, "by its header, though few cells are currency codes"


def _of_date(header: float, seen: _Evidence) -> tuple[float, str]:
    if seen.date < 0.6:
        return 0.0, ""
    # Days that differ from row to row may be those of purchases or quotes: only their name says that they are not.
    alone = 0.5 * seen.date if seen.number < 0.5 and seen.constant else 0.0
    return max(alone, header * (0.5 + 0.5 * seen.date)), "its cells are days"


def _of_country(header: float, seen: _Evidence) -> tuple[float, str]:
    return header * (0.3 + 0.7 * seen.country), "by its header, and its cells are countries"


def _of_asset_class(header: float, seen: _Evidence) -> tuple[float, str]:
    # "Type" may be anything; words such as "Equity" or "ETF" decide.
    alone = 0.6 * seen.asset_class if seen.asset_class > 0.8 else 0.0
    # A column that is called so and whose words nobody knows is asked about where it matters: nominal or units.
    called = 0.4 if header >= 1 and seen.number < 0.2 and seen.isin < 0.2 else 0.0
    return max(alone, called, header * (0.2 + 0.8 * seen.asset_class)), "its cells are words for asset classes"


def _of_symbol(header: float, seen: _Evidence) -> tuple[float, str]:
    # What is the same in every row names a group of lines and none of them.
    if _is_code(seen) or (seen.constant and seen.filled > 1):
        return 0.0, ""
    if header:
        # Security numbers have no decimals.
        decimals = sum(number is not None and number % 1 != 0 for number in seen.numbers) / seen.filled
        return header * (0.5 + 0.5 * seen.short) * (1 - 0.6 * decimals), "by its header"
    looks = seen.short > 0.9 and seen.number < 0.3 and not seen.repeated and seen.asset_class < 0.5
    return 0.4 if looks else 0.0, _BY_LOOKS


def _of_name(header: float, seen: _Evidence) -> tuple[float, str]:
    if _is_code(seen):
        return 0.0, ""
    if header:
        return header * (1 - 0.6 * seen.number), "by its header"
    return 0.45 if seen.wordy > 0.6 and seen.repeated < 0.5 else 0.0, "its cells are words"


def _of_account(header: float, seen: _Evidence) -> tuple[float, str]:
    # What differs in every row names lines, whatever it is called: "Fund" is an account here and a name there.
    names = seen.filled > 1 and not seen.repeated and seen.number < 0.5 and header >= 1 and seen.wordy > 0.5
    return 0.0 if _is_code(seen) or names else header * 0.9, "by its header"


def _of_sector(header: float, seen: _Evidence) -> tuple[float, str]:
    return 0.0 if _is_code(seen) else header * (1 - 0.8 * seen.number), "by its header"


def _is_code(seen: _Evidence) -> bool:
    """Whether the cells are something so particular that they cannot be a plain text."""
    return seen.isin > 0.5 or seen.currency > 0.8 or (seen.date > 0.8 and seen.number < 0.5)


_SCORES: dict[str, Callable[[float, _Evidence], tuple[float, str]]] = {
    **dict.fromkeys(NUMERIC, _of_numbers),
    "isin": _of_isin,
    "currency": _of_currency,
    "date": _of_date,
    "country": _of_country,
    "asset_class": _of_asset_class,
    "symbol": _of_symbol,
    "name": _of_name,
    "account": _of_account,
    "sector": _of_sector,
}


def _by_product(
    header: Sequence[str], evidence: Sequence[_Evidence]
) -> tuple[tuple[float, int], dict[int, Guess]]:  # fmt: skip
    """Quantity, price and value are the three number columns of which one is the product of the others; before them the
    share of rows in which it is, and how many of them tell.

    Which factor is the price cannot be seen from the product; the one with fewer decimals is taken for the quantity.
    """
    older = older_columns(header)
    places = [place for place, seen in enumerate(evidence) if seen.number >= 0.6 and place not in older][:_MAX_NUMERIC]
    best: tuple[bool, float, int, int, int, int] | None = None
    paid = [is_paid(cell) or is_result(cell) for cell in header]
    money = next((seen.texts for seen in evidence if seen.currency >= 0.8), ())
    for first, second, product in permutations(places, 3):
        if first > second:
            continue
        rows = list(zip(*(evidence[place].numbers for place in (first, second, product)), strict=True))
        full = [row for row in rows if all(row)]
        # Times one is itself: such a row agrees with the product and proves nothing.
        telling = sum(1 not in row[:2] for row in full)
        if len(full) < 3 or not telling:
            continue
        fits = sum(_is_product(*row) for row in full) / len(full)
        enough = fits >= 0.8 and (fits == 1 or telling >= min(3, len(full) - 1))
        of_rate = any(_is_rate(evidence[place].numbers, money) for place in (first, second))
        today = not (paid[first] or paid[second] or paid[product] or of_rate)
        if enough and (best is None or (today, fits, telling) > best[:3]):
            best = (today, fits, telling, first, second, product)
    if best is None or not best[0]:
        # Units × what was paid for one is what was paid for all, and no value of today.
        return (0.0, 0), {}
    _, fits, telling, first, second, product = best
    if _price_first(header, evidence, first, second):
        first, second = second, first
    reason = BY_PRODUCT
    return (fits, telling), {
        # Numbers contradict words: what the arithmetic of the rows says goes before any header.
        first: Guess("quantity", fits, reason),
        second: Guess("price", fits, reason),
        product: Guess("market_value", fits, reason),
    }


def _is_rate(numbers: Sequence[Decimal | None], money: Sequence[str]) -> bool:
    """Whether a factor is the rate of its row's currency: one number for each of them, repeated, not always one."""
    if not money:
        return False
    by_currency: dict[str, set[Decimal | None]] = {}
    for number, currency in zip(numbers, money, strict=True):
        if number is not None and currency:
            by_currency.setdefault(currency, set()).add(number)
    alike = all(len(rates) == 1 for rates in by_currency.values())
    known = sum(number is not None for number in numbers)
    return alike and 2 <= len(by_currency) < known and len({*numbers} - {None}) > 1


def _price_first(header: Sequence[str], evidence: Sequence[_Evidence], first: int, second: int) -> bool:
    """Whether the earlier of two factors is the price: by its header, else by its decimals."""
    words = [named(header[place]) for place in (first, second)]
    for place, meant in enumerate(words):
        if meant.get("price", 0.0) > meant.get("quantity", 0.0):
            return place == 0
        if meant.get("quantity", 0.0) > meant.get("price", 0.0):
            return place == 1
    return _decimals(evidence[second].numbers) < _decimals(evidence[first].numbers)


def _is_product(first: Decimal | None, second: Decimal | None, product: Decimal | None) -> bool:
    if not (first and second and product):
        return False
    return abs(first * second - product) <= abs(product) * Decimal("0.005")


def _decimals(numbers: Sequence[Decimal | None]) -> float:
    known = [number for number in numbers if number is not None]
    # Trailing zeros say how a column is formatted, not how fine it is.
    return sum(max(0, -int(number.normalize().as_tuple().exponent)) for number in known) / max(1, len(known))


def _assigned(width: int, scores: dict[tuple[int, str], Guess]) -> list[Guess]:
    """The surest pair of column and field first, then the rest; the earlier column where two are alike."""
    chosen = [NO_GUESS] * width
    taken: set[str] = set()
    for (place, field), guess in sorted(scores.items(), key=lambda item: (-item[1].confidence, item[0][0])):
        if chosen[place] is NO_GUESS and field not in taken:
            chosen[place] = guess
            taken.add(field)
    return chosen
