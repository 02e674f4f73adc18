"""Versions of the methodology: a change restates, and what was stored before says so."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from core.domain.facts import FactSheet
from core.drafts.fact_store import dump, load
from core.metrics.definitions import ALL_DEFINITIONS
from core.metrics.restatements import RESTATEMENTS, VERSIONS, key_of, restated, versioned
from tests.unit.metrics.pinned import fixed_sheet, pinned, pins


@pytest.fixture(scope="module")
def sheet() -> FactSheet:
    return fixed_sheet()


def test_no_definition_or_figure_changes_without_a_new_version() -> None:
    before, now = pinned(), pins()
    changed = sorted(key for key in now if before.get(key) != now[key])
    assert not changed, (
        f"{changed[0]} is not what its version was pinned as:\n{before.get(changed[0])}\n{now[changed[0]]}\n"
        "If that is meant, add a row to RESTATEMENTS in core/metrics/restatements.py, which makes the next version, "
        "and run `make methodology`."
    )
    assert set(before) == set(now)


def test_the_fixed_portfolio_states_a_figure_of_nearly_every_definition(sheet: FactSheet) -> None:
    stated = {key_of(fact.metric_id) for fact in sheet.facts}
    unstated = {key for key in ALL_DEFINITIONS if key not in stated and not key.startswith("lookthrough.")}
    assert unstated <= {"effective_bets", "modified_dietz.si", "recovery_days"}


def test_every_restatement_names_definitions_and_comes_after_those_before_it() -> None:
    assert all(key in ALL_DEFINITIONS for row in RESTATEMENTS for key in row.keys)
    assert [row.since for row in RESTATEMENTS] == sorted(row.since for row in RESTATEMENTS)
    assert all(row.what for row in RESTATEMENTS)


def test_every_fact_of_a_sheet_knows_its_version(sheet: FactSheet) -> None:
    assert all(fact.version == VERSIONS[key_of(fact.metric_id)] > 0 for fact in sheet.facts)
    assert sheet.by_id()["volatility"].version == 3
    assert sheet.by_id()["weight.ONE"].version == 1


def test_a_stored_sheet_keeps_versions_and_what_its_facts_say_beyond_their_definitions(sheet: FactSheet) -> None:
    assert load(dump(sheet)) == sheet
    assert "Sample: 700 returns" in load(dump(sheet)).by_id()["sharpe"].definition


def test_a_fact_of_an_older_version_says_that_it_was_restated(sheet: FactSheet) -> None:
    facts = tuple(replace(one, version=1) for one in sheet.facts)
    older = load(dump(replace(sheet, facts=facts)))
    told = older.by_id()["volatility"].definition
    assert told.startswith("Restated: computed under version 1 of this definition, today's is 3: since 2026-12-01")
    assert "(version 3) a year has as many returns" in told
    assert ALL_DEFINITIONS["volatility"].text in told
    assert "Restated" not in older.by_id()["weight.ONE"].definition
    assert load(dump(older)) == older, "written again, it stays what it was"


def test_a_sheet_of_before_there_were_versions_holds_figures_of_the_first(sheet: FactSheet) -> None:
    document = orjson.loads(dump(sheet))
    document[6] = [fields[:7] for fields in document[6]]
    old = load(orjson.dumps(document[:12]))
    assert old.by_id()["sharpe"].version == 1
    assert old.by_id()["sharpe"].definition.startswith("Restated")


def test_a_version_is_held_against_the_one_in_force() -> None:
    assert not versioned("volatility", 3).restated
    assert versioned("volatility", 2).changes.startswith("since 2026-12-01 (version 3)")
    assert restated("weight.", 1) == ""
    assert restated("no.such", 1) == ""
    assert key_of("acme-7:hhi") == "hhi"
    assert key_of("acme-7:weight.VOO") == "weight."
    assert key_of("indicator.x.latest") == ""
