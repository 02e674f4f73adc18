"""Lists written in every way that files write one: what they say, and the text of the file."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal

from hypothesis import strategies as st

HEADERS = {
    "en": ("Name", "Symbol", "Quantity", "Price", "Currency", "Market value"),
    "de": ("Bezeichnung", "WKN", "Stück", "Kurs", "Währung", "Kurswert"),
    "fr": ("Libellé", "Code", "Quantité", "Cours", "Devise", "Valorisation"),
    "it": ("Titolo", "Codice", "Quantità", "Prezzo", "Divisa", "Controvalore"),
    "es": ("Nombre", "Símbolo", "Títulos", "Precio", "Divisa", "Valor de mercado"),
    "nl": ("Naam", "Symbool", "Aantal", "Koers", "Valuta", "Waarde"),
    "sv": ("Namn", "Kortnamn", "Antal", "Kurs", "Valuta", "Marknadsvärde"),
    "pl": ("Nazwa", "Symbol", "Liczba", "Kurs", "Waluta", "Wartość"),
    "pt": ("Nome", "Código", "Quantidade", "Preço", "Moeda", "Valor de mercado"),
    "ja": ("銘柄名", "銘柄コード", "数量", "現在値", "通貨", "評価額"),
    "misleading": ("Product", "Code", "Amount", "Closing", "Ccy", "Worth"),
}
TOTALS = ("", "Total", "Summe", "Totale", "合計", "Gesamtwert", "Totaal", "Suma", "Razem", "Total geral", "Summa")
MARKS = {"EUR": "€", "USD": "$", "SEK": "kr", "JPY": "¥", "GBP": "£", "PLN": "zł", "BRL": "R$"}
GROUPS = {".": (",", "'", "\u00a0", " "), ",": (".", "'", "\u00a0", " ")}
"""Signs between thousands, by the decimal sign."""


@dataclass(frozen=True)
class Written:
    """A list as one file writes it.

    Attributes:
        values: By currency.
        day: As ISO writes it; "" where the list names none.
    """

    text: str
    values: dict[str, Decimal]
    lines: int
    day: str = ""


@dataclass(frozen=True)
class _Way:
    """How one file writes numbers, marks, and what it adds to the lines."""

    decimal: str
    group: str
    delimiter: str
    mark: str
    where: str
    totals: str
    word: str
    whole: bool

    def figure(self, number: Decimal | int, currency: str = "") -> str:
        """A number, with its currency where this file puts it."""
        text = f"{number:,.2f}" if isinstance(number, Decimal) and not self.whole else f"{number:,.0f}"
        text = text.translate(str.maketrans({",": self.group, ".": self.decimal}))
        sign = {"sign": MARKS.get(currency, ""), "code": currency}.get(self.mark, "")
        if not currency or not sign or self.where not in ("before", "after"):
            return text
        gap = "" if len(sign) == 1 and self.where == "before" else " "
        return f"{sign}{gap}{text}" if self.where == "before" else f"{text} {sign}"


@st.composite
def ways(draw: st.DrawFn) -> _Way:
    decimal = draw(st.sampled_from([",", "."]))
    return _Way(
        decimal,
        draw(st.sampled_from(["", *GROUPS[decimal]])),
        draw(st.sampled_from([";", "\t"] if decimal == "," else [",", ";", "\t"])),
        draw(st.sampled_from(["sign", "code"])),
        draw(st.sampled_from(["before", "after", "column", "header"])),
        draw(st.sampled_from(["none", "below", "above", "groups", "line above"])),
        draw(st.sampled_from(TOTALS)),
        draw(st.booleans()) and draw(st.booleans()),
    )


@st.composite
def written(draw: st.DrawFn) -> Written:
    """A list of three to eight lines in one to three currencies."""
    way = draw(ways())
    currencies = draw(
        st.sampled_from([("EUR",), ("USD",), ("SEK",), ("GBP",), ("PLN",), ("EUR", "USD"), ("USD", "SEK", "JPY")])
    )
    if way.where == "header" or way.totals in ("above", "groups", "line above"):
        currencies = currencies[:1]
    lines = []
    for place in range(draw(st.integers(3, 8))):
        letter = "ABCDEFGH"[place]
        price = Decimal(draw(st.integers(101, 999_999))) / 100
        price = Decimal(round(price)) if way.whole else price
        currency = currencies[place % len(currencies)]
        lines.append((f"{letter}lpha Holding", f"{letter}X{place}Q", draw(st.integers(1, 4_000)), price, currency))
    header = list(HEADERS[draw(st.sampled_from(sorted(HEADERS)))])
    if way.where == "header":
        mark = MARKS[currencies[0]] if way.mark == "sign" else currencies[0]
        header[3], header[5] = (
            draw(st.sampled_from([f"{one} ({mark})", f"{one} {mark}"])) for one in (header[3], header[5])
        )
    dated = draw(st.sampled_from(["none", "above", "dmy", "mdy", "iso"]))
    order = list(range(7 if dated in ("dmy", "mdy", "iso") else 6))
    random.Random(draw(st.integers(0, 999))).shuffle(order)
    day = {"dmy": "30/10/2026", "mdy": "10/30/2026", "iso": "2026-10-30"}.get(dated, "")
    signed = way.where in ("header", "before", "after") and len(currencies) == 1
    if signed and draw(st.booleans()):
        # The column of currencies may be missing where amounts or headers say them.
        order.remove(4)

    def row(cells: list[str]) -> str:
        placed = [cells[at] for at in order]
        return way.delimiter.join(f'"{cell}"' if way.delimiter in cell else cell for cell in placed)

    def told(name: str, symbol: str, quantity: str, price: str, currency: str, value: str) -> str:
        return row([name, symbol, quantity, price, currency, value, day if symbol else ""])

    sums: dict[str, Decimal] = {}
    body: list[str] = []
    since = Decimal(0)
    for number, (name, symbol, quantity, price, currency) in enumerate(lines):
        value = quantity * price
        sums[currency] = sums.get(currency, Decimal(0)) + value
        since += value
        body.append(told(name, symbol, way.figure(quantity), way.figure(price, currency), currency,
                         way.figure(value, currency)))  # fmt: skip
        if way.totals == "groups" and number in (1, len(lines) - 1):
            body.append(told(way.word or "Total", "", "", "", "", way.figure(since, currency)))
            since = Decimal(0)
    whole, currency = sum(sums.values(), Decimal(0)), currencies[0]
    if len(sums) == 1 and way.totals in ("below", "above"):
        repeated = draw(st.sampled_from([currency, ""]))
        total = told(way.word, "", "", "", repeated, way.figure(whole, currency))
        body = [total, *body] if way.totals == "above" else [*body, total]
    above = [draw(st.sampled_from(["", "My depot"])), "Stand: 30.10.2026" if dated == "above" else ""]
    above += [f"Total value{way.delimiter}{way.figure(whole)}" if way.totals == "line above" else ""]
    if way.totals == "line above" and way.delimiter in way.figure(whole):
        above[-1] = f'Total value{way.delimiter}"{way.figure(whole)}"'
    known = "2026-10-30" if dated != "none" else ""
    lead = "".join(f"{one}\n" for one in above if one)
    headed = row([*header, "Date"])
    text = f"{lead}\n{headed}\n" if lead else f"{headed}\n"
    return Written(text + "\n".join(body) + "\n", sums, len(lines), known)
