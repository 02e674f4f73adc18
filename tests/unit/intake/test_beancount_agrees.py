"""Our reader of ledgers against Beancount itself, started as a process: made-up ledgers, every rule at once."""

from __future__ import annotations

import csv
import io
import random
import shutil
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.intake.beancount.booking import book
from core.intake.beancount.entries import read_entries

WAYS = ("STRICT", "FIFO", "LIFO", "HIFO")
HEAD = """option "operating_currency" "USD"
2020-01-01 open Assets:Cash
2020-01-01 open Assets:Cash:Sub
2020-01-01 open Equity:Open
2020-01-01 open Income:Gains
2020-01-01 open Expenses:Fees
"""


def bean_query() -> str | None:
    return shutil.which("bean-query", path=str(Path(sys.executable).parent)) or shutil.which("bean-query")


class Ledger:
    """Entries that Beancount takes without complaint, drawn by a seed."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.day = date(2020, 2, 1)
        self.lots: dict[str, list[tuple[Decimal, str]]] = {}
        self.lines = [HEAD.rstrip()]
        self.lines += [f'2020-01-01 open Assets:{way.title()} VOO, USD "{way}"' for way in WAYS]
        for _ in range(120):
            self.day += timedelta(days=self.draw.randint(1, 3))
            self.draw.choice((self.buy, self.buy, self.sell, self.move, self.change, self.pad, self.note))()

    def amount(self) -> str:
        return self.draw.choice(("12", "7.25", "1,204.50", "(3 + 4.50) / 2", "0.3333", "10 * 2.5"))

    def entry(self, *postings: str) -> None:
        self.lines.append(f'{self.day} {self.draw.choice("*!")} "who" "why" #tag ^link')
        self.lines.append('  note: "metadata"')
        self.lines += [f"  {posting}" for posting in postings]

    def buy(self) -> None:
        way, units = self.draw.choice(WAYS), Decimal(self.draw.randint(1, 40)) / 4
        cost = self.draw.choice(("5.10", "6.25", "7", "8.3333"))
        spec = self.draw.choice((f"{{{cost} USD}}", f"{{{cost} # 9.95 USD}}", f"{{{{{cost} USD}}}}", "{}"))
        self.lots.setdefault(way, []).append((units, self.day.isoformat()))
        cash = "Assets:Cash  -50.00 USD" if spec == "{}" else self.draw.choice(("Assets:Cash", "Assets:Cash  USD"))
        self.entry(f"Assets:{way.title()}  {units} VOO {spec}", cash)

    def sell(self) -> None:
        held = [(way, lots) for way, lots in self.lots.items() if lots]
        if not held:
            return
        way, lots = self.draw.choice(held)
        if way == "STRICT":
            units, bought = lots.pop(self.draw.randrange(len(lots)))
            spec = f"{{{bought}}}"
        else:
            units, spec = sum((units for units, _ in lots), Decimal(0)), "{}"
            part = units if self.draw.random() < 0.2 else units / 2
            self.lots[way] = [(units - part, "")] if units > part else []
            units = part
        self.entry(
            f"Assets:{way.title()}  -{units} VOO {spec} @ 9.99 USD", "Assets:Cash  100.00 USD",
            "Expenses:Fees  1.25 USD ; a remark", "Income:Gains",
        )  # fmt: skip

    def move(self) -> None:
        self.entry(f"Assets:Cash:Sub  {self.amount()} GBP", f"Assets:Cash  -{self.amount()} EUR", "! Equity:Open")

    def change(self) -> None:
        price = self.draw.choice(("@ 1.10 USD", "@@ 13.37 USD", "@ USD"))
        self.entry(f"Assets:Cash  {self.amount()} EUR {price}", "Assets:Cash  -14.20 USD", *(
            () if price == "@ USD" else ("Equity:Open",)
        ))  # fmt: skip

    def pad(self) -> None:
        self.lines.append(f"{self.day} pad Assets:Cash Equity:Open")
        self.day += timedelta(days=1)
        self.lines.append(f"{self.day} balance Assets:Cash  {self.draw.randint(-50, 50)}.00 ~ 0.01 EUR")

    def note(self) -> None:
        self.lines.append(f'{self.day} note Assets:Cash "two lines\n2020-01-05 * no entry\n  Assets:Cash  99 USD"')
        self.lines.append("* a heading")

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


def theirs(tool: str, path: Path) -> Counter:
    query = "SELECT account, number, currency, cost_number, cost_currency, date WHERE account ~ '^Assets:'"
    done = subprocess.run(
        [tool, "-f", "csv", str(path), query], capture_output=True, text=True, check=True, timeout=120
    )
    complaints = [line for line in done.stderr.splitlines() if ".beancount:" in line and "Unused Pad" not in line]
    assert not complaints
    found: Counter = Counter()
    for row in csv.DictReader(io.StringIO(done.stdout)):
        each = {name: (text or "").strip() for name, text in row.items()}
        found[each["account"], each["currency"]] += Decimal(each["number"].replace(",", ""))
        if each["cost_number"]:
            paid = Decimal(each["number"].replace(",", "")) * Decimal(each["cost_number"].replace(",", ""))
            found[each["account"], each["currency"], each["cost_currency"]] += paid
    return found


def ours(text: str) -> Counter:
    entries = read_entries("ledger", text)
    books = book(entries.dated, entries.options, date(2026, 1, 1))
    assert not [*entries.problems, *books.wrong, *books.unbalanced, *books.failing]
    found: Counter = Counter()
    for one in books.postings:
        if one.account.startswith("Assets:"):
            found[one.account, one.currency] += one.units
            if one.lot is not None:
                found[one.account, one.currency, one.lot.currency] += one.units * one.lot.cost
    return found


@pytest.mark.parametrize("seed", range(4))
def test_units_and_costs_by_account_are_those_of_beancount(tmp_path: Path, seed: int) -> None:
    tool = bean_query()
    if tool is None:
        pytest.skip("bean-query (Beancount 3 with beanquery) is not installed; it is under the GPL and never bundled")
    text = Ledger(seed).text
    path = tmp_path / "made-up.beancount"
    path.write_text(text)
    their, our = theirs(tool, path), ours(text)
    differing = {key: (our[key], their[key]) for key in {*our, *their} if abs(our[key] - their[key]) > Decimal("1e-6")}
    assert not differing
    assert len(our) > 8
