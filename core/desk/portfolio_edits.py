"""What a person may change in a portfolio: its lines, and what it is called and measured by. All of it can be undone.

Lines are given as text by field, as a form or a script has them, and are judged by the rules of imports: what is wrong
comes back as problems, and then nothing is changed. Whoever edits says which revision was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from core.domain.actor import Actor
from core.domain.fx import Rates
from core.domain.instrument import Terms
from core.domain.portfolio import AssetClass, Holding, Portfolio, Problem
from core.drafts.fact_sheets import total_value
from core.errors import BadInput
from core.guard.access import Permission, require
from core.intake.cells.codes import currency_code
from core.intake.cells.names import MAX_NAME_CHARS, one_line
from core.intake.cells.region import REGIONS, known_region
from core.intake.findings import Findings
from core.intake.positions.lines import FIELDS, LineReader, PositionCells
from core.intake.positions.mandate import read_benchmark, read_regimes
from core.intake.positions.source_tree import Node, describe
from core.intake.register.terms import TERM_FIELDS, read_terms, written_terms
from core.metrics.valuation import holding_ids
from core.storage.portfolios.edits import Revision, Standing
from core.storage.store import Store

LINE_FIELDS = (*FIELDS, *TERM_FIELDS)
"""Fields of a line: those of a positions table, then the terms of the instrument."""

_NUMBERS = ("quantity", "price", "market_value", "cost")
_TOLERANCE = Decimal("0.001")
_MAX_NUMBER_CHARS = 40


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit did.

    Attributes:
        standing: How the portfolio stands now; None when there are problems, and then nothing was changed.
        problems: Each names the field, the value and the remedy.
        notes: What a person should know of what was done.
    """

    standing: Standing | None
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def line_cells(line: Holding) -> dict[str, str]:
    """A line as text by field, without what is not known: what a form starts from."""
    texts = {
        "symbol": line.symbol,
        "isin": line.isin,
        "name": line.name,
        "asset_class": line.asset_class.value,
        **{name: _plain(getattr(line, name)) for name in _NUMBERS},
        "currency": line.currency,
        "sector": line.sector,
        "country": line.country,
        **written_terms(line.terms),
    }
    return {name: texts[name] for name in LINE_FIELDS if texts.get(name)}


