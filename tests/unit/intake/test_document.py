"""The mosychlos document in YAML and JSON."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.domain.instrument import InstrumentType, Terms
from core.domain.portfolio import Flow
from core.errors import UnreadableFile

YAML = """
as_of: 2026-10-30
base_currency: EUR
name: Family
region: FR
accounts:
  - account: A-1
    holdings:
      - {symbol: MC.PA, quantity: 10, price: 600.5, market_value: 6005.0, country: FR}
      - {symbol: EQNR, currency: NOK, market_value: 0.1, country: NO, isin: null}
  - account: B-2
    base_currency: USD
    as_of: 2026-10-29
    id: second-book
    holdings:
      - {symbol: VOO, market_value: 5}
"""


def test_accounts_inherit_what_the_document_says(read):
    intake = read(YAML, "family.yaml")
    first, second = intake.portfolios
    assert intake.format == "mosychlos_yaml"
    assert not intake.problems
    assert (first.base_currency, first.base_currency_given, first.region) == ("EUR", True, "FR")
    assert (second.base_currency, second.as_of, second.portfolio_id) == ("USD", date(2026, 10, 29), "second-book")
    assert [holding.currency for holding in first.holdings] == ["EUR", "NOK"]
    assert (first.name, first.account) == ("Family A-1", "A-1")


def test_values_stay_exact_and_norway_stays_norway(read):
    holding = read(YAML, "family.yaml").portfolios[0].holdings[1]
    assert (holding.market_value, holding.country, holding.isin) == (Decimal("0.1"), "NO", "")


def test_json_says_the_same_as_yaml(read):
    text = (
        '{"as_of": "2026-10-30", "base_currency": "EUR", "name": "Family", "holdings": '
        '[{"symbol": "MC.PA", "quantity": 10, "price": 600.50, "isin": null, "market_value": 6005.00}]}'
    )
    as_json = read(text, "family.json")
    as_yaml = read(
        "as_of: 2026-10-30\nbase_currency: EUR\nname: Family\nholdings:\n"
        "  - {symbol: MC.PA, quantity: 10, price: 600.50, market_value: 6005.00}\n",
        "family.yaml",
    )
    assert as_json.format == "mosychlos_json"
    assert as_json.portfolios[0].holdings == as_yaml.portfolios[0].holdings
    assert as_json.portfolios[0].portfolio_id == as_yaml.portfolios[0].portfolio_id


def test_its_own_id_is_kept_and_an_impossible_one_is_a_problem(read):
    body = "as_of: 2026-10-30\nholdings: [{symbol: A, currency: USD, market_value: 1}]\n"
    assert read("id: my-book\n" + body, "x.yaml").portfolios[0].portfolio_id == "my-book"
    intake = read("id: My Book\n" + body, "x.yaml")
    assert (intake.problems[0].row, intake.problems[0].column, intake.problems[0].value) == (1, "id", "My Book")


def test_holdings_may_name_their_account_themselves(read):
    text = (
        "as_of: 2026-10-30\naccounts: [A, B]\nholdings:\n  - {account: A, symbol: X, currency: USD, market_value: 1}\n"
        "  - {account: B, symbol: Y, currency: USD, market_value: 2}\n"
    )
    assert [portfolio.account for portfolio in read(text, "x.yaml").portfolios] == ["A", "B"]


def test_accounts_may_be_a_mapping(read):
    text = "as_of: 2026-10-30\naccounts:\n  A: [{symbol: X, currency: USD, market_value: 1}]\n  B:\n    holdings: [{symbol: Y, currency: USD, market_value: 2}]\n"  # noqa: E501  one document
    assert [portfolio.account for portfolio in read(text, "x.yaml").portfolios] == ["A", "B"]


def test_every_problem_of_a_document_has_its_line_and_path(read):
    text = """as_of: 2027-10-30
base_currency: XXZ
region: Mars
holdings:
  - {symbol: A, currency: USD, market_value: one}
  - just text
  - {symbol: [1], currency: USD, market_value: 1}
  - {currency: USD, market_value: 1}
