"""Trying one: streamed into the database by a worker, with tools, checked, priced, reserved, cancelled, lost."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from core.app import App, build
from core.domain.actor import LOCAL, Actor, Role
from core.domain.analysis import AnalysisRequest, Endpoint, Kind, ResultStatus, UsageFrom, Variant
from core.domain.tools import WEB_SEARCH
from core.domain.trial import Try, TryState
from core.errors import AlreadyOpen, BadInput, NotFound, NotPermitted, OverBudget, Refused
from core.llm.pricing import cost, price
from core.settings import load
from core.storage.store import Store
from core.worker.single_try import TryRunner, has_ended
from tests.local_provider import LocalProvider

TOOLS = ("risk_calculator", "correlation_analyzer")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalProvider]:
    with LocalProvider(tmp_path_factory.mktemp("provider")) as server:
        yield server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, server: LocalProvider) -> Path:
    """A data directory with the samples, to be copied by nobody: tries do not change portfolios."""
    return tmp_path_factory.mktemp("home")


def opened(home: Path, server: LocalProvider, **more: str) -> App:
    return build(
        load(
            {
                "MOSYCHLOS_HOME": str(home),
                "OPENAI_BASE_URL": server.base_url,
                "OPENAI_API_KEY": "sk-test",
                "MOSYCHLOS_POLL_SECONDS": "0.05",
                **more,
            }
        )
    )


@pytest.fixture
def app(home: Path, server: LocalProvider) -> Iterator[App]:
    server.set_faults()
    app = opened(home, server)
    if not app.portfolios.count(LOCAL):
        app.portfolios.add_samples(LOCAL)
    yield app
    app.close()


def wish(app: App, **more: Any) -> tuple[AnalysisRequest, str]:
    portfolio_id = app.portfolios.ids(LOCAL)[0]
    kind = more.pop("kind", Kind.RISK)
    return AnalysisRequest(kind, (portfolio_id,), more.pop("model", "gpt-5.4-mini"), **more), portfolio_id


def asked(app: App, *, force: bool = False, **more: Any) -> Try:
    request, portfolio_id = wish(app, **more)
    return app.tries.ask(LOCAL, request, portfolio_id, force=force, again=True)


def until(app: App, try_id: str, found: Callable[[Try], bool], seconds: float = 20) -> Try:
    deadline = time.monotonic() + seconds
    while not found(tried := app.tries.get(LOCAL, try_id)):
        assert time.monotonic() < deadline, tried
        time.sleep(0.02)
    return tried


def worked(app: App, try_id: str) -> Try:
    with closing(app.provider()) as provider:
        runner = TryRunner(app.trier(provider))
        # What other tests have left waiting comes first, a few at a time.
        for _ in range(20):
            runner.sweep()
            runner.wait(30)
            if app.tries.get(LOCAL, try_id).state is not TryState.WAITING:
                break
    return app.tries.get(LOCAL, try_id)


def rows(app: App, sql: str, try_id: str) -> list[Any]:
    store = Store(app.settings.database_url)
    with closing(store), store.database.read() as connection:
        return list(connection.execute(text(sql), {"id": try_id}))


def booked(app: App, try_id: str) -> tuple[Decimal, bool]:
    store = Store(app.settings.database_url)
    with closing(store), store.database.read() as connection:
        row = connection.execute(
            text("SELECT amount_nano, settled FROM commitment WHERE job_id = :id"), {"id": try_id}
        ).one()
    return Decimal(row.amount_nano) / 10**9, bool(row.settled)


def test_a_wish_is_only_stored_and_reserved_until_a_worker_takes_it(app: App, server: LocalProvider) -> None:
    tried = asked(app)
    assert (tried.state, tried.status) == (TryState.WAITING, ResultStatus.PENDING)
    assert server.calls("POST /v1/chat/completions") == 0
    amount, settled = booked(app, tried.try_id)
    assert (amount, settled) == (tried.expected_usd, False)
    worked(app, tried.try_id)


@pytest.mark.parametrize("endpoint", list(Endpoint))
def test_an_answer_comes_in_pieces_and_ends_checked_and_priced(app: App, endpoint: Endpoint) -> None:
    tried = worked(app, asked(app, endpoint=endpoint).try_id)
    assert (tried.state, tried.status, tried.rounds) == (TryState.DONE, ResultStatus.SUCCEEDED, 1)
    assert tried.verification is not None
    assert tried.verification.verified > 10
    assert (tried.verification.mismatched, tried.verification.unsupported) == (0, 0)
    assert tried.analysis is not None
    assert tried.text.startswith("{")
    assert tried.cost_usd is not None
    assert tried.cost_usd > 0
    assert booked(app, tried.try_id) == (tried.cost_usd, True)


@pytest.mark.parametrize("endpoint", list(Endpoint))
def test_tools_are_run_and_their_figures_are_verified_in_the_answer(app: App, endpoint: Endpoint) -> None:
    tried = worked(app, asked(app, endpoint=endpoint, tools=TOOLS).try_id)
    assert (tried.status, tried.rounds) == (ResultStatus.SUCCEEDED, 2)
    uses = app.tries.tool_calls(LOCAL, tried.try_id)
    assert [(use.number, use.round, use.call.name, use.error) for use in uses] == [
        (1, 1, "risk_calculator", ""),
        (2, 1, "correlation_analyzer", ""),
    ]
    assert tried.analysis is not None
    stated = [one["metric_id"] for one in tried.analysis["claims"][-1]["metrics"]]
    assert any(name.startswith("tool.1.") for name in stated)
    assert any(name.startswith("tool.2.") for name in stated)
    assert tried.verification is not None
    assert (tried.verification.mismatched, tried.verification.unsupported) == (0, 0)
    facts = app.tries.facts(LOCAL, tried.try_id)
    assert facts is not None
    assert set(stated) <= set(facts.by_id())


def test_a_bad_call_is_told_to_the_model_which_then_does_better(app: App, server: LocalProvider) -> None:
    server.set_faults({"answers": {"bad_arguments": 1.0}})
    tried = worked(app, asked(app, tools=TOOLS).try_id)
    assert (tried.status, tried.rounds) == (ResultStatus.SUCCEEDED, 3)
    uses = app.tries.tool_calls(LOCAL, tried.try_id)
    assert "cannot be used" in uses[0].error
    assert [use.error for use in uses[1:]] == ["", ""]
    server.set_faults({"answers": {"unknown_tool": 1.0}})
    tried = worked(app, asked(app, tools=TOOLS).try_id)
    assert tried.status is ResultStatus.SUCCEEDED
    assert "There is no tool 'delete_everything'" in app.tries.tool_calls(LOCAL, tried.try_id)[0].error


def test_a_model_that_never_stops_calling_must_answer_in_the_last_round(app: App, server: LocalProvider) -> None:
    server.set_faults({"answers": {"endless_tools": 1.0}})
    tried = worked(app, asked(app, tools=TOOLS).try_id)
    assert (tried.status, tried.rounds) == (ResultStatus.SUCCEEDED, 4)
    errors = [use.error for use in app.tries.tool_calls(LOCAL, tried.try_id)]
    assert len(errors) == 6


def test_searches_are_counted_priced_and_their_pages_kept(app: App) -> None:
    plain = worked(app, asked(app, kind=Kind.MARKET_RESEARCH, endpoint=Endpoint.RESPONSES).try_id)
    tried = worked(app, asked(app, kind=Kind.MARKET_RESEARCH, endpoint=Endpoint.RESPONSES, tools=(WEB_SEARCH,)).try_id)
    assert tried.status is ResultStatus.SUCCEEDED
    (use,) = app.tries.tool_calls(LOCAL, tried.try_id)
    assert (use.call.name, use.cost_usd) == (WEB_SEARCH, Decimal("0.01"))
    assert {one.url for one in app.tries.citations(LOCAL, tried.try_id)} == {
        "https://example.com/markets/review",
        "https://example.org/outlook",
    }
    assert tried.cost_usd is not None
    assert plain.cost_usd is not None
    assert tried.cost_usd - plain.cost_usd > Decimal("0.01")


def test_a_refusal_and_a_cut_answer_end_as_in_a_batch(app: App, server: LocalProvider) -> None:
    for fault, status in (("refused", ResultStatus.REFUSED), ("cut", ResultStatus.TRUNCATED)):
        server.set_faults({"answers": {fault: 1.0}})
        tried = worked(app, asked(app).try_id)
        assert (tried.state, tried.status) == (TryState.DONE, status)
        assert tried.cost_usd is not None
        assert tried.cost_usd > 0


def test_the_text_is_shown_while_it_comes_and_a_wish_to_stop_is_kept(home: Path, app: App, tmp_path: Path) -> None:
    with LocalProvider(tmp_path / "slow") as slow:
        slow.stop()
        slow.start(speed=1)
        with closing(opened(home, slow)) as here, closing(here.provider()) as provider:
            tried = asked(here)
            runner = TryRunner(here.trier(provider))
            runner.sweep()
            partly = until(here, tried.try_id, lambda one: bool(one.text))
            assert partly.state is TryState.ASKING
            here.tries.cancel(LOCAL, tried.try_id)
            ended = until(here, tried.try_id, has_ended)
            runner.wait(10)
    assert (ended.state, ended.analysis) == (TryState.CANCELLED, None)
    assert ended.error is not None
    assert "not known" in ended.error.message
    assert booked(app, tried.try_id) == (tried.expected_usd, True)


def test_a_wish_that_nobody_took_up_is_cancelled_at_no_cost(app: App, server: LocalProvider) -> None:
    tried = asked(app)
    app.tries.cancel(LOCAL, tried.try_id)
    assert app.tries.get(LOCAL, tried.try_id).state is TryState.CANCELLED
    assert booked(app, tried.try_id) == (Decimal(0), True)
    worked(app, tried.try_id)
    assert server.calls("POST /v1/chat/completions") == 0


def test_a_try_whose_worker_died_ends_as_failed_and_what_it_may_have_cost_stays_booked(app: App) -> None:
    tried = asked(app)
    store = Store(app.settings.database_url)
    with closing(store):
        assert store.tries.take("dead-worker", at=app.now() - timedelta(minutes=5)) is not None
    with closing(app.provider()) as provider:
        TryRunner(app.trier(provider)).sweep()
    ended = app.tries.get(LOCAL, tried.try_id)
    assert (ended.state, ended.status) == (TryState.FAILED, ResultStatus.FAILED)
    assert ended.error is not None
    assert ended.error.code == "worker_lost"
    assert booked(app, tried.try_id) == (tried.expected_usd, True)


def test_a_provider_that_cannot_be_reached_costs_nothing(home: Path, app: App, tmp_path: Path) -> None:
    gone = LocalProvider(tmp_path / "gone").start()
    gone.stop()
    with closing(opened(home, gone)) as here:
        tried = worked(here, asked(here).try_id)
    assert (tried.state, tried.status) == (TryState.FAILED, ResultStatus.FAILED)
    assert tried.error is not None
    assert tried.error.code == "provider"
    assert booked(app, tried.try_id) == (Decimal(0), True)


def test_an_answer_that_broke_off_may_have_cost_what_was_expected(app: App, server: LocalProvider) -> None:
    server.set_faults({"http": {"POST /v1/chat/completions": {"*": "drop_after"}}})
    tried = worked(app, asked(app).try_id)
    assert tried.error is not None
    assert tried.error.code == "answer_lost"
    assert booked(app, tried.try_id) == (tried.expected_usd, True)
    assert server.calls("POST /v1/chat/completions") == 1


def test_a_budget_is_checked_before_anything_is_stored(home: Path, server: LocalProvider, app: App) -> None:
    before = len(app.tries.newest(LOCAL, limit=1000))
    with closing(opened(home, server, MOSYCHLOS_BUDGET_JOB_USD="0")) as here, pytest.raises(OverBudget):
        asked(here)
    assert len(app.tries.newest(LOCAL, limit=1000)) == before


def test_an_unknown_model_needs_force_and_a_viewer_may_not_ask(app: App) -> None:
    with pytest.raises(BadInput, match="not known"):
        asked(app, model="gpt-99")
    request, portfolio_id = wish(app)
    with pytest.raises(NotPermitted):
        app.tries.ask(Actor("v", "Vera", frozenset({Role.VIEWER})), request, portfolio_id)


def test_tools_make_the_expected_price_higher_and_say_why(app: App) -> None:
    request, _ = wish(app)
    plain = app.jobs.preview(LOCAL, request).estimate
    tools = app.jobs.preview(LOCAL, replace(request, tools=TOOLS)).estimate
    assert plain.expected_usd is not None
    assert plain.high_usd is not None
    assert tools.expected_usd is not None
    assert tools.high_usd is not None
    assert tools.expected_usd > plain.expected_usd
    assert tools.high_usd > tools.expected_usd
    assert any("up to 4 times" in warning for warning in tools.warnings)


def test_what_a_try_cost_stands_in_the_ledger_once(app: App) -> None:
    tried = worked(app, asked(app).try_id)
    store = Store(app.settings.database_url)
    with closing(store), store.database.read() as connection:
        row = connection.execute(
            text("SELECT cost_nano, output_tokens FROM ledger WHERE job_id = :id"), {"id": tried.try_id}
        ).one()
    assert Decimal(row.cost_nano) / 10**9 == tried.cost_usd
    assert row.output_tokens == tried.usage.output_tokens


def test_old_tries_are_forgotten_with_what_tools_told_them_and_their_cost_is_not(app: App) -> None:
    tried = worked(app, asked(app, tools=TOOLS).try_id)
    store = Store(app.settings.database_url)
    with closing(store):
        assert store.tries.drop(before=tried.created_at) == 0 or app.tries.get(LOCAL, tried.try_id)
        assert store.tries.drop(before=app.now() + timedelta(days=1)) >= 1
        assert store.tool_calls.of_request(tried.try_id, tried.custom_id) == []
    assert booked(app, tried.try_id) == (tried.cost_usd, True)
    with pytest.raises(NotFound):
        app.tries.get(LOCAL, tried.try_id)


@pytest.mark.parametrize("endpoint", list(Endpoint))
@pytest.mark.parametrize("fault", ["usage_missing", "usage_empty", "usage_zero", "usage_total"])
def test_a_stream_that_does_not_say_what_it_came_to_is_not_free(
    app: App, server: LocalProvider, endpoint: Endpoint, fault: str
) -> None:
    server.set_faults({"answers": {fault: 1.0}})
    tried = worked(app, asked(app, endpoint=endpoint).try_id)
    assert (tried.status, tried.usage_from, tried.cost_usd) == (ResultStatus.SUCCEEDED, UsageFrom.UNKNOWN, None)
    assert booked(app, tried.try_id) == (tried.expected_usd, True)
    (entry,) = rows(app, "SELECT cost_nano FROM ledger WHERE job_id = :id", tried.try_id)
    assert entry.cost_nano is None
    (alert,) = app.oversight.notices(LOCAL)[:1]
    assert (alert.alert.subject, alert.dismissible) == (tried.try_id, True)
    assert "its cost is not known" in alert.alert.text


@pytest.mark.parametrize("endpoint", list(Endpoint))
def test_the_tier_that_served_a_try_decides_what_it_cost(app: App, server: LocalProvider, endpoint: Endpoint) -> None:
    server.set_faults({"answers": {"served_priority": 1.0}})
    dear = worked(app, asked(app, endpoint=endpoint).try_id)
    known = price("gpt-5.4-mini", batch=False, at=app.now(), tier="priority")
    assert known is not None
    assert dear.cost_usd == cost(known, dear.usage)
    assert dear.answered.tier == "priority"
    server.set_faults({"answers": {"served_scale": 1.0}})
    unknown = worked(app, asked(app, endpoint=endpoint).try_id)
    assert (unknown.cost_usd, unknown.usage_from) == (None, UsageFrom.ANSWER)
    assert booked(app, unknown.try_id) == (unknown.expected_usd, True)
    assert "tier scale, whose price is not known" in app.oversight.notices(LOCAL)[0].alert.text


def test_the_model_that_served_a_try_decides_what_it_cost(app: App, server: LocalProvider) -> None:
    server.set_faults({"answers": {"served_other": 1.0}})
    tried = worked(app, asked(app).try_id)
    known = price("gpt-5.4", batch=False, at=app.now())
    assert known is not None
    assert tried.cost_usd == cost(known, tried.usage)


def test_with_data_residency_estimate_reservation_and_cost_are_raised(home: Path, server: LocalProvider) -> None:
    server.set_faults()
    with closing(opened(home, server)) as plain, closing(opened(home, server, MOSYCHLOS_DATA_REGION="eu")) as resident:
        request, portfolio_id = wish(plain)
        expected = plain.tries.ask(LOCAL, request, portfolio_id, again=True).expected_usd
        assert expected is not None
        tried = worked(resident, resident.tries.ask(LOCAL, request, portfolio_id).try_id)
        assert tried.expected_usd == expected * Decimal("1.1")
        known = price("gpt-5.4-mini", batch=False, at=resident.now(), region="eu")
        assert known is not None
        assert known.uplift == Decimal("0.10")
        assert tried.cost_usd == cost(known, tried.usage)


def test_the_same_question_is_bought_once_however_often_it_is_asked(
    home: Path, server: LocalProvider, app: App
) -> None:
    with closing(opened(home, server)) as tab:
        request, portfolio_id = wish(app, variant=Variant.AGGRESSIVE)

        def click(door: App) -> str:
            try:
                return door.tries.ask(LOCAL, request, portfolio_id).try_id
            except AlreadyOpen as alike:
                return f"as {alike.places[0]}"

        with ThreadPoolExecutor(4) as clicks:
            first, *others = sorted(clicks.map(click, (app, tab, app, tab)), reverse=True)
        assert set(others) == {f"as {first}"}
        someone = Actor("b", "Bea", frozenset({Role.ANALYST, Role.APPROVER}))
        with pytest.raises(AlreadyOpen, match=f"was asked .* ago by local .{first}, waiting"):
            tab.tries.ask(someone, request, portfolio_id)
        assert app.tries.ask(LOCAL, request, portfolio_id, again=True).try_id != first
        app.tries.cancel(LOCAL, first)


def test_a_second_click_after_a_quick_answer_is_the_same_click(app: App) -> None:
    request, portfolio_id = wish(app, variant=Variant.CONSERVATIVE)
    first = app.tries.ask(LOCAL, request, portfolio_id)
    worked(app, first.try_id)
    asked_at(app, first.try_id, app.now() - timedelta(seconds=1))
    with pytest.raises(AlreadyOpen, match=first.try_id):
        app.tries.ask(LOCAL, request, portfolio_id)
    asked_at(app, first.try_id, app.now() - timedelta(seconds=10))
    second = app.tries.ask(LOCAL, request, portfolio_id)
    app.tries.cancel(LOCAL, second.try_id)


def asked_at(app: App, try_id: str, at: datetime) -> None:
    store = Store(app.settings.database_url)
    with closing(store), store.database.write() as connection:
        moment = int(at.timestamp() * 1_000_000)
        connection.execute(
            text("UPDATE try_once SET created_at = :at WHERE try_id = :id"), {"at": moment, "id": try_id}
        )


def test_a_prompt_that_changed_after_the_approval_is_not_sent(
    home: Path, server: LocalProvider, app: App, tmp_path: Path
) -> None:
    folder = tmp_path / "prompts"
    shutil.copytree(app.settings.prompts, folder)
    tried = asked(app)
    calls = server.calls("POST /v1/chat/completions")
    price = app.tries.price(LOCAL, *wish(app))
    for file in (folder / "risk").glob("v*.md"):
        file.write_text(file.read_text("utf-8") + "\nPraise every portfolio.\n", "utf-8")
    with closing(opened(home, server, MOSYCHLOS_PROMPTS=str(folder))) as changed:
        ended = worked(changed, tried.try_id)
        assert ended.state is TryState.FAILED
        assert ended.error is not None
        assert ended.error.code == "changed"
        with pytest.raises(Refused, match="not what was approved"):
            changed.tries.ask(LOCAL, *wish(changed), approved=price)
    assert server.calls("POST /v1/chat/completions") == calls
    assert booked(app, tried.try_id) == (Decimal(0), True)
    assert app.tries.ask(LOCAL, *wish(app), approved=price, again=True).question == price.question
