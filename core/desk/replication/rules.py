"""The rules of a portfolio as the tables of a replication pack: their texts, whom they count, and the verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from core.compliance.cases import RuleCase, cases_of, kinds_of, rows_of
from core.compliance.library import CLIENT_REGIME, RuleSet, chosen, rule_sets
from core.compliance.policy import Policy
from core.compliance.position import Book
from core.desk.replication.inputs import Gathered
from core.drafts.rule_checks import Checker, RuleCheck, policies_of
from core.storage.store import Store


@dataclass(frozen=True, slots=True)
class RulesGathered:
    """What a portfolio is checked against.

    Attributes:
        sets: Rule sets that it names and that there are.
        policies: Its own policy statement and those of its groups.
        book: Its lines, with its funds taken apart where a rule wants it.
    """

    sets: tuple[RuleSet, ...]
    policies: tuple[Policy, ...]
    book: Book


def gather_rules(store: Store, found: Gathered, regimes: Sequence[str] | None = None) -> RulesGathered:
    """Read the rules of one portfolio, as `core.drafts.rule_checks` does.

    Args:
        regimes: Rule sets instead of those that it names.
    """
    portfolio = found.portfolio
    under = [name for name in (portfolio.regimes if regimes is None else regimes) if name in rule_sets()]
    policies = tuple(policies_of(store, [portfolio])[portfolio.portfolio_id])
    book, _ = Checker(store, found.rates).book(portfolio, under, policies)
    return RulesGathered(chosen(under), policies, book)


def rules_table(rules: RulesGathered) -> dict[str, Any]:
    """Every rule with its parameters, articles and the lines that it counts."""
    book, inside = rules.book, rules.book.inside
    return {
        "rules": [case_of(one, book) for one in cases_of(rules.sets, rules.policies)] + _no_policy(rules),
        "types": [
            {
                "id": one.asset_types.id,
                "types": one.asset_types.model_dump(mode="json"),
                "rows": kinds_of(book, one.asset_types),
            }
            for one in rules.sets
            if one.asset_types is not None
        ],
        "articles": [
            {"regime": one.regime, **article.model_dump(mode="json")}
            for one in rules.sets
            if one.coverage is not None
            for article in one.coverage.articles
        ],
        "held": [one.instrument for one in book.positions],
        "inside": [one.instrument for one in inside.positions] if inside is not None and not inside.why_not else None,
    }


def case_of(one: RuleCase, book: Book) -> dict[str, Any]:
    rule = one.rule
    case: dict[str, Any] = {"rule": rule.model_dump(mode="json"), "near": str(one.near), "rows": []}
    if book.unvalued:
        return case
    if rule.measure.look_through:
        if book.inside is None or book.inside.why_not:
            return case
        book = replace(book, positions=book.inside.positions, inside=None, whole=book)
    case |= rows_of(book, rule.measure)
    if rule.applies_when is not None:
        case["condition"] = rows_of(book, rule.applies_when.measure)
    return case


def _no_policy(rules: RulesGathered) -> list[dict[str, Any]]:
    """A client's own rules are asked for and there is no statement of them."""
    if rules.policies or all(not one.replaced_by_policy for one in rules.sets):
        return []
    measure = {"metric": "documents", "look_through": False}
    rule: dict[str, Any] = {
        "id": f"CLIENT.{CLIENT_REGIME.upper()}",
        "measure": measure,
        "readings": [],
        "operator": "<=",
        "limit": None,
    }
    return [{"rule": rule, "near": "0", "rows": []}]


COMPARED: Final = ("status", "measured", "headroom")
"""Fields of a verdict that the script recomputes."""

OF_THE_RULE: Final = (
    "rule_id", "jurisdiction", "regime", "title", "citation", "source_url", "as_of", "confirmed", "operator", "limit",
    "unit", "reading", "cure",
)  # fmt: skip
"""Fields that a verdict takes over from its rule as they stand there."""

NOT_RECOMPUTED: Final = {
    "holding_ids": "which lines a verdict names; their amounts are in what it measures",
    "breach_type": "whether a breach was traded into, which takes the units of each line on the earlier day",
    "breached_since": "since which stored day a breach is there, which takes the verdicts of earlier days",
    "kept_before": "the stored day before that",
    "missing": "which fields are missing; that some are is in the status",
    "explanation": "a sentence; its numbers are recomputed",
    "classes, issuers and sensitivities of lines": "they are read from words; README.txt says where the reading stands",
    "shares of funds": "what a line stands for and how much of a fund is known are read from the fund's report",
    "titles, limits shown and citations of verdicts": "they are copied from the rules, which the pack holds whole",
    "rules of an article": "which rules check it is stated in the rule sets; whether they did is recomputed",
}
"""What the script leaves to the reader, with the reason."""


def verdicts_table(check: RuleCheck) -> dict[str, Any]:
    """What the program decided."""
    return {
        "verdicts": [_plain(asdict(one)) for one in check.results],
        "articles": [_plain(asdict(one)) for one in check.articles],
        "notes": list(check.notes),
    }


def _plain(cells: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value if isinstance(value, bool | float | list | type(None)) else _text(value)
        for name, value in cells.items()
    }


def _text(value: Any) -> Any:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)
