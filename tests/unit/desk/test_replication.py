"""A replication pack makes every figure and every verdict again, and says exactly what no longer holds."""

from __future__ import annotations

import ast
import json
import re
import runpy
import stat
import sys
import tokenize
import zipfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from io import BytesIO, StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.compliance.cases import RuleCase
from core.compliance.evaluate import RuleSetting, evaluate, market_risk_class
from core.compliance.library import rule_sets
from core.compliance.position import Book
from core.compliance.vocabulary import HANDED_IN, RuleMetric
from core.desk.portfolios import PortfolioService
from core.desk.replication.pack import HERE, ReplicationPack
from core.desk.replication.rules import COMPARED, NOT_RECOMPUTED, OF_THE_RULE, case_of
from core.desk.replication.service import ReplicationService
from core.desk.replication.writing import write_folder, write_zip, zipped
from core.domain.actor import LOCAL, Actor, Role
from core.domain.compliance import RuleResult
from core.domain.fund import FundCodes
from core.domain.instrument import FundKind, InstrumentType, Terms
from core.domain.market import EconomicSeries
from core.domain.portfolio import AssetClass, Flow, Portfolio
from core.domain.units import Badge
from core.errors import BadInput, NotPermitted
from core.intake.samples import HISTORY_YEARS, sample_lines, sample_portfolios
from core.metrics.definitions import ALL_DEFINITIONS
from core.metrics.fx import EcbRates
from core.metrics.simulate import simulated_history
from core.storage.portfolios.policies import PolicyScope
from core.storage.store import Store
from tests.made_tables import made_database
from tests.unit.compliance.generating import Case, make
from tests.unit.compliance.making import book, line
from tests.unit.funds.making import line as inside
from tests.unit.funds.making import report
from tests.unit.metrics.making import FRIDAY, cash, holding, portfolio, series, wobble

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
RATES = EcbRates()
SCRIPT = (HERE / "replicate.py.txt").read_text("utf-8")
FORMULAS: dict[str, dict[str, str]] = json.loads((HERE / "formulas.json").read_text("utf-8"))
SAMPLES = [one.portfolio_id for one in sample_portfolios()]
SAMPLE = "sample-eu-ucits-over-limit"


@dataclass(frozen=True)
class Run:
    """What the script said."""

    code: int
    lines: list[str]

    @property
    def differing(self) -> list[str]:
        return [line.removeprefix("DIFFERS ").partition(": the program")[0] for line in self.lines if "DIFFERS" in line]

    @property
    def last(self) -> str:
        return self.lines[-1]


def run(folder: Path) -> Run:
    out = StringIO()
    with redirect_stdout(out), pytest.raises(SystemExit) as ended:
        runpy.run_path(str(folder / "replicate.py"), run_name="__main__")
    return Run(int(str(ended.value.code)), out.getvalue().splitlines())


def written(pack: ReplicationPack, folder: Path) -> Path:
    write_folder(pack, folder)
    return folder


def messy() -> list[Portfolio]:
    """Three days of an account with something of every kind."""
    kind = InstrumentType
    lines = (
        replace(
            holding("AAA", 30_000, isin="IE00INVENT04", price="100", sector="Industrials", terms=Terms(issuer="Alpha")),
            quantity=Decimal(300),
        ),
        holding("BBB", 25_000, currency="USD", country="US", terms=Terms(issuer="Bravo Inc", listed=True)),
        holding("CCC", 12_000, terms=Terms(issuer="Bravo", listed=True, liquidity=None, votes_pct=12.5)),
        holding("SHORT", -4_000, terms=Terms(issuer="Short SA")),
        holding("=TRAP", 9_000, name="=1+1", terms=Terms(issuer="+Trap")),
        holding("BOND", 15_000, asset_class=AssetClass.BOND, country="FR",
                terms=Terms(kind.GOVERNMENT_BOND, issuer="France", rating="AA-", duration_years=7.1)),
        holding("FUND", 20_000, asset_class=AssetClass.EQUITY_FUND,
                terms=Terms(fund_kind=FundKind.UCITS, exposure="US")),
        holding("OPT", 500, asset_class=AssetClass.DERIVATIVE,
                terms=Terms(kind.OPTION, notional=Decimal(3_000), issuer="Bravo Inc", counterparty="Bank")),
        holding("NEW", 2_500, terms=Terms(issuer="New AG")),
        cash(3_000), cash(-2_000, "USD"), cash(1_000, "CHF"),
    )  # fmt: skip
    now = portfolio(*lines, portfolio_id="messy", benchmark={"AAA": "0.6", "BBB": "0.3", "CASH_USD": "0.1"})
    now = replace(
        now, regimes=("ucits", "bvv2", "priips", "cobs"), flows=(Flow(date(2026, 9, 30), Decimal(900), "USD"),)
    )
    return [
        replace(now, as_of=day, holdings=lines[:count])
        for day, count in ((date(2025, 9, 30), 9), (date(2026, 9, 30), 11), (FRIDAY, 12))
    ]


