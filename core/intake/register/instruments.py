"""The instruments register: what is known about securities beyond what a broker's file says.

Our own rows stand in `instruments.csv` beside this module, curated by hand; users add theirs in the database, which
come before ours in every look-up and never change them. An ISIN that is not known stays blank and is never invented.

The source word of each of our rows says where its ISIN comes from: "cusip" (made from the CUSIP in an open list of
tickers), "cusip+list" (and an open list of instruments agrees), "list", "lists" (at least two unrelated public lists
name it alike; one alone was wrong too often), "filing" (the CUSIP in a public SEC filing), "broker" (a broker's
export), "listing" (another listing of a share whose ISIN is known so), "curated" (no ISIN is known), and "sample" for
the stand-ins that only our sample portfolios hold. Names, sectors, issuers and terms are ours; the liquidity of
listed large companies, exchange-traded funds and government bonds is taken as high.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.domain.instrument import NO_TERMS, Terms
from core.domain.portfolio import AssetClass, Problem
from core.errors import UnreadableFile
from core.intake.cells.asset_classes import asset_class_of
from core.intake.cells.codes import country_code, currency_code, isin_fault
from core.intake.cells.names import one_line
from core.intake.cells.symbols import listings, spellings
from core.intake.findings import Findings
from core.intake.register.terms import TERM_FIELDS, read_terms, written_terms

FILE = Path(__file__).resolve().parent / "instruments.csv"
SAMPLE = "sample"
"""Source word of stand-ins that exist in sample portfolios only."""
USER = "user"
"""Source word of rows that people added."""

OWN_FIELDS = ("symbol", "isin", "name", "asset_class", "sector", "country", "currency", "quote_unit")
FIELDS = (*OWN_FIELDS, *TERM_FIELDS, "source")
"""Columns of the register as text."""

_ANYWHERE = frozenset({"XS", "EU"})
"""ISIN prefixes of international issues, which name no country."""
_MAX_CHARS = 160


@dataclass(frozen=True, slots=True)
class Instrument:
    """One row of the register.

    Attributes:
        symbol: Ticker with its exchange's suffix ("AZN.L", "AAPL").
        isin: Or "" where it is not known.
        sector: GICS sector, or "".
        country: ISO 3166-1 alpha-2 of the issuer, or "".
        currency: ISO 4217 of the listing; "" for a stand-in that is quoted in any.
        quote_unit: Quoted units in one of the currency: 100 for shares that London quotes in pence.
        source: Where the row comes from; see the module.
    """

    symbol: str
    name: str
    asset_class: AssetClass
    isin: str = ""
    sector: str = ""
    country: str = ""
    currency: str = ""
    quote_unit: int = 1
    terms: Terms = NO_TERMS
    source: str = USER

    @property
    def cusip(self) -> str:
        """Nine characters, or "": of American and Canadian ISINs it is the middle."""
        return self.terms.cusip or (self.isin[2:11] if self.isin[:2] in ("US", "CA") else "")

    @property
    def domicile(self) -> str:
        """The country an ISIN of it starts with, or ""."""
        return self.terms.domicile or self.country


def prefix_doubt(isin: str, domicile: str) -> str:
    """Why an ISIN cannot be that of an issuer of this country, as a sentence; "" when it can.

    A right check digit is not enough: EWU was once listed with an Argentine ISIN that passes it.
    """
    if not isin or not domicile or isin[:2] in _ANYWHERE or isin[:2] == domicile:
        return ""
    return f"The ISIN {isin} starts with {isin[:2]} and its issuer is of {domicile}."


def read_instrument(
    cells: Mapping[str, str], source: str, row: int | None = None
) -> tuple[Instrument | None, tuple[Problem, ...]]:
    """A register row from text by column (`FIELDS`), or None and everything that is wrong with it."""
    findings = Findings("register")
    cell = {name: one_line(text) for name, text in cells.items() if text}
    _known_and_short(cell, findings, row)
    symbol, isin = cell.get("symbol", "").upper(), cell.get("isin", "").replace(" ", "").upper()
    if not symbol:
        findings.problem(row, "symbol", "", "The symbol is missing. Give the ticker with its exchange, such as AZN.L.")
    if not cell.get("name"):
        findings.problem(row, "name", "", "The name is missing. Give it as the issuer writes it.")
    if isin and (wrong := isin_fault(isin)) is not None:
        findings.problem(row, "isin", isin, f"The ISIN {wrong}.")
    kind, country, currency = _codes(cell, findings, row)
    unit = cell.get("quote_unit", "") or str(currency[1] if currency else 1)
    if unit not in ("1", "100"):
        findings.problem(row, "quote_unit", unit, "The quote unit is 1, or 100 for pence and the like.")
    terms, faults = read_terms({name: cell[name] for name in TERM_FIELDS if name in cell})
    for fault in faults:
        findings.problem(row, fault.field, fault.value, fault.message)
    if not findings.problems and (doubt := prefix_doubt(isin, terms.domicile or country or "")):
        findings.problem(row, "isin", isin, f"{doubt} Correct the ISIN or the domicile, or leave the ISIN blank.")
    if findings.problems or kind is None or country is None or currency is None:
        return None, findings.problems
    return (
        Instrument(
            symbol, cell["name"], kind, isin, cell.get("sector", ""), country, currency[0], int(unit), terms, source
        ),
        (),
    )  # fmt: skip


def _known_and_short(cell: Mapping[str, str], findings: Findings, row: int | None) -> None:
    for name in sorted(cell.keys() - set(FIELDS)):
        findings.problem(row, name, cell[name], f"'{name}' is no column. Use: {', '.join(FIELDS)}.")
    for name in OWN_FIELDS:
        if len(cell.get(name, "")) > _MAX_CHARS:
            findings.problem(row, name, cell[name], f"The text is longer than {_MAX_CHARS} characters. Shorten it.")


def _codes(
    cell: Mapping[str, str], findings: Findings, row: int | None
) -> tuple[AssetClass | None, str | None, tuple[str, int] | None]:
    """Asset class, country and currency; None, and a problem, where one is no code of its list."""
    kind = asset_class_of(cell.get("asset_class", ""))
    if kind is None:
        words = ", ".join(AssetClass)
        findings.problem(
            row, "asset_class", cell.get("asset_class", ""), f"The asset class is not known. Use: {words}."
        )
    country = country_code(cell["country"]) if "country" in cell else ""
    if country is None:
        findings.problem(row, "country", cell["country"], "The country is no ISO 3166-1 code such as GB.")
    currency = currency_code(cell["currency"]) if "currency" in cell else ("", 1)
    if currency is None:
        findings.problem(row, "currency", cell["currency"], "The currency is no ISO 4217 code such as GBP, or GBX.")
    return kind, country, currency


def written_instrument(instrument: Instrument) -> dict[str, str]:
    """The inverse of `read_instrument`: text by column, without what is empty; `source` included."""
    texts = {
        "symbol": instrument.symbol,
        "isin": instrument.isin,
        "name": instrument.name,
        "asset_class": instrument.asset_class.value,
        "sector": instrument.sector,
        "country": instrument.country,
        "currency": instrument.currency,
        "quote_unit": str(instrument.quote_unit),
        **written_terms(instrument.terms),
        "source": instrument.source,
    }
    return {name: text for name, text in texts.items() if text}


@lru_cache(maxsize=1)
def own_instruments() -> tuple[Instrument, ...]:
    """Our own rows, in the order of the file.

    Raises:
        UnreadableFile: The file of this installation is damaged.
    """
    rows: list[Instrument] = []
    with FILE.open(encoding="utf-8", newline="") as file:
        for number, cells in enumerate(csv.DictReader(file), start=2):
            found, problems = read_instrument(cells, cells["source"], number)
            if found is None:
                problem = problems[0]
                raise UnreadableFile(
                    f"Row {number} of '{FILE.name}' is damaged: {problem.message} Install the program again."
                )
            rows.append(found)
    return tuple(rows)


class Register:
    """Look-ups over users' rows and ours; immutable.

    Args:
        users: Rows that people added; they come first.
        own: Ours.
    """

    def __init__(self, users: Iterable[Instrument] = (), own: Iterable[Instrument] | None = None) -> None:
        self._by_symbol: dict[str, Instrument] = {}
        self._by_isin: defaultdict[str, list[Instrument]] = defaultdict(list)
        self._by_cusip: dict[str, Instrument] = {}
        for row in (*users, *(own_instruments() if own is None else own)):
            if row.symbol in self._by_symbol:
                continue
            self._by_symbol[row.symbol] = row
            if row.isin:
                self._by_isin[row.isin].append(row)
            if row.cusip:
                self._by_cusip.setdefault(row.cusip, row)

    def __len__(self) -> int:
        return len(self._by_symbol)

    def instruments(self) -> list[Instrument]:
        """Every row that look-ups can find, by symbol; a user's row stands in for ours of the same symbol."""
        return sorted(self._by_symbol.values(), key=lambda row: row.symbol)

    def by_isin(self, isin: str, symbol: str = "", currency: str = "") -> Instrument | None:
        """The row of an ISIN; of several listings the one with this symbol, else this currency, else the first."""
        rows = self._by_isin.get(isin, [])
        if len(rows) > 1:
            rows = sorted(rows, key=lambda row: (row.symbol != symbol.upper(), row.currency != currency))
        return rows[0] if rows else None

    def by_cusip(self, cusip: str) -> Instrument | None:
        """The row of a CUSIP."""
        return self._by_cusip.get(cusip)

    def by_symbol(self, symbol: str, currency: str = "") -> Instrument | None:
        """The row a symbol means: as it is written, else as exchanges are written otherwise ("AZN LN").

        A bare ticker in a currency in which the register has just one such listing is that listing ("AZN" in GBP); a
        row in another currency is the last resort, so that the caller can say that it is one.
        """
        exact = next((row for text in spellings(symbol) if (row := self._by_symbol.get(text))), None)
        if exact is not None and exact.currency in ("", currency):
            return exact
        listed = [row for text in listings(symbol, currency) if (row := self._by_symbol.get(text)) is not None]
        return listed[0] if len(listed) == 1 else exact

    def find(self, *, isin: str = "", cusip: str = "", symbol: str = "", currency: str = "") -> Instrument | None:
        """The row of the first of ISIN, CUSIP and symbol that is known."""
        return (
            (self.by_isin(isin, symbol, currency) if isin else None)
            or (self.by_cusip(cusip) if cusip else None)
            or (self.by_symbol(symbol, currency) if symbol else None)
        )


@lru_cache(maxsize=1)
def own_register() -> Register:
    """The register without users' rows."""
    return Register()
