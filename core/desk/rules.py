"""What a person may ask about rules: check a portfolio, look rule sets up, keep clients' policy statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from core.compliance.library import RuleSet, chosen, rule_sets
from core.compliance.policy import Policy, read_policy
from core.desk.trade_checks import TradeCheck, check_trades, naming_trade
from core.domain.actor import Actor
from core.domain.fx import Rates
from core.domain.portfolio import Portfolio
from core.drafts.rule_checks import RuleCheck, checks_of, policies_of
from core.drafts.rule_outlook import BreachPast, Outlook, outlook_of, past_of
from core.drafts.trades import read_trade
from core.errors import NotFound
from core.guard.access import Permission, require
from core.storage.portfolios.policies import PolicyScope, StoredPolicy
from core.storage.store import Store


class ComplianceService:
    """Rules for an actor."""

    def __init__(self, store: Store, rates: Rates, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._rates = rates
        self._clock = clock

    def check(
        self,
        actor: Actor,
        portfolio_id: str,
        *,
        regimes: Sequence[str] | None = None,
        as_of: date | None = None,
        policy: str | bytes | None = None,
        near: Decimal | None = None,
    ) -> RuleCheck:
        """Evaluate a portfolio's rules. The engine decides; no model has a part in it.

        Args:
            regimes: Rule sets instead of those that the portfolio names.
            policy: Text of a policy statement instead of the stored ones.
            near: Share of a limit that must be left, else a pass is "near"; None takes the policy's, or 10 %.

        Raises:
            NotFound: No such portfolio, or none on that day.
            BadInput: No such rule set, or a policy that cannot be read.
        """
        require(actor, Permission.PORTFOLIO_READ)
        return self._checked(portfolio_id, regimes, as_of, policy, near)[1]

    def outlook(
        self,
        actor: Actor,
        portfolio_id: str,
        *,
        regimes: Sequence[str] | None = None,
        as_of: date | None = None,
        policy: str | bytes | None = None,
    ) -> Outlook:
        """What the rules leave in money and units, and where drift alone would lead. Computed, never told as certain.

        Raises:
            NotFound, BadInput: As for `check`.
        """
        require(actor, Permission.PORTFOLIO_READ)
        portfolio, done, policies = self._checked(portfolio_id, regimes, as_of, policy, None)
        return outlook_of(self._store, self._rates, portfolio, done, policies)

    def breaches(
        self,
        actor: Actor,
        portfolio_id: str,
        *,
        regimes: Sequence[str] | None = None,
        as_of: date | None = None,
        policy: str | bytes | None = None,
    ) -> BreachPast:
        """Since when rules are breached and when earlier breaches were cured, as far as stored days tell.

        Raises:
            NotFound, BadInput: As for `check`.
        """
        require(actor, Permission.PORTFOLIO_READ)
        portfolio, done, policies = self._checked(portfolio_id, regimes, as_of, policy, None)
        return past_of(self._store, self._rates, portfolio, done, policies)

    def _checked(
        self,
        portfolio_id: str,
        regimes: Sequence[str] | None,
        as_of: date | None,
        policy: str | bytes | None,
        near: Decimal | None,
    ) -> tuple[Portfolio, RuleCheck, list[Policy]]:
        if regimes is not None:
            chosen(regimes)
        portfolio = self._store.portfolios.load([portfolio_id], as_of=as_of)[0]
        given = [read_policy(policy)] if policy is not None else policies_of(self._store, [portfolio])[portfolio_id]
        (done,) = checks_of(
            self._store, self._rates, [portfolio], regimes=regimes, policies=given, near=near, since=True
        )
        return portfolio, done, given

    def check_trades(
        self,
        actor: Actor,
        portfolio_id: str,
        trades: Sequence[str],
        *,
        regimes: Sequence[str] | None = None,
        as_of: date | None = None,
        policy: str | bytes | None = None,
        near: Decimal | None = None,
    ) -> TradeCheck:
        """Which rules trades on paper would move, before and after. Nothing is stored and nothing is traded.

        Args:
            trades: Such as "SELL 1000 ASML.AS" or "BUY 50000 EUR US0378331005", done one after the other.

        Raises:
            NotFound: No such portfolio, or none on that day.
            BadInput: A trade cannot be read or done; the message says why. Also as for `check`.
        """
        require(actor, Permission.PORTFOLIO_READ)
        if regimes is not None:
            chosen(regimes)
        portfolio = self._store.portfolios.load([portfolio_id], as_of=as_of)[0]
        given = None if policy is None else [read_policy(policy)]
        read = []
        for place, one in enumerate(trades, start=1):
            with naming_trade(place, one, len(trades)):
                read.append(read_trade(one))
        return check_trades(self._store, self._rates, portfolio, read, regimes=regimes, policies=given, near=near)

    def rule_sets(self, actor: Actor) -> Mapping[str, RuleSet]:
        """Every rule set by id, with its rules."""
        require(actor, Permission.PORTFOLIO_READ)
        return rule_sets()

    def policy(self, actor: Actor, target: str, scope: PolicyScope = PolicyScope.PORTFOLIO) -> StoredPolicy | None:
        """The policy that is stored for a portfolio or a group, or None."""
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.policies.current(scope, target)

    def set_policy(
        self, actor: Actor, target: str, document: str | bytes, scope: PolicyScope = PolicyScope.PORTFOLIO
    ) -> StoredPolicy:
        """Store a policy statement for a portfolio or a group; the older ones stay on record.

        Raises:
            BadInput: The text cannot be used; the message names every fault in it.
            NotFound: No such portfolio or group.
        """
        require(actor, Permission.PORTFOLIO_EDIT)
        read_policy(document)
        self._known(target, scope)
        text = document.decode() if isinstance(document, bytes) else document
        return self._store.policies.save(scope, target, text, actor=actor.subject, at=self._clock())

    def remove_policy(self, actor: Actor, target: str, scope: PolicyScope = PolicyScope.PORTFOLIO) -> None:
        """Let no policy of its own bind a portfolio or a group any more.

        Raises:
            NotFound: There is none.
        """
        require(actor, Permission.PORTFOLIO_EDIT)
        self._store.policies.remove(scope, target, actor=actor.subject, at=self._clock())

    def _known(self, target: str, scope: PolicyScope) -> None:
        if scope is PolicyScope.PORTFOLIO:
            self._store.portfolios.load([target])
        elif target.casefold() not in {group.name.casefold() for group in self._store.groups.groups()}:
            raise NotFound(f"There is no group '{target}'. Make it before its policy.")
