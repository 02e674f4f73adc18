"""A committee page as a document of its own: one HTML file that opens anywhere and prints on one sheet of A4.

Nothing in it is asked from anywhere: the style stands inside, the figure is drawn inside, and its own content policy
forbids everything else. What a model wrote is escaped by the template, and shortened so that the sheet is enough.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup

from core.desk.committee_page import BreachLine, Brief, GapLine, ModelSentence, ProposalLine, RiskLine
from core.domain.analysis import Kind
from core.domain.readable_text import readable_line
from core.domain.units import Unit
from dashboard.widgets import grades, text

_FOLDER: Final = Path(__file__).with_name("templates")

_MODEL = 40
_TITLE, _ASK, _SUMMARY, _WHOLE, _SHORT, _LINE = 64, 180, 320, 104, 80, 56
_FEW = 2
"""Most characters of the title, the decision, the summary, a line, a cell, a line of half the width. More would
need a second sheet; a test prints a page on which everything is as long as it can be."""

_WIDTH, _LEFT, _ROW = 360, 146, 21
_BARS = 7

_SIGNS: Final[Mapping[Unit, str]] = {
    Unit.PCT: " %", Unit.PP: " pp", Unit.BPS: " bps", Unit.X: " x", Unit.DAYS: " days", Unit.YEARS: " years",
}  # fmt: skip
_OPERATORS: Final = {"<=": "at most", "<": "less than", ">=": "at least", ">": "more than", "==": "exactly"}
_CONFIDENCE: Final = {"low": "with low confidence", "medium": "with medium confidence", "high": "with high confidence"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the figure, in the units of its picture; `percent` of the room where no picture can be drawn."""

    name: str
    value: str
    x: float
    y: float
    width: float
    percent: float
    negative: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """Horizontal bars, as the template draws them."""

    title: str
    note: str
    alt: str
    width: int
    height: int
    left: int
    bars: tuple[Bar, ...]


def title_of(brief: Brief) -> str:
    """What the page is about."""
    if brief.portfolio:
        return brief.portfolio
    if brief.group:
        return f"{brief.group}: {text.count(brief.portfolios, 'portfolio')}"
    return text.count(brief.portfolios, "portfolio")


def file_name(brief: Brief) -> str:
    """A name for the download that every file system takes."""
    plain = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in title_of(brief).lower())
    return f"brief-{'-'.join(part for part in plain.split('-') if part)[:60]}-{brief.job.row.job_id}.html"


def document(brief: Brief) -> str:
    """The whole page as a file of HTML."""
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    written: str = (
        _templates()
        .get_template("brief.html")
        .render(drawn=True, style=style, style_hash=f"sha256-{digest}", **_content(brief))
    )
    return written.lstrip()


def fragment(brief: Brief) -> str:
    """The same to stand inside another page. Its style touches nothing outside of it, and its figure is made of boxes:
    pictures do not pass where HTML is cleaned."""
    written: str = _templates().get_template("brief_page.html").render(drawn=False, **_content(brief))
    return f"<style>{_style()}</style>{written}"


@lru_cache(maxsize=1)
def _templates() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, undefined=jinja2.StrictUndefined, finalize=_as_seen
    )
    made.filters["numbers"] = lambda words: Markup(text.isolated(readable_line(words)))  # noqa: S704  # it escapes
    return made


