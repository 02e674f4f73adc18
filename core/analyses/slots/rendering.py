"""A text with slots as its readers see it, with what stands behind each part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from core.analyses.cells import cell, respelt
from core.analyses.slots.derived import Known, quantity
from core.analyses.slots.form import Grade
from core.analyses.slots.formats import Style, number, period, style_of
from core.analyses.slots.grammar import Slot, Term, leaves
from core.analyses.slots.labels import Names
from core.analyses.slots.lexicon import Lexicon, lexicon
from core.analyses.slots.quantities import Quantity, Refused, of_fact
from core.analyses.slots.relations import Judge
from core.analyses.slots.templates import Template, closed_up, template
from core.domain.analysis import Finding, FindingKind
from core.domain.facts import Fact, FactSheet

INSERTED: Final = "inserted"
COMPUTED: Final = "computed"
DECIDED: Final = "decided"
NAMED: Final = "named"
REFUSED: Final = "refused"


class Piece(NamedTuple):
    """What a slot became.

    Attributes:
        kind: INSERTED, COMPUTED, DECIDED, NAMED or REFUSED.
        text: As it is written.
        slot: As it was asked for.
        facts: Behind it.
        note: Formula, or what decided; "" for a fact itself.
        name: Id of the holding, rule or document that a name slot names, else "".
        finding: Why it does not hold; its path is set by whoever knows it.
    """

    kind: str
    text: str
    slot: Slot
    facts: tuple[Fact, ...] = ()
    note: str = ""
    name: str = ""
    finding: Finding | None = None


@dataclass(slots=True)
class Rendered:
    """A text as it is read.

    Attributes:
        text: With every slot written.
        pieces: Each with its place in `text`.
        plain: What the model wrote itself: `text` with spaces where slots were written.
        template: The text before its slots were written.
    """

    text: str
    pieces: list[tuple[int, int, Piece]]
    plain: str
    template: Template

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All facts behind it, each once, in order."""
        if not self.pieces:
            return ()
        return tuple({fact.metric_id: fact for _, _, piece in self.pieces for fact in piece.facts}.values())

    @property
    def names(self) -> tuple[str, ...]:
        """Ids that name slots name, each once, in order."""
        if not self.pieces:
            return ()
        return tuple(dict.fromkeys([piece.name for _, _, piece in self.pieces if piece.name]))


