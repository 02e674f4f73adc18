"""Beancount ledgers, read by Beancount's own `bean-query` where that is installed.

Beancount is under the GPL and is never part of this program: it is a tool beside it, started as a process of its own on
a copy in an empty folder. What could make it read other files or run code (include, plugin, documents) is refused
before. What the asset accounts hold becomes one portfolio: commodities at their last stated price, currencies as cash.
"""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from core.domain.portfolio import AssetClass, DailyCloses, Holding
from core.errors import UnreadableFile
from core.intake.cells.asset_classes import class_from_name
from core.intake.cells.codes import currency_code
from core.intake.cells.dates import NotADate, parse_date
from core.intake.cells.names import one_line, portfolio_id_of, stem_of
from core.intake.gathering import Case, Gathered
from core.intake.opening.limits import MAX_YAML_BYTES, check_size
from core.intake.opening.source import Container, SourceFile
from core.intake.positions.broker_tables import amount

FAMILY = "beancount"
TOOL = "bean-query"
_SECONDS = 60
_HEAD_CHARS = 200_000
_ENTRY = re.compile(
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ \t]+(?:open|close|commodity|balance|price|pad|txn|\*|!)(?:[ \t]|$)", re.MULTILINE
)
_OPTION = re.compile(r'^option[ \t]+"([^"]*)"[ \t]+"([^"]*)"', re.MULTILINE)
_REACHING = re.compile(
    r'^(include|plugin(?![ \t]+"beancount\.plugins\.)|option[ \t]+"(?:insert_pythonpath|documents|plugin)")',
    re.MULTILINE,
)
_NAME = re.compile(
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ \t]+commodity[ \t]+(\S+)[^\n]*\n(?:[ \t]+[^\n]*\n)*?[ \t]+name:[ \t]*\"([^\"\n]*)\"",
    re.MULTILINE,
)
_ROOT = re.compile(r"[^\W\d_][\w-]*")
_STALE = timedelta(days=7)


