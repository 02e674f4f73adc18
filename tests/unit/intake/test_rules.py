"""Identity, base currency and region: the rules that people may rely on."""

from __future__ import annotations

from datetime import date

import pytest

from core.intake.cells.names import date_in_name, is_portfolio_id, portfolio_id_of, stem_of

HEAD = "symbol,currency,market_value,country,isin\n"


def test_ids_are_readable_short_and_stable():
    assert portfolio_id_of("positions", "Main account") == "main-account-a6533de4a2"
    for account in ("", "x" * 500, "日本", "É à", "--", "a/b\\c", "\ud800"):
        identity = portfolio_id_of("positions", account)
        assert is_portfolio_id(identity)
        assert len(identity) <= 48


def test_ids_differ_by_family_and_by_letters_a_slug_cannot_show():
    accounts = ["A-1", "A 1", "a1", "A-1 "]
    assert len({portfolio_id_of(family, account) for family in ("positions", "ibkr") for account in accounts}) == 8


@pytest.mark.parametrize(
    ("name", "stem", "day"),
    [
        ("Portfolio_Positions_Nov-23-2026.csv", "Portfolio_Positions", date(2026, 11, 23)),
        ("positions-2026-10-30.csv", "positions", date(2026, 10, 30)),
        ("20261030_book.xlsx", "book", date(2026, 10, 30)),
        ("Individual-Positions-2026-10-30-125200.csv", "Individual-Positions", date(2026, 10, 30)),
        ("positions-2026-10-30 (1).csv", "positions", date(2026, 10, 30)),
        ("2026-10-30.csv", "portfolio", date(2026, 10, 30)),
        ("model 60-40.csv", "model 60-40", None),
        ("positions-2026-13-45.csv", "positions", None),
    ],
)
def test_a_file_name_gives_a_stem_that_lasts_and_a_date(name, stem, day):
    assert (stem_of(name), date_in_name(name)) == (stem, day)


def test_next_months_file_continues_the_portfolio(read):
    text = "symbol,currency,market_value\nX,USD,5\n"
    october, november = (read(text, f"book-2026-{month}-20.csv").portfolios[0] for month in (10, 11))
    assert october.portfolio_id == november.portfolio_id
    assert october.as_of != november.as_of


def test_what_a_person_says_wins(read):
    portfolio = read(HEAD + "X,USD,5,,\n", base_currency="chf", region="gb").portfolios[0]
    assert (portfolio.base_currency, portfolio.base_currency_given, portfolio.region) == ("CHF", True, "UK")


def test_the_currency_that_holds_the_most_value_is_the_base(read, rates):
    intake = read(HEAD + "A,JPY,100000,,\nB,USD,500,,\nC,USD,50,,\n", rates=rates)
    assert intake.portfolios[0].base_currency == "JPY"
    assert not intake.portfolios[0].base_currency_given
    assert any(note.startswith("Base currency JPY was derived") for note in intake.notes)


def test_without_rates_lines_are_counted_and_that_is_said(read, rates):
    text = HEAD + "A,JPY,100000,,\nB,USD,500,,\nC,USD,50,,\n"
    intake = read(text)
    assert intake.portfolios[0].base_currency == "USD"
    assert any("counted instead of valued" in note for note in intake.notes)
    unknown = read(text.replace("B,USD", "B,MNT"), rates=rates)
    assert any("counted instead of valued" in note for note in unknown.notes)


@pytest.mark.parametrize(
    ("rows", "region"),
    [
        ("A,USD,5,,", "US"),
        ("A,GBP,5,IE,", "UK"),
        ("A,CHF,5,,", "CH"),
        ("A,JPY,5,,", "JP"),
        ("A,SGD,5,,", "SG"),
        ("A,HKD,5,KY,", "HK"),
        ("A,AUD,5,,", "AU"),
        ("A,CAD,5,,", "CA"),
        ("A,EUR,5,FR,", "FR"),
        ("A,EUR,5,DE,", "DE"),
        ("A,EUR,5,,NL0010273215", "NL"),
        ("A,EUR,5,IE,", "GLOBAL"),
        ("A,EUR,50,FR,\nCASH_EUR,EUR,50,,", "GLOBAL"),
        ("A,EUR,51,FR,\nCASH_EUR,EUR,49,,", "FR"),
        ("A,USD,50,,\nB,EUR,40,,", "US"),
        ("A,USD,40,,\nB,GBP,40,,\nC,CHF,40,,", "GLOBAL"),
        ("A,SEK,5,SE,", "GLOBAL"),
    ],
)
def test_region_follows_listing_currency_and_country_of_most_of_the_value(read, rates, rows, region):
    assert read(HEAD + rows + "\n", rates=rates).portfolios[0].region == region


def test_a_short_line_weighs_by_its_size(read, rates):
    assert read(HEAD + "A,USD,-100,,\nB,GBP,20,,\n", rates=rates).portfolios[0].region == "US"


def test_notes_of_many_portfolios_are_one_line_each(read):
    rows = "".join(f"A{number},X,USD,5\n" for number in range(500))
    notes = read("account,symbol,currency,market_value\n" + rows).notes
    assert any("for 500 portfolios: USD for 500" in note for note in notes)
    assert len(notes) < 5
