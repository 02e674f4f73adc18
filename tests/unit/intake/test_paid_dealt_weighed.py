"""What was paid is no value, days of dealings are a history, weights are no amounts, and thousands are asked about."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.errors import BadInput, UnreadableFile
from core.intake.reading import survey_bytes
from core.intake.tables.choices import TableChoices, Undecided
from core.intake.tables.column_words import is_paid


@pytest.fixture
def guessed(read):
    """Read a list by its guess."""

    def _guessed(text, **said):
        return read(text, "list.csv", columns=survey_bytes("list.csv", text.encode()).mapping, **said)

    return _guessed


def total(intake):
    return sum(line.market_value for portfolio in intake.portfolios for line in portfolio.holdings)


ROWS = (
    "Alpha;US0378331005;10;100,00;1000,00;USD\n"
    "Beta;US5949181045;5;200,00;1000,00;USD\n"
    "Gamma;US02079K3059;7;50,00;350,00;USD\n"
)


@pytest.mark.parametrize(
    "header",
    [
        "Name;ISIN;Quantity;Avg cost;Invested;Currency",
        "Name;ISIN;Stück;Einstandskurs;Einstandswert;Währung",
        "Libellé;ISIN;Quantité;Prix de revient;Montant investi;Devise",
        "Valor;ISIN;Títulos;Precio medio de compra;Importe invertido;Divisa",
        "Titolo;ISIN;Quantità;Prezzo medio di carico;Controvalore di carico;Divisa",
        "Namn;ISIN;Antal;GAV;Anskaffningsvärde;Valuta",
        "Arvopaperi;ISIN;Määrä;Hankintahinta;Hankinta-arvo;Valuutta",
        "Наименование;ISIN;Количество;Цена покупки;Стоимость покупки;Валюта",
        "Menkul;ISIN;Adet;Ortalama maliyet;Alış tutarı;Para birimi",
        "銘柄;ISIN;数量;取得単価;取得金額;通貨",
    ],
)
def test_a_list_of_what_was_paid_alone_has_no_value_although_its_numbers_multiply(guessed, header):
    with pytest.raises(BadInput, match="No column is the value"):
        guessed(header + "\n" + ROWS)


def test_of_two_products_the_one_of_today_is_the_value_wherever_it_stands(guessed):
    cost_first = (
        "Name,ISIN,Quantity,Cost Price,Cost Value,Price,Market Value,Currency\n"
        "Alpha,US0378331005,10,100,1000,150.50,1505,USD\n"
        "Beta,US5949181045,5,200,1000,300.10,1500.50,USD\n"
        "Gamma,US02079K3059,7,50,350,100.20,701.40,USD\n"
    )
    assert total(guessed(cost_first)) == Decimal("3706.90")


@pytest.mark.parametrize("header", ["Current price", "Kurs", "Cours actuel", "Precio", "Mark", "Costco price today"])
def test_prices_of_today_are_not_what_was_paid(header):
    assert not is_paid(header) or "cost" in header.lower()


@pytest.mark.parametrize(
    "text",
    [
        "Date,Symbol,B/S,Qty,Price,Currency,Amount\n2026-01-02,AAA,B,10,150,USD,1500\n2026-02-02,AAA,S,4,160,USD,640\n",
        "Date,Symbol,K/V,Qty,Price,Currency,Amount\n2026-01-02,AAA,K,10,150,USD,1500\n2026-02-02,BBB,K,4,160,USD,640\n",
        "Trade Date,Symbol,Qty,Price,Currency,Amount\n2026-01-02,AAA,10,150,USD,1500\n2026-02-02,CCC,4,160,USD,640\n",
        "Handelstag,Name,Stück,Kurs,Währung,Betrag\n02.01.2026,AAA,10,150,USD,1500\n03.01.2026,CCC,4,160,USD,640\n",
        "約定日,銘柄,数量,価格,通貨,金額\n2026-01-02,AAA,10,150,JPY,1500\n2026-02-02,CCC,4,160,JPY,640\n",
    ],
)
def test_sides_in_one_letter_and_days_of_dealings_make_a_history(guessed, text):
    with pytest.raises(Undecided, match="list of transactions"):
        guessed(text)


def test_one_trade_date_for_all_lines_is_the_day_of_the_list(guessed):
    text = "Trade Date,Symbol,Qty,Price,Currency,Value\n2026-01-02,AAA,10,150,USD,1500\n2026-01-02,CCC,4,160,USD,640\n"
    assert total(guessed(text)) == 2140


@pytest.mark.parametrize("values", [("50.5", "30.0", "19.5"), ("0.505", "0.3", "0.195"), ("40", "40", "20.05")])
def test_values_that_add_up_to_a_hundred_or_one_are_asked_about(guessed, values):
    text = "Name,ISIN,Value,Currency\n" + "".join(
        f"{name},{isin},{value},USD\n"
        for name, isin, value in zip(
            ("A", "B", "C"), ("US0378331005", "US5949181045", "US02079K3059"), values, strict=True
        )
    )
    with pytest.raises(Undecided, match="weights are no amounts"):
        guessed(text)
    assert total(guessed(text, choices=TableChoices(positions=True))) == sum(map(Decimal, values))


@pytest.mark.parametrize("by", [1_000, 1_000_000])
def test_values_a_thousand_times_smaller_than_their_products_are_asked_about(guessed, by):
    rows = [
        ("Alpha", "US0378331005", 10000, "150.5"),
        ("Beta", "US5949181045", 5000, "300"),
        ("C", "US02079K3059", 7000, "10"),
    ]
    text = "Name,ISIN,Quantity,Price,Currency,Value\n" + "".join(
        f"{name},{isin},{units},{price},USD,{units * Decimal(price) / by}\n" for name, isin, units, price in rows
    )
    with pytest.raises(Undecided, match="--map 'Value='"):
        guessed(text)


@pytest.mark.parametrize(
    "header",
    ["Стоимость, тыс. руб.", "Tržní hodnota (tis. Kč)", "Piaci érték (ezer Ft)", "Değer (Bin TL)", "Wartość (tys. zł)",
     "Marknadsvärde, Mkr", "評価額(億円)", "Valor de mercado (milhões)", "평가금액(천원)"],
)  # fmt: skip
def test_thousands_and_millions_are_known_in_any_language(read, header):
    text = f"Name;ISIN;{header};Currency\nAlpha;US0378331005;1505;EUR\nBeta;US5949181045;1500;EUR\n"
    mapping = survey_bytes("list.csv", text.encode()).mapping
    assert "market_value" in dict(mapping.columns)
    with pytest.raises(UnreadableFile, match="thousands or millions"):
        read(text, "list.csv", columns=mapping)
