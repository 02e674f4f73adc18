"""running and cancelling: look at batches, many with one call, pass on a wish to stop, notice the end and the odd."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from core.domain.alert import AlertKind
from core.domain.batch import ENDED, KNOWN_STATUS, Batch
from core.domain.job import ShardEvent, ShardState
from core.domain.records import BatchLook, Shard, ShardClaim
from core.errors import MosychlosError, ProviderError, ProviderRefused, StaleMove
from core.worker.context import Context
from core.worker.heartbeat import Heartbeat
from core.worker.queue_plan import FULL, no_room
from core.worker.submit import wait

logger = logging.getLogger(__name__)

WATCHING: Final = (ShardState.RUNNING, ShardState.CANCELLING)
"""States in which a batch is looked at."""

VANISHED: Final = timedelta(hours=1)
"""How long after its deadline a batch that the provider no longer knows is given up, unless a person does so before."""

WINDOW: Final = timedelta(hours=24)
"""Completion window of every batch, where the provider stated no deadline."""

LATE_AFTER: Final = timedelta(hours=20)
LATE_BEFORE: Final = timedelta(hours=2)
"""A batch is late after so long, or so shortly before its deadline, whichever comes first."""

STRANGE_AFTER: Final = timedelta(hours=1)
"""How long a status word that nobody knows may stand before a person should know."""

A_PAGE: Final = 100
"""Batches that the provider lists with one call."""

AT_ONCE: Final = 1000
"""Batches that are looked at together."""


def take_running(context: Context, *, owner: str) -> list[ShardClaim]:
    """Claim the batches that are due for a look, and those that soon will be: one list then serves them all."""
    return context.store.shards.claim_due(
        owner=owner,
        now=context.clock(),
        lease_seconds=context.pace.lease,
        limit=AT_ONCE,
        states=WATCHING,
        ahead=timedelta(seconds=context.pace.poll / 2),
        providers=context.identity.accepts,
    )


def look(context: Context, claims: Sequence[ShardClaim]) -> None:
    """Look at claimed batches together. What must not be told from a list is asked one by one."""
    if not claims:
        return
    with Heartbeat(context, *claims):
        shards = context.store.shards.held(claims)
        views = _listed(context, [shard for shard in shards.values() if not shard.cancel_wish])
        looks: list[BatchLook] = []
        vanished = context.store.alerts.subjects(AlertKind.VANISHED)
        for claim in claims:
            shard = shards.get(claim)
            if shard is None:
                continue  # taken over
            try:
                view = views.get(shard.batch_id or "")
                if view is not None and shard.shard_id in vanished:
                    context.store.alerts.clear(shard.shard_id, AlertKind.VANISHED, at=context.clock())
                _look_at(context, claim, shard, view, looks)
            except StaleMove as stale:
                logger.info("%s: %s", claim.shard_id, stale)
            except MosychlosError as error:
                logger.exception("look at %s failed", claim.shard_id)
                context.store.shards.release(claim, due=wait(context, claim, shard, str(error)))
        context.store.shards.seen_many(looks)


def _look_at(context: Context, claim: ShardClaim, shard: Shard, view: Batch | None, looks: list[BatchLook]) -> None:
    quiet = shard.state is ShardState.CANCELLING or not shard.cancel_wish
    if view is None or view.status in ENDED or not quiet:
        context.store.shards.release(claim, due=watch(context, claim, shard, view))
    else:
        looks.append(_running(context, claim, shard, view))


def _listed(context: Context, shards: Sequence[Shard]) -> Mapping[str, Batch]:
    """The provider's view of these batches, as far as its list gives it for less than asking for each.

    The list has every batch of the account in an order that nobody promises, so it is read only until all are found,
    and never for more calls than there are batches to look at.
    """
    wanted = {shard.batch_id for shard in shards if shard.batch_id is not None}
    if len(wanted) < 2:
        return {}
    found: dict[str, Batch] = {}
    try:
        for number, batch in enumerate(context.provider.list_batches(), start=1):
            if batch.batch_id in wanted:
                found[batch.batch_id] = batch
            if len(found) == len(wanted):
                break
            # Only where a page ends does going on cost a call.
            if number % A_PAGE == 0 and number >= A_PAGE * (len(wanted) - len(found)):
                break
    except ProviderError as error:
        logger.warning("the list of batches could not be read, so each is asked for: %s", error)
    return found


def watch(context: Context, claim: ShardClaim, shard: Shard, view: Batch | None = None) -> datetime:
    """One look at one batch.

    Args:
        view: What the provider said of it just now; None asks.
    """
    if shard.batch_id is None:
        raise StaleMove(f"Shard {shard.shard_id} is {shard.state} without a batch.")
    shards = context.store.shards
    try:
        batch = (
            view if view is not None and not _says_too_little(shard, view) else context.provider.check(shard.batch_id)
        )
    except ProviderRefused as refusal:
        if refusal.status == 404:
            return _gone(context, claim, shard, refusal)
        return wait(context, claim, shard, f"The provider would not say how the batch stands: {refusal}")
    except ProviderError as error:
        return wait(context, claim, shard, f"No contact with the provider: {error}")
    context.store.alerts.clear(shard.shard_id, AlertKind.VANISHED, at=context.clock())
    if shard.cancel_wish and shard.state is ShardState.RUNNING and batch.status not in ENDED:
        try:
            context.crossing("before_cancel")
            batch = context.provider.cancel(shard.batch_id)
        except ProviderError as error:
            # Whatever it says, it has just shown the batch: nothing but a look can tell that it is gone.
            shards.seen(claim, batch, at=context.clock(), quiet_polls=shard.quiet_polls, progress_at=shard.progress_at)
            return wait(context, claim, shard, f"The batch could not be stopped yet: {error}")
        shards.move(claim, shard.state, ShardEvent.CANCEL, at=context.clock(), note="asked the provider to stop")
        shard = shards.get(shard.shard_id)
    if batch.status in ENDED:
        shards.seen(claim, batch, at=context.clock(), quiet_polls=0)
        context.crossing("after_end_seen")
        refused_for_room = batch.status == "failed" and any(problem.code == FULL for problem in batch.problems)
        nothing_done = not batch.counts.completed and batch.output_file_id is None
        if refused_for_room and nothing_done and shard.state is ShardState.RUNNING:
            return no_room(context, claim, shard, _words(batch))
        return _end(context, claim, shard, _words(batch))
    found = _running(context, claim, shard, batch)
    shards.seen(
        claim,
        batch,
        at=found.at,
        quiet_polls=found.quiet_polls,
        message=found.message,
        progress_at=found.progress_at,
    )
    return found.due


def _says_too_little(shard: Shard, listed: Batch) -> bool:
    """Whether the batch itself must be asked for: its list shows it ended without the files or counts that it would
    name, or shows what was made of another file under its id.
    """
    bare = listed.output_file_id is None and listed.error_file_id is None
    another = shard.file_id not in {None, listed.input_file_id} and listed.input_file_id != ""
    return another or (listed.status in ENDED and (bare or not listed.counts.total))


def _gone(context: Context, claim: ShardClaim, shard: Shard, refusal: ProviderRefused) -> datetime:
    now = context.clock()
    context.store.alerts.raise_(
        AlertKind.VANISHED,
        shard.shard_id,
        f"The provider does not know batch {shard.batch_id} any more. It is looked for until an hour after its "
        "deadline, or until the run is stopped. Check that the key belongs to the project that made it.",
        at=now,
    )
    made = shard.submitted_at or now
    over = shard.cancel_wish or now > _on_our_clock(shard, shard.expires_at or made + WINDOW) + VANISHED
    # One answer may be wrong, so it is looked for as long as a lost create is.
    standing = [one for one in context.store.alerts.of(shard.shard_id) if one.kind is AlertKind.VANISHED]
    missed_since = min((one.raised_at for one in standing if one.cleared_at is None), default=now)
    if over and now - missed_since > timedelta(seconds=context.pace.quarantine):
        try:
            context.provider.probe()  # at a wrong address nothing is known either
        except ProviderError as error:
            return wait(context, claim, shard, f"That the batch is unknown there says nothing: {error}")
        return _end(context, claim, shard, f"The provider no longer knows batch {shard.batch_id}.")
    return wait(context, claim, shard, f"The provider would not say how the batch stands: {refusal}")


def _end(context: Context, claim: ShardClaim, shard: Shard, note: str) -> datetime:
    context.store.shards.move(claim, shard.state, ShardEvent.ENDED, at=context.clock(), note=note, message=note)
    return context.clock()


def _words(batch: Batch) -> str:
    problems = "; ".join(
        f"{problem.code}{f' (line {problem.line})' if problem.line else ''}: {problem.message}"
        for problem in batch.problems[:3]
    )
    return f"{batch.status}: {problems}" if problems else batch.status


def _running(context: Context, claim: ShardClaim, shard: Shard, batch: Batch) -> BatchLook:
    """What a look at a batch that goes on has shown, and when to look again."""
    now = context.clock()
    message = shard.message if shard.state is ShardState.CANCELLING else ""
    known = batch.status in KNOWN_STATUS
    if not known:
        message = f"The provider says '{batch.status}', a word this program does not know; taken as still running."
        if shard.provider_status != batch.status:
            logger.warning("unknown provider status %r for %s", batch.status, shard.shard_id)
    unchanged = (batch.status, batch.counts) == (shard.provider_status, shard.counts)
    progress_at = shard.progress_at if unchanged and shard.progress_at is not None else now
    _say_what_is_odd(context, shard, batch, still=now - progress_at, now=now)
    quiet = shard.quiet_polls + 1 if unchanged else 0
    due = now + timedelta(seconds=context.pace.poll * min(1.5 ** min(quiet, 10), 6))
    return BatchLook(claim, batch, now, quiet, message, progress_at, due)


def _on_our_clock(shard: Shard, stated: datetime) -> datetime:
    """A moment that the provider stated, on our clock, which may be a day off: both saw the batch being created."""
    if shard.create_at is None or shard.submitted_at is None:
        return stated
    return shard.create_at + (stated - shard.submitted_at)


def _say_what_is_odd(context: Context, shard: Shard, batch: Batch, *, still: timedelta, now: datetime) -> None:
    alerts, done = context.store.alerts, f"{batch.counts.completed + batch.counts.failed} of {shard.requests}"
    late = [_on_our_clock(shard, shard.submitted_at) + LATE_AFTER] if shard.submitted_at is not None else []
    late += [_on_our_clock(shard, batch.expires_at) - LATE_BEFORE] if batch.expires_at is not None else []
    if late and now >= min(late):
        until = f" Its deadline is {batch.expires_at:%Y-%m-%d %H:%M}Z." if batch.expires_at is not None else ""
        text = f"Batch {shard.batch_id} is late: {done} requests done.{until} What is unfinished then can be retried."
        alerts.raise_(AlertKind.LATE, shard.shard_id, text, at=now)
    if batch.status not in KNOWN_STATUS and still >= STRANGE_AFTER:
        text = f"The provider has called batch {shard.batch_id} '{batch.status}' for over an hour; the word is new."
        alerts.raise_(AlertKind.UNKNOWN_STATUS, shard.shard_id, text, at=now)
    if still >= context.stuck:
        hours = context.stuck.total_seconds() / 3600
        text = (
            f"Batch {shard.batch_id} ({batch.status}) has made no progress for {hours:g} hours: {done} requests done. "
            f"It may still finish; to give it up: mosychlos portfolio batch cancel {shard.job_id}"
        )
        alerts.raise_(AlertKind.STUCK, shard.shard_id, text, at=now)
    elif still == timedelta(0) and shard.quiet_polls:
        alerts.clear(shard.shard_id, AlertKind.STUCK, AlertKind.UNKNOWN_STATUS, at=now)
