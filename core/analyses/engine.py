"""What every analysis is made of: the facts it shows, the schema it demands, and how its answer is read and checked."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import orjson
from pydantic import ValidationError

from core.analyses import grounds, value_at_risk
from core.analyses.answer import Answer, bare_json, schema_error, unusable
from core.analyses.cells import cell
from core.analyses.cleaning import cleaned
from core.analyses.fact_selection import Shown, article_facts, of_period, of_scenario, profile_facts, rule_facts
from core.analyses.schema import Schema, schema_of
from core.analyses.slots import reading as slots_reading
from core.analyses.slots.form import Form
from core.analyses.slots.tables import SlotTableWriter
from core.analyses.tables import TableWriter, tables
from core.analyses.time_limit import CHECK_SECONDS, TookTooLong, limited, tick
from core.analyses.tools.registry import FIGURES
from core.analyses.verify import checked
from core.domain.analysis import AnalysisRequest, Finding, FindingKind, Kind, Reading, ResultStatus, Verification
from core.domain.evidence import Evidence
from core.domain.facts import FactSheet
from core.domain.readable_text import readable_line
from core.errors import BadInput
from core.metrics.definitions import MetricGroup, definitions_of
from core.metrics.doubts import DOUBT

logger = logging.getLogger(__name__)

_HEADLINE_CHARACTERS: Final = 200
_MOST_CHARACTERS: Final = 1_000_000
"""Of an answer that is read. Today's models write half of it at most."""

_MOST_PARTS: Final = 20_000
"""Objects and lists of an answer that is read: the parser takes up to three kilobytes for an empty one."""

NOT_CHECKED: Final = "not_checked"
"""Error of an answer that was not checked to its end; nothing of it counts as verified."""


class Need(StrEnum):
    """What an analysis is given besides the portfolio's own figures."""

    RULES = "rules"
    SOURCES = "sources"
    INDICATORS = "indicators"
    PROFILE = "profile"
    ANALYSES = "analyses"


_REMEDIES = {
    Need.RULES: "Name the rule sets it is under, on its page or with `regimes` in its file.",
    Need.SOURCES: "Add documents about its holdings: mosychlos documents add FILE.",
    Need.INDICATORS: "Bring in economic series: mosychlos series import FILE.",
    Need.PROFILE: "Choose an investment profile.",
    Need.ANALYSES: "Have it analysed first.",
}
"""What a person does about what is missing."""


class Each(StrEnum):
    """What one request of a portfolio is made for, where there is more than one."""

    PORTFOLIO = "portfolio"
    SCENARIO = "scenario"
    PERIOD = "period"


Tags = tuple[tuple[str, str], ...]
"""(dimension, value) pairs that a job's summary counts."""

Check = Callable[[Mapping[str, Any], FactSheet], Iterable[Finding]]
"""An analysis' own check: what does not hold in an answer that matches its schema."""

Agreement = Callable[[Mapping[str, Any], FactSheet], tuple[int, int]]
"""Rules that an answer had to name or named, and those of them it has right."""


def no_rules(_analysis: Mapping[str, Any], _sheet: FactSheet) -> tuple[int, int]:
    """The agreement of an analysis that does not speak of rules."""
    return 0, 0


