"""One list, written in any order of columns, language, marks and totals: the same portfolio or a refusal."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain.portfolio import Intake
from core.errors import MosychlosError
from core.intake.reading import read_bytes, survey_bytes
from core.intake.tables.mapping import mapping_from

TODAY = date(2026, 11, 24)
HEADERS = {
    "en": ("Name", "Symbol", "Quantity", "Price", "Currency", "Market value"),
    "de": ("Bezeichnung", "WKN", "Stück", "Kurs", "Währung", "Kurswert"),
    "fr": ("Libellé", "Code", "Quantité", "Cours", "Devise", "Valorisation"),
    "it": ("Titolo", "Codice", "Quantità", "Prezzo", "Divisa", "Controvalore"),
    "es": ("Nombre", "Símbolo", "Títulos", "Precio", "Divisa", "Valor de mercado"),
    "sv": ("Namn", "Kortnamn", "Antal", "Kurs", "Valuta", "Marknadsvärde"),
    "ja": ("銘柄名", "銘柄コード", "数量", "現在値", "通貨", "評価額"),
    "misleading": ("Product", "Code", "Amount", "Closing", "Ccy", "Worth"),
}
TOTALS = ("", "Total", "Summe", "Totale", "合計", "Gesamtwert")
MARKS = {"EUR": ("", "€", "EUR"), "USD": ("", "$", "USD"), "SEK": ("", "kr", "SEK"), "JPY": ("", "¥", "JPY")}


@dataclass(frozen=True)
class Written:
    """A list as one file writes it."""

    text: str
    values: dict[str, Decimal]
    lines: int


@st.composite
def written(draw: st.DrawFn) -> Written:
    currencies = draw(st.sampled_from([("EUR",), ("USD",), ("SEK",), ("EUR", "USD"), ("USD", "SEK", "JPY")]))
    count = draw(st.integers(3, 8))
    lines = []
    for place in range(count):
        quantity = draw(st.integers(1, 4_000))
        price = Decimal(draw(st.integers(101, 999_999))) / 100
        currency = currencies[place % len(currencies)]
        lines.append((f"{'ABCDEFGH'[place]}lpha Holding", f"{'ABCDEFGH'[place]}X{place}Q", quantity, price, currency))
    language = draw(st.sampled_from(sorted(HEADERS)))
    comma = draw(st.booleans())
    delimiter = draw(st.sampled_from([";", "\t"] if comma else [",", ";", "\t"]))
    grouped = draw(st.booleans())
    mark = draw(st.integers(0, 2))
    order = list(range(6))
    random.Random(draw(st.integers(0, 999))).shuffle(order)

    def figure(number: Decimal | int, currency: str = "") -> str:
        text = f"{number:,}" if isinstance(number, int) and grouped else f"{number}"
        text = f"{number:,.2f}" if isinstance(number, Decimal) and grouped else text
        if comma:
            text = text.translate(str.maketrans(".,", ",."))
        sign = MARKS[currency][mark] if currency else ""
        return f"{text} {sign}".strip()

    def row(cells: list[str]) -> str:
        placed = [cells[at] for at in order]
        return delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in placed)

    rows = [row(list(HEADERS[language]))]
    sums: dict[str, Decimal] = {}
    for name, symbol, quantity, price, currency in lines:
        value = quantity * price
        sums[currency] = sums.get(currency, Decimal(0)) + value
        rows.append(row([name, symbol, figure(quantity), figure(price, currency), currency, figure(value, currency)]))
    word = draw(st.sampled_from(TOTALS))
    if len(sums) == 1 and draw(st.booleans()):
        (currency,) = sums
        repeated = draw(st.sampled_from([currency, ""]))
        rows.append(row([word, "", "", "", repeated, figure(sums[currency], currency)]))
    above = draw(st.sampled_from(["", "My depot\n\n", "Stand: 30.10.2026\n\n"]))
    return Written(above + "\n".join(rows) + "\n", sums, count)


def read(text: str) -> Intake | None:
    data = text.encode()
    try:
        return read_bytes("list.csv", data, today=TODAY, columns=mapping_from((), survey_bytes("list.csv", data)))
    except MosychlosError:
        return None


def check(one: Written) -> bool:
    """Whether the list was read; it fails where it was read as something else."""
    intake = read(one.text)
    if intake is None or intake.problems:
        return False
    sums: dict[str, Decimal] = {}
    for portfolio in intake.portfolios:
        for line in portfolio.holdings:
            sums[line.currency] = sums.get(line.currency, Decimal(0)) + line.market_value
    assert sums == one.values
    assert [len(portfolio.holdings) for portfolio in intake.portfolios] == [one.lines]
    return True


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(written())
def test_a_list_is_the_same_portfolio_however_it_is_written_or_is_refused(one: Written) -> None:
    check(one)


@pytest.mark.full
@settings(max_examples=2_000, suppress_health_check=[HealthCheck.too_slow])
@given(written())
def test_thousands_of_ways_to_write_a_list_are_the_same_portfolio_or_a_refusal(one: Written) -> None:
    check(one)


@pytest.mark.full
def test_nearly_every_way_to_write_a_list_is_read() -> None:
    seen: list[bool] = []

    @settings(max_examples=40, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(written())
    def count(one: Written) -> None:
        seen.append(check(one))

    count()
    assert sum(seen) >= 0.8 * len(seen)