POLICY = """
name: House
as_of: 2026-01-01
ranges: [{bucket: equity, min: 20, max: 90, look_through: true}, {bucket: unhedged_currency, max: 30}]
max_single_issuer: {max: 10, look_through: true}
max_single_line: {max: 20}
exclusions: [country:RU, sector:Tobacco]
near_pct: 20
"""


def keep_messy(store: Store) -> None:
    for one in messy():
        store.portfolios.save([one], lambda _one: None, actor="ada", at=NOW)
    symbols = enumerate(("AAA", "BBB", "CCC", "SHORT", "=TRAP", "BOND", "FUND"), start=1)
    prices = [
        series(symbol, wobble(1_900, place), currency="USD" if symbol == "BBB" else "EUR") for place, symbol in symbols
    ]
    store.prices.save([*prices, series("NEW", wobble(300, 9))])
    fund = report("FUND", inside("Alpha", "40", lei="5299000000ROBOTS0001"), inside("Bravo Inc", "55"))
    store.funds.save(fund, FundCodes(symbols=("FUND",)), "FUND", actor="ada", at=NOW)
    store.policies.save(PolicyScope.PORTFOLIO, "messy", POLICY, actor="ada", at=NOW)
    days = tuple(
        date(year, month, 1) for year in range(2019, 2027) for month in range(1, 13) if (year, month) < (2026, 11)
    )
    rate = EconomicSeries(
        "ESTR", "Overnight", "percent", "monthly", "ECB", "", "", "file", Badge.REAL, True, days, (2.0,) * len(days)
    )  # fmt: skip
    store.series.save([rate], actor="ada", at=NOW)


def keep_small(store: Store) -> None:
    """A year and a half of two lines: what a change moves is soon seen."""
    small = portfolio(
        replace(holding("AAA", 30_000, price="100", sector="Industrials"), quantity=Decimal(300)),
        holding("BBB", 25_000, currency="USD", sector="Technology"),
        portfolio_id="small",
        benchmark={"AAA": "0.5", "BBB": "0.5"},
    )
    store.portfolios.save([replace(small, regimes=("ips",))], lambda _one: None, actor="ada", at=NOW)
    store.policies.save(PolicyScope.PORTFOLIO, "small", POLICY, actor="ada", at=NOW)


def opened(file: Path) -> Store:
    return Store(made_database(file))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = opened(tmp_path_factory.mktemp("replication") / "mosychlos.db")
    sample = next(one for one in sample_portfolios() if one.portfolio_id == SAMPLE)
    store.portfolios.save([sample], lambda _one: None, actor="ada", at=NOW)
    store.prices.save(simulated_history(sample_lines([sample]), sample.as_of, HISTORY_YEARS).values())
    keep_messy(store)
    keep_small(store)
    yield store
    store.close()


@pytest.fixture(scope="module")
def packs(kept: Store) -> ReplicationService:
    return ReplicationService(kept, RATES)


@pytest.fixture(scope="module")
def all_samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplicationService]:
    """Packs of what `mosychlos demo` shows."""
    store = opened(tmp_path_factory.mktemp("samples") / "mosychlos.db")
    PortfolioService(store, RATES, lambda: NOW).add_samples(LOCAL)
    yield ReplicationService(store, RATES)
    store.close()


