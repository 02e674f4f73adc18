"""How pages write the figures of rules."""

from __future__ import annotations

from core.domain.units import Unit

_SIGNS = {Unit.PCT: " %", Unit.PP: " pp", Unit.BPS: " bps", Unit.X: " x", Unit.DAYS: " days", Unit.YEARS: " years"}


def number(value: float | None, unit: Unit, *, signed: bool = False) -> str:
    """A value or a limit with its unit; a value that is not the limit never reads like it: 10.0000001 is not 10."""
    if value is None:
        return ""
    if unit in (Unit.COUNT, Unit.SCORE):
        return f"{value:+g}" if signed else f"{value:g}"
    short = f"{value:.2f}"
    plain = short if abs(float(short) - value) < 1e-12 or abs(value - round(value)) > 0.005 else f"{value:.12g}"
    return f"{'+' if signed and value > 0 else ''}{plain}{_SIGNS.get(unit, '')}"
