"""Which facts an analysis shows the model: a choice of its own, so that a new metric makes no old prompt longer."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from core.compliance.coverage import articles_counted, articles_known, said
from core.domain.compliance import ArticleStatus, RuleResult, RuleStatus
from core.domain.evidence import InvestmentProfile
from core.domain.facts import AbsentFact, Fact, FactSheet, HoldingFact
from core.domain.units import Badge, Unit

PERIODS: Final = ("1m", "3m", "6m", "ytd", "1y", "3y", "5y", "si")
"""Names of the periods over which returns are stated; si is since inception."""

_BY_PERIOD: Final = frozenset(
    {"return", "benchmark_return", "excess_return", "twr", "twr_annual", "modified_dietz", "mwr"}
)


@dataclass(frozen=True, slots=True)
class Family:
    """Metrics that share the beginning of their id.

    Attributes:
        prefix: With its point ("risk_share.").
        largest: Only so many, the largest by absolute value, where a portfolio has very many; None for all.
    """

    prefix: str
    largest: int | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """The facts that are shown, by id and by family. Their order is the sheet's."""

    ids: tuple[str, ...] = ()
    families: tuple[Family, ...] = ()
    _known: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        names = {*self.ids, *(family.prefix for family in self.families)}
        object.__setattr__(self, "_known", frozenset(names))

    def covers(self, metric_id: str) -> bool:
        """Whether a metric is shown; a family's name ("weight.", "weight.*") counts as all of it."""
        if metric_id in self._known:
            return True
        family, point, _ = metric_id.partition(".")
        return family + point in self._known if point else False

    def facts(self, facts: Iterable[Fact]) -> tuple[Fact, ...]:
        """Those that are shown."""
        chosen = [fact for fact in facts if self.covers(fact.metric_id)]
        for family in self.families:
            if family.largest is None:
                continue
            members = [fact for fact in chosen if fact.metric_id.startswith(family.prefix)]
            if len(members) > family.largest:
                members.sort(key=lambda fact: -abs(fact.value))
                small = {fact.metric_id for fact in members[family.largest :]}
                chosen = [fact for fact in chosen if fact.metric_id not in small]
        return tuple(chosen)

    def absent(self, absent: Iterable[AbsentFact]) -> tuple[AbsentFact, ...]:
        """Those that would be shown."""
        return tuple(one for one in absent if self.covers(one.metric_id))

    def without(self, prefix: str) -> Shown:
        """The same without a family."""
        return Shown(self.ids, tuple(family for family in self.families if family.prefix != prefix))

    def definitions(self, definitions: Mapping[str, str]) -> str:
        """Definitions of what is shown, one a line, from those by metric id or prefix."""
        return "\n".join(f"- {name}: {text}" for name, text in definitions.items() if self.covers(name))


def of_period(sheet: FactSheet, period: str) -> FactSheet:
    """The sheet without what belongs to other periods."""

    def stays(metric_id: str) -> bool:
        family, _, rest = metric_id.partition(".")
        return family not in _BY_PERIOD or rest in (period, "*")

    return replace(
        sheet,
        facts=tuple(fact for fact in sheet.facts if stays(fact.metric_id)),
        absent=tuple(one for one in sheet.absent if stays(one.metric_id)),
    )


def of_scenario(sheet: FactSheet, scenario: str) -> FactSheet:
    """The sheet without the losses of other scenarios."""
    own = f"stress.{scenario}"
    return replace(
        sheet,
        facts=tuple(fact for fact in sheet.facts if not fact.metric_id.startswith("stress.") or fact.metric_id == own),
        absent=tuple(one for one in sheet.absent if not one.metric_id.startswith("stress.") or one.metric_id == own),
    )


def rule_key(rule: RuleResult) -> str:
    """What the RULES table and answers call a rule: its id, and its reading where it has several."""
    return f"{rule.rule_id}#{rule.reading}" if rule.reading else rule.rule_id


def applicable(rules: Iterable[RuleResult]) -> list[RuleResult]:
    """Rules that say something about the portfolio."""
    return [rule for rule in rules if rule.status is not RuleStatus.NOT_APPLICABLE]


def rule_facts(rules: Iterable[RuleResult], period: str) -> Iterator[Fact]:
    """What rules measured and allow, as facts that answers refer to by id ("rule.EU.UCITS.52.2.measured")."""
    for rule in applicable(rules):
        if rule.measured is None or rule.limit is None:
            continue
        decimals = 0 if rule.unit in {Unit.COUNT, Unit.DAYS, Unit.BPS} else 2
        for name, value in (("measured", rule.measured), ("limit", rule.limit), ("headroom", rule.headroom)):
            if value is not None:
                metric_id = f"rule.{rule_key(rule)}.{name}"
                yield Fact(metric_id, value, rule.unit, None, period, rule.title, Badge.DERIVED, decimals)
        yield from _breached_for(rule, period)


def _breached_for(rule: RuleResult, period: str) -> Iterator[Fact]:
    """How many days a breach is there at least, from the first of the stored days that all show it."""
    try:
        day = date.fromisoformat(period.rpartition(" ")[2])
    except ValueError:
        return
    since = rule.breached_since
    if since is None or since >= day:
        return
    text = "Days from the first of the stored days that all show the breach: it is there so long at least."
    metric_id, span = f"rule.{rule_key(rule)}.breached_days", f"{since}..{day}"
    yield Fact(metric_id, float((day - since).days), Unit.DAYS, None, span, text, Badge.DERIVED, 0)


