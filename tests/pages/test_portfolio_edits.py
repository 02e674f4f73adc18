"""Portfolios are changed on their page: lines, details, disagreements with the register; with undo and refusals."""

from __future__ import annotations

from decimal import Decimal

from streamlit.testing.v1 import AppTest

from core.domain.actor import LOCAL
from core.domain.portfolio import Holding
from dashboard.portfolio.head import read_benchmark
from tests.pages.conftest import Page
from tests.pages.portfolio_pages import CONFLICTING
from tests.pages.reading import button, column, said
from tests.pages.world import POSITIONS, World


def choose(test: AppTest, holding_id: str) -> AppTest:
    """Open a holding's form."""
    return test.selectbox(key="holding_chosen").set_value(holding_id).run()


def field(test: AppTest, name: str) -> str:
    """The key of a field of the form of a line that is open."""
    return next(one.key for one in test.text_input if str(one.key).startswith("line_") and str(one.key).endswith(name))


def fill(test: AppTest, **values: str) -> AppTest:
    """Type into the form of a line."""
    for name, value in values.items():
        test.text_input(key=field(test, f"_{name}")).set_value(value)
    return test


def press(test: AppTest, label: str) -> AppTest:
    """Click a button."""
    button(test, label).click()
    return test.run()


def line(world: World, portfolio_id: str, symbol: str) -> Holding | None:
    """A stored line."""
    holdings = world.app.portfolios.get(LOCAL, portfolio_id).holdings
    return next((one for one in holdings if one.symbol == symbol), None)