def _as_seen(value: Any) -> Any:
    """Every text that a template writes, as people may see it; what is markup already was made here."""
    return readable_line(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@lru_cache(maxsize=1)
def _style() -> str:
    return (_FOLDER / "brief.css").read_text("utf-8")


def _content(brief: Brief) -> dict[str, Any]:
    row = brief.job.row
    return {
        "title": text.short(title_of(brief), _TITLE),
        "simulated": row.simulated,
        "as_of": " and ".join(text.day(day) for day in brief.as_of[:3]),
        "decision": _decision(brief),
        "summary": _cut(brief.summary, _SUMMARY) if brief.summary else None,
        "recommendation": grades.word(brief.recommendation) if row.kind is Kind.COMMITTEE_BRIEF else "",
        "confidence": _CONFIDENCE.get(brief.confidence, ""),
        "conditions": [_cut(one, _SHORT) for one in brief.conditions] if brief.whole else [],
        "chart": _chosen(brief),
        "earlier": text.day(brief.earlier.created_at.date()) if brief.earlier else "",
        "changes": None if brief.changes is None else [
            {"name": text.short(one.name, 28), "before": grades.word(one.base), "after": grades.word(one.new)}
            for one in brief.changes
        ],
        "changed": _changed(brief),
        "proposals": [_proposal(one) for one in brief.proposals],
        "risks": [_risk(brief, one) for one in brief.risks],
        "no_risks": "No risk is moderate or worse."
        if row.kind in (Kind.RISK, Kind.COMMITTEE_BRIEF)
        else f"A {_kind(brief)} does not grade risks.",
        "breaches": [_breach(brief, one) for one in brief.breaches],
        "no_breaches": "None." if brief.rules_known else "No rule was evaluated for this analysis.",
        "breaches_note": _breaches_note(brief),
        "gaps": [_gap(brief, one) for one in brief.gaps],
        "dissent": [{"spread": _of_read(brief, one.portfolios)} | _cut(one, _WHOLE) for one in brief.dissent],
        "no_dissent": "None was given." if brief.asked_for_dissent else f"A {_kind(brief)} is not asked for any.",
        "checked": _checked(brief),
        "read": _read(brief),
        "origin": _origin(brief),
    }  # fmt: skip


def _kind(brief: Brief) -> str:
    kind = brief.job.row.kind
    return "committee brief" if kind is Kind.COMMITTEE_BRIEF else f"{kind.replace('_', ' ')} analysis"


def _changed(brief: Brief) -> str:
    shown = len(brief.changes or ())
    more = f", the widest {shown} of them:" if brief.changed > shown else ""
    return f"{text.count(brief.changed, 'verdict')}{more}"


def _cut(said: ModelSentence, longest: int) -> dict[str, Any]:
    return {"words": text.short(said.words, longest), "holds": said.holds}


def _decision(brief: Brief) -> dict[str, Any]:
    if brief.decision is not None:
        return _cut(brief.decision, _ASK)
    if brief.asked_for_dissent:
        counts = {one.grade: one.answers for one in brief.verdicts.grades}
        parts = [
            f"{grades.word(grade)} {counts[grade]:,}"
            for grade in grades.ordered(Kind.COMMITTEE_BRIEF, counts)
            if counts.get(grade)
        ]
        return {"words": f"Decide on {text.count(brief.portfolios, 'portfolio')}: {', '.join(parts)}.", "holds": True}
    return {"words": f"None. This {_kind(brief)} is for information.", "holds": True}


def _of_read(brief: Brief, number: int) -> str:
    return "" if brief.portfolio else f"{number:,} of {brief.read:,} portfolios"


def _risk(brief: Brief, line: RiskLine) -> dict[str, Any]:
    return {
        "title": text.words(line.title),
        "severity": line.severity,
        "spread": _of_read(brief, line.portfolios),
        "why": text.short(line.explanation, _SHORT),
        "remedy": text.short(line.mitigation, _SHORT),
        "holds": line.holds,
    }


def _breach(brief: Brief, line: BreachLine) -> dict[str, Any]:
    sign = _SIGNS.get(line.unit, "")
    if line.measured is None or line.limit is None:
        figures = "broken"
    else:
        figures = f"{line.measured:.2f}{sign}, allowed {_OPERATORS.get(line.operator, '')} {line.limit:.2f}{sign}"
    # It takes a line of its own, which a sheet with many breaches does not have; the Rules tab says it of each.
    since = f"; {line.since}" if line.since and len(brief.breaches) <= _FEW else ""
    return {
        "title": text.short(line.title, _LINE),
        "figures": figures,
        "citation": text.short(line.citation, _LINE) + ("" if line.confirmed else " (M)") + since,
        "spread": text.short(line.name, 28)
        if line.portfolios == 1 and not brief.portfolio
        else _of_read(brief, line.portfolios),
    }


def _breaches_note(brief: Brief) -> str:
    more = brief.breached_rules - len(brief.breaches)
    parts = [f"{text.count(more, 'more broken rule')} not shown."] if more > 0 else []
    if brief.rules_known:
        checked, whole = brief.articles
        if whole:
            over = f" over {text.count(brief.rules_known, 'portfolio')}" if brief.rules_known > 1 else ""
            parts.append(
                f"{checked} of {whole} articles checked{over}; what no rule decided is neither kept nor broken."
            )
        parts.append("Decided by the rule engine; no model has a part in it.")
        if any(not line.confirmed for line in brief.breaches):
            parts.append("(M): not found in a primary source.")
    return " ".join(parts)


def _gap(brief: Brief, line: GapLine) -> dict[str, Any]:
    names = [text.fact(item) for item in line.items[:3]]
    more = f" and {len(line.items) - 3} more" if len(line.items) > 3 else ""
    effect = f": {line.effect}" if brief.portfolio or len(line.items) == 1 else ""
    return {
        "words": text.short(f"{', '.join(names)}{more}{effect}", _SHORT + _LINE if brief.portfolio else _SHORT),
        "holds": line.holds,
        "spread": _of_read(brief, line.portfolios),
    }


def _proposal(line: ProposalLine) -> dict[str, Any]:
    name = line.target.partition(".")[2] or line.target if line.target.startswith("asset_") else line.target
    weights = ""
    if line.before is not None and line.after is not None:
        weights = f" {line.before:.1f} % → {line.after:.1f} %"
    return {
        "what": f"{text.words(line.action)} {text.short(name.replace('_', ' '), 24)}{weights}",
        "why": text.short(f". {line.words}", _LINE) if line.words else "",
        "holds": line.holds,
    }


def _checked(brief: Brief) -> str:
    tally = brief.tally
    wrote = "A stand-in for a model wrote this" if brief.job.row.simulated else "A model wrote this"
    if not tally.stated:
        return f"{wrote}; it states no number that could be checked."
    return f"{wrote}; its numbers were checked by the engine: {tally.verified:,} of {tally.stated:,} hold."


def _read(brief: Brief) -> str:
    if brief.portfolio:
        return ""
    if brief.read < brief.portfolios:
        return f"Risks, rules and gaps are of the {brief.read:,} largest of {brief.portfolios:,} portfolios."
    return f"All {text.count(brief.portfolios, 'portfolio')} were read."


def _origin(brief: Brief) -> str:
    row = brief.job.row
    others = [text.short(name, _MODEL) for name in brief.models if name != row.model][:2]
    parts = (
        f"Run {row.job_id}",
        text.words(_kind(brief)),
        row.model,
        *([f"answered by {', '.join(others)}"] if others else []),
        row.prompt_version,
        f"asked {row.created_at:%Y-%m-%d %H:%M}Z by {row.created_by}",
        f"page made {brief.made_at:%Y-%m-%d %H:%M}Z",
    )
    return " · ".join(parts)


def _chosen(brief: Brief) -> Chart:
    """What a portfolio holds, what a group is made of, or how verdicts spread."""
    if brief.classes:
        return _classes(brief)
    if brief.parts:
        rows = [(name, value, text.large(value, brief.currency)) for name, value in brief.parts]
        return _chart("What it is about", "Portfolios of the group by value, computed by the engine.", rows)
    return _verdicts(brief)


def _verdicts(brief: Brief) -> Chart:
    """Verdicts by what their portfolios are worth; by number where no value is known."""
    found = brief.verdicts
    kind = brief.job.row.kind
    by_grade = {one.grade: one for one in found.grades}
    order = [grade for grade in grades.ordered(kind, by_grade) if grade in by_grade]
    valued = bool(found.currency) and found.total > 0
    rows = []
    for grade in order:
        one = by_grade[grade]
        said = text.count(one.answers, "portfolio")
        shown = f"{text.large(one.value, found.currency)}, {one.answers:,}" if valued else said
        rows.append((grades.word(grade), one.value if valued else float(one.answers), shown))
    unknown = sum(one.unknown for one in found.grades)
    note = f"By value, then number of portfolios. Newest snapshots, rates of {text.day(found.on)}." if valued else ""
    if unknown and valued:
        note += f" {text.count(unknown, 'portfolio')} without a known value."
    return _chart(f"{grades.TITLES[kind]} by value" if valued else grades.TITLES[kind], note, rows)


def _classes(brief: Brief) -> Chart:
    rows = [(text.words(name), weight, f"{weight:.1f} %") for name, weight in brief.classes]
    return _chart("What it holds", "Weights by asset class, computed by the engine.", rows)


def _chart(title: str, note: str, rows: Sequence[tuple[str, float, str]]) -> Chart:
    shown = list(rows[:_BARS])
    room = _WIDTH - _LEFT - 104
    most = max((abs(value) for _, value, _ in shown), default=0.0) or 1.0
    bars = tuple(
        Bar(
            name=text.short(name, 26),
            value=value_text,
            x=_LEFT,
            y=place * _ROW,
            width=round(max(1.0, abs(value) / most * room), 1),
            percent=round(max(0.5, abs(value) / most * 55), 1),
            negative=value < 0,
        )
        for place, (name, value, value_text) in enumerate(shown)
    )
    more = f" {text.count(len(rows) - len(shown), 'smaller one')} not drawn." if len(rows) > len(shown) else ""
    said = ", ".join(f"{name} {value_text}" for name, _, value_text in shown)
    return Chart(title, note + more, f"{title}: {said}", _WIDTH, max(1, len(shown)) * _ROW, _LEFT, bars)
