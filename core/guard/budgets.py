"""Cost limits: per job, per person, per desk and per month. A limit that is not set does not exist."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from core.domain.records import Spend
from core.errors import OverBudget

_NOTHING = Spend.nothing()


def usd(limit: Decimal) -> str:
    """A limit as people read it: cents, or as many digits as it was set with."""
    cents = limit.quantize(Decimal("0.01"))
    return f"${cents if cents == limit else limit.normalize():,f}"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A share of a monthly limit that has been reached.

    Attributes:
        scope: "month", "desk" or "person".
        percent: The highest threshold reached (50, 80, 100).
    """

    scope: str
    percent: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Budgets:
    """The limits in USD; months are calendar months in UTC.

    Attributes:
        thresholds: Percents of a limit at which `notices` speaks up.
    """

    job_usd: Decimal | None = None
    person_usd: Decimal | None = None
    month_usd: Decimal | None = None
    thresholds: tuple[int, ...] = (50, 80, 100)
    desk_usd: Decimal | None = None

    @property
    def any_set(self) -> bool:
        """True when at least one limit exists."""
        return any(limit is not None for limit in (self.job_usd, self.person_usd, self.desk_usd, self.month_usd))

    def check(
        self,
        expected_usd: Decimal | None,
        month: Spend,
        person: Spend,
        desk: Spend = _NOTHING,
        *,
        max_cost_usd: Decimal | None = None,
        spent_usd: Decimal = Decimal(0),
    ) -> None:
        """Let a job, or a retry of it, pass, or say which limit it would break and by how much.

        Args:
            expected_usd: Expected cost of what is about to be asked; None when its price is unknown.
            month: What everybody committed this month; `person`: what this person did; `desk`: what the desk did.
            max_cost_usd: A limit given with the job itself.
            spent_usd: What the job has cost already, which counts against the limits of a single job.

        Raises:
            OverBudget: A limit would be passed, or cannot be checked because the price is unknown.
        """
        limits = (
            ("this job's own limit", max_cost_usd, spent_usd),
            ("the limit per job (MOSYCHLOS_BUDGET_JOB_USD)", self.job_usd, spent_usd),
            ("your limit this month (MOSYCHLOS_BUDGET_PERSON_USD)", self.person_usd, person.total_usd),
            ("the desk's limit this month (MOSYCHLOS_BUDGET_DESK_USD)", self.desk_usd, desk.total_usd),
            ("the limit this month (MOSYCHLOS_BUDGET_MONTH_USD)", self.month_usd, month.total_usd),
        )
        for name, limit, committed in limits:
            if limit is None:
                continue
            if expected_usd is None:
                raise OverBudget(
                    f"The price of this model is not known, so {name} of {usd(limit)} cannot be checked. "
                    "Choose a model with a known price."
                )
            after = committed + expected_usd
            # A limit of zero means "spend nothing", so even a job expected to cost nothing measurable is refused.
            if after > limit or limit == 0:
                before = f" on top of ${committed:,.4f} already committed" if committed else ""
                raise OverBudget(
                    f"The job is expected to cost ${expected_usd:,.4f}{before}; {name} is {usd(limit)}, "
                    f"${after - limit:,.4f} too little. Choose fewer portfolios or a cheaper model, or raise the limit."
                )

    def reached(self, month: Spend, person: Spend | None = None, desk: Spend = _NOTHING) -> list[Threshold]:
        """The highest threshold that each monthly limit has reached; limits below all thresholds are left out."""
        found = []
        for scope, name, limit, spent in (
            ("person", "your monthly limit", self.person_usd, person),
            ("desk", "the desk's monthly limit", self.desk_usd, desk),
            ("month", "the monthly limit", self.month_usd, month),
        ):
            if limit and spent is not None:
                percent = int(spent.total_usd / limit * 100)
                passed = [threshold for threshold in self.thresholds if percent >= threshold]
                if passed:
                    sentence = f"{percent} % of {name} of {usd(limit)} is committed."
                    found.append(Threshold(scope, max(passed), sentence))
        return found

    def notices(self, month: Spend, person: Spend, desk: Spend = _NOTHING) -> list[str]:
        """A sentence for every limit of which a threshold has been reached."""
        return [threshold.sentence for threshold in self.reached(month, person, desk)]
