"""Overview: where to begin, what runs, what waits."""

from __future__ import annotations

from decimal import Decimal

from streamlit.testing.v1 import AppTest

from core.domain.actor import LOCAL, Actor, Role
from core.domain.alert import AlertKind
from core.domain.oversight import BudgetLine
from core.domain.records import Spend
from core.storage.store import Store
from dashboard.run import charts as run_charts
from dashboard.widgets import charts
from tests.pages.conftest import Page
from tests.pages.reading import button, column, said
from tests.pages.world import POSITIONS, World


def test_the_first_visit_explains_three_steps(page: Page, world: World) -> None:
    words = said(page(world))
    for step in ("1 · Bring portfolios in", "2 · Prepare an analysis", "3 · Read what came back"):
        assert step in words


def test_samples_are_loaded_with_one_click(page: Page, world: World) -> None:
    test = page(world)
    button(test, "Load sample portfolios").click()
    test.run()
    assert not test.exception
    assert world.app.portfolios.count(LOCAL) >= 12
    assert "Overview" in said(test)


def test_figures_carry_their_denominators(page: Page, lived_in: World) -> None:
    words = said(page(lived_in))
    assert "Finished runs: 2" in words
    assert "1 partial among them" in words
    assert "of 78 that ended" in words
    assert "no monthly budget is set" in words


def test_what_waits_for_a_person_is_named_with_its_cause(page: Page, lived_in: World) -> None:
    words = said(page(lived_in))
    assert "needs you" in words
    assert "quota" in words


def test_a_submitted_run_is_shown_in_progress(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    world.submit()
    test = page(world)
    assert not test.exception
    assert any("0 of 1 requests" in str(bar.text).replace("\\", "") for bar in test.get("progress"))


def alert(world: World, kind: AlertKind, subject: str) -> None:
    store = Store(world.app.settings.database_url)
    store.alerts.raise_(kind, subject, "It was said once.", at=world.app.now())
    store.close()


def test_what_needs_a_person_comes_before_every_figure(page: Page, lived_in: World) -> None:
    words = said(page(lived_in))
    assert words.index("Needs you") < words.index("Active runs")
    assert "Open the run, repair the cause, and send it again." in words
    assert "ended without an analysis" in words


def test_nothing_waits_in_a_quiet_installation(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    assert "Nothing waits for you." in said(page(world))


def test_an_alert_about_something_past_is_dismissed_by_whoever_may(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    alert(world, AlertKind.STRAY, f"{world.submit()}.0")
    test = page(world)
    assert "stray line" in said(test)
    button(test, "Dismiss").click()
    test.run()
    assert not test.exception
    assert world.app.oversight.notices(LOCAL) == []


def test_an_alert_about_something_that_goes_on_cannot_be_dismissed(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    alert(world, AlertKind.LATE, f"{world.submit()}.0")
    test = page(world)
    assert "late" in said(test)
    assert not any(one.label == "Dismiss" for one in test.button)


def test_a_late_run_is_marked_beside_its_bar(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    alert(world, AlertKind.LATE, f"{world.submit()}.0")
    assert any(":material/schedule: late" in bar.text for bar in page(world).get("progress"))


def test_a_viewer_is_offered_nothing_to_dismiss(world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    alert(world, AlertKind.BUDGET, "month 2020-01 80 %")

    # AppTest takes the source alone, where no name of this module is known.
    def script(app, actor):  # type: ignore[no-untyped-def]
        from dashboard.overview import page as overview

        overview.attention(app, actor)

    viewer = Actor("eve", "Eve", frozenset({Role.VIEWER}))
    for actor, labels in ((viewer, []), (LOCAL, ["Dismiss"])):
        test = AppTest.from_function(script, args=(world.app, actor), default_timeout=30).run()
        assert not test.exception
        assert [one.label for one in test.button] == labels


def test_results_carry_the_share_of_their_numbers_that_held(page: Page, lived_in: World) -> None:
    test = page(lived_in)
    shares = [share for share in column(test, "verified") if share is not None]
    assert len(shares) == 2
    assert all(0 < share <= 1 for share in shares)  # type: ignore[operator]
    assert all(" of " in str(numbers) for numbers in column(test, "numbers"))


def test_a_budgets_bar_shows_its_marks_and_goes_past_the_limit() -> None:
    line = BudgetLine("Everybody", Decimal(10), Spend(Decimal(9), Decimal(6), 3), (50, 80, 100))
    figure = run_charts.budgets([line], charts.palette(dark=False))
    assert [trace.x for trace in figure.data] == [(0.9,), (0.6,)]
    assert list(figure.layout.xaxis.ticktext) == ["50 %", "80 %", "100 %"]
    assert figure.layout.xaxis.range[1] > line.share == 1.5