class PortfolioEditor:
    """Edits of portfolios, for an actor."""

    def __init__(self, store: Store, rates: Rates, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._rates = rates
        self._clock = clock

    def open(self, actor: Actor, portfolio_id: str, *, as_of: date | None = None) -> Standing:
        """A portfolio's day as it stands, with the revision that edits must name.

        Raises:
            NotFound: No such portfolio or day.
        """
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.edits.standing(portfolio_id, as_of)

    def history(self, actor: Actor, portfolio_id: str, *, as_of: date | None = None) -> list[Revision]:
        """Every revision of a day, the newest first: who did what when.

        Raises:
            NotFound: No such portfolio or day.
        """
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.edits.history(portfolio_id, as_of)

    def add_line(
        self, actor: Actor, portfolio_id: str, cells: Mapping[str, str], *, expected: int, as_of: date | None = None
    ) -> Edited:
        """Add a line at the end.

        Args:
            cells: Text by field (`LINE_FIELDS`), with the needs of a positions table.
            expected: The revision that was looked at.

        Raises:
            NotFound: No such portfolio or day.
            StaleEdit: Somebody else changed it meanwhile.
        """
        require(actor, Permission.PORTFOLIO_EDIT)
        base = self._store.edits.standing(portfolio_id, as_of, expected).portfolio.base_currency
        line, findings = _read({"currency": base, **cells})
        if line is None:
            return Edited(None, findings.problems, findings.notes)
        return self._append(
            actor,
            portfolio_id,
            lambda portfolio: replace(portfolio, holdings=(*portfolio.holdings, line)),
            f"Added {line.symbol}",
            expected,
            as_of,
            findings.notes,
        )

    def change_line(
        self,
        actor: Actor,
        portfolio_id: str,
        holding_id: str,
        cells: Mapping[str, str],
        *,
        expected: int,
        as_of: date | None = None,
    ) -> Edited:
        """Change fields of a line; those that are not given stay, an empty text blanks one.

        A new quantity or price gives a new value, where the old ones agreed. A new value alone blanks the price, which
        would otherwise say something else.

        Raises:
            BadInput: No such line.
            NotFound: No such portfolio or day.
            StaleEdit: Somebody else changed it meanwhile.
        """
        require(actor, Permission.PORTFOLIO_EDIT)
        standing = self._store.edits.standing(portfolio_id, as_of, expected)
        place = _place(standing.portfolio, holding_id)
        old = standing.portfolio.holdings[place]
        merged, note = _merged(old, cells)
        line, findings = _read(merged)
        if line is None:
            return Edited(None, findings.problems, findings.notes)
        if note:
            findings.note(note)
        kept = _exactly(old, line, cells)
        named = ", ".join(name for name in LINE_FIELDS if name in cells)
        return self._append(
            actor,
            portfolio_id,
            lambda portfolio: replace(portfolio, holdings=_with(portfolio.holdings, place, kept)),
            f"Changed {named} of {holding_id}",
            expected,
            as_of,
            findings.notes,
        )

    def delete_line(
        self, actor: Actor, portfolio_id: str, holding_id: str, *, expected: int, as_of: date | None = None
    ) -> Edited:
        """Take a line out. The last one cannot be: a portfolio without lines has nothing to say.

        Raises:
            BadInput: No such line.
            NotFound: No such portfolio or day.
            StaleEdit: Somebody else changed it meanwhile.
        """
        require(actor, Permission.PORTFOLIO_EDIT)
        portfolio = self._store.edits.standing(portfolio_id, as_of, expected).portfolio
        place = _place(portfolio, holding_id)
        if len(portfolio.holdings) == 1:
            message = "It is the only line, and a portfolio has at least one. Add another before you delete this one."
            return Edited(None, (Problem(portfolio_id, None, "symbol", holding_id, message),))
        return self._append(
            actor,
            portfolio_id,
            lambda one: replace(one, holdings=(*one.holdings[:place], *one.holdings[place + 1 :])),
            f"Deleted {holding_id}",
            expected,
            as_of,
        )

    def change_head(
        self,
        actor: Actor,
        portfolio_id: str,
        *,
        expected: int,
        as_of: date | None = None,
        name: str | None = None,
        region: str | None = None,
        base_currency: str | None = None,
        regimes: Sequence[str] | None = None,
        benchmark: Mapping[str, str] | None = None,
    ) -> Edited:
        """Change what a portfolio is called and measured by; what is None stays.

        Args:
            regimes: Rule sets it is under; an empty sequence takes them all away.
            benchmark: Weight by symbol, as fractions of 1 or percents of 100; an empty mapping takes it away.

        Raises:
            NotFound: No such portfolio or day.
            StaleEdit: Somebody else changed it meanwhile.
        """
        require(actor, Permission.PORTFOLIO_EDIT)
        findings = Findings(portfolio_id)
        changes = _head_changes(findings, name, region, base_currency, regimes, benchmark)
        if findings.problems:
            return Edited(None, findings.problems)
        named = ", ".join(field.replace("_", " ") for field in changes if field != "base_currency_given")
        return self._append(
            actor, portfolio_id, lambda one: replace(one, **changes), f"Changed {named or 'nothing'}", expected, as_of
        )

    def undo(self, actor: Actor, portfolio_id: str, *, expected: int, as_of: date | None = None) -> Standing:
        """Take back the last edit that still stands.

        Raises:
            BadInput: There is none since the last import.
            NotFound: No such portfolio or day.
            StaleEdit: Somebody else changed it meanwhile.
        """
        require(actor, Permission.PORTFOLIO_EDIT)
        return self._store.edits.undo(
            portfolio_id,
            expected=expected,
            total_of=self._total,
            actor=actor.subject,
            at=self._clock(),
            as_of=as_of,
        )

    def redo(self, actor: Actor, portfolio_id: str, *, expected: int, as_of: date | None = None) -> Standing:
        """Do again what was undone last.

        Raises:
            BadInput: Nothing was undone since the last edit.
            NotFound: No such portfolio or day.
            StaleEdit: Somebody else changed it meanwhile.
        """
        require(actor, Permission.PORTFOLIO_EDIT)
        return self._store.edits.redo(
            portfolio_id,
            expected=expected,
            total_of=self._total,
            actor=actor.subject,
            at=self._clock(),
            as_of=as_of,
        )

    def _append(
        self,
        actor: Actor,
        portfolio_id: str,
        change: Callable[[Portfolio], Portfolio],
        note: str,
        expected: int,
        as_of: date | None,
        notes: tuple[str, ...] = (),
    ) -> Edited:
        standing = self._store.edits.append(
            portfolio_id,
            change,
            expected=expected,
            note=note,
            total_of=self._total,
            actor=actor.subject,
            at=self._clock(),
            as_of=as_of,
        )
        return Edited(standing, (), notes)

    def _total(self, portfolio: Portfolio) -> Decimal | None:
        return total_value(portfolio, self._rates)


def _read(cells: Mapping[str, str]) -> tuple[Holding | None, Findings]:
    findings = Findings("edit")
    for name in sorted(cells.keys() - set(LINE_FIELDS)):
        findings.problem(None, name, cells[name], f"'{name}' is no field of a line. Use: {', '.join(LINE_FIELDS)}.")
    terms, faults = read_terms({name: cells[name] for name in TERM_FIELDS if name in cells})
    for fault in faults:
        findings.problem(None, fault.field, fault.value, fault.message)
    raw = PositionCells(**{"symbol": "", **{name: cells[name] for name in FIELDS if name in cells}})
    line = LineReader(findings, typed=True).read(None, raw, terms=terms)
    return (None if findings.problems else line), findings


def _merged(old: Holding, cells: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """The line's text with the changes in it, and what a person should know of it."""
    merged = {**line_cells(old), **cells}
    if "market_value" in cells:
        implied = {"quantity", "price"} - cells.keys()
        if old.asset_class is AssetClass.CASH and implied == {"quantity", "price"}:
            # Of cash the quantity is the value.
            merged |= {"quantity": "", "price": ""}
        elif "price" in implied and old.price is not None and old.quantity is not None:
            merged["price"] = ""
            return merged, "The price was blanked, because the value was changed without it."
    elif {"quantity", "price"} & cells.keys() and _agrees(old) and merged.get("quantity") and merged.get("price"):
        merged["market_value"] = ""
    return merged, ""


def _agrees(line: Holding) -> bool:
    """Whether the value is quantity × price, so that a new one of them gives a new value."""
    if line.asset_class is AssetClass.DERIVATIVE:
        return False
    if line.quantity is None or line.price is None:
        return True
    return abs(line.quantity * line.price - line.market_value) <= abs(line.market_value) * _TOLERANCE


def _exactly(old: Holding, new: Holding, cells: Mapping[str, str]) -> Holding:
    """The new line, with old numbers that were not touched as exact as they were."""
    untouched: dict[str, Any] = {
        name: getattr(old, name)
        for name in _NUMBERS
        if name not in cells
        and getattr(new, name) is not None
        and _plain(getattr(old, name)) == _plain(getattr(new, name))
    }
    terms: Terms = old.terms if new.terms == old.terms else new.terms
    priced_on = old.priced_on if "price" in untouched and "market_value" not in cells else None
    return replace(new, **untouched, terms=terms, priced_on=priced_on)


def _head_changes(
    findings: Findings,
    name: str | None,
    region: str | None,
    base_currency: str | None,
    regimes: Sequence[str] | None,
    benchmark: Mapping[str, str] | None,
) -> dict[str, Any]:
    def report(node: Node, where: str, message: str) -> None:
        findings.problem(None, where, describe(node), message)

    changes: dict[str, Any] = {}
    if name is not None:
        changes["name"] = one_line(name)
        if not 0 < len(changes["name"]) <= MAX_NAME_CHARS:
            findings.problem(None, "name", name, f"A name has 1 to {MAX_NAME_CHARS} characters.")
    if region is not None:
        changes["region"] = known_region(region)
        if changes["region"] is None:
            findings.problem(None, "region", region, f"Use one of {', '.join(sorted(REGIONS))}.")
    if base_currency is not None:
        known = currency_code(base_currency)
        if known is None or known[1] != 1:
            findings.problem(None, "base_currency", base_currency, "Use an ISO 4217 code such as EUR.")
        else:
            changes |= {"base_currency": known[0], "base_currency_given": True}
    if regimes is not None:
        changes["regimes"] = read_regimes(Node([Node(word, None) for word in regimes], None), "regimes", report)
    if benchmark is not None:
        parts = {symbol: Node(weight, None) for symbol, weight in benchmark.items()}
        changes["benchmark"] = read_benchmark(Node(parts, None), "benchmark", report)
    return changes


def _place(portfolio: Portfolio, holding_id: str) -> int:
    ids = holding_ids(portfolio.holdings)
    if holding_id not in ids:
        raise BadInput(
            f"'{portfolio.portfolio_id}' has no line '{holding_id}' (a repeated symbol is followed by #2, #3). "
            f"Its lines: {', '.join(ids[:10])}{' …' if len(ids) > 10 else ''}."
        )
    return ids.index(holding_id)


def _with(holdings: tuple[Holding, ...], place: int, line: Holding) -> tuple[Holding, ...]:
    return (*holdings[:place], line, *holdings[place + 1 :])


def _plain(number: Decimal | None) -> str:
    if number is None:
        return ""
    text = format(number, "f")
    return text if len(text) <= _MAX_NUMBER_CHARS else str(number)
