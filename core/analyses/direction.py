"""Whether the words around a number say the direction that its fact's sign says, in English, French and German.

"The portfolio rose 12.3 %" about a return of -12.3 % states the right digits and the wrong thing. Looked at are facts
whose sign is a direction (returns, contributions, effects, drawdowns, losses in scenarios) and numbers without a sign
of their own. A clause that says both directions, or that denies something, decides nothing.
"""

from __future__ import annotations

import re
from typing import Final

from core.analyses.numbers import Number
from core.domain.analysis import FindingKind
from core.domain.facts import Fact

_SIGNED: Final = frozenset(
    {
        "return", "benchmark_return", "excess_return", "twr", "twr_annual", "mwr", "attribution", "contribution",
        "stress", "annual_return", "max_drawdown", "indicator",
    }
)  # fmt: skip
_RELATIVE: Final = frozenset({"excess_return"})

_LOSS_BY_NAME: Final = frozenset({"max_drawdown"})
"""What is a loss whatever the sentence calls it."""

_UP: Final = {
    "en": r"rose|rise[sn]?|rising|gain\w*|grew|grow[sn]?|growth|increas\w*|climb\w*|added|adds|earned|advanc\w*|"
    r"up(?! to)|profit\w*|positive\w*|boost\w*|lift\w*|rebound\w*",
    "fr": r"hausse|progress\w*|gagn\w+|augment\w*|croiss\w*|bondi\w*|plus-values?|bénéfi\w+|rapport[ée]\w*|positi\w+",
    "de": r"gestiegen|stieg\w*|steig\w*|gew[aio]nn\w*|\w*gewinn\w*|zugelegt|\w*zuwachs|\w*zunahme\w*|plus|erhöht\w*|"
    r"verdient\w*|erzielt\w*|\w*anstieg\w*|positiv\w*",
}
_DOWN: Final = {
    "en": r"fell|fall\w*|drop\w*|declin\w*|decreas\w*|los[est]\w*|losing|lost|drawdown\w*|down|detract\w*|"
    r"shr[aiu]nk\w*|slid\w*|cost|dragg?\w*|negative\w*|minus|slump\w*|reduc\w*|erod\w*|subtract\w*|shed\w*|tumbl\w*|"
    r"plung\w*|contract(?:ed|s|ion)|weak\w*|hit|hurt\w*|gave up|gives? up",
    "fr": r"baiss\w*|recul\w*|perd\w*|pertes?|repli\w*|chut\w*|diminu\w*|moins-values?|drawdown|coût\w*|négati\w+|"
    r"en moins|céd\w+|pénalis\w*|érod\w*|retir\w*|retranch\w*",
    "de": r"gefallen|fiel\w*|fallen|fällt|sank\w*|sinkt|gesunken|verl[ou]\w*|verlier\w*|\w*verlust\w*|\w*rückgang\w*|"
    r"\w*einbuße\w*|nachgegeben|nachgab|abgegeben|minus|gekostet|kostete\w*|\w*belast\w*|negativ\w*|drawdown|"
    r"\w*rückschlag\w*|geschmälert|gedrückt|drückte\w*|büßte\w*",
}
_AHEAD: Final = {
    "en": r"outperform\w*|above|ahead|beat\w*|exceed\w*",
    "fr": r"surperform\w*|au-dessus|devanc\w*|dépass\w*|supérieur\w*|avance",
    "de": r"übertr\w+|outperform\w*|oberhalb|mehrrendite|vorsprung",
}
_BEHIND: Final = {
    "en": r"underperform\w*|below|behind|lagg?\w*|trail\w*",
    "fr": r"sous-perform\w*|en[ -]dessous|retard|inférieur\w*|derrière",
    "de": r"underperform\w*|unterhalb|hinter|minderrendite|rückstand|zurückgeblieben|zurückblieb\w*",
}
_NOT: Final = {
    "en": r"not|no|never|nor|without|instead|although|despite|if|would have",
    "fr": r"ne|n|pas|jamais|sans|aucune?|malgré|si",
    "de": r"nicht|kein\w*|nie|ohne|statt|trotz|obwohl|wenn|falls",
}
_BREAK: Final = re.compile(
    r"[.;:!?]\s|,\s|[()–—]|\b(?:and|while|whereas|but|against|versus|vs\.?|than|"
    r"et|tandis que|alors que|mais|contre|und|während|aber|gegenüber|als)\b",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"[.!?;]\s")
_CLAUSE_CHARACTERS: Final = 600
"""How far from a number its clause may reach: no sentence of a person is longer, and a text may be of any length."""


def _words(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{text})(?!\w)", re.IGNORECASE)


_PATTERNS: Final = {
    language: (
        _words(_UP[language]),
        _words(_DOWN[language]),
        _words(f"{_UP[language]}|{_AHEAD[language]}"),
        _words(f"{_DOWN[language]}|{_BEHIND[language]}"),
        _words(_NOT[language]),
    )
    for language in _UP
}


def is_signed(fact: Fact) -> bool:
    """Whether a fact's sign is a direction."""
    family = _family(fact)
    return family in _SIGNED and (family != "indicator" or ".change_" in fact.metric_id)


def contradiction(number: Number, fact: Fact, language: str) -> FindingKind | None:
    """What is wrong with the words around a number that states a signed fact's digits, or None.

    DIRECTION where they say the other way; SIGN where nothing shows that the fact is negative. A language whose words
    are not known is not judged.
    """
    patterns = _PATTERNS.get(language)
    if patterns is None or number.negative or fact.value == 0.0:
        return None
    relative = _family(fact) in _RELATIVE or fact.metric_id.endswith("attribution.active_return")
    up, down = patterns[2:4] if relative else patterns[:2]
    clause = _around(number, _BREAK)
    if patterns[4].search(clause):
        return None
    ups, downs = bool(up.search(clause)), bool(down.search(clause))
    if ups and downs:
        return None
    if fact.value > 0.0:
        return FindingKind.DIRECTION if downs else None
    if ups:
        return FindingKind.DIRECTION
    if downs or down.search(_around(number, _SENTENCE)):
        return None
    return None if _family(fact) in _LOSS_BY_NAME else FindingKind.SIGN


def _family(fact: Fact) -> str:
    # In a brief about a group, ids begin with the portfolio's: "acme:return.1y".
    return fact.metric_id.rpartition(":")[2].partition(".")[0]


def _around(number: Number, breaks: re.Pattern[str]) -> str:
    """The part of the text around a number, up to the breaks on both sides."""
    text = number.text
    begin = max(0, number.start - _CLAUSE_CHARACTERS)
    end = min(len(text), number.stop + _CLAUSE_CHARACTERS)
    for match in breaks.finditer(text, begin, end):
        if match.end() <= number.start:
            begin = match.end()
        elif match.start() >= number.stop:
            end = match.start()
            break
    return text[begin:end]
