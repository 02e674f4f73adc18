"""The one evaluator: a rule and a book in, a result out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from core.compliance import wording
from core.compliance.measures import Bounds, Empty, ExposureGroup, Gaps, measured
from core.compliance.position import Book, Measures
from core.compliance.provenance import breach_type
from core.compliance.rule import Condition, Rule
from core.compliance.vocabulary import HANDED_IN, LimitReading, Operator, RuleMetric
from core.domain.compliance import RuleResult, RuleStatus
from core.domain.units import Unit

NEAR = Decimal("0.10")
"""A measure is near its limit when less than this share of the limit is left: 9.2 % of 10 %, or 79 % where 75 % is
needed."""

MARKET_RISK_FLOORS = tuple(Fraction(bound) / 1000 for bound in (5, 50, 120, 200, 300, 800))
"""VaR-equivalent volatilities from which class 2, 3, ... 7 begins (Regulation 2017/653, annex II)."""

_UNCOUNTED = frozenset({RuleMetric.COUNT, RuleMetric.COUNT_ABOVE, RuleMetric.MARKET_RISK_CLASS})


@dataclass(frozen=True, slots=True)
class RuleSetting:
    """Under which rule set a rule is evaluated.

    Attributes:
        near: Share of the limit that must be left, else a pass is "near".
    """

    regime: str
    jurisdiction: str
    near: Decimal = NEAR


def evaluate(rule: Rule, setting: RuleSetting, book: Book) -> tuple[RuleResult, ...]:
    """One result, or one for each reading of the rule. Weights are compared exactly: 5 % is not above 5 %.

    Of several readings the first is the house's and decides; the others are information and have no status.
    """
    if not rule.readings:
        return (_seen(rule, setting, book, None),)
    house, *others = rule.readings
    told = (_informing(_seen(rule, setting, book, reading), house) for reading in others)
    return (_seen(rule, setting, book, house), *told)


def _informing(result: RuleResult, house: LimitReading) -> RuleResult:
    """A reading that decides nothing: its figure, and which reading decides."""
    if result.status is RuleStatus.NOT_APPLICABLE:
        return result
    return replace(
        result,
        status=RuleStatus.NOT_APPLICABLE,
        headroom=None,
        breach_type=None,
        missing=(),
        explanation=f"For information, as '{result.reading}' reads it; '{house.value}' decides. {result.explanation}",
    )


def _seen(rule: Rule, setting: RuleSetting, book: Book, reading: LimitReading | None) -> RuleResult:
    """The result on the lines as they are held or, where the rule looks through funds, on what these hold."""
    inside = book.inside
    if not rule.measure.look_through or book.unvalued:
        return _one(rule, setting, book, reading)
    if inside is None or inside.why_not:
        why = inside.why_not if inside is not None else "The rule looks through funds, and nobody took them apart."
        return _open(_blank(rule, setting, reading), ("fund holdings",), why)
    taken_apart = replace(book, positions=inside.positions, inside=None, whole=book, earlier=None)
    result = _one(rule, setting, taken_apart, reading)
    return replace(result, explanation=f"{result.explanation} {inside.statement}")


def _one(rule: Rule, setting: RuleSetting, book: Book, reading: LimitReading | None) -> RuleResult:
    blank = _blank(rule, setting, reading)
    if rule.measure.metric is RuleMetric.DOCUMENTS:
        return _open(blank, rule.documents, f"Holdings do not answer it: it takes {', '.join(rule.documents)}.")
    if book.unvalued:
        return _open(
            blank,
            (f"value in {book.base_currency}",),
            f"There is no value in {book.base_currency} of {wording.some(one.holding_id for one in book.unvalued)}.",
            tuple(one.holding_id for one in book.unvalued),
        )
    if min(book.net_assets, book.total_assets) <= 0:
        return _open(blank, ("total value",), "Shares of a total that is not above zero have no meaning.")
    if rule.applies_when is not None and (other := _outside(rule.applies_when, blank, book)) is not None:
        return other
    if rule.measure.metric in HANDED_IN:
        found = _handed_in(rule, book.measures)
        if isinstance(found, str):
            return _open(blank, (rule.measure.metric.value,), found)
    else:
        shown = measured(book, rule.measure, reading)
        if isinstance(shown, Empty):
            if rule.limit is None:
                return _open(blank, rule.documents, f"It takes {', '.join(rule.documents)}.")
            return replace(blank, status=RuleStatus.NOT_APPLICABLE, explanation=wording.nothing_held(rule.measure))
        found = shown
    result = _verdict(rule, setting, found, blank)
    if result.status is RuleStatus.BREACH:
        kind = breach_type(book, result.holding_ids, lambda earlier: _one(rule, setting, earlier, reading).status)
        result = replace(result, breach_type=kind)
    return result


def _blank(rule: Rule, setting: RuleSetting, reading: LimitReading | None) -> RuleResult:
    return RuleResult(
        rule_id=rule.id,
        jurisdiction=setting.jurisdiction,
        regime=setting.regime,
        title=rule.title,
        citation=rule.citation,
        source_url=rule.source,
        as_of=rule.as_of,
        confirmed=rule.confirmed,
        status=RuleStatus.NOT_ASSESSABLE,
        operator=rule.operator.value,
        measured=None,
        limit=None if rule.limit is None else float(rule.limit),
        unit=rule.unit,
        headroom=None,
        holding_ids=(),
        reading=reading.value if reading else "",
        cure=rule.cure,
    )


def _open(
    blank: RuleResult, missing: tuple[str, ...], explanation: str, holding_ids: tuple[str, ...] = ()
) -> RuleResult:
    return replace(
        blank,
        status=RuleStatus.NOT_ASSESSABLE,
        missing=missing,
        explanation=explanation,
        holding_ids=holding_ids,
    )


def _outside(condition: Condition, blank: RuleResult, book: Book) -> RuleResult | None:
    """The result of a rule whose condition is not met, or cannot be told; None where the rule applies."""
    found = measured(book, condition.measure)
    bounds = Bounds(Fraction(), Fraction()) if isinstance(found, Empty) else found
    scale = 1 if condition.measure.metric in _UNCOUNTED else 100
    edge = Fraction(condition.above if condition.above is not None else condition.at_most or 0) / scale
    surely = bounds.low > edge
    surely_not = bounds.high is not None and bounds.high <= edge
    if condition.at_most is not None:
        surely, surely_not = surely_not, surely
    if surely:
        return None
    if surely_not:
        return replace(blank, status=RuleStatus.NOT_APPLICABLE, explanation=condition.otherwise)
    return _gap(blank, bounds.gaps or {}, "Whether the rule applies is not known")


def _gap(blank: RuleResult, gaps: Gaps, lead: str) -> RuleResult:
    lines = [one for positions in gaps.values() for one in positions]
    ordered = tuple(dict.fromkeys(one.holding_id for one in lines))
    return _open(blank, tuple(gaps), f"{lead}: missing is {wording.lacking(gaps)}.", ordered)


def _handed_in(rule: Rule, measures: Measures) -> Bounds | str:
    """The measure, or why it is not known."""
    metric = rule.measure.metric
    value = {
        RuleMetric.VALUE_FALL: measures.value_fall,
        RuleMetric.ABSOLUTE_VAR: measures.absolute_var,
        RuleMetric.RELATIVE_VAR: measures.relative_var,
        RuleMetric.MARKET_RISK_CLASS: measures.vev,
    }[metric]
    if value is None:
        name = "vev" if metric is RuleMetric.MARKET_RISK_CLASS else metric.value
        return dict(measures.why_unknown).get(name) or f"The {metric.replace('_', ' ')} is not known."
    # Computed numbers carry noise in their last digits: a fall of 10 % comes as 0.09999999999999998.
    exact = Fraction(f"{value:.12g}")
    if metric is RuleMetric.MARKET_RISK_CLASS:
        exact = Fraction(market_risk_class(exact))
    return Bounds(exact, exact)


def market_risk_class(vev: Fraction) -> int:
    """PRIIPs market risk class of a VaR-equivalent volatility: 1 below 0.5 %, 7 from 80 % on."""
    return 1 + sum(vev >= floor for floor in MARKET_RISK_FLOORS)


def _verdict(rule: Rule, setting: RuleSetting, bounds: Bounds, blank: RuleResult) -> RuleResult:
    scale = _scale(rule)
    low = bounds.low * scale
    high = None if bounds.high is None else bounds.high * scale
    if rule.documents:
        clause = _clause(rule, low, bounds) if bounds.exact else "What is known of it is not all"
        known = replace(blank, measured=float(low) if bounds.exact else None)
        return _open(known, rule.documents, f"{clause}. It takes {', '.join(rule.documents)}.", bounds.lines)
    limit = Fraction(rule.limit or 0)
    worst, best = (high, low) if rule.operator.is_ceiling else (low, high)
    if worst is not None and _passes(worst, rule.operator, limit):
        near = _is_near(rule, worst, limit, setting.near)
        status = RuleStatus.NEAR if near else RuleStatus.PASS
        return _measured(rule, blank, status, worst, bounds)
    if best is None or _passes(best, rule.operator, limit):
        clause = f"{_clause(rule, low, bounds)} at least as far as is known" if bounds.low else "Too little is known"
        return _gap(blank, bounds.gaps or {}, clause)
    if rule.unless:
        named = replace(blank, measured=float(best))
        allowed = wording.bound(limit, rule.operator, rule.unit)
        sentence = f"{_clause(rule, best, bounds)} and the rule says {allowed}, unless {rule.unless}."
        return _open(named, (rule.unless,), sentence, bounds.lines)
    return _measured(rule, blank, RuleStatus.BREACH, best, bounds)


def _measured(rule: Rule, blank: RuleResult, status: RuleStatus, value: Fraction, bounds: Bounds) -> RuleResult:
    limit = Fraction(rule.limit or 0)
    headroom = limit - value if rule.operator.is_ceiling else value - limit
    surely = ""
    if not bounds.exact:
        least = rule.operator.is_ceiling is (status is RuleStatus.BREACH)
        surely = f" ({'at least' if least else 'at most'}, whatever {wording.lacking(bounds.gaps or {})} may be)"
    behind = bounds.lines
    if status is RuleStatus.BREACH and bounds.groups:
        # All that are beyond the limit, not only the largest.
        behind = tuple(one for group in _beyond(rule, bounds, limit) for one in group.lines)
    return replace(
        blank,
        status=status,
        measured=float(value),
        headroom=float(headroom),
        holding_ids=behind,
        explanation=f"{_clause(rule, value, bounds)}{surely}; the rule says "
        f"{wording.bound(limit, rule.operator, rule.unit)}.",
    )


def _beyond(rule: Rule, bounds: Bounds, limit: Fraction) -> tuple[ExposureGroup, ...]:
    scale = _scale(rule)
    return tuple(group for group in bounds.groups if not _passes(group.share * scale, rule.operator, limit))


def _clause(rule: Rule, value: Fraction, bounds: Bounds) -> str:
    limit = None if rule.limit is None else Fraction(rule.limit)
    named: tuple[ExposureGroup, ...] = ()
    # At the high end it is no longer the named issuer alone that is measured.
    if bounds.groups and value == bounds.low * _scale(rule):
        named = (_beyond(rule, bounds, limit) if limit is not None else ()) or bounds.groups[:1]
    pairs = [(group.name, group.share * _scale(rule)) for group in named]
    return wording.statement(rule.measure, value, rule.unit, pairs, limit)


def _scale(rule: Rule) -> int:
    return 1 if rule.unit in {Unit.COUNT, Unit.SCORE} else 100


def _passes(value: Fraction, operator: Operator, limit: Fraction) -> bool:
    match operator:
        case Operator.AT_MOST:
            return value <= limit
        case Operator.AT_LEAST:
            return value >= limit
        case Operator.BELOW:
            return value < limit
        case Operator.ABOVE:
            return value > limit
        case Operator.EQUAL:
            return value == limit


def _is_near(rule: Rule, value: Fraction, limit: Fraction, near: Decimal) -> bool:
    if rule.measure.metric in _UNCOUNTED or limit <= 0 or rule.operator is Operator.EQUAL:
        return False
    room = limit * Fraction(near)
    return value >= limit - room if rule.operator.is_ceiling else value <= limit + room
