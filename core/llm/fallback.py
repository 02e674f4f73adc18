"""Another model in place of one that cannot be asked: proposed before anything is sent, never taken by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from core.llm.models import Model, heir
from core.llm.optimiser import Needs, lacks, suitable


@dataclass(frozen=True, slots=True)
class Fallback:
    """A replacement as it is shown to a person and recorded with the job.

    Attributes:
        asked: The model that was asked for.
        model: The one to ask instead.
        reason: Why the first cannot be asked and why the other was chosen, in a sentence or two.
        before_usd: Expected cost by the first one's last known price; None where there is none.
        after_usd: Expected cost now.
    """

    asked: str
    model: str
    reason: str
    before_usd: Decimal | None = None
    after_usd: Decimal | None = None

    @property
    def sentence(self) -> str:
        """The whole of it for the history: who replaces whom, why, and what it costs now and would have cost before."""
        after = "not known" if self.after_usd is None else f"${self.after_usd:,.4f}"
        before = "not known" if self.before_usd is None else f"${self.before_usd:,.4f}"
        cost = f"Expected cost: {after}; with {self.asked}: {before}."
        return f"{self.asked} is replaced by {self.model}. {self.reason} {cost}"

    def document(self) -> dict[str, Any]:
        """Plain fields, for storage and JSON."""
        return {
            "asked": self.asked,
            "model": self.model,
            "reason": self.reason,
            "before_usd": None if self.before_usd is None else str(self.before_usd),
            "after_usd": None if self.after_usd is None else str(self.after_usd),
        }


def from_document(fields: dict[str, Any]) -> Fallback:
    """The other way round."""

    def usd(name: str) -> Decimal | None:
        return None if fields.get(name) is None else Decimal(fields[name])

    return Fallback(fields["asked"], fields["model"], fields["reason"], usd("before_usd"), usd("after_usd"))


def why_not(model: Model, needs: Needs, today: date) -> str:
    """Why a model cannot be asked at all; "" when it can. What is merely doubtful is no reason."""
    if not model.known or model.assumed:
        return ""
    gone = model.shutdown is not None and model.shutdown <= today
    if gone:
        return f"{model.model_id} was shut down on {model.shutdown}."
    if needs.region in model.no_batch_in:
        return f"{model.model_id} has no batch processing with data residency in {needs.region.upper()}."
    if not model.batch:
        return f"{model.model_id} has no batch processing."
    return ""


def propose(
    model: Model, needs: Needs, today: date, cheapest: Callable[[list[Model]], Model | None]
) -> Fallback | None:
    """What to ask instead of a model that cannot be asked; None when it can, or when nothing else can either.

    The registry's replacement comes first; where it lacks something that the work needs, the cheapest model that has
    everything.

    Args:
        cheapest: Picks by expected cost; None where no price is known.
    """
    why = why_not(model, needs, today)
    if not why:
        return None
    named = heir(model, today)
    if named is not None:
        missing = lacks(named, needs, today)
        if not missing:
            announced = named.model_id == model.replacement and model.replacement_announced
            by = "the provider names as its replacement" if announced else "the registry lists as comparable"
            return Fallback(model.model_id, named.model_id, f"{why} {named.model_id} is what {by}.")
        why = f"{why} Its replacement {named.model_id} {missing[0]}."
    other = cheapest([one for one in suitable(needs, today) if one.model_id != model.model_id])
    if other is None:
        return None
    return Fallback(
        model.model_id, other.model_id, f"{why} {other.model_id} is the cheapest that has what the analysis needs."
    )
