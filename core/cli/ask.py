"""`analyze` without --batch: one answer after the other, streamed, at the synchronous price."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from core.analyses.committee_brief import group_id_of
from core.app import App
from core.cli import output
from core.cli.called import called, page
from core.cli.recipient import to_provider
from core.cli.usage import usage_of
from core.domain.actor import Actor
from core.domain.analysis import AnalysisRequest, ResultStatus
from core.domain.trial import Try
from core.errors import AlreadyOpen, ProviderError
from core.llm.surcharges import STANDARD_TIER
from core.worker.single_try import Trier


def ask(app: App, actor: Actor, request: AnalysisRequest, *, force: bool, as_json: bool) -> int:
    """Ask about each portfolio at once; returns the exit code. Each is reserved, asked and booked by itself."""
    ids = [group_id_of(request.group)] if request.group else request.portfolio_ids
    if not as_json:
        output.line(STANDARD_TIER)
    with closing(app.provider()) as provider:
        trier = app.trier(provider)
        sent_to = to_provider(app)
        answers = [_asked(app, actor, trier, request, one, force=force, as_json=as_json) for one in ids]
    if as_json:
        described = [_document(app, actor, one) for one in answers]
        output.document({"sent_to": sent_to, "answers": described, "warnings": [STANDARD_TIER]})
    failed = [one.error for one in answers if one.error is not None and one.error.code in {"provider", "answer_lost"}]
    for error in failed:
        output.aside(error.message)
    if failed:
        return ProviderError.exit_code
    return 0 if all(one.status is ResultStatus.SUCCEEDED for one in answers) else 5


def _asked(
    app: App, actor: Actor, trier: Trier, request: AnalysisRequest, portfolio_id: str, *, force: bool, as_json: bool
) -> Try:
    """One portfolio's answer, its pieces printed as they come."""
    if not as_json:
        output.line(f"== {portfolio_id}")
    try:
        wish = app.tries.ask(actor, request, portfolio_id, force=force, again=force, owner=trier.owner)
    except AlreadyOpen as alike:
        raise AlreadyOpen(f"{alike} Wait for its answer, or ask once more with --force.", alike.places) from alike
    pieces = trier.perform(wish.try_id)
    while True:
        try:
            piece = next(pieces)
        except StopIteration as end:
            answer: Try = end.value
            break
        if not as_json:
            output.piece(piece)
    if not as_json:
        output.line()
        _say(app, actor, answer)
    return answer


def _document(app: App, actor: Actor, one: Try) -> dict[str, Any]:
    return {
        "try_id": one.try_id,
        "portfolio_id": one.portfolio_id,
        "status": one.status,
        "analysis": one.analysis,
        "verification": one.verification,
        "error": one.error,
        **usage_of(one.usage, one.usage_from),
        "expected_usd": one.expected_usd,
        "cost_usd": one.cost_usd,
        "rounds": one.rounds,
        **called(app.tries.tool_calls(actor, one.try_id), app.tries.citations(actor, one.try_id)),
    }


def _say(app: App, actor: Actor, answer: Try) -> None:
    checked = answer.verification
    if checked is None:
        output.line(f"{answer.status}: {answer.error.message if answer.error else ''}")
    else:
        output.line(
            f"{answer.status}: {checked.verified} numbers hold, {checked.mismatched} mismatched, "
            f"{checked.unsupported} unsupported."
        )
        for finding in checked.findings:
            output.line(
                f"  {finding.path}: {finding.stated} ({finding.kind}; computed: {finding.true or 'no such fact'})"
            )
    for use in app.tries.tool_calls(actor, answer.try_id):
        output.line(f"  tool {use.number}: {use.call.name} {use.error or use.source}")
    for one in app.tries.citations(actor, answer.try_id):
        output.line(f"  cites {page(one)}")
    output.line(
        f"Cost: {output.money(answer.cost_usd)} (synchronous price; expected {output.money(answer.expected_usd)})"
    )
