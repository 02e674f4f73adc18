"""The rule files: held to the vocabulary, to a source or a mark, and to a date."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import yaml

from core.compliance.check import NO_REGIME, check
from core.compliance.library import FOLDER, BadRuleFile, chosen, read_rules, rule_sets
from core.compliance.lines import PARAMETRIC, PLAIN_NAMES
from core.compliance.rule import Rule
from core.domain.compliance import RuleStatus
from core.domain.instrument import InstrumentType
from core.errors import BadInput
from tests.unit.compliance.making import book, cash, line

SETS = rule_sets()
RULES = {rule.id: rule for rule_set in SETS.values() for rule in rule_set.rules}
HOMES = {"EU": "EU", "US": "US", "GB": "UK", "CH": "CH", "HK": "HK", "SG": "SG", "JP": "JP", "CA": "CA", "AU": "AU"}

GOOD = """
regime: test
jurisdiction: EU
title: A test
about: A test.
rules:
  - id: EU.TEST.1
    title: No issuer above 10 %
    citation: A law, art. 1
    source: https://example.org/law
    as_of: 2026-11-23
    confirmed: true
    measure: {metric: largest, by: issuer, of: [securities]}
    limit: 10
"""

ORDERED = frozenset(
    {"ucits", "ucits_art53", "ucits_art54", "priips", "mifid", "1940act_diversified", "1940act_nondiversified"}
    | {"1940act", "ric", "18f4", "coll_ucits", "coll_nurs", "cobs", "bvv2", "finsa_2025_2", "ciso_78", "sfc_ut"}
    | {"mas_cis", "jita", "sis", "ni81102", "ips", "erisa", "finra", "none"}
)


def test_every_rule_set_that_portfolios_name_is_there() -> None:
    assert set(SETS) >= ORDERED


def test_every_rule_set_of_the_blueprints_is_there(shared_data: Path) -> None:
    with (shared_data / "demo" / "portfolio_blueprints.csv").open(encoding="utf-8") as file:
        named = {name for row in csv.DictReader(file) for name in row["regimes"].split(",")}
    assert named <= set(SETS)


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_every_rule_has_a_source_or_the_mark_and_a_date(rule: Rule) -> None:
    assert rule.source.startswith("http") or not rule.confirmed
    assert rule.as_of.year >= 2026
    assert rule.citation
    assert rule.limit is not None or rule.documents


@pytest.mark.parametrize("name", [name for name in SETS if name not in {"none", "ips"}])
def test_rules_start_with_their_jurisdiction(name: str) -> None:
    home = HOMES[SETS[name].jurisdiction]
    assert all(rule.id.startswith(f"{home}.") for rule in SETS[name].rules)
    types = SETS[name].asset_types
    assert types is None or types.id.startswith(f"{home}.")


def test_a_rule_has_one_text_wherever_it_applies() -> None:
    for rule_set in SETS.values():
        for rule in rule_set.rules:
            assert RULES[rule.id] == rule


@pytest.mark.parametrize(
    ("jurisdiction", "ids"),
    [
        ("EU", "UCITS.52.1-2 UCITS.52.1b UCITS.52.2-combined UCITS.52.3 UCITS.50.2a UCITS.83 MIFID.62.1 PRIIPS.MRM"),
        ("US", "1940.5b1 1940.8b1 1940.12d3-1 1940.12d1-single 22e-4 18f-4.limited 35d-1 IRC.851b3A IRC.851b3B"),
        ("UK", "COLL.5.2.11-issuer COLL.5.6.7-deposits COLL.5.6.7-issuer"),
        ("CH", "CISO.78-issuer CISO.79 CISO.81-body CISO.73-fund BVV2.54 BVV2.55e FINMA.2025-2-security FIDLEG.11-12"),
        ("HK", "UT.7.1 UT.7.1A UT.7.1B UT.7.2 UT.7.3 UT.7.4 UT.7.5 UT.derivatives"),
        ("SG", "MAS.CIS.App1-entity MAS.CIS.App5-35"),
        ("JP", "JITA.17-2-equity JITA.17-2-together FIEA.derivatives"),
        ("CA", "81102.2.1 81102.2.2 81102.2.4-hard"),
        ("AU", "SIS.83 RG"),
    ],
)
def test_every_jurisdiction_has_its_rules(jurisdiction: str, ids: str) -> None:
    assert {f"{jurisdiction}.{one}" for one in ids.split()} <= set(RULES)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("of: [securities]", "of: [stocks]", "'stocks' is no class of lines"),
        ("metric: largest, by: issuer", "metric: biggest, by: issuer", "metric"),
        ("metric: largest, by: issuer", "metric: largest", "needs 'by'"),
        ("metric: largest, by: issuer", "metric: total, by: issuer", "takes no 'by'"),
        ("metric: largest, by: issuer", "metric: sum_above, by: issuer", "needs a 'threshold'"),
        ("    source: https://example.org/law\n", "", "marked as confirmed and names no source"),
        ("    as_of: 2026-11-23\n", "", "as_of"),
        ("    limit: 10\n", "", "neither a limit nor documents"),
        ("    limit: 10\n", "    limit: 10\n    colour: red\n", "Extra inputs"),
        ("regime: test", "regime: other", "name it so"),
        ("title: A test", "extends: nowhere\ntitle: A test", "extends 'nowhere'"),
        ("title: A test", "extends: test\ntitle: A test", "turns in a ring"),
        ("metric: largest, by: issuer", "metric: diversified, threshold: 5", "readings go with"),
    ],
)
def test_a_rule_file_that_leaves_the_vocabulary_is_refused(old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(BadRuleFile) as caught:
        read_rules({"test.yaml": GOOD.replace(old, new)})
    assert said in str(caught.value)
    assert "test.yaml" in str(caught.value) or "'test'" in str(caught.value)


def test_a_good_rule_file_is_read() -> None:
    assert [rule.id for rule in read_rules({"test.yaml": GOOD})["test"].rules] == ["EU.TEST.1"]


def test_each_file_is_named_as_its_rule_set() -> None:
    for path in FOLDER.glob("*.yaml"):
        assert yaml.safe_load(path.read_text("utf-8"))["regime"] == path.stem


def test_an_unknown_rule_set_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(BadInput, match=r"no rule set 'ucit'.*ucits"):
        chosen(["ucits", "ucit"])


def test_a_portfolio_without_rule_sets_is_told_so_and_nothing_is_invented() -> None:
    done = check(book(line("A", 100)), [])
    assert done.results == ()
    assert done.notes == (NO_REGIME,)
    assert "--regime" in NO_REGIME


def test_the_rule_set_none_says_that_none_applies() -> None:
    done = check(book(line("A", 100)), ["none"])
    assert done.results == ()
    assert done.notes == ("The rule set 'none' has no rule: Somebody said that none applies.",)


def test_a_rule_of_two_rule_sets_is_evaluated_once() -> None:
    done = check(book(line("A", 3), cash(97)), ["1940act", "1940act_diversified", "1940act"])
    ids = [(one.rule_id, one.reading) for one in done.results]
    assert len(ids) == len(set(ids))
    assert done.regimes == ("1940act", "1940act_diversified")


def test_rules_without_a_source_carry_their_mark_to_the_notes() -> None:
    done = check(book(line("A", 3), cash(97)), ["mas_cis"])
    assert all(not one.confirmed for one in done.results)
    assert any(note.startswith("(M) marks") for note in done.notes)


def test_a_forbidden_kind_is_a_breach_whatever_its_size() -> None:
    house = line("HOUSE", "0.5", InstrumentType.DIRECT_PROPERTY)
    found = next(one for one in check(book(house, cash("99.5")), ["ucits"]).results if one.rule_id.endswith("-types"))
    assert found.status is RuleStatus.BREACH
    assert found.measured == pytest.approx(0.5)
    assert found.holding_ids == ("HOUSE",)


def test_a_kind_that_is_allowed_on_a_condition_waits_for_documents() -> None:
    gold = line("GOLD", 8, InstrumentType.EXCHANGE_COMMODITY)
    found = next(one for one in check(book(gold, cash(92)), ["ucits"]).results if one.rule_id.endswith("-types"))
    assert found.status is RuleStatus.NOT_ASSESSABLE
    assert "precious metals" in found.explanation


def test_a_kind_that_is_not_known_may_be_a_forbidden_one() -> None:
    other = line("X", 8, None)
    blank = book(other, cash(92)).positions[0]
    done = check(book(blank, cash(92)), ["ucits"])
    found = next(one for one in done.results if one.rule_id.endswith("-types"))
    # An equity without a legal kind is a share; only what may be anything is open.
    assert found.status is RuleStatus.PASS


def test_the_documentation_counts_rules_and_marks_as_they_are() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "compliance.md").read_text("utf-8")
    rows = {
        line.split("`")[1]: [cell.strip() for cell in line.split("|")] for line in text.splitlines() if "| `" in line
    }
    for name, rule_set in SETS.items():
        marked = sum(not rule.confirmed for rule in rule_set.rules)
        asking = sum(bool(rule.documents) for rule in rule_set.rules)
        assert rows[name][4:7] == [str(len(rule_set.rules)), str(marked or ""), str(asking or "")], name


def test_every_class_of_lines_is_documented() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "compliance.md").read_text("utf-8")
    assert not [name for name in PLAIN_NAMES if name not in text]
    assert not [kind for kind in PARAMETRIC if f"`{kind}:" not in text]
