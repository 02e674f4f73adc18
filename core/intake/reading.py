"""The one way in: bytes and a name become an Intake, whatever the format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from core.domain.fx import Rates
from core.domain.portfolio import Intake
from core.errors import BadInput, UnreadableFile
from core.intake.cells.codes import currency_code
from core.intake.cells.names import display_name
from core.intake.cells.region import REGIONS, known_region
from core.intake.findings import Findings
from core.intake.formats.registry import DESCRIBED
from core.intake.gathering import Case, Gathered, nothing_remembered, portfolios_of
from core.intake.opening.files import bytes_of, opened_again
from core.intake.opening.limits import check_size
from core.intake.opening.source import Again, Container, SourceFile, open_source
from core.intake.positions import (
    beancount,
    canonical,
    document,
    fidelity,
    ibkr,
    ibkr_activity,
    nport,
    ofx,
    portfolio_performance,
    schwab,
    source_tree,
    thirteenf,
    wealthfolio,
)
from core.intake.tables import mapping
from core.intake.tables.blocks import blocks_in
from core.intake.tables.choices import NOTHING_SAID, TableChoices
from core.intake.tables.column_mapping import ColumnMapping
from core.intake.tables.surveying import Survey
from core.intake.transactions.readers import READERS


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file that is understood.

    Attributes:
        name: As `--format` takes it and portfolios carry it.
        description: For people choosing a file.
        detect: Whether a file is of this kind, by its content.
        read: Its reader; problems and notes go to the case.
    """

    name: str
    description: str
    detect: Callable[[SourceFile], bool]
    read: Callable[[SourceFile, Case], list[Gathered]]


def _read_yaml(source: SourceFile, case: Case) -> list[Gathered]:
    return document.read_document(source, source_tree.yaml_tree(source), case)


def _read_json(source: SourceFile, case: Case) -> list[Gathered]:
    return document.read_document(source, source_tree.json_tree(source), case)


MAPPED = "mapped_table"
"""The format of tables whose columns a person mapped."""

_ALL = (
    *(Format(*reader) for reader in DESCRIBED),
    Format("fidelity_positions", "Fidelity positions (Portfolio_Positions CSV)", fidelity.detect, fidelity.read),
    Format("schwab_positions", "Schwab positions (CSV)", schwab.detect, schwab.read),
    Format("ibkr_flex", "Interactive Brokers Flex Query (XML with open positions)", ibkr.detect, ibkr.read),
    Format("ibkr_activity", "Interactive Brokers Activity Statement (CSV)", ibkr_activity.detect, ibkr_activity.read),
    Format("ofx", "OFX investment statement (versions 1 and 2)", ofx.detect, ofx.read),
    Format(
        "portfolio_performance",
        "Portfolio Performance (XML, with its price histories)",
        portfolio_performance.detect,
        portfolio_performance.read,
    ),
    Format("sec_nport", "SEC form N-PORT, a fund's schedule of investments (XML)", nport.detect, nport.read),
    Format("sec_13f", "SEC form 13F (submission .txt or information table XML)", thirteenf.detect, thirteenf.read),
    Format("beancount", "Beancount ledger", beancount.detect, beancount.read),
    Format("wealthfolio_holdings", "Wealthfolio holdings snapshot (CSV)", wealthfolio.detect, wealthfolio.read),
    *(Format(*reader) for reader in READERS),
    Format("canonical_csv", "positions table (CSV, see the template)", canonical.detect_csv, canonical.read_csv),
    Format(
        "canonical_xlsx", "positions table (Excel .xlsx, see the template)", canonical.detect_xlsx, canonical.read_xlsx
    ),
    Format("mosychlos_json", "mosychlos portfolio (JSON)", source_tree.detect_json, _read_json),
    Format("mosychlos_yaml", "mosychlos portfolio (YAML)", source_tree.detect_yaml, _read_yaml),
    Format(MAPPED, "any other table, once its columns are mapped (CSV or Excel)", mapping.detect, mapping.read),
)
FORMATS: dict[str, Format] = {entry.name: entry for entry in _ALL}
"""The formats by name, in the order they are tried: the most particular header first."""


