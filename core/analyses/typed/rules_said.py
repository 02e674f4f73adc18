"""What sentences say of rules: kept, breached, over, near, by how many, for which cause, under which article.

The engine has decided all of that. Sentences about what may or should be done are no statements about what is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from core.analyses.fact_selection import open_articles
from core.analyses.numbers import Number
from core.analyses.typed.comparisons import clauses, said
from core.analyses.typed.context import Cited, Context
from core.analyses.typed.lexicon import Mention
from core.analyses.typed.sentence import Sentence
from core.domain.analysis import Finding, FindingKind
from core.domain.compliance import RuleResult, RuleStatus

_PROPOSING: Final = ("remediation", "mitigation", "rationale", "option", "task", "missing_data", "data_gaps", "effect")
"""Texts that say what could be done, or what is not known."""

_NEAR_WORDS: Final = 4
_NOUN_WORDS: Final = 6
_CLOSE: Final = 0.25
"""A limit is near while at most so much of it is left."""

_MET: Final = frozenset({RuleStatus.PASS, RuleStatus.NEAR})
_article = re.compile(
    r"\b(?:art(?:icles?|ikel|\.)?|section|sec\.|§)[ \u00a0](\d{1,4}[a-z]?)(?![\d/]|[.,]\d)", re.IGNORECASE
)


def about_rules(context: Context, sentence: Sentence, cited: Cited) -> Iterator[Finding]:
    """Everything that a sentence says of rules, where there are any."""
    if not context.rules:
        return
    if sentence.has("nobody", "all", "count_of") or (cited.own and context.cited_rules(cited)):
        context.settle(*(word.start for word in sentence.of("kept", "broken", "near", "far")))
    yield from _articles(context, sentence, cited)
    if any(name in cited.path for name in _PROPOSING):
        return
    for begin, end in clauses(sentence):
        if not sentence.within("modal", begin, end):
            yield from _all_of_them(context, sentence, cited, begin, end)
            yield from _this_one(context, sentence, cited, begin, end)
            yield from _counted(context, sentence, cited, begin, end)
    yield from _where_it_stands(context, sentence, cited)
    yield from _cause(context, sentence, cited)
    yield from _issuers(context, sentence, cited)


def _finding(sentence: Sentence, cited: Cited, begin: int, end: int, true: str | None) -> Finding:
    return Finding(cited.path, "", said(sentence, begin, end), true, FindingKind.RULE)


def _articles(context: Context, sentence: Sentence, cited: Cited) -> Iterator[Finding]:
    """Articles that are named stand in the words of some rule."""
    matches = list(_article.finditer(sentence.text, sentence.start, sentence.end))
    if not matches or not cited.path.startswith(("claims", "findings", "summary", "headline", "compliance")):
        return
    words = " ".join(f"{one.citation} {one.title} {one.cure} {one.explanation}" for one in context.rules.values())
    known = set(re.findall(r"\d{1,4}[a-z]?", words))
    told = open_articles(context.sheet.rules)
    for match in matches:
        if told.match(sentence.text, match.start()):
            continue
        number = match[1].lower()
        if number not in known and number.rstrip("abcdefghijklmnopqrstuvwxyz") not in known:
            yield Finding(cited.path, "", match.group(), None, FindingKind.RULE)


def _all_of_them(context: Context, sentence: Sentence, cited: Cited, begin: int, end: int) -> Iterator[Finding]:
    """ "No rule is breached", "complies with all": there must be no breach, and nothing that nobody looked at."""
    kept, broken = sentence.within("kept", begin, end), _broken(sentence, begin, end)
    every, nouns = sentence.within("all", begin, end), sentence.within("rule", begin, end)
    none = _denied(sentence, broken, nouns, begin, end)
    denied = sentence.within("nobody", begin, end) or sentence.within("not", begin, end)
    whole = (every and (nouns or sentence.has("rule"))) or (not nouns and _complies(sentence, kept))
    claims = none or (kept and whole and not denied)
    if not claims:
        return
    if not sentence.within("others", begin, end):
        if _about_one(context, sentence, cited, of_all=bool(every or nouns)):
            return
        if context.breaches:
            yield _finding(sentence, cited, begin, end, f"{len(context.breaches)} breached")
            return
    open_ones = [one for one in context.rules.values() if one.status is RuleStatus.NOT_ASSESSABLE]
    if open_ones and not sentence.within("assessed", begin, end):
        yield _finding(sentence, cited, begin, end, f"{len(open_ones)} not assessable")
    elif context.articles_open and not sentence.has("assessed"):
        if none or not (every or _whole_hearted(sentence)):
            # True of the rules that there are, and how the grade is called; whether it is of the law, nobody checked.
            context.doubt(*(word.start for word in (*sentence.of("nobody"), *kept, *broken)))
        else:
            yield _finding(sentence, cited, begin, end, context.articles_open)


_FULLY: Final = re.compile(
    r"\b(fully|entirely|wholly|completely|totally|in full|pleinement|entièrement|totalement|intégralement"
    r"|vollständig|vollumfänglich|gänzlich|uneingeschränkt)\b",
    re.IGNORECASE,
)


def _whole_hearted(sentence: Sentence) -> bool:
    return _FULLY.search(sentence.text, sentence.start, sentence.end) is not None


def _about_one(context: Context, sentence: Sentence, cited: Cited, *, of_all: bool) -> bool:
    """Whether what is said is said of the rule that stands beside it, or of somebody by name, and not of all rules."""
    if not (cited.own and context.cited_rules(cited)):
        return False
    return cited.path.startswith("findings") or not of_all or sentence.has("subject")


def _complies(sentence: Sentence, kept: list[Mention]) -> bool:
    """Whether a clause says of the whole that it complies, with nothing said of which rules."""
    return any(
        sentence.text[one.start : one.end].lower().startswith(("compl", "conform", "regelkonform")) for one in kept
    )


def _broken(sentence: Sentence, begin: int, end: int) -> list[Mention]:
    """Words of breaking, and limits that "are exceeded"."""
    found = sentence.within("broken", begin, end)
    places = {one.start for one in found}
    return [*found, *(one for one in _passed(sentence, begin, end) if one.start not in places)]


def _passed(sentence: Sentence, begin: int, end: int) -> list[Mention]:
    return [
        one
        for one in sentence.within("over_limit", begin, end)
        if sentence.text[one.start : one.end].lower().startswith(_PARTICIPLES)
    ]


_PARTICIPLES: Final = ("exceeded", "breached", "dépassé", "excédé", "enfreint", "überschritten", "verletzt")
"""Words behind the limit that they are said of."""


def _denied(sentence: Sentence, broken: list[Mention], nouns: list[Mention], begin: int, end: int) -> bool:
    """Whether a clause says of rules at large that none is breached."""
    denials = sentence.within("nobody", begin, end)
    return any(
        denial.end <= word.start and len(sentence.between(denial.end, word.start)) <= _NEAR_WORDS
        for denial in denials
        for word in broken
        if nouns or denial.end <= word.start
    )


def _this_one(context: Context, sentence: Sentence, cited: Cited, begin: int, end: int) -> Iterator[Finding]:
    """A part about one rule says of it what its status says."""
    rules = context.cited_rules(cited)
    if len(rules) != 1 or not cited.own or sentence.within("unknown", begin, end):
        return
    (rule,) = rules
    kept, broken = sentence.within("kept", begin, end), _broken(sentence, begin, end)
    nouns = sentence.within("rule", begin, end) or sentence.within("attribute", begin, end)
    negated = bool(sentence.within("not", begin, end) or sentence.within("nobody", begin, end))
    if len(kept) + len(broken) != 1 or sentence.within("others", begin, end) or not nouns:
        return
    says_kept = bool(kept) != negated
    if negated and not any(len(sentence.between(one.end, (kept + broken)[0].start)) <= 2
                           for kind in ("not", "nobody") for one in sentence.within(kind, begin, end)):  # fmt: skip
        return
    if (says_kept and rule.status is RuleStatus.BREACH) or (not says_kept and rule.status in _MET):
        yield _finding(sentence, cited, begin, end, rule.status.value)


def _counted(context: Context, sentence: Sentence, cited: Cited, begin: int, end: int) -> Iterator[Finding]:
    """As many rules are breached as a sentence counts."""
    if not sentence.within("broken", begin, end):
        return
    for number in sentence.numbers:
        if not number.loose or not begin <= number.start < end:
            continue
        noun = next((one for one in sentence.within("count_of", number.stop, end)), None)
        if noun is None or noun.value != "rules" or len(sentence.between(number.stop, noun.start)) > 2:
            continue
        if number.readings[0][0] != len(context.breaches) and not (cited.own and context.cited_rules(cited)):
            yield _finding(sentence, cited, begin, end, f"{len(context.breaches)} breached")


def _where_it_stands(context: Context, sentence: Sentence, cited: Cited) -> Iterator[Finding]:
    """Over, under, near and far are what measure and limit say."""
    rules = context.cited_rules(cited) if cited.own else []
    for begin, end in clauses(sentence):
        if (
            sentence.within("modal", begin, end)
            or sentence.within("not", begin, end)
            or sentence.within("nobody", begin, end)
        ):
            continue
        over = [one for one in sentence.within("over_limit", begin, end) if _is_of_limit(sentence, one, rules, end)]
        under = [one for one in sentence.within("under_limit", begin, end) if _is_of_limit(sentence, one, rules, end)]
        if len(rules) == 1:
            yield from _one_rule(rules[0], sentence, cited, (begin, end), (over, under))
        elif over and not rules:
            yield from _by_name(context, sentence, cited, (begin, end), over[0])


def _one_rule(
    rule: RuleResult,
    sentence: Sentence,
    cited: Cited,
    part: tuple[int, int],
    words: tuple[list[Mention], list[Mention]],
) -> Iterator[Finding]:
    begin, end = part
    over, under = words
    if rule.operator.startswith(">"):
        over, under = under, over
    if (over and not under and rule.status in _MET) or (under and not over and rule.status is RuleStatus.BREACH):
        yield _finding(sentence, cited, begin, end, rule.status.value)
    elif rule.status is RuleStatus.PASS and sentence.within("near", begin, end) and _is_far(rule):
        yield _finding(sentence, cited, begin, end, f"{rule.headroom:.2f} left")
    elif rule.status is RuleStatus.NEAR and sentence.within("far", begin, end):
        yield _finding(sentence, cited, begin, end, "near")


def _is_far(rule: RuleResult) -> bool:
    return bool(rule.limit and rule.headroom is not None and rule.headroom > _CLOSE * abs(rule.limit))


def _is_of_limit(sentence: Sentence, word: Mention, rules: list[RuleResult], end: int) -> bool:
    """Whether "above", "within" are said of a limit: it or its number stands behind them, or they say it alone."""
    if sentence.text[word.start : word.end].lower().startswith(("darüber", "darunter")):
        return True
    begin, _ = sentence.clause(word.start, word.end)
    if word in _passed(sentence, word.start, word.end) and [
        *sentence.within("rule", begin, word.start), *_limits(sentence, begin, word.start)
    ]:  # fmt: skip
        return True
    nouns = [*sentence.within("rule", word.end, end), *_limits(sentence, word.end, end)]
    if any(len(sentence.between(word.end, one.start)) <= _NOUN_WORDS for one in nouns):
        return True
    number = next((one for one in sentence.numbers if one.start >= word.end), None)
    if number is None or number.start > end or len(sentence.between(word.end, number.start)) > _NEAR_WORDS:
        return False
    return any(rule.limit is not None and _is_about(number, rule.limit) for rule in rules)


def _limits(sentence: Sentence, begin: int, end: int) -> list[Mention]:
    return [one for one in sentence.within("attribute", begin, end) if one.value == "limit"]


def _is_about(number: Number, value: float) -> bool:
    return any(abs(read - value) <= 0.5 * step for read, step in number.readings)


def _by_name(
    context: Context, sentence: Sentence, cited: Cited, part: tuple[int, int], word: Mention
) -> Iterator[Finding]:
    """Holdings that are called over a limit without a rule beside them: some limit on one holding must be passed."""
    lines = [one.value for one in sentence.of("subject") if one.value.startswith("holding:") and one.end <= word.start]
    single = [rule for rule in context.rules.values() if len(rule.holding_ids) == 1 and rule.limit is not None]
    weights = [context.value(line, "weight") for line in lines]
    if not lines or not single or None in weights:
        return
    least = min(rule.limit for rule in single if rule.limit is not None)
    if all(weight is not None and weight <= least for weight in weights):
        yield _finding(sentence, cited, part[0], part[1], f"{least:.2f}")


def _cause(context: Context, sentence: Sentence, cited: Cited) -> Iterator[Finding]:
    """Whether a breach was traded or drifted into is what the rule says; where that is not known nobody says."""
    rules = context.cited_rules(cited) if cited.own else context.breaches
    breached = [rule for rule in rules if rule.breach_type is not None]
    if not breached or not sentence.has("cause") or sentence.has("unknown", "modal"):
        return
    if not sentence.has("broken", "over_limit") and "explanation" not in cited.path:
        return
    for word in sentence.of("cause"):
        if all(rule.breach_type != word.value for rule in breached):
            true = ", ".join(sorted({str(rule.breach_type) for rule in breached}))
            yield _finding(sentence, cited, word.start, word.end, true)
            return


def _issuers(context: Context, sentence: Sentence, cited: Cited) -> Iterator[Finding]:
    """As many issuers stand behind a measure, or over a limit, as a sentence counts."""
    rules = context.cited_rules(cited) if cited.own else []
    if len(rules) != 1 or not rules[0].holding_ids:
        return
    behind = len(rules[0].holding_ids)
    for noun in sentence.of("count_of"):
        if noun.value != "issuers":
            continue
        number = next((one for one in reversed(sentence.numbers) if one.stop <= noun.start), None)
        if number is None or not number.loose or len(sentence.between(number.stop, noun.start)) > 2:
            continue
        measured = any(rules[0].measured is not None and _is_about(one, rules[0].measured)
                       for one in sentence.numbers if not one.loose)  # fmt: skip
        if (measured or sentence.has("over_limit")) and number.readings[0][0] != behind:
            yield _finding(sentence, cited, number.start, noun.end, str(behind))
