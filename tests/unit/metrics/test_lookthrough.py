"""Funds looked through: nothing is lost, nothing is mixed, and too little or too old is not stated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.facts import FactSheet
from core.domain.fund import FundLine, FundReport, FundShelf
from core.domain.instrument import Terms
from core.domain.issuers import IssuerLinks, is_lei, normalised_name
from core.domain.portfolio import AssetClass, Holding
from core.metrics.definitions import DEFAULT_GROUPS, MetricGroup
from core.metrics.factsheet import fact_sheets
from core.metrics.lookthrough import LookThrough
from tests.unit.funds.making import OCTOBER, line, report
from tests.unit.metrics.making import FixedRates, cash, holding, portfolio, reasons, values

ROBOTS = "529900ROBOTS00000001"
BREWERY = "529900BREWERY0000002"
PARENT = "529900PARENT00000003"


def fund(symbol: str, value: float, isin: str = "") -> Holding:
    return holding(symbol, value, asset_class=AssetClass.EQUITY_FUND, isin=isin)


def sheet(
    holdings: Sequence[Holding],
    *reports: FundReport,
    codes: Mapping[str, str] | None = None,
    links: IssuerLinks | None = None,
    as_of: date = OCTOBER,
) -> FactSheet:
    shelf = FundShelf(reports, codes if codes is not None else {one.fund_id: one.fund_id for one in reports})
    look = LookThrough(shelf, links or IssuerLinks())
    (made,) = fact_sheets(
        [portfolio(*holdings, as_of=as_of)], FixedRates(), None, groups=[MetricGroup.LOOKTHROUGH], look_through=look
    )
    return made


def family(found: FactSheet, name: str) -> dict[str, float]:
    prefix = f"lookthrough.{name}."
    return {key.removeprefix(prefix): value for key, value in values(found).items() if key.startswith(prefix)}


WORLD = report(
    "WORLD",
    line("Robots Inc", "60", country="US", currency="USD", sector="Technology"),
    line("Brewery plc", "30", country="GB", currency="GBP", sector="Consumer Staples"),
    line("USD CASH", "10", issuer="", asset_class=AssetClass.CASH, currency="USD"),
)


def test_a_fund_counts_with_what_it_holds_and_a_line_with_itself() -> None:
    own = holding("ROB", 50, name="ROBOTS INC.", country="US", currency="EUR", sector="Technology")
    found = sheet([fund("WORLD", 50), own], WORLD)
    assert family(found, "issuer") == pytest.approx({"robots_inc": 80, "brewery_plc": 15})
    assert family(found, "sector") == pytest.approx({"technology": 80, "consumer_staples": 15, "cash": 5})
    assert family(found, "country") == pytest.approx({"US": 80, "GB": 15, "cash": 5})
    assert family(found, "currency") == pytest.approx({"EUR": 50, "USD": 35, "GBP": 15})
    assert values(found)["lookthrough.coverage"] == pytest.approx(100)
    assert values(found)["lookthrough.fund_weight"] == pytest.approx(50)
    assert values(found)["lookthrough.issuer_top1_weight"] == pytest.approx(80)
    assert values(found)["lookthrough.issuer_hhi"] == pytest.approx(0.8**2 + 0.15**2)


def test_every_figure_says_how_much_was_looked_through_and_when() -> None:
    found = sheet([fund("WORLD", 50), cash(50)], WORLD)
    told = {fact.metric_id: fact.definition for fact in found.facts}
    for key in ("lookthrough.issuer.robots_inc", "lookthrough.sector.technology", "lookthrough.issuer_hhi"):
        assert "Looked through: 100.0 % of the funds' value, by reports of 2026-10-30." in told[key]
    assert "0.0 % of the issuers' value is told by LEI, the rest by name." in told["lookthrough.issuer_hhi"]


def test_direct_figures_stay_as_they_are_whatever_is_known_of_funds() -> None:
    one = portfolio(fund("WORLD", 50), cash(50))
    look = LookThrough(FundShelf([WORLD], {"WORLD": "WORLD"}))
    (plain,) = fact_sheets([one], FixedRates(), None, groups=DEFAULT_GROUPS)
    (known,) = fact_sheets([one], FixedRates(), None, groups=DEFAULT_GROUPS, look_through=look)
    assert plain == known
    assert not any(fact.metric_id.startswith("lookthrough.") for fact in plain.facts)


@pytest.mark.parametrize(("covered", "stated"), [("80", True), ("79.99", False)])
def test_below_the_limit_only_the_coverage_is_stated(covered: str, stated: bool) -> None:
    found = sheet([fund("THIN", 100)], report("THIN", line("A", covered, country="US", currency="USD", sector="x")))
    assert values(found)["lookthrough.coverage"] == pytest.approx(float(covered))
    assert ("lookthrough.issuer_hhi" in values(found)) is stated
    if stated:
        assert family(found, "country") == pytest.approx({"US": 80, "unlisted": 20})
    else:
        assert (
            "79.9 % of the funds' value is looked through and 80 % is needed" in reasons(found)["lookthrough.sector.*"]
        )


@pytest.mark.parametrize(("as_of", "stated"), [(date(2027, 4, 28), True), (date(2027, 4, 29), False)])
def test_a_report_too_far_from_the_day_covers_nothing(as_of: date, stated: bool) -> None:
    found = sheet([fund("WORLD", 100)], WORLD, as_of=as_of)
    assert ("lookthrough.issuer_hhi" in values(found)) is stated
    if stated:
        assert values(found)["lookthrough.data_age"] == 180
    else:
        assert "WORLD: its report of 2026-10-30 is 181 days from 2027-04-29" in reasons(found)["lookthrough.issuer_hhi"]


def test_without_reports_the_reason_names_the_funds_and_what_to_import() -> None:
    found = sheet([fund("WORLD", 60), fund("OTHER", 40)])
    reason = reasons(found)["lookthrough.issuer.*"]
    assert "OTHER: nothing is known of what it holds" in reason
    assert "N-PORT" in reason
    assert values(found)["lookthrough.coverage"] == 0


def test_without_funds_there_is_nothing_to_look_through() -> None:
    assert set(reasons(sheet([holding("A", 1)])).values()) == {
        "No line is a fund, so there is nothing to look through."
    }


def test_a_fund_inside_is_looked_through_and_one_that_is_not_known_is_not_covered() -> None:
    nested = {"asset_class": AssetClass.EQUITY_FUND, "issuer": ""}
    outer = report("OUTER", line("World", "50", symbol="WORLD", **nested), line("Dark", "15", symbol="DARK", **nested),
                   line("C", "35"))  # fmt: skip
    found = sheet([fund("OUTER", 100)], outer, WORLD)
    assert values(found)["lookthrough.coverage"] == pytest.approx(85)
    assert family(found, "issuer") == pytest.approx({"c": 35, "robots_inc": 30, "brewery_plc": 15})


def test_a_circle_of_funds_ends() -> None:
    nested = {"asset_class": AssetClass.EQUITY_FUND, "issuer": ""}
    first = report("ONE", line("Two", "10", symbol="TWO", **nested), line("A", "90"))
    second = report("TWO", line("One", "20", symbol="ONE", **nested), line("B", "80"))
    found = sheet([fund("ONE", 100)], first, second)
    assert values(found)["lookthrough.coverage"] == pytest.approx(98)
    assert family(found, "issuer") == pytest.approx({"a": 90, "b": 8})


def test_derivatives_shorts_and_liabilities_are_what_they_are() -> None:
    held = report(
        "HEDGED",
        line("A", "130", country="US", currency="USD", sector="x"),
        line("B", "-10", country="GB", currency="GBP", sector="x"),
        line("Swap", "1", issuer="", asset_class=AssetClass.DERIVATIVE, notional_pct=Decimal(40)),
    )
    found = sheet([fund("HEDGED", 50), cash(50)], held)
    assert family(found, "country") == pytest.approx(
        {"US": 65, "cash": 50, "unlisted": -10.5, "GB": -5, "derivatives": 0.5}
    )
    assert values(found)["lookthrough.coverage"] == pytest.approx(100)
    assert (
        "Notionals of derivatives in the funds, 20.0 % of total value, are in no figure." in found.facts[-1].definition
    )


def test_what_reports_do_not_state_is_absent_and_never_zero() -> None:
    found = sheet([fund("BARE", 100)], report("BARE", line("A", "60"), line("B", "40", country="US")))
    assert "known of 40.0 % of what the funds hold" in reasons(found)["lookthrough.country.*"]
    assert "lookthrough.sector.*" in reasons(found)
    assert family(found, "issuer") == pytest.approx({"a": 60, "b": 40})


LINKS = IssuerLinks({"US0000000001": ROBOTS}, {ROBOTS: "Robots Incorporated"}, {ROBOTS: PARENT, BREWERY: PARENT})


def test_one_issuer_in_three_spellings_is_one_issuer() -> None:
    held = report("MIX", line("ROBOTS INC COM", "30", isin="US0000000001"), line("Robots N.A.", "20", lei=ROBOTS),
                  line("Somebody else", "50", lei=BREWERY))  # fmt: skip
    own = holding("ROB", 100, name="Robots, Inc.", isin="", terms=Terms(issuer="Robots, Inc."))
    found = sheet([fund("MIX", 100), own], held, links=LINKS)
    assert family(found, "issuer") == pytest.approx({"robots_incorporated": 75, "somebody_else": 25})
    assert family(found, "group") == pytest.approx({PARENT.lower(): 100})


def test_without_relationships_groups_are_absent() -> None:
    assert "GLEIF" in reasons(sheet([fund("WORLD", 100)], WORLD))["lookthrough.group.*"]


@pytest.mark.parametrize(
    "name",
    ["Apple Inc", "APPLE INC.", "Apple, Inc. Class A", "The Apple Company", "Apple Inc 3.25% 02/23/2029", "apple ORD"],
)
def test_legal_forms_and_kinds_of_shares_are_no_part_of_a_name(name: str) -> None:
    assert normalised_name(name) == "apple"


def test_names_that_are_not_alike_stay_apart() -> None:
    assert normalised_name("Alpha Bank SA") != normalised_name("Alpha Holdings SA")
    assert normalised_name("SA") == "sa"
    assert normalised_name("S.A.") == "sa"


def test_an_identifier_has_right_check_digits() -> None:
    assert is_lei("5493001KJTIIGC8Y1R12")
    assert not is_lei("5493001KJTIIGC8Y1R13")
    assert not is_lei("5493001kjtiigc8y1r12")


NAMES = st.sampled_from(["Alpha Inc", "ALPHA INC.", "Beta plc", "Gamma AG", "Delta SpA"])


@st.composite
def lines(draw: st.DrawFn) -> list[FundLine]:
    found = []
    for _ in range(draw(st.integers(1, 6))):
        weight = draw(st.decimals(min_value=-20, max_value=60, places=4))
        kind = draw(st.sampled_from([AssetClass.EQUITY, AssetClass.CASH, AssetClass.DERIVATIVE, AssetClass.BOND]))
        name = draw(NAMES)
        more = {"country": draw(st.sampled_from(["US", "GB", ""])), "asset_class": kind}
        found.append(
            line(name, str(weight), issuer=name if kind in (AssetClass.EQUITY, AssetClass.BOND) else "", **more)
        )
    return found


@settings(max_examples=60, deadline=None)
@given(lines(), st.integers(1, 99), st.randoms(use_true_random=False))
def test_weights_looked_through_sum_to_the_weights_of_the_lines_in_any_order(
    held: list[FundLine], share: int, random: object
) -> None:
    own = holding("OWN", 100 - share, name="Alpha")
    shuffled = list(held)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random, as hypothesis gives it
    found = []
    for one in (held, shuffled):
        shelf = FundShelf([report("F", *one)], {"F": "F"})
        (facts,) = fact_sheets([portfolio(fund("F", share), own)], FixedRates(), None, groups=[MetricGroup.HOLDINGS])
        looked = LookThrough(shelf).look(portfolio(fund("F", share), own), facts.holdings)
        for dimension in ("sector", "country", "currency"):
            assert sum(weight for _, weight in looked.by(dimension)) == pytest.approx(100)
        found.append((looked.by("country"), looked.by_issuer(), looked.coverage))
    assert found[0] == found[1]


def test_a_line_that_does_not_say_what_it_is_is_a_fund_where_a_fund_has_its_code() -> None:
    unsaid = holding("WORLD", 50, asset_class=AssetClass.OTHER)
    assert family(sheet([unsaid, cash(50)], WORLD), "issuer") == pytest.approx({"robots_inc": 30, "brewery_plc": 15})
    assert "nothing to look through" in reasons(sheet([unsaid, cash(50)]))["lookthrough.coverage"]


def test_rounding_of_weights_is_no_part_of_a_fund() -> None:
    held = report("ROUND", line("A", "33.333333333333", country="US"), line("B", "66.666666666668", country="US"))
    assert family(sheet([fund("ROUND", 100)], held), "country") == pytest.approx({"US": 100})
