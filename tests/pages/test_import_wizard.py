"""Import: a table whose columns nobody knows yet."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from core.domain.actor import LOCAL
from core.intake.transactions.moments import DayOrder
from dashboard.portfolio import imports
from tests.pages.conftest import Page
from tests.pages.reading import button, column, said
from tests.pages.test_portfolio_import import importing
from tests.pages.world import POSITIONS, World

GERMAN = """ISIN;Bezeichnung;Stück/Nominale;Kurs;Whg.;Kurswert
US0378331005;Apple Inc.;10;250,00;USD;2.500,00
DE0007164600;SAP SE;20;200,50;EUR;4.010,00
"""
UNCLEAR = """Papier,Wo,Wieviel,Wert heute
AAPL,Bank A,10,2500
MSFT,Bank B,5,soon
SAP,Bank A,5,1000
"""


def unescaped(test: AppTest) -> str:
    """What the page says, without the signs that keep foreign text from being read as Markdown."""
    return said(test).replace("\\", "")


def box(test: AppTest, label: str):  # type: ignore[no-untyped-def]  # AppTest's elements have no public type
    """The select box of a field."""
    return next(one for one in test.selectbox if str(one.label).startswith(label))


def test_a_table_is_guessed_shown_kept_and_remembered(page: Page, world: World) -> None:
    test = importing(page, world, "depot.csv", GERMAN)
    assert not test.exception
    assert "Which column is which in depot.csv?" in said(test)
    assert box(test, "Market value").value == 5
    assert "1 portfolio, 2 good rows" in said(test)
    assert "Kurswert → Market value" in test.dataframe[0].value.columns
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
    assert not again.exception
    assert box(again, "Market value").value == 5
    assert "quantity × price = value in 2 of 2 rows" in unescaped(again).lower()
    box(again, "Name").set_value(0)
    again.run()
    assert "Changed by hand: Name: ISIN instead of Bezeichnung" in unescaped(again)
    button(again, "Keep 1 portfolio").click()
    again.run()
    (kept,) = world.app.imports.mappings(LOCAL)
    assert kept.mapping.place("name") == 0


OURS = """Total value,USD,41.00
symbol,quantity,price,currency,market_value,date
A,2,10.50,USD,21.00,03/04/2026
B,3,7,USD,21,03/04/2026
"""


def test_a_file_shows_its_header_row_its_totals_and_what_each_decision_rests_on(page: Page, world: World) -> None:
    test = importing(page, world, "ours.csv", OURS.replace("03/04", "30/04"))
    assert not test.exception
    words = unescaped(test)
    assert "row 2" in words
    assert "Its header is a column of the template" in words
    assert "'30/04/2026' can only be read so" in words
    totals = next(table.value for table in test.dataframe if "The file states" in table.value.columns)
    assert list(totals["Stated"]) == ["USD 41.00"]
    assert list(totals["Read"]) == ["USD 42.00"]
    assert list(totals["Result"]) == ["differs by +1.00"]


def test_one_box_answers_what_the_file_leaves_open_and_one_button_takes_it_back(page: Page, world: World) -> None:
    test = importing(page, world, "ours.csv", OURS)
    assert not any(one.label.startswith("Keep") for one in test.button)
    box(test, "Days are written").set_value(DayOrder.DAY_FIRST)
    test.run()
    assert not test.exception
    assert "Changed by hand: Days are written: day first" in unescaped(test)
    assert "1 portfolio, 2 good rows" in said(test)
    button(test, "As the file says").click()
    test.run()
    assert "Changed by hand" not in said(test)
    assert box(test, "Days are written").value is DayOrder.UNKNOWN


def test_a_table_that_is_refused_can_be_read_another_way(page: Page, world: World) -> None:
    rows = "".join(
        f"{name},{units},10.00,EUR,{units * 12:.2f},{units * 10}\n" for name, units in (("A", 10), ("B", 20), ("C", 35))
    )
    test = importing(
        page, world, "rates.csv", f"symbol,quantity,price,currency,Worth,x\n{rows}".replace("Worth", "Value")
    )
    assert not test.exception
    assert "seem to stand in another currency" in " ".join(column(test, "What is wrong, and what to do"))
    next(one for one in test.checkbox if one.label.startswith("Read it by these columns")).check()
    test.run()
    assert not test.exception
    assert "1 portfolio, 3 good rows" in said(test)


def test_of_many_files_one_is_looked_into(page: Page, world: World) -> None:
    test = page(world, "portfolios")
    test.session_state[imports.TAB_KEY] = "Import"
    test.run()
    files = [(f"list-{number}.csv", POSITIONS.replace("Family", f"Family {number}").encode(), "text/csv")
             for number in range(4)]  # fmt: skip
    for file in files:
        test.get("file_uploader")[0].upload(*file)
    test.run()
    assert not test.exception
    assert "4 portfolios, 16 good rows" in said(test)
    assert len([one for one in test.number_input if one.label == "Header in row"]) == 1


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
