"""Labels that do not agree with the tables that stand beside them. They stay as they are and are counted apart.

People marked whole phrases, for the sake of any word in them ("remain relatively mild, ranging from 3 °C to 9 °C"), and
they overlooked some mistakes. Each answer named here was held against its table by hand.
"""

from __future__ import annotations

import re
from typing import Final

from core.domain.facts import FactSheet

Span = tuple[int, int]

REFUTED: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "weather-0-gpt4o": (
        ("-5.77", "-5.08", "-2.11", "1.14"),
        "Wednesday's low is -6.30 and not -5.77; Friday's is -2.15 and not -2.11.",
    ),
    "weather-43-gpt4o": (
        ("19.4", "23.5"),
        "The lowest temperature of Monday and Tuesday is 19.72 (19.44 is what it feels like), the highest 23.69.",
    ),
    "weather-89-gpt4o": (("6",), "Thursday's high is 11.67, at midnight; around 6 is what it has at noon."),
    "weather-87-llama3-3": (
        ("13.44",),
        "13.44 m/s is the wind; gusts are 0 throughout. An annotator calls it misleading.",
    ),
    "weather-70-phi3-5": (("290",), "290 degrees is a direction and no speed. An annotator calls it incoherent."),
    "weather-75-phi3-5": (
        ("23", "35", "62"),
        "What it feels like goes from 20.99 to 35.67, the temperature from 20.41 to 32.28; 62 is the wind's direction.",
    ),
    "owid-29-llama2": (("74.75", "74.57"), "The table has 74.76 for 2021 and 74.66 for 2020."),
}
"""Answers that nobody marked and that their own tables refute: which numbers, and what the tables have."""

_QUANTITIES: Final = {
    "°": ("temperature", "feels_like"),
    "m": ("wind", "gusts"),
    "h": ("pressure",),
    "%": ("clouds",),
}
"""Families of a forecast by the first character of the unit behind a number."""

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HALF: Final = 0.5


def is_refuted(answer: dict[str, str], found: list[Span]) -> bool:
    """Whether all that checking marks in an answer are numbers that its own table refutes."""
    numbers, _ = REFUTED.get(answer["id"], ((), ""))
    marked = [re.search(r"-?\d+(?:\.\d+)?", answer["text"][begin:end]) for begin, end in found]
    return bool(found) and all(one is not None and one.group() in numbers for one in marked)


def has_that_day(number: re.Match[str], sentence: str, sheet: FactSheet) -> bool:
    """Whether a forecast has a number's value, as rounded, on a day that its sentence names, or on any if none."""
    unit = number.string[number.end() :].lstrip()[:1]
    days = [day for day in _DAYS if day in sentence]
    step = 10.0 ** -len(number.group().partition(".")[2])
    for fact in sheet.facts:
        family, _, rest = fact.metric_id.partition(".")
        named = not days or rest.partition("_")[0] in days
        near = abs(fact.value - float(number.group())) <= _HALF * step
        if named and near and family in _QUANTITIES.get(unit, ()):
            return True
    return False
