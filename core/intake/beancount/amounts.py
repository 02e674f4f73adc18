"""Numbers, amounts, costs and prices as a posting writes them. Numbers may be sums: (10 + 2.50) / 4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, DecimalException

from core.intake.beancount.tokens import Token, TokenKind

_MOST_DIGITS = 40
_DEEPEST = 20


class NotUnderstood(ValueError):
    """What is wrong with an entry, as the rest of a sentence; `text` is the part that it is about."""

    def __init__(self, message: str, text: str = "") -> None:
        super().__init__(message)
        self.text = text


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of something; None where the ledger leaves it to be worked out."""

    number: Decimal | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class CostSpec:
    """What stands in braces behind the units: which lot leaves, or what a lot that comes in cost.

    Attributes:
        number: Per unit.
        total: For all units, on top of `number`.
    """

    number: Decimal | None = None
    total: Decimal | None = None
    currency: str | None = None
    day: date | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class PriceSpec:
    """What stands behind @ (of one unit) or @@ (of all, `is_total`)."""

    amount: Amount
    is_total: bool


class TokenReader:
    """Goes through the tokens of a line once."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    @property
    def next(self) -> Token | None:
        """The token that comes, None at the end."""
        return self._tokens[self._place] if self._place < len(self._tokens) else None

    def is_sign(self, *signs: str) -> bool:
        """Whether one of these signs comes."""
        token = self.next
        return token is not None and token.kind is TokenKind.SIGN and token.text in signs

    def take(self, *kinds: TokenKind) -> str | None:
        """The next token's text, if it is of one of these kinds; else None, and nothing is taken."""
        token = self.next
        if token is None or token.kind not in kinds:
            return None
        self._place += 1
        return token.text

    def take_sign(self, *signs: str) -> str | None:
        """The next token's text, if it is one of these signs; else None, and nothing is taken."""
        return self.take(TokenKind.SIGN) if self.is_sign(*signs) else None

    def needed(self, kind: TokenKind, what: str) -> str:
        """The next token's text.

        Raises:
            NotUnderstood: It is of another kind.
        """
        text = self.take(kind)
        if text is None:
            raise NotUnderstood(f"has no {what}", self.next.text if self.next is not None else "")
        return text

    def end(self) -> None:
        """Nothing may come any more.

        Raises:
            NotUnderstood: Something does.
        """
        if self.next is not None:
            raise NotUnderstood("goes on after its end", self.next.text)

    def amount(self) -> Amount:
        """A number and a currency, either of which may be missing.

        Raises:
            NotUnderstood: The number is none, or its sum cannot be worked out.
        """
        return Amount(self.number(), self.take(TokenKind.CURRENCY))

    def number(self) -> Decimal | None:
        """A number or a sum, None where none comes.

        Raises:
            NotUnderstood: It cannot be worked out.
        """
        token = self.next
        if token is None or not (token.kind is TokenKind.NUMBER or self.is_sign("-", "+", "(")):
            return None
        try:
            return self._sum()
        except DecimalException:
            raise NotUnderstood("has a sum that cannot be worked out") from None

    def _sum(self) -> Decimal:
        value = self._product()
        while (sign := self.take_sign("+", "-")) is not None:
            other = self._product()
            value = value + other if sign == "+" else value - other
        return value

    def _product(self) -> Decimal:
        value = self._factor()
        while (sign := self.take_sign("*", "/")) is not None:
            other = self._factor()
            value = value * other if sign == "*" else value / other
        return value

    def _factor(self) -> Decimal:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NotUnderstood(f"has a sum nested deeper than {_DEEPEST} levels")
        try:
            if (sign := self.take_sign("-", "+")) is not None:
                return -self._factor() if sign == "-" else self._factor()
            if self.take_sign("("):
                value = self._sum()
                if not self.take_sign(")"):
                    raise NotUnderstood("has a bracket that is never closed")
                return value
            return _decimal(self.needed(TokenKind.NUMBER, "number where one must be"))
        finally:
            self._depth -= 1

    def cost(self) -> CostSpec | None:
        """What stands in braces, None where none come.

        Raises:
            NotUnderstood: Something else stands there.
        """
        opening = self.take_sign("{", "{{")
        if opening is None:
            return None
        closing = "}" * len(opening)
        found = CostSpec()
        while not self.take_sign(closing):
            found = self._cost_part(found)
            if not self.is_sign(closing) and not self.take_sign(","):
                raise NotUnderstood("has braces that are not understood", self.next.text if self.next else "")
        if opening == "{{":
            if found.total is not None:
                raise NotUnderstood("has a total cost and an additional one")
            return CostSpec(None, found.number, found.currency, found.day, found.label)
        return found

    def _cost_part(self, so_far: CostSpec) -> CostSpec:
        day, label = self.take(TokenKind.DATE), self.take(TokenKind.STRING)
        if day is not None or label is not None:
            return CostSpec(
                so_far.number,
                so_far.total,
                so_far.currency,
                so_far.day if day is None else day_of(day),
                so_far.label if label is None else label,
            )
        if self.take_sign("*"):
            raise NotUnderstood("merges lots with {*}, which Beancount itself does not do yet", "*")
        number, total = self.number(), None
        if self.take_sign("#"):
            total = self.number()
            if number is None or total is None:
                raise NotUnderstood("leaves a part of a cost to be worked out; write both numbers", "#")
        currency = self.take(TokenKind.CURRENCY)
        if number is None and total is None and currency is None:
            raise NotUnderstood("has braces that are not understood", self.next.text if self.next else "")
        return CostSpec(number, total, currency, so_far.day, so_far.label)

    def price(self) -> PriceSpec | None:
        """What stands behind @ or @@, None where neither comes.

        Raises:
            NotUnderstood: No amount stands there.
        """
        sign = self.take_sign("@", "@@")
        return None if sign is None else PriceSpec(self.amount(), sign == "@@")


def day_of(text: str) -> date:
    """A day written with "-" or "/".

    Raises:
        NotUnderstood: The calendar has no such day.
    """
    try:
        return date(*map(int, text.replace("/", "-").split("-")))
    except ValueError:
        raise NotUnderstood("has a day that the calendar does not have", text) from None


def _decimal(text: str) -> Decimal:
    digits = text.replace(",", "")
    if len(digits) > _MOST_DIGITS:
        raise NotUnderstood(f"has a number of {len(digits):,} digits, and at most {_MOST_DIGITS} are read", text)
    return Decimal(digits)
