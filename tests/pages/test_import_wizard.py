"""Import: a table whose columns nobody knows yet."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from core.domain.actor import LOCAL
from tests.pages.conftest import Page
from tests.pages.reading import button, said
from tests.pages.test_portfolio_import import importing
from tests.pages.world import World

GERMAN = """ISIN;Bezeichnung;Stück/Nominale;Kurs;Whg.;Kurswert
US0378331005;Apple Inc.;10;250,00;USD;2.500,00
DE0007164600;SAP SE;20;200,50;EUR;4.010,00
"""
UNCLEAR = """Papier,Wo,Wieviel,Wert heute
AAPL,Bank A,10,2500
MSFT,Bank B,5,soon
SAP,Bank A,5,1000
"""


def box(test: AppTest, label: str):  # type: ignore[no-untyped-def]  # AppTest's elements have no public type
    """The select box of a field."""
    return next(one for one in test.selectbox if str(one.label).startswith(label))


def test_a_table_is_guessed_shown_kept_and_remembered(page: Page, world: World) -> None:
    test = importing(page, world, "depot.csv", GERMAN)
    assert not test.exception
    assert "Which column is which in depot.csv?" in said(test)
    assert box(test, "Market value").value == 5
    assert "1 portfolio, 2 good rows" in said(test)
    assert "What is wrong" in test.dataframe[0].value.columns
    button(test, "Keep 1 portfolio").click()
    assert "1 portfolio kept" in said(test.run())
    assert world.app.portfolios.page(LOCAL)[0].holdings == 2

    again = importing(page, world, "depot-2026-11-20.csv", GERMAN)
    assert "Which column is which" not in said(again)
    assert "read as remembered for this header" in said(again)


def test_a_mapping_that_is_not_to_be_remembered_is_not(page: Page, world: World) -> None:
    test = importing(page, world, "depot.csv", GERMAN)
    next(one for one in test.checkbox if one.label.startswith("Remember")).uncheck().run()
    button(test, "Keep 1 portfolio").click()
    test.run()
    assert world.app.portfolios.count(LOCAL) == 1
    assert world.app.imports.mappings(LOCAL) == []


def test_what_is_missing_is_asked_for_and_problems_stand_beside_their_rows(page: Page, world: World) -> None:
    test = importing(page, world, "mine.csv", UNCLEAR)
    assert not test.exception
    assert "No column is the currency" in said(test)
    assert not any(one.label.startswith("Keep") for one in test.button)
    for field, place in (("Symbol", 0), ("Account", 1), ("Quantity", 2), ("Market value", 3)):
        box(test, field).set_value(place)
    next(one for one in test.text_input if one.label == "Currency of all rows").set_value("EUR")
    test.run()
    assert "2 portfolios, 2 good rows" not in said(test)
    assert "Found: 1 portfolio, 2 good rows" in said(test)
    rows = next(table.value for table in test.dataframe if "What is wrong" in table.value.columns)
    assert [bool(cell) for cell in rows["What is wrong"]] == [False, True, False]
    button(test, "Keep the 2 good rows").click()
    test.run()
    assert world.app.portfolios.page(LOCAL)[0].holdings == 2


def test_a_remembered_mapping_can_be_changed(page: Page, world: World) -> None:
    test = importing(page, world, "depot.csv", GERMAN)
    button(test, "Keep 1 portfolio").click()
    test.run()
    again = importing(page, world, "depot.csv", GERMAN)
    next(one for one in again.button if "Change the columns" in one.label).click()
    again.run()
    assert not again.exception
    assert box(again, "Market value").value == 5


def test_a_list_of_transactions_is_warned_about(page: Page, world: World) -> None:
    text = "Datum;Typ;ISIN;Stück;Kurs;Währung\n2026-01-02;Kauf;US0378331005;1;250;USD\n"
    test = importing(page, world, "deals.csv", text)
    assert not test.exception
    assert "looks like a list of transactions" in said(test)


def test_a_discarded_table_is_forgotten(page: Page, world: World) -> None:
    test = importing(page, world, "depot.csv", GERMAN)
    button(test, "Discard").click()
    test.run()
    assert "Which column is which" not in said(test)
    assert world.app.imports.mappings(LOCAL) == []


def test_hostile_headers_are_shown_as_they_are(page: Page, world: World) -> None:
    test = importing(page, world, "![x](http://evil.example).csv", GERMAN.replace("Bezeichnung", ":red[A] ![x](y)"))
    assert not test.exception
    assert not any("![" in str(one.value) for one in test.markdown)


CLIENT = """<client><version>60</version><baseCurrency>EUR</baseCurrency><securities><security><uuid>s</uuid>
<name>Apple</name><currencyCode>USD</currencyCode><tickerSymbol>AAPL</tickerSymbol><prices>
<price t="2026-10-29" v="11000000000"/><price t="2026-10-30" v="12000000000"/></prices></security></securities>
<accounts/><portfolios><portfolio><uuid>p</uuid><name>Depot</name><transactions><portfolio-transaction>
<date>2026-09-01</date><currencyCode>USD</currencyCode><amount>100000</amount>
<security reference="../../../../../securities/security"/><shares>1000000000</shares><type>DELIVERY_INBOUND</type>
</portfolio-transaction></transactions></portfolio></portfolios></client>"""


def test_price_histories_of_a_program_are_announced_and_kept(page: Page, world: World) -> None:
    test = importing(page, world, "client.xml", CLIENT)
    assert not test.exception
    assert "2 daily closes will be kept" in said(test)
    button(test, "Keep 1 portfolio").click()
    assert "brought 2 new daily closes of 1 symbols" in said(test.run())
    assert [row.symbol for row in world.app.prices.rows(LOCAL)] == ["AAPL"]
