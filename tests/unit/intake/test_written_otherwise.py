"""Lists in the encodings, units, signs and names of options that people elsewhere write."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest

from core.intake.opening.encodings import proven
from core.intake.reading import survey_bytes


@pytest.fixture
def guessed(read):
    """Totals by currency of a list that is read by its guess, and the intake."""

    def _guessed(text):
        data = text if isinstance(text, bytes) else text.encode()
        intake = read(data, "list.csv", columns=survey_bytes("list.csv", data).mapping)
        found = defaultdict(Decimal)
        for portfolio in intake.portfolios:
            for line in portfolio.holdings:
                found[line.currency] += line.market_value
        return dict(found), intake

    return _guessed


LISTS = {
    ("cp1251", "koi8-r", "cp866"): (
        "Наименование;ISIN;Количество;Цена;Валюта;Стоимость\nСбербанк;RU0009029540;10;250,50;RUB;2505,00\n",
        "Сбербанк", {"RUB": 2505},
    ),
    ("cp1250", "iso-8859-2"): (
        "Nazwa;ISIN;Ilość;Kurs;Waluta;Wartość\nŻabka;PLPKO0000016;10;50,50;PLN;505,00\nŁódź;PLPEKAO00016;2;100,00;PLN;200,00\n",
        "Żabka", {"PLN": 705},
    ),
    ("cp1253", "iso-8859-7"): (
        "Ονομασία;ISIN;Ποσότητα;Τιμή;Νόμισμα;Αξία\nΟΤΕ;GRS260333000;10;15,50;EUR;155,00\nΔΕΗ;GRS434003000;2;10,00;EUR;20,00\n",
        "ΟΤΕ", {"EUR": 175},
    ),
    ("cp1254", "iso-8859-9"): (
        "Menkul Kıymet;ISIN;Adet;Fiyat;Para Birimi;Piyasa Değeri\nİş Bankası;TRAISCTR91N2;10;15,50;TRY;155,00\n",
        "İş Bankası", {"TRY": 155},
    ),
    ("euc_jp", "shift_jis"): (
        "銘柄,コード,数量,現在値,評価額,通貨\nトヨタ自動車,7203,100,3000,300000,JPY\nソニーグループ,6758,50,12000,600000,JPY\n",
        "トヨタ自動車", {"JPY": 900000},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("encoding", "of"), [(one, many) for many in LISTS for one in many])
def test_the_words_of_a_list_tell_its_encoding(guessed, encoding, of):
    text, name, totals = LISTS[of]
    found, intake = guessed(text.encode(encoding))
    assert found == totals
    assert intake.portfolios[0].holdings[0].name == name


@pytest.mark.parametrize(
    "text", ["Bezeichnung;Stück;Währung\nMüller;1;EUR\n", "Libellé;Quantité\nSociété Générale;5\n"]
)
def test_western_lists_stay_western(text):
    assert proven(text.encode("cp1252")) is None


@pytest.mark.parametrize(
    ("units", "currency"),
    [("50 ks", "CZK"), ("50 шт.", "RUB"), ("50 adet", "TRY"), ("50 db", "HUF"), ("50 szt.", "PLN"), ("50株", "JPY"),
     ("50 Anteile", "EUR"), ("50 τεμ", "EUR"), ("50주", "KRW")],
)  # fmt: skip
def test_units_may_have_their_word_behind_them_in_any_language(guessed, units, currency):
    found, _ = guessed(f"Name;Quantity;Price;Currency\nA;{units};10,00;{currency}\nB;{units};5,00;{currency}\n")
    assert found == {currency: 750}


@pytest.mark.parametrize(
    ("sign", "currency"), [("TL", "TRY"), ("руб.", "RUB"), ("руб", "RUB"), ("лв.", "BGN"), ("грн", "UAH")]
)
def test_amounts_name_their_currency_by_its_short_word(guessed, sign, currency):
    rows = "".join(f"{name};50;{price} {sign};{50 * price} {sign}\n" for name, price in (("A", 10), ("B", 5)))
    found, _ = guessed("Name;Quantity;Price;Value\n" + rows)
    assert found == {currency: 750}


@pytest.mark.parametrize(
    "name",
    ["-AAPL261218C200", "AAPL261218P200.5", "AAPL 18DEC26 200 C", "AAPL 12/18/2026 C200", "AAPL Dec 18 2026 200 Call"],
)
def test_an_option_as_brokers_shorten_it_is_asked_for_its_value(guessed, name):
    found, intake = guessed(f"Symbol,Quantity,Price,Currency\n{name},2,5.5,USD\nAAPL,10,200,USD\nMSFT,1,300,USD\n")
    assert found == {"USD": 2300}
    assert "how many units a contract is" in intake.problems[0].message


@pytest.mark.parametrize("name", ["3M Co", "Total 2026 C", "Fonds 12/2026 Class C", "BRK B", "AT&T 5.5 C"])
def test_other_names_are_no_options(guessed, name):
    found, intake = guessed(f"Symbol,Quantity,Price,Currency\n{name},2,5.5,USD\nAAPL,10,200,USD\n")
    assert found == {"USD": 2011}
    assert not intake.problems


@pytest.mark.parametrize(
    "kind", ["Államkötvény", "Obveznica", "Облігація", "ОФЗ", "Titluri de stat", "Devlet tahvili", "Vállalati kötvény"]
)
def test_bonds_are_known_by_their_class_and_valued_per_hundred(guessed, kind):
    found, _ = guessed(f"Name;ISIN;Quantity;Price;Currency;Type\nX;HU0000403696;10000;98,5;EUR;{kind}\n")
    assert found == {"EUR": 9850}


def test_a_class_that_nobody_knows_beside_nominal_is_asked_about(guessed):
    found, intake = guessed("Megnevezés;Mennyiség;Árfolyam;Deviza;Típus\n2030/A;10000;98,5;HUF;Izé\nB;7;50;HUF;Izé\n")
    assert found == {"HUF": 350}
    assert "may be nominal priced per 100" in intake.problems[0].message


def test_a_second_header_with_another_currency_begins_another_table(guessed):
    found, intake = guessed(
        "Name;ISIN;Stück;Kurs;Wert EUR\nA;US0378331005;10;5;50\nB;US5949181045;1;6;6\n\n"
        "Name;ISIN;Stück;Kurs;Wert USD\nC;US02079K3059;2;10;20\nD;US88160R1014;2;10;20\n"
    )
    assert found == {"EUR": 56}
    assert "Another table stands here" in intake.problems[0].message
