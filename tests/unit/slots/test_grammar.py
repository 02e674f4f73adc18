"""Any text is words and slots: what can be read is read, what cannot is a finding, and nothing raises."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analyses.slots.grammar import FUNCTIONS, OPTIONS, RELATIONS, Slot, parse, slot, written
from core.analyses.slots.page import Page
from tests.unit.slots.conftest import SHEET

_IDS = st.sampled_from([one.metric_id for one in SHEET.facts])
_TERMS = st.recursive(
    _IDS,
    lambda inner: st.builds(
        lambda name, parts: f"{name}({', '.join(parts)})",
        st.sampled_from(sorted(FUNCTIONS)),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=4,
)
_SLOTS = st.one_of(
    st.builds(lambda term, options: " ".join([term, *options]), _TERMS, st.lists(st.sampled_from(sorted(OPTIONS)))),
    st.builds(
        lambda name, parts, words: f"{name}({', '.join(parts)}): {words}",
        st.sampled_from(sorted(RELATIONS)),
        st.lists(_TERMS, max_size=3),
        st.sampled_from(["outweighs", "is behind", "dépasse", "liegt: vorn"]),
    ),
)


@settings(max_examples=40)
@given(st.text(alphabet=st.sampled_from("{}():, abc.*12sum")) | st.text())
def test_any_text_is_rendered_or_found_fault_with_and_never_raises(text: str) -> None:
    page = Page(SHEET)
    page.text("summary", text)
    bare = text.replace("{", "").replace("}", "")
    assert page.findings or bare == text or "{{" in text


@settings(max_examples=40)
@given(st.lists(_SLOTS, min_size=1, max_size=3))
def test_parsing_what_was_written_gives_the_same_slots_and_the_same_words(bodies: list[str]) -> None:
    text = " and ".join(f"{{{{{body}}}}}" for body in bodies)
    parts = parse(text)
    again = "".join(part if isinstance(part, str) else written(part) for part in parts)
    assert again == text
    assert [part.body for part in parts if isinstance(part, Slot)] == bodies
    assert Page(SHEET).text("a", text) == Page(SHEET).text("a", again)


@settings(max_examples=40)
@given(_IDS)
def test_a_value_is_written_with_the_digits_of_its_fact(name: str) -> None:
    fact = SHEET.by_id()[name]
    text = Page(SHEET).text("summary", f"{{{{{name} bare}}}}")
    said = float(text.replace(",", ""))
    assert abs(said - fact.value) <= (0.5 if fact.currency and fact.value > 1000 else 0.5 * 10.0**-fact.decimals) + 1e-9


@pytest.mark.parametrize(
    "body",
    ["", " ", "sum(a, )", "sum(weight.MSFT", "above(a, b)", "x" * 500, "sum(sum(sum(sum(sum(sum(a, b))))))", "nothing"],
)
def test_what_cannot_be_read_is_a_finding(body: str) -> None:
    page = Page(SHEET)
    page.text("summary", f"It is {{{{{body}}}}}.")
    assert page.findings


def test_an_id_may_hold_what_ids_of_holdings_hold() -> None:
    for name in ("weight.BRK.B", "weight.CASH_USD#2", "acme:return.1y", "weight.0P0000(A)"):
        found = slot(name)
        assert found.term is not None
        assert (found.term.function, found.term.text, found.problem) == ("", name, "")
