"""Rules that were evaluated: what a committee, a prompt and a check of an answer read. No model decides any of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from core.domain.units import Unit


class RuleStatus(StrEnum):
    """How a portfolio stands against one rule."""

    PASS = "pass"  # noqa: S105  # a status, not a password
    NEAR = "near"
    BREACH = "breach"
    NOT_ASSESSABLE = "not_assessable"
    NOT_APPLICABLE = "not_applicable"


class BreachType(StrEnum):
    """Whether a breach was traded into or drifted into; UNKNOWN without earlier weights."""

    ACTIVE = "active"
    PASSIVE = "passive"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule, or one reading of it, evaluated on one portfolio.

    Attributes:
        rule_id: As in the rule files ("EU.UCITS.52.2-sum40"); unique in a report together with `reading`.
        jurisdiction: ISO 3166-1 alpha-2, "EU", or "CLIENT" for the client's own policy.
        regime: Rule set it belongs to ("ucits"); a portfolio is under the regimes it names.
        title: What it demands, in one line.
        citation: Where the law says so.
        source_url: Page that was read, or "".
        as_of: When it was last read.
        confirmed: False when the text was not found in a primary source; the mark "(M)" goes to every screen.
        status: The engine's verdict, on full precision.
        operator: "<=", ">=", "<", ">" or "==": `measured operator limit` is what passing means.
        measured: In `unit`; None where it could not be measured. A rule that only documents can decide is not
            assessable and has it.
        limit: In `unit`; None where the rule has no number.
        unit: Of `measured`, `limit` and `headroom`.
        headroom: How far `measured` may still move before the limit; negative in a breach.
        holding_ids: Lines behind `measured`, the largest first, as in the fact sheet.
        reading: Which reading of a rule that can be read in two ways ("cap", "exclude"), else "".
        breach_type: Of breaches only.
        missing: Fields that are needed and not known, when not assessable.
        explanation: One sentence with the numbers, or the reason why it is not assessable or applicable.
        cure: What the rule says about putting it right, or "".
        breached_since: Of a breach, the first of the stored days that all show it; None where nobody looked.
        kept_before: The stored day before that, where the rule was kept then; else None.
    """

    rule_id: str
    jurisdiction: str
    regime: str
    title: str
    citation: str
    source_url: str
    as_of: date
    confirmed: bool
    status: RuleStatus
    operator: str
    measured: float | None
    limit: float | None
    unit: Unit
    headroom: float | None
    holding_ids: tuple[str, ...]
    reading: str = ""
    breach_type: BreachType | None = None
    missing: tuple[str, ...] = ()
    explanation: str = ""
    cure: str = ""
    breached_since: date | None = None
    kept_before: date | None = None


class ArticleStatus(StrEnum):
    """Whether an article of a law was checked."""

    CHECKED = "checked"
    NOT_CHECKED = "not_checked"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class ArticleCheck:
    """One article of a rule set's law, and whether it was checked on one portfolio.

    Attributes:
        regime: Rule set it belongs to.
        article: As the law numbers it ("52(1)(b)").
        about: What it is about, in a few words.
        status: Checked where every rule of it has a verdict.
        why: Why it was not checked or does not apply; "" where it was.
        rule_ids: Rules that check it.
        reviewer: Who went through the articles.
        source: What was gone through.
        as_of: When.
    """

    regime: str
    article: str
    about: str
    status: ArticleStatus
    why: str
    rule_ids: tuple[str, ...]
    reviewer: str
    source: str
    as_of: date


def articles_checked(articles: Iterable[ArticleCheck]) -> tuple[int, int]:
    """(n, m) of "n of m articles checked": m leaves out those that do not apply."""
    counted = [one.status for one in articles if one.status is not ArticleStatus.NOT_APPLICABLE]
    return sum(status is ArticleStatus.CHECKED for status in counted), len(counted)
