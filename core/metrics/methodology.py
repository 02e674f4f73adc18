"""The parts of docs/methodology.md that follow from the code: tables of definitions, thresholds, scenarios, versions.

`python -m core.metrics.methodology docs/methodology.md` writes them between their markers; a test compares.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from core.metrics import thresholds
from core.metrics.brinson import LINKING
from core.metrics.definitions import MetricGroup, definitions_of
from core.metrics.doubts import FAR, SPLIT_NEAR
from core.metrics.history import DIFFERENT
from core.metrics.restatements import RESTATEMENTS, VERSIONS
from core.metrics.risk import CALENDAR_DAYS_PER_YEAR
from core.metrics.scenarios import scenarios, sensitivities

_BLOCK: Final = re.compile(r"(<!-- generated: (?P<name>\w+) -->\n)(?:[^<]|<(?!!--))*+(<!-- end -->)")


def blocks() -> dict[str, str]:
    """Each generated part by its name, ending in a line break."""
    return {
        "rules": _rules(),
        "linking": LINKING + "\n",
        "scenarios": _scenarios(),
        "sensitivities": _sensitivities(),
        "versions": _versions(),
        **{group.value: _metrics(group) for group in MetricGroup},
    }


def rewritten(page: str) -> str:
    """The page with every generated part as the code has it now.

    Raises:
        KeyError: The page has a marker of a part that is not there.
    """
    known = blocks()
    return _BLOCK.sub(lambda found: f"{found[1]}\n{known[found['name']]}\n{found[3]}", page)


def placed(page: str) -> list[str]:
    """Names of the parts that a page has a place for."""
    return [found["name"] for found in _BLOCK.finditer(page)]


def _rules() -> str:
    covered, left = 100 * thresholds.MIN_COVERAGE, 100 * (1 - thresholds.MIN_COVERAGE)
    stale = thresholds.MAX_STALE_DAYS
    return (
        f"- **How much history.** At least {thresholds.MIN_RETURNS} returns; {thresholds.MIN_YEAR_RETURNS} for yearly "
        f"figures; {thresholds.MIN_FAR_TAIL_RETURNS} for the 99 % tail; {covered:g} % of gross value must have a "
        "usable history, and the others are then scaled up. A history ends if the last close, or the last change of "
        f"it, is over {stale} days old; it starts after the last hole of over {stale} days; closes that change on "
        f"under {100 * thresholds.MIN_CHANGES:g} % of their days are appraisals and no daily prices; fewer than "
        f"{thresholds.MIN_RETURNS_A_YEAR} days a year are no daily history.\n"
        f"- **Short histories.** The shortest histories are left out where they are at most {left:g} % of gross value "
        "(with what has no history) and less of it than the share of the days that keeping them would cost: a line of "
        "1 % does not take six years from a portfolio. Each figure names what was left out, and what it would be with "
        f"it where that differs by over {100 * DIFFERENT:g} %.\n"
        f"- **Splits.** Where a close is within {100 * SPLIT_NEAR:g} % of a half, a third, a quarter … of the one "
        "before, or of twice, three times … it, each figure says that its prices may lack an adjustment for a split.\n"
        f"- **Doubtful prices.** Where a line's own price is over {100 * FAR:g} % from its last close, each figure "
        "says so; each says which lines no history covers, and that closes of bonds may leave out interest. Splits and "
        "prices far off also stand among what is absent, as `price_check.<symbol>`, where models are told of them.\n"
        f"- **Annual.** The sample's own returns a year ({CALENDAR_DAYS_PER_YEAR:g} × returns / days) for risk; "
        "days / 365 for the money-weighted return. Nothing under a year is scaled up to one.\n"
    )


def _metrics(group: MetricGroup) -> str:
    return _table(
        ("id", "unit", "definition", "source", "version"),
        (
            (f"`{key}<…>`" if key.endswith(".") else f"`{key}`", one.unit.value, one.text, one.source, VERSIONS[key])
            for key, one in definitions_of([group]).items()
        ),
    )


def _scenarios() -> str:
    return _table(
        ("id", "what", "source", "as of"),
        (
            (
                f"`stress.{one.scenario_id}`",
                f"{one.name}: " + (f"replay of {one.first} to {one.last}" if one.kind == "replay" else "shock"),
                one.source,
                one.as_of,
            )
            for one in scenarios()
        ),
    )


def _sensitivities() -> str:
    known = sensitivities()
    rows: dict[str, Mapping[str, float]] = {
        "equity": known.equity,
        "private, by instrument type": known.private,
        "property": known.property,
        "credit, by rating": known.credit,
        "credit, bond funds without a rating": known.funds,
    }
    told = ((name, ", ".join(f"{key} {value:g}" for key, value in values.items())) for name, values in rows.items())
    return f"{_table(('sensitivity', 'values'), told)}\nSource: {known.source}.\n"


def _versions() -> str:
    counted: dict[str, int] = {}
    rows: list[tuple[object, ...]] = []
    for row in RESTATEMENTS:
        for key in row.keys:
            counted[key] = counted.get(key, 1) + 1
        names = ", ".join(f"`{key}{'<…>' if key.endswith('.') else ''}` {counted[key]}" for key in row.keys)
        rows.append((row.since, row.what, names))
    return _table(("since", "what is computed otherwise", "metric and its new version"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"|{'|'.join(f' {cell} ' if cell != '---' else '---' for cell in line)}|\n" for line in lines)


def main(path: Path) -> None:
    """Write the parts into a page."""
    path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
