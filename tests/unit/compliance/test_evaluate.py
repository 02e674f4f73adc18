"""The evaluator on rules of its own: each operator at its limit, what is near, what is open, and what it says."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from core.compliance.evaluate import RuleSetting, evaluate, market_risk_class
from core.compliance.position import Book, Measures, RulePosition
from core.compliance.rule import Rule
from core.domain.compliance import BreachType, RuleResult, RuleStatus
from tests.unit.compliance.making import DAY, SETTING, book, cash, line

S = RuleStatus
EQUITY = {"metric": "total", "of": ["asset_class:equity"]}


def rule(measure: dict[str, Any] = EQUITY, **more: Any) -> Rule:
    """A rule of nobody's."""
    fields = {"id": "T.1", "title": "A title", "citation": "Art. 1", "as_of": DAY, "confirmed": True, "limit": 50}
    return Rule.model_validate(fields | {"measure": measure, **more})


def shares(weight: str | int, *more: RulePosition) -> Book:
    """So much in shares, and the rest in cash."""
    rest = 100 - Decimal(weight) - sum((one.value or Decimal(0) for one in more), Decimal(0))
    return book(line("A", weight), *more, cash(rest))


def found(of: Book, setting: RuleSetting = SETTING, **more: Any) -> RuleResult:
    (one,) = evaluate(rule(**more), setting, of)
    return one


@pytest.mark.parametrize(
    ("operator", "below", "at", "above"),
    [
        ("<=", S.PASS, S.NEAR, S.BREACH),
        ("<", S.PASS, S.BREACH, S.BREACH),
        (">=", S.BREACH, S.NEAR, S.PASS),
        (">", S.BREACH, S.BREACH, S.PASS),
        ("==", S.BREACH, S.PASS, S.BREACH),
    ],
)
def test_each_operator_decides_below_at_and_above_its_limit(operator: str, below: S, at: S, above: S) -> None:
    verdicts = [found(shares(weight), operator=operator).status for weight in (40, 50, 60)]
    assert verdicts == [below, at, above]


@pytest.mark.parametrize(
    ("operator", "weight", "headroom"),
    [("<=", 40, 10), ("<=", 60, -10), (">=", 60, 10), (">=", 40, -10), ("<", 49, 1), (">", 52, 2)],
)
def test_headroom_is_how_far_the_measure_may_move_and_negative_in_a_breach(
    operator: str, weight: int, headroom: int
) -> None:
    one = found(shares(weight), operator=operator)
    assert (one.headroom, one.measured, one.limit) == (headroom, weight, 50)


@pytest.mark.parametrize(
    ("operator", "weight", "near"),
    [("<=", "45", True), ("<=", "44.99", False), (">=", "55", True), (">=", "55.01", False), ("<", "45", True)],
)
def test_a_pass_is_near_when_a_tenth_of_the_limit_or_less_is_left(operator: str, weight: str, near: bool) -> None:
    assert (found(shares(weight), operator=operator).status is S.NEAR) is near


def test_the_rule_set_says_what_is_near() -> None:
    wide = replace(SETTING, near=Decimal("0.5"))
    assert found(shares(25), wide).status is S.NEAR
    assert found(shares(24), wide).status is S.PASS


def test_nothing_is_near_a_limit_of_nothing_nor_one_to_be_met_exactly() -> None:
    assert found(book(cash(100), line("B", 0)), measure=_russian(), limit=0).status is S.PASS
    assert found(shares(50), operator="==").status is S.PASS


def _russian() -> dict[str, Any]:
    return {"metric": "total", "of": ["currency:RUB"]}


def test_counts_are_never_near() -> None:
    counted = {"metric": "count", "of": ["asset_class:equity"], "by": "issuer"}
    many = book(*(line(f"S{n}", 10) for n in range(10)))
    one = found(many, measure=counted, limit=10, unit="count")
    assert (one.status, one.measured, one.headroom) == (S.PASS, 10, 0)
    assert found(many, measure=counted, limit=9, unit="count").status is S.BREACH


def test_a_result_says_whose_rule_it_is_and_what_it_demands() -> None:
    setting = RuleSetting("ucits", "EU")
    one = found(shares(60), setting, source="https://example.org/x", cure="Sell.", confirmed=False)
    assert (one.rule_id, one.regime, one.jurisdiction, one.title) == ("T.1", "ucits", "EU", "A title")
    assert (one.citation, one.source_url, one.as_of, one.confirmed) == ("Art. 1", "https://example.org/x", DAY, False)
    assert (one.operator, one.unit, one.reading, one.cure) == ("<=", "pct", "", "Sell.")
    assert one.explanation == "Asset class equity: 60.00 % of net assets; the rule says at most 50 %."


def test_lines_behind_a_measure_are_named_the_largest_first() -> None:
    assert found(shares(20, line("B", 41))).holding_ids == ("B", "A")


