"""Whether the words around a number say the direction that its fact's sign says, in English, French and German.

"The portfolio rose 12.3 %" about a return of -12.3 % states the right digits and the wrong thing. Looked at are facts
whose sign is a direction (returns, contributions, effects, drawdowns, losses in scenarios) and numbers without a sign
of their own. A clause that says both directions, or that denies something, decides nothing; nor does a level that is
reached ("the excess shrinks to 0.25"). Words are in the lexicons of `core.analyses.typed`.
"""

from __future__ import annotations

from typing import Final

from core.analyses.numbers import Number
from core.analyses.typed.lexicon import Mention
from core.analyses.typed.sentence import Sentence
from core.domain.analysis import FindingKind
from core.domain.facts import Fact

_SIGNED: Final = frozenset(
    {
        "return", "benchmark_return", "excess_return", "twr", "twr_annual", "modified_dietz", "mwr", "attribution",
        "contribution", "stress", "annual_return", "max_drawdown", "indicator",
    }
)  # fmt: skip
_RELATIVE: Final = frozenset({"excess_return"})

_LOSS_BY_NAME: Final = frozenset({"max_drawdown"})
"""What is a loss whatever the sentence calls it."""

_REACHED: Final = frozenset({"to", "auf", "à", "bis", "zu"})
"""Words that make the number behind them a level and no change."""

_REACHING_WORDS: Final = 4


def is_signed(fact: Fact) -> bool:
    """Whether a fact's sign is a direction."""
    family = _family(fact)
    return family in _SIGNED and (family != "indicator" or ".change_" in fact.metric_id)


def is_relative(fact: Fact) -> bool:
    """Whether a fact's sign says who is ahead."""
    return _family(fact) in _RELATIVE or fact.metric_id.endswith("attribution.active_return")


def contradiction(number: Number, fact: Fact, sentence: Sentence, quantity: Mention | None) -> FindingKind | None:
    """What is wrong with the words around a number that states a signed fact's digits, or None.

    DIRECTION where they say the other way; SIGN where nothing shows that the fact is negative.

    Args:
        quantity: What the number is said to be; words of direction before it belong to something else.
    """
    if number.negative or fact.value == 0.0 or not sentence.judged:
        return None
    if not sentence.has("up", "down", "ahead", "behind"):
        return _silent(fact, sentence)
    begin, end = sentence.clause(number.begin, number.stop)
    before, behind = sentence.neighbours(number)
    begin, end = max(begin, before), min(end, behind)
    if any(sentence.within("not", begin, end)):
        return None
    upward, downward = (("up", "ahead"), ("down", "behind")) if is_relative(fact) else (("up",), ("down",))
    ups = _said(upward, number, sentence, quantity, begin, end)
    downs = _said(downward, number, sentence, quantity, begin, end)
    if (ups and downs) or any(_reached(one, number, sentence) for one in (*ups, *downs)):
        return None
    if is_relative(fact) and turned(sentence, begin, end, (*ups, *downs)):
        ups, downs = downs, ups
    if fact.value > 0.0:
        return FindingKind.DIRECTION if downs else None
    if ups:
        return FindingKind.DIRECTION
    return None if downs else _silent(fact, sentence)


def turned(sentence: Sentence, begin: int, end: int, words: tuple[Mention, ...]) -> bool:
    """Whether words of being ahead or behind are said of the benchmark, and not of the portfolio."""
    if not words:
        return False
    owners = sentence.within("owner", begin, end)
    first = words[0]
    following = next((one for one in owners if one.start >= first.end), None)
    if following is not None and following.value == "portfolio" and not sentence.broken(first.end, following.start):
        # "2.42 points more than the portfolio"; a genitive ("the lead of the portfolio") says whose it is.
        words_between = sentence.between(first.end, following.start)
        return not any(word.text in {"of", "des", "du", "de"} for word in words_between)
    preceding = [one for one in owners if one.end <= first.start]
    return (
        following is None
        and bool(preceding)
        and preceding[-1].value == "benchmark"
        and _is_subject(preceding[-1], sentence)
    )


def _is_subject(owner: Mention, sentence: Sentence) -> bool:
    """Whether an owner does what a word behind it says: "the benchmark leads", not "the lead over the benchmark"."""
    before = [one for one in sentence.words if one.end <= owner.start]
    return (
        not before
        or before[-1].text not in {"over", "against", "auf", "gegenüber", "sur", "the", "zur", "than"}
        or (
            before[-1].text == "the"
            and (len(before) < 2 or before[-2].text not in {"over", "against", "to", "with", "than"})
        )
    )


def _silent(fact: Fact, sentence: Sentence) -> FindingKind | None:
    """What is wrong where no word beside a number says a direction: a loss must be said somewhere in the sentence."""
    if fact.value > 0.0 or _family(fact) in _LOSS_BY_NAME or sentence.has("neutral", "down", "not"):
        return None
    return None if is_relative(fact) and sentence.has("behind") else FindingKind.SIGN


def _said(
    kinds: tuple[str, ...], number: Number, sentence: Sentence, quantity: Mention | None, begin: int, end: int
) -> list[Mention]:
    """Words of some kinds in a part of the sentence that are said of the number."""
    found = [one for kind in kinds for one in sentence.within(kind, begin, end)]
    if "behind" not in kinds:
        # "2.42 points less than the benchmark's 9.63 %" compares, and says nothing of the 9.63 %.
        found = [one for one in found if one.value != "relative"]
    if quantity is None or quantity.start >= number.begin:
        return found
    return [
        one
        for one in found
        if one.end > quantity.start or len(sentence.between(one.end, quantity.start)) <= 1
    ]  # fmt: skip


def _reached(word: Mention, number: Number, sentence: Sentence) -> bool:
    """Whether a word leads to the number as a level: "shrinks to 0.25"."""
    words = sentence.between(word.end, number.begin) if word.end <= number.begin else []
    return 0 < len(words) <= _REACHING_WORDS and any(one.text in _REACHED for one in words)


def _family(fact: Fact) -> str:
    # In a brief about a group, ids begin with the portfolio's: "acme:return.1y".
    return fact.metric_id.rpartition(":")[2].partition(".")[0]
