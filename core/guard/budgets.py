"""Cost limits: per job, per person and month, per month. A limit that is not set does not exist."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from core.domain.records import Spend
from core.errors import OverBudget


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

    @property
    def any_set(self) -> bool:
        """True when at least one limit exists."""
        return any(limit is not None for limit in (self.job_usd, self.person_usd, self.month_usd))

    def check(
        self, expected_usd: Decimal | None, month: Spend, person: Spend, *, max_cost_usd: Decimal | None = None
    ) -> None:
        """Let a job pass, or say which limit it would break and by how much.

        Args:
            expected_usd: Expected cost of the job; None when its price is unknown.
            month: What everybody committed this month; `person`: what this person did.
            max_cost_usd: A limit given with the job itself.

        Raises:
            OverBudget: A limit would be passed, or cannot be checked because the price is unknown.
        """
        limits = (
            ("this job's own limit", max_cost_usd, Decimal(0)),
            ("the limit per job (MOSYCHLOS_BUDGET_JOB_USD)", self.job_usd, Decimal(0)),
            ("your limit this month (MOSYCHLOS_BUDGET_PERSON_USD)", self.person_usd, person.total_usd),
            ("the limit this month (MOSYCHLOS_BUDGET_MONTH_USD)", self.month_usd, month.total_usd),
        )
        for name, limit, committed in limits:
            if limit is None:
                continue
            if expected_usd is None:
                raise OverBudget(
                    f"The price of this model is not known, so {name} of ${limit:,.2f} cannot be checked. "
                    "Choose a model with a known price."
                )
            after = committed + expected_usd
            # A limit of zero means "spend nothing", so even a job expected to cost nothing measurable is refused.
            if after > limit or limit == 0:
                before = f" on top of ${committed:,.4f} already committed" if committed else ""
                raise OverBudget(
                    f"The job is expected to cost ${expected_usd:,.4f}{before}; {name} is ${limit:,.2f}, "
                    f"${after - limit:,.4f} too little. Choose fewer portfolios or a cheaper model, or raise the limit."
                )

    def notices(self, month: Spend, person: Spend) -> list[str]:
        """A sentence for every limit of which a threshold has been reached."""
        sentences = []
        for name, limit, spent in (
            ("your monthly limit", self.person_usd, person.total_usd),
            ("the monthly limit", self.month_usd, month.total_usd),
        ):
            if limit:
                percent = int(spent / limit * 100)
                if any(percent >= threshold for threshold in self.thresholds):
                    sentences.append(f"{percent} % of {name} of ${limit:,.2f} is committed.")
        return sentences
