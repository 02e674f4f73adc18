"""What runs and portfolios are called in a list to choose from. Browsers send the name back: no two may be alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from core.domain.records import JobRow
from dashboard.shell import session
from dashboard.widgets import text


def runs(rows: Iterable[JobRow]) -> dict[str, str]:
    """Names of runs by their id, in the order of the rows."""
    zone = session.timezone()
    return distinct(
        {
            row.job_id: f"{text.words(row.kind)} · {text.moment(row.created_at, zone)} · {row.model} · "
            f"{row.prompt_version.rpartition('/')[2]} · "
            f"{row.counts.succeeded:,} of {text.count(row.counts.total, 'request')} answered"
            for row in rows
        }
    )


def distinct(names: Mapping[str, str]) -> dict[str, str]:
    """The same names by id, the id behind those that come twice."""
    counts = Counter(names.values())
    return {key: name if counts[name] == 1 else f"{name} · {key}" for key, name in names.items()}
