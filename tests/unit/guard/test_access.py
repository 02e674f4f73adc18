"""Roles: denied unless granted, and each action's answer written down once more beside the table."""

from __future__ import annotations

import pytest

from core.domain.actor import LOCAL, Actor, Role
from core.errors import NotPermitted
from core.guard.access import Permission, may, require

P = Permission
MEANT = {
    Role.VIEWER: {P.PORTFOLIO_READ, P.JOB_READ},
    Role.ANALYST: {
        P.PORTFOLIO_READ,
        P.JOB_READ,
        P.PORTFOLIO_IMPORT,
        P.PORTFOLIO_EDIT,
        P.JOB_PREPARE,
        P.JOB_SUBMIT,
        P.JOB_CANCEL,
    },
    Role.APPROVER: {P.PORTFOLIO_READ, P.JOB_READ, P.JOB_PREPARE, P.JOB_SUBMIT, P.JOB_CANCEL},
    Role.ADMIN: {P.SETTINGS_READ, P.JOB_READ},
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_a_role_may_do_what_was_meant_and_nothing_else(role: Role, permission: Permission) -> None:
    actor = Actor("x", "X", frozenset({role}))
    assert may(actor, permission) is (permission in MEANT[role])


def test_nobody_without_a_role_may_do_anything() -> None:
    assert not any(may(Actor("x", "X", frozenset()), permission) for permission in Permission)


def test_the_user_of_a_laptop_may_do_everything() -> None:
    assert all(may(LOCAL, permission) for permission in Permission)


def test_a_refusal_names_who_what_and_which_role_it_takes() -> None:
    with pytest.raises(NotPermitted, match=r"Eve may not do 'job\.submit'\. It takes the role analyst, approver\."):
        require(Actor("eve", "Eve", frozenset({Role.VIEWER})), Permission.JOB_SUBMIT)