def test_a_breach_without_an_earlier_day_is_of_no_known_kind_and_a_pass_has_none() -> None:
    assert found(shares(60)).breach_type is BreachType.UNKNOWN
    assert found(shares(40)).breach_type is None


def test_what_only_documents_answer_is_never_decided() -> None:
    one = found(shares(60), measure={"metric": "documents"}, limit=None, documents=["a prospectus", "a letter"])
    assert (one.status, one.measured, one.missing) == (S.NOT_ASSESSABLE, None, ("a prospectus", "a letter"))
    assert one.explanation == "Holdings do not answer it: it takes a prospectus, a letter."


def test_a_measure_that_documents_decide_is_shown_where_it_is_known_for_certain() -> None:
    one = found(shares(60), documents=["a letter"])
    assert (one.status, one.measured, one.holding_ids, one.missing) == (S.NOT_ASSESSABLE, 60, ("A",), ("a letter",))
    assert one.explanation == "Asset class equity: 60.00 % of net assets. It takes a letter."
    nowhere = found(partly(60), measure=_german(), documents=["a letter"])
    assert (nowhere.status, nowhere.measured) == (S.NOT_ASSESSABLE, None)
    assert nowhere.explanation == "What is known of it is not all. It takes a letter."


def partly(german: int) -> Book:
    """So much in Germany, 20 % nobody knows where, and the rest in France."""
    return book(line("A", german), line("B", 20, country=""), line("F", 80 - german, country="FR"))


def _german() -> dict[str, Any]:
    return {"metric": "total", "of": ["country:DE"]}


def test_documents_decide_of_nothing_only_where_the_rule_names_no_limit() -> None:
    empty = book(cash(100))
    largest = {"metric": "largest", "of": ["asset_class:equity"], "by": "issuer"}
    asked = found(empty, measure=largest, limit=None, documents=["a letter"])
    assert (asked.status, asked.explanation) == (S.NOT_ASSESSABLE, "It takes a letter.")
    assert found(empty, measure=largest).status is S.NOT_APPLICABLE


def test_the_worst_case_decides_a_pass_and_the_certain_part_a_breach() -> None:
    kept = found(partly(25), measure=_german())
    assert (kept.status, kept.measured) == (S.NEAR, 45)
    assert "(at most, whatever country of B" in kept.explanation
    broken = found(partly(55), measure=_german())
    assert (broken.status, broken.measured) == (S.BREACH, 55)
    assert "(at least, whatever country of B" in broken.explanation
    unclear = found(partly(40), measure=_german())
    assert (unclear.status, unclear.measured, unclear.missing) == (S.NOT_ASSESSABLE, None, ("country",))
    assert unclear.holding_ids == ("B",)
    assert unclear.explanation.startswith("Country DE: 40.00 % of net assets at least as far as is known: missing is")


def test_a_floor_is_decided_the_other_way_round() -> None:
    kept = found(partly(60), measure=_german(), operator=">=")
    assert (kept.status, kept.measured) == (S.PASS, 60)
    assert "(at least, whatever" in kept.explanation
    broken = found(partly(20), measure=_german(), operator=">=")
    assert (broken.status, broken.measured) == (S.BREACH, 40)
    assert "(at most, whatever" in broken.explanation
    assert found(partly(40), measure=_german(), operator=">=").status is S.NOT_ASSESSABLE


def test_where_nothing_is_certain_it_says_that_too_little_is_known() -> None:
    one = found(book(line("B", 60, country=""), line("C", 40, country="")), measure=_german())
    assert one.status is S.NOT_ASSESSABLE
    assert one.explanation.startswith("Too little is known: missing is")
    assert set(one.holding_ids) == {"B", "C"}


def test_a_measure_without_anything_missing_is_not_called_a_bound() -> None:
    for weight in (40, 60):
        assert "whatever" not in found(shares(weight)).explanation


def test_more_than_the_limit_that_something_may_allow_is_left_to_whoever_has_it() -> None:
    one = found(shares(60), unless="an exemption is held")
    assert (one.status, one.measured, one.missing) == (S.NOT_ASSESSABLE, 60, ("an exemption is held",))
    assert one.explanation.endswith("and the rule says at most 50 %, unless an exemption is held.")
    assert one.holding_ids == ("A",)
    assert found(shares(40), unless="an exemption is held").status is S.PASS


def test_all_groups_beyond_a_limit_stand_behind_a_breach_and_the_largest_alone_behind_a_pass() -> None:
    by_issuer = {"metric": "largest", "of": ["asset_class:equity"], "by": "issuer"}
    held = book(line("A", 20), line("B", 15), line("C", 5), cash(60))
    broken = found(held, measure=by_issuer, limit=10)
    assert (broken.status, broken.holding_ids, broken.measured) == (S.BREACH, ("A", "B"), 20)
    assert broken.explanation.startswith("A is 20.00 % of net assets, B 15.00 %;")
    kept = found(held, measure=by_issuer, limit=30)
    assert (kept.status, kept.holding_ids) == (S.PASS, ("A",))
    assert kept.explanation.startswith("A is 20.00 % of net assets;")


