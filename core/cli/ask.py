"""`analyze` without --batch: one answer after the other, streamed, at the synchronous price."""

from __future__ import annotations

import sys

from core.app import App
from core.cli import output
from core.domain.actor import Actor
from core.domain.analysis import AnalysisRequest, ResultStatus
from core.jobs.asking import Asked, ask_each


def ask(app: App, actor: Actor, request: AnalysisRequest, *, force: bool, as_json: bool) -> int:
    """Ask about each portfolio at once; returns the exit code. Nothing is stored."""
    answers: list[Asked] = []
    for portfolio_id in request.portfolio_ids:
        if not as_json:
            output.line(f"== {portfolio_id}")
        pieces = ask_each(app.jobs, actor, request, portfolio_id, app.provider(), force=force)
        while True:
            try:
                piece = next(pieces)
            except StopIteration as end:
                answers.append(end.value)
                break
            if not as_json:
                sys.stdout.write(piece)
                sys.stdout.flush()
        if not as_json:
            output.line()
            _say(answers[-1])
    if as_json:
        output.document({"answers": answers})
    return 0 if all(one.status is ResultStatus.SUCCEEDED for one in answers) else 5


def _say(answer: Asked) -> None:
    checked = answer.verification
    if checked is None:
        output.line(f"{answer.status}: {answer.error.message if answer.error else ''}")
    else:
        output.line(
            f"{answer.status}: {checked.verified} numbers verified, {checked.mismatched} mismatched, "
            f"{checked.unsupported} unsupported."
        )
        for finding in checked.findings:
            output.line(
                f"  {finding.path}: {finding.stated} ({finding.kind}; computed: {finding.true or 'no such fact'})"
            )
    output.line(f"Cost: {output.money(answer.cost_usd)} (synchronous price)")
