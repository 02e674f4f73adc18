"""What a person may ask about tags and groups of portfolios."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from core.domain.actor import Actor
from core.guard.access import Permission, require
from core.storage.portfolios.groups import PortfolioGroup
from core.storage.store import Store


class PortfolioLabels:
    """Tags and groups, for an actor."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def tag(
        self, actor: Actor, portfolio_ids: Iterable[str], *, add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> None:
        """Put tags on portfolios and take others off.

        Raises:
            NotFound: A portfolio is not stored; then nothing is changed.
            BadInput: A tag cannot be one.
        """
        require(actor, Permission.PORTFOLIO_EDIT)
        self._store.groups.tag(portfolio_ids, add=add, remove=remove, actor=actor.subject, at=self._clock())

    def tags(self, actor: Actor) -> dict[str, int]:
        """Every tag in use and how many portfolios have it."""
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.groups.tags()

    def tags_of(self, actor: Actor, portfolio_id: str) -> tuple[str, ...]:
        """A portfolio's tags."""
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.groups.tags_of([portfolio_id]).get(portfolio_id, ())

    def groups(self, actor: Actor) -> list[PortfolioGroup]:
        """Every group, by name."""
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.groups.groups()

    def groups_of(self, actor: Actor, portfolio_id: str) -> tuple[str, ...]:
        """Names of the groups that a portfolio belongs to."""
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.groups.groups_of([portfolio_id]).get(portfolio_id, ())

    def change_group(
        self, actor: Actor, name: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> PortfolioGroup:
        """Put portfolios into a group and take others out; a new name makes a new group.

        Raises:
            NotFound: A portfolio is not stored; then nothing is changed.
            BadInput: The name cannot be one.
        """
        require(actor, Permission.PORTFOLIO_EDIT)
        return self._store.groups.change_group(name, add=add, remove=remove, actor=actor.subject, at=self._clock())

    def delete_group(self, actor: Actor, name: str) -> None:
        """Forget a group; its portfolios stay.

        Raises:
            NotFound: No such group.
        """
        require(actor, Permission.PORTFOLIO_EDIT)
        self._store.groups.delete_group(name)
