"""What a file does not say and a person has to: the currency of its values."""

from __future__ import annotations

from collections.abc import Mapping

from core.intake.formats.description import Description
from core.intake.gathering import Case
from core.intake.tables.choices import NeedsCurrency


def fixed_of(description: Description, name: str, places: Mapping[str, int], case: Case) -> dict[str, str]:
    """What is the same in every row: as the format knows, or as a person said.

    Args:
        name: Of the file.
        places: Fields that have a column.

    Raises:
        NeedsCurrency: The file does not say it, and nobody did.
    """
    fixed = {field: value for field, value in description.fixed.items() if field not in places}
    if "currency" in description.asks and "currency" not in {*places, *fixed}:
        if case.base_currency is None:
            raise NeedsCurrency(
                f"'{name}' is {description.title}, and does not say in which currency its values are. "
                "Say it with --base-currency, such as --base-currency USD, or as Base currency on the Import page."
            )
        fixed["currency"] = case.base_currency
        case.findings.note(f"The file does not name the currency of its values; {case.base_currency} was said.")
    return fixed