class Renderer:
    """Writes the texts of answers to one prompt."""

    def __init__(self, sheet: FactSheet, grades: Mapping[str, Grade] | None = None) -> None:
        facts = sheet.by_id()
        self.style: Style = style_of(sheet)
        self._language = self.style.language
        self.lexicon: Lexicon = lexicon(self._language)
        self.known = Known(facts, sheet.base_currency)
        self._grades = {f"grade.{name}": grade for name, grade in (grades or {}).items()}
        self.names = Names(sheet, self.style, {name: grade.value for name, grade in (grades or {}).items()})
        self.judge = Judge(sheet, self.known)
        self._sheet = sheet
        self._done: dict[str, Piece] = {}
        self._aliases: dict[str, str] | None = None

    def render(self, raw: str) -> Rendered:
        """A text with its slots written."""
        apart = template(raw, self._language)
        if not apart.slots:
            return Rendered(raw, [], raw, apart)
        words, done = apart.words, self._done
        texts, plains = [words[0]], [words[0]]
        pieces: list[tuple[int, int, Piece]] = []
        place, closed = len(words[0]), False
        for slot, behind in zip(apart.slots, words[1:], strict=True):
            piece = done.get(slot.body)
            if piece is None:
                piece = done[slot.body] = self._piece(slot)
            text = piece.text
            end = place + len(text)
            pieces.append((place, end, piece))
            texts += (text, behind)
            plains += (" " * (end - place), behind)
            place, closed = end + len(behind), closed or not text
        plain = "".join(plains)
        if closed:
            apart = closed_up(apart, plain, self._language)
        return Rendered("".join(texts), pieces, plain, apart)

    def _piece(self, slot: Slot) -> Piece:
        term = slot.term
        if term is not None and not term.function and (fact := self.known.facts.get(term.text)) is not None:
            return Piece(INSERTED, self._written(of_fact(fact), slot), slot, (fact,))
        if slot.problem:
            return self._refused(slot, slot.problem, FindingKind.SLOT)
        try:
            return self._relation(slot) if slot.relation else self._value(slot)
        except Refused as refused:
            kind = FindingKind.RELATION if slot.relation else FindingKind.SLOT
            return self._refused(slot, str(refused), kind)

    def _refused(self, slot: Slot, why: str, kind: FindingKind) -> Piece:
        shown = slot.words or f"[{slot.body.strip()[:60]}]"
        ids = leaves(slot.terms or ((slot.term,) if slot.term else ()))
        facts = tuple(fact for name in ids if (fact := self._fact(name)) is not None)
        stated = f"{slot.relation}({', '.join(ids)})"[:120] if slot.relation else slot.body.strip()[:120]
        if not facts and kind is FindingKind.SLOT and not slot.problem:
            kind = FindingKind.UNSUPPORTED
        finding = Finding("", facts[0].metric_id if facts else "", stated, why[:200] or None, kind)
        return Piece(REFUSED, shown, slot, facts, why, finding=finding)

    def _relation(self, slot: Slot) -> Piece:
        decided = self.judge.decide(slot.relation, tuple(map(self._spelt, slot.terms)))
        other = self.lexicon.contradicts(slot.relation, slot.words)
        if other:
            raise Refused(f"Its words say '{other}' and not '{slot.relation}'. {decided.because}.")
        return Piece(DECIDED, slot.words, slot, decided.facts, decided.because)

    def _value(self, slot: Slot) -> Piece:
        term = slot.term
        if term is None:
            raise Refused("It is empty.")
        if not term.function and (named := self._name(term.text)) is not None:
            if (grade := self._grades.get(term.text)) is not None:
                behind = tuple(fact for name in grade.fact_ids if (fact := self.known.fact(name)) is not None)
                return Piece(COMPUTED, named, slot, behind, grade.because)
            return Piece(NAMED, named, slot, name=term.text)
        spelt = self._spelt(term)
        found = quantity(spelt, self.known)
        kind = COMPUTED if term.function else INSERTED
        return Piece(kind, self._written(found, slot), slot, found.facts, found.formula)

    def _name(self, name: str) -> str | None:
        """What an id is called that is a name and no fact; the program's own hints, such as simulated, stay out."""
        if name in self.known.facts:
            return None
        return self.names.of(name) or self.names.of(cell(name))

    def _written(self, found: Quantity, slot: Slot) -> str:
        options = slot.options
        if not options:
            return number(found, self.style)
        text = number(found, self.style, size="abs" in options, bare="bare" in options)
        fact = found.facts[0] if found.facts else None
        if fact is not None and "name" in options:
            text = f"{self.names.subject(fact.metric_id)} {text}"
        if fact is not None and "period" in options and (said := period(fact.period, self.style)):
            text = f"{text} {said}"
        return text

    def _fact(self, name: str) -> Fact | None:
        return self.known.fact(name) or self.known.fact(self._alias(name))

    def _spelt(self, term: Term) -> Term:
        """Ids as the facts have them, where the prompt had to write them otherwise."""
        if not term.function:
            if term.text in self.known.facts:
                return term
        elif all(not one.function and one.text in self.known.facts for one in term.terms):
            return term
        else:
            return replace(term, terms=tuple(map(self._spelt, term.terms)))
        return replace(term, text=self._alias(term.text))

    def _alias(self, name: str) -> str:
        if self._aliases is None:
            self._aliases = respelt(self.known.facts)
        return self._aliases.get(name, name)
