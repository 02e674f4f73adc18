"""Overview: where to begin, what runs, what waits."""

from __future__ import annotations

from core.domain.actor import LOCAL
from tests.pages.conftest import Page
from tests.pages.reading import button, said
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
    assert any("0 of 1 requests" in bar.text.replace("\\", "") for bar in test.get("progress"))
