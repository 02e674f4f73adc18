"""A portfolio's replication pack, for an actor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from core.compliance.library import chosen
from core.desk.replication.inputs import gather
from core.desk.replication.pack import ReplicationPack, pack_of
from core.desk.replication.rules import gather_rules
from core.domain.actor import Actor
from core.domain.fx import Rates
from core.drafts.fact_sheets import sheets_of
from core.drafts.rule_checks import checks_of
from core.guard.access import Permission, require
from core.metrics.definitions import MetricGroup
from core.storage.store import Store


class ReplicationService:
    """Packs of portfolios."""

    def __init__(self, store: Store, rates: Rates) -> None:
        self._store = store
        self._rates = rates

    def pack(
        self, actor: Actor, portfolio_id: str, *, as_of: date | None = None, regimes: Sequence[str] | None = None
    ) -> ReplicationPack:
        """Everything that a portfolio's figures and verdicts are made of, and the script that makes them again.

        Args:
            regimes: Rule sets instead of those that the portfolio names.

        Raises:
            NotFound: No such portfolio or day.
            BadInput: No such rule set.
        """
        require(actor, Permission.PORTFOLIO_READ)
        if regimes is not None:
            chosen(regimes)
        stored = self._store.portfolios.load([portfolio_id], as_of=as_of)[0]
        found = gather(self._store, self._rates, stored)
        sheet = sheets_of(self._store, self._rates, [stored], groups=tuple(MetricGroup))[0]
        check = checks_of(self._store, self._rates, [stored], regimes=regimes, since=True)[0]
        return pack_of(found, gather_rules(self._store, found, regimes), sheet, check)
