"""What returns are called: of the account, after costs. Without time-weighted figures of the account nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from core.analyses.typed.aspects import aspect_of
from core.analyses.typed.comparisons import clauses, said
from core.analyses.typed.context import Cited, Context
from core.analyses.typed.sentence import Sentence
from core.domain.analysis import Finding, FindingKind

_OF_THE_ACCOUNT: Final = frozenset({"twr", "twr_annual", "modified_dietz", "mwr"})


def basis(context: Context, sentence: Sentence, cited: Cited) -> Iterator[Finding]:
    """Returns of present holdings at past prices are neither after costs nor what an account earned."""
    if not sentence.has("net", "account") or "return" not in context.families or "data_gaps" in cited.path:
        return
    if any(aspect_of(fact.metric_id).family in _OF_THE_ACCOUNT for fact in context.sheet.facts):
        return
    for begin, end in clauses(sentence):
        words = [*sentence.within("net", begin, end), *sentence.within("account", begin, end)]
        denied = sentence.within("not", sentence.start, sentence.end) or sentence.has("unknown")
        earned = any(sentence.within(kind, begin, end) for kind in ("ahead", "behind", "up", "down", "attribute"))
        if words and not denied and earned:
            yield Finding(cited.path, "", said(sentence, begin, end), None, FindingKind.UNSUPPORTED)
            return
