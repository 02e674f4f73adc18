"""Puts the page of an answer together: texts rendered and looked at, references and grades filled in by the program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

from core.analyses.cells import respelt
from core.analyses.slots.form import Document, Grade
from core.analyses.slots.rendering import DECIDED, WRONG, Piece, Rendered, Renderer
from core.analyses.slots.sentences import Outside, Role, Seen, word_for
from core.analyses.time_limit import tick
from core.domain.analysis import Finding, FindingKind
from core.domain.facts import Fact, FactSheet

_CONFIDENCE: Final = {"fact": "high", "interpretation": "medium", "assumption": "low", "forecast": "low"}
_OPINION: Final = "opinion"


class Page:
    """One answer on its way to its page.

    Attributes:
        sheet: The facts that the prompt stated.
        verified: Slots that hold.
        names: A company, an ISIN or a ticker may be named in its words.
        seen: Sentences by what they rest on.
        texts: Each rendered text by its path.
        rules: Rules that were named or had to be; `rules_agreeing`: those of them that were named.
    """

    def __init__(self, sheet: FactSheet, grades: Sequence[Grade] = ()) -> None:
        self.sheet = sheet
        self.grades: Mapping[str, Grade] = {grade.name: grade for grade in grades}
        self._renderer = Renderer(sheet, self.grades)
        self._outside = Outside(sheet, self._renderer)
        self._findings: list[Finding] = []
        self.verified = 0
        self.names = False
        self.seen: dict[str, int] = {}
        self.texts: dict[str, tuple[Rendered, bool]] = {}
        self.rules = self.rules_agreeing = 0
        self._references: dict[str, Document] = {}
        self._unseen: list[tuple[str, Rendered, Role]] = []

    @property
    def findings(self) -> list[Finding]:
        """What does not hold, also in texts that nobody looked at yet."""
        if self._unseen:
            for path, made, role in self._unseen:
                found = self._outside.findings(made, role)
                if found:
                    self._findings.extend([replace(one, path=path) for one in found])
            self._unseen.clear()
        return self._findings

    @property
    def own(self) -> str:
        """All that the model wrote outside slots, a text a line."""
        return "\n".join([made.template.own for made, _ in self.texts.values()])

    @property
    def facts(self) -> Mapping[str, Fact]:
        """Facts by id."""
        return self._renderer.known.facts

    @property
    def language(self) -> str:
        """Of the page."""
        return self._renderer.style.language

    def find(self, path: str, stated: object, true: object, kind: FindingKind, metric_id: str = "") -> None:
        """Note what does not hold."""
        self._findings.append(
            Finding(path, metric_id, str(stated)[:120], None if true is None else str(true)[:120], kind)
        )

    def text(self, path: str, raw: str, role: Role = Role.STATEMENT, *, opinion: bool = False) -> str:
        """A text as it is read."""
        return self.rendered(path, raw, role, opinion=opinion).text

    def rendered(self, path: str, raw: str, role: Role = Role.STATEMENT, *, opinion: bool = False) -> Rendered:
        """The same with what stands behind it."""
        tick()
        made = self._renderer.render(raw)
        self.texts[path] = made, opinion
        text, pieces, apart = made
        if not text:
            return made
        unseen, counts = not apart.is_plain, self.seen
        if apart.names:
            self.names = True
        if not pieces:
            word = self.rests_on((), opinion=opinion)
            counts[word] = counts.get(word, 0) + len(apart.sentences)
        else:
            for piece in pieces:
                if piece.doubtful:
                    unseen = True
                if piece.rank < WRONG and (self.knows_words or piece.kind != DECIDED):
                    self.verified += 1
            for one in apart.sentences:
                word = self.rests_on(pieces[one.first : one.last], opinion=opinion)
                counts[word] = counts.get(word, 0) + 1
        if unseen:
            self._unseen.append((path, made, role))
        return made

    @property
    def knows_words(self) -> bool:
        """Whether the words of its language that compare, rank and judge are known."""
        return self._renderer.lexicon.compares

    def rests_on(self, pieces: Sequence[Piece], *, opinion: bool) -> str:
        """What a sentence rests on. Its numbers hold in any language; what its words say of them is known in some."""
        word = word_for(pieces, opinion=opinion)
        if self.knows_words or word in {Seen.WRONG.value, Seen.OPINION.value}:
            return word
        return Seen.UNCHECKED.value

    @property
    def cited(self) -> set[str]:
        """Ids of the facts behind it all."""
        return self._renderer.cited | self._references.keys()

    def grounded(self, path: str, raw: str, role: Role = Role.STATEMENT) -> str:
        """A text that must name something: headline, summary, a caveat, a dissent."""
        made = self.rendered(path, raw, role)
        if raw.strip() and not made.slots:
            self.find(path, raw, None, FindingKind.UNSUPPORTED)
        return made.text

    def texts_of(self, name: str, raws: Iterable[str], role: Role = Role.PROPOSAL) -> list[str]:
        """A list of texts."""
        return [self.text(f"{name}[{place}]", raw, role) for place, raw in enumerate(raws)]

    def claims(self, name: str, wire: Sequence[Mapping[str, Any]]) -> list[Document]:
        """Statements, each with the facts of its slots and what else it rests on."""
        return [self._claim(f"{name}[{place}]", one) for place, one in enumerate(wire)]

    def _claim(self, path: str, one: Mapping[str, Any]) -> Document:
        opinion = one["kind"] == _OPINION
        made = self.rendered(f"{path}.text", one["text"], opinion=opinion)
        facts, sources = self._basis(f"{path}.basis", one["basis"])
        if not (made.slots or facts or sources or opinion):
            self.find(f"{path}.basis", "nothing", None, FindingKind.UNSUPPORTED)
        kind = "interpretation" if opinion else one["kind"]
        return {
            "metrics": self.references((*made.facts, *facts)),
            "source_ids": list(dict.fromkeys((*made.names, *sources))),
            "text": made.text,
            "kind": kind,
            "confidence": "low" if opinion else _CONFIDENCE[kind],
        }

    def _basis(self, path: str, ids: Iterable[str]) -> tuple[list[Fact], list[str]]:
        facts: list[Fact] = []
        others: list[str] = []
        for place, name in enumerate(ids):
            fact = self.facts.get(name)
            if fact is not None:
                facts.append(fact)
            elif self._renderer.names.of(name) is not None or self._renderer.judge.rules(name):
                others.append(name)
            elif name not in self.absent:
                self.find(f"{path}[{place}]", name, None, FindingKind.UNSUPPORTED)
        return facts, others

    @cached_property
    def absent(self) -> Mapping[str, str]:
        """Reasons of what could not be computed, by id."""
        found = {one.metric_id: one.reason for one in self.sheet.absent}
        return {spelt: found[name] for spelt, name in respelt(found).items()} | found

    @cached_property
    def holdings(self) -> frozenset[str]:
        """Ids of holdings, also as the prompt had to write them."""
        return frozenset(self._renderer.names.holdings)

    def known(self, path: str, ids: Iterable[str]) -> list[str]:
        """Ids of facts and holdings; one that does not exist is a finding and stays out."""
        found = []
        for place, name in enumerate(ids):
            if name in self.facts or name in self.holdings:
                found.append(name)
            else:
                self.find(f"{path}[{place}]", name, None, FindingKind.UNSUPPORTED)
        return found

    def name_of(self, name: str) -> str:
        """What an id is called."""
        return self._renderer.names.of(name) or self._renderer.names.of_fact(name)

    def references(self, facts: Iterable[Fact]) -> list[Document]:
        """Facts as an answer states them."""
        made = self._references
        return [
            (made.get(name) or self._reference(fact)).copy()
            for name, fact in {fact.metric_id: fact for fact in facts}.items()
        ]

    def reference(self, fact: Fact) -> Document:
        """A fact as an answer states it."""
        return (self._references.get(fact.metric_id) or self._reference(fact)).copy()

    def _reference(self, fact: Fact) -> Document:
        value = float(fact.shown)
        made: Document = {
            "metric_id": fact.metric_id,
            "value": int(value) if fact.decimals == 0 else value,
            "unit": f"{fact.unit}",
            "currency": fact.currency,
            "period": fact.period,
        }
        self._references[fact.metric_id] = made
        return made

    def grade(self, name: str) -> str:
        """A grade that the program made; "" where there is none."""
        found = self.grades.get(name)
        return found.value if found else ""

    def gaps(self, wire: Sequence[Mapping[str, Any]]) -> list[Document]:
        """What was missing: called what the program calls it."""
        made = []
        for place, one in enumerate(wire):
            path = f"data_gaps[{place}]"
            ids = []
            for number, name in enumerate(one["ids"]):
                if self._is_absent(name):
                    ids.append(name)
                else:
                    self.find(f"{path}.ids[{number}]", name, None, FindingKind.UNSUPPORTED)
            said = ", ".join(self.name_of(name.removeprefix("absent.")) for name in ids)
            own = self.text(f"{path}.item", one["item"], Role.GAP) if one["item"] else ""
            effect = self.text(f"{path}.effect", one["effect"], Role.GAP)
            made.append({"item": said or own, "effect": effect, "affected_metric_ids": ids})
        return made

    def _is_absent(self, name: str) -> bool:
        bare = name.removeprefix("absent.")
        return bare in self.absent or f"{bare.partition('.')[0]}.*" in self.absent or bare in self.facts
