"""How requests end, as rows: the ending, its answer, and every count that they change, written together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select, update

from core.domain.analysis import Outcome, ResultStatus, UsageFrom, Verification
from core.redaction import redacted
from core.storage.jobs.answered import answered_row
from core.storage.money import to_nano
from core.storage.sql import bulk_insert, dump, insert_or_add, table
from core.storage.tables import AnswerTable, JobTable, PortfolioTable, RequestTable, ResultTable, RollupTable

TOKENS: Final = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")
"""Columns of usage, in the order of `Usage`."""

SCORE: Final = ("wanted", "covered", "rules", "rules_agreeing")
"""Columns of an answer's score, in the order of `Verification`."""

_J, _ROLL, _R, _P = table(JobTable), table(RollupTable), table(RequestTable), table(PortfolioTable)

_AT_ONCE: Final = 400
"""Ids of one query."""

ANSWERED: Final = "answered"
"""Dimension of what succeeded requests came to: output tokens, cost, and how many of them have one."""

MODEL: Final = "answered_model"
TIER: Final = "answered_tier"
"""Dimensions of how many endings each model gave, and each service tier."""

_FAILED = frozenset({ResultStatus.FAILED, ResultStatus.INVALID, ResultStatus.REFUSED, ResultStatus.TRUNCATED})


def store_outcomes(connection: Connection, job_id: str, outcomes: Sequence[Outcome]) -> None:
    """Store endings with their answers and counts, in a transaction of the caller's."""
    results: list[tuple[Any, ...]] = []
    answers: list[tuple[Any, ...]] = []
    tally: Counter[tuple[str, str]] = Counter()
    nano_total: int | None = 0
    about = _about(connection, job_id, [outcome.custom_id for outcome in outcomes])
    for outcome in outcomes:
        reading, usage, raw = outcome.reading, outcome.usage, outcome.raw
        checked, error = reading.verification, reading.error
        nano = to_nano(outcome.cost_usd)
        # A sum of which a part is not known is not known: never a 0 that looks like a price.
        nano_total = None if nano is None or nano_total is None else nano_total + nano
        results.append(
            (
                job_id,
                outcome.custom_id,
                outcome.portfolio_id,
                reading.status.value,
                reading.level,
                reading.headline[:300],
                checked.verified if checked else 0,
                checked.mismatched if checked else 0,
                checked.unsupported if checked else 0,
                usage.input_tokens,
                usage.cached_tokens,
                usage.output_tokens,
                usage.reasoning_tokens,
                nano,
                error.code if error else None,
                error.message[:4000] if error else None,
                error.transient if error else False,
                raw.file if raw else None,
                raw.offset if raw else None,
                raw.length if raw else None,
                outcome.reused_from or None,
                *about.get(outcome.custom_id, (None, outcome.portfolio_id)),
                *answered_row(outcome.answered).values(),
                outcome.usage_from.value,
            )
        )
        if reading.analysis is not None:
            findings = [asdict(finding) for finding in checked.findings] if checked and checked.findings else []
            score = (
                (checked.wanted, checked.covered, checked.rules, checked.rules_agreeing) if checked else (0, 0, 0, 0)
            )
            answers.append((job_id, outcome.custom_id, dump(reading.analysis), dump(findings), *score))
        count(tally, outcome)
    bulk_insert(connection, ResultTable, results)
    bulk_insert(connection, AnswerTable, answers)
    if tally:
        # In key order: two shards of a job that add to the same counts must not lock them in two orders.
        connection.execute(
            insert_or_add(connection, RollupTable, ["job_id", "dimension", "value"], "n"),
            [
                {"job_id": job_id, "dimension": dimension, "value": value, "n": n}
                for (dimension, value), n in sorted(tally.items())
            ],
        )
    connection.execute(
        update(_J)
        .where(_J.c.job_id == job_id)
        .values(
            succeeded=_J.c.succeeded + tally["status", ResultStatus.SUCCEEDED.value],
            failed=_J.c.failed + sum(tally["status", status.value] for status in _FAILED),
            missing=_J.c.missing + tally["status", ResultStatus.MISSING.value],
            actual_nano=None if nano_total is None else _J.c.actual_nano + nano_total,
            # What a stand-in says is simulated, whomever the job was meant for.
            **({"simulated": True} if any(outcome.answered.simulated for outcome in outcomes) else {}),
        )
    )