@dataclass(frozen=True, slots=True)
class Engine:
    """One analysis.

    Attributes:
        kind: Its name.
        answer: The model that reads its answer, and from which its schema is drawn.
        shown: Facts in the prompt. The definitions in the instructions follow the same choice.
        mandatory: Metrics that an answer has to state where they are given: what coverage is measured by.
        needs: What else is shown where there is any.
        required: Those of them without which nobody is asked.
        required_facts: Metrics without which nobody is asked.
        each: Whether a portfolio gets one request, or one for each scenario or period wished for.
        windowed: Its metrics are of one period at a time: a sheet is made for each period wished for.
        summarise: The answer's headline grade and its tags.
        checks: Its own checks.
        agreement: Counts the rules an answer speaks of.
        tools: Tools that its model may be offered where somebody wishes for them.
        slots: How it is answered with slots; None where it cannot be yet.
    """

    kind: Kind
    answer: type[Answer]
    shown: Shown
    mandatory: tuple[str, ...]
    summarise: Callable[[Any], tuple[str, Tags]]
    needs: frozenset[Need] = frozenset()
    required: frozenset[Need] = frozenset()
    required_facts: tuple[str, ...] = ()
    each: Each = Each.PORTFOLIO
    windowed: bool = False
    checks: tuple[Check, ...] = ()
    agreement: Agreement = no_rules
    tools: frozenset[str] = FIGURES
    slots: Form | None = None

    @property
    def schema_name(self) -> str:
        """Name under which the schema is sent."""
        return f"{self.kind.value}_analysis"

    def schema(self, *, slots: bool = False) -> Schema:
        """The strict JSON schema of the answer, as one with slots where the prompt asks for that. Constant."""
        return schema_of(self.form.answer if slots else self.answer)

    @property
    def form(self) -> Form:
        """How it is answered with slots.

        Raises:
            BadInput: It cannot be.
        """
        if self.slots is None:
            raise BadInput(f"The analysis '{self.kind.value}' cannot be answered with slots. Choose an older prompt.")
        return self.slots

    def blocks(self, sheet: FactSheet, language: str = "en") -> str:
        """The tables as the prompt shows them (`core.analyses.tables`)."""
        return tables(sheet, language)

    def writer(self, count: Callable[[str], int], *, slots: bool = False) -> TableWriter:
        """The same tables for many portfolios, their tokens counted on the way with `count`."""
        return SlotTableWriter(count, self.form.grades) if slots else TableWriter(count)

    def showing(self, request: AnalysisRequest) -> Shown:
        """What this request shows: losses in scenarios only where a scenario is asked about."""
        return self.shown if request.scenarios or self.each is not Each.SCENARIO else self.shown.without("stress.")

    def groups(self, request: AnalysisRequest) -> tuple[MetricGroup, ...]:
        """Groups of metrics that must be computed for it."""
        shown = self.showing(request)
        return tuple(group for group in MetricGroup if any(map(shown.covers, definitions_of([group]))))

    def definitions(self, request: AnalysisRequest) -> str:
        """Definitions of the metrics it shows, one a line."""
        known = {name: definition.text for name, definition in definitions_of(self.groups(request)).items()}
        return self.showing(request).definitions(known)

    def views(self, sheet: FactSheet, request: AnalysisRequest) -> Iterator[FactSheet]:
        """What is shown of a portfolio: one sheet for each request that is made about it.

        Raises:
            BadInput: Something is missing that the analysis cannot do without, or a scenario does not exist.
        """
        missing = sorted(need.value for need in self.required if not _given(need, sheet))
        if missing:
            raise BadInput(
                f"The {self.kind.value} of portfolio '{sheet.portfolio_id}' needs {', '.join(missing)}, and there is "
                f"none. {' '.join(_REMEDIES[Need(need)] for need in missing)} Or leave the portfolio out."
            )
        known = sheet.by_id()
        for name in self.required_facts:
            if name not in known:
                reasons = {absent.metric_id: absent.reason for absent in sheet.absent}
                reason = reasons.get(name) or reasons.get(f"{name.partition('.')[0]}.*") or "It was not computed."
                raise BadInput(
                    f"The {self.kind.value} of portfolio '{sheet.portfolio_id}' needs {name}, which is not there: "
                    f"{reason} Add what is missing, or leave the portfolio out."
                )
        whole = self._chosen(sheet, self.showing(request))
        if self.each is Each.SCENARIO and request.scenarios:
            for scenario in request.scenarios:
                _check_scenario(sheet, scenario)
                evidence = replace(whole.evidence, scenarios=(scenario,))
                yield replace(of_scenario(whole, scenario), evidence=evidence)
        elif self.each is Each.PERIOD and request.periods:
            if self.windowed and sheet.evidence.period not in request.periods:
                raise BadInput(
                    f"The facts of portfolio '{sheet.portfolio_id}' were not computed for one of the periods "
                    f"{', '.join(request.periods)}. Make a sheet for each."
                )
            for period in [sheet.evidence.period] if self.windowed else request.periods:
                yield replace(of_period(whole, period), evidence=replace(whole.evidence, period=period))
        else:
            yield whole

    def _chosen(self, sheet: FactSheet, shown: Shown) -> FactSheet:
        given = sheet.evidence
        evidence = Evidence(
            sources=given.sources if Need.SOURCES in self.needs else (),
            profile=given.profile if Need.PROFILE in self.needs else None,
            analyses=given.analyses if Need.ANALYSES in self.needs else (),
            decimal_mark=given.decimal_mark,
            language=given.language,
            caveat=given.caveat,
            overlay=given.overlay,
        )
        rules = sheet.rules if Need.RULES in self.needs else ()
        facts = [*shown.facts(sheet.facts)]
        if Need.INDICATORS in self.needs:
            facts += [fact for fact in sheet.facts if fact.metric_id.startswith(INDICATOR) and fact not in facts]
        if evidence.profile is not None:
            facts += profile_facts(evidence.profile, sheet.holdings, sheet.as_of)
        facts += rule_facts(rules, f"as of {sheet.as_of}")
        facts += article_facts(rules, f"as of {sheet.as_of}")
        absent = shown.absent(sheet.absent)
        # Figures that rest on a doubtful price look like any others: that there is a doubt is told with what is absent.
        absent += tuple(one for one in sheet.absent if one.metric_id.startswith(DOUBT))
        if Need.INDICATORS in self.needs:
            absent += tuple(one for one in sheet.absent if one.metric_id.startswith(INDICATOR))
        return replace(sheet, facts=tuple(facts), absent=absent, rules=rules, evidence=evidence)

    def tags(self, analysis: Mapping[str, Any]) -> Tags:
        """What an analysis that was read before counts as in its job's summary."""
        if self.slots is not None and slots_reading.WRITTEN in analysis:
            return (*self.slots.summarise(analysis)[1], *slots_reading.seen_tags(analysis))
        return self.summarise(self.answer.model_validate_json(orjson.dumps(analysis)))[1]

    def read(self, text: str, sheet: FactSheet, *, seconds: float = CHECK_SECONDS) -> Reading:
        """The analysis in an answer's text, checked against what the prompt said, or why there is none. Never raises.

        An answer whose checks take longer than `seconds` of processor time is INVALID, and so is one that is too long
        to be checked. that breaks the schema or speaks of another portfolio is INVALID, with the place named. One whose
        numbers do not hold stays SUCCEEDED and carries the findings. What is checked is what will be shown: every text
        is made readable first, and what stood hidden in one is a finding.
        """
        if len(text) > _MOST_CHARACTERS:
            return _not_checked(f"it has {len(text):,} characters and at most {_MOST_CHARACTERS:,} are read")
        parts = text.count("{") + text.count("[")
        if parts > _MOST_PARTS:
            return _not_checked(f"it has {parts:,} parts and at most {_MOST_PARTS:,} are read")
        try:
            with limited(seconds):
                return self._read(bare_json(text), sheet)
        except TookTooLong:
            return _not_checked(f"checking it took longer than {seconds:g} s")
        except Exception as error:  # whatever a check stumbles over, the answer is kept and told of
            logger.exception("an answer about %s could not be checked", sheet.portfolio_id)
            return _not_checked(f"checking it failed ({type(error).__name__})")

    def _read(self, text: str, sheet: FactSheet) -> Reading:
        if self.slots is not None and slots_reading.has_slots(text):
            return self._read_slots(self.slots, text, sheet)
        try:
            answer = self.answer.model_validate_json(text)
            stated = orjson.loads(text)
            analysis, hidden = cleaned(stated)
            if analysis != stated:
                answer = self.answer.model_validate_json(orjson.dumps(analysis))
        except ValidationError as error:
            return schema_error(error)
        except orjson.JSONDecodeError as error:
            return unusable("schema", f"The answer is not JSON: {error}.")
        if answer.portfolio_id not in {sheet.portfolio_id, cell(sheet.portfolio_id)}:
            return _of_another(answer.portfolio_id, sheet)
        level, tags = self.summarise(answer)
        verification, seen = self._verified(analysis, sheet, hidden)
        return Reading(
            status=ResultStatus.SUCCEEDED,
            analysis=analysis,
            verification=verification,
            error=None,
            level=level,
            tags=(*tags, *slots_reading.tags_of(seen)),
            headline=" ".join(answer.headline.split())[:_HEADLINE_CHARACTERS],
        )

    def _read_slots(self, form: Form, text: str, sheet: FactSheet) -> Reading:
        try:
            read = slots_reading.read(form, text, sheet, self.mandatory)
        except ValidationError as error:
            return schema_error(error)
        except orjson.JSONDecodeError as error:
            return unusable("schema", f"The answer is not JSON: {error}.")
        except slots_reading.WrongPortfolio as error:
            return _of_another(str(error), sheet)
        read.verify(self.checks)
        if form.refuses is not None and (why := form.refuses(read.page, sheet)):
            return unusable("rule", why)
        level, tags = form.summarise(read.page)
        return Reading(
            status=ResultStatus.SUCCEEDED,
            analysis=read.page,
            verification=read.verification,
            error=None,
            level=level,
            tags=(*tags, *slots_reading.seen_tags(read.page)),
            headline=" ".join(str(read.page["headline"]).split())[:_HEADLINE_CHARACTERS],
        )

    def _verified(
        self, analysis: Mapping[str, Any], sheet: FactSheet, hidden: tuple[Finding, ...]
    ) -> tuple[Verification, Mapping[str, int]]:
        found, seen = checked(analysis, sheet, self.mandatory)
        own = [*hidden]
        for check in (*_ALWAYS, *self.checks):
            for finding in check(analysis, sheet):
                tick()
                own.append(finding)
        unsupported = sum(finding.kind is FindingKind.UNSUPPORTED for finding in own)
        rules, agreeing = self.agreement(analysis, sheet)
        whole = replace(
            found,
            mismatched=found.mismatched + len(own) - unsupported,
            unsupported=found.unsupported + unsupported,
            findings=(*found.findings, *own),
            rules=rules,
            rules_agreeing=agreeing,
        )
        return whole, seen


