"""A model's words as HTML, each number with its mark. The only place that makes HTML of what came from outside.

Everything is escaped here, first and without exception, and Streamlit cleans the result once more. Markdown has no
place for the text that appears when the pointer rests on a number; that is why this is HTML at all.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core.analyses.marking import Mark, Marked
from core.domain.facts import Fact
from core.domain.readable_text import readable
from core.domain.units import Unit
from dashboard.shell import session
from dashboard.widgets import states, text


@dataclass(frozen=True, slots=True)
class Sign:
    """How a mark looks in a line of text: a sign, its word, and a colour for either theme."""

    sign: str
    word: str
    light: str
    dark: str

    @property
    def colour(self) -> str:
        """The colour of the theme that the reader looks at."""
        return self.dark if session.is_dark() else self.light


SIGNS: Mapping[Mark, Sign] = {
    Mark.INSERTED: Sign("✓", "inserted fact", "#1B7F4B", "#4FBF86"),
    Mark.COMPUTED: Sign("=", "computed by formula", "#0B5C8C", "#5BB0E0"),
    Mark.DECIDED: Sign("≷", "relation decided", "#1B7F4B", "#4FBF86"),
    Mark.VERIFIED: Sign("✓", "typed and matched", "#1B7F4B", "#4FBF86"),
    Mark.DERIVED: Sign("=", "derived from facts", "#0B5C8C", "#5BB0E0"),
    Mark.QUOTED: Sign("“", "stands in a cited source", "#0B5C8C", "#5BB0E0"),
    Mark.PROPOSED: Sign("→", "proposed, no fact", "#5B6B7B", "#9AA9B7"),
    Mark.MISMATCHED: Sign("✗", "mismatched", "#B3261E", "#F0776C"),
    Mark.UNSUPPORTED: Sign("?", "unsupported", "#B25E09", "#E8A455"),
    Mark.OPINION: Sign("○", "opinion", "#5B6B7B", "#9AA9B7"),
    Mark.UNCHECKED: Sign("~", "not checkable", "#5B6B7B", "#9AA9B7"),
}
"""Signs by mark; the word beside each is read to those who do not see it."""

UNITS: Mapping[str, str] = {"pct": " %", "pp": " pp", "bps": " bps", "x": " x", "days": " days", "years": " years"}
"""What stands behind a number of a unit."""

_SENTENCES = frozenset({Mark.OPINION, Mark.UNCHECKED})
"""Marks of whole sentences: they break over lines, and only their sign is coloured."""

_UNSEEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap"
_ONE_LINE = 40
"""Characters up to which something marked is kept on one line."""

_NUMBER = re.compile(r"[-+−–]?\d[\d,.']*")


def escaped(words: object) -> str:
    """Text from outside as HTML that shows it as it is. Line breaks become spaces."""
    return html.escape(text.plain(words), quote=True)


def sentence(words: str, marked: Iterable[Marked]) -> str:
    """A text with its numbers marked, as HTML."""
    if readable(words) != words:
        return escaped(words)  # of an older version: places of marks are of a text that nobody will see
    parts: list[str] = []
    at = 0
    for one in sorted(marked, key=lambda one: one.start):
        if one.start < at or one.end > len(words) or one.end <= one.start:
            continue  # two checks of the same digits: the first one stands
        parts += (_plain(words[at : one.start]), number(words[one.start : one.end], one))
        at = one.end
    parts.append(_plain(words[at:]))
    return "".join(parts)


def _plain(words: str) -> str:
    """A piece of a text; blanks at its ends stay, because a number follows."""
    return text.isolated(re.sub(r"\s+", " ", words))


def number(shown: str, one: Marked) -> str:
    """A number with its sign, and what is known about it when the pointer rests on it."""
    sign = SIGNS[one.mark]
    told = html.escape(readable("\n".join(about(one))), quote=True).replace("\n", "&#10;")
    if one.mark in _SENTENCES:
        return (
            f'<span title="{told}" style="cursor:help">{_plain(shown)}<span aria-hidden="true" '
            f'style="color:{sign.colour};font-size:0.8em;font-weight:600">&thinsp;{sign.sign}</span>'
            f'<span style="{_UNSEEN}"> ({sign.word})</span></span>'
        )
    return (
        f'<span title="{told}" style="border-bottom:2px solid {sign.colour};cursor:help;{_held(shown)}'
        f'unicode-bidi:isolate"><bdi dir="ltr">{escaped(shown)}</bdi>'
        f'<span aria-hidden="true" style="color:{sign.colour};font-size:0.8em;font-weight:600">&thinsp;{sign.sign}'
        f'</span><span style="{_UNSEEN}"> ({sign.word})</span></span>'
    )


def _held(shown: str) -> str:
    """Whether something marked stays on one line, or breaks and is underlined on each."""
    return "white-space:nowrap;" if len(shown) <= _ONE_LINE else "box-decoration-break:clone;"


def about(one: Marked) -> list[str]:
    """What is known about a number, line by line: its mark, the fact with definition, period and origin, the slip."""
    lines = [text.words(SIGNS[one.mark].word)]
    if one.finding is not None:
        lines.append(f"Likely slip: {states.CAUSE[one.finding.kind]}")
        if one.finding.true is not None and not one.facts:
            lines.append(f"The fact says {one.finding.true}")
    elif one.mark is Mark.MISMATCHED:
        lines.append("It repeats a number that was found wrong beside it.")
    if one.note:
        lines.append(one.note)
    for fact in one.facts:
        lines += _of_fact(fact)
    apart = difference(one)
    if apart:
        lines.append(f"Difference: {apart}")
    return lines


def _of_fact(fact: Fact) -> list[str]:
    lines = [f"{text.fact(fact.metric_id)} ({fact.metric_id}): {exact(fact)}"]
    if fact.definition:
        lines.append(text.meaning(fact.definition, fact.version))
    origin = states.BADGE[fact.badge].word
    period = text.period(fact.period)
    lines.append(f"{period}, {origin}" if period else text.words(origin))
    return lines


def exact(fact: Fact) -> str:
    """A fact at the precision that the prompt stated, with its unit."""
    shown = f"{fact.value:,.{fact.decimals}f}"
    return f"{fact.currency or ''} {shown}".strip() if fact.unit is Unit.CCY else shown + UNITS.get(fact.unit.value, "")


def difference(one: Marked) -> str:
    """How far a number is from its fact, with a sign; "" where it holds or where there is nothing to subtract."""
    true = one.facts[0].shown if one.facts else one.finding.true if one.finding else None
    if one.mark is not Mark.MISMATCHED or true is None:
        return ""
    said, fact = _value(one.stated), _value(true)
    return "" if said is None or fact is None else f"{said - fact:+,.4g}"


def _value(written: str) -> float | None:
    found = _NUMBER.search(written)
    if found is None:
        return None
    try:
        return float(found.group().replace(",", "").replace("'", "").replace("−", "-").replace("–", "-"))
    except ValueError:
        return None


def chip(label: str, shown: str, one: Marked | None) -> str:
    """A named number in a frame of its own."""
    line = "#2C3945" if session.is_dark() else "#D5DDE5"
    inside = f'<bdi dir="ltr">{escaped(shown)}</bdi>' if one is None else number(shown, one)
    if one is not None and one.mark is Mark.MISMATCHED and one.facts:
        # Said in the open, too: what does not hold must not wait for a pointer.
        inside += f"</strong> {small(f'fact {exact(one.facts[0])}')}<strong>"
    return (
        f'<span style="display:inline-block;border:1px solid {line};border-radius:6px;padding:1px 8px;'
        f'margin:2px 6px 2px 0">{escaped(label)} <strong>{inside}</strong></span>'
    )


def paragraphs(parts: Sequence[str]) -> None:
    """Draw HTML made by this module, one paragraph each; nothing for none."""
    drawn = [f'<p style="margin:0 0 0.25rem 0;line-height:1.55">{part}</p>' for part in parts if part]
    if drawn:
        st.html("".join(drawn))


def bullets(parts: Sequence[str]) -> None:
    """Draw HTML made by this module as a list; nothing for none."""
    drawn = "".join(f'<li style="margin:0 0 0.25rem 0">{part}</li>' for part in parts if part)
    if drawn:
        st.html(f'<ul style="margin:0 0 0.5rem 0;padding-left:1.25rem;line-height:1.5">{drawn}</ul>')


def small(words: str) -> str:
    """A quiet line of text from outside, as HTML."""
    quiet = "#9AA9B7" if session.is_dark() else "#5B6B7B"
    return f'<span style="font-size:0.875rem;color:{quiet}">{escaped(words)}</span>' if words else ""


def legend(present: Iterable[Mark]) -> None:
    """What the signs beside numbers mean, of those that occur."""
    there = set(present)
    signs = [sign for mark, sign in SIGNS.items() if mark in there]
    if signs:
        said = " &ensp; ".join(
            f'<span style="white-space:nowrap"><strong style="color:{sign.colour}">{sign.sign}</strong> '
            f"{escaped(sign.word)}</span>"
            for sign in signs
        )
        st.html(
            f'<p style="margin:0;font-size:0.875rem">{said} &ensp; Rest the pointer on a number to see its fact.</p>'
        )
