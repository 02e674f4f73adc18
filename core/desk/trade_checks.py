"""Before a trade: which rules it moves, and how much room they leave before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from core.compliance.library import rule_sets
from core.compliance.policy import Policy
from core.compliance.position import Book
from core.compliance.room import IN_MONEY
from core.compliance.rule import Rule
from core.compliance.vocabulary import Base, RuleMetric
from core.domain.compliance import RuleResult, RuleStatus
from core.domain.fx import Rates
from core.domain.portfolio import Portfolio
from core.domain.units import Unit
from core.drafts.rule_checks import RuleCheck, checks_of
from core.drafts.rule_inputs import book_of
from core.drafts.trades import Trade, Traded, traded
from core.errors import BadInput
from core.intake.register.describing import Describer
from core.intake.register.instruments import Register
from core.storage.store import Store

_IN_UNITS = IN_MONEY - {RuleMetric.SUM_ABOVE}
"""Measures that a unit more moves by its price: a sum of those above 5 % moves in steps."""


@dataclass(frozen=True, slots=True)
class Side:
    """A rule before or after.

    Attributes:
        headroom: In the rule's unit; negative in a breach.
        headroom_money: The same in base currency; None where the measure is no share of the portfolio.
        headroom_units: The same in units of each traded instrument, by its code, where its price is known.
    """

    status: RuleStatus
    measured: float | None
    headroom: float | None
    headroom_money: float | None
    headroom_units: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Move:
    """A rule that trades move.

    Attributes:
        limit: In `unit`, or None.
    """

    rule_id: str
    reading: str
    regime: str
    title: str
    operator: str
    limit: float | None
    unit: Unit
    before: Side
    after: Side
    explanation: str

    @property
    def breaks(self) -> bool:
        """Whether the trades break a rule that was not broken."""
        return self.after.status is RuleStatus.BREACH and self.before.status is not RuleStatus.BREACH

    @property
    def cures(self) -> bool:
        """Whether the trades end a breach."""
        return self.before.status is RuleStatus.BREACH and self.after.status is not RuleStatus.BREACH


@dataclass(frozen=True, slots=True)
class TradeCheck:
    """A portfolio before and after trades on paper.

    Attributes:
        moves: Rules whose status or measure changes, new breaches first.
    """

    before: RuleCheck
    after: RuleCheck
    trades: tuple[Traded, ...]
    moves: tuple[Move, ...]


def check_trades(
    store: Store,
    rates: Rates,
    portfolio: Portfolio,
    trades: Sequence[Trade],
    *,
    regimes: Sequence[str] | None = None,
    policies: Sequence[Policy] | None = None,
    near: Decimal | None = None,
) -> TradeCheck:
    """Check a portfolio as it is and as trades would leave it; nothing is stored.

    Args:
        trades: Done one after the other.
        regimes: Rule sets instead of those that the portfolio names.
        policies: Policy statements instead of the stored ones.
        near: Share of a limit that must be left, else a pass is "near".

    Raises:
        BadInput: A trade cannot be done on paper; the message says what is not known.
    """
    register = Register(store.instruments.all())
    described = Describer(register).describe(portfolio).portfolio
    after, done = described, []
    for place, trade in enumerate(trades, start=1):
        with naming_trade(place, trade.text, len(trades)):
            after, one = traded(after, trade, rates, lambda code: register.find(isin=code, symbol=code))
        done.append(one)
    first, second = checks_of(store, rates, [described, after], regimes=regimes, policies=policies, near=near)
    books = tuple(book_of(one, rates) for one in (described, after))
    return TradeCheck(first, second, tuple(done), _moves(first, second, books, done, rates))


@contextmanager
def naming_trade(place: int, said: str, of: int) -> Iterator[None]:
    """Of several trades, name the one that cannot be read or done."""
    try:
        yield
    except BadInput as error:
        if of == 1:
            raise
        raise BadInput(f"Trade {place}, '{said[:80]}': {error}") from error


def _moves(
    before: RuleCheck, after: RuleCheck, books: tuple[Book, ...], done: Sequence[Traded], rates: Rates
) -> tuple[Move, ...]:
    rules = {rule.id: rule for one in rule_sets().values() for rule in one.rules}
    prices = _prices(done, books[0], rates)
    earlier = {(one.rule_id, one.reading): one for one in before.results}
    found = []
    for now in after.results:
        then = earlier.get((now.rule_id, now.reading))
        if then is None or (then.status, then.measured) == (now.status, now.measured):
            continue
        rule = rules.get(now.rule_id)
        found.append(
            Move(
                now.rule_id, now.reading, now.regime, now.title, now.operator, now.limit, now.unit,
                _side(then, rule, books[0], prices), _side(now, rule, books[1], prices), now.explanation,
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda one: (not one.breaks, one.after.status is not RuleStatus.BREACH)))


def _side(result: RuleResult, rule: Rule | None, book: Book, prices: Mapping[str, Fraction]) -> Side:
    money, units = None, dict[str, float]()
    if result.headroom is not None and result.unit is Unit.PCT and _is(rule, IN_MONEY):
        total = rule is not None and rule.measure.base is Base.TOTAL_ASSETS
        room = Fraction(result.headroom) / 100 * (book.total_assets if total else book.net_assets)
        money = float(room)
        if _is(rule, _IN_UNITS):
            units = {code: float(room / price) for code, price in prices.items()}
    return Side(result.status, result.measured, result.headroom, money, units)


def _is(rule: Rule | None, metrics: Iterable[RuleMetric]) -> bool:
    """Whether a rule measures one of these; a client's policy, which is in no file, measures shares of net assets."""
    return rule is None or (rule.measure.metric in metrics and not rule.measure.share_of)


def _prices(done: Sequence[Traded], book: Book, rates: Rates) -> dict[str, Fraction]:
    """Price of one unit in base currency, by the code of the trade."""
    found: dict[str, Fraction] = {}
    for one in done:
        factor = rates.factor(one.currency, book.base_currency, book.as_of)
        if one.unit_price and factor is not None:
            found[one.trade.code] = Fraction(abs(one.unit_price)) * Fraction(repr(factor))
    return found
