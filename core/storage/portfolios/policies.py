"""Clients' policy statements in the database: of a portfolio, or of a group of portfolios. Every version stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select

from core.errors import NotFound
from core.storage.database import Database
from core.storage.portfolios.groups import group_key_of
from core.storage.sql import table
from core.storage.tables import PolicyTable

_P = table(PolicyTable)
CHUNK = 400


class PolicyScope(StrEnum):
    """Whom a policy binds."""

    PORTFOLIO = "portfolio"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """A policy as it was written.

    Attributes:
        target: Portfolio's id, or the group's name in lower case.
        revision: 1 for the first; each newer text and each removal has a number of its own.
        document: The text, YAML.
    """

    scope: PolicyScope
    target: str
    revision: int
    document: str
    stored_at: datetime
    stored_by: str


class Policies:
    """Reads and writes policies."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, scope: PolicyScope, target: str, document: str, *, actor: str, at: datetime) -> StoredPolicy:
        """Store a policy; the same text again changes nothing, another is a new revision."""
        current = self.current(scope, target)
        if current is not None and current.document == document:
            return current
        return self._add(scope, target, document, actor, at)

    def remove(self, scope: PolicyScope, target: str, *, actor: str, at: datetime) -> None:
        """Let no policy bind any more. What was stored stays on record.

        Raises:
            NotFound: There is none.
        """
        if self.current(scope, target) is None:
            raise NotFound(f"There is no policy of the {scope} '{target}'. Nothing was removed.")
        self._add(scope, target, "", actor, at)

    def current(self, scope: PolicyScope, target: str) -> StoredPolicy | None:
        """The policy that binds now, or None."""
        return self._newest(scope, [target]).get(_key(scope, target))

    def of_portfolios(
        self, portfolio_ids: Sequence[str], groups: Sequence[str] = ()
    ) -> tuple[dict[str, StoredPolicy], dict[str, StoredPolicy]]:
        """The policies that bind now: by portfolio id, and by group in lower case; those without are left out."""
        return self._newest(PolicyScope.PORTFOLIO, portfolio_ids), self._newest(PolicyScope.GROUP, groups)

    def history(self, scope: PolicyScope, target: str) -> list[StoredPolicy]:
        """Every revision, the newest first; a removal has an empty document."""
        query = (
            select(_P)
            .where(_P.c.scope == scope.value, _P.c.target == _key(scope, target))
            .order_by(_P.c.revision.desc())
        )
        with self._database.read() as connection:
            return [_stored(row) for row in connection.execute(query)]

    def _newest(self, scope: PolicyScope, targets: Sequence[str]) -> dict[str, StoredPolicy]:
        keys = list(dict.fromkeys(_key(scope, target) for target in targets))
        found: dict[str, StoredPolicy] = {}
        with self._database.read() as connection:
            for start in range(0, len(keys), CHUNK):
                query = (
                    select(_P)
                    .where(_P.c.scope == scope.value, _P.c.target.in_(keys[start : start + CHUNK]))
                    .order_by(_P.c.revision)
                )
                # Ordered by revision, so the newest one is the last that is kept.
                for row in connection.execute(query):
                    found[row.target] = _stored(row)
        return {target: policy for target, policy in found.items() if policy.document}

    def _add(self, scope: PolicyScope, target: str, document: str, actor: str, at: datetime) -> StoredPolicy:
        key = _key(scope, target)
        with self._database.write() as connection:
            newest = connection.execute(
                select(func.max(_P.c.revision)).where(_P.c.scope == scope.value, _P.c.target == key)
            ).scalar()
            policy = StoredPolicy(scope, key, (newest or 0) + 1, document, at, actor)
            connection.execute(
                _P.insert(),
                {
                    "scope": scope.value,
                    "target": key,
                    "revision": policy.revision,
                    "document": document,
                    "stored_at": at,
                    "stored_by": actor,
                },
            )
        return policy


def _key(scope: PolicyScope, target: str) -> str:
    return group_key_of(target)[0] if scope is PolicyScope.GROUP else target


def _stored(row: Any) -> StoredPolicy:
    return StoredPolicy(PolicyScope(row.scope), row.target, row.revision, row.document, row.stored_at, row.stored_by)
