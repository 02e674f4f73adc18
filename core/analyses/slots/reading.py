"""Reads an answer with slots: the page that people see, every number written and every relation decided by the program.

The page has the shape of the analyses that state numbers themselves (`core.analyses.answer`), so that every view and
export shows it; what the model wrote stands beside it under "written".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import orjson

from core.analyses.cells import cell
from core.analyses.cleaning import cleaned
from core.analyses.prompt_context import PromptContext
from core.analyses.slots import caveats
from core.analyses.slots.form import Document, Form, Tags
from core.analyses.slots.lexicon import SAMPLE_CHARACTERS, written_in
from core.analyses.slots.page import Page
from core.domain.analysis import Finding, FindingKind, Verification
from core.domain.facts import FactSheet
from core.domain.hidden_text import is_plain_json

WRITTEN: Final = "written"
"""Under which a page keeps what the model wrote."""

_SEEN: Final = "sentences"
_version = re.compile(r'"schema_version"\s*:\s*"3"')


class WrongPortfolio(Exception):  # becomes the error of a reading
    """The answer is about another portfolio; its argument is which one."""


class Read:
    """A page with what was found in it.

    Attributes:
        page: The document that is stored and shown.
        made: How it was put together.
    """

    def __init__(self, page: Document, made: Page, mandatory: tuple[str, ...]) -> None:
        self.page = page
        self.made = made
        self._mandatory = mandatory

    def verify(self, checks: Iterable[Callable[[Mapping[str, Any], FactSheet], Iterable[Finding]]]) -> None:
        """Hold the page against an analysis' own checks too: what the model chose has to fit the facts."""
        page = {name: value for name, value in self.page.items() if name != WRITTEN}
        for check in checks:
            self.made.findings.extend(check(page, self.made.sheet))

    @property
    def verification(self) -> Verification:
        """Counts and findings."""
        return _verification(self.made, self._mandatory)


def has_slots(text: str) -> bool:
    """Whether an answer's text, or a stored page, was written with slots."""
    return _version.search(text) is not None


def written_of(document: Mapping[str, Any]) -> Document:
    """What the model wrote: of a stored page the part that keeps it, else the document itself."""
    kept = document.get(WRITTEN)
    return kept["answer"] if isinstance(kept, Mapping) and "answer" in kept else dict(document)


def read(form: Form, text: str, sheet: FactSheet, mandatory: tuple[str, ...] = ()) -> Read:
    """The page of an answer.

    Raises:
        ValidationError: It does not match the form.
        WrongPortfolio: It is about another portfolio.
        orjson.JSONDecodeError: It is not JSON.
    """
    stated = orjson.loads(text)
    if isinstance(stated, dict) and WRITTEN not in stated and is_plain_json(text):
        form.answer.model_validate_json(text)
        return made(form, stated, sheet, (), mandatory)
    wire, hidden = cleaned(written_of(stated))
    form.answer.model_validate_json(orjson.dumps(wire))
    return made(form, wire, sheet, hidden, mandatory)


def made(
    form: Form,
    wire: Mapping[str, Any],
    sheet: FactSheet,
    hidden: tuple[Finding, ...] = (),
    mandatory: tuple[str, ...] = (),
) -> Read:
    """The page of a document that matches its form."""
    if wire["portfolio_id"] not in {sheet.portfolio_id, cell(sheet.portfolio_id)}:
        raise WrongPortfolio(wire["portfolio_id"])
    page = Page(sheet, form.grades(sheet))
    page.findings.extend(hidden)
    document: Document = {
        "schema_version": "1",
        "analysis_type": wire["analysis_type"],
        "portfolio_id": wire["portfolio_id"],
        "as_of_date": sheet.as_of.isoformat(),
        "base_currency": sheet.base_currency,
        "language": page.language,
        "claims": page.claims("claims", wire["claims"]),
        **form.page(dict(wire), page),
        "data_gaps": page.gaps(wire["data_gaps"]),
    }
    # What a page states decides which caveats it needs, so that they are written last and stand before the headline.
    headline, summary = (page.grounded(name, wire[name]) for name in ("headline", "summary"))
    prescribed = caveats.prescribed(sheet, wire["analysis_type"], page.cited)
    said = [page.grounded(f"caveats[{len(prescribed) + place}]", raw) for place, raw in enumerate(wire["caveats"])]
    document |= {"caveats": [*prescribed, *said], "headline": headline, "summary": summary}
    _present(page, wire)
    _strangers(page)
    _language(page)
    document[WRITTEN] = {"answer": wire, _SEEN: page.seen}
    return Read(document, page, mandatory)


def _present(page: Page, wire: Mapping[str, Any]) -> None:
    """An answer says something: a claim, a headline and a summary."""
    for name in ("claims", "headline", "summary"):
        if not wire[name] or not str(wire[name]).strip():
            page.find(name, "empty", None, FindingKind.UNSUPPORTED)


def _strangers(page: Page) -> None:
    """Companies, ISINs and tickers that are named were named to the model."""
    if not page.names:
        return
    context = PromptContext(page.sheet, page.facts)
    for name in dict.fromkeys(context.strangers(page.own)):
        path = next((path for path, (made, _) in page.texts.items() if name in made.template.own), "")
        page.find(path, name, None, FindingKind.UNSUPPORTED)


def _language(page: Page) -> None:
    """It is written in the language that was asked for."""
    wanted = page.sheet.evidence.language
    if wanted not in {"en", "fr", "de", "it"}:
        return
    said, length = [], 0
    for made, _ in page.texts.values():
        said.append(made.plain)
        length += len(said[-1])
        if length > SAMPLE_CHARACTERS:
            break
    found = written_in("\n".join(said).lower())
    if found and found != wanted:
        page.find("language", found, wanted, FindingKind.VALUE)


def _verification(page: Page, mandatory: tuple[str, ...]) -> Verification:
    findings = page.findings
    unsupported = sum(finding.kind is FindingKind.UNSUPPORTED for finding in findings) if findings else 0
    wanted = [name for name in mandatory if name in page.facts]
    cited = page.cited if wanted else set()
    return Verification(
        verified=page.verified,
        mismatched=len(findings) - unsupported,
        unsupported=unsupported,
        findings=tuple(findings),
        wanted=len(wanted),
        covered=len(cited.intersection(wanted)),
        rules=page.rules,
        rules_agreeing=page.rules_agreeing,
    )


def seen_tags(document: Mapping[str, Any]) -> Tags:
    """What the sentences of a page rest on, one tag for each sentence: a run counts them."""
    return tags_of(sentences_of(document))


def sentences_of(document: Mapping[str, Any]) -> dict[str, int]:
    """How many sentences of a stored page rest on what; empty where it was not written with slots."""
    kept = document.get(WRITTEN)
    return dict(kept.get(_SEEN, {})) if isinstance(kept, Mapping) else {}


def tags_of(counts: Mapping[str, int]) -> Tags:
    """The same of counts by what a sentence rests on."""
    tags: list[tuple[str, str]] = []
    for name, count in counts.items():
        tags += [(_SEEN, name)] * count
    return tuple(tags)
