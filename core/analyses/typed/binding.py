"""Whether the clause of a number contradicts a fact that has its value: another subject, owner, period or quantity.

What a clause does not name decides nothing. What it names decides only where the named has a value of its own that is
another: a sentence that says the truth about something that was not cited is still true.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from core.analyses import diagnosis
from core.analyses.numbers import Number
from core.analyses.typed.aspects import Aspect, aspect_of
from core.analyses.typed.lexicon import Mention
from core.analyses.typed.periods import days_of, ends_of, years_of
from core.analyses.typed.sentence import Sentence
from core.analyses.typed.series import SeriesOf
from core.analyses.typed.subjects import is_paired, quantity_of_a_pair, subjects_of
from core.domain.analysis import FindingKind
from core.domain.compliance import RuleResult
from core.domain.facts import Fact
from core.domain.units import Unit

_EXCLUSIVE: Final = frozenset(
    {
        "volatility", "var", "cvar", "drawdown", "sharpe", "sortino", "beta", "correlation", "tracking_error",
        "information_ratio", "downside", "hhi", "effective_n", "weight", "risk_share", "return", "headroom", "limit",
        "top5", "top10", "count", "excess", "contribution",
    }
)  # fmt: skip
"""Quantities that are never each other."""

_ALIKE: Final = (
    frozenset({"return", "excess", "contribution", "total"}),
    frozenset({"weight", "limit", "headroom", "top5", "top10", "top1", "count", "risk_share"}),
    frozenset({"drawdown", "return", "contribution"}),
    frozenset({"weight", "effective_n", "count", "hhi", "top1", "top5", "top10"}),
)
"""Words that stand for each other often enough that the nearest one decides nothing."""

_COUNTED: Final = frozenset(
    {"count", "sharpe", "sortino", "beta", "correlation", "information_ratio", "hhi", "effective_n"}
)
"""Quantities without a unit, of which a small whole number is a value."""

_AT_A_LOSS: Final = frozenset({"var", "cvar"})
_OF_THE_WHOLE: Final = frozenset(
    {"volatility", "return", "var", "cvar", "drawdown", "tracking_error", "downside", "excess"}
)
"""Quantities of the whole portfolio, which a clause that names one part and no quantity does not state."""

_NEVER_WORST: Final = _AT_A_LOSS | {"weight", "risk_share", "volatility", "contribution"}
"""What is no greatest loss: a value at risk is passed on bad days."""

_YEARS: Final = {"1y": 1, "2y": 2, "3y": 3, "4y": 4, "5y": 5, "6y": 6, "7y": 7, "10y": 10}
_MONTHS: Final = {"1m": 1, "3m": 3, "6m": 6}
_NEAR_WORDS: Final = 6
_ABOUT: Final = 0.05
_FEWEST_COUNTS: Final = 3
"""Counts of one subject, of which a pair of whole numbers about it must be two."""


Verdict = tuple[FindingKind, str | None]
"""What is wrong, and the value that the named thing has."""


class Binding:
    """Judges the numbers of one answer.

    Args:
        facts: All facts of the sheet by id.
        rules: Of the sheet, by key.
    """

    def __init__(self, facts: Mapping[str, Fact], rules: Mapping[str, RuleResult]) -> None:
        self._facts = facts
        self._rules = rules
        self._by_subject: dict[str, list[Fact]] | None = None
        self.series = SeriesOf(facts.values())

    def contradiction(self, number: Number, fact: Fact, sentence: Sentence) -> Verdict | None:
        """What the clause of a number says that the fact is not; None where it says nothing against it."""
        aspect = aspect_of(fact.metric_id)
        for judge in (
            self._subject, self._owner, self._attribute, self._period, self._moment, self._year, self._unit, self._bound
        ):  # fmt: skip
            verdict = judge(number, fact, aspect, sentence)
            if verdict is not None:
                return verdict
        return None

    @staticmethod
    def is_counted(quantity: Mention, fact: Fact) -> bool:
        """Whether a fact is of a quantity that small whole numbers may state."""
        aspect = aspect_of(fact.metric_id)
        if quantity.value.startswith("="):
            return aspect.family == quantity.value[1:] and not aspect.attribute
        return quantity.value in _COUNTED and aspect.attribute == quantity.value

    def named_facts(self, number: Number, sentence: Sentence) -> Iterator[Fact]:
        """Facts of whom the clause of a number names, cited or not."""
        for mention in subjects_of(number, sentence):
            yield from self.of_subject(mention.value)

    def of_subject(self, subject: str) -> list[Fact]:
        """All facts about a subject."""
        if self._by_subject is None:
            self._by_subject = {}
            for fact in self._facts.values():
                self._by_subject.setdefault(aspect_of(fact.metric_id).subject, []).append(fact)
        return self._by_subject.get(subject, [])

    def counted_of(self, number: Number, sentence: Sentence) -> list[Fact]:
        """Counts of the one whom the clause of a number names, where it is one of a pair: "7-of-15", "(38-28)"."""
        if number.spelled is not None or not is_paired(number, sentence):
            return []
        facts = [one for one in self.named_facts(number, sentence) if one.unit is Unit.COUNT]
        return facts if len(facts) >= _FEWEST_COUNTS else []

    def _subject(self, number: Number, _fact: Fact, aspect: Aspect, sentence: Sentence) -> Verdict | None:
        if not sentence.has("subject"):
            return None
        named = {one.value for one in subjects_of(number, sentence)}
        if not named or aspect.subject in named:
            return None
        lines = {name.partition(":")[2] for name in named if name.startswith("holding:")}
        if aspect.rule:
            rule = self._rules.get(aspect.rule)
            if not lines or rule is None or aspect.attribute == "limit" or not rule.holding_ids:
                return None
            if lines & set(rule.holding_ids):
                return None
        elif not aspect.subject and (aspect.attribute not in _OF_THE_WHOLE or sentence.has("attribute", "up", "down")):
            return None
        own = [one for name in named for one in self.of_subject(name)]
        if aspect.subject and aspect.dimension not in {
            name.partition(":" if ":" in name else ".")[0] for name in named
        }:
            # A class and a holding are of different kinds, and yet a weight is one or the other's.
            classes = all(name.startswith("asset_class.") for name in named)
            own = [one for one in own if classes and aspect.attribute == aspect_of(one.metric_id).attribute == "weight"]
        own = self._of_the_quantity(own, number, sentence)
        if not own or any(diagnosis.says(number, one) for one in own):
            return None
        same = next((one for one in own if aspect_of(one.metric_id).family == aspect.family), own[0])
        return FindingKind.WRONG_ID, same.shown

    def _of_the_quantity(self, own: list[Fact], number: Number, sentence: Sentence) -> list[Fact]:
        """Of a subject's facts those of the quantity that is named: "22 points" are not his 22 minutes."""
        quantity = self.attribute(number, sentence)
        if quantity is None or quantity.value[:1] != "=":
            return own
        return [one for one in own if aspect_of(one.metric_id).family == quantity.value[1:]] or own

    def _owner(self, number: Number, _fact: Fact, aspect: Aspect, sentence: Sentence) -> Verdict | None:
        if not sentence.has("owner") or not (aspect.owner or self._is_of_a_part(aspect, sentence)):
            return None
        tied = sentence.tied(number, "owner")
        named = {one.value for one in ([tied] if tied is not None else sentence.before(number, "owner"))}
        if len(named) != 1 or aspect.owner in named or sentence.before(number, "subject"):
            return None
        (owner,) = named
        others = [one for one in self._facts.values() if aspect_of(one.metric_id).owner == owner]
        if any(diagnosis.says(number, one) for one in others):
            return None
        same = [one for one in others if aspect_of(one.metric_id).period == aspect.period]
        if (owner == "portfolio" and not same) or (not aspect.owner and (owner == "portfolio" or not others)):
            return None
        return FindingKind.WRONG_ID, same[0].shown if same else None

    @staticmethod
    def _is_of_a_part(aspect: Aspect, sentence: Sentence) -> bool:
        """Whether a fact is a part's in a sentence that names no part and no quantity: it is not the benchmark's."""
        return bool(aspect.subject) and not sentence.has("subject", "attribute", "share_of", "ranked")

    def attribute(self, number: Number, sentence: Sentence) -> Mention | None:
        """The quantity that a number is said to be: named right behind it, or nearest before it in its clause."""
        shared = number.unit == "pct" and not any(one.value == "benchmark" for one in sentence.of("owner"))
        share = sentence.tied(number, "share_of") if shared else None
        if share is not None and not sentence.between(number.stop, share.start):
            after = sentence.between(share.end, sentence.end)[:2]
            if not any(word.text in {"s", "risk", "risque", "risiko"} for word in after):
                return Mention("attribute", "weight", share.start, share.end)
        tied = sentence.tied(number, "attribute")
        begin, _ = sentence.clause(number.begin, number.stop)
        before = [one for one in sentence.before(number, "attribute") if one.start >= begin]
        if tied is not None and not self._of_the_next(tied, number, sentence):
            words = sentence.between(number.stop, tied.start)
            if not words or not before:
                return tied
        if len(before) > 1 and before[-1].value[:1] == "=" and not sentence.between(before[-2].end, before[-1].start):
            return before[-2]  # "feels-like temperatures"
        return before[-1] if before else quantity_of_a_pair(number, sentence)

    @staticmethod
    def _of_the_next(mention: Mention, number: Number, sentence: Sentence) -> bool:
        """Whether a quantity behind a number is that of the number after it: "27 % bei einer Volatilität von 15 %"."""
        if mention.value[:1] == "=" and not sentence.between(number.stop, mention.start):
            return False  # "22 points on 9 shots"
        _, behind = sentence.neighbours(number)
        words = sentence.between(mention.end, behind)
        return behind < sentence.end and len(words) <= 2 and not sentence.broken(mention.end, behind)

    def _attribute(self, number: Number, _fact: Fact, aspect: Aspect, sentence: Sentence) -> Verdict | None:
        if not sentence.has("attribute", "share_of"):
            return None
        mention = self.attribute(number, sentence)
        if mention is None:
            return None
        if mention.value.startswith("="):
            if aspect.family == mention.value[1:]:
                return None
            return (FindingKind.WRONG_ID, None) if not aspect.attribute else None
        if mention.value == "worst_loss":
            words = sentence.text[mention.start : mention.end].lower()
            never = _NEVER_WORST if any(word in words for word in ("loss", "perte", "verlust")) else _AT_A_LOSS
            return (FindingKind.WRONG_ID, None) if aspect.attribute in never else None
        if mention.value not in _EXCLUSIVE or aspect.attribute not in _EXCLUSIVE or aspect.rule:
            return None
        if mention.value == aspect.attribute or any({mention.value, aspect.attribute} <= alike for alike in _ALIKE):
            return None
        own = [one for one in self._facts.values() if aspect_of(one.metric_id).attribute == mention.value]
        if not own or (mention.value != "weight" and any(diagnosis.says(number, one) for one in own)):
            return None  # of many weights one agrees with anything
        return FindingKind.WRONG_ID, own[0].shown if len(own) == 1 else None

    def _period(self, number: Number, fact: Fact, aspect: Aspect, sentence: Sentence) -> Verdict | None:
        named = self.periods(number, sentence)
        if len(named) != 1:
            return None
        (period,) = named
        if aspect.period:
            if period == aspect.period or self._same_days(period, fact):
                return None
            others = [one for one in self._facts.values() if self._differs_by_period(aspect, aspect_of(one.metric_id))]
            if any(diagnosis.says(number, one) for one in others if aspect_of(one.metric_id).period == period):
                return None
            true = next((one for one in others if aspect_of(one.metric_id).period == period), None)
            return FindingKind.PERIOD, true.shown if true else None
        return self._history(period, fact, aspect, sentence)

    @staticmethod
    def _history(period: str, fact: Fact, aspect: Aspect, sentence: Sentence) -> Verdict | None:
        """A figure of the whole history is of no other length, and a yearly one is not of all its years."""
        years = years_of(fact.period)
        if years is None or period not in _YEARS or aspect.owner != "portfolio" or aspect.attribute in _AT_A_LOSS:
            return None
        if abs(years - _YEARS[period]) > 0.3:
            return (FindingKind.PERIOD, fact.shown) if _YEARS[period] > 1 else None
        yearly = aspect.family in {"annual_return", "twr_annual"} and not sentence.has("annual")
        return (FindingKind.PERIOD, fact.shown) if yearly else None

    @staticmethod
    def _differs_by_period(one: Aspect, other: Aspect) -> bool:
        return one.family == other.family and one.period != other.period

    @staticmethod
    def _same_days(period: str, fact: Fact) -> bool:
        """Whether a period by another name has the same days: a year to date in December is a year."""
        days = days_of(fact.period)
        if days is None:
            return False
        wanted = 365.25 * _YEARS[period] if period in _YEARS else 30.44 * _MONTHS[period] if period in _MONTHS else None
        return wanted is not None and abs(days - wanted) < 4

    def periods(self, number: Number, sentence: Sentence) -> set[str]:
        """Periods that a number's clause is about: named behind it before its clause ends, else nearest before it."""
        if not sentence.has("period"):
            return set()
        _, behind = sentence.neighbours(number)
        _, clause_end = sentence.clause(number.begin, number.stop)
        following = sentence.within("period", number.stop, min(behind, clause_end))
        if following:
            return {following[0].value}
        for mention in sentence.of("period"):
            if any(self._is_before(other, mention, sentence) for other in sentence.numbers):
                return set()  # "0.05 over one month, 1.49 over six": each period stands behind its number
        before = [one for one in sentence.of("period") if one.end <= number.begin]
        return {before[-1].value} if before else set()

    @staticmethod
    def _is_before(number: Number, mention: Mention, sentence: Sentence) -> bool:
        """Whether a number stands before a mention in the same clause, near enough to belong to it."""
        if number.stop > mention.start or sentence.broken(number.stop, mention.start):
            return False
        return len(sentence.between(number.stop, mention.start)) <= _NEAR_WORDS

    def _moment(self, number: Number, fact: Fact, aspect: Aspect, sentence: Sentence) -> Verdict | None:
        """A figure of one day or month of a series is not that of another."""
        if aspect.family not in self.series:
            return None
        there = self.series.elsewhen(number, fact, sentence)
        share = _ABOUT if number.approximate else 0.0
        if not there or any(diagnosis.says(number, one, share) for one in there):
            return None
        return FindingKind.PERIOD, there[0].shown if len(there) == 1 else None

    def _year(self, number: Number, fact: Fact, aspect: Aspect, sentence: Sentence) -> Verdict | None:
        """A figure of one day or one year is not that of another year."""
        if not sentence.has("year") or aspect.family in self.series:
            return None
        ends = ends_of(fact.period or "")
        if not ends or ends[0].year != ends[-1].year:
            return None
        named = self.near(number, sentence, "year")
        if named is None or named.value == str(ends[0].year):
            return None
        others = [
            one
            for one in self._facts.values()
            if (one.period or "")[-10:-6] == named.value and aspect_of(one.metric_id).family == aspect.family
        ]
        if not others or any(diagnosis.says(number, one) for one in others):
            return None
        return FindingKind.PERIOD, others[0].shown if len(others) == 1 else None

    def near(self, number: Number, sentence: Sentence, kind: str) -> Mention | None:
        """What is named behind a number before its clause ends, else nearest before it."""
        _, behind = sentence.neighbours(number)
        _, clause_end = sentence.clause(number.begin, number.stop)
        following = sentence.within(kind, number.stop, min(behind, clause_end))
        if following:
            return following[0]
        before = sentence.before(number, kind)
        taken = any(self._is_before(other, one, sentence) for other in sentence.numbers for one in before[-1:])
        return before[-1] if before and not taken else None

    def _bound(self, number: Number, fact: Fact, _aspect: Aspect, sentence: Sentence) -> Verdict | None:
        """ "Below 1 %" is no rounding of 1.28 %."""
        if not sentence.has("bound_low", "bound_high") or number.digits == fact.shown.lstrip("-"):
            return None
        for word in sentence.of("bound_low", "bound_high"):
            if word.end <= number.begin and not sentence.between(word.end, number.begin):
                size = abs(fact.value)
                reads = [read for read, step in number.readings if abs(read - size) > 0.5 * 10.0**-fact.decimals]
                wrong = [read for read in reads if (read < size) == (word.kind == "bound_low")]
                return (FindingKind.VALUE, fact.shown) if wrong and len(wrong) == len(number.readings) else None
        return None

    def _unit(self, number: Number, fact: Fact, aspect: Aspect, _sentence: Sentence) -> Verdict | None:
        if number.unit == "pct" and aspect.family == "excess_return":
            return FindingKind.UNIT, f"{fact.shown} {fact.unit}"
        return None