def test_a_line_is_changed_and_the_day_has_a_new_revision(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    test = choose(page(world, "portfolios", portfolio=portfolio_id), "AAPL")
    press(fill(test, quantity="40"), "Save changes")
    changed = line(world, portfolio_id, "AAPL")
    assert changed is not None
    assert (changed.quantity, changed.market_value) == (Decimal(40), Decimal(10000))
    assert "revision 2" in said(test)
    assert "USD 28,210" in said(test)
    test = page(world, "portfolios", portfolio=portfolio_id, portfolio_tab="History")
    assert column(test, "What") == ["Changed quantity of AAPL", "Import"]


def test_what_is_wrong_is_said_below_its_field_and_nothing_is_saved(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    test = choose(page(world, "portfolios", portfolio=portfolio_id), "AAPL")
    press(fill(test, quantity="ten", isin="US0"), "Save changes")
    faults = [one.value for one in test.markdown if str(one.value).startswith(":red[")]
    assert len(faults) == 2
    assert "ISIN" in faults[0]
    assert "not a number" in faults[1]
    assert world.app.editor.open(LOCAL, portfolio_id).revision == 1
    press(fill(test, quantity="31", isin="US0378331005"), "Save changes")
    assert world.app.editor.open(LOCAL, portfolio_id).revision == 2


def test_a_line_is_added_and_taken_back_and_added_again(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    test = press(page(world, "portfolios", portfolio=portfolio_id), "Add a holding")
    press(fill(test, symbol="NESN.SW", currency="CHF", market_value="900"), "Add holding")
    added = line(world, portfolio_id, "NESN.SW")
    assert added is not None
    assert not test.exception
    press(test, "Undo")
    assert line(world, portfolio_id, "NESN.SW") is None
    press(test, "Redo")
    assert line(world, portfolio_id, "NESN.SW") == added
    assert button(test, "Redo").disabled


def test_a_new_line_without_what_is_needed_says_so(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    test = press(page(world, "portfolios", portfolio=portfolio_id), "Add a holding")
    press(test, "Add holding")
    assert "nothing to save" in said(test)
    press(fill(test, name="Nameless"), "Add holding")
    assert any(str(one.value).startswith(":red[") for one in test.markdown) or test.error
    assert world.app.editor.open(LOCAL, portfolio_id).revision == 1


def test_a_line_is_deleted_only_after_a_question(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    test = choose(page(world, "portfolios", portfolio=portfolio_id), "BND")
    assert "Delete BND? Undo brings it back." in said(test).replace("**", "")
    press(test, "Delete it")
    assert line(world, portfolio_id, "BND") is None
    assert "Holdings: 3" in said(test)
    assert test.selectbox(key="holding_chosen").value is None


def test_an_edit_of_what_somebody_else_changed_is_refused_and_says_who_did_what(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    test = choose(page(world, "portfolios", portfolio=portfolio_id), "AAPL")
    world.app.editor.change_line(LOCAL, portfolio_id, "BND", {"quantity": "60"}, expected=1)
    press(fill(test, quantity="40"), "Save changes")
    assert "Changed by somebody else meanwhile" in said(test)
    assert "Changed quantity of BND" in said(test)
    assert "your edit was made from revision 1" in said(test)
    kept = line(world, portfolio_id, "AAPL")
    assert kept is not None
    assert kept.quantity == 30
    press(test, "Look at it again")
    press(fill(test, quantity="40"), "Save changes")
    both = [line(world, portfolio_id, symbol) for symbol in ("AAPL", "BND")]
    assert [one.quantity for one in both if one] == [40, 60]


def test_an_undo_of_what_is_not_on_the_screen_is_refused(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    world.app.editor.change_line(LOCAL, portfolio_id, "BND", {"quantity": "60"}, expected=1)
    test = page(world, "portfolios", portfolio=portfolio_id)
    world.app.editor.change_line(LOCAL, portfolio_id, "BND", {"quantity": "70"}, expected=2)
    press(test, "Undo")
    assert "was changed by somebody else meanwhile" in said(test)
    assert world.app.editor.open(LOCAL, portfolio_id).revision == 3


def test_details_are_changed_in_place(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    test = press(page(world, "portfolios", portfolio=portfolio_id), "Edit details")
    key = f"head_{portfolio_id}_2026-10-30_1"
    test.text_input(key=f"{key}_name").set_value("Family trust")
    test.text_input(key=f"{key}_benchmark").set_value("VOO 60, BND 40")
    test.multiselect(key=f"{key}_regimes").set_value(["finra"])
    test.multiselect(key=f"{key}_tags").set_value(["core", "Q4 review"])
    test.multiselect(key=f"{key}_groups").set_value(["Families"])
    press(test, "Save details")
    assert not test.exception
    changed = world.app.portfolios.get(LOCAL, portfolio_id)
    assert (changed.name, changed.regimes) == ("Family trust", ("finra",))
    assert dict(changed.benchmark) == {"VOO": Decimal("0.6"), "BND": Decimal("0.4")}
    (row,) = world.app.portfolios.page(LOCAL)
    assert (row.tags, row.groups) == (("core", "q4-review"), ("Families",))
    assert test.title[0].value == "Family trust"
    assert "Save details" not in [one.label for one in test.button]


def test_a_benchmark_that_does_not_add_up_is_said_below_its_field(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    test = press(page(world, "portfolios", portfolio=portfolio_id), "Edit details")
    test.text_input(key=f"head_{portfolio_id}_2026-10-30_1_benchmark").set_value("VOO 60, BND 30")
    press(test, "Save details")
    assert "add up to 90" in said(test)
    assert world.app.editor.open(LOCAL, portfolio_id).revision == 1
    press(test, "Cancel")
    assert "Save details" not in [one.label for one in test.button]


def test_benchmarks_are_typed_as_they_are_shown() -> None:
    assert read_benchmark("VTI 60 %, BND 40 %") == {"VTI": "60", "BND": "40"}
    assert read_benchmark("BRK B 50; BND 50") == {"BRK B": "50", "BND": "50"}
    assert read_benchmark("VTI") == {"VTI": "100"}
    assert read_benchmark("VTI 60, BND") == {"VTI": "60", "BND": ""}
    assert read_benchmark("  ") == {}


def test_a_disagreement_with_the_register_shows_both_values_and_takes_a_choice(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", CONFLICTING)
    test = page(world, "portfolios", portfolio=portfolio_id)
    assert column(test, "The file says") == ["Orange Growers Cooperative"]
    assert column(test, "The register says") == ["Apple Inc."]
    press(test, r"Take \'Apple Inc\.\' from the register")
    taken = line(world, portfolio_id, "AAPL")
    assert taken is not None
    assert taken.name == "Apple Inc."
    assert not world.app.register.describe(LOCAL, portfolio_id).conflicts
    assert "Differs from the register" not in said(test)


def test_the_register_can_be_corrected_by_what_the_file_says(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", CONFLICTING)
    test = page(world, "portfolios", portfolio=portfolio_id)
    press(test, r"\'Orange Growers Cooperative\' is right\: correct the register")
    found = world.app.register.find(LOCAL, isin="US0378331005")
    assert found is not None
    assert found.name == "Orange Growers Cooperative"
    assert world.app.editor.open(LOCAL, portfolio_id).revision == 1
    assert "Differs from the register" not in said(test)