@pytest.mark.parametrize(
    ("condition", "weight", "applies"),
    [
        ({"above": 30}, 31, True),
        ({"above": 30}, 30, False),
        ({"at_most": 30}, 30, True),
        ({"at_most": 30}, 31, False),
        ({"at_most": 0}, 1, False),
    ],
)
def test_a_rule_applies_where_its_condition_is_met(condition: dict[str, int], weight: int, applies: bool) -> None:
    when = {"measure": EQUITY, "otherwise": "It is for others.", **condition}
    one = found(shares(weight), applies_when=when)
    assert (one.status is S.NOT_APPLICABLE) is not applies
    if not applies:
        assert one.explanation == "It is for others."


def test_a_condition_that_is_a_number_is_no_percentage() -> None:
    counted = {"metric": "count", "of": ["asset_class:equity"], "by": "issuer"}
    when = {"measure": counted, "above": 1, "otherwise": "There is only one."}
    assert found(shares(40), applies_when=when).status is S.NOT_APPLICABLE
    assert found(shares(30, line("B", 10)), applies_when=when).status is S.PASS


def test_a_condition_about_what_is_not_held_counts_as_nothing() -> None:
    largest = {"metric": "largest", "of": ["currency:RUB"], "by": "issuer"}
    met = {"measure": largest, "at_most": 10, "otherwise": "No."}
    assert found(shares(40), applies_when=met).status is S.PASS
    unmet = {"measure": largest, "above": 10, "otherwise": "No."}
    assert found(shares(40), applies_when=unmet).status is S.NOT_APPLICABLE


def test_a_condition_that_cannot_be_told_leaves_the_rule_open() -> None:
    when = {"measure": _german(), "above": 50, "otherwise": "No."}
    one = found(partly(40), applies_when=when)
    assert (one.status, one.missing, one.holding_ids) == (S.NOT_ASSESSABLE, ("country",), ("B",))
    assert one.explanation.startswith("Whether the rule applies is not known: missing is country of B")


@pytest.mark.parametrize("metric", ["value_fall", "absolute_var", "relative_var", "market_risk_class"])
def test_a_measure_that_is_handed_in_and_unknown_says_why(metric: str) -> None:
    limit = {"market_risk_class": {"unit": "score", "limit": 5}}.get(metric, {"limit": 20})
    name = "vev" if metric == "market_risk_class" else metric
    told = replace(shares(40), measures=Measures(why_unknown=((name, "Prices are missing."), ("other", "?"))))
    one = found(told, measure={"metric": metric}, **limit)
    assert (one.status, one.missing, one.explanation) == (S.NOT_ASSESSABLE, (metric,), "Prices are missing.")
    untold = found(shares(40), measure={"metric": metric}, **limit)
    assert untold.explanation == f"The {metric.replace('_', ' ')} is not known."


@pytest.mark.parametrize(
    ("metric", "field"),
    [("value_fall", "value_fall"), ("absolute_var", "absolute_var"), ("relative_var", "relative_var")],
)
def test_a_measure_that_is_handed_in_is_compared_without_its_noise(metric: str, field: str) -> None:
    noisy = replace(shares(40), measures=Measures(**{field: 0.2 + 1e-15}))
    assert found(noisy, measure={"metric": metric}, limit=20).status is S.NEAR
    beyond = replace(shares(40), measures=Measures(**{field: 0.2001}))
    one = found(beyond, measure={"metric": metric}, limit=20)
    assert (one.status, one.measured) == (S.BREACH, pytest.approx(20.01))


def test_a_market_risk_class_is_a_number_and_never_near() -> None:
    volatile = replace(shares(40), measures=Measures(vev=0.25))
    one = found(volatile, measure={"metric": "market_risk_class"}, unit="score", limit=5)
    assert (one.status, one.measured, one.headroom) == (S.PASS, 5, 0)
    assert one.explanation == "Market risk class 5; the rule says at most 5."
    assert market_risk_class.__doc__


def test_nothing_is_assessed_of_a_book_with_an_unknown_value_or_without_a_total() -> None:
    lost = line("B", 1)
    holes = book(line("A", 40), RulePosition("B", lost.holding, lost.terms, None), currency="CHF")
    one = found(holes)
    assert (one.status, one.missing, one.holding_ids) == (S.NOT_ASSESSABLE, ("value in CHF",), ("B",))
    assert one.explanation == "There is no value in CHF of B."
    for total in (0, -1):
        none = found(book(line("A", 100), cash(total - 100)))
        assert (none.status, none.missing) == (S.NOT_ASSESSABLE, ("total value",))
    assert found(book(line("A", 100), cash(-99))).status is S.BREACH