@pytest.fixture(scope="module")
def small(packs: ReplicationService) -> ReplicationPack:
    return packs.pack(LOCAL, "small")


def assert_nothing_differs(pack: ReplicationPack, folder: Path) -> None:
    found = run(written(pack, folder))
    assert found.differing == []
    assert found.last == f"{pack.figures} figures, {pack.verdicts} verdicts recomputed, 0 differ"
    assert found.code == 0
    named = [line.split(":")[1].strip() for line in found.lines if line.startswith("Not recomputed")]
    assert named == list(NOT_RECOMPUTED), "what is new has no formula yet: add it to formulas.json"


def test_every_figure_and_verdict_of_a_sample_is_made_again(packs: ReplicationService, tmp_path: Path) -> None:
    assert_nothing_differs(packs.pack(LOCAL, SAMPLE), tmp_path / "pack")


@pytest.mark.full
@pytest.mark.parametrize("portfolio_id", SAMPLES)
def test_every_sample_is_made_again(all_samples: ReplicationService, portfolio_id: str, tmp_path: Path) -> None:
    assert_nothing_differs(all_samples.pack(LOCAL, portfolio_id), tmp_path / "pack")


@pytest.mark.full
@pytest.mark.parametrize("portfolio_id", SAMPLES[::4])
def test_samples_are_decided_again_by_every_rule_set(
    all_samples: ReplicationService, portfolio_id: str, tmp_path: Path
) -> None:
    assert_nothing_differs(all_samples.pack(LOCAL, portfolio_id, regimes=list(rule_sets())), tmp_path / "pack")


def test_an_account_with_something_of_every_kind_is_made_again_under_every_rule_set(
    packs: ReplicationService, tmp_path: Path
) -> None:
    pack = packs.pack(LOCAL, "messy", regimes=list(rule_sets()))
    stated = json.loads(pack.files["expected/figures.json"])["figures"]
    kinds = {"volatility", "beta", "return.1y", "risk_share.AAA", "stress.rates_2022"}
    kinds |= {"twr.si", "mwr.si", "lookthrough.issuer_hhi", "issuer.BBB", "short_rate", "sharpe_over_short_rate"}
    kinds |= {"var_95_1d.low", "tracking_error.high"}
    assert kinds <= stated.keys()
    assert pack.verdicts > 300
    assert_nothing_differs(pack, tmp_path / "pack")


ODD = {
    "a currency without a rate": (holding("AAA", 100), holding("KWD", 50, currency="KWD")),
    "a total below zero": (holding("AAA", 100), cash(-300)),
    "a derivative without a notional": (holding("AAA", 100), holding("F", 5, asset_class=AssetClass.DERIVATIVE)),
    "a leveraged fund without a factor": (holding("AAA", 100), holding("L", 50, name="3x Daily Long ETF")),
    "a leveraged fund": (holding("AAA", 100), holding("BBB", 50, currency="USD", terms=Terms(leverage=2.0))),
    "cash alone": (cash(100), cash(50, "USD")),
}


@pytest.mark.parametrize("what", ODD)
def test_what_the_program_leaves_out_is_left_out_again(
    packs: ReplicationService, kept: Store, what: str, tmp_path: Path
) -> None:
    odd = replace(portfolio(*ODD[what], portfolio_id="odd"), regimes=("ucits", "bvv2"))
    kept.portfolios.save([odd], lambda _one: None, actor="ada", at=NOW)
    assert_nothing_differs(packs.pack(LOCAL, "odd"), tmp_path / "pack")


@pytest.mark.full
@pytest.mark.parametrize("as_of", [date(2025, 9, 30), date(2026, 9, 30)])
def test_an_earlier_day_is_made_again(packs: ReplicationService, as_of: date, tmp_path: Path) -> None:
    assert_nothing_differs(packs.pack(LOCAL, "messy", as_of=as_of), tmp_path / "pack")


