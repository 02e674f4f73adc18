"""Economic series from a CSV or Excel table: date, series_id, value, unit, source, url[, title, licence, frequency].

`source` is the publisher. A series whose licence nobody states is kept, but stays out of prompts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import chain, islice, pairwise
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from core.domain.market import EconomicSeries, SourceTerms
from core.domain.portfolio import Problem
from core.domain.units import Badge
from core.errors import UnreadableFile
from core.intake.cells.dates import NotADate
from core.intake.cells.headers import normal
from core.intake.cells.names import display_name, one_line
from core.intake.cells.numbers import EMPTY, NotANumber, NumberStyle, choose_style, parse_number
from core.intake.findings import Findings
from core.intake.market.price_table import DatesOrder, day_order
from core.intake.opening.files import bytes_of
from core.intake.opening.limits import MAX_CELL_CHARS, check_size
from core.intake.opening.source import Container, SourceFile, delimiter_of, lines_of, open_source, table_rows
from core.intake.opening.workbook import workbook_rows
from core.intake.positions.broker_tables import Columns

NO_LICENCE = "not stated"
IRREGULAR = "irregular"

_HEADER_WITHIN = 20
_STYLE_ROWS = 2_000
_MAX_SERIES = 500
_NAMES = "date, series_id and value"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
_FRED = re.compile(r"\bfred\b|st\.? ?louis", re.IGNORECASE)
_FRED_HOST = "stlouisfed.org"

_COLUMNS = {
    "date": ("date", "day", "observation_date", "period"),
    "series_id": ("series_id", "series", "id"),
    "value": ("value", "observation"),
    "unit": ("unit", "units"),
    "source": ("source", "publisher"),
    "url": ("url", "link"),
    "title": ("title", "name", "description"),
    "licence": ("licence", "license"),
    "frequency": ("frequency",),
}
_ABOUT = ("unit", "source", "url", "title", "licence", "frequency")
_FREQUENCIES = frozenset({"daily", "weekly", "monthly", "quarterly", "annual"})


@dataclass(frozen=True, slots=True)
class SeriesIntake:
    """What a file of economic series holds."""

    file: str
    series: tuple[EconomicSeries, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Gathered:
    about: dict[str, str] = field(default_factory=dict)
    values: dict[date, tuple[float, int]] = field(default_factory=dict)
    refused: set[date] = field(default_factory=set)


def read_series_file(
    path: str | Path, *, publisher: str = "", licence: str = "", fred: SourceTerms, today: date
) -> SeriesIntake:
    """Read a file on disk. Arguments and errors as in `read_series`.

    Raises:
        NotFound: No such file.
    """
    path = Path(path)
    return read_series(path.name, bytes_of(path), publisher=publisher, licence=licence, fred=fred, today=today)


def read_series(
    name: str, data: bytes, *, publisher: str = "", licence: str = "", fred: SourceTerms, today: date | None = None
) -> SeriesIntake:
    """Read economic series.

    Args:
        name: The file's name, only shown.
        data: Its bytes.
        publisher: Of series for which the file names no source.
        licence: Of series for which the file names no licence.
        fred: What FRED's terms allow: they bind what was downloaded there, whoever measured it.
        today: Later days are refused. None takes the present day in UTC.

    Raises:
        UnreadableFile: Too large, damaged, or without a header that names date, series_id and value.
    """
    shown = display_name(name)
    check_size(shown, len(data))
    source = open_source(shown, data)
    findings = Findings(shown)
    rows, delimiter = (
        (workbook_rows(source, is_series_header, _NAMES), "")
        if source.container is Container.ARCHIVE
        else (table_rows(shown, lines_of(_text(source)), delimiter_of(source.text)), delimiter_of(source.text))
    )
    header = next((row for _, row in islice(rows, _HEADER_WITHIN) if is_series_header(row)), None)
    if header is None:
        raise UnreadableFile(
            f"'{shown}' has no header row among its first {_HEADER_WITHIN} that names {_NAMES}. "
            "See docs/market-data.md for an example."
        )
    reader = _Reader(Columns(header, _COLUMNS), findings, today or datetime.now(UTC).date())
    first = list(islice(rows, _STYLE_ROWS))
    reader.prepare([row for _, row in first], delimiter)
    for number, row in chain(first, rows):
        reader.take(number, row)
    series = reader.finish(publisher, licence, fred)
    if not series and not findings.problems:
        findings.problem(None, "", "", "The file has a header but no observations. Export it again with rows.")
    return SeriesIntake(shown, series, findings.problems, findings.notes)


def is_series_header(row: Iterable[str]) -> bool:
    """Whether a row names the columns that are needed."""
    names = {normal(cell) for cell in row}
    return all(names & set(_COLUMNS[column]) for column in ("date", "series_id", "value"))


def _text(source: SourceFile) -> str:
    if source.container is not Container.TEXT:
        raise UnreadableFile(
            f"'{source.name}' is {source.container.value}. Series are read from CSV and Excel (.xlsx)."
        )
    return source.text


class _Reader:
    """Rows of one file on their way to their series."""

    def __init__(self, columns: Columns, findings: Findings, today: date) -> None:
        self._columns = columns
        self._findings = findings
        self._today = today
        self._style = NumberStyle.POINT
        self._order = DatesOrder.UNKNOWN
        self._series: dict[str, _Gathered] = {}

    def prepare(self, rows: list[list[str]], delimiter: str) -> None:
        """Decide the decimal sign and the order of days and months by the first rows."""
        self._order = day_order(self._columns.cell(row, "date") for row in rows)
        if delimiter:
            choice = choose_style((self._columns.cell(row, "value") for row in rows), delimiter)
            self._style = choice.style
            if choice.unsure:
                self._findings.note(
                    f"Numbers such as '{choice.unsure[:40]}' could be read in two ways; "
                    f"they were read with a {choice.style.value}."
                )

    def take(self, number: int, row: list[str]) -> None:
        """Read one row, or record its problems."""
        if not any(cell.strip() for cell in row):
            return
        series_id = one_line(self._columns.cell(row, "series_id"))
        day = self._day(number, self._columns.cell(row, "date"))
        if not _ID.fullmatch(series_id):
            message = "The id has 1 to 60 letters, digits, points, dashes and underscores. Write it as CPI_US."
            self._findings.problem(number, self._columns.labels["series_id"], series_id, message)
            return
        text = self._columns.cell(row, "value").strip()
        # FRED and others write "." where there was no observation.
        if day is None or text in EMPTY or text == ".":
            if day is not None:
                self._findings.tally("Days without a value were left out", f"{series_id} {day}")
            return
        try:
            value = float(parse_number(text, self._style))
        except NotANumber as error:
            self._findings.problem(number, self._columns.labels["value"], text, f"The value {error}.")
            return
        gathered = self._series.setdefault(series_id, _Gathered())
        self._describe(number, row, series_id, gathered)
        self._put(number, text, series_id, gathered, day, value)

    def _put(self, number: int, text: str, series_id: str, gathered: _Gathered, day: date, value: float) -> None:
        label = self._columns.labels["value"]
        before = gathered.values.get(day)
        if before is None and day not in gathered.refused:
            gathered.values[day] = (value, number)
        elif before is None or before[0] != value:
            if before is not None:
                del gathered.values[day]
                gathered.refused.add(day)
                message = f"'{series_id}' has another value on {day} in row {number}. Keep one of them."
                self._findings.problem(before[1], label, f"{before[0]:g}", message)
            message = f"'{series_id}' has a different value on {day} in an earlier row. Keep one of them."
            self._findings.problem(number, label, text, message)

    def _describe(self, number: int, row: list[str], series_id: str, gathered: _Gathered) -> None:
        for name in _ABOUT:
            text = one_line(self._columns.cell(row, name))[:MAX_CELL_CHARS]
            known = gathered.about.setdefault(name, text)
            if text and not known:
                gathered.about[name] = text
            elif text and text != known:
                self._findings.tally(f"Rows that state another {name} than the series' first were read with the first",
                                     f"row {number} {series_id}")  # fmt: skip

    def _day(self, number: int, text: str) -> date | None:
        label = self._columns.labels["date"]
        try:
            day = self._order.parse(text + "-01" if re.fullmatch(r"[0-9]{4}-[0-9]{2}", text.strip()) else text)
        except NotADate as error:
            self._findings.problem(number, label, text, f"The date {error}.")
            return None
        if day > self._today + timedelta(days=1):
            message = f"The date lies in the future (today is {self._today}). Check day, month and year."
            self._findings.problem(number, label, text, message)
            return None
        return day

    def finish(self, publisher: str, licence: str, fred: SourceTerms) -> tuple[EconomicSeries, ...]:
        """The series by id."""
        if len(self._series) > _MAX_SERIES:
            raise UnreadableFile(
                f"'{self._findings.file}' has {len(self._series):,} series and at most {_MAX_SERIES} are read. "
                "Split it."
            )
        made = (self._made(series_id, publisher, licence, fred) for series_id in sorted(self._series))
        return tuple(one for one in made if one is not None)

    def _made(self, series_id: str, publisher: str, licence: str, fred: SourceTerms) -> EconomicSeries | None:
        gathered = self._series[series_id]
        about = gathered.about
        publisher = about["source"] or publisher
        licence = about["licence"] or licence
        if not about["unit"]:
            message = "The unit is missing. Add a column unit, such as 'percent', 'index 2015=100' or 'USD a barrel'."
            self._findings.problem(None, "unit", series_id, message)
            return None
        if not publisher:
            message = "The publisher is missing. Add a column source, or give --publisher."
            self._findings.problem(None, "source", series_id, message)
            return None
        if not gathered.values:
            return None
        may_prompt = bool(licence)
        if not licence:
            self._findings.tally("Series without a stated licence stay out of prompts (give --licence)", series_id)
        if _from_fred(publisher, about["url"]):
            if not fred.may_store:
                message = f"The series comes from FRED and was not kept. {fred.terms}"
                self._findings.problem(None, "source", series_id, message)
                return None
            may_prompt = may_prompt and fred.may_prompt
        days = tuple(sorted(gathered.values))
        return EconomicSeries(
            series_id=series_id,
            title=about["title"] or series_id,
            unit=about["unit"],
            frequency=self._frequency(about["frequency"], days),
            publisher=publisher,
            licence=licence or NO_LICENCE,
            url=self._url(series_id, about["url"]),
            source_id="file",
            badge=Badge.REAL,
            may_prompt=may_prompt,
            days=days,
            values=tuple(gathered.values[day][0] for day in days),
        )

    def _frequency(self, stated: str, days: tuple[date, ...]) -> str:
        lowered = stated.lower()
        return lowered if lowered in _FREQUENCIES else frequency_of(days)

    def _url(self, series_id: str, text: str) -> str:
        if not text or is_web_address(text):
            return text
        self._findings.tally("Addresses that are not https or http were left out", series_id)
        return ""


def frequency_of(days: tuple[date, ...]) -> str:
    """How often a series is observed, by the days between observations; "irregular" for fewer than three."""
    if len(days) < 3:
        return IRREGULAR
    between = median((after - before).days for before, after in pairwise(days))
    bounds = ((4, "daily"), (10, "weekly"), (45, "monthly"), (120, "quarterly"), (400, "annual"))
    return next((name for most, name in bounds if between <= most), IRREGULAR)


def is_web_address(text: str) -> bool:
    """Whether a text is an https or http address of a host, without user and password. It is shown, never opened."""
    try:
        parts = urlsplit(text)
        return parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False


def _from_fred(publisher: str, url: str) -> bool:
    if _FRED.search(publisher):
        return True
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host == _FRED_HOST or host.endswith(f".{_FRED_HOST}")
