"""No list is read wrong in silence: what the numbers say goes before what a header or a word says."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.errors import UnreadableFile
from core.intake.cells.asset_classes import is_bond_name, is_cash_name, is_option_symbol
from core.intake.cells.money_marks import currency_named, marks_of
from core.intake.cells.numbers import NumberStyle, parse_number
from core.intake.reading import survey_bytes
from core.intake.tables.mapping import mapping_from


def total(intake) -> Decimal:
    return sum((line.market_value for portfolio in intake.portfolios for line in portfolio.holdings), Decimal(0))


@pytest.fixture
def mapped(read):
    """Read a table whose columns nobody knows, by the guess alone."""

    def _mapped(text: str, *pairs: str):
        found = survey_bytes("list.csv", text.encode())
        return read(text, "list.csv", columns=mapping_from(pairs, found))

    return _mapped


@pytest.mark.parametrize("word", ["Total", "Summe", "Gesamtsumme", "Totale", "Somme", "合計", "Subtotal of Stocks", ""])
def test_a_row_that_is_the_sum_of_the_others_is_no_line(read, word):
    table = "symbol,name,currency,quantity,price,market_value\nAAA,Alpha,EUR,10,100,1000\nBBB,Beta,EUR,5,150,750\n"
    intake = read(table + f"{word or 'ZZZ'},,EUR,,,1750\n")
    assert total(intake) == 1750
    assert any("left out" in note for note in intake.notes)
    assert not intake.problems


def test_a_total_that_disagrees_with_its_lines_is_a_problem(read):
    table = "symbol,currency,quantity,price,market_value\nAAA,EUR,10,100,1000\nBBB,EUR,5,150,750\nTotal,EUR,,,2750\n"
    intake = read(table)
    assert total(intake) == 1750
    assert "come to 1,750.00" in intake.problems[0].message


def test_a_line_called_like_a_total_is_kept_where_it_has_a_number_of_its_own(read):
    table = "symbol,isin,name,currency,market_value\nTTE,FR0000120271,Total SE,EUR,1000\nBBB,,Beta,EUR,1000\n"
    assert total(read(table)) == 2000


def test_money_that_is_worth_as_much_as_the_rest_stays_a_line(read):
    table = "symbol,name,currency,market_value\nA,Alpha,EUR,500\nB,Beta,EUR,500\nK,Verrechnungskonto,EUR,1000\n"
    intake = read(table)
    assert total(intake) == 2000
    assert intake.portfolios[0].holdings[-1].asset_class == "cash"


@pytest.mark.parametrize(
    ("cell", "currency", "says"),
    [("€1850.00", "USD", "EUR"), ("850 kr", "EUR", "DKK"), ("£10", "USD", "GBP"), ("R$ 5.00", "USD", "BRL")],
)
def test_an_amount_in_another_currency_than_its_row_is_refused(read, cell, currency, says):
    intake = read(f"symbol,currency,market_value\nAAA,{currency},{cell}\nBBB,{currency},1\n")
    assert total(intake) == 1
    assert says in intake.problems[0].message
    assert (intake.problems[0].row, intake.problems[0].column) == (2, "market_value")


@pytest.mark.parametrize(
    ("text", "value"),
    [("1 000,00 kr", "1000"), ("100,00 zł", "100"), ("R$ 5,50", "5.5"), ("₹ 12,5", "12.5"), ("50 Stück", "50"),
     ('="10"', "10"), ("(1.200,50) EUR", "-1200.5"), ("3 Stk.", "3"), ("7,5 parts", "7.5")],
)  # fmt: skip
def test_marks_units_and_guards_are_no_part_of_a_number(text, value):
    assert parse_number(text, NumberStyle.COMMA) == Decimal(value)


def test_a_sign_that_several_currencies_share_names_them_all():
    assert marks_of("$5") >= {"USD", "CAD", "AUD"}
    assert marks_of("100 kr") == {"SEK", "NOK", "DKK", "ISK"}
    assert marks_of("€5 USD") == frozenset()
    assert marks_of("100.00") is None
    assert (currency_named("US-Dollar"), currency_named("€"), currency_named("$")) == ("USD", "EUR", None)


def test_whole_thousands_between_semicolons_are_thousands(mapped):
    assert (
        total(mapped("Bezeichnung;Stück;Kurswert;Währung\nAlpha;1.500;15.000;EUR\nBeta;2.000;40.000;EUR\n")) == 55_000
    )


def test_a_header_that_calls_the_units_an_amount_is_overruled_by_the_product(mapped):
    text = "Product,Amount,Closing,Worth,Ccy\nAlpha,10,150.00,1500.00,USD\nBeta,50,100.00,5000.00,USD\n"
    assert total(mapped(text + "Gamma,100,25.00,2500.00,USD\n")) == 9_000


def test_a_value_whose_header_names_a_currency_is_in_that_currency(mapped):
    text = "Name,Quantity,Price,Currency,Value in EUR\nAlpha,10,200.00,USD,1800.00\nBeta,5,100.00,EUR,500.00\n"
    intake = mapped(text + "Gamma,20,50.00,USD,900.00\n")
    assert {line.currency for line in intake.portfolios[0].holdings} == {"EUR"}
    assert total(intake) == 3_200


def test_days_of_prices_do_not_split_a_list(mapped):
    text = "Fonds;Anteile;Kursdatum;Preis;Währung;Gegenwert\nA;10;29.10.2026;100,00;EUR;1.000,00\n"
    intake = mapped(text + "B;5;28.10.2026;200,00;EUR;1.000,00\nC;1;30.10.2026;50,00;EUR;50,00\n")
    assert [(str(portfolio.as_of), len(portfolio.holdings)) for portfolio in intake.portfolios] == [("2026-10-30", 3)]
    assert any("dates prices" in note for note in intake.notes)


def test_cells_under_nameless_columns_cost_no_line(mapped):
    text = "Bezeichnung;Stk.;;Kurs;;Wert;\nAlpha AG;10,0;Stk.;100,00;EUR;1.000,00;x\n"
    assert total(mapped(text + "Beta SE;5,0;Stk.;200,00;EUR;1.000,00;x\n")) == 2_000


@pytest.mark.parametrize(
    "rows",
    [
        "date,action,symbol,quantity,price,currency\n2026-01-05,BUY,A,100,10,USD\n2026-03-05,SELL,A,60,12,USD\n",
        "date,what,symbol,quantity,price,currency\n2026-01-05,Kauf,A,100,10,USD\n2026-03-05,Verkauf,A,60,12,USD\n",
        (
            "date,symbol,quantity,price,fees,currency\n2026-01-05,A,1,10,1,USD\n2026-03-05,A,6,12,1,USD\n"
            "2026-04-05,A,2,9,1,USD\n"
        ),
    ],
)
def test_a_history_of_dealings_is_no_list_of_positions(read, rows):
    with pytest.raises(UnreadableFile, match="list of transactions"):
        read(rows)


def test_a_mapping_alone_makes_no_positions_of_dealings(mapped):
    text = "date,type,name,shares,amount,currency\n2026-01-05,DIVIDEND,AAA,100,50.00,EUR\n"
    with pytest.raises(UnreadableFile, match="list of transactions"):
        mapped(text + "2026-01-07,BUY,CCC,10,200.00,EUR\n")


@pytest.mark.parametrize(
    ("line", "value", "kind"),
    [
        ("AAA   270115C00200000,,USD,2,5.30", "1060", "derivative"),
        ("XS1,Alpha Finance 3.25% 2030,EUR,10000,99.5", "9950", "bond"),
        ("XS2,Bund 2.20% 02/2034,EUR,10000,0.995", "9950", "bond"),
        ("EURCASH,USD CASH,EUR,100,1", "100", "cash"),
    ],
)
def test_what_a_line_is_called_says_how_it_is_priced(read, line, value, kind):
    held = read(f"symbol,name,currency,quantity,price\n{line}\n").portfolios[0].holdings[0]
    assert (held.market_value, held.asset_class) == (Decimal(value), kind)


def test_names_that_only_look_like_money_bonds_or_options_are_none():
    assert not is_cash_name("Cash Converters International")
    assert not is_bond_name("Fund 60/40 2030")
    assert not is_option_symbol("AAPL")


@pytest.mark.parametrize(
    ("word", "kind"),
    [("Aktien", "equity"), ("Anleihen", "bond"), ("Obligations", "bond"), ("Azioni", "equity"), ("Fonds", "fund"),
     ("株式", "equity"), ("Barmittel", "cash")],
)  # fmt: skip
def test_classes_are_known_in_the_languages_of_the_headers(read, word, kind):
    intake = read(f"symbol,asset_class,currency,market_value\nA,{word},EUR,1\n")
    assert intake.portfolios[0].holdings[0].asset_class == kind


LINES = "Apple,US0378331005,10,200,2000,USD\nMicrosoft,US5949181045,5,400,2000,USD\n"
HEAD = "name,isin,quantity,price,market_value,currency\n"


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "All holdings,,,,4000,USD\n" + LINES,
        HEAD + LINES + "Cash,,,,500,USD\nNet asset value,,,,4500,USD\n",
        HEAD + "Everything,,,,4500,USD\n" + LINES + "Cash,,,,500,USD\n",
    ],
    ids=["above its lines", "below a line of money", "above, with money"],
)
def test_a_sum_is_no_line_wherever_it_stands_and_whatever_it_is_called(mapped, text):
    intake = mapped(text)
    assert total(intake) == (4500 if "Cash" in text else 4000)
    assert any("sum of" in note or "agree with the lines" in note for note in intake.notes)


@pytest.mark.parametrize(
    ("currency", "row", "value"),
    [("GBP", "VOD,1000,72.5,GBP,725.00", 725), ("USD", "ACME,10000,97.5,USD,9750.00", 9750)],
)
def test_a_value_that_is_called_by_another_word_than_ours_is_read_and_contradicts(read, currency, row, value):
    intake = read(f"Symbol,Quantity,Price,Currency,Value\n{row}\nAAA,10,20,{currency},200\n")
    assert total(intake) == value + 200
    assert not any("not read" in note for note in intake.notes)


@pytest.mark.parametrize("header", ["side", "Long/Short", "Direction", "anything"])
def test_a_short_line_is_negative_whatever_its_amounts_say(read, header):
    text = f"symbol,quantity,price,currency,market_value,{header}\nAAA,10,200,USD,2000,Long\nBBB,5,100,USD,500,Short\n"
    intake = read(text)
    assert total(intake) == 1500
    assert [line.quantity for line in intake.portfolios[0].holdings] == [10, -5]
    assert any("says short" in note for note in intake.notes)


def test_a_column_of_long_alone_changes_nothing(read):
    assert total(read("symbol,currency,market_value,side\nAAA,USD,2000,Long\nBBB,USD,500,Long\n")) == 2500


VALUES = "Apple,US0378331005,2000,USD\nMicrosoft,US5949181045,2500,USD\n"


@pytest.mark.parametrize(
    "text",
    [
        "Name,ISIN,Value (USD thousands),Currency\n" + VALUES,
        'Name,ISIN,"Market value ($000s)",Currency\n' + VALUES,
        "Amounts in thousands of USD\nName,ISIN,Value,Currency\n" + VALUES,
        "Alle Beträge in TEUR\nName,ISIN,Kurswert,Währung\n" + VALUES,
    ],
    ids=["header", "header with a sign", "line above", "line above, German"],
)
def test_amounts_that_are_called_thousands_are_refused(mapped, text):
    with pytest.raises(UnreadableFile, match="Write the amounts out"):
        mapped(text)


def test_a_line_above_that_speaks_of_thousands_is_overruled_by_quantity_times_price(mapped):
    text = "Fund size in millions of USD: 2\nName,ISIN,Qty,Price,Value,Currency\n" + LINES
    assert total(mapped(text)) == 4000


def test_values_in_another_currency_than_their_lines_are_refused_by_their_factor(mapped):
    lines = "Apple,US0378331005,10,200,1740,USD\nMicrosoft,US5949181045,5,400,1740,USD\n"
    with pytest.raises(UnreadableFile, match=r"× 0\.8700 in every line in USD"):
        mapped("Name,ISIN,Qty,Price,Value,Currency\n" + lines)


@pytest.mark.parametrize("factor", ["1.01", "0.01", "50", "100"], ids=["interest", "per 100", "futures", "options"])
def test_a_factor_that_units_explain_is_no_currency(mapped, factor):
    value = Decimal(2000) * Decimal(factor)
    lines = f"Apple,US0378331005,10,200,{value},USD\nMSFT,US5949181045,5,400,{value},USD\n"
    assert mapped("Name,ISIN,Qty,Price,Value,Currency\n" + lines).portfolios


def test_tables_of_two_accounts_are_two_portfolios_and_pages_of_one_are_one(mapped):
    first, second = LINES.splitlines(keepends=True)
    two = mapped(f"Account A-1\n{HEAD}{first}\nAccount B-2\n{HEAD}{second}")
    assert [len(one.holdings) for one in two.portfolios] == [1, 1]
    assert {one.account for one in two.portfolios} == {"list Account A-1", "list Account B-2"}
    one = mapped(f"Equities\n{HEAD}{first}\nMore equities\n{HEAD}{second}")
    assert [len(each.holdings) for each in one.portfolios] == [2]


@pytest.mark.parametrize(
    "name",
    ["BTP 01/03/2030 3,5%", "Bundesrep.Deutschland Anl.v.2023 (2033)", "UK Treasury 0 5/8% 07/06/25",
     "OAT 25/10/2027 2.75%", "US TREASURY N/B 2031", "BONOS DEL ESTADO 2031", "Pfandbrief Bank AG Pfandbrief 2029"],
)  # fmt: skip
def test_bonds_are_known_by_the_names_that_their_markets_give_them(name):
    assert is_bond_name(name)


@pytest.mark.parametrize(
    "name",
    ["iShares iBonds Dec 2030 Term $ Treasury UCITS ETF", "Treasury Wine Estates", "Invesco BulletShares 2030 Bond ETF",
     "Bund Fonds", "Vision 2030 Holding AG", "Alpha 3,5% Vorzug"],
)  # fmt: skip
def test_funds_of_bonds_and_companies_with_a_year_are_no_bonds(name):
    assert not is_bond_name(name)


@pytest.mark.parametrize("isin", ["DE0001102580", "US912810TM09", "ES0000012L29", "JP1103721LA0"])
def test_the_isin_of_a_states_debt_says_how_it_is_priced(read, isin):
    intake = read(f"symbol,isin,currency,quantity,price\nX1,{isin},EUR,10000,98\n")
    assert total(intake) == 9800


def test_groups_that_state_their_sum_above_their_lines_count_once(mapped):
    others = "Novo,DK0062498333,10,80,800,USD\nRoche,CH0012032048,10,300,3000,USD\n"
    intake = mapped(HEAD + "Tech,,,,4000,USD\n" + LINES + "Health,,,,3800,USD\n" + others)
    assert total(intake) == 7800
    assert any("'Tech'; 'Health'" in note for note in intake.notes)


def test_a_bare_line_that_is_no_sum_stays_and_so_do_all(mapped):
    intake = mapped(HEAD + "Tech,,,,4000,USD\n" + LINES + "Artwork,,,,123,USD\n")
    assert total(intake) == 8123


def test_lines_with_isins_need_no_units_to_show_their_sum(mapped):
    text = (
        "name,isin,weight,market_value,currency\nApple,US0378331005,0.5,2000,USD\nMicrosoft,US5949181045,0.5,2000,USD\n"
    )
    assert total(mapped(text + "Everything,,1.0,4000,USD\n")) == 4000


def test_a_line_that_is_the_sum_of_its_lots_is_told(read):
    rows = "AAA,15,2,USD,30\nAAA,10,2,USD,20\nAAA,5,2,USD,10\nBBB,1,2,USD,2\n"
    intake = read("symbol,quantity,price,currency,market_value\n" + rows)
    assert any("sum of the other lines of its symbol" in note and "'AAA'" in note for note in intake.notes)
    assert not any("sum of the other" in note for note in read(
        "symbol,quantity,price,currency,market_value\nAAA,10,2,USD,20\nAAA,5,2,USD,10\n").notes)  # fmt: skip


def test_the_day_of_the_list_is_read_by_any_of_its_words(read):
    intake = read("Symbol,Quantity,Price,Currency,Purchase date,Valuation date\nAAA,1,2,USD,2020-01-05,2026-10-30\n")
    assert [str(one.as_of) for one in intake.portfolios] == ["2026-10-30"]


@pytest.mark.parametrize(
    "word",
    ["Joukkolaina", "Obrigações", "Obligacje skarbowe", "Obligasjon", "Dluhopis", "Kötvény", "Tahvil", "Obligațiuni",
     "Ομόλογα", "Облигации", "Corporate bonds (EUR)", "Rentenpapier / Anleihe"],
)  # fmt: skip
def test_a_bond_is_one_in_the_languages_of_europe_and_among_other_words(read, word):
    intake = read(f'symbol,asset_class,currency,quantity,price\nX1,"{word}",EUR,10000,98\n')
    assert total(intake) == 9800


def test_nominal_and_units_of_a_class_that_nobody_knows_are_asked_about(read):
    head = "symbol,asset_class,currency,quantity,price,market_value\n"
    intake = read(head + "X1,Zertifikat,EUR,10000,98,\nX2,Zertifikat,EUR,17,98,\nX3,Zertifikat,EUR,10000,98,9800\n")
    assert [(one.row, one.column) for one in intake.problems] == [(2, "market_value")]
    assert "may be nominal" in intake.problems[0].message
    assert total(intake) == 9800 + 17 * 98


def test_by_our_own_word_a_value_is_kept_beside_an_older_price(read):
    assert total(read("symbol,quantity,price,currency,market_value\nAAA,10,5,USD,60\nBBB,10,5,USD,60\n")) == 120
    with pytest.raises(UnreadableFile, match="another currency"):
        read("symbol,quantity,price,currency,value\nAAA,10,5,USD,60\nBBB,10,5,USD,60\n")
