"""Which lines each rule counts, how, and together with which: all of a check but its arithmetic.

What a line is before the law and who is behind it is read from words; sums, ends and limits follow from the rows alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.compliance.evaluate import NEAR
from core.compliance.hedges import Unhedged, sides_of
from core.compliance.kinds import types_of
from core.compliance.library import RuleSet
from core.compliance.lines import membership
from core.compliance.measures import counted
from core.compliance.owed import overdrafts
from core.compliance.policy import Policy, policy_rules
from core.compliance.position import Book, RulePosition, value_of
from core.compliance.rule import AssetTypes, Measurement, Rule
from core.compliance.vocabulary import HANDED_IN, By, RuleMetric

Row = list[Any]
"""Place of a line in its book, what its amount is, whether it surely counts, its key, and the key at most."""

_CONTROL_PCT = 10


@dataclass(frozen=True, slots=True)
class RuleCase:
    """One rule as it is evaluated.

    Attributes:
        near: Share of the limit that must be left.
    """

    rule: Rule
    near: Decimal


def cases_of(sets: Sequence[RuleSet], policies: Sequence[Policy], near: Decimal | None = None) -> Iterator[RuleCase]:
    """Every rule of some rule sets and policies, each once, as `core.compliance.check.check` takes them."""
    margin = NEAR if near is None else near
    found: dict[str, RuleCase] = {}
    for rule_set in sets:
        for rule in () if rule_set.replaced_by_policy else rule_set.rules:
            found.setdefault(rule.id, RuleCase(rule, margin))
    for place, policy in enumerate(policies, start=1):
        own = policy.near if near is None and policy.near is not None else margin
        found |= {rule.id: RuleCase(rule, own) for rule in policy_rules(policy, place)}
    yield from found.values()


def rows_of(book: Book, measure: Measurement) -> dict[str, Any]:
    """The lines of a book that a measure counts, and those that its shares are shares of where that is not all.

    Amounts are "value", "notional", the "larger" of both, "unknown", the "debt" or the "short" sale that a line is, or
    "votes" with a number.
    """
    places = {id(position): place for place, position in enumerate(book.positions)}
    found: dict[str, Any] = {"rows": [[places[id(one[0])], *one[1:]] for one in _rows(book, measure)]}
    if measure.share_of:
        whole = Measurement(metric=RuleMetric.TOTAL, of=measure.share_of)
        found["base_rows"] = [[places[id(one[0])], *one[1:]] for one in _rows(book, whole)]
    if measure.metric is RuleMetric.DIVERSIFIED:
        found["free"] = [[places[id(one[0])], *one[1:]] for one in _free(book, measure)]
        found["controlled"] = _controlled(book, measure)
    return found


def _rows(book: Book, measure: Measurement) -> Iterator[Row]:
    metric = measure.metric
    if metric in HANDED_IN | {RuleMetric.DOCUMENTS}:
        return
    if metric in {RuleMetric.BORROWING, RuleMetric.ASSET_COVERAGE}:
        sure, maybe = overdrafts(book)
        yield from ([one, "debt", True, "", ""] for one in sure)
        yield from ([one, "debt", False, "", ""] for one in maybe)
    elif metric is RuleMetric.SHORT:
        yield from _short(book, measure)
    elif metric is RuleMetric.UNHEDGED:
        yield from (
            [one.position, one.basis, one.side, one.currency, None] for one in sides_of(book, measure, Unhedged())
        )
    elif metric is RuleMetric.VOTES:
        for one in counted(book, _by_issuer(measure)):
            pct = one.position.terms.votes_pct
            basis = "unknown" if pct is None else f"votes {pct!r}"
            yield [one.position, basis, one.inside is True, *one.key]
    else:
        of = _by_issuer(measure) if metric is RuleMetric.DIVERSIFIED else measure
        for one in counted(book, of, at_notional=metric is RuleMetric.NOTIONAL):
            yield [one.position, one.basis, one.inside is True, *one.key]


def _by_issuer(measure: Measurement) -> Measurement:
    without = (*measure.without, *measure.free)
    return Measurement(metric=RuleMetric.LARGEST, by=By.ISSUER, of=measure.of, without=without)


def _short(book: Book, measure: Measurement) -> Iterator[Row]:
    """One row for each instrument of which a line is negative."""
    sure: dict[str, bool] = {}
    first: dict[str, RulePosition] = {}
    for one in book.ranked:
        inside = membership(one, measure.of, measure.without, book.base_currency)
        if value_of(one) < 0 and inside is not False:
            first.setdefault(one.instrument, one)
            sure[one.instrument] = sure.get(one.instrument, False) or inside is True
    yield from ([one, "short", sure[name], "", ""] for name, one in first.items())


def _free(book: Book, measure: Measurement) -> Iterator[Row]:
    for one in book.ranked:
        inside = membership(one, measure.free, (), book.base_currency)
        if inside is not False:
            yield [one, "value", inside is True, "", ""]


def _controlled(book: Book, measure: Measurement) -> list[str]:
    """Issuers of which over 10 % of the votes are held, where the votes are known."""
    votes: dict[str, float] = {}
    for one in counted(book, _by_issuer(measure)):
        key, pct = one.key[0], one.position.terms.votes_pct
        if key is not None and pct and value_of(one.position) > 0:
            votes[key] = votes.get(key, 0.0) + pct
    return sorted(key for key, share in votes.items() if share > _CONTROL_PCT)


def kinds_of(book: Book, types: AssetTypes) -> list[tuple[int, str]]:
    """Lines that are "forbidden", may be ("unclear"), or are allowed on a "condition"; places and words."""
    restricted, optional = set(types.restricted), set(types.optional)
    found = []
    for place, one in enumerate(book.positions):
        kinds = types_of(one)
        for word, holds in (
            ("forbidden", kinds <= restricted),
            ("unclear", bool(kinds & restricted)),
            ("condition", kinds <= optional),
        ):
            if holds:
                found.append((place, word))
                break
    return found
