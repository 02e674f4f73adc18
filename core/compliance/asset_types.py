"""Which kinds of instruments a rule set allows, allows on conditions, and forbids."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from core.compliance import wording
from core.compliance.evaluate import RuleSetting
from core.compliance.kinds import types_of
from core.compliance.position import Book, RulePosition, ids_of, value_of
from core.compliance.rule import AssetTypes
from core.domain.compliance import BreachType, RuleResult, RuleStatus
from core.domain.instrument import InstrumentType
from core.domain.units import Unit


def evaluate_types(types: AssetTypes, setting: RuleSetting, book: Book) -> RuleResult:
    """Breach: a forbidden kind is held. Not assessable: one that is allowed on a condition, or one that is not known.

    A kind that stands in no list is open: the rule set, as far as it was read, does not speak of it.
    """
    blank = RuleResult(
        rule_id=types.id,
        jurisdiction=setting.jurisdiction,
        regime=setting.regime,
        title="Only kinds of instruments that may be held",
        citation=types.citation,
        source_url=types.source,
        as_of=types.as_of,
        confirmed=types.confirmed,
        status=RuleStatus.PASS,
        operator="<=",
        measured=0.0,
        limit=0.0,
        unit=Unit.PCT,
        headroom=0.0,
        holding_ids=(),
    )
    held = [position for position in book.positions if position.value]
    forbidden = [one for one in held if types_of(one) <= set(types.restricted)]
    if forbidden:
        share = _share(book, forbidden)
        reasons = {types.restricted[kind] for one in forbidden for kind in types_of(one)}
        return replace(
            blank,
            status=RuleStatus.BREACH,
            measured=share,
            headroom=None if share is None else -share,
            holding_ids=ids_of(forbidden),
            breach_type=BreachType.ACTIVE,  # prices turn no instrument into one of another kind
            explanation=f"{wording.some(ids_of(forbidden))} may not be held: {'; '.join(sorted(reasons))}.",
        )
    unclear = [one for one in held if types_of(one) & set(types.restricted)]
    conditional = [one for one in held if types_of(one) <= set(types.optional)]
    if not unclear and not conditional:
        return replace(blank, explanation="Every line is of a kind that may be held.")
    conditions = {kind: types.optional[kind] for one in conditional for kind in types_of(one)}
    sentences = [
        f"{wording.some(ids_of([one for one in conditional if kind in types_of(one)]))} "
        f"({_words(kind)}) may be held only if {condition}."
        for kind, condition in sorted(conditions.items())
    ]
    if unclear:
        sentences.append(f"The kind of {wording.some(ids_of(unclear))} is not known.")
    return replace(
        blank,
        status=RuleStatus.NOT_ASSESSABLE,
        measured=None,
        headroom=None,
        holding_ids=ids_of([*conditional, *unclear]),
        missing=(*sorted(set(conditions.values())), *(("instrument_type",) if unclear else ())),
        explanation=" ".join(sentences),
    )


def _share(book: Book, positions: list[RulePosition]) -> float | None:
    if book.unvalued or book.total_assets <= 0:
        return None
    return float(sum((abs(value_of(one)) for one in positions), Fraction()) / book.total_assets * 100)


def _words(kind: InstrumentType) -> str:
    return kind.value.replace("_", " ")
