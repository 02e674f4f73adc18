"""What stands outside the slots: no number in digits or words, and no judgement that nothing in the sentence bears."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final

from core.analyses.cells import respelt
from core.analyses.checks import Passages
from core.analyses.fact_selection import open_articles, rule_key
from core.analyses.slots.derived import family_of
from core.analyses.slots.lexicon import BEARS, Hit
from core.analyses.slots.owners import Owners
from core.analyses.slots.rendering import DECIDED, NAMED, REFUSED, Piece, Rendered, Renderer
from core.analyses.slots.templates import Sentence, Template
from core.domain.analysis import Finding, FindingKind
from core.domain.compliance import RuleStatus
from core.domain.facts import FactSheet

_any_digit = re.compile(r"[\d¼½¾⅓⅔⅛]").search
_not_blank = re.compile(r"[^\s\"«»„“”]+").findall
_quoted = re.compile(r"“[^“”]+”|«[^«»]+»|„[^„“]+“|\"[^\"]+\"")

_NAMES: Final = (
    "COVID-19", "401(k)", "529", "ISO 4217", "MiFID II", "MIF II", "BVV 2", "BVV2", "S&P 500", "Basel III",
    "Solvency II", "60/40", "5/10/40", "Euro Stoxx 50", "CAC 40", "FTSE 100", "Russell 2000", "Nikkei 225", "DAX 40",
    "3a", "1940 Act",
)  # fmt: skip
"""Names with digits that everybody uses and that state nothing."""

_IMPLIED: Final = {
    "top1_weight": ("largest",), "top5_weight": ("largest",), "top10_weight": ("largest",),
    "issuer_top1_weight": ("largest",), "max_drawdown": ("fell", "smallest", "largest"),
    "var_95_1d": ("smallest", "fell"), "cvar_95_1d": ("smallest", "fell", "above"), "stress": ("smallest", "fell"),
    "cvar_99_1d": ("smallest", "fell", "above"), "var_99_1d": ("smallest", "fell"),
}  # fmt: skip
"""Relations that facts are by what they measure."""

_BY_STATUS: Final = {
    RuleStatus.BREACH: ("breached", "above", "below"),
    RuleStatus.NEAR: ("near", "kept"),
    RuleStatus.PASS: ("kept",),
}


_DOWN: Final = frozenset({"fell", "behind", "below", "smallest", "breached"})
_DRIFT: Final = ("passi", "through", "drift", "mouve", "kurs", "markt")


class Role(StrEnum):
    """What a text is for: a PROPOSAL says what could be done, a GAP what is missing; both may compare freely."""

    STATEMENT = "statement"
    PROPOSAL = "proposal"
    GAP = "gap"


class Seen(StrEnum):
    """What a sentence rests on, the strongest first: what its reader may rely on."""

    INSERTED = "inserted"
    COMPUTED = "computed"
    DECIDED = "decided"
    TYPED = "typed"
    OPINION = "opinion"
    UNCHECKED = "unchecked"
    WRONG = "wrong"


SEEN: Final = {
    Seen.INSERTED.value: "inserted fact",
    Seen.COMPUTED.value: "computed by formula",
    Seen.DECIDED.value: "relation decided",
    Seen.TYPED.value: "typed and matched",
    Seen.OPINION.value: "opinion",
    Seen.UNCHECKED.value: "not checkable",
    Seen.WRONG.value: "does not hold",
}
"""What people are told that a sentence rests on."""


_BY_RANK: Final = tuple(one.value for one in (Seen.UNCHECKED, Seen.INSERTED, Seen.COMPUTED, Seen.DECIDED, Seen.WRONG))
_OPINION: Final = Seen.OPINION.value


def word_for(pieces: Sequence[Piece], *, opinion: bool) -> str:
    """What a sentence with these slots rests on (`Seen`)."""
    rank = 0
    for piece in pieces:
        if piece.rank > rank:
            rank = piece.rank
    return _BY_RANK[rank] if rank or not opinion else _OPINION


class Outside:
    """Looks at the words of answers to one prompt."""

    def __init__(self, sheet: FactSheet, renderer: Renderer) -> None:
        self._sheet = sheet
        self._renderer = renderer
        self.owners = Owners(sheet)
        self._names: list[str] | None = None
        self._passages: Passages | None = None
        self._open_articles = open_articles(sheet.rules)
        self._causes = {rule.breach_type.value for rule in sheet.rules if rule.breach_type}

    def findings(self, made: Rendered, role: Role) -> list[Finding]:
        """What does not hold in one text."""
        found: list[Finding] = []
        apart, pieces = made.template, made.slots
        if apart.broken:
            found.append(Finding("", "", made.text[:120], None, FindingKind.SLOT))
        found += [piece.finding for piece in pieces if piece.finding is not None]
        if apart.digits:
            found.extend(self._digits(made.plain))
        found += [Finding("", "", words, None, FindingKind.OUTSIDE) for words in apart.numbers]
        if apart.hits or any(piece.placed for piece in pieces):
            for sentence in apart.sentences:
                self._sentence(apart, sentence, pieces[sentence.first : sentence.last], role, found)
        return found

    def _sentence(self, apart: Template, one: Sentence, pieces: list[Piece], role: Role, found: list[Finding]) -> None:
        placed = any(piece.placed for piece in pieces)
        if placed:
            places = [place - one.start for place in apart.places[one.first : one.last]]
            folded = apart.own[one.start : one.end].lower()
            found.extend(self.owners.wrong(folded, list(zip(places, pieces, strict=True))))
        if role is Role.STATEMENT:
            if one.hits:
                found.extend(self._words(one.hits, pieces))
            if placed:
                found.extend(self._unsigned(pieces))

    def _digits(self, plain: str) -> Iterator[Finding]:
        rest = self._open_articles.sub(lambda one: " " * len(one.group()), plain)
        for name in self._with_digits():
            if name in rest:
                rest = rest.replace(name, " " * len(name))
        for quoted in _quoted.finditer(rest):
            if self._stands(quoted.group()[1:-1]):
                rest = rest.replace(quoted.group(), " " * len(quoted.group()))
        for word in _not_blank(rest):
            if _any_digit(word):
                yield Finding("", "", word[:120], None, FindingKind.OUTSIDE)

    def _stands(self, words: str) -> bool:
        if self._passages is None:
            self._passages = Passages(self._sheet)
        return any(self._passages.holds(source.source_id, words) for source in self._sheet.evidence.sources)

    def _with_digits(self) -> list[str]:
        if self._names is None:
            sheet = self._sheet
            names: set[str] = {sheet.name, sheet.portfolio_id, *_NAMES}
            for line in sheet.holdings:
                names |= {line.name, line.symbol, line.holding_id}
            names |= {source.title for source in sheet.evidence.sources}
            names |= {source.source_id for source in sheet.evidence.sources}
            for rule in sheet.rules:
                names |= {rule.citation, rule.regime, rule.rule_id, rule_key(rule)}
            names |= respelt(names).keys()
            self._names = sorted((name for name in names if any(map(str.isdigit, name))), key=len, reverse=True)
        return self._names

    def _words(self, hits: tuple[Hit, ...], pieces: list[Piece]) -> Iterator[Finding]:
        borne = self._borne(pieces)
        causes = {hit.words.startswith(_DRIFT) for hit in hits if hit.kind == "cause"}
        for hit in hits:
            if hit.kind == "cause":
                yield from self._cause(hit) if len(causes) == 1 else ()  # "active or passive" claims neither
            elif hit.kind == "presumed":
                yield from self._presumed(hit)
            elif hit.kind in BEARS and borne.isdisjoint(BEARS[hit.kind]):
                yield Finding("", "", hit.words, None, FindingKind.WORDING)

    def _presumed(self, hit: Hit) -> Iterator[Finding]:
        """Who speaks of the breach says that there is one."""
        if not any(rule.status is RuleStatus.BREACH for rule in self._sheet.rules):
            yield Finding("", "", hit.words, None, FindingKind.WORDING)

    def _cause(self, hit: Hit) -> Iterator[Finding]:
        """Whether a breach was traded into or drifted into is the engine's to say."""
        wanted = "passive" if hit.words.startswith(_DRIFT) else "active"
        if self._sheet.rules and wanted not in self._causes:
            true = ", ".join(sorted(self._causes)) or None
            yield Finding("", "", hit.words, true, FindingKind.RULE)

    def _unsigned(self, pieces: list[Piece]) -> Iterator[Finding]:
        """A size without its sign needs something in the same sentence that says which way it went."""
        bare = [piece for piece in pieces if "abs" in piece.slot.options and piece.facts]
        if not bare or self._borne(pieces, implied=False) & _DOWN:
            return
        for piece in bare:
            fact = piece.facts[0]
            name = fact.metric_id.rpartition(":")[2]
            loss = not piece.note and (name == "max_drawdown" or name.startswith("stress."))
            negative = piece.note.rpartition("= ")[2].startswith("-") if piece.note else fact.value < 0.0
            if negative and not loss:
                yield Finding("", fact.metric_id, piece.text, fact.shown, FindingKind.SIGN)

    def _borne(self, pieces: Iterable[Piece], *, implied: bool = True) -> set[str]:
        """Relations that a sentence states or, if they are wanted too, that what it measures is by itself."""
        borne: set[str] = set()
        for piece in pieces:
            if piece.kind in {DECIDED, REFUSED} and piece.slot.relation:
                borne.add(piece.slot.relation)  # one that was refused is a finding already
            elif piece.kind == NAMED:
                for rule in self._renderer.judge.rules(piece.name):
                    borne.update(_BY_STATUS.get(rule.status, ()))
            elif piece.slot.term is not None and piece.slot.term.function in {"rank", "top", "change"}:
                borne.update({"rank": ("rank",), "top": ("largest",), "change": _way(piece)}[piece.slot.term.function])
            for fact in piece.facts if implied else ():
                name = fact.metric_id.rpartition(":")[2]
                borne.update(_IMPLIED.get(name, ()) or _IMPLIED.get(family_of(name), ()))
        return borne


def _way(piece: Piece) -> tuple[str, ...]:
    return ("fell",) if piece.note.rpartition("= ")[2].startswith("-") else ("rose",)
