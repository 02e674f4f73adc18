"""Averages are no lines, sums with units and a price are none either; pence are hundredths wherever they are said."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest

from core.intake.reading import survey_bytes
from core.intake.tables.column_words import named

LIST = (
    "Name;ISIN;Quantity;Price;Currency;Value\n"
    "Alpha;US0378331005;10;150,50;USD;1505,00\n"
    "Beta;US5949181045;5;300,10;USD;1500,50\n"
    "Gamma;US02079K3059;7;100,00;USD;700,00\n"
)


@pytest.fixture
def totals(read):
    """What a list comes to when its guess is taken, by currency."""

    def _totals(text):
        intake = read(text, "list.csv", columns=survey_bytes("list.csv", text.encode()).mapping)
        found = defaultdict(Decimal)
        for portfolio in intake.portfolios:
            for line in portfolio.holdings:
                found[line.currency] += line.market_value
        return dict(found), intake

    return _totals


@pytest.mark.parametrize(
    "word",
    [
        "Average", "Mean", "Weighted average", "Durchschnitt", "Mittelwert", "Moyenne", "Media", "Promedio",
        "Gemiddelde", "Genomsnitt", "Średnia", "Průměr", "Átlag", "Среднее", "Ortalama", "Μέσος όρος", "平均", "평균",
        "Median", "Min",
        "Maximum", "Std dev", "Number of positions", "Anzahl Positionen", "% of total", "Anteil in %",
    ],
)  # fmt: skip
@pytest.mark.parametrize("cells", [";7,33;183,53;USD;1235,17", ";;;USD;1500,50"])
def test_a_row_that_is_a_statistic_of_others_is_no_line_and_is_told(totals, word, cells):
    found, intake = totals(LIST + f"{word};{cells}\n")
    assert found == {"USD": Decimal("3705.50")}
    assert any("statistics" in note and word in note for note in intake.notes)
    assert not intake.problems


def test_an_average_without_a_column_of_values_is_no_line(read):
    intake = read("Symbol,Quantity,Price,Currency\nAAA,10,5,USD\nBBB,20,6,USD\nAverage,15,5.5,USD\n")
    assert [line.symbol for portfolio in intake.portfolios for line in portfolio.holdings] == ["AAA", "BBB"]


@pytest.mark.parametrize("name", ["Max", "Total", "Median", "Total Energies", "Average"])
def test_a_company_of_such_a_name_is_a_line_where_its_value_is_its_units_times_its_price(totals, name):
    found, _ = totals(LIST + f"{name};;10;50,00;USD;500,00\n")
    assert found == {"USD": Decimal("4205.50")}


@pytest.mark.parametrize(
    "word",
    ["Total", "Grand total", "Summe", "Łącznie", "Итого", "Genel toplam", "Σύνολο", "Összesen", "Celkem", "합계"],
)
@pytest.mark.parametrize("cells", [";22;168,43;USD;3705,50", ";22;;USD;3705,50", ";;;USD;3705,50"])
def test_a_sum_is_no_line_whether_or_not_it_states_units_and_an_average_price(totals, word, cells):
    found, intake = totals(LIST + f"{word};{cells}\n")
    assert found == {"USD": Decimal("3705.50")}
    assert not intake.problems


def test_a_sum_with_units_and_a_price_that_is_no_sum_is_a_problem(totals):
    found, intake = totals(LIST + "Total;;22;168,43;USD;9999,99\n")
    assert found == {"USD": Decimal("3705.50")}
    assert "does not agree" in intake.problems[0].message


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("Name,Units,Price,Currency", "Tesco,1000,372p,GBP|BP,200,450.5p,GBP"),
        ("Name,Units,Price,Currency", "Tesco,1000,372p,GBX|BP,200,450.5p,GBX"),
        ("Name,Units,Price,Currency", "Tesco,1000,GBX 372,GBP|BP,200,£4.505,GBP"),
        ("Name,Units,Price,Currency", "Tesco,1000,372 pence,GBP|BP,200,450.5 p,GBP"),
        ("Name,Units,Price (p),Currency", "Tesco,1000,372,GBP|BP,200,450.5,GBP"),
        ("Name,Units,Price (pence)", "Tesco,1000,372|BP,200,450.5"),
        ("Name,Units,Price GBX", "Tesco,1000,372|BP,200,450.5"),
        ("Name,Units,Price (p),Value (£)", "Tesco,1000,372,3720|BP,200,450.5,901"),
        ("Name,Units,Price,Currency,Value", "Tesco,1000,372p,GBP,3720|BP,200,450.5p,GBP,901"),
        ("Name,Units,Price", "Tesco,1000,372p|BP,200,450.5p"),
        ("Name,Units,Value,Currency", "Tesco,1000,372000p,GBP|BP,200,90100p,GBP"),
    ],
)
def test_pence_are_hundredths_whether_the_cell_the_header_or_the_currency_says_so(totals, header, rows):
    found, intake = totals(header + "\n" + rows.replace("|", "\n") + "\n")
    assert found == {"GBP": Decimal(4621)}
    assert not intake.problems


def test_pence_in_a_row_of_dollars_are_refused(totals):
    found, intake = totals("Name,Units,Price,Currency\nTesco,1000,372p,USD\nBP,200,450p,USD\n")
    assert found == {}
    assert "says GBP and the row says USD" in intake.problems[0].message


HEADERS = {
    "Russian": "Наименование;ISIN;Количество;Цена;Валюта;Рыночная стоимость;Средняя цена покупки",
    "Czech": "Název;ISIN;Počet kusů;Tržní cena;Měna;Tržní hodnota;Nákupní cena",
    "Polish": "Nazwa;ISIN;Liczba;Kurs;Waluta;Wartość rynkowa;Średnia cena zakupu",
    "Turkish": "Menkul Kıymet;ISIN;Adet;Güncel Fiyat;Para Birimi;Piyasa Değeri;Ortalama Maliyet",
    "Greek": "Ονομασία;ISIN;Ποσότητα;Τιμή;Νόμισμα;Αξία;Μέση τιμή κτήσης",
    "Hungarian": "Megnevezés;ISIN;Darabszám;Árfolyam;Devizanem;Piaci érték;Bekerülési ár",
    "Romanian": "Denumire;ISIN;Cantitate;Preț;Monedă;Valoare de piață;Preț mediu de achiziție",
    "Slovak": "Názov;ISIN;Množstvo;Cena;Mena;Trhová hodnota;Nákupná cena",
    "Croatian": "Naziv;ISIN;Količina;Cijena;Valuta;Tržišna vrijednost;Prosječna cijena",
    "Ukrainian": "Назва;ISIN;Кількість;Ціна;Валюта;Ринкова вартість;Середня ціна",
    "Korean": "종목명;ISIN;수량;현재가;통화;평가금액;매입단가",
    "no language": "Foo;ISIN;Bar;Baz;Qux;Quux;Corge",
}


@pytest.mark.parametrize("language", HEADERS)
def test_a_list_in_any_language_is_read_by_its_words_or_its_numbers(totals, language):
    rows = (
        "Alfa;US0378331005;10;150,50;USD;1505,00;90,00\n"
        "Beta;US5949181045;5;300,10;USD;1500,50;310,00\n"
        "Gama;US02079K3059;7;100,20;USD;701,40;80,00\n"
    )
    found, intake = totals(HEADERS[language] + "\n" + rows)
    assert found == {"USD": Decimal("3706.90")}
    prices = [line.price for line in intake.portfolios[0].holdings]
    assert prices == [Decimal("150.50"), Decimal("300.10"), Decimal("100.20")]


@pytest.mark.parametrize(
    "header",
    ["Средняя цена", "Nákupní cena", "Τιμή αγοράς", "Preț mediu", "Ortalama maliyet", "매입단가", "Bekerülési ár"],
)
def test_what_was_paid_is_no_price_of_today_in_any_language(header):
    assert "price" not in named(header)
