"""Which role may do what. Deny by default; pages only draw what this allows."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from core.domain.actor import Actor, Role
from core.errors import NotPermitted


class Permission(StrEnum):
    """One kind of action."""

    PORTFOLIO_READ = "portfolio.read"
    PORTFOLIO_IMPORT = "portfolio.import"
    PORTFOLIO_EDIT = "portfolio.edit"
    JOB_READ = "job.read"
    JOB_PREPARE = "job.prepare"
    JOB_SUBMIT = "job.submit"
    JOB_CANCEL = "job.cancel"
    SETTINGS_READ = "settings.read"


_READ = frozenset({Permission.PORTFOLIO_READ, Permission.JOB_READ})

GRANTS: Mapping[Role, frozenset[Permission]] = {
    Role.VIEWER: _READ,
    Role.ANALYST: _READ
    | {
        Permission.PORTFOLIO_IMPORT,
        Permission.PORTFOLIO_EDIT,
        Permission.JOB_PREPARE,
        Permission.JOB_SUBMIT,
        Permission.JOB_CANCEL,
    },
    Role.APPROVER: _READ | {Permission.JOB_PREPARE, Permission.JOB_SUBMIT, Permission.JOB_CANCEL},
    Role.ADMIN: frozenset({Permission.SETTINGS_READ, Permission.JOB_READ}),
}
"""Each role's permissions; an actor has the union over its roles."""


def may(actor: Actor, permission: Permission) -> bool:
    """True when any of the actor's roles grants it."""
    return any(permission in GRANTS[role] for role in actor.roles)


def require(actor: Actor, permission: Permission) -> None:
    """Let a permitted actor pass.

    Raises:
        NotPermitted: Names the action and the roles that would allow it.
    """
    if not may(actor, permission):
        roles = ", ".join(sorted(role.value for role, granted in GRANTS.items() if permission in granted))
        raise NotPermitted(f"{actor.label} may not do '{permission.value}'. It takes the role {roles}.")
