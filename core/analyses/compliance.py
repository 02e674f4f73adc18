"""The compliance report: explains what the rule engine decided. No status is the model's to give."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from core.analyses.answer import Answer, Claim, Metric, Part
from core.analyses.cells import cell
from core.analyses.checks import Analysis, unlike
from core.analyses.engine import Engine, Need, Tags
from core.analyses.evidence_tables import MOST_RULE_HOLDINGS
from core.analyses.fact_selection import Family, Shown, applicable, rule_key
from core.analyses.slots.forms import compliance as slots_compliance
from core.domain.analysis import Finding, FindingKind, Kind
from core.domain.compliance import RuleResult, RuleStatus
from core.domain.facts import FactSheet

_MUST_BE_NAMED: Final = frozenset({RuleStatus.BREACH, RuleStatus.NEAR})

_CURE_DAYS: Final = re.compile(r"\b(\d{1,4})(?=[- ](?:calendar |business |trading |working )?days?\b)", re.IGNORECASE)
"""Days in a rule's words about putting a breach right, which are English."""

_OVERALL: Final = (
    (RuleStatus.BREACH, "breach"),
    (RuleStatus.NEAR, "warning"),
    (RuleStatus.PASS, "compliant"),
)


class RuleFinding(Part):
    """One rule, what was measured, and what follows."""

    rule_id: str
    citation_id: str
    status: Literal["pass", "near", "breach", "not_assessable", "not_applicable"]
    measured: Metric
    limit: Metric
    headroom_pp: float | None
    breach_type: Literal["active", "passive", "unknown", "none"]
    holding_ids: list[str]
    explanation: str
    remediation: str
    cure_days: int | None


class Suitability(Part):
    """Whether the portfolio suits a profile, where one was given."""

    assessed: bool
    profile_id: str | None
    result: Literal["suitable", "suitable_with_conditions", "unsuitable", "not_assessed"]
    reasons: list[Claim]


class ComplianceAnswer(Answer):
    """A whole compliance report as the model answers it."""

    analysis_type: Literal["compliance"]
    regimes: Annotated[list[str], Field(description="regime ids from the RULES table")]
    overall_status: Literal["compliant", "warning", "breach", "not_assessable"]
    findings: list[RuleFinding]
    suitability: Suitability
    missing_data: list[str]


def overall_status(rules: list[RuleResult]) -> str:
    """The status of a portfolio: a breach weighs more than a near one, and without any verdict there is none."""
    statuses = {rule.status for rule in rules}
    return next((word for status, word in _OVERALL if status in statuses), "not_assessable")


def _summarise(answer: ComplianceAnswer) -> tuple[str, Tags]:
    breached = dict.fromkeys(finding.rule_id for finding in answer.findings if finding.status == "breach")
    return answer.overall_status, (
        ("overall_status", answer.overall_status),
        *(("breach", name) for name in breached),
        *(("regime", name) for name in dict.fromkeys(answer.regimes)),
    )


def _by_key(sheet: FactSheet) -> dict[str, RuleResult]:
    return {cell(rule_key(rule)): rule for rule in applicable(sheet.rules)}


