"""What is said of a text's words before its slots are written holds whatever is written there."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

from core.analyses.companies import companies, named
from core.analyses.engines import engine_for
from core.analyses.prompt_context import PromptContext
from core.analyses.slots.lexicon import lexicon
from core.analyses.slots.rendering import Renderer
from core.analyses.slots.templates import template
from core.domain.analysis import Kind
from core.domain.hidden_text import is_plain_json
from tests.unit.slots.asking import asked

_end = re.compile(r"(?<=[.!?;])[\s\u00a0]+(?=\S)").finditer
WORDS = (
    "It", "fell", "rose.", "a third", "above", "3 %", "½", "Nestlé", "Rio Tinto", "US0378331005", "7203.T", "so!",
    "{{volatility}}", "{{portfolio}}", "{{above(volatility, volatility): more}}", "{{nothing.}}", "{", "x; y", "Σ",
)  # fmt: skip


def _texts() -> list[str]:
    chance = random.Random(20261130)
    return [
        "".join(chance.choice(WORDS) + chance.choice(("", " ", "\u00a0", "\n")) for _ in range(chance.randint(0, 7)))
        for _ in range(400)
    ]


@pytest.mark.parametrize("name", ["Balanced", ""])
def test_what_is_said_of_words_beforehand_holds_of_the_written_text(name: str) -> None:
    sheet = replace(asked(Kind.RISK, "v4", "US").sheet, name=name)
    renderer = Renderer(sheet)
    strangers = PromptContext(sheet, renderer.known.facts).strangers
    for raw in _texts():
        made = renderer.render(raw)
        said = made.template
        assert said.broken == any(brace in made.plain for brace in "{}"), raw
        assert said.digits == any(one.isdecimal() or one == "½" for one in made.plain), raw
        numbers = [hit.words for hit in lexicon("en").hits(made.plain.lower()) if hit.kind == "number"]
        assert list(said.numbers) == numbers, raw
        assert said.names or not (list(strangers(made.plain)) or list(named(made.plain))), raw
        # In the written text a sentence ends before a blank behind a mark, unless a slot wrote the mark.
        ends = [one.end() for one in _end(made.text) if made.plain[one.start() - 1] != " "]
        begins = [0, *ends]
        whole = made.sentences
        assert [(begin, end) for begin, end, _ in whole] == list(zip(begins, [*ends, len(made.text)], strict=True)), raw
        assert [piece for *_, pieces in whole for piece in pieces] == made.slots, raw
        for begin, end, pieces in whole:
            there = [piece for at, _, piece in made.pieces if begin <= at < end and piece.text]
            assert [piece for piece in pieces if piece.text] == there, raw


def test_a_company_that_is_named_may_be_named() -> None:
    assert all(template(f"{one.names[0]}'s shares", "en").names for one in companies())


def test_a_long_text_is_taken_apart_like_a_short_one_and_not_remembered() -> None:
    long = "It fell. " * 400
    assert template(long, "en") == template(long, "en")
    assert template(long, "en") is not template(long, "en")
    assert template("It fell.", "en") is template("It fell.", "en")


@pytest.mark.parametrize("said", ["4.8O", "l4.82", "O.5", "12,l", "I100.5"])
def test_letters_that_pass_for_digits_make_no_plain_answer(said: str) -> None:
    assert not is_plain_json(f'{{"text":"It stands at {said} of it"}}')
    assert is_plain_json('{"text":"return.1y, total.1y and so on.","basis":["weight.AAPL"]}')


def test_the_same_text_reads_alike_in_each_language() -> None:
    """What is remembered is remembered by language: "rose" is a flower in German."""
    for region in ("US", "CH", "US"):
        one = asked(Kind.RISK, "v4", region)
        found = engine_for(Kind.RISK).read(one.answer, one.sheet).verification
        assert found is not None
        assert found.findings == ()
    assert template("It rose above all.", "en").hits
    assert not template("It rose above all.", "de").hits