"""
    found = {(problem.row, problem.column) for problem in read(text, "x.yaml").problems}
    assert found == {
        (1, "as_of"), (2, "base_currency"), (3, "region"), (5, "as_of"), (5, "holdings[0].market_value"),
        (6, "holdings[1]"), (7, "holdings[2].symbol"), (8, "holdings[3].symbol"),
    }  # fmt: skip


def test_a_document_without_a_day_is_a_problem(read):
    intake = read("holdings: [{symbol: A, currency: USD, market_value: 1}]\n", "x.yaml")
    assert intake.portfolios == ()
    assert "Give as_of: 2026-10-30" in intake.problems[0].message


def test_the_same_account_twice_on_a_day_is_a_problem(read):
    text = "as_of: 2026-10-30\naccounts:\n" + 2 * (
        "  - {account: A, holdings: [{symbol: X, currency: USD, market_value: 1}]}\n"
    )
    intake = read(text, "x.yaml")
    assert len(intake.portfolios) == 1
    assert "twice" in intake.problems[0].message


def test_unknown_keys_are_noted(read):
    intake = read(
        "as_of: 2026-10-30\ncolour: red\nholdings: [{symbol: A, currency: USD, market_value: 1, taste: 1}]\n", "x.yaml"
    )
    assert any("'colour'" in note and "'holdings[0].taste'" in note for note in intake.notes)


@pytest.mark.parametrize(
    "text",
    ['{"as_of": NaN, "holdings": []}', '{"as_of": 1, "as_of": 2, "holdings": []}', '{"as_of": 1, "holdings": [}'],
)
def test_json_that_is_none_is_refused(read, text):
    with pytest.raises(UnreadableFile, match="not valid JSON"):
        read(text, "x.json")


def test_broken_yaml_names_its_line(read):
    with pytest.raises(UnreadableFile, match="not valid YAML in line 3"):
        read("as_of: 2026-10-30\nholdings:\n  - {symbol: ]\n", "x.yaml")


MANDATE = """
as_of: 2026-10-30
base_currency: EUR
regimes: [UCITS, priips, none]
benchmark: {EUNL.DE: 60, VGEA.DE: 40}
flows:
  - {date: 2026-03-02, amount: -250.50}
  - {date: 2026-01-05, amount: "1,000", currency: USD}
holdings:
  - {symbol: SAP.DE, market_value: 10, cost: 7.5,
     terms: {issuer: SAP SE, instrument_type: share, listed: yes, esg_flags: [coal, weapons], notional: ""}}
"""


def test_a_document_says_what_a_portfolio_is_measured_by(read):
    intake = read(MANDATE, "mandate.yaml")
    assert intake.problems == ()
    (portfolio,) = intake.portfolios
    assert portfolio.regimes == ("ucits", "priips")
    assert portfolio.benchmark == (("EUNL.DE", Decimal("0.6")), ("VGEA.DE", Decimal("0.4")))
    assert portfolio.flows == (
        Flow(date(2026, 1, 5), Decimal(1000), "USD"),
        Flow(date(2026, 3, 2), Decimal("-250.50"), "EUR"),
    )
    (line,) = portfolio.holdings
    assert line.cost == Decimal("7.5")
    assert line.terms == Terms(
        instrument_type=InstrumentType.SHARE, issuer="SAP SE", listed=True, esg_flags=("coal", "weapons")
    )


def test_accounts_share_rules_and_benchmark_but_never_flows(read):
    text = MANDATE.replace(
        "holdings:", "accounts:\n  - {account: A, holdings: [{symbol: X, market_value: 1}]}\nholdings:"
    )
    first, second = read(text, "two.yaml").portfolios
    assert first.regimes == second.regimes == ("ucits", "priips")
    assert first.benchmark == second.benchmark
    assert (len(first.flows), len(second.flows)) == (0, 2)


def test_a_benchmark_may_be_one_symbol_or_fractions(read):
    for text, meant in (
        ("benchmark: SPY", (("SPY", Decimal(1)),)),
        ("benchmark: {SPY: 0.5, BND: 50%}", ()),
        ("benchmark: {SPY: 0.75, BND: 0.25}", (("SPY", Decimal("0.75")), ("BND", Decimal("0.25")))),
        ("benchmark: {}", ()),
    ):
        changed = MANDATE.replace("benchmark: {EUNL.DE: 60, VGEA.DE: 40}", text)
        assert read(changed, "m.yaml").portfolios[0].benchmark == meant, text


@pytest.mark.parametrize(
    ("right", "wrong", "column"),
    [
        ("regimes: [UCITS, priips, none]", "regimes: ['a!']", "regimes"),
        ("regimes: [UCITS, priips, none]", "regimes: {a: b}", "regimes"),
        ("{EUNL.DE: 60, VGEA.DE: 40}", "{EUNL.DE: 60, VGEA.DE: 41}", "benchmark"),
        ("{EUNL.DE: 60, VGEA.DE: 40}", "{EUNL.DE: -60}", "benchmark.EUNL.DE"),
        ("{EUNL.DE: 60, VGEA.DE: 40}", "[EUNL.DE]", "benchmark"),
        ("date: 2026-03-02", "date: 2030-03-02", "flows[0].date"),
        ("date: 2026-03-02", "date: soon", "flows[0].date"),
        ("amount: -250.50", "amount: much", "flows[0].amount"),
        ("currency: USD", "currency: GBX", "flows[1].currency"),
        ("amount: -250.50", "amount: 1, note: x", "flows[0]"),
        ("listed: yes", "listed: perhaps", "holdings[0].terms.listed"),
        ("listed: yes", "colour: red", "holdings[0].terms.colour"),
        ("listed: yes", "listed: {a: b}", "holdings[0].terms.listed"),
        ("cost: 7.5", "cost: little", "holdings[0].cost"),
    ],
)
def test_what_is_wrong_with_a_mandate_is_named_by_its_path(read, right, wrong, column):
    assert right in MANDATE
    intake = read(MANDATE.replace(right, wrong), "m.yaml")
    assert [problem.column for problem in intake.problems] == [column]
