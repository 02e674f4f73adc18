"""Sentences that compare without saying by how much: ahead of the benchmark, larger than, the largest, the third.

Decided is what the facts decide: who is named, which family of figures is meant, and how its members stand. A claim
whose subject or family cannot be told is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from core.analyses.direction import turned
from core.analyses.typed.context import Cited, Context
from core.analyses.typed.lexicon import Mention
from core.analyses.typed.sentence import Sentence
from core.domain.analysis import Finding, FindingKind

_NEAR_WORDS: Final = 4
_SUBJECT_WORDS: Final = 7
_MOST: Final = frozenset({"most", "am meisten", "le plus"})
_RANKED_VERBS: Final = frozenset({"contribution", "weight", "risk_share"})
_CAME: Final = frozenset(
    {"came", "comes", "ranks", "ranked", "ranking", "placed", "arrive", "arrivent", "kam", "kommt", "landete"}
)
_PRONOUNS: Final = frozenset({"celles", "celle", "celui", "ceux", "these", "those", "that", "diese", "dieser", "jene"})
_TOGETHER: Final = frozenset({"combined", "together", "zusammen", "ensemble", "réunis", "réunies", "cumulés"})
_RESTRICTING: Final = frozenset(
    {
        "its", "their", "his", "ses", "sa", "son", "leur", "leurs", "seine", "seiner", "seinen", "ihre", "ihrer",
        "five", "three", "ten", "four", "two",
        "cinq", "trois", "dix", "deux", "quatre", "fünf", "drei", "zehn", "zwei", "vier",
        "multi", "single", "other", "andere", "autres", "next", "possible", "among",
    }
)  # fmt: skip
"""Words that make a superlative one of a part that nobody can tell here."""

_PLURALS: Final = frozenset({"are", "sind", "sont", "hold", "halten"})
_POSITIVE: Final = ("positiv", "positif", "positive")
_OF_LEADS: Final = frozenset({"lead", "margin", "margins", "vorsprung", "avance", "excess"})
_OF_LAGS: Final = frozenset({"deficit", "shortfall", "rückstand", "retard"})
_ROOM: Final = 0.0051
"""Values that are equal as shown have no order."""


def against_the_benchmark(context: Context, sentence: Sentence, cited: Cited) -> Iterator[Finding]:
    """Being ahead or behind is what the excess return of the period says, or of all periods together."""
    excess = context.families.get("excess_return")
    if not excess or not sentence.has("ahead", "behind"):
        return
    for begin, end in clauses(sentence):
        words = [one for kind in ("ahead", "behind") for one in sentence.within(kind, begin, end)]
        kinds = {one.kind for one in words}
        if len(kinds) != 1 or sentence.within("not", begin, end) or not _is_relative(sentence, words, begin, end):
            continue
        if any(begin <= number.start < end for number in sentence.numbers) and not _says_who(sentence, begin, end):
            continue  # the number beside it is held against its own fact
        ahead = (kinds == {"ahead"}) != turned(sentence, begin, end, tuple(words))
        values = _excesses(excess, sentence, cited, begin, end)
        if values:
            context.settle(*(word.start for word in words))
        every = any(one.value == "periods" for one in sentence.within("count_of", begin, end))
        every = every and bool(sentence.within("all", begin, end))
        contrary = [bool(value) and (value < 0) == ahead for value in values]
        if values and (any(contrary) if every else all(contrary)):
            shown = ", ".join(f"{value:.2f}" for value in values[:3])
            yield Finding(cited.path, "", said(sentence, begin, end), shown, FindingKind.DIRECTION)


def _is_relative(sentence: Sentence, words: list[Mention], begin: int, end: int) -> bool:
    """Whether words of being ahead are said of the benchmark: it is named beside them, or they say it alone."""
    if all(sentence.text[one.start : one.end].lower().startswith(_ALWAYS) for one in words):
        return True
    if all(sentence.text[one.start : one.end].lower() in _ALONE for one in words):
        return any(one.value == "portfolio" for one in sentence.within("owner", begin, end))
    owners = [one for one in sentence.within("owner", begin, end) if one.value == "benchmark"]
    return any(
        len(sentence.between(word.end, owner.start)) <= _NEAR_WORDS
        for word in words
        for owner in owners
        if owner.start >= word.end
    )


_ALONE: Final = frozenset({"ahead", "behind", "devant", "derrière", "voraus", "hinterher"})
"""Words that compare the portfolio with the benchmark where nothing else is named."""

_ALWAYS: Final = (
    "outperform", "underperform", "surperform", "sous", "vorsprung", "rückstand", "mehrrendite", "minderrendite",
    "beat",
)  # fmt: skip
"""Beginnings of words that always compare with the benchmark."""


def _says_who(sentence: Sentence, begin: int, end: int) -> bool:
    return any(one.value == "benchmark" for one in sentence.within("owner", begin, end))


def _excesses(excess: Mapping[str, float], sentence: Sentence, cited: Cited, begin: int, end: int) -> list[float]:
    periods = {one.value for one in sentence.within("period", begin, end)} or {
        one.value for one in sentence.of("period")
    }
    if periods:
        return [excess[name] for name in periods if name in excess] if periods <= excess.keys() else []
    own = [
        fact.value for fact in cited.facts if ".".join(fact.metric_id.split(":")[-1].split(".")[:1]) == "excess_return"
    ]
    return own or list(excess.values())


def between_two(context: Context, sentence: Sentence, cited: Cited) -> Iterator[Finding]:
    """One thing that is more or less than another is so by weight, or by what the clause or the citations measure."""
    subjects = sentence.of("subject")
    if len(subjects) < 2 or not sentence.has("more", "less"):
        return
    for word in sentence.of("more", "less"):
        before = [one for one in subjects if one.end <= word.start]
        if not before or sentence.within("not", *sentence.clause(word.start, word.end)):
            continue
        others = _others(sentence, word, subjects, before[-1])
        if not others:
            continue
        family = _family(sentence, cited, before[-1].value)
        one = context.value(before[-1].value, family)
        values = [context.value(other, family) for other in others]
        if one is None or any(value is None for value in values):
            continue
        known = [value for value in values if value is not None]
        context.settle(word.start)
        if _is_together(sentence, word):
            known = [sum(known)]
        if any((one < other - _ROOM) if word.kind == "more" else (one > other + _ROOM) for other in known):
            begin, end = word.start, min(sentence.end, word.end + 40)
            shown = " / ".join(f"{value:.2f}" for value in (one, *known))
            yield Finding(cited.path, "", said(sentence, before[-1].start, end, begin), shown, FindingKind.DIRECTION)


def _others(sentence: Sentence, word: Mention, subjects: list[Mention], subject: Mention) -> list[str]:
    """What a comparison is made with: what is named right behind it, or what a pronoun there stands for."""
    found: list[str] = []
    at = word.end
    for other in subjects:
        if other.start < word.end:
            continue
        words = [one.text for one in sentence.between(at, other.start)]
        joined = len(words) <= _NEAR_WORDS + 2 and (not found or {"and", "et", "und", "or", "ou", "oder"} & set(words))
        if not joined:
            break
        found.append(other.value)
        at = other.end
    if found:
        return found
    following = sentence.between(word.end, sentence.end)[:2]
    earlier = [one for one in subjects if one.end <= subject.start and one.value != subject.value]
    return [earlier[-1].value] if earlier and any(one.text in _PRONOUNS for one in following) else []


def _is_together(sentence: Sentence, word: Mention) -> bool:
    return any(one.text in _TOGETHER for one in sentence.between(word.end, sentence.end))


def _family(sentence: Sentence, cited: Cited, subject: str) -> str:
    """The figures that are compared: those that the sentence names, else those that are cited, else weights."""
    for mention in sentence.of("attribute"):
        if mention.value in {"contribution", "risk_share", "weight"}:
            return mention.value
    families = {fact.metric_id.rpartition(":")[2].partition(".")[0] for fact in cited.facts}
    own = families & {"contribution", "risk_share", "weight"}
    if len(own) == 1 and ":" in subject:
        return own.pop()
    return "weight"


def ranked(context: Context, sentence: Sentence, cited: Cited) -> Iterator[Finding]:
    """The largest, the second, the smallest of a family is so by its figures."""
    for word in sentence.of("largest", "smallest"):
        if any(one.start <= word.start < one.end for one in sentence.of("size")):
            continue  # "a third of the portfolio" is no rank
        noun = _noun(sentence, cited, word)
        if noun is None:
            continue
        values = _members(context, sentence, noun, word)
        subject = _ranked_subject(context, sentence, cited, word, noun, values)
        if subject is None or len(values) < 2:
            continue
        context.settle(word.start)
        place = int(word.value)
        if place not in _ranks(values, subject, descending=word.kind == "largest", context=context):
            true = f"{values[subject]:.2f}"
            yield Finding(cited.path, "", said(sentence, word.start, noun.end), true, FindingKind.DIRECTION)


def _noun(sentence: Sentence, cited: Cited, word: Mention) -> Mention | None:
    """What a superlative is said of: a noun right behind it, or the figures that are cited ("came last")."""
    begin, end = sentence.clause(word.start, word.end)
    before = [one.text for one in sentence.between(begin, word.start)][-3:]
    if set(before) & _RESTRICTING:
        return None
    if before[-1:] and before[-1] in _CAME and not sentence.within("ranked", word.end, end):
        families = cited.families() & {"contribution", "weight", "risk_share"}
        return Mention("ranked", families.pop(), word.start, word.end) if len(families) == 1 else None
    if sentence.text[word.start : word.end].lower() in _MOST:
        verbs = [one for one in sentence.of("attribute") if one.value in _RANKED_VERBS and one.end <= word.start]
        if verbs and len(sentence.between(verbs[-1].end, word.start)) <= 1:
            return Mention("ranked", verbs[-1].value, word.start, word.end)
    for noun in sentence.of("ranked"):
        if noun.start < word.end or noun.end > sentence.end:
            continue
        words = [one.text for one in sentence.between(word.end, noun.start)]
        if len(words) <= 3 and not sentence.broken(word.end, noun.start) and not set(words) & _RESTRICTING:
            return noun
    return None


def _members(context: Context, sentence: Sentence, noun: Mention, word: Mention) -> dict[str, float]:
    values = dict(context.families.get(noun.value, {}))
    between = [one.text for one in sentence.between(word.start, noun.end)]
    if any(one.startswith(_POSITIVE) for one in between):
        values = {name: value for name, value in values.items() if value > 0}
    if noun.value == "excess_return":
        words = {sentence.text[noun.start : noun.end].lower(), *between}
        if words & _OF_LAGS:
            values = {name: -value for name, value in values.items() if value < 0}
        elif words & _OF_LEADS:
            values = {name: value for name, value in values.items() if value > 0}
        else:
            values = {}
    if noun.value == "contribution" and word.kind == "smallest" and "detractor" in sentence.text.lower():
        values = {}
    return values


def _ranked_subject(
    context: Context, sentence: Sentence, cited: Cited, word: Mention, noun: Mention, values: Mapping[str, float]
) -> str | None:
    """Who is called the largest: named before it in its sentence, else right behind it, else what alone is cited."""
    if noun.value == "excess_return":
        periods = [one.value for one in sentence.of("period") if one.value in values]
        own = list({name for fact in cited.facts if (name := fact.metric_id.rpartition(".")[2]) in values})
        return periods[0] if len(periods) == 1 else own[0] if len(own) == 1 and not periods else None
    before = [one for one in sentence.of("subject") if one.end <= word.start]
    if before:
        near = [one for one in before if len(sentence.between(one.end, word.start)) <= _SUBJECT_WORDS]
        known = (context.as_member(one.value, values) for one in reversed(near))
        return next((name for name in known if name is not None), None)
    behind = [one for one in sentence.of("subject") if one.start >= noun.end]
    if behind and len(sentence.between(noun.end, behind[0].start)) <= 3:
        return context.as_member(behind[0].value, values)
    subjects = cited.subjects if cited.own else set()
    alone = {member for subject in subjects if (member := context.as_member(subject, values)) is not None}
    return alone.pop() if len(alone) == 1 and not behind else None


def _ranks(values: Mapping[str, float], subject: str, *, descending: bool, context: Context) -> set[int]:
    """Every place that a member may be said to have: ties share places, and cash may be counted or not."""
    found: set[int] = set()
    lines = {f"holding:{line.holding_id}" for line in context.sheet.holdings if line.asset_class == "cash"}
    for members in (values, {name: value for name, value in values.items() if name not in lines or name == subject}):
        own = members[subject]
        better = sum((value > own + _ROOM) if descending else (value < own - _ROOM) for value in members.values())
        level = sum(abs(value - own) <= _ROOM for value in members.values())
        found.update(range(better + 1, better + level + 1))
    return found


def clauses(sentence: Sentence) -> Iterator[tuple[int, int]]:
    """The parts of a sentence between the marks and words that end a clause."""
    begin = sentence.start
    for place in sentence.breaks:
        if place > begin:
            yield begin, place
            begin = place
    yield begin, sentence.end


def said(sentence: Sentence, begin: int, end: int, least: int = 0) -> str:
    """The words of a sentence as a finding states them, at most 120 characters."""
    return " ".join(sentence.text[begin : max(end, least)].split())[:120].strip(" ,;:.(")
