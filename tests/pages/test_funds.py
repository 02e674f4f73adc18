"""Fund holdings on the Data page, and a portfolio with its funds looked through."""

from __future__ import annotations

from core.domain.actor import LOCAL
from tests.pages.conftest import Page
from tests.pages.reading import button, column, said
from tests.pages.test_data import upload
from tests.pages.world import POSITIONS, World
from tests.unit.funds.making import nport, security

VOO, BND = "US9229083632", "US9219378356"
WORLD_FUND = nport(
    security("Apple Inc", "600", isin="US0378331005"), security("Brewery", "300", country="GB"), cash="100"
)
BONDS = nport(security("Treasury", "1000", kind="DBT", issuer="UST"), series="S000000002", name="Invented Bonds")


def test_a_filing_comes_in_on_the_page_and_its_portfolio_is_looked_through(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    test = page(world, "data", tab="Funds")
    assert "Nothing is known of what funds hold" in said(test)
    for data, code in ((WORLD_FUND, VOO), (BONDS, BND)):
        upload(test, "primary_doc.xml", data)
        next(one for one in test.text_input if "new_codes" in str(one.key)).input(code)
        button(test, "Keep 1 file").click()
        test.run()
        assert not test.exception
        assert "1 fund kept" in said(test)
    assert column(test, "Coverage") == ["100.00 %"] * 2
    assert column(test, "Known as") == [BND, VOO]

    shown = page(world, "portfolios", portfolio=portfolio_id, portfolio_tab="Funds")
    assert not shown.exception
    assert "Looked through: 100.0 % of the funds' value, by reports of 2026-10-30." in said(shown)
    assert column(shown, "Holdings of") == ["30 Oct 2026"] * 2
    assert next(chart.proto.alt for chart in shown.get("plotly_chart")).startswith(
        "Largest issuers by weight, funds looked through: Apple"
    )
    one = page(world, "data", tab="Funds", fund="S000000001")
    assert column(one, "Name")[:2] == ["Apple Inc", "Brewery"]
    assert "cover 100.00 % of net assets" in said(one)


def test_a_file_that_is_no_report_is_refused_on_the_page(page: Page, world: World) -> None:
    test = page(world, "data", tab="Funds")
    upload(test, "x.csv", "a,b\n1,2\n")
    button(test, "Keep 1 file").click()
    test.run()
    assert "is no report of what a fund holds" in str(column(test, "What is wrong, and what to do"))


def test_too_little_is_said_and_not_drawn(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    reading = world.app.funds.inspect(LOCAL, "f.xml", BONDS)
    world.app.funds.keep(LOCAL, reading, [BND])
    test = page(world, "portfolios", portfolio=portfolio_id, portfolio_tab="Funds")
    assert "Too little is looked through" in said(test)
    assert "nothing is known of what it holds" in str(column(test, "Not looked through because"))
    assert not test.exception