CHECKED_ARTICLES: Final = "articles.checked"
ALL_ARTICLES: Final = "articles.all"
"""Facts of how much of the law was checked: "17 of 24 articles checked"."""


def article_facts(rules: Iterable[RuleResult], period: str) -> Iterator[Fact]:
    """How many articles of the rule sets were checked, of how many, as facts that answers refer to by id."""
    checked, whole = articles_counted(rules)
    if not whole:
        return
    for metric_id, value, text in (
        (CHECKED_ARTICLES, checked, "Articles of the rule sets of which every rule has a verdict here."),
        (
            ALL_ARTICLES,
            whole,
            "Articles of the rule sets that a daily check would read, without those that do not apply.",
        ),
    ):
        yield Fact(metric_id, float(value), Unit.COUNT, None, period, text, Badge.DERIVED, 0)


def articles_open(facts: Mapping[str, Fact]) -> str:
    """ "17 of 24 articles checked" where some were not, by a sheet's facts; "" where all were, or nobody counted."""
    checked, whole = facts.get(CHECKED_ARTICLES), facts.get(ALL_ARTICLES)
    if checked is None or whole is None or checked.value >= whole.value:
        return ""
    return said((int(checked.value), int(whole.value)))


_ARTICLE_WORDS: Final = r"(?:articles?|art\.|artikel|sections?|§§?)"
_AND: Final = r"(?:,\s*|,?\s+(?:and|or|et|ou|und|oder)\s+)"


def open_articles(rules: Iterable[RuleResult]) -> re.Pattern[str]:
    """How a sentence may name the articles that COVERAGE lists as not checked: "55(3)", "articles 57, 84 and 88".

    A bare number is no name: it would let any figure with the same digits pass.
    """
    names = {one.article for one in articles_known(rules) if one.status is ArticleStatus.NOT_CHECKED}
    return _naming(sorted(names, key=len, reverse=True)) if names else _NO_ARTICLE


def _naming(names: Sequence[str]) -> re.Pattern[str]:
    one = f"(?:{'|'.join(map(re.escape, names))})(?!\\w|[.,]\\d)"
    said = rf"\b{_ARTICLE_WORDS}\s*{one}(?:{_AND}(?:{_ARTICLE_WORDS}\s*)?{one})*"
    clear = "|".join(re.escape(name) for name in names if "(" in name)
    return re.compile(rf"{said}|{clear}" if clear else said, re.IGNORECASE)


_NO_ARTICLE: Final = re.compile(r"(?!)")


PROFILE: Final = ("least.", "target.", "most.", "profile.", "asset_group.")
"""Facts that a profile brings begin so."""


def profile_facts(profile: InvestmentProfile, holdings: Sequence[HoldingFact], as_of: date) -> Iterator[Fact]:
    """What a profile wants and what the portfolio has of it, as facts that answers refer to by id.

    "least.asset_group.equities", "target.", "most." and the bucket's own weight "asset_group.equities" in percent;
    "profile.max_volatility" and the other limits; "profile.horizon" in years. The weights of buckets that are sums are
    left out where a line's weight is not known.
    """
    note = f"Profile '{profile.name}'" + (f" for {profile.country}" if profile.country else "")
    note += f", {profile.source}." if profile.source else "."
    weights = _weights(holdings)
    for band in profile.bands:
        for name, value in (("least", band.low_pct), ("target", band.target_pct), ("most", band.high_pct)):
            if value is not None:
                yield Fact(f"{name}.{band.bucket_id}", value, Unit.PCT, None, None, note, Badge.REAL, 2)
        if band.asset_classes and weights is not None:
            total = math.fsum(weights.get(name, 0.0) for name in band.asset_classes)
            text = f"Sum of the weights of {', '.join(band.asset_classes)}."
            yield Fact(band.bucket_id, total, Unit.PCT, None, f"as of {as_of}", text, Badge.DERIVED, 2)
    for name, value in (
        ("max_volatility", profile.max_volatility_pct),
        ("max_drawdown", profile.max_drawdown_pct),
        ("max_position", profile.max_position_pct),
        ("max_turnover", profile.max_turnover_pct),
        ("max_foreign_currency", profile.max_foreign_currency_pct),
    ):
        if value is not None:
            yield Fact(f"profile.{name}", value, Unit.PCT, None, None, note, Badge.REAL, 2)
    if profile.horizon_years is not None:
        yield Fact("profile.horizon", profile.horizon_years, Unit.YEARS, None, None, note, Badge.REAL, 0)


def _weights(holdings: Sequence[HoldingFact]) -> dict[str, float] | None:
    """Weights by asset class in percent; None where a line's is not known."""
    if any(math.isnan(line.weight_pct) for line in holdings):
        return None
    found: defaultdict[str, list[float]] = defaultdict(list)
    for line in holdings:
        found[line.asset_class].append(line.weight_pct)
    return {name: math.fsum(parts) for name, parts in found.items()}


def by_family(facts: Iterable[Fact]) -> dict[str, list[Fact]]:
    """Facts by the first part of their ids."""
    found: defaultdict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        found[fact.metric_id.partition(".")[0]].append(fact)
    return dict(found)
