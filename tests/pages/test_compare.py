"""Compare: two runs of one analysis side by side."""

from __future__ import annotations

from core.desk.sets import SetWish
from core.domain.actor import LOCAL
from core.domain.analysis import AnalysisRequest, Kind, Variant
from core.domain.job import JobState
from tests.local_provider import LocalProvider
from tests.pages.conftest import Page
from tests.pages.kinds import Kinds
from tests.pages.reading import column, said
from tests.pages.world import POSITIONS, World, opened


def test_without_two_runs_the_page_says_what_it_takes(page: Page, world: World) -> None:
    assert "Nothing to compare yet" in said(page(world, "compare"))


def test_a_link_to_two_runs_opens_them_with_agreement_and_its_denominator(page: Page, every_kind: Kinds) -> None:
    base, new = every_kind.true[Kind.RISK], every_kind.slipped[Kind.RISK]
    test = page(every_kind.world, "compare", base=base, new=new)
    assert not test.exception
    words = said(test)
    assert "Same grade: 100.0 %" in words
    assert "Answered by both: 3 of 3" in words
    assert "None: every grade is the same in both runs." in words


def test_only_what_was_asked_differently_is_listed(page: Page, every_kind: Kinds) -> None:
    world = every_kind.world
    ids = world.app.jobs.get(LOCAL, every_kind.true[Kind.RISK]).request.portfolio_ids
    new = world.submit(ids, variant=Variant.CONSERVATIVE, model="gpt-5.4-nano")
    world.work()
    test = page(world, "compare", base=every_kind.true[Kind.RISK], new=new)
    assert {"Model", "Variant", "Profile"} <= set(map(str, column(test, "")))
    assert "Prompt" not in column(test, "")
    assert "other settings the same" in said(test)


def test_a_verified_number_has_a_price_on_both_sides(page: Page, every_kind: Kinds) -> None:
    base, new = every_kind.true[Kind.RISK], every_kind.slipped[Kind.RISK]
    test = page(every_kind.world, "compare", base=base, new=new)
    tables = [table.value for table in test.dataframe if "Price of 1,000 numbers that hold" in list(table.value[""])]
    (numbers,) = tables
    row = numbers[numbers[""] == "Price of 1,000 numbers that hold"].iloc[0]
    assert row["Before"].startswith("$")
    assert row["After"] != row["Before"]


def test_changed_verdicts_are_listed_with_both_grades(page: Page, world: World) -> None:
    with LocalProvider(world.home / "provider") as provider, opened(world.home, provider.base_url, provider) as live:
        live.import_text("family.csv", POSITIONS)
        base = live.submit()
        live.work()
        # The account as it was put into bonds on the same day: the stand-in goes by the figures alone.
        calm = POSITIONS.replace("VOO,US9229083632,Vanguard S&P 500 ETF,equity_fund", "BND2,,Bonds two,bond_fund")
        live.import_text("family.csv", calm.replace("AAPL,US0378331005,Apple Inc.,equity", "BND3,,Bonds,bond_fund"))
        new = live.submit()
        live.work()
        before, after = (live.app.jobs.items(LOCAL, job_id)[0].level for job_id in (base, new))
        assert before != after
        test = page(live, "compare", base=base, new=new)
        assert not test.exception
        assert column(test, "Portfolio") == ["Family"]
        assert [column(test, name)[0] for name in ("Headline before", "Headline after")]
        assert "Changed: 1" in said(test)
        test.session_state["compare_changed_open"] = 0
        test.run()
        assert test.query_params["run"] in (new, [new])


def test_two_analyses_are_not_compared_and_the_reason_is_said(page: Page, every_kind: Kinds) -> None:
    base, new = every_kind.true[Kind.RISK], every_kind.true[Kind.ALLOCATION]
    test = page(every_kind.world, "compare", base=base, new=new)
    assert not test.exception
    # The second list has runs of the first one's analysis only, so another one is taken and stands in the address.
    taken = test.query_params["new"]
    assert every_kind.world.app.jobs.get(LOCAL, taken if isinstance(taken, str) else taken[0]).row.kind is Kind.RISK


def test_an_unknown_run_is_named(page: Page, every_kind: Kinds) -> None:
    test = page(every_kind.world, "compare", base=every_kind.true[Kind.RISK], new="261126-000000-nothing")
    assert not test.exception
    assert "261126-000000-nothing" in said(test)


def test_a_group_in_the_address_narrows_the_comparison(page: Page, every_kind: Kinds) -> None:
    base, new = every_kind.true[Kind.RISK], every_kind.slipped[Kind.RISK]
    words = said(page(every_kind.world, "compare", base=base, new=new, compare_group="Limits"))
    assert "Answered by both: 2 of 2" in words


def test_a_set_of_two_models_is_compared_by_its_id(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    ids = tuple(world.app.portfolios.ids(LOCAL))
    wish = SetWish((Kind.RISK,), ("gpt-5.4-mini", "gpt-5.4-nano"), AnalysisRequest(Kind.RISK, ids, "gpt-5.4-mini"))
    made = world.app.sets.submit(LOCAL, wish)
    assert made.job_set is not None
    pair = world.app.comparing.pair_of(LOCAL, made.job_set.set_id)
    assert pair is not None
    assert {row.model for row in pair} == {"gpt-5.4-mini", "gpt-5.4-nano"}
    assert all(row.state is JobState.QUEUED for row in pair)
    assert "No portfolio has an answer in both runs" in said(page(world, "compare", set=made.job_set.set_id))
