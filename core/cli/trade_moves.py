"""`mosychlos portfolio check --trade`: what trades on paper do to rules."""

from __future__ import annotations

from typing import Any

from core.cli import output
from core.cli.rule_words import WORDS, number
from core.desk.trade_checks import Move, Side, TradeCheck


def as_json(done: TradeCheck) -> dict[str, Any]:
    """The trades and the rules that they move; the document's other keys are the check after them."""
    return {
        "trades": [{"trade": one.trade.text, **output.plain(one)} for one in done.trades],
        "moves": [{**output.plain(one), "breaks": one.breaks, "cures": one.cures} for one in done.moves],
    }


def show(done: TradeCheck) -> None:
    """The moves as a table, with headroom in units and money, then the breaches that the trades make."""
    after = done.after
    output.line(f"{after.name}: {after.as_of}, {after.base_currency}; as if done, at its own prices, without costs:")
    for one in done.trades:
        units = "" if one.units is None else f", {one.units:+,.6g} units"
        output.line(f"  {one.trade.text}: {one.holding_symbol} {one.money:+,.2f} {one.currency}{units}")
    if not done.moves:
        output.line("No rule moves.")
    else:
        output.table(
            ("rule", "before", "", "after", "", "limit", f"room before, {after.base_currency}", "after", "units before",
             "after"),
            (_row(one) for one in done.moves),
        )  # fmt: skip
    for move in done.moves:
        if move.breaks or move.cures:
            output.line(f"{'Breaks' if move.breaks else 'Cures'} {move.rule_id}: {move.explanation}")
    for note in after.notes:
        output.line(f"Note: {note}")


def _row(one: Move) -> tuple[str, ...]:
    reading = f" ({one.reading})" if one.reading else ""
    return (
        f"{one.rule_id}{reading}",
        WORDS[one.before.status],
        number(one.before.measured, one.unit),
        WORDS[one.after.status],
        number(one.after.measured, one.unit),
        "" if one.limit is None else f"{one.operator} {number(one.limit, one.unit)}",
        _money(one.before),
        _money(one.after),
        _units(one.before),
        _units(one.after),
    )


def _money(side: Side) -> str:
    return "" if side.headroom_money is None else f"{side.headroom_money:,.2f}"


def _units(side: Side) -> str:
    return ", ".join(f"{code} {units:,.2f}" for code, units in side.headroom_units.items())
