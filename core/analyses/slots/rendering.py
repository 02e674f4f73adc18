"""A text with slots as its readers see it, with what stands behind each part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from core.analyses.cells import cell, respelt
from core.analyses.slots.derived import Known, is_owned, quantity
from core.analyses.slots.form import Grade
from core.analyses.slots.formats import Style, number, period, style_of
from core.analyses.slots.grammar import Slot, Term, leaves
from core.analyses.slots.labels import Names
from core.analyses.slots.lexicon import Lexicon, lexicon
from core.analyses.slots.quantities import Quantity, Refused, of_fact
from core.analyses.slots.relations import Judge
from core.analyses.slots.templates import GAP, Template, closed_up, template
from core.domain.analysis import Finding, FindingKind
from core.domain.facts import Fact, FactSheet

INSERTED: Final = "inserted"
COMPUTED: Final = "computed"
DECIDED: Final = "decided"
NAMED: Final = "named"
REFUSED: Final = "refused"
WRONG: Final = 4


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
        placed: It has to stand in the right place: beside its own name, or with a word that gives its direction.
        doubtful: Its sentence wants a look for its sake: it is placed, or does not hold.
        rank: The higher, the more its sentence rests on it: 0 for a name, WRONG where it does not hold.
    """

    kind: str
    text: str
    slot: Slot
    facts: tuple[Fact, ...] = ()
    note: str = ""
    name: str = ""
    finding: Finding | None = None
    placed: bool = False
    doubtful: bool = False
    rank: int = 0


class Rendered(NamedTuple):
    """A text as it is read.

    Attributes:
        text: With every slot written.
        slots: What each became, in order.
        template: The text before its slots were written.
    """

    text: str
    slots: list[Piece]
    template: Template

    @property
    def facts(self) -> list[Fact]:
        """All facts behind it, in order."""
        return [fact for piece in self.slots for fact in piece.facts]

    @property
    def names(self) -> list[str]:
        """Ids that name slots name, in order."""
        return [piece.name for piece in self.slots if piece.name]

    @property
    def pieces(self) -> list[tuple[int, int, Piece]]:
        """What each slot became, with its place in `text`."""
        found, end = [], 0
        for words, piece in zip(self.template.parts[::2], self.slots, strict=False):
            start = end + len(words)
            end = start + len(piece.text)
            found.append((start, end, piece))
        return found

    @property
    def plain(self) -> str:
        """What the model wrote itself: `text` with spaces where slots were written."""
        parts = [*self.template.parts]
        parts[1::2] = [" " * len(piece.text) for piece in self.slots]
        return "".join(parts)

    @property
    def sentences(self) -> list[tuple[int, int, list[Piece]]]:
        """Its sentences: where each begins and ends in `text`, and its slots."""
        apart, grown, found = self.template, 0, []
        gaps = apart.own.count(GAP) == len(self.slots)
        for one in apart.sentences:
            pieces = self.slots[one.first : one.last]
            start = one.start + grown
            grown += sum(len(piece.text) - (1 if gaps or piece.text else 0) for piece in pieces)
            found.append((start, one.end + grown, pieces))
        return found


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
            return Rendered(raw, [], apart)
        done, pieces, parts, place, closed = self._done, [], [*apart.parts], 1, False
        for slot in apart.slots:
            piece = done.get(slot.body)
            if piece is None:
                piece = done[slot.body] = self._piece(slot)
            pieces.append(piece)
            parts[place] = text = piece.text
            closed = closed or not text
            place += 2
        if closed:
            apart = closed_up(apart, parts[1::2], self._language)
        return Rendered("".join(parts), pieces, apart)

    @property
    def cited(self) -> set[str]:
        """Ids of the facts behind all slots that were written."""
        return {fact.metric_id for piece in self._done.values() for fact in piece.facts}

    def _piece(self, slot: Slot) -> Piece:
        term = slot.term
        if term is not None and not term.function and (fact := self.known.facts.get(term.text)) is not None:
            return self._inserted(fact, self._written(of_fact(fact), slot), slot)
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
        return Piece(REFUSED, shown, slot, facts, why, "", finding, False, True, WRONG)

    def _relation(self, slot: Slot) -> Piece:
        decided = self.judge.decide(slot.relation, tuple(map(self._spelt, slot.terms)))
        other = self.lexicon.contradicts(slot.relation, slot.words)
        if other:
            raise Refused(f"Its words say '{other}' and not '{slot.relation}'. {decided.because}.")
        return Piece(DECIDED, slot.words, slot, decided.facts, decided.because, rank=3)

    def _value(self, slot: Slot) -> Piece:
        term = slot.term
        if term is None:
            raise Refused("It is empty.")
        if not term.function and (named := self._name(term.text)) is not None:
            if (grade := self._grades.get(term.text)) is not None:
                behind = tuple(fact for name in grade.fact_ids if (fact := self.known.fact(name)) is not None)
                return Piece(COMPUTED, named, slot, behind, grade.because, rank=2)
            return Piece(NAMED, named, slot, name=term.text)
        spelt = self._spelt(term)
        found = quantity(spelt, self.known)
        if not term.function:
            return self._inserted(found.facts[0], self._written(found, slot), slot)
        text, placed = self._written(found, slot), "abs" in slot.options
        return Piece(COMPUTED, text, slot, found.facts, found.formula, "", None, placed, placed, 2)

    @staticmethod
    def _inserted(fact: Fact, text: str, slot: Slot) -> Piece:
        placed = "abs" in slot.options or is_owned(fact.metric_id)
        return Piece(INSERTED, text, slot, (fact,), "", "", None, placed, placed, 1)

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
