"""Policies: the newest binds, every one stays."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.errors import NotFound
from core.storage.portfolios.policies import PolicyScope
from core.storage.store import Store

AT = datetime(2026, 11, 23, tzinfo=UTC)
PORTFOLIO, GROUP = PolicyScope.PORTFOLIO, PolicyScope.GROUP


def test_the_newest_policy_binds_and_the_older_ones_stay_on_record(store: Store) -> None:
    store.policies.save(PORTFOLIO, "p1", "name: A", actor="ada", at=AT)
    store.policies.save(PORTFOLIO, "p1", "name: B", actor="bob", at=AT)
    current = store.policies.current(PORTFOLIO, "p1")
    assert current is not None
    assert (current.document, current.revision, current.stored_by) == ("name: B", 2, "bob")
    assert [one.document for one in store.policies.history(PORTFOLIO, "p1")] == ["name: B", "name: A"]


def test_the_same_text_again_is_no_new_revision(store: Store) -> None:
    first = store.policies.save(PORTFOLIO, "p1", "name: A", actor="ada", at=AT)
    assert store.policies.save(PORTFOLIO, "p1", "name: A", actor="bob", at=AT) == first


def test_a_removed_policy_binds_nobody_and_can_come_back(store: Store) -> None:
    store.policies.save(PORTFOLIO, "p1", "name: A", actor="ada", at=AT)
    store.policies.remove(PORTFOLIO, "p1", actor="ada", at=AT)
    assert store.policies.current(PORTFOLIO, "p1") is None
    assert store.policies.of_portfolios(["p1"]) == ({}, {})
    assert store.policies.save(PORTFOLIO, "p1", "name: A", actor="ada", at=AT).revision == 3


def test_removing_what_is_not_there_is_said(store: Store) -> None:
    with pytest.raises(NotFound, match="no policy of the portfolio 'p1'"):
        store.policies.remove(PORTFOLIO, "p1", actor="ada", at=AT)


def test_a_groups_policy_is_found_by_its_name_in_any_case(store: Store) -> None:
    store.policies.save(GROUP, "Family Office", "name: G", actor="ada", at=AT)
    store.policies.save(PORTFOLIO, "p1", "name: A", actor="ada", at=AT)
    own, of_groups = store.policies.of_portfolios(["p1", "p2"], ["family office", "other"])
    assert {key: one.document for key, one in own.items()} == {"p1": "name: A"}
    assert {key: one.document for key, one in of_groups.items()} == {"family office": "name: G"}
