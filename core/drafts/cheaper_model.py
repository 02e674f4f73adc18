"""A cheaper model that can do the same work, and a stand-in for one that cannot be asked: both with their price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from core.analyses.build import Builder
from core.domain.analysis import AnalysisRequest, Kind
from core.domain.cost import Estimate
from core.domain.records import Track
from core.drafts.costing import priced
from core.drafts.drafting import Drafter, DraftTally
from core.errors import MosychlosError
from core.llm.estimate import OutputSpread, TokenCounts, asks_for_slots, assumed_output, estimate
from core.llm.fallback import Fallback, propose, why_not
from core.llm.models import Model, find, heir
from core.llm.optimiser import NOTHING, Needs, reasons, suitable
from core.llm.parameters import ParameterChange
from core.llm.pricing import price
from core.storage.store import Store

WORTH: Final = Decimal("0.9")
"""A suggestion must cost no more than this share of the present choice."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A cheaper model for the same requests. Nothing changes unless a person takes it.

    Attributes:
        before_usd: Expected cost with the model that was asked for.
        after_usd: Expected cost with this one, its own answer lengths and reasoning counted in.
        reasons: Why it can do the same work, as half sentences.
        changes: Parameters that it would not take as they were wished.
        record: How its answers to this analysis have held so far; `record_before`: those of the present choice.
    """

    asked: str
    model: str
    before_usd: Decimal
    after_usd: Decimal
    reasons: tuple[str, ...]
    changes: tuple[ParameterChange, ...]
    record: Track
    record_before: Track

    @property
    def saving_usd(self) -> Decimal:
        """What it saves."""
        return self.before_usd - self.after_usd

    @property
    def sentence(self) -> str:
        """The whole of it for a person and for the history."""
        share = self.record.share
        record = (
            "None of its answers to this analysis has been checked yet."
            if share is None
            else f"Of {self.record.stated:,} numbers it stated in earlier answers {share * 100:.1f} % held."
        )
        return (
            f"{self.model} would cost ${self.after_usd:,.4f} instead of ${self.before_usd:,.4f} with {self.asked}, "
            f"{self.saving_usd / self.before_usd * 100:.0f} % less: it {', '.join(self.reasons)}. {record}"
        )


@dataclass(frozen=True, slots=True)
class _Priced:
    """A model that could be asked instead, and what it would cost."""

    model: Model
    builder: Builder
    expected_usd: Decimal


class Optimiser:
    """Compares models for a wish whose requests were counted already."""

    def __init__(self, store: Store, drafter: Drafter) -> None:
        self._store = store
        self._drafter = drafter

    def cheaper(self, request: AnalysisRequest, tally: DraftTally, now: Estimate, at: datetime) -> Suggestion | None:
        """The cheapest model that has what these requests need, if it is clearly cheaper.

        Args:
            tally: The requests as they were counted for the model that was asked for.
            now: What they would cost there.
        """
        if now.expected_usd is None or not now.expected_usd or not find(request.model).known:
            return None
        found = min(self._others(request, tally, at), key=lambda one: one.expected_usd, default=None)
        if found is None or found.expected_usd > now.expected_usd * WORTH:
            return None
        kind, identity = request.kind.value, self._drafter.identity
        return Suggestion(
            asked=request.model,
            model=found.model.model_id,
            before_usd=now.expected_usd,
            after_usd=found.expected_usd,
            reasons=reasons(found.model, self._needs(request, tally, find(request.model))),
            changes=found.builder.changes,
            record=self._store.track.of(kind, found.model.model_id, identity=identity),
            record_before=self._store.track.of(kind, request.model, identity=identity),
        )

    def stand_in(self, request: AnalysisRequest, at: datetime) -> Fallback | None:
        """What could be asked instead of a model that cannot be; None when it can be asked, or nothing else can."""
        model, today = find(request.model), at.date()
        if not why_not(model, replace(NOTHING, region=self._drafter.identity.region), today):
            return None
        # The requests are counted for a model that is still there; the same words have the same length for all of them.
        measured = self._measured(request, model, at)
        if measured is None:
            return None
        counted_for, tally, now = measured

        def cheapest(models: list[Model]) -> Model | None:
            names = {one.model_id for one in models}
            found = [one for one in self._others(request, tally, at) if one.model.model_id in names]
            return min(found, key=lambda one: one.expected_usd).model if found else None

        found = propose(model, self._needs(request, tally, model), today, cheapest)
        if found is None:
            return None
        after = now.expected_usd
        if found.model != counted_for:
            _, after_estimate = self._drafter.measure(replace(request, model=found.model), at)
            after = after_estimate.expected_usd
        return replace(found, before_usd=self._once(request.kind, model, tally, at), after_usd=after)

    def _measured(
        self, request: AnalysisRequest, model: Model, at: datetime
    ) -> tuple[str, DraftTally, Estimate] | None:
        named = heir(model, at.date())
        tried = [*([named] if named else []), *suitable(Needs(0, 0, region=self._drafter.identity.region), at.date())]
        for one in tried:
            try:
                return one.model_id, *self._drafter.measure(replace(request, model=one.model_id), at)
            except MosychlosError:
                continue
        return None

    def _once(self, kind: Kind, model: Model, tally: DraftTally, at: datetime) -> Decimal | None:
        """What the same requests cost by the last price of a model that can no longer be asked."""
        output = assumed_output(model, kind=kind, slots=asks_for_slots(tally.prompt_version))
        counts = _moved(tally.counts, model, output, at)
        if counts is None:
            return None
        return estimate(counts, output, model, at=at, shards=1, size_bytes=0).expected_usd

    def _needs(self, request: AnalysisRequest, tally: DraftTally, model: Model) -> Needs:
        return Needs(
            input_tokens=tally.counts.longest,
            answer_tokens=_longest(request.kind, model, tally) if model.known else 0,
            tools=bool(request.tools or request.parameters.get("tools")),
            endpoint=request.endpoint,
            region=self._drafter.identity.region,
        )

    def _others(self, request: AnalysisRequest, tally: DraftTally, at: datetime) -> Iterator[_Priced]:
        needs = replace(self._needs(request, tally, find(request.model)), answer_tokens=0)
        for model in suitable(needs, at.date()):
            if model.model_id == request.model or price(model.model_id, batch=True, at=at) is None:
                continue
            try:
                builder = self._drafter.builder(replace(request, model=model.model_id), at)
            except MosychlosError:
                continue
            output = builder.expected_output()
            window = model.context_window or 0
            counts = _moved(tally.counts, model, output, at)
            if counts is None or tally.counts.longest + builder.max_output_tokens > window:
                continue
            found = priced(
                self._store,
                request,
                self._drafter.identity.fingerprint,
                model,
                builder.effort,
                counts,
                output,
                at=at,
                shards=tally.shards,
                size_bytes=tally.bytes,
                cap=builder.max_output_tokens,
            )
            if found.expected_usd is not None:
                yield _Priced(model, builder, found.expected_usd)


def _moved(counts: TokenCounts, model: Model, output: OutputSpread, at: datetime) -> TokenCounts | None:
    """The same requests counted for another model; None where its dearer rates for long ones would need each length."""
    known = price(model.model_id, batch=True, at=at) or price(model.model_id, batch=False, at=at)
    if known is not None and known.long_input is not None and counts.longest > known.long_input.above_tokens:
        return None
    moved = TokenCounts(model, output, at, region=counts.region)
    moved.requests, moved.total, moved.longest = counts.requests, counts.total, counts.longest
    return moved


def _longest(kind: Kind, model: Model, tally: DraftTally) -> int:
    return assumed_output(model, kind=kind, slots=asks_for_slots(tally.prompt_version)).high
