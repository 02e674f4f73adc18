"""Who is asking. Every call into the core carries an Actor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may be: see `core.guard.access` for what each role may do."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    APPROVER = "approver"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or process, as recorded beside everything it did.

    Attributes:
        subject: Stable id, unique within `kind` ("ada", "worker-1").
        label: What people call it.
        roles: What it may do.
        kind: "local" (a laptop's user), "demo" or "worker".
    """

    subject: str
    label: str
    roles: frozenset[Role]
    kind: str = "local"


LOCAL = Actor("local", "Local user", frozenset(Role), "local")
"""The one user of a laptop installation: may do everything; said so on screen."""
