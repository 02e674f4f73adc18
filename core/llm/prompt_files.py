"""One file of the prompt library: its front matter, its sections and its variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from core.errors import BadInput, BadSetting

VARIABLES = frozenset({"schema_name", "language_name", "language_code", "region_name", "variant"})
"""The only names that `{{ name }}` may use in a prompt file."""

_VARIABLE = re.compile(r"\{\{([^{}]*+)\}\}")
_LITERAL = "="
"""Before words between double braces that are to stay there: prompts that explain slots show some."""

_PART_FILE = re.compile(r"^([A-Za-z][A-Za-z_]*)(?:\.v([2-9]|[1-9]\d+))?\.md$")
_SECTION = re.compile(r"^# (System|Question)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PromptFile:
    """One file of the library: its front matter and its text.

    Attributes:
        name: Path below the library's root, with forward slashes ("risk/v1.md").
        sha256: Of its bytes with Unix line ends, hex.
    """

    name: str
    meta: Mapping[str, Any]
    body: str
    sha256: str

    @property
    def released(self) -> date | None:
        """The day from which it may no longer change; None for a draft."""
        value = self.meta.get("released")
        return value if isinstance(value, date) else None

    @property
    def slots(self) -> bool:
        """Whether it asks for an answer that names facts in slots."""
        return self.meta.get("answer") == "slots"

    def text(self, key: str) -> str:
        """A front-matter value as text, "" when it is missing."""
        value = self.meta.get(key)
        return "" if value is None else str(value)


def stem_of(name: str) -> tuple[str, int]:
    """Name and version of a part's file: ("FR", 2) for "FR.v2.md", ("FR", 1) for "FR.md"."""
    match = _PART_FILE.match(name)
    return (match.group(1), int(match.group(2) or 1)) if match else (name.removesuffix(".md"), 1)


def decimal_mark(example: str) -> str:
    """The decimal mark of "1 234 567,89", also of "1,234,567", which shows only what it is not; "" without any mark."""
    marks = [character for character in example if character in ".,"]
    if not marks:
        return ""
    grouping = len(example) - example.rindex(marks[-1]) == 4
    return {",": ".", ".": ","}[marks[-1]] if grouping else marks[-1]


def sections(file: PromptFile) -> tuple[str, str]:
    """The two texts of a kind's file: below "# System" and below "# Question".

    Raises:
        BadSetting: One is missing, empty, or out of order.
    """
    pieces = _SECTION.split(file.body)
    if len(pieces) != 5 or pieces[1] != "System" or pieces[3] != "Question" or not pieces[2].strip():
        raise BadSetting(f"The prompt file {file.name} needs a '# System' part and then a '# Question' part.")
    if not pieces[4].strip():
        raise BadSetting(f"The '# Question' part of {file.name} is empty. Say what is asked.")
    return pieces[2].strip(), pieces[4].strip()


def used_variables(text: str) -> tuple[str, ...]:
    """Names between double braces, in order of appearance; what is no name is returned as it stands."""
    return tuple(name for name in dict.fromkeys(map(str.strip, _VARIABLE.findall(text))) if name[:1] != _LITERAL)


def fill(text: str, values: Mapping[str, str], name: str) -> str:
    """Replace each `{{ name }}`; values are not looked at again. `{{=words}}` leaves `{{words}}` in the text.

    Raises:
        BadInput: A name that is not in `values`.
    """

    def value(match: re.Match[str]) -> str:
        if match.group(1).startswith(_LITERAL):
            return f"{{{{{match.group(1)[1:]}}}}}"
        try:
            return values[match.group(1).strip()]
        except KeyError:
            raise BadInput(
                f"The prompt file {name} uses '{match.group(0)}', which is not known. "
                f"Known are: {', '.join(sorted(values))}."
            ) from None

    return _VARIABLE.sub(value, text)
