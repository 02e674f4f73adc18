"""An installation in which each analysis has run twice: once truly, once with planted slips."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from core.domain.actor import LOCAL
from core.domain.analysis import AnalysisRequest, Kind
from core.domain.market import DocumentKind
from core.intake.market.documents import About
from tests.local_provider import LocalProvider
from tests.pages.world import World, opened

CHOSEN = ("sample-eu-ucits-over-limit", "sample-eu-ucits-at-limit", "sample-eu-ucits-balanced")
SLIPS = {"seed": 3, "answers": {"wrong_number": 0.6, "unsupported": 0.4}}
CALL = b"Revenue rose 6.1 % to a record, driven by services. We expect supply to stay tight."


@dataclass
class Kinds:
    """Job ids by analysis: `true` ones, `slipped` ones whose numbers do not all hold, and a brief about a group."""

    world: World
    true: dict[Kind, str] = field(default_factory=dict)
    slipped: dict[Kind, str] = field(default_factory=dict)
    group: str = ""

    def request(self, kind: Kind, *, slipped: bool = False) -> tuple[str, str]:
        """(job id, custom id) of an answer; of a slipped run the one with most that does not hold."""
        job_id = (self.slipped if slipped else self.true)[kind]
        items = self.world.app.jobs.items(LOCAL, job_id, with_analysis=False)

        def off(place: int) -> int:
            checked = items[place].verification
            return checked.mismatched + checked.unsupported if checked else 0

        return job_id, items[max(range(len(items)), key=off)].custom_id


@contextmanager
def every_kind_run(folder: Path, *, version: str | None = None) -> Iterator[Kinds]:
    """Three UCITS funds, one over a limit, through every analysis.

    Args:
        version: Of the prompts; None for those that are asked by default.
    """
    with (
        LocalProvider(folder / "provider") as provider,
        opened(folder / "home", provider.base_url, provider) as world,
    ):
        world.app.portfolios.add_samples(LOCAL)
        world.app.research.add(LOCAL, "call.txt", CALL, About(kind=DocumentKind.EARNINGS_CALL, title="Q3 call"))
        world.app.labels.change_group(LOCAL, "Limits", add=CHOSEN[:2])
        made = Kinds(world)
        for jobs, faults in ((made.true, None), (made.slipped, SLIPS)):
            for kind in Kind:
                jobs[kind] = _submit(world, kind, version)
                if kind in (Kind.COMPLIANCE, Kind.COMMITTEE_BRIEF):
                    world.work(faults)  # a brief reads what has ended
            world.work(faults)
        request = AnalysisRequest(
            Kind.COMMITTEE_BRIEF, CHOSEN[:2], "gpt-5.4-mini", group="Limits", prompt_version=version
        )
        made.group = world.app.jobs.submit(LOCAL, request).row.job_id
        world.work()
        yield made


def _submit(world: World, kind: Kind, version: str | None) -> str:
    request = AnalysisRequest(kind, CHOSEN, "gpt-5.4-mini", profile="moderate", prompt_version=version)
    return world.app.jobs.submit(LOCAL, request).row.job_id
