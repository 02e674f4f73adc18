"""The list of portfolios, and one portfolio with its tabs: empty, normal, lacking data, for those who only read."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest
from streamlit.testing.v1 import AppTest

from core.domain.actor import LOCAL
from core.domain.filters import PortfolioFilter
from tests.pages.conftest import Page
from tests.pages.portfolio_pages import viewing
from tests.pages.reading import button, column, said, taken
from tests.pages.world import POSITIONS, World

TABS = ("Holdings", "Funds", "Performance", "Risk", "Attribution", "Rules", "History")
EACH = pytest.mark.parametrize("tab", TABS)


def opened(page: Page, world: World, portfolio_id: str, tab: str = "Holdings", **query: str) -> AppTest:
    """A portfolio at a tab."""
    return page(world, "portfolios", portfolio=portfolio_id, portfolio_tab=tab, **query)


def charts(test: AppTest) -> list[str]:
    """What a screen reader hears of each chart."""
    return [chart.proto.alt for chart in test.get("plotly_chart")]


def test_an_empty_list_offers_to_import_or_to_look_around(page: Page, world: World) -> None:
    test = page(world, "portfolios")
    assert "No portfolio yet" in said(test)
    button(test, "Load sample portfolios").click()
    assert "39 portfolios" in said(test.run())


def test_the_list_is_searched_in_the_database(page: Page, lived_in: World) -> None:
    test = page(lived_in, "portfolios")
    test.text_input(key="portfolios_search").set_value("pension").run()
    assert column(test, "name") == ["Swiss pension fund"]


def test_a_search_without_a_match_says_so_and_can_be_taken_back(page: Page, lived_in: World) -> None:
    test = page(lived_in, "portfolios")
    test.text_input(key="portfolios_search").set_value("no such thing").run()
    assert "No portfolio matches" in said(test)
    button(test, "Show all portfolios").click()
    assert "39 portfolios" in said(test.run())


def test_filters_stand_in_the_address(page: Page, world: World) -> None:
    world.app.portfolios.add_samples(LOCAL)
    world.app.labels.tag(LOCAL, ["sample-ch-mandate", "sample-us-60-40"], add=["core"])
    world.app.labels.change_group(LOCAL, "Zürich", add=["sample-ch-mandate"])
    test = page(world, "portfolios", portfolios_tag="core")
    assert len(column(test, "name")) == 2
    assert sorted(map(list, column(test, "labels"))) == [["Zürich", "core"], ["core"]]
    test = page(world, "portfolios", portfolios_tag="core", portfolios_group="Zürich", portfolios_region="CH")
    assert column(test, "name") == ["Swiss discretionary mandate"]
    assert not test.exception


def test_a_change_of_the_filters_begins_at_the_first_page(page: Page, lived_in: World) -> None:
    test = page(lived_in, "portfolios", portfolios_page="2")
    assert len(column(test, "name")) == 14
    test.selectbox(key="portfolios_region").set_value("US").run()
    assert "US technology" in str(column(test, "name"))
    assert test.session_state["portfolios_page"] == 1


def test_everything_that_matches_is_tagged_grouped_and_handed_to_prepare(page: Page, world: World) -> None:
    world.app.portfolios.add_samples(LOCAL)
    world.app.labels.change_group(LOCAL, "Zürich", add=["sample-us-60-40"])
    test = page(world, "portfolios", portfolios_region="CH")
    assert button(test, "Analyse").disabled
    test.get_by_key("portfolios_scope").set_value("all that match").run()
    test.multiselect(key="bulk_tags").set_value(["alpine"]).run()
    button(test, "Put on").click()
    test.run()
    test.selectbox(key="bulk_group").set_value("Zürich").run()
    button(test, "Put in").click()
    test.run()
    swiss = world.app.portfolios.page(LOCAL, PortfolioFilter(region="CH"))
    assert swiss
    assert all(row.tags == ("alpine",) and row.groups == ("Zürich",) for row in swiss)
    assert world.app.portfolios.count(LOCAL, PortfolioFilter(tag="alpine")) == len(swiss)

    button(test, "Take out").click()
    test.run()
    assert world.app.portfolios.count(LOCAL, PortfolioFilter(group="Zürich")) == 1
    button(test, "Analyse").click()
    test.run()
    assert set(test.session_state["prepare_chosen"]) == {row.portfolio_id for row in swiss}
    assert f"{len(swiss)} portfolios of 39" in said(test)
    assert not test.exception


def test_a_tag_that_cannot_be_one_is_refused_with_the_reason(page: Page, world: World) -> None:
    world.app.portfolios.add_samples(LOCAL)
    test = page(world, "portfolios")
    test.get_by_key("portfolios_scope").set_value("all that match").run()
    test.multiselect(key="bulk_tags").set_value(["+core"]).run()
    button(test, "Put on").click()
    assert "is no tag" in said(test.run())
    assert not world.app.labels.tags(LOCAL)


def test_a_viewer_sees_the_list_and_nothing_to_change(world: World, page: Page) -> None:
    world.app.portfolios.add_samples(LOCAL)
    page(world, "portfolios")
    with viewing(world, "list") as test:
        assert "39 portfolios" in said(test)
        assert not test.button
        assert not test.exception


@EACH
def test_every_tab_of_a_sample_draws_and_says_that_it_is_simulated(page: Page, lived_in: World, tab: str) -> None:
    test = opened(page, lived_in, "sample-us-wealth-13f", tab)
    assert not test.exception
    assert not test.error
    assert all(charts(test))
    assert any("simulated" in str(value) for value in (said(test), *(card.delta for card in test.metric)))


@EACH
def test_every_tab_says_what_it_lacks_where_there_are_no_prices(page: Page, world: World, tab: str) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    test = opened(page, world, portfolio_id, tab)
    assert not test.exception
    assert not test.error
    told = {
        "Holdings": "Concentration (HHI): ",
        "Funds": "Nothing is known of what the funds hold",
        "Performance": "No history to draw",
        "Risk": "No history to measure risk with",
        "Attribution": "No attribution",
        "Rules": "No rule set is named",
        "History": "One day is stored so far",
    }
    assert told[tab] in said(test)


@EACH
def test_a_currency_without_a_rate_leaves_figures_out_and_draws_the_rest(page: Page, world: World, tab: str) -> None:
    unknown = POSITIONS.replace("250.00,USD,7500.00", "250.00,KWD,7500.00")
    portfolio_id = world.import_text("family.csv", unknown)
    world.import_text("family.csv", unknown.replace("2026-10-30", "2026-11-20"))
    test = opened(page, world, portfolio_id, tab)
    assert not test.exception
    assert not test.error
    assert "Total value: –" in said(test)
    if tab == "Holdings":
        assert "KWD" in str(column(test, "Why"))
        assert None in column(test, "weight")
    if tab == "History":
        assert column(test, "Value") == ["no exchange rate"] * 2


@EACH
def test_short_and_overdrawn_lines_draw_too(page: Page, world: World, tab: str) -> None:
    short = POSITIONS.replace("30,250.00,USD,7500.00", "-30,250.00,USD,-7500.00").replace("USD,2500.00", "USD,-2500.00")
    test = opened(page, world, world.import_text("family.csv", short), tab)
    assert not test.exception
    assert not test.error


def test_only_the_open_tab_is_computed(page: Page, lived_in: World) -> None:
    risk = opened(page, lived_in, "sample-us-wealth-13f", "Risk")
    assert any("correlations" in alt for alt in charts(risk))
    assert not any("Treemap" in alt for alt in charts(risk))
    assert "Allocation" not in said(risk)


def test_charts_come_with_the_same_as_a_table(page: Page, lived_in: World) -> None:
    test = opened(page, lived_in, "sample-us-wealth-13f", "Performance")
    tables = [one for one in test.expander if one.label == "The same as a table"]
    assert len(tables) == len(charts(test)) == 4


def test_a_portfolio_shows_its_facts_with_definition_and_origin(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    test = opened(page, world, portfolio_id)
    assert "Holdings: 4" in said(test)
    assert "Concentration (HHI)" in column(test, "metric")
    assert all(column(test, "definition"))
    assert {word for badges in column(test, "badge") for word in badges} <= {"real", "derived", "simulated"}  # type: ignore[attr-defined]
    assert "Apple Inc." in column(test, "issuer")


def test_a_fact_that_could_not_be_computed_carries_its_reason(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    test = opened(page, world, portfolio_id, "Risk")
    assert any("Volatility" in str(names) for names in column(test, "Figures"))
    assert all(column(test, "Why"))


def test_rules_are_told_as_n_of_m_with_breaches_in_full(page: Page, lived_in: World) -> None:
    test = opened(page, lived_in, "sample-eu-ucits-over-limit", "Rules")
    found = lived_in.app.compliance.check(LOCAL, "sample-eu-ucits-over-limit")
    kept, assessed = found.kept
    assert kept < assessed
    assert f"Rules kept: {kept} of {assessed}" in said(test)
    assert "ASML" in said(test)
    assert column(test, "status")[0] == ["breach"]
    assert len(column(test, "rule")) == len(found.results)


def test_articles_that_were_not_checked_stand_below_and_trades_on_paper_move_rules(page: Page, lived_in: World) -> None:
    test = opened(page, lived_in, "sample-eu-ucits-over-limit", "Rules")
    checked, whole = lived_in.app.compliance.check(LOCAL, "sample-eu-ucits-over-limit").articles_checked
    assert f"Articles checked: {checked} of {whole}" in said(test)
    assert "56(2)" in column(test, "Article")
    test.text_area(key="rules_trades").set_value("SELL 3000000 EUR ASML.AS").run()
    assert "No issuer above 10 %" in column(test, "Rule that moves")
    assert all(one for one in column(test, "After"))
    test.text_area(key="rules_trades").set_value("SELL 1 <b>").run()
    assert "neither held nor in the instruments register" in said(test)
    test.text_area(key="rules_trades").set_value("SELL 1000 EUR ASML.AS\nSELL 5 NOWHERE").run()
    assert "Trade 2, 'SELL 5 NOWHERE'" in said(test)


def test_room_drift_and_the_past_of_breaches_stand_below_the_rules(page: Page, lived_in: World) -> None:
    test = opened(page, lived_in, "sample-eu-ucits-at-limit", "Rules")
    outlook = lived_in.app.compliance.outlook(LOCAL, "sample-eu-ucits-at-limit")
    assert outlook.next is not None
    test.session_state["rules_room"] = test.session_state["rules_past"] = True
    test.run()
    assert f"in {outlook.next.days} trading day" in said(test)
    assert "not what will happen" in said(test)
    assert len(column(test, "Beyond the limit, if drift went on")) >= len(outlook.drifts)
    assert "No rule was breached on the one stored day" in said(test)


def test_a_newer_day_is_offered_beside_the_older_one_and_stands_in_the_address(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    world.import_text("family.csv", POSITIONS.replace("2026-10-30", "2026-11-20"))
    test = opened(page, world, portfolio_id)
    day = test.selectbox(key="portfolio_day")
    assert list(day.options) == ["20 Nov 2026", "30 Oct 2026"]
    day.set_value(day.options[1]) if isinstance(day.value, str) else day.select_index(1)
    test.run()
    assert "as of 30 Oct 2026" in said(test)
    assert test.query_params["day"] == "2026-10-30"
    linked = opened(page, world, portfolio_id, "History", day="2026-10-30")
    assert "as of 30 Oct 2026" in said(linked)
    assert column(linked, "Day") == ["20 Nov 2026", "30 Oct 2026"]


@pytest.mark.parametrize("day", ["2020-01-01", "yesterday", "<b>"])
def test_a_day_that_is_not_stored_leads_to_the_newest_with_a_word(page: Page, world: World, day: str) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    test = opened(page, world, portfolio_id, day=day)
    assert "the newest is shown" in said(test)
    assert "as of 30 Oct 2026" in said(test)


def test_an_unknown_portfolio_is_said_to_be_none(page: Page, world: World) -> None:
    test = opened(page, world, "nobody")
    assert not test.exception
    assert "There is no portfolio 'nobody'" in said(test)


def test_a_hostile_name_is_shown_as_it_is(page: Page, world: World) -> None:
    hostile = "![x](https://evil.example/x.png) <b>:red[A]</b>"
    portfolio_id = world.import_text("family.csv", POSITIONS.replace("Family", hostile))
    test = opened(page, world, portfolio_id)
    assert not test.exception
    title = test.title[0].value
    assert "![" not in title
    assert "<b>" not in title
    assert ":red[" not in title


def test_the_history_hands_out_a_pack_that_makes_the_figures_again(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    name, content = taken(opened(page, world, portfolio_id, "History"), "Download as ZIP")
    assert name == f"{portfolio_id}-2026-10-30-replication.zip"
    with zipfile.ZipFile(BytesIO(content)) as archive:
        files = {one.partition("/")[2] for one in archive.namelist()}
    assert {"replicate.py", "MANIFEST.json", "README.txt", "inputs/snapshot.json", "expected/figures.json"} <= files


def test_earlier_analyses_lead_to_their_run(page: Page, lived_in: World) -> None:
    test = opened(page, lived_in, "sample-us-60-40", "History")
    assert "Earlier analyses" in said(test)
    assert "No run has analysed" not in said(test)


@EACH
def test_a_viewer_sees_every_tab_and_nothing_to_change(world: World, page: Page, tab: str) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    page(world, "portfolios")
    with viewing(world, "detail", portfolio_id, portfolio_tab=tab) as test:
        assert not test.exception
        assert "Total value" in said(test)
        assert not test.button
        assert not test.text_input
