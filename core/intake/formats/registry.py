"""The described formats as readers, in the order they are tried: the most particular header first."""

from __future__ import annotations

from functools import partial
from typing import Final

from core.errors import UnreadableFile
from core.intake.formats import coin_lists, dealing_lists, position_lists
from core.intake.formats.description import COINS, DEALINGS, POSITIONS, Description, descriptions
from core.intake.formats.recognising import detects
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile
from core.intake.transactions.readers import TransactionReader


def _refuse(description: Description, source: SourceFile, _case: Case) -> list[Gathered]:
    raise UnreadableFile(f"'{source.name}' is {description.title}. {description.remedy}")


_READ: Final = {POSITIONS: position_lists.read, DEALINGS: dealing_lists.read, COINS: coin_lists.read}

DESCRIBED: Final = tuple(
    TransactionReader(one.name, one.title, partial(detects, one), partial(_READ.get(one.kind, _refuse), one))
    for one in descriptions()
)
