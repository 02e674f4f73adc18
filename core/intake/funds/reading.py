"""The one way in for fund holdings: bytes and a name become a FundReading, whatever the report."""

from __future__ import annotations

from datetime import date

from core.domain.fund import FundReading
from core.errors import UnreadableFile
from core.intake.cells.names import display_name
from core.intake.findings import Findings
from core.intake.funds import issuer_lists, nport_fund
from core.intake.gathering import Case
from core.intake.opening.limits import check_size
from core.intake.opening.source import open_source
from core.intake.positions import nport

KNOWN = "SEC form N-PORT (XML), and the lists of holdings that iShares, SSGA and Vanguard publish (CSV or Excel)"
"""What is read, for people."""


def read_fund(name: str, data: bytes, *, today: date, as_of: date | None = None) -> FundReading:
    """Read what a fund held from a file in memory. Every problem of the file is in the result, beside its good lines.

    Args:
        name: The file's name; only shown, and read for a day where the file states none.
        today: Days after the day after it are refused.
        as_of: The day of a list that does not say it; a filing's own day always counts.

    Raises:
        UnreadableFile: Refused as a whole: too large, a bomb, damaged, or no report of a fund that is understood.
    """
    shown = display_name(name)
    check_size(shown, len(data))
    source = open_source(shown, data)
    case = Case(Findings(shown), today)
    if source.note:
        case.findings.note(source.note)
    if nport.detect(source):
        return nport_fund.read(source, case)
    description = issuer_lists.description_of(source)
    if description is None:
        raise UnreadableFile(
            f"'{shown}' is no report of what a fund holds. Understood are {KNOWN}. To import it as a portfolio: "
            "mosychlos portfolio import"
        )
    return issuer_lists.read(description, source, case, as_of)