CHANGES: dict[str, tuple[str, Callable[[str], str], set[str]]] = {
    "a close": (
        "inputs/closes.csv",
        lambda text: changed_close(text, "BBB"),
        {"volatility", "return.1y", "attribution.currency"},
    ),
    "a market value": (
        "inputs/lines.json",
        lambda text: text.replace('"25000"', '"26000"'),
        {"total_value", "weight.BBB"},
    ),
    "a quantity": (
        "inputs/lines.json",
        lambda text: text.replace('"quantity": "300"', '"quantity": "301"'),
        {"units.AAA"},
    ),
    "a rate": ("inputs/rates.csv", lambda text: re.sub(r"(2026-10-30,USD,EUR),0\.", r"\1,1.", text), {"currency.USD"}),
    "a limit": (
        "rules/cases.json",
        lambda text: text.replace('"id": "CLIENT.IPS.single-line"', '"id": "CLIENT.IPS.single-line", "": 1').replace(
            '"limit": "20"', '"limit": "60"'
        ),
        {"CLIENT.IPS.single-line  status", "CLIENT.IPS.single-line  headroom"},
    ),
    "an expected figure": (
        "expected/figures.json",
        lambda text: re.sub(r'("hhi": {\s*"value": )0\.', r"\g<1>1.", text),
        {"hhi"},
    ),
    "an expected verdict": (
        "expected/verdicts.json",
        lambda text: text.replace('"status": "breach"', '"status": "pass"', 1),
        set(),
    ),
}


def changed_close(text: str, symbol: str) -> str:
    header, *rows = text.splitlines()
    place, cells = header.split(",").index(symbol), rows[-40].split(",")
    cells[place] = str(float(cells[place]) * 1.01)
    rows[-40] = ",".join(cells)
    return "\n".join([header, *rows]) + "\n"


@pytest.mark.parametrize("what", CHANGES)
def test_one_change_is_named_with_the_figures_that_it_moves(small: ReplicationPack, what: str, tmp_path: Path) -> None:
    name, change, moved = CHANGES[what]
    text = small.files[name].decode()
    assert change(text) != text
    folder = written(replace(small, files={**small.files, name: change(text).encode()}), tmp_path / "pack")
    found = run(folder)
    assert found.code == 1
    assert {f"file {name}", *moved} <= set(found.differing)
    if what.startswith("an expected"):
        assert len(found.differing) == 2, "an expected value moves no other"


@pytest.mark.parametrize(
    "hostile",
    [
        "__import__('pathlib').Path(place).touch()",
        "open(place, 'w')",
        "().__class__.__base__.__subclasses__()",
        "array([1.0]).tofile(place)",
        "f'{lines.__class__}'",
        "getattr(array, 'tofile')",
    ],
)
def test_a_file_of_formulas_runs_nothing(small: ReplicationPack, hostile: str, tmp_path: Path) -> None:
    place = tmp_path / "touched"
    formulas = json.loads(small.files["definitions/formulas.json"])
    formulas["always"] = {"total_value": hostile.replace("place", repr(str(place))), **formulas["always"]}
    files = {**small.files, "definitions/formulas.json": json.dumps(formulas).encode()}
    folder = written(replace(small, files=files), tmp_path / "pack")
    with pytest.raises((SystemExit, NameError)) as ended:
        runpy.run_path(str(folder / "replicate.py"), run_name="__main__")
    assert not place.exists()
    assert str(ended.value) not in {"", "0"}


def test_a_figure_without_a_formula_is_named_and_not_called_right(small: ReplicationPack, tmp_path: Path) -> None:
    expected = json.loads(small.files["expected/figures.json"])
    expected["figures"]["entirely_new"] = {"value": 1.0}
    files = {**small.files, "expected/figures.json": json.dumps(expected).encode()}
    found = run(written(replace(small, files=files), tmp_path / "pack"))
    assert "Not recomputed: entirely_new: there is no formula of it here" in found.lines
    assert found.differing == ["file expected/figures.json"]


def test_every_metric_has_a_formula() -> None:
    names = {name for group in FORMULAS.values() for name in group}
    families = tuple(name for name in names if name.endswith("."))
    assert [key for key in ALL_DEFINITIONS if key not in names and not key.startswith(families)] == []