def read_bytes(
    name: str,
    data: bytes,
    *,
    format: str = "auto",  # noqa: A002  the command line's own word
    base_currency: str | None = None,
    region: str | None = None,
    rates: Rates | None = None,
    today: date | None = None,
    columns: ColumnMapping | None = None,
    remembered: Callable[[str], ColumnMapping | None] = nothing_remembered,
    choices: TableChoices = NOTHING_SAID,
    again: Again | None = None,
) -> Intake:
    """Read a file that is already in memory.

    Every problem of the file is in the result, together with the portfolios of its good rows.

    Args:
        name: The file's name; only shown, and read for a date where the file states none.
        data: Its bytes.
        format: A key of `FORMATS`, or "auto" to go by the content.
        base_currency: ISO 4217 for all portfolios; None leaves it to the file, else to the most valuable currency.
        region: Region for all portfolios; None leaves it to the file, else to the rule in `core.intake.cells.region`.
        rates: Exchange rates that these two rules may use.
        today: Dates after the day after it are refused (it may be tomorrow already elsewhere), and it stands in where a
            file states no date. None takes the present day in UTC.
        columns: Which column is which; the file is then read as a mapped table whatever else it may be.
        remembered: Gives the mapping that is kept under a header's fingerprint.
        choices: How a table is to be read, as far as a person said it; a sheet or a header row makes the file a table.
        again: Opens the same bytes where they lie, so that a large table need not stay in memory.

    Raises:
        NeedsMapping: A table whose header is not known, and no mapping for it.
        UnreadableFile: Refused as a whole: too large, a bomb, damaged, or of no format that is understood.
        BadInput: `format`, `base_currency` or `region` is not known.
    """
    shown = display_name(name)
    check_size(shown, len(data))
    if format != "auto" and format not in FORMATS:
        raise BadInput(f"There is no format '{format}'. Use auto or one of: {', '.join(FORMATS)}.")
    findings = Findings(shown)
    case = Case(
        findings,
        today or datetime.now(UTC).date(),
        _asked_currency(base_currency),
        _asked_region(region),
        rates,
        columns,
        remembered,
        choices=choices,
    )
    source = open_source(shown, data, again)
    # Where nobody else holds them the bytes of a large table are gone now.
    del data
    if columns is not None:
        format = MAPPED  # noqa: A001  the command line's own word
    elif format == "auto" and (choices.sheet or choices.header_row):
        format = _table_format(source, choices)  # noqa: A001  the command line's own word
    chosen = FORMATS[format] if format != "auto" else _detected(source)
    if source.note:
        findings.note(source.note)
    portfolios = portfolios_of(chosen.read(source, case), chosen.name, case)
    if not portfolios and not findings.problems:
        findings.problem(None, "", "", "The file has a header but no positions. Export it again with positions.")
    return Intake(
        shown, chosen.name, portfolios, findings.problems, findings.notes, tuple(case.prices), findings.tables
    )


def survey_bytes(name: str, data: bytes, choices: TableChoices = NOTHING_SAID) -> Survey:
    """Look at a table in memory: its header, its first rows, and what its columns probably are.

    Args:
        choices: Its sheet and its header row, where a person said them.

    Raises:
        UnreadableFile: Refused as a whole, or no table.
    """
    shown = display_name(name)
    check_size(shown, len(data))
    return mapping.survey(open_source(shown, data), choices)


def read_file(
    path: str | Path,
    *,
    format: str = "auto",  # noqa: A002  the command line's own word
    base_currency: str | None = None,
    region: str | None = None,
    rates: Rates | None = None,
    today: date | None = None,
    columns: ColumnMapping | None = None,
    remembered: Callable[[str], ColumnMapping | None] = nothing_remembered,
    choices: TableChoices = NOTHING_SAID,
) -> Intake:
    """Read a file on disk; its size is checked before a byte is read. Arguments and errors as in `read_bytes`.

    Raises:
        NotFound: No such file.
        UnreadableFile: Also: a folder, a device, or not permitted.
    """
    path = Path(path)
    return read_bytes(
        path.name,
        bytes_of(path),
        format=format,
        base_currency=base_currency,
        region=region,
        rates=rates,
        today=today,
        columns=columns,
        remembered=remembered,
        choices=choices,
        again=partial(opened_again, path, path.stat().st_size if path.is_file() else 0),
    )


def _table_format(source: SourceFile, choices: TableChoices) -> str:
    """The format of a table whose place was said: canonical by its header, else one to map."""
    first = next(iter(blocks_in(source, choices)), None)
    if first is None or not canonical.is_header(first.header):
        return MAPPED
    return "canonical_xlsx" if source.container is Container.ARCHIVE else "canonical_csv"


def _detected(source: SourceFile) -> Format:
    for candidate in _ALL:
        if candidate.detect(source):
            return candidate
    known = "; ".join(entry.description for entry in _ALL)
    raise UnreadableFile(
        f"'{source.name}' ({source.container.value}) is of no format that is understood. Understood are: {known}."
    )


def _asked_currency(text: str | None) -> str | None:
    if text is None:
        return None
    known = currency_code(text)
    if known is None or known[1] != 1:
        raise BadInput(f"The base currency '{text}' is not known. Use an ISO 4217 code such as USD or EUR.")
    return known[0]


def _asked_region(text: str | None) -> str | None:
    if text is None:
        return None
    known = known_region(text)
    if known is None:
        raise BadInput(f"The region '{text}' is not known. Use one of {', '.join(sorted(REGIONS))}.")
    return known
