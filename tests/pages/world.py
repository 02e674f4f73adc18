"""A small installation for page tests: its App, and a worker's steps against the local provider."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.app import App, build
from core.domain.actor import LOCAL
from core.domain.analysis import AnalysisRequest, Kind
from core.domain.filters import JobFilter
from core.domain.job import JobState, ShardEvent, ShardState
from core.settings import load
from core.storage.store import Store
from core.worker.steps import run_once
from tests.local_provider import LocalProvider
from tests.made_tables import made_home
from tests.unit.storage.making import let_go

ACTIVE = (JobState.QUEUED, JobState.RUNNING)


@dataclass
class World:
    """One data directory, as a worker and a person at another door see it."""

    home: Path
    app: App
    provider: LocalProvider | None = None

    def import_text(self, name: str, text: str) -> str:
        """Keep the good rows of a file; returns the first portfolio's id."""
        report = self.app.portfolios.keep(LOCAL, [self.app.portfolios.inspect(LOCAL, name, text.encode())])
        return report.imported[0].portfolio_id

    def submit(self, portfolio_ids: tuple[str, ...] | None = None, **wishes: Any) -> str:
        """Submit a risk analysis; returns the job's id."""
        ids = portfolio_ids or tuple(self.app.portfolios.ids(LOCAL))
        request = AnalysisRequest(Kind.RISK, ids, wishes.pop("model", "gpt-5.4-mini"), **wishes)
        return self.app.jobs.submit(LOCAL, request, again=True).row.job_id

    def stick(self, job_id: str, why: str = "The key was refused (HTTP 401).") -> None:
        """Let a job's first batch wait for a person."""
        store = Store(self.app.settings.database_url)
        try:
            now = self.app.now()
            let_go(store, now)
            claim = store.shards.claim_due(owner="test", now=now, lease_seconds=30, limit=1)[0]
            store.shards.move(claim, ShardState.QUEUED, ShardEvent.START, at=now)
            store.shards.move(claim, ShardState.UPLOADING, ShardEvent.BLOCKED, at=now, message=why)
            store.shards.release(claim, due=now)
        finally:
            store.close()

    def work(self, faults: dict[str, Any] | None = None, rounds: int = 400) -> None:
        """Do a worker's steps until nothing is active, or for some rounds."""
        assert self.provider is not None
        self.provider.set_faults(faults)
        with closing(self.app.provider()) as provider:
            context = self.app.context(provider)
            for _ in range(rounds):
                run_once(context, owner="test", limit=10)
                if not self.app.jobs.count(LOCAL, JobFilter(states=ACTIVE)):
                    return


@contextmanager
def opened(home: Path, base_url: str, provider: LocalProvider | None = None) -> Iterator[World]:
    """Build an installation and close it."""
    settings = load(
        {
            "MOSYCHLOS_HOME": str(made_home(home)),
            "OPENAI_BASE_URL": base_url,
            "OPENAI_API_KEY": "sk-test",
            "MOSYCHLOS_POLL_SECONDS": "0.01",
        }
    )
    app = build(settings)
    try:
        yield World(home, app, provider)
    finally:
        app.close()


POSITIONS = """date,account,symbol,isin,name,asset_class,quantity,price,currency,market_value,sector,country
2026-10-30,Family,VOO,US9229083632,Vanguard S&P 500 ETF,equity_fund,20,600.50,USD,12010.00,,US
2026-10-30,Family,AAPL,US0378331005,Apple Inc.,equity,30,250.00,USD,7500.00,information_technology,US
2026-10-30,Family,BND,US9219378356,Vanguard Total Bond Market,bond_fund,50,74.00,USD,3700.00,,US
2026-10-30,Family,CASH_USD,,Cash,cash,,,USD,2500.00,,
"""
