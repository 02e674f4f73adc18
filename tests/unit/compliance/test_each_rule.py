"""Every rule of the files, against books that are made from the rule itself."""

from __future__ import annotations

import pytest

from core.compliance.evaluate import evaluate
from core.compliance.library import rule_sets
from core.compliance.rule import Rule
from core.compliance.vocabulary import LimitReading
from core.domain.compliance import RuleResult, RuleStatus
from tests.unit.compliance.generating import Case, has_near, make, target
from tests.unit.compliance.making import SETTING

RULES = {rule.id: rule for rule_set in rule_sets().values() for rule in rule_set.rules}
LIMITED = [
    pytest.param(rule, reading, id=f"{rule.id}{f' {reading}' if reading else ''}")
    for rule in RULES.values()
    if not rule.documents
    for reading in rule.readings[:1] or (None,)
]
ASKING = [pytest.param(rule, id=rule.id) for rule in RULES.values() if rule.documents]


def evaluated(rule: Rule, case: Case, reading: LimitReading | None) -> RuleResult:
    results = evaluate(rule, SETTING, make(rule, case, reading))
    return next(one for one in results if one.reading == (reading or ""))


@pytest.mark.parametrize(("rule", "reading"), LIMITED)
def test_a_book_well_within_a_rule_passes(rule: Rule, reading: LimitReading | None) -> None:
    found = evaluated(rule, Case.PASS, reading)
    assert found.status is RuleStatus.PASS, found.explanation
    assert found.measured == pytest.approx(float(target(rule, Case.PASS)))
    assert found.headroom is not None
    assert found.headroom >= 0


@pytest.mark.parametrize(("rule", "reading"), [one for one in LIMITED if has_near(one.values[0])])
def test_a_book_close_to_a_limit_is_near(rule: Rule, reading: LimitReading | None) -> None:
    found = evaluated(rule, Case.NEAR, reading)
    assert found.status is RuleStatus.NEAR, found.explanation
    assert found.measured == pytest.approx(float(target(rule, Case.NEAR)))


@pytest.mark.parametrize(("rule", "reading"), LIMITED)
def test_a_book_beyond_a_limit_breaks_the_rule_unless_documents_may_allow_it(
    rule: Rule, reading: LimitReading | None
) -> None:
    found = evaluated(rule, Case.BREACH, reading)
    assert found.measured == pytest.approx(float(target(rule, Case.BREACH))), found.explanation
    if rule.unless:
        assert found.status is RuleStatus.NOT_ASSESSABLE
        assert found.missing == (rule.unless,)
    else:
        assert found.status is RuleStatus.BREACH, found.explanation
        assert found.headroom is not None
        assert found.headroom < 0


@pytest.mark.parametrize(("rule", "reading"), LIMITED)
def test_a_book_that_is_not_described_leaves_the_rule_open_and_says_what_is_missing(
    rule: Rule, reading: LimitReading | None
) -> None:
    found = evaluated(rule, Case.OPEN, reading)
    assert found.status is RuleStatus.NOT_ASSESSABLE, (found.measured, found.explanation)
    assert found.missing
    assert found.explanation


@pytest.mark.parametrize("rule", ASKING)
def test_a_rule_that_documents_decide_is_never_decided_by_holdings(rule: Rule) -> None:
    for case in (Case.OPEN,):
        for found in evaluate(rule, SETTING, make(rule, case)):
            assert found.status in {RuleStatus.NOT_ASSESSABLE, RuleStatus.NOT_APPLICABLE}
            assert found.status is RuleStatus.NOT_APPLICABLE or found.missing