def _statuses(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """Every named rule exists and has the engine's status, numbers and citation; every breach and near one is named."""
    rules = _by_key(sheet)
    named: set[str] = set()
    for place, one in enumerate(analysis["findings"]):
        path, key = f"findings[{place}]", cell(one["rule_id"])
        rule = rules.get(key)
        if rule is None:
            yield unlike(f"{path}.rule_id", "", one["rule_id"], None, FindingKind.RULE)
            continue
        if key in named:
            yield unlike(f"{path}.rule_id", key, f"{one['rule_id']} twice", None, FindingKind.RULE)
        named.add(key)
        yield from _as_decided(path, key, one, rule)
        yield from _of_the_rule(path, key, one, rule)
    for key, rule in rules.items():
        if rule.status in _MUST_BE_NAMED and key not in named:
            yield unlike("findings", key, "not named", rule.status.value, FindingKind.RULE)


def _as_decided(path: str, key: str, one: Mapping[str, Any], rule: RuleResult) -> Iterator[Finding]:
    """Status, numbers, headroom, kind of breach and citation are those of the engine."""
    if one["status"] != rule.status.value:
        yield unlike(f"{path}.status", key, one["status"], rule.status.value, FindingKind.RULE)
    for part in ("measured", "limit"):
        wanted = f"rule.{rule_key(rule)}.{part}"
        if cell(one[part]["metric_id"]) != cell(wanted):
            yield unlike(f"{path}.{part}.metric_id", key, one[part]["metric_id"], wanted, FindingKind.WRONG_ID)
    headroom = one["headroom_pp"]
    if headroom is not None and rule.headroom is None:
        yield unlike(f"{path}.headroom_pp", key, headroom, None, FindingKind.UNSUPPORTED)
    elif headroom is not None and abs(headroom - (rule.headroom or 0.0)) > 0.005 + 1e-9:
        yield unlike(f"{path}.headroom_pp", key, headroom, round(rule.headroom or 0.0, 2), FindingKind.VALUE)
    breach = rule.breach_type.value if rule.breach_type else "none"
    if one["breach_type"] != breach:
        yield unlike(f"{path}.breach_type", key, one["breach_type"], breach, FindingKind.RULE)
    if cell(one["citation_id"]) != cell(rule.citation):
        yield unlike(f"{path}.citation_id", key, one["citation_id"], rule.citation, FindingKind.RULE)


def _of_the_rule(path: str, key: str, one: Mapping[str, Any], rule: RuleResult) -> Iterator[Finding]:
    """A time to cure stands in the rule's own words, and the lines that are named are those behind its measure."""
    days = one["cure_days"]
    if days is not None and days not in {int(number) for number in _CURE_DAYS.findall(rule.cure)}:
        yield unlike(f"{path}.cure_days", key, days, rule.cure or None, FindingKind.UNSUPPORTED)
    behind = {cell(name) for name in rule.holding_ids}
    for place, name in enumerate(one["holding_ids"]):
        if behind and cell(name) not in behind:
            yield unlike(f"{path}.holding_ids[{place}]", key, name, ", ".join(rule.holding_ids), FindingKind.RULE)
    missing = behind - {cell(name) for name in one["holding_ids"]}
    if missing and rule.status is RuleStatus.BREACH and len(behind) <= MOST_RULE_HOLDINGS:
        yield unlike(f"{path}.holding_ids", key, "missing", ", ".join(sorted(missing)), FindingKind.RULE)


def _regimes(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """Regimes are those of the rules that were shown, all of them."""
    known = {cell(rule.regime) for rule in applicable(sheet.rules)}
    unnamed = known - {cell(name) for name in analysis["regimes"]}
    if unnamed:
        yield unlike("regimes", "", "not named", ", ".join(sorted(unnamed)), FindingKind.RULE)
    for place, name in enumerate(analysis["regimes"]):
        if cell(name) not in known:
            yield unlike(f"regimes[{place}]", "", name, ", ".join(sorted(known)), FindingKind.RULE)


def _overall(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    true = overall_status(applicable(sheet.rules))
    if analysis["overall_status"] != true:
        yield unlike("overall_status", "", analysis["overall_status"], true, FindingKind.RULE)
    profile = sheet.evidence.profile
    yield from _suitability(analysis["suitability"], None if profile is None else profile.profile_id)


def _suitability(one: Mapping[str, Any], profile_id: str | None) -> Iterator[Finding]:
    """Suitability is for the profile that was given, with a result and a reason, or is not assessed at all."""
    path = "suitability"
    if one["profile_id"] is not None and one["profile_id"] != profile_id:
        yield unlike(f"{path}.profile_id", "", one["profile_id"], profile_id, FindingKind.UNSUPPORTED)
    if not one["assessed"]:
        if one["result"] != "not_assessed":
            yield unlike(f"{path}.result", "", one["result"], "not_assessed", FindingKind.RULE)
        return
    if profile_id is None:
        yield unlike(f"{path}.assessed", "", "assessed", "no profile", FindingKind.UNSUPPORTED)
    if one["result"] == "not_assessed":
        yield unlike(f"{path}.result", "", one["result"], None, FindingKind.RULE)
    elif not any(reason["metrics"] or reason["source_ids"] for reason in one["reasons"]):
        yield unlike(f"{path}.result", "", one["result"], None, FindingKind.GRADE)


def rules_agreeing(analysis: Analysis, sheet: FactSheet) -> tuple[int, int]:
    """Rules that the report names or had to name, and those of them whose status it gives as the engine does."""
    rules = _by_key(sheet)
    said = {cell(one["rule_id"]): one["status"] for one in analysis["findings"]}
    wanted = said.keys() | {key for key, rule in rules.items() if rule.status in _MUST_BE_NAMED}
    agreeing = [key for key in wanted if key in rules and said.get(key) == rules[key].status.value]
    return len(wanted), len(agreeing)


ENGINE = Engine(
    kind=Kind.COMPLIANCE,
    answer=ComplianceAnswer,
    shown=Shown(
        ids=("total_value", "holdings_count", "issuer_top1_weight", "issuer_hhi"),
        families=(
            Family("asset_class."),
            Family("lines."),
            Family("issuer.", 12),
            Family("weight."),
            Family("liquidity."),
            Family("currency."),
        ),
    ),
    slots=slots_compliance.FORM,
    mandatory=(),
    summarise=_summarise,
    tools=frozenset(),  # the rule engine's verdicts are repeated, not looked for
    needs=frozenset({Need.RULES, Need.PROFILE}),
    required=frozenset({Need.RULES}),
    checks=(_statuses, _regimes, _overall),
    agreement=rules_agreeing,
)
