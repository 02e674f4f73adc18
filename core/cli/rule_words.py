"""How the command line writes a rule's status and figures."""

from __future__ import annotations

from core.domain.compliance import RuleStatus
from core.domain.units import Unit

WORDS = {
    RuleStatus.BREACH: "BREACH",
    RuleStatus.NEAR: "near",
    RuleStatus.PASS: "pass",
    RuleStatus.NOT_ASSESSABLE: "not assessable",
    RuleStatus.NOT_APPLICABLE: "not applicable",
}
"""What people read, the most urgent first."""

_SIGNS = {Unit.PCT: " %", Unit.PP: " pp"}


def number(value: float | None, unit: Unit) -> str:
    """A figure with its unit; one that is not the limit never reads like it."""
    if value is None:
        return ""
    # A number that is not the limit must not read like it: 10.0000001 is not 10.00.
    short = f"{value:.2f}"
    text = short if abs(float(short) - value) < 1e-12 or abs(value - round(value)) > 0.005 else f"{value:.12g}"
    return f"{f'{value:g}' if unit in {Unit.COUNT, Unit.SCORE} else text}{_SIGNS.get(unit, '')}"
