"""Two jobs of one analysis side by side: what was asked differently, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from core.desk.grades import ranks
from core.domain.actor import Actor
from core.domain.filters import EVERY_PORTFOLIO, PortfolioFilter
from core.domain.records import Job, JobRow
from core.errors import BadInput
from core.guard.access import Permission, require
from core.storage.jobs.comparisons import Changed, JobOverlap
from core.storage.jobs.result_views import CheckTally
from core.storage.store import Store


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that was asked in two ways."""

    name: str
    base: str
    new: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two jobs came to, over the requests that both answered.

    Attributes:
        differences: Only what differs; `same` counts what does not.
        transitions: Requests by (grade in base, grade in new).
        base_tally, new_tally: What checking and paying came to on either side.
    """

    base: Job
    new: Job
    differences: tuple[Difference, ...]
    same: int
    overlap: JobOverlap
    transitions: Mapping[tuple[str, str], int]
    base_tally: CheckTally
    new_tally: CheckTally

    @property
    def agreeing(self) -> int:
        """Requests with the same grade in both."""
        return sum(n for (base, new), n in self.transitions.items() if base == new)

    @property
    def agreement(self) -> float | None:
        """Requests with the same grade over those that both answered, a fraction; None where there are none."""
        return self.agreeing / self.overlap.answered if self.overlap.answered else None


def price_of_a_number(tally: CheckTally) -> Decimal | None:
    """USD for each verified number; None when nothing was verified or a price is not known."""
    return tally.cost_usd / tally.verified if tally.cost_usd is not None and tally.verified else None


_NONE: Final = "none"

_ASKED: Final[tuple[tuple[str, Callable[[Job], str]], ...]] = (
    ("Model", lambda job: job.row.model),
    ("Model class", lambda job: job.row.model_class),
    ("Prompt", lambda job: job.row.prompt_version),
    ("Variant", lambda job: job.row.variant),
    ("Overlay", lambda job: job.row.region_mode),
    ("Profile", lambda job: job.request.profile or _NONE),
    ("Scenarios", lambda job: ", ".join(job.request.scenarios) or _NONE),
    ("Periods", lambda job: ", ".join(job.request.periods) or _NONE),
    ("Tools", lambda job: ", ".join(job.request.tools) or _NONE),
    ("Parameters", lambda job: ", ".join(f"{name} = {value}" for name, value in job.request.parameters.items())
     or "none given"),
    ("Endpoint", lambda job: job.request.endpoint.path),
    ("Small holdings folded to fit", lambda job: "yes" if job.request.trim else "no"),
    ("Portfolios", lambda job: f"{len(job.request.portfolio_ids):,}"),
    ("Answers", lambda job: "simulated" if job.row.simulated else "from a model"),
    ("Submitted", lambda job: f"{job.row.created_at:%Y-%m-%d %H:%M}Z"),
    ("Submitted by", lambda job: job.row.created_by),
)  # fmt: skip


class CompareService:
    """Comparisons for an actor."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def compare(self, actor: Actor, base_id: str, new_id: str, among: PortfolioFilter = EVERY_PORTFOLIO) -> Comparison:
        """Set two jobs beside each other.

        Raises:
            NotFound: No such job.
            BadInput: They are one and the same, or of two analyses, whose grades have nothing in common.
        """
        require(actor, Permission.JOB_READ)
        base, new = self._store.jobs.get(base_id), self._store.jobs.get(new_id)
        if base_id == new_id:
            raise BadInput(f"Job {base_id} cannot be compared with itself. Choose another one.")
        if base.row.kind is not new.row.kind:
            raise BadInput(
                f"Job {base_id} is a {base.row.kind} analysis and job {new_id} a {new.row.kind} analysis: their grades "
                "mean different things. Choose two jobs of one analysis."
            )
        said = [Difference(name, of(base), of(new)) for name, of in _ASKED]
        differences = tuple(one for one in said if one.base != one.new)
        base_tally, new_tally = self._store.comparisons.tallies(base_id, new_id, among)
        return Comparison(
            base=base,
            new=new,
            differences=differences,
            same=len(said) - len(differences),
            overlap=self._store.comparisons.overlap(base_id, new_id, among),
            transitions=self._store.comparisons.transitions(base_id, new_id, among),
            base_tally=base_tally,
            new_tally=new_tally,
        )

    def changes(
        self,
        actor: Actor,
        base_id: str,
        new_id: str,
        among: PortfolioFilter = EVERY_PORTFOLIO,
        *,
        limit: int,
        offset: int = 0,
    ) -> list[Changed]:
        """Requests with another grade than before, the widest step first.

        Raises:
            NotFound: No such job.
        """
        require(actor, Permission.JOB_READ)
        order = ranks(self._store.jobs.get(base_id).row.kind)
        return self._store.comparisons.changes(base_id, new_id, order, among, limit=limit, offset=offset)

    def pair_of(self, actor: Actor, set_id: str) -> tuple[JobRow, JobRow] | None:
        """Two jobs of a set that can be compared: the first two of one analysis, as they were written.

        Raises:
            NotFound: No such set.
        """
        require(actor, Permission.JOB_READ)
        rows = self._store.sets.jobs(set_id)
        for place, row in enumerate(rows):
            other = next((one for one in rows[place + 1 :] if one.kind is row.kind), None)
            if other is not None:
                return row, other
        return None

    def earlier(self, actor: Actor, job_id: str) -> JobRow | None:
        """The newest job before this one that answered some of the same requests.

        Raises:
            NotFound: No such job.
        """
        require(actor, Permission.JOB_READ)
        self._store.jobs.get(job_id)
        found = self._store.views.earlier(job_id)
        return None if found is None else self._store.jobs.get(found).row