def detect(source: SourceFile) -> bool:
    """Whether a text has entries as Beancount writes them."""
    return source.container is Container.TEXT and _ENTRY.search(source.text, 0, _HEAD_CHARS) is not None


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the ledger.

    Raises:
        UnreadableFile: It has no entries; the tool is not installed, does not understand the ledger or takes too long;
            or the ledger would make it reach for other files or code.
    """
    if not detect(source):
        raise UnreadableFile(f"'{source.name}' has no entries as Beancount writes them. Let the format be detected.")
    return _Ledger(source, case).read()


@dataclass(slots=True)
class _Held:
    """One commodity over all asset accounts.

    Attributes:
        cost: By currency; purchases and sales at the cost of their lots.
        bought: Price and day of the last purchase, by currency.
    """

    units: Decimal
    cost: dict[str, Decimal]
    bought: dict[str, tuple[date, Decimal]]


class _Ledger:
    """One ledger on its way to its portfolio."""

    def __init__(self, source: SourceFile, case: Case) -> None:
        self._source = source
        self._case = case
        self._latest = case.today + timedelta(days=1)
        # Of an option that may be given several times, such as operating currencies, the first is the main one.
        self._options = dict(reversed(_OPTION.findall(source.text)))

    def read(self) -> list[Gathered]:
        """The portfolio of the asset accounts on the day of the newest entry or price."""
        name = self._source.name
        check_size(name, len(self._source.data), MAX_YAML_BYTES)
        reaching = _REACHING.search(self._source.text)
        if reaching is not None:
            line = self._source.text.count("\n", 0, reaching.start()) + 1
            raise UnreadableFile(
                f"'{name}' has '{reaching[0].strip()}' in line {line}, which would make the tool read other files or "
                "run code. Import a ledger in one file without it."
            )
        root = self._options.get("name_assets", "Assets")
        if not _ROOT.fullmatch(root):
            raise UnreadableFile(f"'{name}' calls its asset accounts '{root[:40]}', which is no account name.")
        tool = shutil.which(TOOL)
        if tool is None:
            raise UnreadableFile(
                f"'{name}' is a Beancount ledger, and the tool '{TOOL}' that reads it is not installed here. Install "
                "Beancount 3 with beanquery (it is under the GPL, so it is not part of this program) and put it on the "
                f'PATH, or export the positions as CSV: {TOOL} -f csv LEDGER "SELECT ...".'
            )
        with tempfile.TemporaryDirectory(prefix="mosychlos-ledger-") as folder:
            path = Path(folder) / "ledger.beancount"
            path.write_text(self._source.text, encoding="utf-8", newline="")
            postings = list(self._ask(tool, path, _postings_query(root, self._latest)))
            prices = list(self._ask(tool, path, "SELECT date, currency, amount FROM #prices"))
        held, last = self._held(postings)
        closes = self._closes(prices)
        if last is None:
            message = f"The ledger has no entry in the accounts below '{root}' up to {self._case.today}."
            self._case.findings.problem(None, root, "", message)
            return []
        quoted_days = [closes[key][-1][0] for key in closes if key[0] in held]
        day = max([last, *quoted_days])
        title = one_line(self._options.get("title", "")) or stem_of(name)
        group = Gathered(portfolio_id_of(FAMILY, title), title, "", day)
        operating = currency_code(self._options.get("operating_currency", ""))
        group.base_currency = operating[0] if operating is not None else None
        names = {symbol: one_line(text) for symbol, text in _NAME.findall(self._source.text)}
        for symbol, commodity in held.items():
            holding = self._holding(symbol, names.get(symbol, ""), commodity, closes, day)
            if holding is not None:
                group.holdings.append(holding)
        self._case.findings.note(f"Only accounts below '{root}' were read; liabilities are no positions.")
        return [group]

    def _ask(self, tool: str, path: Path, query: str) -> Iterator[dict[str, str]]:
        """Rows of an answer as text.

        Raises:
            UnreadableFile: The tool failed or took too long.
        """
        name = self._source.name
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(path.parent), "LC_ALL": "C.UTF-8",
                       "BEANCOUNT_DISABLE_LOAD_CACHE": "1"}  # fmt: skip
        try:
            done = subprocess.run(  # noqa: S603  # our own query and file, no shell
                [tool, "-f", "csv", str(path), query],
                cwd=path.parent,
                env=environment,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UnreadableFile(
                f"'{TOOL}' took longer than {_SECONDS} seconds over '{name}'. Shorten the ledger."
            ) from None
        except OSError as error:
            raise UnreadableFile(f"'{TOOL}' could not be started ({error.strerror}). Install it again.") from None
        complaints = done.stderr.decode("utf-8", "replace").replace(str(path), name).strip()
        if done.returncode != 0:
            last = complaints.splitlines()[-1][:160] if complaints else f"it ended with {done.returncode}"
            raise UnreadableFile(f"'{TOOL}' could not read '{name}': {last}. Beancount 3 with beanquery is needed.")
        if complaints:
            first = one_line(next(line for line in complaints.splitlines() if line.strip()))[:160]
            self._case.findings.note(f"'{TOOL}' complained about the ledger: {first}")
        yield from csv.DictReader(io.StringIO(done.stdout.decode("utf-8", "replace"), newline=""))

    def _held(self, postings: list[dict[str, str]]) -> tuple[dict[str, _Held], date | None]:
        held: dict[str, _Held] = {}
        last: date | None = None
        for posting in postings:
            day, units = _day(posting.get("date", "")), amount(posting.get("number") or "")
            symbol, cost_currency = (
                (posting.get("currency") or "").strip(),
                (posting.get("cost_currency") or "").strip(),
            )
            if day is None or units is None or not symbol or day > self._latest:
                continue
            last = day if last is None or day > last else last
            line = held.setdefault(symbol, _Held(Decimal(0), {}, {}))
            line.units += units
            each = amount(posting.get("cost_number") or "")
            if each is not None and cost_currency:
                line.cost[cost_currency] = line.cost.get(cost_currency, Decimal(0)) + units * each
                before = line.bought.get(cost_currency)
                if units > 0 and each > 0 and (before is None or day >= before[0]):
                    line.bought[cost_currency] = (day, each)
        return {symbol: line for symbol, line in held.items() if line.units}, last

    def _closes(self, prices: list[dict[str, str]]) -> dict[tuple[str, str], list[tuple[date, Decimal]]]:
        """Prices by commodity and currency, oldest first; those in a real currency are kept as histories."""
        found: dict[tuple[str, str], dict[date, Decimal]] = {}
        for row in prices:
            day = _day(row.get("date", ""))
            number, _, currency = (row.get("amount") or "").strip().partition(" ")
            price, symbol = amount(number), (row.get("currency") or "").strip()
            known = currency_code(currency.strip())
            if day is None or price is None or price <= 0 or day > self._latest or known is None or known[1] != 1:
                continue
            found.setdefault((symbol, known[0]), {})[day] = price
        closes = {key: sorted(days.items()) for key, days in found.items()}
        seen: set[str] = set()
        for (symbol, currency), days in closes.items():
            # A price of a currency is an exchange rate, which this program takes from the central bank.
            if symbol not in seen and currency_code(symbol) is None:
                self._case.prices.append(DailyCloses(symbol, currency, tuple(days)))
                seen.add(symbol)
        return closes

    def _holding(
        self, symbol: str, name: str, line: _Held, closes: dict[tuple[str, str], list[tuple[date, Decimal]]], day: date
    ) -> Holding | None:
        if currency_code(symbol) == (symbol, 1):
            return Holding(f"CASH_{symbol}", "", f"Cash {symbol}", AssetClass.CASH, None, None, symbol, line.units)
        quoted = {currency: days[-1] for (commodity, currency), days in closes.items() if commodity == symbol}
        if not quoted:
            quoted = {
                currency: bought for currency, bought in line.bought.items() if currency_code(currency) is not None
            }
            if quoted:
                self._case.findings.tally("Commodities without a price are valued at their last purchase", symbol)
        if not quoted:
            message = (
                f"{line.units.normalize():f} units of '{symbol}' are held, but the ledger has no price to value them. "
                "Add a price directive, or leave the line out if it is no investment."
            )
            self._case.findings.problem(None, "price", symbol, message)
            return None
        currency = max(quoted, key=lambda one: quoted[one][0])
        priced_on, price = quoted[currency]
        if day - priced_on > _STALE:
            self._case.findings.tally("Prices more than a week older than the ledger", f"{symbol} of {priced_on}")
        return Holding(
            symbol, "", name, class_from_name(name) if name else AssetClass.OTHER, line.units, price, currency,
            line.units * price, cost=line.cost[currency] if set(line.cost) == {currency} else None,
            priced_on=priced_on if priced_on < day else None,
        )  # fmt: skip


def _postings_query(root: str, until: date) -> str:
    # The root was checked to be letters, digits and hyphens.
    return (
        "SELECT date, account, number, currency, cost_number, cost_currency "
        f"WHERE account ~ '^{root}:' AND date <= {until.isoformat()}"
    )


def _day(text: str) -> date | None:
    try:
        return parse_date(text.strip())
    except NotADate:
        return None
