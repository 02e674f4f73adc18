"""What a prompt holds behind the portfolio's own tables: scenarios, rules, a profile, documents, finished analyses.

    <RULES>
    rule_id|regime|jurisdiction|status|measured_id|operator|limit_id|breach_type|citation_id|...
    EU.UCITS.52.2|ucits|EU|breach|rule.EU.UCITS.52.2.measured|at most|rule.EU.UCITS.52.2.limit|unknown|...
    </RULES>

A table without rows is left out. Documents and earlier answers were written by strangers: they stand in cells like
everything else, so that no text in them can end its table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from core.analyses.cells import cell
from core.analyses.fact_selection import applicable, rule_key
from core.compliance.coverage import articles_known
from core.domain.compliance import ArticleCheck, ArticleStatus, RuleResult, articles_checked
from core.domain.evidence import Evidence, Finished, InvestmentProfile, SourceDocument
from core.domain.facts import FactSheet

CHARTS: Final[Mapping[str, str]] = {
    "risk": "risk_shares",
    "allocation": "weights_and_bands",
    "performance": "cumulative_return",
    "attribution": "attribution_waterfall",
    "compliance": "rule_status",
    "reallocation": "weights_before_and_after",
    "market_research": "indicators",
}
"""Charts that the program can draw for a finished analysis, by its kind."""

_OPERATORS: Final = {"<=": "at most", "<": "less than", ">=": "at least", ">": "more than", "==": "exactly"}
"""In words, because a cell holds no angle brackets."""

_RULES_HEAD: Final = (
    "rule_id|regime|jurisdiction|status|measured_id|operator|limit_id|breach_type|citation_id|confirmed|title|"
    "holding_ids|missing|cure"
)
_TITLE_CHARACTERS: Final = 200
_PASSAGE_CHARACTERS: Final = 4_000
_CONCLUSION_CHARACTERS: Final = 600
MOST_RULE_HOLDINGS: Final = 8


def evidence_tables(sheet: FactSheet) -> str:
    """The tables that follow HOLDINGS, each after a line break; "" when there is nothing to show."""
    given = sheet.evidence
    if not (given.sources or given.profile or given.analyses or given.scenarios or given.period or sheet.rules):
        return ""
    return "".join(f"\n<{name}>\n{head}\n{''.join(rows)}</{name}>" for name, head, rows in _tables(sheet) if rows)


def _tables(sheet: FactSheet) -> Iterator[tuple[str, str, list[str]]]:
    given: Evidence = sheet.evidence
    yield "SCENARIOS", "scenario_id|metric_id", [_row(name, f"stress.{name}") for name in given.scenarios]
    yield "PERIOD", "period", [_row(given.period)] if given.period else []
    yield (
        "RULES",
        _RULES_HEAD,
        [_rule(rule) for rule in applicable(sheet.rules)],
    )
    yield "BREACHES", "rule_id|breached_since|kept_before", list(_since(sheet.rules))
    yield "COVERAGE", "regime|articles_checked|articles|not_checked", list(_coverage(sheet.rules))
    yield "PROFILE", "key|value", list(_profile(given.profile)) if given.profile else []
    yield (
        "SOURCES",
        "source_id|kind|published|publisher|holding_ids|url|title",
        [_source(source) for source in given.sources],
    )
    yield "PASSAGES", "source_id|passage", [row for source in given.sources for row in _passages(source)]
    yield (
        "ANALYSES",
        "analysis_id|kind|portfolio_id|as_of|verified|mismatched|unsupported|headline",
        [_finished(one) for one in given.analyses],
    )
    yield (
        "CONCLUSIONS",
        "analysis_id|part|metric_ids|text",
        [row for one in given.analyses for row in _conclusions(one)],
    )
    charts = [(CHARTS[one.kind], one.analysis_id) for one in given.analyses if one.kind in CHARTS]
    yield "CHARTS", "chart_id|analysis_id", [_row(*pair) for pair in charts]


def _row(*cells: object) -> str:
    return "|".join(cell("" if part is None else str(part)) for part in cells) + "\n"


def _rule(rule: RuleResult) -> str:
    key = rule_key(rule)
    known = rule.measured is not None and rule.limit is not None
    return _row(
        key,
        rule.regime,
        rule.jurisdiction,
        rule.status.value,
        f"rule.{key}.measured" if known else "",
        _OPERATORS.get(rule.operator, rule.operator),
        f"rule.{key}.limit" if known else "",
        rule.breach_type.value if rule.breach_type else "none",
        rule.citation,
        "yes" if rule.confirmed else "no",
        rule.title[:_TITLE_CHARACTERS],
        ", ".join(rule.holding_ids[:MOST_RULE_HOLDINGS]),
        ", ".join(rule.missing),
        rule.cure[:_TITLE_CHARACTERS],
    )


def _since(rules: Iterable[RuleResult]) -> Iterator[str]:
    """Since which stored day a breach is there, and the stored day before, where it was kept then."""
    for rule in applicable(rules):
        if rule.breached_since is not None:
            yield _row(rule_key(rule), rule.breached_since, rule.kept_before)


def _coverage(rules: Iterable[RuleResult]) -> Iterator[str]:
    """How many articles of each rule set were checked, and which were not: RULES says nothing of them."""
    of_regime: dict[str, list[ArticleCheck]] = {}
    for one in articles_known(rules):
        of_regime.setdefault(one.regime, []).append(one)
    for regime, articles in of_regime.items():
        open_ = dict.fromkeys(one.article for one in articles if one.status is ArticleStatus.NOT_CHECKED)
        yield _row(regime, *articles_checked(articles), ", ".join(open_))


def _profile(profile: InvestmentProfile) -> Iterator[str]:
    yield _row("profile_id", profile.profile_id)
    yield _row("name", profile.name)
    if profile.country:
        yield _row("country", profile.country)
    for band in profile.bands:
        if band.asset_classes:
            yield _row(band.bucket_id, ", ".join(band.asset_classes))
    if profile.excluded:
        yield _row("excluded", ", ".join(profile.excluded))


def _source(source: SourceDocument) -> str:
    holdings = ", ".join(source.holding_ids)
    title = source.title[:_TITLE_CHARACTERS]
    return _row(source.source_id, source.kind, source.published, source.publisher, holdings, source.url, title)


def _passages(source: SourceDocument) -> Iterator[str]:
    return (_row(source.source_id, passage[:_PASSAGE_CHARACTERS]) for passage in source.passages)


def _finished(one: Finished) -> str:
    headline = str(one.document.get("headline", ""))[:_TITLE_CHARACTERS]
    counts = (one.verified, one.mismatched, one.unsupported)
    return _row(one.analysis_id, one.kind, one.portfolio_id, one.as_of.isoformat(), *counts, headline)


_GRADES: Final = (
    "overall_level", "diversification", "verdict", "overall_status", "recommendation", "horizon", "persistence",
    "method",
)  # fmt: skip


def _conclusions(one: Finished) -> Iterator[str]:
    """What an analysis said: its grade, its summary, its claims, and what it proposes."""
    document = one.document
    for name in _GRADES:
        if isinstance(document.get(name), str):
            yield _row(one.analysis_id, name, "", document[name])
    yield _row(one.analysis_id, "summary", "", str(document.get("summary", ""))[:_CONCLUSION_CHARACTERS])
    for claim in _mappings(document.get("claims")):
        text = str(claim.get("text", ""))[:_CONCLUSION_CHARACTERS]
        yield _row(one.analysis_id, "claim", _ids(claim), text)
    for part in ("proposals", "trades"):
        for proposal in _mappings(document.get(part)):
            said = f"{proposal.get('action', '')} {proposal.get('target_id', '')}: {proposal.get('rationale', '')}"
            yield _row(one.analysis_id, part[:-1], _ids(proposal), said[:_CONCLUSION_CHARACTERS])
    for gap in _mappings(document.get("data_gaps")):
        yield _row(one.analysis_id, "data_gap", "", str(gap.get("item", ""))[:_CONCLUSION_CHARACTERS])


def _mappings(value: object) -> Iterable[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _ids(part: Mapping[str, Any]) -> str:
    return " ".join(str(metric.get("metric_id", "")) for metric in _mappings(part.get("metrics")))