def _of_another(stated: str, sheet: FactSheet) -> Reading:
    said, asked = readable_line(stated)[:80], sheet.portfolio_id
    return unusable("wrong_portfolio", f"The answer is about portfolio '{said}' and was asked about '{asked}'.")


def _not_checked(why: str) -> Reading:
    return unusable(NOT_CHECKED, f"The answer was not checked: {why}. It is kept as it came.")


_ALWAYS: Final[tuple[Check, ...]] = (grounds.said, grounds.grades, value_at_risk.words)
"""Checks of every analysis."""

INDICATOR: Final = "indicator."
"""Economic series among the facts begin so."""


def _given(need: Need, sheet: FactSheet) -> bool:
    given = sheet.evidence
    return {
        Need.RULES: bool(sheet.rules),
        Need.SOURCES: bool(given.sources),
        Need.INDICATORS: any(fact.metric_id.startswith(INDICATOR) for fact in sheet.facts),
        Need.PROFILE: given.profile is not None,
        Need.ANALYSES: bool(given.analyses),
    }[need]


def _check_scenario(sheet: FactSheet, scenario: str) -> None:
    names = [fact.metric_id for fact in sheet.facts] + [absent.metric_id for absent in sheet.absent]
    known = sorted(name.removeprefix("stress.") for name in names if name.startswith("stress."))
    if scenario not in known and "*" not in known:
        there = ", ".join(known) or "none for this portfolio"
        raise BadInput(f"There is no scenario '{scenario[:60]}'. There are: {there}.")
