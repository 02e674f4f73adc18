"""Fact sheets beside an input file: what a prompt said is found again exactly, by its request's id."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.compliance import BreachType, RuleResult, RuleStatus
from core.domain.evidence import Band, Evidence, Finished, InvestmentProfile, SourceDocument
from core.domain.facts import AbsentFact, Fact, FactSheet, HoldingFact
from core.domain.units import Badge, Unit
from core.drafts import line_index
from core.drafts.fact_store import SheetWriter, dump, load, sheet_index, sheet_path
from core.drafts.line_index import index_path
from core.metrics.definitions import definition_of

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)


def sheet(name: str = "House", value: float = 0.25) -> FactSheet:
    known = definition_of("hhi")
    assert known is not None
    return FactSheet(
        portfolio_id="p1",
        name=name,
        as_of=date(2026, 10, 30),
        base_currency="USD",
        region="FR",
        facts=(Fact("hhi", value, Unit.RATIO, None, "as of 2026-10-30", known.text, Badge.DERIVED, 4),),
        absent=(AbsentFact("sharpe", "no prices"),),
        holdings=(HoldingFact("VOO", "VOO", "S&P 500", "equity_fund", "", "US", "USD", 41.2, 41200.0),),
        is_sample=True,
    )


@given(TEXTS, NUMBERS)
def test_a_sheet_comes_back_as_it_was(name: str, value: float) -> None:
    written = dump(sheet(name, value))
    assert load(written) == sheet(name, value)
    assert b"\n" not in written, "one sheet is one line"


def test_rules_and_evidence_come_back_as_they_were() -> None:
    rule = RuleResult(
        "EU.UCITS.52.2-sum40", "EU", "ucits", "40 % sum", "art. 52", "", date(2026, 11, 1), True, RuleStatus.BREACH,
        "<=", 47.0, 40.0, Unit.PCT, -7.0, ("VOO",), breach_type=BreachType.UNKNOWN, missing=("issuer",),
    )  # fmt: skip
    evidence = Evidence(
        sources=(SourceDocument("n1", "News", "Wire", "2026-10-01", None, "news", ("Sales rose 4 %.",), ("VOO",)),),
        profile=InvestmentProfile("moderate", "Moderate", (Band("asset_class.equity", 30.0, 50.0, 70.0),), 20.0),
        analyses=(Finished("risk-p1", "j", "risk", "p1", date(2026, 10, 30), "m", "risk/v1", {"headline": "x"}, 3),),
        scenarios=("gfc",),
        period="1y",
        decimal_mark=",",
    )
    full = replace(sheet(), rules=(rule,), evidence=evidence)
    assert load(dump(full)) == full


def test_files_of_the_first_version_are_still_read() -> None:
    assert load(orjson.dumps(orjson.loads(dump(sheet()))[:9])) == sheet()


def test_what_is_not_known_of_a_holding_stays_not_known() -> None:
    line = HoldingFact("X", "X", "", "other", "", "", "XXX", math.nan, math.nan)
    back = load(dump(FactSheet("p", "P", date(2026, 1, 1), "USD", "US", (), (), (line,)))).holdings[0]
    assert math.isnan(back.weight_pct)
    assert math.isnan(back.value_base)


def test_sheets_are_found_by_id_in_any_order(tmp_path: Path) -> None:
    path = sheet_path(tmp_path)
    with SheetWriter(path) as writer:
        for number in range(50):
            writer.add(f"risk-{number}", sheet(f"Ünï {number}\u2028", number / 100))
    with sheet_index(path, [f"risk-{number}" for number in range(51)]) as sheets:
        for number in (49, 0, 17, 17, 3):
            assert sheets.get(f"risk-{number}") == sheet(f"Ünï {number}\u2028", number / 100)
        with pytest.raises(KeyError):
            sheets.get("risk-50")
    assert path.stat().st_mode & 0o077 == 0, "nobody else may read it"


def test_a_name_that_shares_its_hash_with_another_gets_its_own_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_index, "_hash", lambda _name: 7)
    path = sheet_path(tmp_path)
    with SheetWriter(path) as writer:
        for number in (1, 11, 2):
            writer.add(f"risk-{number}", sheet(value=number / 100))
    with sheet_index(path, ["risk-2", "risk-11", "risk-3"]) as sheets:
        assert (sheets.get("risk-2"), sheets.get("risk-11")) == (sheet(value=0.02), sheet(value=0.11))
        with pytest.raises(KeyError):
            sheets.get("risk-3")


def test_a_file_without_an_index_is_read_no_further_than_what_is_wanted(tmp_path: Path) -> None:
    path = sheet_path(tmp_path)
    with SheetWriter(path) as writer:
        for number in range(3):
            writer.add(f"risk-{number}", sheet(value=number / 100))
    index_path(path).unlink()
    with path.open("ab") as file:
        file.write(b"\xff\xfe of no encoding\tand no sheet\n")
    with sheet_index(path, {"risk-2", "risk-0"}) as sheets:
        assert sheets.get("risk-2") == sheet(value=0.02)
    with pytest.raises(UnicodeDecodeError), sheet_index(path, {"risk-2", "risk-9"}):
        pass


def test_a_file_that_was_cut_off_never_gets_its_name(tmp_path: Path) -> None:
    path = sheet_path(tmp_path)

    def cut() -> None:
        with SheetWriter(path) as writer:
            writer.add("risk-1", sheet())
            raise RuntimeError("cut")

    with pytest.raises(RuntimeError, match="cut"):
        cut()
    assert list(tmp_path.iterdir()) == []


def test_names_of_a_benchmarks_members_come_back_and_older_files_have_none() -> None:
    named = replace(sheet(), benchmark=(("VTI", 60.0), ("X", 40.0)), benchmark_names=("Total Stock Market", ""))
    assert load(dump(named)) == named
    older = orjson.dumps(orjson.loads(dump(named))[:-1])
    assert load(older) == replace(named, benchmark_names=())