def test_every_measure_of_rules_has_a_formula_and_every_field_of_a_verdict_is_accounted_for() -> None:
    formulas = {name.split(".")[1] for name in FORMULAS if name.startswith("measure.")}
    assert {one.value for one in set(RuleMetric) - HANDED_IN - {RuleMetric.DOCUMENTS}} == formulas
    told = {*COMPARED, *OF_THE_RULE, *NOT_RECOMPUTED}
    assert {one.name for one in fields(RuleResult)} - told == set()


def test_the_script_can_be_read_and_needs_nothing_but_numpy() -> None:
    lines = SCRIPT.splitlines()
    assert len(lines) < 300
    assert max(map(len, lines)) <= 120
    marks = [token.string for token in tokenize.generate_tokens(StringIO(SCRIPT).readline) if token.type == tokenize.OP]
    assert ";" not in marks, "one statement a line"
    tree = ast.parse(SCRIPT)
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in named} - set(sys.stdlib_module_names) == {"numpy"}
    assert all(len(formula) <= 120 for group in FORMULAS.values() for formula in group.values())


@pytest.fixture(scope="module")
def script(packs: ReplicationService, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = written(packs.pack(LOCAL, "small"), tmp_path_factory.mktemp("script") / "pack")
    return runpy.run_path(str(folder / "replicate.py"), run_name="replicate")


def test_every_rule_decides_its_boundary_books_as_the_program_does(script: dict[str, Any]) -> None:
    decided = 0
    rules = {rule.id: rule for one in rule_sets().values() for rule in one.rules if not rule.documents}
    for rule in rules.values():
        for case in Case:
            if (
                rule.measure.look_through
                or (case is Case.NEAR and not rule.limit)
                or (rule.unit.value == "count" and case is Case.NEAR)
            ):
                continue
            made = make(rule, case)
            entry = case_of(RuleCase(rule, Decimal("0.1")), made)
            for told in evaluate(rule, RuleSetting("", ""), made)[: 1 if rule.readings else None]:
                status, measured, headroom = script["judge"](
                    entry["rule"], entry, as_script(made, script), handed(made), told.reading
                )
                assert status == told.status.value, (rule.id, case)
                for here, there in ((measured, told.measured), (headroom, told.headroom)):
                    assert script["same"]("", there, None if here is None else float(here)), (rule.id, case)
                decided += 1
    assert decided > 500


@pytest.mark.parametrize("rule_id", ["EU.UCITS.83", "US.1940.18f1"])
@pytest.mark.parametrize("owed", [(), ("repo",), ("loan",), ("repo", "loan")])
def test_what_may_be_borrowing_is_as_open_to_the_script(
    script: dict[str, Any], rule_id: str, owed: tuple[str, ...]
) -> None:
    kinds = {"repo": None, "loan": InstrumentType.LOAN}
    lines = [line(name, -12, kinds[name], asset_class=AssetClass.OTHER) for name in owed]
    made = book(*lines, *(line(f"S{n}", 4) for n in range(31)))
    rule = next(one for found in rule_sets().values() for one in found.rules if one.id == rule_id)
    (told,) = evaluate(rule, RuleSetting("", ""), made)
    entry = case_of(RuleCase(rule, Decimal("0.1")), made)
    status, measured, _ = script["judge"](entry["rule"], entry, as_script(made, script), handed(made), "")
    assert status == told.status.value
    assert script["same"]("", told.measured, None if measured is None else float(measured))


def as_script(made: Book, script: dict[str, Any]) -> SimpleNamespace:
    values = [None if one.value is None else Fraction(one.value) for one in made.positions]
    notionals = [None if one.notional is None else Fraction(one.notional) for one in made.positions]
    names = [one.instrument for one in made.positions]
    sums = script["summed"](zip(names, (one or 0 for one in values), strict=True), sum)
    return SimpleNamespace(
        values=values, notionals=notionals, names=names, sums=sums, net=made.net_assets, total=made.total_assets
    )


def handed(made: Book) -> dict[str, Fraction]:
    found = {"value_fall": made.measures.value_fall, "absolute_var": made.measures.absolute_var,
             "relative_var": made.measures.relative_var, "market_risk_class": made.measures.vev}  # fmt: skip
    known = {name: Fraction(f"{value:.12g}") for name, value in found.items() if value is not None}
    if "market_risk_class" in known:
        known["market_risk_class"] = Fraction(market_risk_class(known["market_risk_class"]))
    return known


def test_the_same_state_gives_the_same_bytes(packs: ReplicationService, small: ReplicationPack) -> None:
    again = packs.pack(LOCAL, "small")
    assert again.files == small.files
    assert zipped(again) == zipped(small)


def test_the_snapshot_is_as_it_is_stored_and_every_file_is_in_the_manifest(small: ReplicationPack) -> None:
    manifest = json.loads(small.files["MANIFEST.json"])
    assert manifest["files"].keys() == small.files.keys() - {"MANIFEST.json"}
    assert len(manifest["code_sha256"]) == 64
    assert json.loads(small.files["inputs/snapshot.json"])["holdings"][1][7] == "25000"


def test_a_reader_without_the_right_gets_none(packs: ReplicationService) -> None:
    with pytest.raises(NotPermitted, match=re.escape("portfolio.read")):
        packs.pack(Actor("a", "Ada", frozenset({Role.ADMIN})), "small")


def test_a_folder_is_for_its_owner_alone_and_an_earlier_pack_is_replaced(
    packs: ReplicationService, small: ReplicationPack, tmp_path: Path
) -> None:
    folder = tmp_path / "deep" / "pack"
    manifest = json.loads(small.files["MANIFEST.json"])
    manifest["files"]["rules/old.yaml"] = ""
    files = {**small.files, "rules/old.yaml": b"", "MANIFEST.json": json.dumps(manifest).encode()}
    write_folder(replace(small, files=files), folder)
    write_folder(small, folder)
    modes = {stat.S_IMODE(one.lstat().st_mode) for one in (folder, *folder.rglob("*"))}
    assert modes == {0o700, 0o600}
    assert {one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()} == set(small.files)
    assert [one.name for one in folder.parent.iterdir()] == ["pack"], "nothing is left beside it"


@pytest.mark.parametrize("foreign", ["notes.txt", "inputs/notes.txt"])
def test_what_somebody_else_put_there_is_never_overwritten(
    small: ReplicationPack, foreign: str, tmp_path: Path
) -> None:
    folder = written(small, tmp_path / "pack")
    (folder / foreign).write_text("mine")
    before = {one: one.read_bytes() for one in folder.rglob("*") if one.is_file()}
    with pytest.raises(BadInput, match=re.escape(foreign)):
        write_folder(small, folder)
    assert {one: one.read_bytes() for one in folder.rglob("*") if one.is_file()} == before


OTHER = json.dumps({"portfolio_id": "other", "files": {"README.txt": ""}}).encode()


def test_the_pack_of_another_portfolio_a_link_and_a_file_are_left_alone(
    packs: ReplicationService, small: ReplicationPack, tmp_path: Path
) -> None:
    other = replace(small, portfolio_id="other", files={**small.files, "MANIFEST.json": OTHER})
    folder = written(other, tmp_path / "pack")
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "file").write_text("mine")
    for name in ("pack", "link", "file"):
        with pytest.raises(BadInput):
            write_folder(small, tmp_path / name)
        with pytest.raises(BadInput):
            write_zip(small, tmp_path / name)
    assert (tmp_path / "file").read_text() == "mine"
    assert (folder / "MANIFEST.json").read_bytes() == other.files["MANIFEST.json"]


def test_a_zip_holds_the_same_files_in_one_folder_and_replaces_its_own_kind(
    small: ReplicationPack, tmp_path: Path
) -> None:
    file = tmp_path / "pack.zip"
    write_zip(small, file)
    write_zip(small, file)
    with zipfile.ZipFile(BytesIO(file.read_bytes())) as archive:
        assert {name.partition("/")[2]: archive.read(name) for name in archive.namelist()} == dict(small.files)
        assert {name.partition("/")[0] for name in archive.namelist()} == {"small-2026-10-30-replication"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
