"""The client's policy statement: read strictly, evaluated like any rule."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from textwrap import dedent

import pytest

from core.compliance.check import check
from core.compliance.policy import Policy, read_policy, sample_policy
from core.compliance.position import Book
from core.domain.compliance import RuleResult, RuleStatus
from core.domain.instrument import InstrumentType
from core.domain.portfolio import AssetClass
from core.errors import BadInput
from tests.unit.compliance.making import book, cash, line

HEAD = "name: Family policy\nas_of: 2026-06-30\n"
BOND = InstrumentType.CORPORATE_BOND


def evaluated(text: str, of: Book) -> dict[str, RuleResult]:
    done = check(of, ["ips"], policies=[read_policy(HEAD + text)])
    return {one.rule_id: one for one in done.results}


def bond(symbol: str, weight: int, rating: str) -> Book:
    return book(line(symbol, weight, BOND, asset_class=AssetClass.BOND, rating=rating), cash(100 - weight))


def test_a_range_has_two_ends() -> None:
    found = evaluated("ranges: [{bucket: equity, min: 40, target: 50, max: 60}]", book(line("A", 70), cash(30)))
    low, high = found["CLIENT.IPS.range.equity.min"], found["CLIENT.IPS.range.equity.max"]
    assert (low.status, low.headroom) == (RuleStatus.PASS, 30)
    assert (high.status, high.headroom) == (RuleStatus.BREACH, -10)
    assert high.jurisdiction == "CLIENT"
    assert high.citation == "Family policy"


def test_the_largest_line_counts_unless_it_is_exempt() -> None:
    held = book(line("A", 12), cash(88))
    assert evaluated("max_single_line: {max: 10}", held)["CLIENT.IPS.single-line"].measured == 88
    exempt = evaluated("max_single_line: {max: 10, without: [deposits]}", held)["CLIENT.IPS.single-line"]
    assert (exempt.measured, exempt.status, exempt.holding_ids) == (12, RuleStatus.BREACH, ("A",))


@pytest.mark.parametrize(
    ("exclusion", "key"),
    [
        ("country:RU", "country-RU"),
        ("symbol:GAZP", "symbol-GAZP"),
        ("sector:tobacco", "sector-tobacco"),
        ("currency:USD", "currency-USD"),
        ("issuer:Gaz SA", "issuer-Gaz-SA"),
        ("asset_class:crypto", "asset-class-crypto"),
        ("instrument_type:crypto", "instrument-type-crypto"),
        ("isin:RU0007661625", "isin-RU0007661625"),
    ],
)
def test_what_is_excluded_may_not_be_held_at_all(exclusion: str, key: str) -> None:
    bad = line(
        "GAZP", "0.01", InstrumentType.CRYPTO, country="RU", sector="Tobacco", currency="USD", issuer="Gaz SA",
        asset_class=AssetClass.CRYPTO, isin="RU0007661625",
    )  # fmt: skip
    good = line("A", "99.99", isin="DE0007164600")
    found = evaluated(f"exclusions: ['{exclusion}']", book(bad, good))[f"CLIENT.IPS.exclusion.{key}"]
    assert found.status is RuleStatus.BREACH
    assert found.holding_ids == ("GAZP",)


@pytest.mark.parametrize(
    ("rating", "status"),
    [("BBB-", RuleStatus.PASS), ("BB+", RuleStatus.BREACH), ("", RuleStatus.NOT_ASSESSABLE), ("NR", RuleStatus.PASS)],
)
def test_a_rating_floor_lets_its_own_letter_pass_and_an_unknown_one_open(rating: str, status: RuleStatus) -> None:
    found = evaluated("rating_floor: BBB-", bond("B", 20, rating))
    assert found["CLIENT.IPS.exclusion.rated-below-BBB"].status is status


def test_unrated_bonds_are_allowed_unless_the_policy_says_no() -> None:
    found = evaluated("rating_floor: BBB-\nunrated_allowed: false", bond("B", 20, "NR"))
    assert found["CLIENT.IPS.exclusion.unrated-bonds"].status is RuleStatus.BREACH


@pytest.mark.parametrize(
    ("flags", "status"),
    [(("tobacco",), RuleStatus.BREACH), (("coal",), RuleStatus.PASS), ((), RuleStatus.NOT_ASSESSABLE)],
)
def test_an_activity_is_excluded_where_it_is_flagged_and_open_where_nothing_is(
    flags: tuple[str, ...], status: RuleStatus
) -> None:
    held = book(line("A", 20, esg_flags=flags), cash(80))
    assert evaluated("esg_exclusions: [tobacco]", held)["CLIENT.IPS.exclusion.esg-tobacco"].status is status


def test_the_policy_says_when_a_pass_is_near() -> None:
    text = "ranges: [{bucket: equity, max: 60}]\nnear_pct: %s"
    held = book(line("A", 50), cash(50))
    assert evaluated(text % 10, held)["CLIENT.IPS.range.equity.max"].status is RuleStatus.PASS
    assert evaluated(text % 20, held)["CLIENT.IPS.range.equity.max"].status is RuleStatus.NEAR


def test_two_policies_bind_both_with_ids_of_their_own() -> None:
    policies = [read_policy(HEAD + f"ranges: [{{bucket: equity, max: {top}}}]") for top in (60, 40)]
    done = check(book(line("A", 50), cash(50)), [], policies=policies)
    assert {one.rule_id: one.status for one in done.results} == {
        "CLIENT.IPS.range.equity.max": RuleStatus.PASS,
        "CLIENT.IPS-2.range.equity.max": RuleStatus.BREACH,
    }


def test_without_a_policy_the_clients_rules_are_not_assessable() -> None:
    (found,) = check(book(cash(1)), ["ips"]).results
    assert found.status is RuleStatus.NOT_ASSESSABLE
    assert found.missing == ("policy statement",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ranges: [{bucket: equities, max: 5}]", "'equities' is no class of lines; use one of: all, alternatives"),
        ("ranges: [{bucket: equity}]", "needs a min, a max or both"),
        ("ranges: [{bucket: equity, min: 60, max: 40}]", "min <= target <= max"),
        ("ranges: [{bucket: equity, max: 5}, {bucket: equity, min: 1}]", "two ranges for equity"),
        ("exclusions: ['asset_class:stocks']", "names no asset class"),
        ("exclusions: ['colour:red']", "with a colon use one of"),
        ("rating_floor: Baa3\nexclusions: ['country:RU']", "rating_floor 'Baa3' is none of: AAA"),
        ("max_line: 5\nexclusions: ['country:RU']", "max_line: Extra inputs are not permitted"),
        ("ranges: [{bucket: equity, max: -5}]", "ranges.0.max: Input should be greater than or equal to 0"),
        ("source: x", "the policy says nothing"),
    ],
)
def test_a_policy_that_cannot_be_used_names_its_fault(text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_policy(HEAD + text)
    assert said in str(caught.value)


def test_every_fault_of_a_policy_is_named_at_once() -> None:
    with pytest.raises(BadInput, match=r"(?s)ranges\.0.*near_pct"):
        read_policy(HEAD + "ranges: [{bucket: x, max: 1}]\nnear_pct: 300")


@pytest.mark.parametrize("text", ["- a list", "a: [", "", "x" * 200_001])
def test_what_is_no_policy_is_refused_as_bad_input(text: str) -> None:
    with pytest.raises(BadInput, match="policy"):
        read_policy(text)


def test_yaml_that_builds_objects_is_refused() -> None:
    with pytest.raises(BadInput, match="not YAML"):
        read_policy(HEAD + "source: !!python/object/apply:os.system ['true']")


def test_the_sample_endowment_has_a_policy_and_other_ids_reach_no_file() -> None:
    assert isinstance(sample_policy("sample-us-endowment"), Policy)
    assert sample_policy("../rules/ucits") is None
    assert sample_policy("sample-us-60-40") is None


def test_limits_of_a_policy_are_exact() -> None:
    found = evaluated("ranges: [{bucket: equity, max: 33.3}]", book(line("A", Decimal("33.3")), cash("66.7")))
    assert found["CLIENT.IPS.range.equity.max"].headroom == 0


def test_the_policy_in_the_documentation_can_be_read() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "compliance.md").read_text("utf-8")
    example = text[
        text.index("    name: Family policy 2026") : text.index("`mosychlos portfolio policy ID --set FILE`")
    ]
    policy = read_policy(dedent(example))
    assert policy.rating_floor == "BBB-"
    assert len(policy.ranges) == 2
