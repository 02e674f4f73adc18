"""A number that is true is never flagged, in whatever notation; a planted slip always is."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from core.analyses.numbers import numbers
from core.analyses.verify import verify
from core.domain.analysis import FindingKind, Verification
from core.domain.facts import Fact, FactSheet
from core.domain.units import Badge, Unit

DECIMALS = {Unit.COUNT: 0, Unit.DAYS: 0, Unit.BPS: 0, Unit.RATIO: 4}
WORDS = {Unit.PCT: " %", Unit.PP: " pp", Unit.BPS: " bps", Unit.CCY: " USD"}
LOCALES = {
    "en": (",", "."),
    "fr": ("\u202f", ","),
    "fr, plain": (" ", ","),
    "fr, no-break": ("\u00a0", ","),
    "de": (".", ","),
    "ch": ("'", "."),
    "ch, curly": ("\u2019", "."),
    "plain": ("", "."),
}


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    unit = draw(st.sampled_from(list(Unit)))
    decimals = DECIMALS.get(unit, 2)
    largest = 1e12 if unit is Unit.CCY else 1e6
    value = draw(st.floats(-largest, largest, allow_nan=False))
    if unit in {Unit.COUNT, Unit.DAYS}:
        value = float(round(value))
    currency = "USD" if unit is Unit.CCY else None
    return Fact("the_metric", value, unit, currency, "as of 2026-10-30", "", Badge.DERIVED, decimals)


def sheet_of(*given_facts: Fact) -> FactSheet:
    return FactSheet("p", "Portfolio", date(2026, 10, 30), "USD", "US", given_facts, (), ())


def reference(fact: Fact, **changes: Any) -> dict[str, Any]:
    return {
        "metric_id": fact.metric_id,
        "value": float(fact.shown),
        "unit": fact.unit.value,
        "currency": fact.currency,
        "period": fact.period,
    } | changes


def grouped(shown: str, group: str, point: str) -> str:
    """A plain decimal in a locale's notation."""
    sign, shown = ("-", shown[1:]) if shown.startswith("-") else ("", shown)
    whole, _, fraction = shown.partition(".")
    pieces = []
    while whole:
        whole, piece = whole[:-3], whole[-3:]
        pieces.insert(0, piece)
    return sign + group.join(pieces) + (point + fraction if fraction else "")


@given(facts(), st.sampled_from(sorted(LOCALES)))
def test_a_fact_at_display_precision_is_verified_in_every_notation(fact: Fact, locale: str) -> None:
    text = f"It stands at {grouped(fact.shown, *LOCALES[locale])}{WORDS.get(fact.unit, '')}, as computed."
    analysis = {"claims": [{"metrics": [reference(fact)], "text": text}], "summary": text}
    verification = verify(analysis, sheet_of(fact))
    assert verification.findings == ()
    assert verification.verified >= 1


@given(facts(), st.integers(0, 2))
def test_a_fact_rounded_further_in_a_sentence_is_verified(fact: Fact, decimals: int) -> None:
    assume(fact.unit not in {Unit.COUNT, Unit.DAYS})
    assume(decimals == 2 or fact.unit not in {Unit.RATIO, Unit.X})  # a ratio keeps two decimals
    rounded = f"{fact.value:,.{decimals}f}"
    analysis = {"claims": [{"metrics": [reference(fact)], "text": f"At {rounded}{WORDS.get(fact.unit, '')} now."}]}
    assert verify(analysis, sheet_of(fact)).findings == ()


@given(facts())
def test_an_exact_copy_at_full_precision_is_verified(fact: Fact) -> None:
    value = fact.value if fact.unit not in {Unit.COUNT, Unit.DAYS} else float(fact.shown)
    analysis = {"claims": [{"metrics": [reference(fact, value=value)], "text": ""}]}
    assert verify(analysis, sheet_of(fact)) == Verification(1, 0, 0)


@given(
    st.floats(1.0, 99.0).map(lambda value: round(value, 2)),
    st.sampled_from(
        [
            (lambda value: value / 100, FindingKind.PERCENT),
            (lambda value: value * 100, FindingKind.PERCENT),
            (lambda value: value / 10_000, FindingKind.BPS),
            (lambda value: value * 10_000, FindingKind.BPS),
            (lambda value: value * 1e3, FindingKind.SCALE),
            (lambda value: value / 1e3, FindingKind.SCALE),
            (lambda value: value * 1e6, FindingKind.SCALE),
            (lambda value: value * 1e9, FindingKind.SCALE),
            (lambda value: -value, FindingKind.SIGN),
            (lambda value: value * 1.07 + 0.3, FindingKind.VALUE),
        ]
    ),
)
def test_a_slip_is_always_found_and_named(value: float, slip: tuple[Any, FindingKind]) -> None:
    fact = Fact("the_metric", value, Unit.PCT, None, None, "", Badge.DERIVED, 2)
    change, kind = slip
    analysis = {"claims": [{"metrics": [reference(fact, value=change(value))], "text": ""}]}
    (finding,) = verify(analysis, sheet_of(fact)).findings
    assert finding.kind is kind


@given(st.floats(1.0, 99.0), st.floats(1.0, 99.0))
def test_the_value_of_another_metric_is_a_wrong_id(first: float, second: float) -> None:
    assume(abs(first - second) > 0.1)
    one = Fact("one", first, Unit.PCT, None, None, "", Badge.DERIVED, 2)
    two = Fact("two", second, Unit.PCT, None, None, "", Badge.DERIVED, 2)
    analysis = {"claims": [{"metrics": [reference(one, value=float(two.shown))], "text": ""}]}
    (finding,) = verify(analysis, sheet_of(one, two)).findings
    assert finding.kind is FindingKind.WRONG_ID


@given(st.text(max_size=80))
def test_any_text_is_scanned_without_harm(text: str) -> None:
    for number in numbers(text):
        assert number.readings
        assert text[number.start : number.end] == number.digits
    verify({"summary": text, "claims": [{"metrics": [], "text": text, "source_ids": [text]}]}, sheet_of())


@given(
    st.lists(
        st.sampled_from(["12", "1,234.5", "2026", "-", " ", "%", "/", ".", ",", "USD", "30 May", "m", "'"]), max_size=12
    )
)
def test_any_sequence_of_marks_is_scanned_without_harm(pieces: list[str]) -> None:
    for number in numbers("".join(pieces)):
        assert number.readings