def _about(connection: Connection, job_id: str, custom_ids: Sequence[str]) -> dict[str, tuple[float | None, str]]:
    """(concentration, portfolio's name) of requests, by custom id."""
    found: dict[str, tuple[float | None, str]] = {}
    for start in range(0, len(custom_ids), _AT_ONCE):
        query = (
            select(_R.c.custom_id, _R.c.hhi, func.coalesce(_P.c.name, _R.c.portfolio_id))
            .outerjoin(_P, _P.c.portfolio_id == _R.c.portfolio_id)
            .where(_R.c.job_id == job_id, _R.c.custom_id.in_(custom_ids[start : start + _AT_ONCE]))
        )
        found.update((custom_id, (hhi, name)) for custom_id, hhi, name in connection.execute(query))
    return found


def uncount(connection: Connection, job_id: str, gone: Counter[tuple[str, str]]) -> None:
    """Take endings out of every count, in a transaction of the caller's.

    Args:
        gone: How often each (dimension, value) goes.
    """
    if gone:
        connection.execute(
            insert_or_add(connection, RollupTable, ["job_id", "dimension", "value"], "n"),
            [
                {"job_id": job_id, "dimension": dimension, "value": value, "n": -n}
                for (dimension, value), n in sorted(gone.items())
            ],
        )
        connection.execute(delete(_ROLL).where(_ROLL.c.job_id == job_id, _ROLL.c.n == 0))
    connection.execute(
        update(_J)
        .where(_J.c.job_id == job_id)
        .values(
            succeeded=_J.c.succeeded - gone["status", ResultStatus.SUCCEEDED.value],
            failed=_J.c.failed - sum(gone["status", status.value] for status in _FAILED),
            missing=_J.c.missing - gone["status", ResultStatus.MISSING.value],
        )
    )


def count(tally: Counter[tuple[str, str]], outcome: Outcome) -> None:
    """Add what an ending counts as to a tally of (dimension, value)."""
    reading = outcome.reading
    tally["status", reading.status.value] += 1
    if reading.status is ResultStatus.SUCCEEDED:
        tally[ANSWERED, "output_tokens"] += outcome.usage.output_tokens
        tally[ANSWERED, "cost_nano"] += to_nano(outcome.cost_usd) or 0
        tally[ANSWERED, "priced"] += outcome.cost_usd is not None
        if outcome.usage_from is UsageFrom.UNKNOWN:
            tally[ANSWERED, "unsaid"] += 1
    if outcome.answered.model:
        tally[MODEL, outcome.answered.model] += 1
    if outcome.answered.tier:
        tally[TIER, outcome.answered.tier] += 1
    if reading.level:
        tally["level", reading.level] += 1
    for tag in reading.tags:
        tally[tag] += 1
    if reading.error is not None:
        tally["error", redacted(reading.error.code)] += 1
    if reading.verification is not None:
        _count_checked(tally, reading.verification)


def _count_checked(tally: Counter[tuple[str, str]], checked: Verification) -> None:
    tally["numbers", "verified"] += checked.verified
    tally["numbers", "mismatched"] += checked.mismatched
    tally["numbers", "unsupported"] += checked.unsupported
    clean = not checked.mismatched and not checked.unsupported
    tally["answers", "clean" if clean else "flagged"] += 1
    for dimension, value, n in (
        ("coverage", "wanted", checked.wanted),
        ("coverage", "covered", checked.covered),
        ("rules", "named", checked.rules),
        ("rules", "agreeing", checked.rules_agreeing),
    ):
        if n:
            tally[dimension, value] += n
